"""Where a definition stands in the book: in a cell, and in the listing.

A definition may have several versions, each in a cell of some chapter; the
last of them stands in the listing of its file, a page of the appendix.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util.nodes import make_refnode

from tangle.chapters import chapter_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from tangle.package import Definition, Package, Version

LISTINGS = "book/library"


def cells_of(document: nodes.document) -> Iterator[nodes.container]:
    """The code cells of a page."""
    for node in document.findall(nodes.container):
        if node.get("nb_element") == "cell_code":
            yield node


def has_changed(env: BuildEnvironment, name: str, now: Any) -> bool:
    """Whether something isn't what it was in the build before."""
    before = getattr(env, name, now)
    setattr(env, name, now)
    return bool(before != now)


def package_after(app: Sphinx, chapter: str) -> Package:
    """The library as it stands after a page; book.py has tangled it."""
    package: Package = app.stage_packages[chapter]  # type: ignore[attr-defined]
    return package


def all_packages(app: Sphinx) -> list[Package]:
    """The library as it stands after each page, in their order."""
    return list(app.stage_packages.values())  # type: ignore[attr-defined]


def whole_package(app: Sphinx) -> Package:
    """The library as it stands after the last page."""
    return all_packages(app)[-1]


def chapter_of(version: Version) -> str:
    """How prose calls the page that has a version's cell."""
    number = chapter_number(version.chapter)
    return f"chapter {number}" if number else version.chapter


def page_of(version: Version) -> str:
    """The page that has a version's cell, as Sphinx names it."""
    return version.path.removesuffix(".md")


def anchor_of(definition: Definition, version: Version) -> str:
    """The id of a version's place on its page."""
    here = [v for v in definition.versions if v.chapter == version.chapter]
    number = here.index(version) + 1
    return f"def-{definition.name}" + (f"-{number}" if number > 1 else "")


def listing_of(file: str) -> str:
    """The page that lists a file of the library: micrograd/nn.py's is nn.

    That of a package's own file has the package's name.
    """
    package, *inner = PurePosixPath(file).with_suffix("").parts
    if inner[-1] == "__init__":
        inner = inner[:-1] or [package]
    return "/".join([LISTINGS, *inner])


def anchor_in_listing(definition: Definition) -> str:
    """The id of a definition's place in the listing of its file."""
    return definition.name


def anchor_of_line(file: str, number: int) -> str:
    """The id of a line in the listing of its file."""
    return f"{PurePosixPath(file).stem}-{number}"


def anchor_of_history(definition: Definition) -> str:
    """The id of the place that shows all versions of a definition."""
    return f"history-{definition.name}"


def link(content: nodes.Node, page: str, anchor: str = "") -> pending_xref:
    """A link to a place, which each kind of book resolves in its own way."""
    return pending_xref(
        "",
        content,
        refdomain="",
        reftype="place",
        reftarget=page,
        refanchor=anchor,
        refexplicit=True,
    )


def link_to_version(
    content: nodes.Node, definition: Definition, version: Version
) -> pending_xref:
    """A link to the cell that has a version."""
    return link(content, page_of(version), anchor_of(definition, version))


def resolve(
    app: Sphinx,
    env: BuildEnvironment,
    node: pending_xref,
    content: nodes.Element,
) -> nodes.Node | None:
    """Make a link of what `link` has left; where it can't lead, plain text."""
    if node["reftype"] != "place":
        return None
    if node["reftarget"] not in env.all_docs:
        return content
    return make_refnode(
        app.builder,
        node["refdoc"],
        node["reftarget"],
        node["refanchor"],
        content,
    )


def setup(app: Sphinx) -> None:
    app.connect("missing-reference", resolve)
