"""The chapters as they are written: their cells, and their exercises."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from myst_nb.core.read import read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig

from weave.exercises import GATE

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "book").rglob("*.md"))
CHAPTERS = [page for page in PAGES if re.match(r"\d\d-", page.name)]


@cache
def notebook(page: Path) -> nbformat.NotebookNode:
    """A page that has code, as MyST-NB reads it."""
    return read_myst_markdown_notebook(page.read_text(), MdParserConfig())


def cells(page: Path) -> list[nbformat.NotebookNode]:
    """All cells of a page, of prose and of code."""
    if "{code-cell}" not in page.read_text():
        return []
    return notebook(page).cells


def front_matter(page: Path) -> dict[str, Any]:
    """What a page that has code says above its text."""
    return dict(notebook(page).metadata)


def code_cells(page: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in cells(page) if cell.cell_type == "code"]


def is_starter(cell: nbformat.NotebookNode) -> bool:
    return "starter" in cell.metadata.get("tags", [])


@dataclass
class Exercise:
    """Which of a page's code cells stand in an exercise and its solution."""

    label: str
    asked: list[int] = field(default_factory=list)
    solved: list[int] = field(default_factory=list)


def exercises(page: Path) -> list[Exercise]:
    """The exercises of a page, each of which must have a solution."""
    found: dict[str, Exercise] = {}
    inside: list[int] | None = None
    number = 0
    for cell in cells(page):
        if cell.cell_type == "code":
            if inside is not None:
                inside.append(number)
            number += 1
            continue
        for kind, gate, solves, label in GATE.findall(cell.source):
            if gate == "end":
                inside = None
            elif kind == "exercise":
                assert label not in found
                found[label] = Exercise(label)
                inside = found[label].asked
            else:
                inside = found[solves].solved
    return list(found.values())
