"""The library installs by itself and brings nothing else along."""

import json
import re
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

pytestmark = pytest.mark.xdist_group("install")


class Venv:
    """A virtual environment of its own."""

    def __init__(self, path: Path, env: dict[str, str]) -> None:
        self.python = path / "bin/python"
        self.env = env
        subprocess.run([sys.executable, "-m", "venv", path], check=True)
        self.at_first = self.packages()

    def run(self, *arguments: str | Path, cwd: Path | None = None) -> str:
        """Run its Python, by default elsewhere; return what it prints."""
        ran = subprocess.run(
            [self.python, *arguments],
            env=self.env,
            cwd=cwd or self.python.parent,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def pip(self, *arguments: str | Path) -> str:
        return self.run("-m", "pip", "--disable-pip-version-check", *arguments)

    def packages(self) -> set[str]:
        listed = json.loads(self.pip("list", "--format", "json"))
        return {package["name"] for package in listed}


@pytest.fixture(scope="module")
def new_venv(
    tmp_path_factory: pytest.TempPathFactory, clean_env: dict[str, str]
) -> Callable[[], Venv]:
    return lambda: Venv(tmp_path_factory.mktemp("venv"), clean_env)


@pytest.fixture(scope="module")
def installed(new_venv: Callable[[], Venv], checkout: Path) -> Venv:
    """An environment in which somebody has said `pip install .`."""
    venv = new_venv()
    venv.pip("install", checkout)
    return venv


def test_it_brings_no_other_package(installed: Venv) -> None:
    """Protects: the library depends on nothing."""
    assert installed.packages() - installed.at_first == {"micrograd"}


def test_importing_it_imports_only_the_standard_library(
    installed: Venv,
) -> None:
    """Protects: `import micrograd` stays quick and without dependencies.

    Optional packages (graphviz, numpy and so on) wait until they are used;
    every module of the library is imported, not only those that its first
    one needs. That is, but for those that are all about such a package.
    """
    imported = installed.run(
        "-c",
        "import sys, pkgutil, importlib\n"
        "before = set(sys.modules)\n"
        "import micrograd\n"
        "path = micrograd.__path__\n"
        "others = 'columns', 'llvm', 'memory', 'native', 'vectors'\n"
        "others += 'running', 'wasm'\n"
        "for module in pkgutil.walk_packages(path, 'micrograd.'):\n"
        "    if module.name.rpartition('.')[2] not in others:\n"
        "        importlib.import_module(module.name)\n"
        "print(*{name.partition('.')[0] for name in sys.modules.keys()"
        " - before})",
    )
    foreign = set(imported.split()) - sys.stdlib_module_names
    assert foreign == {"micrograd"}


@pytest.mark.parametrize(
    ("backend", "package"),
    [("columns", "numpy"), ("native", "llvmlite"), ("wasm", "wasmtime")],
)
def test_a_backend_without_its_package_says_what_to_install(
    installed: Venv, backend: str, package: str
) -> None:
    """Protects: the message, and that it comes before anything is run."""
    said = installed.run(
        "-c",
        "from micrograd import Value, jit\n"
        "try:\n"
        f"    jit(lambda x: x, [Value(1.0)], backend={backend!r})\n"
        "except ModuleNotFoundError as error:\n"
        "    print(error.name, '|', error)",
    )
    name, _, message = said.partition(" | ")
    assert name == package
    assert f"pip install {package}" in message


def test_it_installs_the_library_and_no_more(
    installed: Venv, checkout: Path
) -> None:
    """Protects: no test, no chapter and no tool lands in site-packages."""
    listed = installed.pip("show", "--files", "micrograd")
    files = {
        line.strip()
        for line in listed.partition("Files:")[2].splitlines()
        if line.strip() and "__pycache__" not in line
    }
    library = {f for f in files if ".dist-info/" not in f}
    assert library == {
        path.relative_to(checkout).as_posix()
        for path in (checkout / "micrograd").rglob("*")
        if path.suffix == ".py" or path.name == "py.typed"
    }


def test_type_checkers_will_read_its_types(installed: Venv) -> None:
    """Protects: py.typed, without which the annotations are ignored."""
    found = installed.run(
        "-c",
        "from importlib.resources import files\n"
        "print(files('micrograd').joinpath('py.typed').is_file())",
    )
    assert found.strip() == "True"


def test_it_knows_its_version(installed: Venv) -> None:
    """Protects: one version, the one that `micrograd/__init__.py` states."""
    versions = installed.run(
        "-c",
        "import micrograd\n"
        "from importlib.metadata import version\n"
        "print(micrograd.__version__, version('micrograd'))",
    ).split()
    assert versions[0] == versions[1]
    assert re.fullmatch(r"\d+\.\d+\.\d+", versions[0])


def test_an_editable_install_follows_the_checkout(
    new_venv: Callable[[], Venv], checkout: Path
) -> None:
    """Protects: `pip install -e .` imports the checkout's own files."""
    venv = new_venv()
    venv.pip("install", "--editable", checkout)
    file = venv.run("-c", "import micrograd; print(micrograd.__file__)")
    assert Path(file.strip()) == checkout / "micrograd/__init__.py"
    assert venv.packages() - venv.at_first == {"micrograd"}


def test_the_source_archive_holds_what_a_build_needs(
    new_venv: Callable[[], Venv], checkout: Path, tmp_path: Path
) -> None:
    """Protects: the sdist builds, and what the Makefile made stays out."""
    (checkout / "_build").mkdir(exist_ok=True)
    (checkout / "_build/made.txt").write_text("made")
    venv = new_venv()
    venv.pip("install", "hatchling")
    build = ("-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path)
    venv.run(*build, cwd=checkout)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE"} <= names
    assert {n for n in names if n.startswith("book/")} == {
        "book/_static/readme-graph.svg"
    }
    assert {n.partition("/")[0] for n in names} <= {
        "book",
        "micrograd",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "PKG-INFO",
        ".gitignore",
    }
    venv.pip("install", archive)
    assert "micrograd" in venv.packages()


def plain(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(root: Path) -> dict[str, str]:
    """The version of each package in constraints.txt."""
    lines = (root / "constraints.txt").read_text().splitlines()
    pins = (re.match(r"([\w.-]+)==([\w.]+)", line) for line in lines)
    return {plain(pin[1]): pin[2] for pin in pins if pin}


def test_the_lock_names_every_installed_package(root: Path) -> None:
    """Protects: everybody builds with the versions that are tested here.

    torch pins the accelerator's packages that its own build needs.
    """
    pins = locked(root)
    installed = {
        plain(package.name): package.version.partition("+")[0]
        for package in metadata.distributions()
    }
    torchs = re.compile(r"pip$|cuda-|nvidia-|triton$")
    ours = {n: v for n, v in installed.items() if not torchs.match(n)}
    assert ours == {name: pins.get(name) for name in ours}


def test_the_lock_suits_every_python_that_is_promised() -> None:
    """Protects: `make book` on 3.11.0, which distributions still carry."""
    too_new = [
        f"{package.name} {package.version}: {python}"
        for package in metadata.distributions()
        if (python := package.metadata.get("Requires-Python"))
        and "3.11.0" not in SpecifierSet(python)
    ]
    assert too_new == []


def test_the_extras_agree_with_the_lock(root: Path) -> None:
    """Protects: what an extra pins is what the book is built with."""
    pins = locked(root)
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    for extra in project["optional-dependencies"].values():
        for requirement in extra:
            name, _, version = requirement.partition("==")
            assert version in ("", pins[plain(name)])
