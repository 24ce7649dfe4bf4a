"""Lays beside the pages the licences of all that comes with them.

``book/_licences/works.toml`` says whose work the site ships, in which files.
The build puts each licence into ``_static/licences``, and the directive
``licences`` lists the works, with links to their sources and licences.
"""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from pages import live, offline

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FOLDER = Path(__file__).parents[2] / "_licences"
WORKS = FOLDER / "works.toml"
SHIPPED = "_static/licences"
NODE_MODULES = "_build/node/node_modules"
FETCHED = {
    "_live/": live.MADE,
    "_static/live/": live.MADE,
    "_static/fonts/": offline.FETCHED,
    "_static/katex/": offline.FETCHED,
}
"""Where the site has what it can be without, and where that comes from."""


class Work(NamedTuple):
    """What somebody has made, and the site ships."""

    name: str
    licence: str
    files: list[str]
    home: str = ""
    package: str = ""
    texts: list[str] | None = None

    @property
    def place(self) -> str:
        """Where its licence is in the site."""
        name = re.sub(r"[^a-z0-9.]+", "-", self.name.lower())
        return f"{SHIPPED}/{name}.txt"

    def version(self, root: Path) -> str:
        """Its version, if the build has the package that it comes from."""
        kind, _, name = self.package.partition(":")
        if kind == "pip":
            return distribution(name).version
        file = root / NODE_MODULES / name / "package.json"
        if kind != "npm" or not file.exists():
            return ""
        return str(json.loads(file.read_text("utf-8"))["version"])

    def text(self, root: Path) -> str:
        """Its licence, or several if its parts have several."""
        texts = [
            file.read_text("utf-8")
            for wanted in self.texts or [f"{self.package}/LICENSE*"]
            for file in files(root, wanted)
        ]
        if not texts:
            raise ExtensionError(f"There is no licence of {self.name}")
        # Parts that come in packages of their own may have the same.
        return f"\n\n{'-' * 79}\n\n".join(dict.fromkeys(texts))


def files(root: Path, wanted: str) -> list[Path]:
    """Files of a package, as ``pip:sphinx/LICENSE*``, or of our folder."""
    kind, _, path = wanted.rpartition(":")
    if kind == "npm":
        return sorted((root / NODE_MODULES).glob(path))
    if kind == "pip":
        package, _, name = path.partition("/")
        return [
            Path(str(file.locate()))
            for file in distribution(package).files or ()
            if fnmatch(str(file), f"*.dist-info/*{name}")
        ]
    return [FOLDER / path]


def shipped(root: Path) -> list[Work]:
    """The works in the site, of which the build may lack some."""
    works = tomllib.loads(WORKS.read_text("utf-8"))["work"]
    return [
        work
        for work in (Work(**told) for told in works)
        if all(
            (root / made).exists()
            for place, made in FETCHED.items()
            if work.files[0].startswith(place)
        )
    ]


class listing(nodes.General, nodes.Element):  # type: ignore[misc]
    """Stands for the list until it is known what the site ships."""


class Licences(SphinxDirective):
    """Put the list of works and their licences here."""

    def run(self) -> list[nodes.Node]:
        """Called by Sphinx."""
        self.env.note_dependency(str(WORKS))
        return [listing()]


def list_works(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the list where the directive was."""
    root, page = Path(app.srcdir), app.builder.get_target_uri(docname)
    for found in list(doctree.findall(listing)):
        works = nodes.bullet_list()
        for work in shipped(root):
            said = nodes.paragraph()
            if work.home:
                said += nodes.reference("", work.name, refuri=work.home)
            else:
                said += nodes.Text(work.name)
            said += nodes.Text(f" {work.version(root)}".rstrip() + ": ")
            where = relative_uri(page, work.place)
            said += nodes.reference("", work.licence, refuri=where)
            works += nodes.list_item("", said)
        found.replace_self(works)


def lay_down(app: Sphinx, exception: Exception | None) -> None:
    """Put the licences into the site, and none of what it has no more."""
    if exception or app.builder.name != "html":
        return
    root, site = Path(app.srcdir), Path(app.outdir)
    (site / SHIPPED).mkdir(parents=True, exist_ok=True)
    works = shipped(root)
    for file in {*(site / SHIPPED).iterdir()} - {
        site / w.place for w in works
    }:
        file.unlink()
    for work in works:
        (site / work.place).write_text(work.text(root), "utf-8")


def setup(app: Sphinx) -> None:
    """Called by book.py."""
    app.add_directive("licences", Licences)
    app.connect("doctree-resolved", list_works)
    app.connect("build-finished", lay_down)
