"""Puts the SVG figures that cells draw into the page itself.

An SVG in an ``<img>`` can't follow the reader's light or dark theme. Inlined,
its colours become the CSS variables of ``book/_static/book.css``: the palette
below is the only place where the two meet.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# The colours that `draw_dot` and ``matplotlibrc`` draw in, by their meaning.
PALETTE = {
    "#24292f": "ink",
    "#ffffff": "paper",
    "#8a8f98": "rule",
    "#0b5fa5": "data",
    "#b3420a": "gradient",
    "#6b3fa0": "operation",
    "#1d7a46": "parameter",
}

NOT_DRAWN = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>"
    # matplotlib's style element would hold for the whole page; the
    # one rule in it stands in book.css
    r"|<style.*?</style>|<script.*?</script>"
    # Graphviz names its nodes for hovering; the names say nothing
    r"|<title>.*?</title>",
    re.DOTALL,
)


# Where an id is given, and where one is referred to.
ID = re.compile(r'(?<=\bid=")|(?<=url\(#)|(?<=href="#)')


def inlined(svg: str, *, alt: str, prefix: str) -> str:
    """An SVG file's text as an element of an HTML page.

    ``prefix`` goes before every id, as ids must be unique in a page.
    """
    svg = NOT_DRAWN.sub("", svg).strip()
    svg = ID.sub(prefix, svg)
    for colour, meaning in PALETTE.items():
        svg = svg.replace(colour, f"var(--book-{meaning})")
    label = html.escape(alt, quote=True)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


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
            path = Path(self.app.srcdir) / image["uri"].lstrip("/")
            svg = inlined(
                path.read_text(encoding="utf-8"),
                alt=image.get("alt", ""),
                prefix=f"figure{number}-",
            )
            if "width" in image:
                width = html.escape(image["width"])
                svg = svg.replace("<svg ", f'<svg style="width: {width}" ', 1)
            text = f'<div class="drawing" tabindex="0">{svg}</div>'
            image.replace_self(nodes.raw("", text, format="html"))


def setup(app: Sphinx) -> None:
    """Called by weave.py."""
    app.add_post_transform(InlineSvg)
