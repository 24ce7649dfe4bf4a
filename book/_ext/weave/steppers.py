"""Figures that can be stepped through, forward and backward.

A cell that ends with `draw_dot(name)` and has the tag ``steps`` makes one.
Its kernel has told which graph it has drawn (``execute.py``); the steps are
those that the finished engine takes on it (``steps.py``). They stand under
the figure as a table, which ``book/_live/stepper/stepper.js`` reads: so the
page is whole without it, and shows nothing that isn't in the table.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from sphinx.util import logging

import steps
from figures.inline_svg import GRAPH_INLINED
from figures.svg_element import inlined
from run import execute
from weave.places import cells_of

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

    from graphs import Graph

logger = logging.getLogger(__name__)

STEPPER = """<div class="stepper" data-start="{start}" data-prefix="{prefix}">
{drawn}
{wide}<details class="steps">
<summary>The steps, one by one</summary>
<table>
<thead><tr><th scope="col">Step</th><th scope="col">What is computed</th></tr>
</thead>
<tbody>
{rows}
</tbody>
</table>
</details>
</div>"""
ROW = (
    '<tr data-kind="{kind}" data-node="{node}" data-shows="{shows}"'
    ' data-lit="{lit}"><td>{number}</td><td><code>{text}</code></td></tr>'
)


def graph_of(image: nodes.image, app: Sphinx) -> Graph | None:
    """The graph that an image shows, if it is to be stepped through."""
    cell = image.parent
    while cell is not None and cell.get("nb_element") != "cell_code":
        cell = cell.parent
    return graph_in(cell, app) if cell is not None and has_tag(cell) else None


def has_tag(cell: nodes.container) -> bool:
    """Whether a cell is marked by its author."""
    return execute.STEPS in cell["cell_metadata"].get("tags", ())


def graph_in(cell: nodes.container, app: Sphinx) -> Graph | None:
    """The graph that a cell has drawn at its end, if it has."""
    notebook = execute.executed(app, app.env.docname)
    metadata = notebook.cells[cell["cell_index"]].metadata if notebook else {}
    graph: Graph | None = metadata.get("graph")
    return graph


def refuse_idle_tags(app: Sphinx, doctree: nodes.document) -> None:
    """Refuse a tag on a cell that draws no graph at its end."""
    for cell in cells_of(doctree):
        if has_tag(cell) and not graph_in(cell, app):
            logger.warning(
                "a cell tagged steps must end with draw_dot(name)",
                location=cell,
            )


def with_steps(
    app: Sphinx, image: nodes.image, drawn: str, svg: str, prefix: str
) -> str | None:
    """A figure's HTML with the steps under it, if it is to have them."""
    graph = graph_of(image, app)
    return stepper(drawn, svg, graph, prefix) if graph else None


def stepper(drawn: str, svg: str, graph: Graph, prefix: str) -> str:
    """A figure's HTML with the steps under it.

    ``drawn`` is the HTML of the drawing ``svg``. If the gradients it shows
    aren't the last ones, its boxes may be too narrow for those: another
    drawing, for the stepper, comes with it.
    """
    # The finished library: book.py has put it first on the path.
    from micrograd import engine
    from micrograd.graph import draw_dot

    final = steps.drawing(graph, engine, draw_dot)
    wide = ""
    if final.splitlines() != svg.splitlines():
        wide = inlined(final, alt="", prefix=f"{prefix}steps-")
        # It is no picture of the book's: paper has the other one.
        wide = wide.replace(' role="img" aria-label=""', "", 1)
        wide = f"<template>{wide}</template>\n"
        prefix += "steps-"
    found = steps.steps_of(graph, engine)
    placed = steps.placed(found, steps.parts(final))
    rows = [
        ROW.format(
            number=number,
            **{name: escape(text) for name, text in step.items()},
        )
        for number, step in enumerate(placed, 1)
    ]
    return STEPPER.format(
        start=steps.start(graph, found),
        prefix=prefix,
        drawn=drawn,
        wide=wide,
        rows="\n".join(rows),
    )


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", refuse_idle_tags)
    app.connect(GRAPH_INLINED, with_steps)
