"""Puts the SVG figures that cells draw into the page itself.

An SVG in an ``<img>`` can't follow the reader's light or dark theme. Inlined,
its colours become the CSS variables of ``book/_static/book.css``: the palette
below is the only place where the two meet.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

import graph_text

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

# Matplotlib's style would hold for the whole page (its one rule stands in
# book.css), Graphviz's titles are the names of its nodes, and a drawing has
# no business to run anything.
NOT_DRAWN = ("metadata", "style", "title", "script", "foreignobject")

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


STEPS = """<details class="graph-steps">
<summary>The computation, step by step</summary>
<ol>
{}
</ol>
</details>"""


def inlined(
    svg: str,
    *,
    alt: str,
    prefix: str,
    width: str = "",
    description: str = "",
) -> str:
    """An SVG file's text as an element of an HTML page.

    ``alt`` says what is there to those who can't see it, and ``description``
    says more. ``prefix`` goes before every id, as ids must be unique in a
    page. ``width`` is for a drawing that isn't to be shown as large as it was
    drawn.
    """
    root = ElementTree.fromstring(svg)
    for parent in root.iter():
        for child in list(parent):
            if local_name(child.tag) in NOT_DRAWN:
                parent.remove(child)
    for element in root.iter():
        for name, value in element.items():
            if runs_something(name, value):
                del element.attrib[name]
            else:
                element.set(name, with_prefix(name, value, prefix))
    root.attrib |= {"role": "img", "aria-label": alt}
    if width:
        root.set("style", f"width: {width}")
    if description:
        words = ElementTree.Element(f"{{{SVG}}}desc", id=f"{prefix}words")
        words.text = description
        root.insert(0, words)
        root.set("aria-describedby", f"{prefix}words")
    text = ElementTree.tostring(root, encoding="unicode")
    for colour, meaning in PALETTE.items():
        text = text.replace(colour, f"var(--book-{meaning})")
    return text


def local_name(tag: str) -> str:
    """``{http://www.w3.org/2000/svg}path`` is a path."""
    return tag.rpartition("}")[2].lower()


def runs_something(name: str, value: str) -> bool:
    """Whether an attribute is an event's handler or a link to a script."""
    link = local_name(name) == "href"
    return local_name(name).startswith("on") or (
        link and not value.startswith(("#", "data:image/", "https:"))
    )


def with_prefix(name: str, value: str, prefix: str) -> str:
    """An attribute's value with the ids in it, given or referred to."""
    if name == "id":
        return prefix + value
    if local_name(name) == "href" and value.startswith("#"):
        return f"#{prefix}{value[1:]}"
    return value.replace("url(#", f"url(#{prefix}")


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
            drawing = path.read_text(encoding="utf-8")
            # Graphviz marks what it draws; all else is matplotlib's.
            is_graph = 'class="graph"' in drawing
            words = graph_text.told(drawing)
            svg = inlined(
                drawing,
                alt=image.get("alt", ""),
                prefix=f"figure{number}-",
                width=image.get("width", ""),
                description=words.description,
            )
            # A plot shrinks with the page; a graph scrolls, by the keys too.
            if is_graph:
                text = f'<div class="drawing graph" tabindex="0">{svg}</div>'
                if words.steps:
                    items = (
                        f"<li>{escape(step)}</li>" for step in words.steps
                    )
                    text += STEPS.format("\n".join(items))
            else:
                text = f'<div class="drawing plot">{svg}</div>'
            image.replace_self(nodes.raw("", text, format="html"))


def setup(app: Sphinx) -> None:
    """Called by weave.py."""
    app.add_post_transform(InlineSvg)
