"""Says over each tangled cell where it goes and what it does there.

A caption names the file, what the cell defines in it and, where there are
several versions, which one it replaces and which one will replace it; each
linked to its place. So a caption depends on later chapters, too: it is made
when a page is written, and a page whose captions have changed is written
again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from tangle.chapters import named_after
from weave.places import (
    anchor_in_listing,
    anchor_of,
    cells_of,
    chapter_of,
    link,
    link_to_version,
    listing_of,
    page_of,
    whole_package,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from tangle.package import Definition, Package, Version

    Both = tuple[Definition, Version]
    Defined = Sequence[Both]
    """What a cell defines, each with the version that the cell gives it."""
    Phrase = list[nodes.Node]

# What is worth naming: not the constants.
NAMED = ("class", "function", "method", "property")


def in_cell(package: Package, page: str, cell_index: int) -> Defined:
    """What a cell defines, in the order in which it stands in the library."""
    return [
        (definition, version)
        for definition in package.definitions
        for version in definition.versions
        if page_of(version) == page and version.cell_index == cell_index
    ]


def caption(
    file: str, defined: Defined, after: Defined = ()
) -> nodes.paragraph:
    """The line over a cell that defines these, behind those in the file."""
    line = nodes.paragraph("", "", classes=["tangled"])
    line["ids"] = [anchor_of(*both) for both in defined]
    place = anchor_in_listing(defined[0][0]) if defined else ""
    line += link(nodes.literal("", file), listing_of(file), place)
    for phrase in phrases(defined):
        line += [nodes.Text(" · "), *phrase]
    if after:
        line += [nodes.Text(", after "), *listed(after)]
    return line


def phrases(defined: Defined) -> Iterator[Phrase]:
    """What a cell does to the library, each thing in a few words."""
    here = {definition.name for definition, _ in defined}
    # What stands in a class that is itself defined here goes without saying.
    named = [
        (definition, version)
        for definition, version in defined
        if definition.kind in NAMED and owner_of(definition) not in here
    ]
    for definition, version in named:
        if not owner_of(definition) and version is definition.versions[0]:
            name = nodes.literal("", definition.name)
            place = listing_of(definition.file), anchor_in_listing(definition)
            yield [nodes.Text(f"{definition.kind} "), link(name, *place)]
    for owner in dict.fromkeys(
        owner_of(definition) for definition, _ in named
    ):
        if owner:
            name = nodes.literal("", owner)
            yield [nodes.Text("class "), name, nodes.Text(", continued")]
    for where, earlier in neighbours(named, -1).items():
        yield [nodes.Text("replaces "), *listed(earlier), nodes.Text(where)]
    for where, later in neighbours(named, +1).items():
        are = " is replaced" if len(later) == 1 else " are replaced"
        yield [*listed(later), nodes.Text(are + where)]


def neighbours(named: Defined, step: int) -> dict[str, list[Both]]:
    """The versions before or after these, by where they are seen from here."""
    found: dict[str, list[Both]] = {}
    for definition, version in named:
        index = definition.versions.index(version) + step
        if 0 <= index < len(definition.versions):
            other = definition.versions[index]
            if other.chapter == version.chapter:
                where = " above" if step < 0 else " below"
            else:
                of = " of" if step < 0 else " in"
                where = f"{of} {chapter_of(other)}"
            found.setdefault(where, []).append((definition, other))
    return found


def owner_of(definition: Definition) -> str:
    """The class that has a member; nothing for what no class has."""
    return definition.name.rpartition(".")[0]


def listed(defined: Defined) -> Iterator[nodes.Node]:
    """The names, each with a link to the version that is meant."""
    for number, (definition, version) in enumerate(defined):
        if number:
            yield nodes.Text(", ")
        name = nodes.literal("", definition.name.rpartition(".")[2])
        yield link_to_version(name, definition, version)


class Captions(SphinxPostTransform):
    """Puts the captions over the cells."""

    default_priority = 5  # before links are resolved

    def run(self, **kwargs: Any) -> None:
        """Do so for each tangled cell of the page."""
        package = whole_package(self.app)
        for index, cell in enumerate(list(cells_of(self.document))):
            file = cell["cell_metadata"].get("tangle")
            if file:
                defined = in_cell(package, self.env.docname, index)
                names = named_after(cell["cell_metadata"])
                after = [
                    (definition, definition.versions[-1])
                    for definition in package.definitions
                    if definition.file == file and definition.name in names
                ]
                cell.insert(0, caption(file, defined, after))


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages whose cells have another place in the library than before."""
    now: dict[str, list[object]] = {}
    for definition in whole_package(app).definitions:
        for version in definition.versions:
            now.setdefault(page_of(version), []).append(definition)
    before = getattr(env, "captions_of", now)
    env.captions_of = now  # type: ignore[attr-defined]
    pages = now | before
    return [
        page
        for page in pages
        if page in env.all_docs and now.get(page) != before.get(page)
    ]


def setup(app: Sphinx) -> None:
    app.add_post_transform(Captions)
    app.connect("env-updated", pages_to_write)
