"""Random books are refused, or the library does what their cells do."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings

from random_books import Code, Judge, books, page_of
from tangle.chapters import read_chapters
from tangle.errors import TangleError
from tangle.modules import Module
from tangle.package import Package
from tangle.validation import validated

SHARE = 0.4
"""Of all random books, at least so many are to be tangled."""


def write(book, cells: list[Code]) -> None:
    for chapter in sorted({cell.chapter for cell in cells}):
        page = page_of(cell for cell in cells if cell.chapter == chapter)
        book.page(f"book/{chapter + 1:02}-chapter", page)


def texts(package: Package) -> dict[str, str]:
    return {
        file: module.text
        for file, module in package.files.items()
        if file.endswith(".py")
    }


def assert_places_are_exact(book, module: Module) -> None:
    """Every line says where it stands; a blank one, where the next does."""
    below = None
    for number in range(len(module.lines), 0, -1):
        line = module.lines[number - 1].text
        if not module.lines[number - 1].source:
            assert not line or line.startswith("# Tangled from")
            assert module.source(number) == below
            continue
        below = module.source(number)
        assert below
        path, row = below
        page = (book.root / path).read_text("utf-8").split("\n")
        if line.startswith(("from ", "import ")):
            imported = line.replace(",", "").split("import ")[1].split()
            assert "import" in page[row - 1]
            assert set(imported) & set(page[row - 1].split())
        else:  # no two lines of a random book are equal
            assert page[row - 1] == line


def test_random_books_are_refused_or_tangled_right(make_book):
    judge = Judge()
    told: Counter[str] = Counter()

    @settings(max_examples=60, deadline=None)
    @given(books())
    def check(cells):
        book = make_book()
        write(book, cells)
        try:
            packages = validated(read_chapters(book.root))
        except TangleError as error:
            told["refused"] += 1
            assert error.path.startswith("book/0")
            lines = (book.root / error.path).read_text("utf-8").split("\n")
            assert lines[error.line - 1].strip() not in ("", "```")
            return
        told["tangled"] += 1
        stages = [texts(p) for name, p in packages.items() if name != "index"]
        assert judge.judge(cells, stages) == ""
        *_, package = packages.values()
        for module in package.files.values():
            assert_places_are_exact(book, module)

    try:
        check()
    finally:
        judge.close()
    assert told["tangled"] >= SHARE * told.total() or told.total() < 50
