"""A small book in a temporary folder, for the tests of the tangler.

What an author is told stands word by word in `cases/told.txt`, test by test.
Without that file, a run of all the tests in one process writes it anew: read
what has changed. Python's own words are in it, so it holds for one Python.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tangle.chapters import read_chapters
from tangle.errors import TangleError
from tangle.package import Package, tangle
from tangle.validation import validated

TOLD = Path(__file__).parent / "cases/told.txt"
TOLD_BY = (3, 11, 7)
FRONT = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n"


class Book:
    """A book whose pages are listed in the order in which they are added."""

    def __init__(self, root: Path, told: list[str]) -> None:
        self.root = root
        self.told = told
        self.listed: list[str] = []
        (root / "book").mkdir(parents=True)
        self.page("book/index", "# A book\n", front="")

    def page(
        self, path: str, text: str, *, front: str = FRONT, listed: bool = True
    ) -> None:
        """Add a page of Markdown, as it stands."""
        file = self.root / f"{path}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(front + text, "utf-8")
        if listed:
            self.listed.append(path)
        root, *chapters = self.listed or ["book/index"]
        lines = ["format: jb-book", f"root: {root}", "chapters:"]
        lines += [f"  - file: {chapter}" for chapter in chapters]
        (self.root / "_toc.yml").write_text("\n".join(lines), "utf-8")

    def chapter(
        self, name: str, *codes: str, file: str = "micrograd/m.py"
    ) -> None:
        """Add a page with a tangled cell for each piece of code."""
        cells = [
            f"A cell.\n\n```{{code-cell}} python\n:tangle: {file}\n\n"
            f"{dedent(code).strip()}\n```\n"
            for code in codes
        ]
        self.page(f"book/{name}", f"# {name}\n\n" + "\n".join(cells))

    def package(self, through: str | None = None) -> Package:
        return tangle(read_chapters(self.root), through)

    def text(self, file: str = "micrograd/m.py") -> str:
        """A file of the package without its header line."""
        return self.package().files[file].text.partition("\n")[2]

    def refusal(self) -> TangleError:
        """What is wrong with the book."""
        with pytest.raises(TangleError) as caught:
            validated(read_chapters(self.root))
        self.told.append(str(caught.value))
        return caught.value

    def line(self, path: str, text: str) -> int:
        """The last line of a page that holds a text."""
        lines = (self.root / path).read_text("utf-8").split("\n")
        return max(n for n, line in enumerate(lines, 1) if text in line)


@pytest.fixture(scope="session")
def words() -> Iterator[dict[str, str]]:
    """What is told in each test."""
    if TOLD.exists():
        blocks = re.split(r"^=== ", TOLD.read_text("utf-8"), flags=re.M)[1:]
        yield dict(block.rstrip("\n").split("\n", 1) for block in blocks)
        return
    words: dict[str, str] = {}
    yield words
    blocks = (f"=== {name}\n{said}\n" for name, said in words.items())
    TOLD.write_text("\n".join(blocks), "utf-8")


@pytest.fixture
def told(
    request: pytest.FixtureRequest, tmp_path: Path, words: dict[str, str]
) -> Iterator[list[str]]:
    """What is told in this test is added here, and compared at its end."""
    told: list[str] = []
    yield told
    said = "\n".join(told).replace(str(tmp_path), "TMP").rstrip("\n")
    if said and sys.version_info[:3] == TOLD_BY:
        name = f"{request.node.path.stem}: {request.node.name}"
        if not TOLD.exists():
            words[name] = said
        assert said == words.get(name)


@pytest.fixture
def book(tmp_path: Path, told: list[str]) -> Book:
    return Book(tmp_path / "a book", told)


@pytest.fixture(scope="session")
def make_book(tmp_path_factory: pytest.TempPathFactory) -> type[Book]:
    """For tests that need many books: hypothesis runs one function often."""

    class FreshBook(Book):
        def __init__(self) -> None:
            super().__init__(tmp_path_factory.mktemp("book") / "a book", [])

    return FreshBook
