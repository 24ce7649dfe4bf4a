"""Imports run downwards: between the tools' packages, and in the library.

Holds without any chapter: it reads what there is, and runs nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"
TOOLS = BOOK / "_ext"
LIVE = BOOK / "_live"
FLOORS = (
    {"tangle", "figures"},
    {"_live"},  # the Python of the page
    {"run"},
    {"weave"},
    {"pages", "editions"},
    {""},  # the Sphinx extension and what starts it
)
"""From the ground up; packages of one floor know nothing of each other."""
LIVE_FLOORS = (
    {"shared"},
    {"python"},
    {"cell", "stepper", "pad", "hero", "nudge"},
    {"playground", ""},
)


def modules() -> dict[str, Path]:
    """Every module of the tools by the name that it is imported by."""
    found = {}
    for folder in LIVE / "python", TOOLS:
        for path in folder.rglob("*.py"):
            if "ipython" not in path.parts:
                name = ".".join(path.relative_to(folder).with_suffix("").parts)
                found[name.removesuffix(".__init__")] = path
    return found


def imported(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of the tools that one of them imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (n.name for n in node.names if n.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            module = node.module
            if node.level:  # beside this one
                module = f"{path.parent.name}.{module}"
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                name = inner if inner in known else module
                if name in known:
                    yield name


def house(name: str, path: Path) -> str:
    """The package that a module is in."""
    if LIVE in path.parents:
        return "_live"
    return name if path.stem == "__init__" else name.rpartition(".")[0]


def scripts() -> dict[str, list[str]]:
    """Every script of the page, and those that it imports."""
    found = {}
    for path in LIVE.rglob("*.js"):
        targets = re.findall(
            r'^(?:import|export)[^;]*?from "(\.[^"]+)"',
            path.read_text("utf-8"),
            re.MULTILINE,
        )
        found[path.relative_to(LIVE).as_posix()] = [
            (path.parent / target).resolve().relative_to(LIVE).as_posix()
            for target in targets
        ]
    return found


def floor(package: str, floors: tuple[set[str], ...]) -> int:
    (number,) = (i for i, names in enumerate(floors) if package in names)
    return number


def test_imports_between_packages_run_downwards() -> None:
    """Protects a stranger from having to know everything to change one."""
    known = modules()
    upwards = [
        f"{name} imports {other}"
        for name, path in known.items()
        for other in imported(path, known)
        if (here := house(name, path)) != (there := house(other, known[other]))
        and floor(there, FLOORS) >= floor(here, FLOORS)
    ]
    assert upwards == []
    assert len(known) > 50


def test_imports_of_scripts_run_downwards() -> None:
    """Protects the same in the page."""
    found = scripts()
    folder = {name: name.rpartition("/")[0] for name in found}
    upwards = [
        f"{name} imports {other}"
        for name, others in found.items()
        for other in others
        if folder[name] != folder[other]
        and floor(folder[other], LIVE_FLOORS)
        >= floor(folder[name], LIVE_FLOORS)
    ]
    assert upwards == []
    assert len(found) > 15


@pytest.mark.parametrize("kind", ["modules", "scripts"])
def test_no_imports_go_round_in_a_circle(kind: str) -> None:
    """Protects the order in which the parts can be read."""
    if kind == "modules":
        known = modules()
        graph = {name: set(imported(p, known)) for name, p in known.items()}
    else:
        graph = {name: set(others) for name, others in scripts().items()}
    assert list(TopologicalSorter(graph).static_order())


LIBRARY = BOOK.parent / "micrograd"


def library_imports(folder: Path) -> dict[str, set[str]]:
    """The modules of a package, and those that each of them imports.

    Also inside its functions. What checkers alone read doesn't count.
    """
    paths = {
        ".".join(
            path.relative_to(folder.parent).with_suffix("").parts
        ).removesuffix(".__init__"): path
        for path in folder.rglob("*.py")
    }
    found = {}
    for name, path in paths.items():
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == (
                "TYPE_CHECKING"
            ):
                node.body = [ast.Pass()]
        found[name] = {
            other
            for node in ast.walk(tree)
            for other in named_modules(node, paths)
            if other != name
        }
    return found


def named_modules(node: ast.AST, known: dict[str, Path]) -> Iterator[str]:
    """The known modules that a statement imports."""
    match node:
        case ast.Import():
            yield from (n.name for n in node.names if n.name in known)
        case ast.ImportFrom(module=str(module)):
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                name = inner if inner in known else module
                if name in known:
                    yield name


def test_the_librarys_imports_run_one_way() -> None:
    """Protects readers of the library: there is an order to read it in."""
    graph = library_imports(LIBRARY)
    order = list(TopologicalSorter(graph).static_order())
    assert set(order) == set(graph)
    assert order.index("micrograd.floats") < order.index("micrograd.engine")
    assert graph["micrograd.compiler.compiled"] > {
        "micrograd.compiler.recording",
        "micrograd.compiler.program",
    }
    assert graph["micrograd.floats"] == graph["micrograd.literate"] == set()


def test_a_circle_is_found_also_inside_functions(tmp_path: Path) -> None:
    """Protects the test before from finding nothing."""
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "a.py").write_text("def f():\n    from p.b import g\n")
    (folder / "b.py").write_text("from p import a\n")
    graph = library_imports(folder)
    assert graph["p.a"] == {"p.b"}
    with pytest.raises(CycleError):
        list(TopologicalSorter(graph).static_order())
