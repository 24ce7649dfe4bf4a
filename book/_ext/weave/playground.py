"""A network that trains on the page, and links to particular ones.

The directive ``playground`` marks where; its body is what is shown without a
script, and its argument, if there is one, a query with the settings. The role
``play`` links there: ``{play}`two neurons <hidden=2&seed=3>```. A query that
the library would refuse is refused when the book is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import ReferenceRole, SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PAGE = "book/23-alive"
PLACE = "playground"


def checked(query: str) -> str:
    """The query as the library writes it; `ValueError` if it can't be."""
    # Not earlier: the library is there when the book has been tangled.
    from micrograd.experiment import Settings

    return Settings.from_query(query).query()


class Playground(SphinxDirective):
    """``playground``: a container with what is there without a script."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The body, in a place that a script can find and links can name."""
        try:
            query = checked(self.arguments[0] if self.arguments else "")
        except ValueError as error:
            raise self.error(str(error)) from error
        container = nodes.container(classes=[PLACE], ids=[PLACE], query=query)
        self.set_source_info(container)
        self.state.nested_parse(self.content, self.content_offset, container)
        return [container]


class Play(ReferenceRole):
    """``play``: a link to the playground with other settings."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The link, or an error that has its place."""
        written = " ".join(self.target.split())
        try:
            # What is as by default is written all the same: an address that
            # has no settings doesn't open the playground.
            query = checked(written) or written
        except ValueError as error:
            message = self.inliner.reporter.error(str(error), line=self.lineno)
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        builder = self.env.app.builder
        page = builder.get_relative_uri(self.env.docname, PAGE)
        # (Relative to the page itself, it would be empty.)
        page = page or PAGE.rpartition("/")[2] + ".html"
        address = f"{page}?{query}#{PLACE}" if query else f"{page}#{PLACE}"
        return [nodes.reference("", self.title, refuri=address)], []


def on_page(doctree: nodes.document) -> str | None:
    """The query of the page's playground, if it has one."""
    for container in doctree.findall(nodes.container):
        if PLACE in container["classes"]:
            query: str = container["query"]
            return query
    return None


def setup(app: Sphinx) -> None:
    app.add_directive("playground", Playground)
    app.add_role("play", Play())
