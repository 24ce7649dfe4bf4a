"""Makes few files of the style sheets that a page has one after the other.

A browser shows nothing of a page before it has all of them, and asks for each
by itself. The book's own become one file, which all pages have, and those of
the theme and of extensions another. What is on few pages, as from
``book/_live``, stays apart.

Pages name bundles before `pages.assets` looks for the rules that they need,
and the bundles are written afterwards. A bundle begins with the names of the
sheets in it, for the next build, which may not write all pages anew. (As it
has an exclamation mark, this comment is kept when a bundle is made smaller.)
"""

from __future__ import annotations

import posixpath
import re
import zlib
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pages.assets import minify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sphinx.application import Sphinx

LINK = '<link rel="stylesheet" type="text/css" href="{}_static/{}?v={}" />'
LINKING = re.escape(LINK).replace(r"\{\}", "{}")
SHEET = LINKING.format("([./]*)", r'((?!live/|sheets-)[^"?]+\.css)', r"\w+")
RUN = re.compile(rf"{SHEET}(?:\s*{SHEET})*")
BUNDLE = re.compile(LINKING.format("([./]*)", r"(sheets-\w+\.css)", r"\w+"))
IMPORT = re.compile(r"""@import (?:url\()?["']([^"':]+)["']\)?;""")
CHARSET = re.compile(r'@charset "[^"]*";')
URL = re.compile(r"""url\((["']?)(?!data:|#)([^"')]+)\1\)""")


def name_bundles(app: Sphinx, exception: Exception | None) -> None:
    """Have pages name bundles instead of what will be in them."""
    if exception or app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    ours = {name for name, _ in app.config.html_css_files}

    def bundled(run: re.Match[str]) -> str:
        links = re.findall(SHEET, run[0])
        kinds = groupby([name for _, name in links], ours.__contains__)
        new = ""
        for _, sheets in kinds:
            names = " ".join(sheets)
            file = f"sheets-{zlib.crc32(names.encode()):08x}.css"
            (static / file).write_text(f"/*! {names} */\n", "utf-8")
            new += LINK.format(links[0][0], file, "new")
        return new

    rewrite(app, lambda html: RUN.sub(bundled, html))


def write_bundles(app: Sphinx, exception: Exception | None) -> None:
    """Write the bundles that pages name, and tell these the digests.

    If no page was written, nor were its sheets: what is there is right.
    """
    if exception or app.builder.name != "html":
        return
    html = "".join(page.read_text("utf-8") for page in pages(app))
    if "?v=new" not in html:
        return
    static = Path(app.outdir) / "_static"
    named = {file for _, file in BUNDLE.findall(html)}
    for path in static.glob("sheets-*.css"):
        if path.name not in named:
            path.unlink()
            continue
        names, end, _ = path.read_text("utf-8").partition("*/")
        sheets = names.removeprefix("/*!").split()
        parts = [names + end, *(moved(static, sheet) for sheet in sheets)]
        path.write_text("\n".join(parts), "utf-8")
    minify(app, static, *sorted(named))
    digests = {
        file: f"{zlib.crc32((static / file).read_bytes()):08x}"
        for file in named
    }
    rewrite(
        app,
        lambda html: BUNDLE.sub(
            lambda link: LINK.format(*link.groups(), digests[link[2]]), html
        ),
    )


def pages(app: Sphinx) -> Iterator[Path]:
    """The files of all pages, those that others have written among them."""
    return Path(app.outdir).rglob("*.html")


def rewrite(app: Sphinx, change: Callable[[str], str]) -> None:
    """Change the pages, where there is something to change."""
    for path in pages(app):
        html = path.read_text("utf-8")
        if (changed := change(html)) != html:
            path.write_text(changed, "utf-8")


def moved(static: Path, sheet: str) -> str:
    """What a sheet says, for where the bundles are: with what it imports."""
    folder = posixpath.dirname(sheet)

    def here(path: str) -> str:
        return posixpath.normpath(posixpath.join(folder, path))

    text = CHARSET.sub("", (static / sheet).read_text("utf-8"))
    text = URL.sub(lambda m: f"url({m[1]}{here(m[2])}{m[1]})", text)
    return IMPORT.sub(lambda m: moved(static, here(m[1])), text)


def setup(app: Sphinx) -> None:
    app.connect("build-finished", name_bundles, priority=890)
    app.connect("build-finished", write_bundles, priority=940)
