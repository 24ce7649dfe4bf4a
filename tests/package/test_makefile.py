"""The Makefile's goals are there, and say what to do when misused."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

GOALS = [
    "help",
    "book",
    "serve",
    "epub",
    "pdf",
    "tangle",
    "stitch",
    "where",
    "stage",
    "check",
    "test",
    "quick",
    "bench",
    "mutants",
    "clean",
    "distclean",
]


@pytest.fixture
def make(clean_env: dict[str, str]):
    """Run make somewhere; return how it ended and all that it said."""

    def run(where: Path, *arguments: str, **variables: str) -> tuple[int, str]:
        ran = subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=where,
            env=clean_env | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return ran.returncode, ran.stdout

    return run


@pytest.fixture
def frame(root: Path, tmp_path: Path) -> Path:
    """A directory with what the set-up needs, in a path with a space."""
    frame = tmp_path / "the book"
    frame.mkdir()
    for name in ("Makefile", "constraints.txt", "_toc.yml"):
        shutil.copy(root / name, frame)
    return frame


@pytest.fixture
def stub_python(tmp_path: Path) -> Path:
    """A `python3` whose virtual environments cost nothing.

    Its pip fails when PIP_FAILS is set, as if the network were gone.
    """
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\n"
        '[ "$1" = -c ] && exit 0\n'
        "mkdir -p .venv/bin .venv/lib/python3\n"
        "echo '#!/bin/sh' > .venv/bin/pip\n"
        "echo '[ -z \"$PIP_FAILS\" ]' >> .venv/bin/pip\n"
        "chmod +x .venv/bin/pip\n"
    )
    python.chmod(0o755)
    return python


def test_help_lists_every_goal(make, root: Path) -> None:
    """Protects: `make`, or `make help`, shows all there is to say."""
    status, said = make(root)
    assert status == 0
    assert re.findall(r"^make (\w+)\s+\S.*$", said, re.M) == GOALS
    assert make(root, "help") == (status, said)


@pytest.mark.parametrize("goal", GOALS)
def test_every_goal_can_be_made(make, root: Path, goal: str) -> None:
    """Protects: no goal waits for a file that nothing makes."""
    given = ("CHAPTER=01-derivative", "LINE=micrograd/nn.py:1")
    status, said = make(root, "--dry-run", goal, *given)
    assert status == 0, said


def test_test_sets_up_and_then_tests(make, root: Path, frame: Path) -> None:
    """Protects: `make test` needs no other goal before it."""
    shutil.copytree(root / "book", frame / "book")
    _, said = make(frame, "--dry-run", "test")
    order = ["-m venv", "look for faults", "editions.browser", "pytest --num"]
    places = [said.index(step) for step in order]
    assert places == sorted(places)


def test_test_passes_arguments_on(make, root: Path) -> None:
    """Protects: ARGS, by which one test can be run alone."""
    _, said = make(root, "--dry-run", "test", "ARGS=-k tanh")
    assert re.search(r"pytest .*-k tanh", said)


def test_stage_without_a_chapter_lists_the_chapters(make, frame: Path) -> None:
    """Protects: the mistake costs no set-up, and the answer is in it."""
    status, said = make(frame, "stage")
    assert status != 0
    assert "make stage CHAPTER=06-backward" in said
    chapters = re.findall(r"book/(\d\S+)", (frame / "_toc.yml").read_text())
    assert chapters
    assert [c for c in chapters if f"\n  {c}\n" not in said] == []
    assert not (frame / ".venv").exists()


def test_the_line_that_uses_a_stage_imports_that_stage(
    make, root: Path
) -> None:
    """Protects: the stage, not the whole library that is lying beside it."""
    chapter = re.search(r"book/(03\S+)", (root / "_toc.yml").read_text())
    assert chapter
    status, said = make(root, "stage", f"CHAPTER={chapter[1]}")
    assert status == 0, said
    line = re.search(r"PYTHONPATH=.*", said)
    assert line
    ran = subprocess.run(
        f"{line[0]} -c 'import micrograd; print(micrograd.__file__)'",
        shell=True,
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    stage = root / "_build/stage" / chapter[1]
    assert Path(ran.stdout.strip()).is_relative_to(stage)


def test_stage_of_an_unknown_chapter_is_refused(make, root: Path) -> None:
    """Protects: a mistyped chapter is named, and leaves nothing behind."""
    status, said = make(root, "stage", "CHAPTER=99-no-such-chapter")
    assert status != 0
    assert "99-no-such-chapter" in said
    assert "01-derivative" in said
    assert not (root / "_build/stage/99-no-such-chapter").exists()


def test_an_old_python_is_told_so(make, frame: Path) -> None:
    """Protects: a clear word, not a failure far down in pip."""
    status, said = make(frame, "book", "PYTHON=false")
    assert status != 0
    assert "3.11" in said
    assert "make PYTHON=python3.12 book" in said
    assert not (frame / ".venv").exists()


def test_an_interrupted_set_up_goes_on(
    make, frame: Path, stub_python: Path
) -> None:
    """Protects: half an environment is never taken for a whole one.

    What is there of it isn't fetched once more.
    """
    set_up = (".venv/.ready", f"PYTHON={stub_python}")
    status, said = make(frame, *set_up, PIP_FAILS="1")
    assert status != 0
    assert "is the network there, and is there room on the disk" in said
    half = frame / ".venv/half"
    half.touch()
    status, said = make(frame, *set_up)
    assert status == 0
    assert said.count("Setting up .venv") == 1
    assert half.exists()
    assert os.readlink(frame / ".venv/bin/dot") == "graphviz-pure"


def test_a_new_lock_sets_up_anew(make, frame: Path, stub_python: Path) -> None:
    """Protects: nobody builds with versions that are locked no more."""
    set_up = (".venv/.ready", f"PYTHON={stub_python}")
    make(frame, *set_up)
    assert "Setting up" not in make(frame, *set_up)[1]
    old = frame / ".venv/old"
    old.touch()
    with (frame / "constraints.txt").open("a") as lock:
        lock.write("# another\n")
    ready = (frame / ".venv/.ready").stat().st_mtime
    os.utime(frame / "constraints.txt", (ready + 1, ready + 1))
    assert "Setting up" in make(frame, *set_up)[1]
    assert not old.exists()


def test_an_interrupted_fetch_starts_over(
    make, frame: Path, root: Path, stub_python: Path
) -> None:
    """Protects: half of what npm brings is never taken for the whole."""
    shutil.copytree(root / "book/_npm", frame / "book/_npm")
    given = (f"PYTHON={stub_python}",)
    make(frame, ".venv/.ready", *given)
    npm = frame / ".venv/bin/python"
    npm.write_text("#!/bin/sh\ntouch _build/node/some\n[ -z $NPM_FAILS ]\n")
    npm.chmod(0o755)
    status, said = make(frame, "_build/node/.ready", *given, NPM_FAILS="1")
    assert status != 0
    assert f"npm's messages: {frame}/_build/node/log" in said
    half = frame / "_build/node/half"
    half.touch()
    status, said = make(frame, "_build/node/.ready", *given)
    assert status == 0, said
    assert (frame / "_build/node/some").exists()
    assert not half.exists()
    assert make(frame, "_build/node/.ready", *given)[1].endswith(
        "up to date.\n"
    )


def test_clean_keeps_the_environment_and_distclean_does_not(
    make, frame: Path
) -> None:
    """Protects: cleaning up doesn't cost the set-up, or the sources."""
    for made in ("_build", "micrograd/__pycache__", ".venv"):
        (frame / made / "sub").mkdir(parents=True)
    assert make(frame, "clean")[0] == 0
    assert sorted(p.name for p in frame.iterdir()) == [
        ".venv",
        "Makefile",
        "_toc.yml",
        "constraints.txt",
        "micrograd",
    ]
    assert list((frame / "micrograd").iterdir()) == []
    assert make(frame, "distclean")[0] == 0
    assert not (frame / ".venv").exists()
