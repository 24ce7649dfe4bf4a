"""Keeps a formula and the comma after it on one line.

Browsers may begin a line with what follows a formula: it is a box to them, and
not a word. Only what mustn't be broken at all can be kept from that, so a long
formula, which must not stick out of a narrow page, is left as it is.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinxcontrib import katex

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SHORT = 12
"""So many letters and signs fit on every page's lines."""


def length(formula: str) -> int:
    """How many letters and signs a formula in LaTeX has on the page."""
    mathml, _, _ = katex.render_latex(formula).partition("<annotation")
    return len(unescape(re.sub("<[^>]*>", "", mathml)))


class Unbroken(SphinxPostTransform):
    """Puts short formulas and what touches their end into one element."""

    default_priority = 500  # when nothing else changes the text any more
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Do so for the whole page."""
        for formula in list(self.document.findall(nodes.math)):
            after = formula.next_node(descend=False, siblings=True)
            if not isinstance(after, nodes.Text):
                continue
            touching, rest = re.split(r"(?=\s|\Z)", after, maxsplit=1)
            if touching and length(formula.astext()) <= SHORT:
                after.parent.replace(after, nodes.Text(rest))
                kept = nodes.inline(classes=["unbroken"])
                formula.replace_self(kept)
                kept += [formula, nodes.Text(touching)]


def setup(app: Sphinx) -> None:
    app.add_post_transform(Unbroken)
