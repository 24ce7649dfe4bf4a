"""The notebooks run, and exercises are right, on the finished library."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from answers import RIGHT, WRONG
from reading import CHAPTERS, ROOT, code_cells, exercises
from workplace import lay_out

import forked
from verdict import asserts_in

RUNNER = Path(__file__).with_name("answering.py")


def read(html: Path, page: Path) -> list[nbformat.NotebookNode]:
    """The code cells of a chapter's notebook, as the book offers it."""
    file = html / "_sources/book" / f"{page.stem}.ipynb"
    notebook = nbformat.read(file, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def may_raise(cell: nbformat.NotebookNode) -> bool:
    return "raises-exception" in cell.metadata.get("tags", [])


def shown(cells: list[nbformat.NotebookNode]) -> list[str | None]:
    """The exceptions that the book shows below the cells that may raise."""
    return [
        next((o.ename for o in cell.outputs if "ename" in o), None)
        for cell in cells
        if may_raise(cell)
    ]


def run(
    page: Path, cells: list[nbformat.NotebookNode], folder: Path
) -> dict[str, list[Any]]:
    """What the checks say, and what the cells raise that may raise.

    The cells run one after another, as a reader runs them who has installed
    the finished library: with nothing of the book's on the path, in an empty
    folder. Each exercise's starter, solution and answers are checked; before
    each answer the starter runs again.
    """
    after: dict[int, list[dict[str, object]]] = {}
    for exercise in exercises(page):
        solution = [cells[number].source for number in exercise.solved]
        starter = cells[exercise.asked[0]].source
        step = {"label": exercise.label, "solution": solution}
        steps = [step | {"code": "", "kind": "starter"}]
        for kind, answers in ("right", RIGHT), ("wrong", WRONG):
            for answer in answers.get(exercise.label, ()):
                code = f"{starter}\n{answer}\n"
                steps.append(step | {"code": code, "kind": kind})
        after[exercise.asked[0]] = steps
        after[exercise.solved[-1]] = [step | {"code": "", "kind": "solution"}]
    steps = []
    for number, cell in enumerate(cells):
        steps.append({"code": cell.source, "raises": may_raise(cell)})
        steps += after.get(number, [])
    (folder / "steps").write_text(json.dumps(steps))
    lay_out(page, folder)
    status = forked.run(
        RUNNER,
        folder / "steps",
        folder / "found",
        path=[ROOT / "book/_live/python", folder / "site"],
        cwd=folder / "empty",
        said=folder / "said",
    )
    assert status == 0, (folder / "said").read_text()
    found: dict[str, list[Any]] = json.loads((folder / "found").read_text())
    return found


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_notebook_runs_on_the_finished_library_and_its_exercises_are_right(
    page: Path, html: Path, tmp_path: Path
) -> None:
    """Protects readers from notebooks that were right only at their stage.

    And from a check that is wrong, or says nothing: the solution passes it,
    the starter doesn't. Answers that are right in another way pass, too, and
    wrong ones don't.
    """
    cells = read(html, page)
    assert [c.source for c in cells] == [c.source for c in code_cells(page)]
    found = run(page, cells, tmp_path)
    raised = shown(cells)
    if page.stem == "07-operations":
        assert raised[2] == "TypeError"  # `2 * a`, without a `__rmul__`
        raised[2] = None
    assert found["raised"] == raised
    for label, kind, lines in found["said"]:
        right = lines[0].startswith("Right: ")
        assert right == (kind in ("right", "solution")), (label, kind, lines)
        assert right == (len(lines) == 1), lines
        # No check needs a name that only the solution defines.
        assert not any("check looks for" in line for line in lines), lines
    for kind in "starter", "solution":
        assert [
            label for label, which, _ in found["said"] if which == kind
        ] == [exercise.label for exercise in exercises(page)]


def test_answers_are_to_exercises_that_there_are() -> None:
    """Protects the answers above from being tried no more."""
    labels = {e.label for page in CHAPTERS for e in exercises(page)}
    assert {*RIGHT, *WRONG} <= labels


def names(code: str, context: type[ast.expr_context]) -> set[str]:
    """The names that code reads, or those that it gives a value."""
    found = {
        node.id
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Name) and isinstance(node.ctx, context)
    }
    if context is ast.Store:
        found |= {
            node.name
            for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
    return found


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_check_reads_nothing_that_only_the_solution_names(
    page: Path,
) -> None:
    """Protects an answer from being judged by a value from further up."""
    cells = code_cells(page)
    for exercise in exercises(page):
        solution = [cells[number].source for number in exercise.solved]
        checks = "\n".join(asserts_in(solution))
        starter = cells[exercise.asked[0]].source
        rest = "\n".join(solution)
        for statement in asserts_in(solution):
            rest = rest.replace(statement, "")
        needed = names(checks, ast.Load) - names(checks, ast.Store)
        assert (
            needed & names(rest, ast.Store) - names(starter, ast.Store)
            == set()
        ), exercise.label
