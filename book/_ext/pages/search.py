"""Mends the search: what it knows, and how it tells what it has found.

It knows the terms of the glossary, each by its own name and in the chapter
that introduces it, which comes first. (Sphinx would have every page that uses
a term, all alike. It also writes the index of a build into that of the build
before, and words that no page has any longer would stay in it.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weave.terms import section_with, terms_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.search import IndexBuilder


def mend(app: Sphinx) -> list[tuple[str, dict[str, str], str]]:
    """Do so when all pages have been written, just before the index is.

    (There are no pages to add, as Sphinx asks on this occasion.)
    """
    indexer: IndexBuilder | None = getattr(app.builder, "indexer", None)
    if indexer:
        for words in (indexer._mapping, indexer._title_mapping):
            for word in [word for word, pages in words.items() if not pages]:
                del words[word]
        indexer._index_entries.clear()
        for term in terms_of(app.env):
            titles = indexer._all_titles[term.page]
            if (term.name, term.anchor) not in titles:
                titles.append((term.name, term.anchor))
            if term.chapter:
                section = section_with(app.env, term)
                entries = indexer._index_entries.setdefault(term.chapter, [])
                entries.append((term.name, section, "main"))
    return []


def load_script(app: Sphinx, pagename: str, *_: object) -> None:
    """Mend the results, in the browser; no other page needs the script."""
    if pagename == "search":
        app.add_js_file("found-words.js", loading_method="defer")


def setup(app: Sphinx) -> None:
    app.connect("html-collect-pages", mend)
    app.connect("html-page-context", load_script)
