"""A copy of the project, in which the book can be built and broken."""

from __future__ import annotations

import multiprocessing
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A build needs seconds to import what others have written. Here a process does
# that once, and each build is a copy of it.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "jupyter_book.sphinx",
        "myst_nb.sphinx_ext",
        "sphinx_exercise",
        "sphinx_book_theme",
        "sphinxcontrib.katex",
        "fontTools.subset",
    ]
)


def build(path: Path, said: Path) -> None:
    """Build the book of a project, in a process of its own."""
    with said.open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.chdir(path)
    # The tools of this project, not those of the tests' own.
    tools = [str(path / "book/_ext"), str(path / "book/_live/python")]
    sys.path[:] = tools + [
        place
        for place in sys.path
        if "site-packages" in place or str(ROOT) not in place
    ]
    os.environ["PYTHONPATH"] = tools[1]
    sys.argv[1:] = []
    runpy.run_path(f"{tools[0]}/build.py", run_name="__main__")


class Project:
    """A copy of the project with nothing in it that was made of the book."""

    def __init__(self, path: Path) -> None:
        self.path = path
        listed = subprocess.run(
            [
                *("git", "-c", "safe.directory=*"),
                *("ls-files", "-coz", "--exclude-standard"),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                # With its time, so that .venv isn't older than the lock.
                shutil.copy2(ROOT / name, path / name)
        (path / ".venv").symlink_to(ROOT / ".venv")
        # What `make test` has fetched; nobody writes into these files.
        for name in ("node", "live", "vendor", "chromium"):
            if (made := ROOT / "_build" / name).exists():
                shutil.copytree(
                    made, path / "_build" / name, copy_function=os.link
                )

    @classmethod
    def at(cls, path: Path) -> Project:
        """A copy that was made before."""
        project = cls.__new__(cls)
        project.path = path
        return project

    def make(self, *goals: str) -> tuple[bool, str]:
        """Run make; return whether that went well, and what was said."""
        ours = ("MAKE", "MFLAGS", "PYTHONPATH", "PYTEST_", "MICROGRAD_")
        ran = subprocess.run(
            ["make", "--no-print-directory", *goals],
            cwd=self.path,
            env={
                k: v for k, v in os.environ.items() if not k.startswith(ours)
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return ran.returncode == 0, ran.stdout

    def start(self) -> BaseProcess:
        """Begin to build the book, as `make book` does once all is set up."""
        builder = FORKS.Process(target=build, args=(self.path, self.said))
        builder.start()
        return builder

    @property
    def said(self) -> Path:
        """Where a build that was started writes what it has to say."""
        return self.path.with_name(f"{self.path.name} said")

    def try_to_build(self) -> tuple[bool, str]:
        """Build the book; return whether that went well, and what was said."""
        builder = self.start()
        builder.join()
        return builder.exitcode == 0, self.said.read_text()

    def build(self) -> str:
        """Build the book, which must go well; return what was said."""
        good, said = self.try_to_build()
        if not good:
            pytest.fail(said, pytrace=False)
        return said

    def fail(self) -> str:
        """Build the book, which must fail; return what was said."""
        good, said = self.try_to_build()
        assert not good, said
        return said

    def edit(self, file: str, old: str, new: str) -> int:
        """Put ``new`` for ``old``; return the line at which it begins."""
        before, found, after = (self.path / file).read_text().partition(old)
        assert found, f"no {old!r} in {file}"
        (self.path / file).write_text(before + new + after)
        return before.count("\n") + 1

    def add_cell(self, file: str, code: str) -> int:
        """Put a cell below a page's title; return its first line of code."""
        title = re.search(r"^# .*\n", (self.path / file).read_text(), re.M)
        assert title
        cell = f"\n```{{code-cell}} python\n{code}\n```\n"
        return 3 + self.edit(file, title[0], title[0] + cell)

    def pages(self) -> dict[str, bytes]:
        """What every page of the built book holds."""
        html = self.path / "_build/html"
        return {
            str(file.relative_to(html)): file.read_bytes()
            for file in html.rglob("*.html")
        }

    @contextmanager
    def put_back(self) -> Iterator[Project]:
        """Have all as it is now again in the end, the times of files too."""
        kept = self.path.with_name("kept")
        shutil.copytree(self.path, kept, symlinks=True)
        try:
            yield self
        finally:
            shutil.rmtree(self.path)
            kept.rename(self.path)

    @contextmanager
    def reads(self) -> Iterator[set[str]]:
        """Find out which chapters are read meanwhile, by their doctrees."""
        read: set[str] = set()
        before = self._doctrees()
        yield read
        read |= {n for n, t in self._doctrees().items() if before.get(n) != t}

    def _doctrees(self) -> dict[str, int]:
        trees = self.path / "_build/.doctrees"
        return {
            tree.stem: tree.stat().st_mtime_ns
            for tree in trees.rglob("*.doctree")
        }
