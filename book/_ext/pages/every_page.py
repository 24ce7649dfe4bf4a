"""Keeps up to date what every page has from the rest of the book.

Each page shows the titles of all the others, in their order, and is dressed by
the book's style sheets and scripts. When one of these changes, Sphinx writes
anew only the pages that were read anew; the others would go on showing what
was.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.environment.collectors.toctree import TocTreeCollector

from pages import live

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

STATIC = Path(__file__).parents[2] / "_static"
LIVE = Path(__file__).parents[2] / "_live"


def remove_pages(
    app: Sphinx,
    env: BuildEnvironment,
    added: set[str],
    changed: set[str],
    removed: set[str],
) -> list[str]:
    """Remove what was written of pages that are no longer in the book."""
    outdir: Path = app.outdir
    for docname in removed:
        (outdir / f"{docname}.html").unlink(missing_ok=True)
        for kind in ("md", "ipynb"):
            source = outdir / "_sources" / f"{docname}.{kind}"
            source.unlink(missing_ok=True)
    return []


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """All pages, if what they have in common isn't what it was."""
    titles = [
        (
            docname,
            env.titles[docname].astext(),
            env.toc_secnumbers.get(docname),
            env.toctree_includes.get(docname),
        )
        for docname in sorted(env.found_docs)
    ]
    sources = [*STATIC.iterdir()]
    for kind in ("js", "css", "py"):
        sources += LIVE.rglob(f"*.{kind}")
    style = [path.read_bytes() for path in sorted(sources)]
    now = (titles, style, live.is_there(app))
    before = getattr(env, "on_every_page", now)
    env.on_every_page = now  # type: ignore[attr-defined]
    return [] if now == before else env.found_docs


def keep_numbers(
    app: Sphinx, env: BuildEnvironment, docnames: list[str]
) -> None:
    """Have figures keep their numbers when no page is read.

    Sphinx would look through all the pages to number them as they are.
    """
    if not docnames:
        listeners = app.events.listeners["env-get-updated"]
        listeners[:] = [
            listener
            for listener in listeners
            if not isinstance(
                getattr(listener.handler, "__self__", None), TocTreeCollector
            )
        ]


def setup(app: Sphinx) -> None:
    """Called by book.py."""
    app.connect("env-get-outdated", remove_pages)
    app.connect("env-before-read-docs", keep_numbers)
    # When the sections have their numbers, too.
    app.connect("env-get-updated", pages_to_write, priority=900)
