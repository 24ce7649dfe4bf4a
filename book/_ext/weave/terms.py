"""The index of terms: where each is explained, and which chapters use it.

It is Sphinx's own index. The glossary puts its terms there; to these come the
first use of each term, marked as ``{term}``, in each page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

from tangle.chapters import chapter_number, page_name

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    Use = tuple[str, str, str]
    """What a link to a use says, says to those who only hear it, and is."""


class IndexUses(SphinxTransform):
    """Puts the uses of terms into the index, and the index into the book."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Note the first use of each term of the page."""
        glossary = next(self.document.findall(addnodes.glossary), None)
        seen: set[str] = set()
        for use in list(self.document.findall(addnodes.pending_xref)):
            term = use["reftarget"]
            if (
                use["reftype"] == "term"
                and term not in seen
                and glossary is None
            ):
                seen.add(term)
                anchor = f"use-{nodes.make_id(term)}"
                name = f"{term}; {self.env.docname}"
                entries = [("single", name, anchor, "", None)]
                index = addnodes.index(entries=entries)
                here = nodes.target("", "", ids=[anchor])
                self.document.note_explicit_target(here)
                use.parent.insert(use.parent.index(use), [index, here])
        for toctree in self.document.findall(addnodes.toctree):
            for number, (_, docname) in enumerate(toctree["entries"]):
                if page_name(docname) == "glossary":
                    after = "Index of terms", "genindex"
                    toctree["entries"].insert(number + 1, after)
                    break


def index_of_terms(
    app: Sphinx,
    page: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give the template of the index what it shows, letter by letter."""
    if page == "genindex":
        context["terms"] = [
            (letter, [entry(app.env, *one) for one in entries])
            for letter, entries in context["genindexentries"]
        ]


def entry(
    env: BuildEnvironment, name: str, found: tuple[Any, Any, Any]
) -> tuple[str, str, list[Use]]:
    """A term, the link to what it means, and its uses in the book's order."""
    meanings, uses, _ = found
    meaning = meanings[0][1] if meanings else ""
    links = {docname: targets[0][1] for docname, targets in uses}
    return (
        name,
        meaning,
        [use(env, docname, links[docname]) for docname in sorted(links)],
    )


def use(env: BuildEnvironment, docname: str, link: str) -> Use:
    """A link to the use of a term in a page, which its number stands for."""
    title = env.titles[docname].astext()
    if number := chapter_number(docname):
        return str(number), f"chapter {number}, {title}", link
    return title, title, link


def setup(app: Sphinx) -> None:
    app.add_transform(IndexUses)
    app.connect("html-page-context", index_of_terms)
