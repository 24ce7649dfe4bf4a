"""Each exercise's solution as a program, below the cells of its chapter.

All that cells tangle comes from the finished library, and so does what they
reopen classes for: a type checker knows nothing of `reopen`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from reading import CHAPTERS, Exercise, code_cells, exercises, is_starter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbformat import NotebookNode

NEW = (ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Solved:
    """A solution, and what it finds in its notebook."""

    above: str
    solution: str

    @property
    def program(self) -> str:
        """Both, and a last line that is wrong."""
        return f'{self.above}\n{self.solution}\n"" + 1\n'

    @property
    def lines(self) -> range:
        """Where in the program the solution stands."""
        first = self.above.count("\n") + 2
        return range(first, first + self.solution.count("\n") + 1)


@cache
def solutions() -> dict[str, Solved]:
    """All of the book, by their exercises' labels, as names of modules."""
    return {
        exercise.label.replace("-", "_"): solved(page, exercise)
        for page in CHAPTERS
        for exercise in exercises(page)
    }


def solved(page: Path, exercise: Exercise) -> Solved:
    """A solution without the others, and without what it defines anew."""
    cells = code_cells(page)
    solution = "\n".join(cells[number].source for number in exercise.solved)
    anew = {s.name for s in ast.parse(solution).body if isinstance(s, NEW)}
    solving = {n for each in exercises(page) for n in each.solved}
    above = [
        ast.unparse(statement)
        for number, cell in enumerate(cells[: exercise.solved[0]])
        if number not in solving
        for statement in found_in(cell)
        if not (isinstance(statement, NEW) and statement.name in anew)
    ]
    return Solved("\n".join(above), without_reopen(solution))


def found_in(cell: NotebookNode) -> Iterator[ast.stmt]:
    """What a cell brings into the notebook.

    A starter brings functions, and names whose values are still missing.
    """
    file: str | None = cell.metadata.get("tangle")
    for statement in ast.parse(cell.source).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement
        elif file:
            yield from imported(file, statement)
        elif is_starter(cell):
            if isinstance(statement, ast.FunctionDef):
                yield statement
        elif not reopens(statement):
            yield statement


def imported(file: str, statement: ast.stmt) -> Iterator[ast.stmt]:
    """What a statement of the library's defines, imported from there."""
    match statement:
        case (
            ast.FunctionDef(name)
            | ast.ClassDef(name)
            | ast.Assign([ast.Name(name)])
            | ast.AnnAssign(ast.Name(name))
        ):
            module = file.removesuffix(".py").removesuffix("/__init__")
            names = [ast.alias(name)]
            yield ast.ImportFrom(module.replace("/", "."), names, 0)


def reopens(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ClassDef) and any(
        ast.unparse(used) == "reopen" for used in statement.decorator_list
    )


def without_reopen(solution: str) -> str:
    """The same, line by line, with a subclass for a class that it reopens."""
    for name in re.findall(r"^@reopen\nclass (\w+):", solution, re.MULTILINE):
        solution = solution.replace(f"{name}(", f"More{name}(").replace(
            f"@reopen\nclass {name}:", f"\nclass More{name}({name}):"
        )
    return solution
