"""Puts the SVG figures that cells draw into the page itself.

An SVG in an ``<img>`` can't follow the reader's light or dark theme, nor be
stepped through.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from figures import graph_text
from figures.svg_element import inlined

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GRAPH_INLINED = "graph-inlined"
"""An event: image, its HTML, its SVG, the prefix of its ids. What a handler
returns stands in place of the HTML."""

STEPS = """<details class="graph-steps">
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
            words = graph_text.told(drawing)
            svg = inlined(
                drawing,
                alt=image.get("alt", ""),
                prefix=prefix,
                width=image.get("width", ""),
                description=words.description,
            )
            # A plot shrinks with the page; a graph scrolls, by the keys too.
            if is_graph:
                text = f'<div class="drawing graph" tabindex="0">{svg}</div>'
                stepper = self.app.emit_firstresult(
                    GRAPH_INLINED, image, text, drawing, prefix
                )
                if stepper:
                    text = stepper
                elif words.steps:
                    items = (
                        f"<li>{escape(step)}</li>" for step in words.steps
                    )
                    text += STEPS.format("\n".join(items))
            else:
                text = f'<div class="drawing plot">{svg}</div>'
            image.replace_self(nodes.raw("", text, format="html"))


def setup(app: Sphinx) -> None:
    app.add_event(GRAPH_INLINED)
    app.add_post_transform(InlineSvg)
