r"""Lets prose and formulas speak in the colours of the drawings.

Data, gradient, operation and parameter keep their colours through the whole
book. In prose a role of that name sets a span with a class of that name, which
``palette.css`` colours: ``{gradient}`what arrives```. In a formula a command
of that name does the same: ``\gradient{-2} \cdot \data{3}``.

Cells draw without the book, too, so that a few of them write colours down:
those that are none of the palette's are told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from figures import palette

if TYPE_CHECKING:
    from docutils.nodes import Node, system_message
    from sphinx.application import Sphinx

COMMAND = re.compile(rf"\\({'|'.join(palette.MEANINGS)})(?=\{{)")
WRITTEN = re.compile(r"""(["'])(#[0-9a-f]{3,8})\1""", re.IGNORECASE)
LOGGER = logging.getLogger(__name__)


class Coloured(SphinxRole):
    """Text in the colour of what the role is named after."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        """The text as it is, with a class; other formats leave it plain."""
        return [nodes.inline("", self.text, classes=[self.name])], []


def in_standard_tex(formula: str) -> str:
    r"""A formula with ``\data`` and the like as every TeX can set it.

    These are the colours of the light theme, as in the drawings, and
    ``palette.css`` replaces them by the variables that follow the theme.
    """
    return COMMAND.sub(
        lambda command: rf"\textcolor{{{palette.LIGHT[command[1]]}}}", formula
    )


class ColourFormulas(SphinxTransform):
    """Writes the formulas of a page in standard TeX, for all formats."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Do so for each of them."""
        for kind in (nodes.math, nodes.math_block):
            for formula in self.document.findall(kind):
                formula[:] = [nodes.Text(in_standard_tex(formula.astext()))]


def tell_others(app: Sphinx, docname: str, source: list[str]) -> None:
    """Warn of the colours in a page that aren't the palette's."""
    for number, line in enumerate(source[0].splitlines(), 1):
        for _, colour in WRITTEN.findall(line):
            if colour not in palette.LIGHT.values():
                LOGGER.warning(
                    "%s is no colour of book/palette.toml",
                    colour,
                    location=(docname, number),
                )


def setup(app: Sphinx) -> None:
    """Called by book.py."""
    for meaning in palette.MEANINGS:
        app.add_role(meaning, Coloured())
    app.add_transform(ColourFormulas)
    app.connect("source-read", tell_others)
