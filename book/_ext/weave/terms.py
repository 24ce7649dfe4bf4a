"""The terms: which chapter introduces each, and which ones use it.

The glossary says what its terms mean, and in which chapter one meets them
first: the first that an entry names. The index of terms is Sphinx's own: the
glossary puts its terms there; to these come the first use of each term, marked
as ``{term}``, in each page. The search knows them, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from tangle.chapters import chapter_number, page_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    Use = tuple[str, str, str]
    """What a link to a use says, says to those who only hear it, and is."""

logger = logging.getLogger(__name__)

TERMS = "terms"
"""In Sphinx's metadata of a page: the terms that it explains."""
SECTIONS = "sections_of_terms"
"""The terms that a page uses, and the section that does so first."""

PROSE = "prose_with_terms"
"""The prose of a chapter, piece by piece."""
EVERYDAY = "everyday"
"""What the entry of a term says whose use isn't looked at."""
GAP = "\0"
"""Stands in prose for what isn't looked at: no term goes on behind it."""
NOT_PROSE = (
    *(nodes.literal, nodes.literal_block, nodes.math, nodes.math_block),
    *(nodes.title, nodes.raw, nodes.comment, nodes.reference),
)


class Piece(NamedTuple):
    """A piece of prose, or a link to a term."""

    line: int
    words: str
    term: str


class Term(NamedTuple):
    """A term of the glossary."""

    name: str
    page: str
    """The glossary's."""
    anchor: str
    chapter: str
    """The page that introduces it; nothing if that is no chapter."""
    entry: str
    """The first of the names that its entry has."""
    is_everyday: bool
    """Whether it is a word that one may use without thinking of its meaning
    here, as its entry says by a comment: ``% everyday``."""


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


def keep_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Note the terms that a page explains, and those that it uses."""
    page = app.env.docname
    told = app.env.metadata[page]
    told[TERMS] = [
        Term(
            name.astext(),
            page,
            name["ids"][0],
            introducing(item),
            item[0].astext(),
            any(c.astext() == EVERYDAY for c in item.findall(nodes.comment)),
        )
        for glossary in doctree.findall(addnodes.glossary)
        for item in glossary.findall(nodes.definition_list_item)
        for name in item.findall(nodes.term)
    ]
    if chapter_number(page):
        told[PROSE] = prose(doctree)
    sections: dict[str, str] = {}
    told[SECTIONS] = sections
    for use in doctree.findall(addnodes.pending_xref):
        if use["reftype"] == "term":
            sections.setdefault(use["reftarget"], section_of(use))


def prose(doctree: nodes.document) -> list[Piece]:
    """What a reader reads as text: no code, formulas, titles, other links."""
    found = [Piece(0, "", "")]
    line = 0

    def say(words: str, term: str = "") -> None:
        if term or found[-1].term:
            found.append(Piece(line, words, term))
        else:
            begun = found.pop()
            found.append(begun._replace(words=begun.words + words))

    def read(node: nodes.Node) -> None:
        nonlocal line
        inline = isinstance(node, nodes.Inline)
        if isinstance(node, nodes.TextElement) and node.line and not inline:
            line = node.line
            found.append(Piece(line, "", ""))
        text = node.astext()
        is_link = isinstance(node, addnodes.pending_xref)
        if isinstance(node, nodes.Text):
            say(text)
        elif is_link and node["reftype"] == "term":
            say("", node["reftarget"])
        elif is_link or isinstance(node, NOT_PROSE):
            say(GAP + "\n" * text.count("\n"))
        else:
            for child in node.children:
                read(child)
            return
        line += text.count("\n")

    read(doctree)
    return found


def introducing(item: nodes.definition_list_item) -> str:
    """The first chapter that an entry of the glossary names."""
    named = (
        link["reftarget"]
        for link in item.findall(addnodes.pending_xref)
        if link.get("refdomain") == "doc"
    )
    return next(filter(chapter_number, named), "")


def section_of(node: nodes.Node) -> str:
    """The id of the section that something is in; a chapter has none."""
    while not isinstance(node, nodes.section):
        node = node.parent
        if node.parent is None:
            return ""
    within_another = isinstance(node.parent, nodes.section)
    return str(node["ids"][0]) if within_another else ""


def terms_of(env: BuildEnvironment) -> Iterator[Term]:
    """All terms that are explained somewhere."""
    for page in sorted(env.metadata):
        yield from env.metadata[page].get(TERMS, ())


def section_with(env: BuildEnvironment, term: Term) -> str:
    """The section of the term's chapter that uses it first, by its id."""
    sections: dict[str, str] = env.metadata[term.chapter][SECTIONS]
    return sections.get(term.name, "")


def check_uses(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of terms that a chapter uses without a word of where they come.

    A link, at the first use on a page, is enough.
    """
    terms = {
        term.name.lower(): term
        for term in terms_of(env)
        if term.chapter and not term.is_everyday
    }
    if not terms:
        return
    longest_first = sorted(terms, key=len, reverse=True)
    names = "|".join(
        r"\s+".join(map(re.escape, name.split())) for name in longest_first
    )
    use = re.compile(rf"(?<![\w-])({names})(?:e?s)?(?![\w-])", re.IGNORECASE)
    for page in sorted(env.metadata):
        linked: set[str] = set()
        for piece in env.metadata[page].get(PROSE, ()):
            if piece.term.lower() in terms:
                linked.add(terms[piece.term.lower()].entry)
            for found in use.finditer(piece.words):
                term = terms[" ".join(found[1].lower().split())]
                if term.chapter > page and term.entry not in linked:
                    linked.add(term.entry)
                    number = chapter_number(term.chapter)
                    logger.warning(
                        '"%s" is introduced in chapter %s: link it as'
                        " {term}`%s`, or use another word",
                        *(found[0], number, term.name),
                        location=(page, line_of(piece, found)),
                    )


def line_of(piece: Piece, found: re.Match[str]) -> int:
    """The line of the page that something in a piece of prose is in."""
    return piece.line + piece.words.count("\n", 0, found.start())


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
    app.connect("doctree-read", keep_terms)
    app.connect("env-check-consistency", check_uses)
    app.connect("html-page-context", index_of_terms)
