"""Mends what sphinx-exercise does to a page with several exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# It gives the content of every exercise, and of every solution, this id; an
# id must be unique in its page, and nothing refers to these.
REPEATED = {"exercise-content", "solution-content"}


def drop_repeated_ids(
    app: Sphinx, doctree: nodes.document, docname: str
) -> None:
    """Leave the contents without an id, in the page that is written.

    (Not earlier: the table of contents finds sections by their ids.)
    """
    for content in doctree.findall(nodes.section):
        content["ids"] = [i for i in content["ids"] if i not in REPEATED]


def setup(app: Sphinx) -> None:
    """Called by weave.py."""
    app.connect("doctree-resolved", drop_repeated_ids)
