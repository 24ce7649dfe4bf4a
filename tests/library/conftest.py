"""Which tests hold, and what several of them use.

A test module is named for the chapter from which on it holds. With
MICROGRAD_STAGE=06-backward in the environment, the package under test is
the library as it stood after chapter 6, and later modules are left out.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# The folder of a stage bears its chapter's name, and will do as well.
STAGE = Path(os.environ.get("MICROGRAD_STAGE", "")).name

collect_ignore = [
    module.name
    for module in HERE.glob("test_*.py")
    if STAGE and module.name[len("test_") :][:2] > STAGE[:2]
]

# The helpers beside this file (oracle, operations, programs).
sys.path.insert(0, str(HERE))


def pytest_report_header() -> str:
    """Say which micrograd is under test."""
    import micrograd

    return f"micrograd: {micrograd.__file__}"


@pytest.fixture
def many() -> int:
    """So many that C's stack, of 8 MB, has no room for as many calls.

    At the stages, where every second counts twice, it is less.
    """
    return 50_000 if STAGE else 200_000


@pytest.fixture
def python() -> Callable[..., str]:
    """Run a program in a Python of its own, and return what it prints.

    For what must not happen to the process that runs the tests: a crash,
    or modules that other tests have imported.
    """
    import micrograd

    # -P: only what is asked for is on the path, not the current folder.
    root = str(Path(micrograd.__file__).parents[1])

    def run(program: str, *arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, "-P", "-c", program, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": root},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (
            f"exit status {done.returncode}\n{done.stderr}"
        )
        return done.stdout

    return run


@pytest.fixture
def dot_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH with a `dot`: for tests that read the source, any will do."""
    dot = tmp_path / "dot"
    dot.write_text("#!/bin/sh\n")
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
