"""What the tests of the project's frame share."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's own directory."""
    return ROOT


@pytest.fixture(scope="session")
def clean_env() -> dict[str, str]:
    """This environment without what `make test` and pytest put in it."""
    ours = ("MAKE", "MFLAGS", "PYTHONPATH", "PYTEST_", "MICROGRAD_")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with nothing in it that was made."""
    copy = tmp_path_factory.mktemp("checkout") / "book"
    made = (
        *(".git", ".venv", "_build", ".hypothesis"),
        *("__pycache__", "*.egg-info"),
    )
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*made))
    return copy
