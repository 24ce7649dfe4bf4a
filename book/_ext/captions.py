"""Says over each tangled cell where it goes, and sums up each chapter.

A caption names the file and what the cell does there. The directive
``library-so-far`` outlines the package as the chapter leaves it, with what is
new in the chapter marked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from tangle import Definition, Package


# What is worth naming: not the constants.
NAMED = ("class", "function", "method", "property")


def package_after(app: Sphinx, chapter: str) -> Package:
    """The library as it stands after a chapter; weave.py has tangled it."""
    package: Package = app.stage_packages[chapter]  # type: ignore[attr-defined]
    return package


def page_name(docname: str) -> str:
    """``book/06-backward`` is the page named ``06-backward``."""
    return docname.rsplit("/", 1)[-1]


def what_it_does(package: Package, chapter: str, cell_index: int) -> list[str]:
    """A phrase for each thing that a cell does to the library."""
    phrases: list[str] = []
    defined: set[str] = set()
    members: dict[tuple[str, str], list[str]] = {}
    for definition in package.definitions:
        places = [(v.chapter, v.cell_index) for v in definition.versions]
        if (chapter, cell_index) not in places:
            continue
        number = places.index((chapter, cell_index))
        instead_of = origin(places[number - 1][0], chapter) if number else ""
        owner, _, member = definition.name.rpartition(".")
        if not owner:
            defined.add(definition.name)
            if definition.kind in NAMED:
                what = f"{definition.kind} {definition.name}"
                phrases.append(change(what, instead_of))
        elif owner not in defined:
            members.setdefault((owner, instead_of), []).append(member)
    for owner in dict.fromkeys(owner for owner, _ in members):
        phrases.append(f"class {owner}, continued")
    for (_, instead_of), names in members.items():
        phrases.append(change(", ".join(names), instead_of))
    return phrases


def change(what: str, instead_of: str) -> str:
    """That something is added, or takes the place of what stood there."""
    return f"replaces {what} {instead_of}" if instead_of else what


def origin(earlier: str, chapter: str) -> str:
    """Where the version stands that is being replaced."""
    return "above" if earlier == chapter else f"of chapter {int(earlier[:2])}"


class Captions(SphinxTransform):
    """Puts the caption over the cell."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Do so for each tangled cell of the page."""
        chapter = page_name(self.env.docname)
        package = package_after(self.app, chapter)
        code_cells = (
            node
            for node in self.document.findall(nodes.container)
            if node.get("nb_element") == "cell_code"
        )
        for index, cell in enumerate(list(code_cells)):
            target = cell["cell_metadata"].get("tangle")
            if target:
                does = ["", *what_it_does(package, chapter, index)]
                caption = nodes.paragraph("", "", classes=["tangled"])
                caption += nodes.literal("", target)
                caption += nodes.Text(" · ".join(does))
                cell.insert(0, caption)


class LibrarySoFar(SphinxDirective):
    """``library-so-far``: the package as this chapter leaves it."""

    def run(self) -> list[nodes.Node]:
        """One line for each class and function; what is new is marked."""
        chapter = page_name(self.env.docname)
        package = package_after(self.env.app, chapter)
        lines: list[nodes.Node] = []
        for file in sorted(package.files):
            inside = [
                definition
                for definition in package.definitions
                if definition.file == file and definition.kind in NAMED
            ]
            if not inside:
                continue
            lines.append(self.line(nodes.literal("", file), "file"))
            for definition in inside:
                lines.append(self.definition_line(definition, chapter))
        outline = nodes.container("", *lines, classes=["library-so-far"])
        return [outline]

    def definition_line(
        self, definition: Definition, chapter: str
    ) -> nodes.Node:
        """The line of one class, function or method."""
        versions = [v for v in definition.versions if v.chapter == chapter]
        new = definition.versions[0].chapter == chapter
        mark = "new" if new else "changed" if versions else ""
        owner, _, name = definition.name.rpartition(".")
        line = self.line(nodes.literal("", name), "member" if owner else "top")
        if mark:
            line += nodes.Text(" ")
            line += nodes.inline("", mark, classes=["news"])
        return line

    @staticmethod
    def line(content: nodes.Node, *classes: str) -> nodes.paragraph:
        """One line of the outline."""
        return nodes.paragraph("", "", content, classes=list(classes))


def setup(app: Sphinx) -> None:
    """Called by weave.py."""
    app.add_transform(Captions)
    app.add_directive("library-so-far", LibrarySoFar)
