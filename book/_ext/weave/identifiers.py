"""The index of identifiers: where each is defined, changed and used.

The directive ``identifiers`` lists all that the library defines, and what its
methods put on ``self``. What it says
comes from the whole book, so it is made when the page is written, and the
page is written again when a definition or a use anywhere has changed.
(Sphinx's own index of Python names says where they are described, no more.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from tangle.chapters import chapter_number, page_name
from weave.names_in_code import (
    USES,
    WORDS,
    all_targets,
    attributes_of,
    classes_in,
    pages_with_uses,
)
from weave.places import (
    all_packages,
    anchor_in_listing,
    anchor_of_line,
    chapter_of,
    has_changed,
    link,
    link_to_version,
    listing_of,
    page_of,
    whole_package,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from tangle.package import Definition, Package, Version

    Uses = dict[tuple[str, str], dict[str, int]]
    """By file and name: the pages that use it, and the first such cell."""

LISTED = "lists_identifiers"
"""In Sphinx's metadata of a page: it has the list."""


class identifiers(nodes.General, nodes.Element):  # type: ignore[misc]
    """Stands where the list of identifiers will be."""


class Identifiers(SphinxDirective):
    """``identifiers``: all that the library defines, in alphabetical order."""

    def run(self) -> list[nodes.Node]:
        """Leave the place free until all pages have been read."""
        self.env.metadata[self.env.docname][LISTED] = True
        return [identifiers()]


@dataclass(frozen=True)
class Identifier:
    """What a line of the list is about."""

    name: str
    """Such as ``Value.grad``."""
    kind: str
    file: str
    anchor: str
    """Its place in the listing of the file."""
    definition: Definition
    """It, or the method that sets this attribute."""
    taught: Version
    """The version of that which the reader meets first."""

    @property
    def is_attribute(self) -> bool:
        """Whether a method sets it."""
        return self.name != self.definition.name


class ListIdentifiers(SphinxPostTransform):
    """Fills in the list."""

    default_priority = 5  # before links are resolved

    def run(self, **kwargs: Any) -> None:
        """Do so wherever there is to be one."""
        for place in list(self.document.findall(identifiers)):
            found = sorted(all_identifiers(self.app), key=alphabetically)
            package = whole_package(self.app)
            place.replace_self(
                listed(package, found, uses_in(self.app, found))
            )


def all_identifiers(app: Sphinx) -> Iterator[Identifier]:
    """All that the library defines, and then the attributes."""
    package = whole_package(app)
    defined = {(one.file, one.name): one for one in package.definitions}
    for one in package.definitions:
        kind = WORDS.get(one.kind, one.kind)
        place = anchor_in_listing(one)
        first = one.versions[0]
        yield Identifier(one.name, kind, one.file, place, one, first)
    taught = dict(first_set(app))
    for file, module in package.files.items():
        for node in classes_in(file, module):
            for name, (method, line) in attributes_of(node).items():
                setter, version = defined[file, method], taught[file, name]
                place = anchor_of_line(file, line)
                yield Identifier(
                    name, "attribute", file, place, setter, version
                )


def first_set(app: Sphinx) -> Iterator[tuple[tuple[str, str], Version]]:
    """The attributes, by file and name, each with what sets it first."""
    seen: set[tuple[str, str]] = set()
    for package in all_packages(app):
        defined = {(one.file, one.name): one for one in package.definitions}
        for file, module in package.files.items():
            for node in classes_in(file, module):
                for name, (method, _) in attributes_of(node).items():
                    if (file, name) not in seen:
                        seen.add((file, name))
                        yield (file, name), defined[file, method].versions[-1]


def uses_in(app: Sphinx, identifiers: Sequence[Identifier]) -> Uses:
    """The chapters that use these, and where first.

    A cell that defines something, or goes on with a class, doesn't use it.
    """
    defining = {
        (page_of(version), version.cell_index, one.file, name)
        for one in identifiers
        for version in one.definition.versions
        for name in (one.name, one.name.partition(".")[0])
    }
    found: Uses = {}
    for page in sorted(pages_with_uses(app.env), key=page_name):
        if chapter_number(page):
            for cell, _, target in all_targets(app, page):
                name = target.file, target.name
                if target.file and (page, cell, *name) not in defining:
                    first = found.setdefault(name, {})
                    first[page] = min(cell, first.get(page, cell))
    return found


def listed(
    package: Package, identifiers: Iterable[Identifier], uses: Uses
) -> nodes.table:
    """The table of these identifiers."""
    head = ("Identifier", "Is", "Defined in chapter", "Used in chapter")
    group = nodes.tgroup("", cols=len(head))
    group += (nodes.colspec("", colwidth=1) for _ in head)
    titles = (cell([nodes.Text(title)]) for title in head)
    group += nodes.thead("", nodes.row("", *titles))
    body = nodes.tbody()
    for one in identifiers:
        owner, _, name = one.name.rpartition(".")
        what = f"{one.kind} of {owner}" if owner else one.kind
        word, file = nodes.literal("", name), nodes.literal("", one.file)
        body += nodes.row(
            "",
            cell([link_to_version(word, one.definition, one.taught)]),
            cell(
                [
                    nodes.Text(f"{what} · "),
                    link(file, listing_of(one.file), one.anchor),
                ]
            ),
            cell(
                [chapter_link(one.definition, one.taught)]
                if one.is_attribute
                else defined_in(package, one.definition)
            ),
            cell(used_in(uses.get((one.file, one.name), {}))),
        )
    group += body
    return nodes.table("", group, classes=["identifiers"])


def alphabetically(one: Identifier) -> tuple[str, str, int]:
    """By the identifier's letters, then by where it is taught."""
    name = one.name.rpartition(".")[2]
    return name.strip("_").lower(), one.taught.path, one.taught.line


def cell(content: Iterable[nodes.Node]) -> nodes.entry:
    """A cell of the table."""
    return nodes.entry("", nodes.paragraph("", "", *content))


def defined_in(package: Package, one: Definition) -> Iterator[nodes.Node]:
    """The chapters that define something, replace it, and go on with it."""
    for number, version in enumerate(one.versions):
        if number:
            yield nodes.Text(", replaced in " if number == 1 else ", ")
        yield chapter_link(one, version)
    own = [(page_of(v), v.cell_index) for v in one.versions]
    continued: dict[str, tuple[Definition, Version]] = {}
    for member in package.definitions:
        if member.file == one.file and member.name.startswith(f"{one.name}."):
            for version in member.versions:
                if (page_of(version), version.cell_index) not in own:
                    continued.setdefault(version.chapter, (member, version))
    for number, chapter in enumerate(sorted(continued)):
        yield nodes.Text(", " if number else ", continued in ")
        yield chapter_link(*continued[chapter])


def chapter_link(definition: Definition, version: Version) -> nodes.Node:
    """A chapter's number, which leads to a version."""
    number = nodes.inline("", chapter_of(version).removeprefix("chapter "))
    return link_to_version(number, definition, version)


def used_in(first: dict[str, int]) -> Iterator[nodes.Node]:
    """The numbers of the chapters, which lead to the first use in each."""
    for number, page in enumerate(first):
        if number:
            yield nodes.Text(", ")
        chapter = nodes.inline("", str(chapter_number(page)))
        yield link(chapter, page, f"cell-{first[page] + 1}")


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages with the list, if a definition or a use has changed."""
    uses = [(page, env.metadata[page][USES]) for page in pages_with_uses(env)]
    said = repr((whole_package(app).definitions, uses))
    if not has_changed(env, "identifiers_of", said):
        return []
    return [page for page, told in env.metadata.items() if LISTED in told]


def setup(app: Sphinx) -> None:
    app.add_node(identifiers)
    app.add_directive("identifiers", Identifiers)
    app.add_post_transform(ListIdentifiers)
    app.connect("env-updated", pages_to_write)
