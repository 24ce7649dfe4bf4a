"""Puts the SVG figures that cells draw into the page itself.

An SVG in an ``<img>`` can't follow the reader's light or dark theme, nor be
stepped through.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from figures import graph_text
from figures.svg_element import inlined

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GRAPH_DRAWN = "graph-drawn"
"""An event: an image of a graph, and the prefix of its ids. A handler returns
a drawing to stand in its place, the HTML around it, and what it is about."""

# A plot shrinks with the page; a graph scrolls, by the keys too.
PLOT = '<div class="drawing plot">{}</div>'
GRAPH = '<div class="drawing graph" tabindex="0" data-names="{}">{}</div>'
STEPS = """{}<details class="graph-steps">
<summary>The computation, step by step</summary>
<ol>
{}
</ol>
</details>"""


class InlineSvg(SphinxPostTransform):
    """Replaces the images that cells have drawn by their inlined SVG."""

    default_priority = 9  # after myst-nb's choice among an output's formats
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Replace them all."""
        drawn = [
            image
            for image in self.document.findall(nodes.image)
            if image["uri"].endswith(".svg")
            and "jupyter_execute" in image["uri"]
        ]
        for number, image in enumerate(drawn, 1):
            prefix = f"figure{number}-"
            path = Path(self.app.srcdir) / image["uri"].lstrip("/")
            drawing = path.read_text(encoding="utf-8")
            # Graphviz marks what it draws; all else is matplotlib's.
            is_graph = 'class="graph"' in drawing
            around, shows, stepped = "{}", [], None
            if is_graph:
                stepped = self.app.emit_firstresult(GRAPH_DRAWN, image, prefix)
            if stepped:
                drawing, around, shows = stepped
            words = graph_text.told(drawing)
            if words.steps and not stepped:
                items = (f"<li>{escape(step)}</li>" for step in words.steps)
                around = STEPS.format("{}", "\n".join(items))
            svg = inlined(
                drawing,
                alt=image.get("alt", ""),
                prefix=prefix,
                width=image.get("width", ""),
                description=words.description,
            )
            box = PLOT.format(svg)
            if is_graph:
                named = graph_text.parts_named(drawing, names_in(image))
                ids = [
                    ",".join(prefix + id for id in some)
                    for some in shows or named
                ]
                box = GRAPH.format(" ".join(ids), svg)
            text = around.replace("{}", box, 1)
            image.replace_self(nodes.raw("", text, format="html"))


def names_in(image: nodes.image) -> list[str]:
    """What may be a node's name in the caption of a figure, in its order.

    A formula's $w_1$ is the node w1.
    """
    if not isinstance(image.parent, nodes.figure):
        return []
    return [
        name
        for caption in image.parent.findall(nodes.caption)
        for part in caption.findall()
        if isinstance(part, nodes.literal | nodes.math)
        for name in re.findall(r"\w+", part.astext().replace("_", ""))
    ]


def setup(app: Sphinx) -> None:
    app.add_event(GRAPH_DRAWN)
    app.add_post_transform(InlineSvg)
