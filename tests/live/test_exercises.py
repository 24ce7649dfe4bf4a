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
from answers import RIGHT, WRONG
from reading import CHAPTERS, ROOT, code_cells, exercises

from check import asserts_in

RUNNER = Path(__file__).with_name("answering.py")


def checked(page: Path, folder: Path) -> list[tuple[str, str, list[str]]]:
    """What the check says to each exercise's starter, solution and answers.

    The chapter's cells run one after another, on the finished library; before
    each answer the starter runs again.
    """
    inside = folder / "page"  # so that there is a ".."
    inside.mkdir()
    shutil.copy(ROOT / "book/measurements.json", folder)
    cells = code_cells(page)
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
        tags = cell.metadata.get("tags", [])
        steps.append(
            {"code": cell.source, "raises": "raises-exception" in tags}
        )
        steps += after.get(number, [])
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
    said: list[tuple[str, str, list[str]]] = json.loads(ran.stdout)
    return said


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_the_solution_passes_the_checks_and_the_starter_does_not(
    page: Path, tmp_path: Path
) -> None:
    """Protects readers from a check that is wrong, or says nothing.

    Answers that are right in another way pass, too, and wrong ones don't.
    """
    said = checked(page, tmp_path)
    for label, kind, lines in said:
        right = lines[0].startswith("Right: ")
        assert right == (kind in ("right", "solution")), (label, kind, lines)
        assert right == (len(lines) == 1), lines
        # No check needs a name that only the solution defines.
        assert not any("check looks for" in line for line in lines), lines
    for kind in "starter", "solution":
        assert [label for label, which, _ in said if which == kind] == [
            exercise.label for exercise in exercises(page)
        ]


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
