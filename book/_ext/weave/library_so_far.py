"""Sums up, at the end of a chapter, the library as the chapter leaves it.

The directive ``library-so-far`` outlines the package, with what is new in the
chapter marked; folded away it shows the difference, line by line, from the
library as the chapter found it; and it offers that stage as a zip, which
Python imports as it is (``PYTHONPATH=micrograd-after-06.zip``).
"""

from __future__ import annotations

import difflib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docutils import nodes
from sphinx.addnodes import download_reference
from sphinx.util.docutils import SphinxDirective

from tangle.chapters import page_name
from tangle.modules import Module
from weave.captions import NAMED
from weave.places import (
    link,
    link_to_version,
    listing_of,
    package_after,
    whole_package,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sphinx.application import Sphinx

    from tangle.package import Definition, Package

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time in the zips, which would differ between builds."""


class LibrarySoFar(SphinxDirective):
    """``library-so-far``: the package as this chapter leaves it."""

    def run(self) -> list[nodes.Node]:
        """The outline, the difference and the zip."""
        chapter = page_name(self.env.docname)
        package = package_after(self.env.app, chapter)
        return [
            outline(package, chapter),
            *self.difference(chapter),
            self.download(chapter),
        ]

    def difference(self, chapter: str) -> list[nodes.Node]:
        """What the chapter has changed, line by line, folded away."""
        app = self.env.app
        names = list(app.stage_packages)  # type: ignore[attr-defined]
        now = package_after(app, chapter)
        before = package_after(app, names[names.index(chapter) - 1])
        lines = difference(before, now)
        if not lines:
            return []
        summary = "What this chapter has changed, line by line"
        block = nodes.literal_block("", "\n".join(lines), language="diff")
        return [
            html(f'<details class="stage-diff"><summary>{summary}</summary>'),
            block,
            html("</details>"),
        ]

    def download(self, chapter: str) -> nodes.paragraph:
        """A line that offers the stage as a zip."""
        name = zip_name(chapter)
        target = f"/_build/zips/{name}"
        offer = download_reference(
            "",
            "",
            nodes.literal("", name),
            reftarget=target,
            refdoc=self.env.docname,
            refexplicit=True,
        )
        line = nodes.paragraph("", "", classes=["stage-zip"])
        line += [
            nodes.Text("The library as of here, ready to import: "),
            offer,
        ]
        return line


class LibraryOutline(SphinxDirective):
    """``library-outline``: the package as the book leaves it."""

    def run(self) -> list[nodes.Node]:
        """The outline alone, in which nothing is new."""
        return [outline(whole_package(self.env.app), "")]


def outline(package: Package, chapter: str) -> nodes.container:
    """The files, and in each the classes, functions and methods."""
    outline = nodes.container("", classes=["library-so-far"])
    for file, module in sorted(package.files.items()):
        inside = [
            definition
            for definition in package.definitions
            if definition.file == file and definition.kind in NAMED
        ]
        if any(line.source for line in module.lines):
            name = link(nodes.literal("", file), listing_of(file))
            outline += nodes.paragraph("", "", name, classes=["file"])
            outline += [one_line(one, chapter) for one in inside]
    return outline


def one_line(definition: Definition, chapter: str) -> nodes.paragraph:
    """The line of one class, function or method, linked to its cell."""
    owner, _, name = definition.name.rpartition(".")
    line = nodes.paragraph("", "", classes=["member" if owner else "top"])
    version = definition.versions[-1]
    line += link_to_version(nodes.literal("", name), definition, version)
    if version.chapter == chapter:
        new = definition.versions[0].chapter == chapter
        line += nodes.Text(" ")
        mark = "new" if new else "changed"
        line += nodes.inline("", mark, classes=["news"])
    return line


def difference(before: Package, now: Package) -> list[str]:
    """How two stages differ, file by file, as ``diff -u`` has it."""
    lines: list[str] = []
    for file in sorted(now.files):
        old = before.files.get(file, Module()).text.splitlines()
        new = now.files[file].text.splitlines()
        lines += difflib.unified_diff(old, new, file, file, lineterm="")
    return lines


def html(text: str) -> nodes.raw:
    """A piece of HTML; other kinds of book go without."""
    return nodes.raw("", text, format="html")


def zip_name(chapter: str) -> str:
    """``micrograd-after-06.zip`` holds the library as of chapter 6."""
    return f"micrograd-after-{chapter[:2]}.zip"


def write_zips(app: Sphinx) -> None:
    """Pack each chapter's stage, before the pages are read that offer it."""
    folder = Path(app.srcdir) / "_build" / "zips"
    packages: dict[str, Package] = app.stage_packages  # type: ignore[attr-defined]
    for chapter, package in packages.items():
        contents = {file: m.text for file, m in package.files.items()}
        pack(folder / zip_name(chapter), contents)


def pack(path: Path, contents: Mapping[str, str | Path]) -> None:
    """Write a zip of texts or files, the same bytes every time.

    One that is there already stays: as new, it would outdate its chapter.
    """
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, text in sorted(contents.items()):
            data = text.read_bytes() if isinstance(text, Path) else text
            archive.writestr(ZipInfo(name, LONG_AGO), data, ZIP_DEFLATED)
    if not path.exists() or path.read_bytes() != packed.getvalue():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed.getvalue())


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", write_zips)
    app.add_directive("library-so-far", LibrarySoFar)
    app.add_directive("library-outline", LibraryOutline)
