"""Folds solutions, and tells which cells solve the exercise of a starter.

A solution says whose it is: on paper it doesn't stand beside its exercise.

All else of exercises is sphinx-exercise's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import solution_node
from sphinx_exercise.utils import get_node_number

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from sphinx.application import Sphinx

GATE = re.compile(
    r"\{(exercise|solution)-(start|end)\}(?: (\S+))?(?:\n:label: (\S+))?"
)


def solutions(notebook: NotebookNode) -> dict[int, list[int]]:
    """For each starter, by its place among the code cells, its solution's."""
    starters: dict[int, str] = {}
    solving: dict[str, list[int]] = {}
    here = ("", "")  # what the cell is inside of, and the exercise's label
    number = 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            kind, label = here
            if kind == "solution":
                solving.setdefault(label, []).append(number)
            elif "starter" in cell.metadata.get("tags", []):
                starters[number] = label
            number += 1
        for kind, gate, solved, label in GATE.findall(cell.source):
            here = (kind, solved or label) if gate == "start" else ("", "")
    return {n: solving.get(label, []) for n, label in starters.items()}


class FoldedSolutions(SphinxPostTransform):
    """Folds the solutions that say so, as any browser can without a script.

    What is left of the class `dropdown` would have the theme expect a script.
    """

    default_priority = 900  # after sphinx-exercise has written their titles
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Make each a <details>, and its title the <summary>."""
        exercises = getattr(self.env, "sphinx_exercise_registry", {})
        for solution in list(self.document.findall(solution_node)):
            if "dropdown" in solution["classes"]:
                title, *content = solution.children
                begin = '<details class="admonition solution"'
                (name,) = solution["ids"]
                exercise = exercises[solution["target_label"]]["node"]
                number = get_node_number(self.app, exercise, "exercise")
                folded = [
                    html(f'{begin} id="{name}"><summary'),
                    html(' class="admonition-title">'),
                    *title.children,
                    nodes.Text(f" to exercise {number}"),
                    html("</summary>\n"),
                    *content,
                    html("</details>\n"),
                ]
                solution.parent.replace(solution, folded)


def html(text: str) -> nodes.raw:
    """A piece of HTML, which need not be whole."""
    return nodes.raw("", text, format="html")


def setup(app: Sphinx) -> None:
    app.add_post_transform(FoldedSolutions)
