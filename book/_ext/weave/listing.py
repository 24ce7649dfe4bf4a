"""The library, woven: its files as pages, each line where it stands.

The directive ``listing`` shows a whole file. Its first line leads to the
chapters that it comes from, a note at each definition to the cell that teaches
it, and other names to what they stand for, as in a cell; below the file,
whatever was replaced on the way is shown with its history, all its versions in
order. (sphinx.ext.viewcode has pages of code as well, but knows only the
reference to link it to.)
"""

from __future__ import annotations

import difflib
import re
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

from docutils import nodes
from pygments.lexers.python import PythonLexer
from pygments.token import STANDARD_TYPES
from sphinx.ext.intersphinx import InventoryAdapter
from sphinx.util.docutils import SphinxDirective

from run import kernels
from tangle.chapters import chapter_number
from weave.names_in_code import Library, Target, Use, module_of
from weave.places import (
    anchor_in_listing,
    anchor_of,
    anchor_of_history,
    anchor_of_line,
    chapter_of,
    link,
    link_to_version,
    listing_of,
    page_of,
    whole_package,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from tangle.package import Definition, Package, Version

    Links = dict[int, dict[int, tuple[str, Target]]]
    """By line and column, from 0: a name, and what it stands for."""

TOLD = "told_by_listing"
"""In Sphinx's metadata of a page: what it tells of the cells."""


class Listing(SphinxDirective):
    """``listing``: a file of the library, and its history."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The file, line by line, and the versions that it no longer has."""
        file = self.arguments[0]
        package = whole_package(self.env.app)
        if file not in package.files:
            names = ", ".join(package.files)
            raise self.error(f"no file {file!r}; there are {names}")
        self.env.metadata[self.env.docname][TOLD] = what_is_told(package)
        # Some raw source, or Sphinx would fill it in and highlight anew.
        code = nodes.literal_block("listing", "", classes=["listing"])
        code += rows(package, file, self.names(package, file))
        shown = nodes.container("", code, classes=["highlight", "listing"])
        replaced = [
            one
            for one in package.definitions
            if one.file == file and len(one.versions) > 1
        ]
        return [shown, *self.histories(replaced)]

    def names(self, package: Package, file: str) -> Links:
        """What the names in a file lead to, by their lines and columns."""
        docname = self.env.docname
        documented = InventoryAdapter(self.env).main_inventory
        library = Library(package, docname, documented)
        found: Links = {}
        for use in names_in_module(file, package.files[file].text):
            if target := library.target(use.names, 0, guess=True):
                line = found.setdefault(use.line - 1, {})
                line[use.column] = use.text, target
        return found

    def histories(self, replaced: list[Definition]) -> Iterator[nodes.section]:
        """A section that shows all versions of each of these."""
        if not replaced:
            return
        root = Path(self.env.srcdir)
        whole = nodes.section("", ids=["history"], names=["history"])
        whole += nodes.title("", "How it came to this")
        whole += nodes.paragraph(
            "",
            "What the chapters replaced on the way, each with all its versions"
            " in order. Marked lines are not in the version before.",
        )
        for definition in replaced:
            anchor = anchor_of_history(definition)
            section = nodes.section("", ids=[anchor], names=[anchor])
            title = nodes.title("", "", nodes.literal("", definition.name))
            section += title
            before: list[str] = []
            for number, version in enumerate(definition.versions, 1):
                lines = code_of(version, root)
                section += self.version(definition, version, number)
                section += marked(lines, before if number > 1 else lines)
                before = lines
            whole += section
        yield whole

    def version(
        self, definition: Definition, version: Version, number: int
    ) -> nodes.paragraph:
        """The line over a version: its number, and where it is taught."""
        chapter = nodes.inline("", chapter_of(version).capitalize())
        line = nodes.paragraph("", f"{number}. ", classes=["version"])
        line += link_to_version(chapter, definition, version)
        if version is definition.versions[-1]:
            now = nodes.inline("", "as it is now")
            place = anchor_in_listing(definition)
            line += nodes.Text(", ")
            line += link(now, listing_of(definition.file), place)
        return line


def rows(package: Package, file: str, names: Links) -> Iterator[nodes.Node]:
    """The lines of a file, highlighted, numbered by their ids, and noted."""
    lines = package.files[file].lines
    starts = {
        (one.versions[-1].path, one.versions[-1].line): one
        for one in package.definitions
        if one.file == file
    }
    defined = [starts.get(line.source or ("", 0)) for line in lines]
    notes: dict[int, Definition] = {}
    for index, definition in enumerate(defined):
        if definition:
            above = range(index - 1, -1, -1)
            blank = next((i for i in above if not lines[i].text), index)
            notes.setdefault(blank, definition)
    text = "".join(f"{line.text}\n" for line in lines)
    unnamed: Definition | None = None
    for index, tokens in enumerate(highlighted(text)):
        row = nodes.inline("", "", classes=["line"])
        row["ids"] = [anchor_of_line(file, index + 1)]
        if definition := defined[index]:
            row["ids"].append(anchor_in_listing(definition))
            unnamed = definition
        if index in notes:
            row += note(notes[index])
        if not index:
            row += header(tokens, package, file)
            yield row
            continue
        for token in linked(tokens, names.get(index, {})):
            # The name may come some lines later, after a decorator.
            if unnamed and token.astext() == unnamed.name.split(".")[-1]:
                last = unnamed.versions[-1]
                row += link_to_version(token, unnamed, last)
                unnamed = None
            else:
                row += token
        yield row


def header(
    tokens: list[nodes.Node], package: Package, file: str
) -> Iterator[nodes.Node]:
    """The line that names the chapters of a file, with links to them."""
    pages: dict[str, str] = {}
    for line in package.files[file].lines:
        if line.source:
            path = line.source[0]
            page = path.removesuffix(".md")
            pages[path] = pages[str(chapter_number(page))] = page
    first = {
        page_of(version): anchor_of(one, version)
        for one in reversed(package.definitions)
        if one.file == file
        for version in reversed(one.versions)
    }
    comment, *rest = tokens
    for piece in re.split(r"(book/\S+\.md|\d+)", comment.astext()):
        content = nodes.inline("", piece, classes=comment["classes"])
        page = pages.get(piece, "")
        yield link(content, page, first.get(page, "")) if page else content
    yield from rest


def linked(
    tokens: list[nodes.Node], names: dict[int, tuple[str, Target]]
) -> Iterator[nodes.Node]:
    """The tokens of a line, with links around its names, by their columns.

    A name that isn't where it is said to be is left alone.
    """
    column = 0
    for token in tokens:
        text = token.astext()
        classes = token.get("classes", []) if token.children else []
        done = 0
        for at, (name, target) in sorted(names.items()):
            start = at - column
            if start >= done and text.startswith(name, start):
                if start > done:
                    yield nodes.inline("", text[done:start], classes=classes)
                content = nodes.inline("", name, classes=[*classes, "name"])
                yield link_to(content, target)
                done = start + len(name)
        if done:
            if text[done:]:
                yield nodes.inline("", text[done:], classes=classes)
        else:
            yield token
        column += len(text)


def link_to(content: nodes.Node, target: Target) -> nodes.Node:
    """A link to what a name stands for."""
    if target.page:
        return link(content, target.page, target.place)
    return nodes.reference("", "", content, refuri=target.place)


def names_in_module(file: str, code: str) -> Iterator[Use]:
    """What the names in a file of the library stand for.

    As in a cell: by what its module holds once it has been imported.
    """
    module = import_module(module_of(file))
    for use in noted_names().names_in(code, vars(module)):
        yield Use(*use)


@cache
def noted_names() -> ModuleType:
    """What looks at names in the kernels, which see nothing of the build."""
    place = kernels.HERE / "ipython/profile_default/noted_names.py"
    spec = spec_from_file_location("noted_names", place)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def note(definition: Definition) -> nodes.inline:
    """Says at a definition where it is taught, and that it has a history."""
    last = definition.versions[-1]
    chapter = nodes.inline("", chapter_of(last))
    words = nodes.inline("", "", classes=["taught"])
    words += link_to_version(chapter, definition, last)
    if len(definition.versions) > 1:
        history = nodes.inline("", f"{len(definition.versions)} versions")
        words += nodes.Text(" · ")
        page = listing_of(definition.file)
        words += link(history, page, anchor_of_history(definition))
    return words


def highlighted(text: str) -> Iterator[list[nodes.Node]]:
    """The tokens of each line, in the classes of the book's code."""
    line: list[nodes.Node] = []
    for kind, piece in PythonLexer().get_tokens(text):
        for part in piece.splitlines(keepends=True):
            words = part.rstrip("\n")
            name = STANDARD_TYPES.get(kind, "")
            if words and name and not words.isspace():
                line.append(nodes.inline("", words, classes=[name]))
            elif words:
                line.append(nodes.Text(words))
            if part.endswith("\n"):
                yield [*line, nodes.Text("\n")]
                line = []


def code_of(version: Version, root: Path) -> list[str]:
    """The lines of a version, from its chapter."""
    page = (root / version.path).read_text("utf-8").split("\n")
    lines = page[version.line - 1 : version.end_line]
    return dedent("\n".join(lines)).split("\n")


def marked(lines: Sequence[str], before: Sequence[str]) -> nodes.literal_block:
    """A version's code, its lines marked that the one before didn't have."""
    matcher = difflib.SequenceMatcher(None, before, lines, autojunk=False)
    new = [
        number
        for tag, _, _, start, end in matcher.get_opcodes()
        if tag != "equal"
        for number in range(start + 1, end + 1)
    ]
    block = nodes.literal_block("", "\n".join(lines), language="python")
    block["highlight_args"] = {"hl_lines": new}
    return block


def what_is_told(package: Package) -> list[object]:
    """All that listings tell which isn't the library's code."""
    return [
        (definition.name, [(v.chapter, v.cell_index) for v in versions])
        for definition in package.definitions
        for versions in [definition.versions]
    ]


def outdated(app: Sphinx, env: BuildEnvironment, *_: object) -> list[str]:
    """The listings that tell of other cells than there are now.

    (That a file's own code has changed, book.py finds.)
    """
    now = what_is_told(whole_package(app))
    return [
        docname
        for docname, about in env.metadata.items()
        if about.get(TOLD, now) != now
    ]


def setup(app: Sphinx) -> None:
    app.add_directive("listing", Listing)
    app.connect("env-get-outdated", outdated)
