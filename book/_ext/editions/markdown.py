"""Writes a page of the book as plain Markdown, for a notebook.

What MyST adds to Markdown has been dealt with by then: a page whose references
are resolved is written, not its source. So a role or a directive needs no
word here, only what it leaves on the page does. (What jupytext or myst-nb
write into a notebook is MyST, as in the source.)
"""

from __future__ import annotations

import re
from textwrap import indent
from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARKUP = re.compile(r"[\\`*_\[\]<$]")

# What a reader of a notebook has no use for.
LEFT_OUT = (
    nodes.raw,
    nodes.comment,
    nodes.system_message,
    nodes.substitution_definition,
    nodes.Invisible,
)
MARKS = {nodes.emphasis: "*", nodes.strong: "**", nodes.title_reference: "*"}


class Writer:
    """Writes nodes as Markdown.

    ``address`` says where a reference leads from a notebook, or nothing if it
    leads nowhere; ``label`` is what a figure, an equation or an exercise is
    referred to as, such as "Exercise 6.1", or nothing if it has no number.
    """

    def __init__(
        self,
        address: Callable[[nodes.reference], str],
        label: Callable[[nodes.Element], str],
    ) -> None:
        self.address = address
        self.label = label

    def blocks(
        self, parent: nodes.Element, depth: int = 0
    ) -> Iterator[str | nodes.container]:
        """Each paragraph, list and the like in turn; code cells as they are.

        A section in ``depth`` others has a heading of the next level.
        """
        for node in parent.children:
            if isinstance(node, LEFT_OUT) or sums_up(node):
                continue
            if is_code_cell(node):
                yield from self.cell(node)
            elif isinstance(node, nodes.section):
                yield from self.blocks(node, depth + 1)
            elif isinstance(node, nodes.Admonition):
                title = next(node.findall(nodes.title))
                yield f"**{self.label(node)}{self.inline(title)}**"
                yield from self.blocks(node, depth)
            elif isinstance(node, nodes.title):
                if isinstance(parent, nodes.section):
                    yield f"{'#' * depth} {self.inline(node)}"
            elif text := self.block(node):
                yield text
            elif isinstance(node, nodes.Element):
                yield from self.blocks(node, depth)

    def block(self, node: nodes.Node) -> str:
        """What is written in one piece; nothing if it isn't."""
        match node:
            case nodes.paragraph() | nodes.caption() | nodes.term():
                return self.inline(node)
            case nodes.literal_block():
                language = node.get("language", "").replace("none", "")
                return f"```{language}\n{node.astext()}\n```"
            case nodes.math_block():
                formula = f"$$\n{node.astext().strip()}\n$$"
                return f"{formula}\n\n{self.label(node)}".strip()
            case nodes.bullet_list():
                return "\n".join(self.item(item, "- ") for item in node)
            case nodes.enumerated_list():
                return "\n".join(
                    self.item(item, f"{number}. ")
                    for number, item in enumerate(node, node.get("start", 1))
                )
            case nodes.table():
                return self.table(node)
            case nodes.block_quote() | nodes.sidebar():
                text = "\n\n".join(self.text_of(node))
                return re.sub(r"(?m)^(?=.)|^$", "> ", text)
        return ""

    def cell(self, cell: nodes.Element) -> Iterator[str | nodes.container]:
        """What stands over a code cell, the cell, and its figure's caption."""
        for node in cell.children:
            part = node.get("nb_element")
            if part not in ("cell_code_source", "cell_code_output"):
                for paragraph in node.findall(nodes.paragraph):
                    yield self.inline(paragraph)
        yield cell
        for figure in cell.findall(nodes.figure):
            for caption in figure.findall(nodes.caption):
                label = self.label(figure)
                yield f"**{label}** {self.inline(caption)}".removeprefix(
                    "**** "
                )

    def text_of(self, node: nodes.Element) -> Iterator[str]:
        """The blocks of what can't hold a code cell."""
        return (str(block) for block in self.blocks(node))

    def item(self, item: nodes.Node, mark: str) -> str:
        """An item of a list, indented below its mark."""
        assert isinstance(item, nodes.Element)
        text = indent("\n\n".join(self.text_of(item)), " " * len(mark))
        return mark + text[len(mark) :]

    def table(self, table: nodes.table) -> str:
        """A table, whose first row is taken for its head."""
        rows = [
            [
                " ".join(self.text_of(entry)).replace("\n", " ")
                for entry in row.findall(nodes.entry)
            ]
            for row in table.findall(nodes.row)
        ]
        rows.insert(1, ["---"] * len(rows[0]))
        lines = [f"| {' | '.join(row)} |" for row in rows]
        for caption in table.findall(nodes.title):
            lines[:0] = [f"**{self.label(table)}** {self.inline(caption)}", ""]
        return "\n".join(lines)

    def inline(self, parent: nodes.Node) -> str:
        """The text of a paragraph, marked up."""
        return "".join(self.span(node) for node in parent.children)

    def span(self, node: nodes.Node) -> str:
        """A part of a text, marked up."""
        match node:
            case nodes.Text():
                return MARKUP.sub(r"\\\g<0>", node.astext())
            case nodes.literal():
                code = node.astext()
                fence = "``" if "`" in code else "`"
                space = " " if "`" in code else ""
                return f"{fence}{space}{code}{space}{fence}"
            case nodes.math():
                return f"${node.astext()}$"
            case nodes.image():
                return MARKUP.sub(r"\\\g<0>", node.get("alt", ""))
            case nodes.reference():
                text = self.inline(node)
                address = self.address(node)
                return f"[{text}]({address})" if address else text
        if isinstance(node, LEFT_OUT):
            return ""
        mark = MARKS.get(type(node), "")
        return f"{mark}{self.inline(node)}{mark}"


def sums_up(node: nodes.Node) -> bool:
    """Whether it tells of the library so far: a notebook has the whole."""
    attributes = getattr(node, "attributes", {})
    return bool(
        {"library-so-far", "stage-zip"} & set(attributes.get("classes", ()))
        or attributes.get("language") == "diff"
    )


def is_code_cell(node: nodes.Node) -> bool:
    """Whether myst-nb made this of a code cell."""
    return (
        isinstance(node, nodes.container)
        and node.get("nb_element") == "cell_code"
    )
