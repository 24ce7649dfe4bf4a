"""Makes few files of the style sheets that a page has one after the other.

A browser shows nothing of a page before it has all of them, and asks for each
by itself. The book's own become one file, which all pages have, and those of
the theme and of extensions another. What is on few pages, as from
``book/_live``, stays apart. A page keeps the names of the sheets in a bundle,
for the next build.
"""

from __future__ import annotations

import posixpath
import re
import zlib
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LINK = re.compile(
    r'<link rel="stylesheet" type="text/css" href="([./]*)_static/'
    r'((?!live/)[^"?]+\.css)\?v=\w+"(?: data-sheets="([^"]+)")? />'
)
RUN = re.compile(rf"{LINK.pattern}(?:\s*{LINK.pattern})*")
BUNDLE = (
    '<link rel="stylesheet" type="text/css" href="{root}_static/{file}'
    '?v={digest}" data-sheets="{sheets}" />'
)
IMPORT = re.compile(r"""@import (?:url\()?["']([^"':]+)["']\)?;""")
CHARSET = re.compile(r'@charset "[^"]*";')
URL = re.compile(r"""url\((["']?)(?!data:|#)([^"')]+)\1\)""")


class Bundles:
    """The bundles of a site, in its folder ``static``.

    ``ours`` has the names of the book's own sheets.
    """

    def __init__(self, static: Path, ours: set[str]) -> None:
        self.static = static
        self.ours = ours
        self.made: dict[str, str] = {}
        """The digest of what is in each, by its name."""

    def put_into(self, html: str) -> str:
        """A page that names bundles instead of what is in them."""
        return RUN.sub(lambda run: self.links(run[0]), html)

    def links(self, run: str) -> str:
        """Few links in place of many."""
        links = LINK.findall(run)
        sheets = [
            sheet
            for _, name, inside in links
            for sheet in (inside or name).split()
        ]
        root = links[0][0]
        kinds = groupby(sheets, self.ours.__contains__)
        return "".join(self.link(root, list(same)) for _, same in kinds)

    def link(self, root: str, sheets: list[str]) -> str:
        """The link to a bundle, which is made if there is none yet."""
        file = f"sheets-{zlib.crc32(' '.join(sheets).encode()):08x}.css"
        if file not in self.made:
            text = "".join(map(self.text, sheets)).encode()
            (self.static / file).write_bytes(text)
            self.made[file] = f"{zlib.crc32(text):08x}"
        return BUNDLE.format(
            root=root,
            file=file,
            digest=self.made[file],
            sheets=" ".join(sheets),
        )

    def text(self, sheet: str) -> str:
        """What a sheet says, where the bundles are: with what it imports."""
        folder = posixpath.dirname(sheet)

        def here(path: str) -> str:
            return posixpath.normpath(posixpath.join(folder, path))

        text = CHARSET.sub("", (self.static / sheet).read_text("utf-8"))
        text = URL.sub(lambda m: f"url({m[1]}{here(m[2])}{m[1]})", text)
        return IMPORT.sub(lambda m: self.text(here(m[1])), text) + "\n"


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Bundle the sheets of all pages, when these say what they shall."""
    if exception or app.builder.name != "html":
        return
    ours = {name for name, _ in app.config.html_css_files}
    bundles = Bundles(Path(app.outdir) / "_static", ours)
    for path in Path(app.outdir).rglob("*.html"):
        html = path.read_text("utf-8")
        if (bundled := bundles.put_into(html)) != html:
            path.write_text(bundled, "utf-8")
    for file in bundles.static.glob("sheets-*.css"):
        if file.name not in bundles.made:
            file.unlink()


def setup(app: Sphinx) -> None:
    app.connect("build-finished", finish, priority=940)
