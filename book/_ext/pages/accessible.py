"""Mends what others write, for readers who use a screen reader.

What the templates of the theme lack is in ``book/_templates``, and what its
colours lack in ``book/_static/accessible.css``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from myst_nb.sphinx_ import (
    HideCodeCellNode,
    depart_HideCellInput,
    visit_HideCellInput,
)
from sphinx import addnodes
from sphinx.writers.html5 import HTML5Translator

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx

    Visit = Callable[[HTML5Translator, nodes.Element], None]


def mended(visit: Visit, wrong: str, right: str) -> Visit:
    """What ``visit`` writes, with something else instead of ``wrong``."""

    def visit_and_mend(
        translator: HTML5Translator, node: nodes.Element
    ) -> None:
        start = len(translator.body)
        visit(translator, node)
        written = "".join(translator.body[start:])
        translator.body[start:] = [written.replace(wrong, right)]

    return visit_and_mend


# The name of what opens a folded cell is the text that is to be seen on it.
visit_folded = mended(
    visit_HideCellInput, ' aria-label="Toggle hidden content"', ""
)

# `doc-biblioentry` is no more, and a list wants to have items.
visit_citation = mended(
    HTML5Translator.visit_citation, "doc-biblioentry", "listitem"
)

# A signature on several lines is no list of definitions: it defines nothing.
visit_signature = mended(
    HTML5Translator.visit_desc_parameterlist,
    "<dl>",
    '<span class="sig-lines">',
)
depart_signature = mended(
    HTML5Translator.depart_desc_parameterlist, "</dl>", "</span>"
)
visit_parameter = mended(
    HTML5Translator.visit_desc_parameter, "<dd>", '<span class="sig-line">'
)
depart_parameter = mended(
    HTML5Translator.depart_desc_parameter, "</dd>", "</span>"
)


def setup(app: Sphinx) -> None:
    """Called by book.py."""
    app.add_node(
        HideCodeCellNode,
        override=True,
        html=(visit_folded, depart_HideCellInput),
    )
    app.add_node(
        nodes.citation,
        override=True,
        html=(visit_citation, HTML5Translator.depart_citation),
    )
    app.add_node(
        addnodes.desc_parameterlist,
        override=True,
        html=(visit_signature, depart_signature),
    )
    app.add_node(
        addnodes.desc_parameter,
        override=True,
        html=(visit_parameter, depart_parameter),
    )
