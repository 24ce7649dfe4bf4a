"""The checks of the exercises: a starter fails them, the solution passes."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from reading import CHAPTERS, ROOT, code_cells, exercises

from check import asserts_in

RUNNER = Path(__file__).with_name("answering.py")


def checked(page: Path, folder: Path) -> list[tuple[str, bool, list[str]]]:
    """What the check says after each starter, and after each solution.

    The chapter's cells run one after another, on the finished library.
    """
    inside = folder / "page"  # so that there is a ".."
    inside.mkdir()
    shutil.copy(ROOT / "book/measurements.json", folder)
    cells = code_cells(page)
    steps = [
        {"code": cell.source, "tags": cell.metadata.get("tags", [])}
        for cell in cells
    ]
    for exercise in exercises(page):
        solution = [cells[number].source for number in exercise.solved]
        for number in exercise.asked[0], exercise.solved[-1]:
            steps[number] |= {"label": exercise.label, "solution": solution}
    path = [str(ROOT), str(ROOT / "book/_live/python")]
    ran = subprocess.run(
        [sys.executable, RUNNER],
        input=json.dumps(steps),
        cwd=inside,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(path), "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    said: list[tuple[str, bool, list[str]]] = json.loads(ran.stdout)
    return said


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_starter_fails_the_checks_and_the_solution_passes_them(
    page: Path, tmp_path: Path
) -> None:
    """Protects readers from a check that says nothing, or is wrong."""
    said = checked(page, tmp_path)
    labels = [exercise.label for exercise in exercises(page)]
    assert [label for label, _, _ in said] == [
        label for label in labels for _ in range(2)
    ]
    for label, right, lines in said[0::2]:
        assert not right, label
        assert len(lines) > 1, label
    for label, right, lines in said[1::2]:
        assert right, (label, lines)
    # No check needs a name that only the solution defines.
    assert [
        line
        for _, _, lines in said
        for line in lines
        if line.startswith("The check looks for")
    ] == []


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
