r"""Lets prose and formulas speak in the colours of the drawings.

Data, gradient, operation and parameter keep their colours through the whole
book. In prose a role of that name sets a span with a class of that name, which
book/_static/palette.css colours: ``{gradient}`what arrives```. In a formula a
command of that name does the same: ``\gradient{-2} \cdot \data{3}``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxRole

from figures import svg_element

if TYPE_CHECKING:
    from docutils.nodes import Node, system_message
    from sphinx.application import Sphinx

MEANINGS = ("data", "gradient", "operation", "parameter")
COLOURS = {meaning: colour for colour, meaning in svg_element.PALETTE.items()}
COMMAND = re.compile(rf"\\({'|'.join(MEANINGS)})(?=\{{)")


class Coloured(SphinxRole):
    """Text in the colour of what the role is named after."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        """The text as it is, with a class; other formats leave it plain."""
        return [nodes.inline("", self.text, classes=[self.name])], []


def in_standard_tex(formula: str) -> str:
    r"""A formula with ``\data`` and the like as every TeX can set it.

    These are the colours of the light theme, as in the drawings, and
    palette.css replaces them by the variables that follow the theme.
    """
    return COMMAND.sub(
        lambda command: rf"\textcolor{{{COLOURS[command[1]]}}}", formula
    )


class ColourFormulas(SphinxTransform):
    """Writes the formulas of a page in standard TeX, for all formats."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Do so for each of them."""
        for kind in (nodes.math, nodes.math_block):
            for formula in self.document.findall(kind):
                formula[:] = [nodes.Text(in_standard_tex(formula.astext()))]


def setup(app: Sphinx) -> None:
    """Called by book.py."""
    for meaning in MEANINGS:
        app.add_role(meaning, Coloured())
    app.add_transform(ColourFormulas)
