"""Mends the search: what it knows, and how it tells what it has found.

What it knows must be the same whichever pages were written last. But Sphinx
writes the index of a build into that of the build before. Words that
no page has any longer stay in it, and the index entries of the pages that
were not written anew are lost.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.search import js_index

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
        entries = former_entries(Path(app.outdir) / "searchindex.js")
        entries |= indexer._index_entries
        indexer._index_entries.clear()
        for docname in sorted(app.env.found_docs & entries.keys()):
            indexer._index_entries[docname] = sorted(
                (entry.lower(), place, main)
                for entry, place, main in entries[docname]
            )
    return []


def former_entries(file: Path) -> dict[str, list[tuple[str, str, str]]]:
    """The index entries of each page, as they were written last time."""
    entries: dict[str, list[tuple[str, str, str]]] = {}
    if file.exists():
        index = js_index.loads(file.read_text("utf-8"))
        for entry, places in index["indexentries"].items():
            for number, place, main in places:
                page = entries.setdefault(index["docnames"][number], [])
                page.append((entry, place, "main" if main else ""))
    return entries


def load_script(app: Sphinx, pagename: str, *_: object) -> None:
    """Mend the results, in the browser; no other page needs the script."""
    if pagename == "search":
        app.add_js_file("found-words.js", loading_method="defer")


def setup(app: Sphinx) -> None:
    app.connect("html-collect-pages", mend)
    app.connect("html-page-context", load_script)
