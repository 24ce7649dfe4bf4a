"""A network that trains on a page of its own, and links to particular ones.

The directive ``playground`` marks where; its body is what is shown without a
script. The build puts into the page what it begins with, compiled by the
library: it needs no Python until something is wanted that isn't there. The
role ``play`` links there: ``{play}`two neurons <hidden=2&seed=3>```. A query
that the library would refuse is refused when the book is built.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import ReferenceRole, SphinxDirective

import training

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PAGE = "book/playground"
PLACE = "playground"
SCRIPT = "_build/live/live/playground.js"
"""What trains and draws: without it the body stays."""


def checked(query: str) -> str:
    """The query as the library writes it; `ValueError` if it can't be."""
    # Not earlier: the library is there when the book has been tangled.
    from micrograd.experiment import Settings

    return Settings.from_query(query).query()


class beginning(nodes.General, nodes.Element):  # type: ignore[misc]
    """Stands for what comes from the library."""


class Playground(SphinxDirective):
    """``playground``: a container with what is there without a script."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The body, in a place that a script can find and links can name."""
        container = nodes.container(classes=[PLACE], ids=[PLACE])
        self.set_source_info(container)
        self.state.nested_parse(self.content, self.content_offset, container)
        container += beginning()
        return [container]


class Play(ReferenceRole):
    """``play``: a link to the playground with other settings."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The link, or an error that has its place."""
        written = " ".join(self.target.split())
        try:
            query = checked(written)
        except ValueError as error:
            message = self.inliner.reporter.error(str(error), line=self.lineno)
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        builder = self.env.app.builder
        page = builder.get_relative_uri(self.env.docname, PAGE)
        # (Relative to the page itself, it would be empty.)
        page = page or PAGE.rpartition("/")[2] + ".html"
        address = f"{page}?{query}" if query else page
        return [nodes.reference("", self.title, refuri=address)], []


def lay(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put in what the page begins with; nothing where no script runs."""
    for place in list(doctree.findall(beginning)):
        if app.builder.name != "html" or not Path(app.srcdir, SCRIPT).exists():
            place.parent.remove(place)
            continue
        begin = json.dumps(training.begin(), separators=(",", ":"))
        html = (
            '<script type="application/json" class="playground-begin">'
            f"{begin}</script>"
        )
        place.replace_self(nodes.raw("", html, format="html"))


def setup(app: Sphinx) -> None:
    app.add_node(beginning)
    app.add_directive("playground", Playground)
    app.add_role("play", Play())
    app.connect("doctree-resolved", lay)
