"""Has the search page load what mends the search: its results, in a browser.

What the search knows is the topic of search_index.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx


def load_script(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """No other page needs the script."""
    if pagename == "search":
        app.add_js_file("found-words.js", loading_method="defer")


def setup(app: Sphinx) -> None:
    """Called by weave.py."""
    app.connect("html-page-context", load_script)
