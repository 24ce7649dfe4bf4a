"""Keeps up to date what every page has from the rest of the book.

Each page shows the titles of all the others, in their order, and is dressed by
the book's style sheets and scripts. When one of these changes, Sphinx writes
anew only the pages that were read anew; the others would go on showing what
was.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from figures import palette
from pages import live
from weave.places import has_changed

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
    for docname in removed:
        for folder in ("", "_sources/", "_previews/", "_live/pages/"):
            for file in Path(app.outdir).glob(f"{folder}{docname}.*"):
                file.unlink()
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
    sources = [palette.FILE, *STATIC.iterdir()]
    for kind in ("js", "css", "py"):
        sources += LIVE.rglob(f"*.{kind}")
    style = [path.read_bytes() for path in sorted(sources)]
    now = (titles, style, live.is_there(app))
    return env.found_docs if has_changed(env, "on_every_page", now) else []


def setup(app: Sphinx) -> None:
    app.connect("env-get-outdated", remove_pages)
    # When the sections have their numbers, too.
    app.connect("env-get-updated", pages_to_write, priority=900)
