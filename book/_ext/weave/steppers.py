"""Figures that can be stepped through, forward and backward.

A cell that ends with `draw_dot(name)`, or with chapter 2's `draw`, and has the
tag ``steps`` makes one. Its kernel has told which graph it has drawn
(``execute.py``); the steps are those that the finished engine takes on it
(``steps.py``). They stand under the figure as a table, which
``book/_live/stepper/stepper.js`` reads: so the page is whole without it, and
shows nothing that isn't in the table. Beside it stands what is needed for
other numbers in the leaves (``figure_program.py``).
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from sphinx.util import logging

import steps
from figures.inline_svg import GRAPH_DRAWN
from run import execute
from weave.figure_program import as_json, program_of
from weave.places import cells_of

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

    from graphs import Graph

logger = logging.getLogger(__name__)

STEPPER = """<div class="stepper" data-start="{start}" data-prefix="{prefix}">
{{}}
<details class="steps">
<summary>The steps, one by one</summary>
<table>
<thead><tr><th scope="col">Step</th><th scope="col">What is computed</th></tr>
</thead>
<tbody>
{rows}
</tbody>
</table>
</details>
{program}</div>"""
PROGRAM = (
    '<script type="application/json" class="stepper-program">{}</script>\n'
)
ROW = "<tr {about}><td>{number}</td><td><code>{text}</code></td></tr>"


def cell_of(image: nodes.image) -> nodes.container | None:
    """The cell that has drawn an image, if it is to be stepped through."""
    cell = image.parent
    while cell is not None and cell.get("nb_element") != "cell_code":
        cell = cell.parent
    return cell if cell is not None and has_tag(cell) else None


def has_tag(cell: nodes.container) -> bool:
    """Whether a cell is marked by its author."""
    return execute.STEPS in cell["cell_metadata"].get("tags", ())


def graph_in(cell: nodes.container, app: Sphinx) -> tuple[Graph | None, str]:
    """The graph that a cell has drawn at its end, and the rule there."""
    notebook = execute.executed(app, app.env.docname)
    metadata = notebook.cells[cell["cell_index"]].metadata if notebook else {}
    return metadata.get("graph"), metadata.get("rule", "")


def refuse_idle_tags(app: Sphinx, doctree: nodes.document) -> None:
    """Refuse a tag on a cell that draws no graph at its end."""
    for cell in cells_of(doctree):
        if has_tag(cell) and not graph_in(cell, app)[0]:
            logger.warning(
                "a cell tagged steps must end with draw_dot(name), or with"
                " draw(numbers, operations, gradients)",
                location=cell,
            )


def with_steps(
    app: Sphinx, image: nodes.image, prefix: str
) -> tuple[str, str, list[list[str]]] | None:
    """A figure's drawing and the steps around it, if it is to have them."""
    cell = cell_of(image)
    graph, rule = graph_in(cell, app) if cell else (None, "")
    return stepper(graph, rule, prefix) if graph else None


def stepper(
    graph: Graph, rule: str, prefix: str
) -> tuple[str, str, list[list[str]]]:
    """A drawing to step through, the steps, and the parts of the first."""
    # The finished library: book.py has put it first on the path.
    from micrograd import engine
    from micrograd.graph import draw_dot

    found = steps.steps_of(graph, engine, rule)
    drawn = steps.drawing(graph, found, engine, draw_dot)
    ids = steps.parts(drawn)
    placed = steps.placed(found, ids)
    start = steps.start(graph, found)
    rows = [row(number, step) for number, step in enumerate(placed, 1)]
    program = program_of(graph, rule, ids)
    around = STEPPER.format(
        start=start,
        prefix=prefix,
        rows="\n".join(rows),
        program=PROGRAM.format(as_json(program)) if program else "",
    )
    about = placed[start - 1]
    shows = [*about["lit"].split(), *about["giver"].split()]
    return drawn, around, [[id] for id in shows]


def row(number: int, step: dict[str, str]) -> str:
    """A step as a row of the table, with what the script must know of it."""
    about = " ".join(
        f'data-{name}="{escape(text)}"'
        for name, text in step.items()
        if name != "text"
    )
    return ROW.format(about=about, number=number, text=escape(step["text"]))


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", refuse_idle_tags)
    app.connect(GRAPH_DRAWN, with_steps)
