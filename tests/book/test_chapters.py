"""The chapters keep the book's own promises, as they are written."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import nbformat
import pytest
from myst_nb.core.read import read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "book").rglob("*.md"))
CHAPTERS = [page for page in PAGES if re.match(r"\d\d-", page.name)]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
each_chapter = pytest.mark.parametrize(
    "page", CHAPTERS, ids=lambda page: page.stem
)


@cache
def cells(page: Path) -> list[nbformat.NotebookNode]:
    """All cells of a page, of prose and of code, as MyST-NB reads them."""
    text = page.read_text()
    if "{code-cell}" not in text:
        return []
    return read_myst_markdown_notebook(text, MdParserConfig()).cells


def code_cells(page: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in cells(page) if cell.cell_type == "code"]


@each_page
def test_code_fits_the_page(page: Path) -> None:
    """Protects readers from scrolling code sideways: 79 columns."""
    wide = [
        line
        for cell in code_cells(page)
        for line in cell.source.split("\n")
        if len(line) > 79
    ]
    assert wide == []


@each_page
def test_every_figure_is_described_and_captioned(page: Path) -> None:
    """Protects readers who don't see a figure, or don't know where to look."""
    for cell in code_cells(page):
        shown = cell.metadata.get("mystnb", {})
        if shown or re.search(r"^draw_dot\(|^fig, ", cell.source, re.M):
            alt = shown.get("image", {}).get("alt", "").strip()
            caption = shown.get("figure", {}).get("caption", "").strip()
            assert alt, cell.source
            assert caption, cell.source
            assert alt != caption


@each_chapter
def test_a_chapter_sums_up_the_library_before_its_exercises(
    page: Path,
) -> None:
    """Protects the shape in which every chapter ends."""
    text = page.read_text()
    headings = re.findall(r"^## (.*)", text, re.M)
    assert headings[-2:] == ["The library so far", "Exercises"]
    summed_up = text.partition("\n## The library so far\n")[2]
    assert "```{library-so-far}" in summed_up.partition("\n## Exercises")[0]


def exercises(page: Path) -> list[str]:
    """The labels of a page's exercises."""
    text = page.read_text()
    labels = re.findall(r"```\{exercise\}.*\n:label: (\S+)\n", text)
    assert len(labels) == text.count("{exercise")
    return labels


def asserts_in_solutions(page: Path) -> dict[str, int]:
    """How often the solution of each exercise of a page asserts something."""
    asserts: dict[str, int] = {}
    solving = None
    for cell in cells(page):
        if cell.cell_type == "code":
            if solving:
                found = re.findall(r"^\s*assert ", cell.source, re.M)
                asserts[solving] += len(found)
        else:
            gates = r"\{solution-(?:start\} (\S+)|end\})"
            for gate in re.finditer(gates, cell.source):
                if solving := gate[1]:
                    asserts[solving] = 0
    return asserts


@each_chapter
def test_a_chapter_has_exercises_with_solutions_that_check_themselves(
    page: Path,
) -> None:
    """Protects readers from solutions that don't work."""
    labels = exercises(page)
    assert 2 <= len(labels) <= 3
    asserts = asserts_in_solutions(page)
    assert list(asserts) == labels
    assert all(asserts.values()), asserts


def test_no_two_exercises_have_one_label() -> None:
    """Protects a solution from being put under another exercise."""
    labels = [label for page in CHAPTERS for label in exercises(page)]
    assert len(labels) == len(set(labels))
