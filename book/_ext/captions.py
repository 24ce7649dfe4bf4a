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
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from tangle import Definition, Package


def page_name(docname: str) -> str:
    """``book/06-backward`` is the page named ``06-backward``."""
    return docname.rsplit("/", 1)[-1]


def what_it_does(package: Package, chapter: str, cell_index: int) -> Iterator[str]:
    """Yield a phrase for each thing that a cell does to the library."""
    continued: dict[str, list[str]] = {}
    for definition in package.definitions:
        here = [
            number
            for number, version in enumerate(definition.versions)
            if (version.chapter, version.cell_index) == (chapter, cell_index)
        ]
        if not here:
            continue
        owner, _, member = definition.name.rpartition(".")
        verb = "replaces " if here[0] else ""
        if owner:
            continued.setdefault(owner, []).append(verb + member)
        else:
            yield f"{verb}{definition.kind} {definition.name}"
    for owner, members in continued.items():
        yield f"class {owner}: {', '.join(members)}"


class Captions(SphinxTransform):
    """Puts the caption over the cell."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Do so for each tangled cell of the page."""
        packages: dict[str, Package] = self.app.stage_packages  # type: ignore[attr-defined]
        chapter = page_name(self.env.docname)
        for cell in self.document.findall(nodes.container):
            target = cell.get("cell_metadata", {}).get("tangle")
            if cell.get("nb_element") != "cell_code" or not target:
                continue
            caption = nodes.paragraph("", "", classes=["tangled"])
            caption += nodes.literal("", target)
            phrases = what_it_does(packages[chapter], chapter, cell["cell_index"])
            text = " · ".join(phrases)
            if text:
                caption += nodes.Text(f" · {text}")
            cell.insert(0, caption)


class LibrarySoFar(SphinxDirective):
    """``library-so-far``: the package as this chapter leaves it, in outline."""

    def run(self) -> list[nodes.Node]:
        """One line for each class and function; what is new is marked."""
        chapter = page_name(self.env.docname)
        package: Package = self.env.app.stage_packages[chapter]  # type: ignore[attr-defined]
        lines: list[nodes.Node] = []
        for file in sorted(package.files):
            inside = [d for d in package.definitions if d.file == file]
            if not inside:
                continue
            lines.append(self.line(nodes.literal("", file), "file"))
            for definition in inside:
                lines.append(self.definition_line(definition, chapter))
        outline = nodes.container("", *lines, classes=["library-so-far"])
        return [outline]

    def definition_line(self, definition: Definition, chapter: str) -> nodes.Node:
        """The line of one class, function, method or constant."""
        versions = [v for v in definition.versions if v.chapter == chapter]
        new = definition.versions[0].chapter == chapter
        mark = "new" if new else "changed" if versions else ""
        name = nodes.literal("", definition.name)
        classes = ["member" if "." in definition.name else "top"]
        line = self.line(name, *classes)
        if mark:
            line += nodes.Text(" ")
            line += nodes.inline("", mark, classes=["mark"])
        return line

    @staticmethod
    def line(content: nodes.Node, *classes: str) -> nodes.paragraph:
        """One line of the outline."""
        return nodes.paragraph("", "", content, classes=list(classes))


def setup(app: Sphinx) -> None:
    """Called by weave.py."""
    app.add_transform(Captions)
    app.add_directive("library-so-far", LibrarySoFar)
