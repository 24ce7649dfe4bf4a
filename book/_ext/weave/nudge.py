"""A plot of a function, in which a point and a nudge are dragged.

The directive ``nudge`` stands below the figure. Its arguments are the
figure's name and the name of the function, which a cell above it defines, and
its options the point ``x`` and the nudge ``h`` that the figure has. The lines
of the plot are found by the ``gid`` that its cell gives them: the ``curve``,
the ``secant`` and the ``tangent``, and the ``points`` that the secant goes
through, the one at ``x`` first. The build compiles the function by the
library's own compiler, and ``book/_live/nudge/nudge.js`` moves them by that.

Where no script runs, and on paper, the figure is as the cell has drawn it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import steps
from run import execute
from weave.figure_program import Numbers, as_json, compiled, placed

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbformat import NotebookNode
    from sphinx.application import Sphinx

PLACE = "nudge"
SCRIPT = "_build/live/live/nudge.js"
HTML = """<div data-figure="{figure}">
<script type="application/json">{program}</script>
</div>"""


class nudge(nodes.General, nodes.Element):  # type: ignore[misc]
    """Stands for the numbers that come from the library."""


class Nudge(SphinxDirective):
    """``nudge``: the numbers of a figure's plot, to be dragged."""

    required_arguments = 2
    option_spec: ClassVar = {"x": float, "h": float}

    def run(self) -> list[nodes.Node]:
        """The place for them."""
        figure, function = self.arguments
        live = nudge(figure=figure, function=function, **self.options)
        self.set_source_info(live)
        return [nodes.container("", live, classes=[PLACE])]


def defined(notebook: NotebookNode, name: str) -> Callable[[Any], Any]:
    """A function that a cell defines; `LookupError` if none does."""
    for cell in notebook.cells:
        if re.search(rf"^def {name}\(", cell.source, re.MULTILINE):
            found: dict[str, Any] = {}
            exec(cell.source, found)
            function: Callable[[Any], Any] = found[name]
            return function
    raise LookupError(f"no cell defines {name}")


def program_of(function: Callable[[Any], Any]) -> dict[str, Any]:
    """What a page needs to nudge a function, at any point.

    The module is given the point and the nudge.
    """
    from micrograd import Value
    from micrograd.compiler import Tape

    numbers = Numbers(Tape())
    x, h = numbers.new(), numbers.new()
    point = Value(x)
    here = function(point)
    here.backward()
    there = function(Value(x + h))
    seen = [numbers.as_shown(y) for y in (there.data, here.data, h)]
    slope = steps.Term(
        "(f(x + h) - f(x)) / h",
        (there.data - here.data) / h,
        "({} - {}) / {}",
        (there.data, here.data, h),
        (seen[0] - seen[1]) / seen[2],
    )
    derivative = steps.Term("f'(x)", point.grad)
    for term in (slope, derivative):
        numbers.note_all(term)
    return compiled(numbers) | {
        "terms": [placed(term, numbers) for term in (slope, derivative)],
        "here": numbers.place(here.data),
        "there": numbers.place(there.data),
    }


def lay(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the numbers where the directive was; nothing where none can live."""
    for place in list(doctree.findall(nudge)):
        if app.builder.name != "html" or not Path(app.srcdir, SCRIPT).exists():
            place.parent.parent.remove(place.parent)
            continue
        notebook = execute.executed(app, docname)
        assert notebook
        program = program_of(defined(notebook, place["function"]))
        program |= {name: place[name] for name in ("x", "h")}
        html = HTML.format(figure=place["figure"], program=as_json(program))
        place.replace_self(nodes.raw("", html, format="html"))


def setup(app: Sphinx) -> None:
    app.add_node(nudge)
    app.add_directive("nudge", Nudge)
    app.connect("doctree-resolved", lay)
