"""Read the chapters: the listed pages and their tangled cells.

Cells are read with myst-nb's own reader, so that the code that is tangled is
the code that is executed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from itertools import takewhile
from keyword import iskeyword
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

from tangle import contents
from tangle.errors import TangleError, raise_all

if TYPE_CHECKING:
    from nbformat import NotebookNode

TARGET = re.compile(
    r"micrograd(/(?!__pycache__|__init__/)[A-Za-z_]\w{0,99})+\.py", re.ASCII
)
OPTIONS = ("tangle", "after", "tags", "load")
UNRUN = ("skip-execution", "raises-exception")

# Directives whose content is text to show, not Markdown to read.
LITERAL = {
    "code",
    "code-block",
    "eval-rst",
    "literalinclude",
    "math",
    "mermaid",
    "parsed-literal",
    "raw",
    "raw-cell",
    "sourcecode",
}
DIRECTIVE = re.compile(r"\{([^}\s]+)\}")
CELL_IN_HTML = re.compile(r"^[ \t]*(?:`{3,}|~{3,})\{code-cell\}", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """A code cell that goes to a file of the library."""

    target: str
    source: str
    path: str
    line: int
    """Line of the page, from 1, at which the code begins."""
    index: int
    """Place among all the code cells of the page, from 0."""
    after: tuple[str, ...] = ()
    """Behind what its new definitions go, such as ``Value.tanh``."""

    def after_in(self, class_: str) -> str:
        """Behind which member new ones of a class go; "" for the end.

        Of no class, "", behind which definition of the file.
        """
        for name in self.after:
            owner, _, member = name.rpartition(".")
            if owner == class_:
                return member
        return ""


@dataclass(frozen=True)
class Chapter:
    """A page of the book; its name is the stem of its file."""

    name: str
    path: str
    cells: tuple[Cell, ...]
    """The tangled cells only, in page order."""
    notebook: NotebookNode | None = field(default=None, compare=False)
    """All its cells, as myst-nb reads them, if any is of code."""
    code: tuple[tuple[str, int], ...] = ()
    """Every code cell, and the line of the page at which it begins."""


def page_name(docname: str) -> str:
    """``book/06-backward`` is the page named ``06-backward``."""
    return docname.rpartition("/")[2]


@cache
def chapter_number(page: str) -> int | None:
    """``book/06-backward`` is chapter 6, and so is ``06-backward``."""
    number = re.match(r"(\d\d)-", page_name(page))
    return int(number[1]) if number else None


def named_after(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Behind which definitions a cell says that it goes."""
    names = metadata.get("after") or ()
    return tuple(names.split() if isinstance(names, str) else names)


def read_chapters(root: Path) -> list[Chapter]:
    """Return the Markdown pages of ``_toc.yml``, in its order.

    Raises TangleError for all that is wrong with the pages, told together.
    """
    problems: list[TangleError] = []
    reader = _Reader(root, problems)
    chapters: list[Chapter] = []
    first_of: dict[str | int, str] = {}
    listed = set()
    for path, line in contents.listed_pages(root, problems):
        if path in listed:
            message = f"{path} is listed twice: drop one of the lines"
            problems.append(TangleError(contents.CONTENTS, line, message))
            continue
        listed.add(path)
        if path.endswith(".ipynb"):
            reader.refuse_tangled_notebook(path)
        if not path.endswith(".md"):
            continue
        stem = Path(path).stem
        for one, kind in ((stem, "name"), (chapter_number(path), "number")):
            if one is not None and first_of.setdefault(one, path) != path:
                message = (
                    f"{path} and {first_of[one]} would be chapters of one"
                    f" {kind}: rename one"
                )
                problems.append(TangleError(contents.CONTENTS, line, message))
        chapters.append(reader.chapter(stem, path))
    for path in _unlisted(root, listed):
        for cell in reader.chapter(Path(path).stem, path).cells:
            message = (
                "this page is not in _toc.yml, so its place in the library is"
                " unknown: list it, or drop `:tangle:`"
            )
            problems.append(TangleError(path, cell.line, message))
    problems += _clashing_targets(chapters)
    raise_all(problems)
    return chapters


def _unlisted(root: Path, listed: set[str]) -> Iterator[str]:
    """Yield the other pages that may have tangled cells."""
    for folder, inner, files in os.walk(root):
        inner[:] = sorted(name for name in inner if name[0] not in "._")
        for name in sorted(files):
            path = Path(folder, name).relative_to(root).as_posix()
            if path in listed or not re.fullmatch(r"[^._].*\.md", name):
                continue
            text = (root / path).read_text("utf-8", errors="replace")
            if "{code-cell}" in text and "tangle:" in text:
                yield path


def _clashing_targets(chapters: Iterable[Chapter]) -> Iterator[TangleError]:
    """Find files that can't be beside each other."""
    first: dict[str, tuple[str, Cell]] = {}
    for cell in (cell for chapter in chapters for cell in chapter.cells):
        module = str(cell.target).removesuffix(".py")
        folders = PurePosixPath(module).parents
        for path in (module, *(f"{folder}/" for folder in folders)):
            # One that a disk or Python may take for it.
            key = path.rstrip("/").lower()
            other, where = first.setdefault(key, (path, cell))
            if other != path:
                message = (
                    f"{path} can't be beside {other} ({where.path}:"
                    f"{where.line}), for Python or a disk takes one for the"
                    " other: rename one"
                )
                yield TangleError(cell.path, cell.line, message)
                break


class _Fence(NamedTuple):
    """A code cell as it stands on the page: lines from 1, fences included."""

    line: int
    end_line: int
    nested: bool
    info: str
    content: str


class _Reader:
    """Reads pages as the build will, under the book's settings."""

    def __init__(self, root: Path, problems: list[TangleError]) -> None:
        from markdown_it.renderer import RendererHTML
        from myst_parser.config.main import MdParserConfig
        from myst_parser.parsers.mdit import create_md_parser

        self.root = root
        self.problems = problems
        self.settings = contents.settings(root)
        try:
            self.config = MdParserConfig(
                enable_extensions=set(self.settings.extensions)
            )
        except (TypeError, ValueError) as error:
            line = self.settings.extensions_line
            raise TangleError(contents.SETTINGS, line, str(error)) from None
        blocks = replace(self.config, disable_syntax=["inline"])
        self.parser = create_md_parser(blocks, RendererHTML)

    def chapter(self, name: str, path: str) -> Chapter:
        """Read a page; note what is wrong with it."""
        before = len(self.problems)
        try:
            text = contents.read(self.root, path)
            fences = list(self.fences(text)) if "{code" in text.lower() else []
            for fence in fences:
                self.check_fence(path, fence)
            if fences and len(self.problems) == before:
                self.check_front(path, text, fences[0])
            if fences and len(self.problems) == before:
                return self.notebook(name, path, text, fences)
        except TangleError as error:
            self.problems.append(error)
        return Chapter(name, path, ())

    def notebook(
        self, name: str, path: str, text: str, fences: list[_Fence]
    ) -> Chapter:
        """Read a page with cells, of which all is well with each."""
        import yaml  # type: ignore[import-untyped, unused-ignore]
        from myst_nb.core import read
        from nbformat.v4 import nbbase

        try:
            # What takes longest: checks, which were made, reading YAML, and
            # parsing the page once more.
            parsed = SimpleNamespace(parse=lambda _: list(self.tokens))
            with (
                patch.object(nbbase, "validate"),
                patch.object(yaml, "SafeLoader", contents.LOADER),
                patch.object(read, "create_md_parser", lambda *_: parsed),
            ):
                notebook = read.read_myst_markdown_notebook(
                    text,
                    self.config,
                    add_source_map=True,
                    path=str(self.root / path),
                )
        # What stops the reader, whatever it is, would stop the build too.
        except Exception as error:
            line = re.search(r"at line (\d+)", str(error))
            said = str(error).partition("\n")[0]
            at = int(line[1]) if line else 1
            raise TangleError(path, at, said) from None
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        lines = text.split("\n")
        if len(code) != len(fences):
            message = "the cells of this page are not read as they stand there"
            raise TangleError(path, fences[0].line, message)
        both = list(zip(code, fences, strict=True))
        cells = tuple(
            self.tangled(cell, path, lines, fence, index)
            for index, (cell, fence) in enumerate(both)
            if "tangle" in cell.metadata
        )
        off = self.settings.line_that_excludes(path)
        if cells and off:
            message = f"{path} has tangled cells, which are not run by this"
            raise TangleError(contents.SETTINGS, off, message)
        sources = tuple((cell.source, fence.line + 1) for cell, fence in both)
        return Chapter(name, path, cells, notebook, sources)

    def check_front(self, path: str, text: str, first: _Fence) -> None:
        """Refuse a page that is no notebook, or isn't run."""
        from myst_nb.core import read

        front = re.match(r"---\n(.*?)^(---|\.\.\.)\s*$", text, re.S | re.M)
        node = contents.read_yaml(front[1], path, 2) if front else None
        for name, row in contents.unmade(node):
            message = f"`{name}` has no value that YAML knows"
            self.problem(path, row + 2, message)
        for keys in (
            ("kernelspec",),
            ("jupytext",),
            ("jupytext", "text_representation"),
            ("mystnb",),
        ):
            value, row = contents.get(node, *keys)
            if value is not None and not contents.is_kind(value, "map"):
                message = f"`{keys[-1]}` holds settings: write `key: value`"
                self.problem(path, row + 2, f"{message} below it")
        value, row = contents.get(node, "kernelspec", "name")
        if value is not None and not contents.is_kind(value, "str"):
            self.problem(path, row + 2, "the `name` of a kernel is a word")
        mode, row = contents.get(node, "mystnb", "execution_mode")
        if mode is not None and not contents.runs(mode):
            message = "cells that aren't run can't be tangled: drop this line"
            self.problem(path, row + 2, message)
        try:
            if read.is_myst_markdown_notebook(text):
                return
        except (AttributeError, TypeError, ValueError):
            pass  # of a page whose front matter was refused above
        message = (
            "the page is not a notebook, so its code is never run: begin it"
            " with the front matter `file_format: mystnb`"
        )
        self.problem(path, first.line, message)

    def check_fence(self, path: str, fence: _Fence) -> None:
        """Refuse a cell that not all readers find, or options they forget."""
        if fence.nested:
            message = (
                "some readers run a code cell inside a directive, list, quote"
                " or HTML block, others do not: move it out, to a fence of"
                " backticks (exercises and solutions have a gated form)"
            )
            self.problem(path, fence.line, message)
        elif not fence.info.startswith("{code-cell}"):
            message = "write ```{code-cell} exactly so: else it is ignored"
            self.problem(path, fence.line, message)
        given = list(_options(path, fence))
        rows = {row for _, _, row in given}
        for row, text in enumerate(fence.content.split("\n"), fence.line + 1):
            if text.startswith((":tangle:", ":after:")) and row not in rows:
                message = "options stand at the top of a cell, without a gap"
                self.problem(path, row, message)
        lines: dict[str, int] = {}
        for name, value, row in given:
            if name in lines:
                message = (
                    f"`:{name}:` stands at line {lines[name]} already, and"
                    " only one of them would count"
                )
                self.problem(path, row, message)
            lines[name] = row
            if name not in OPTIONS:
                for meant in get_close_matches(name.lower(), OPTIONS, 1, 0.75):
                    message = f"`:{name}:` is ignored: write `:{meant}:`"
                    self.problem(path, row, message)
            is_list = contents.is_kind(value, "seq") and all(
                contents.is_kind(one, "str") for one in value.value
            )
            is_word = contents.is_kind(value, "str")
            if name == "after" and not (is_list or is_word):
                message = (
                    "say behind which definition it goes: `:after: Value.tanh`"
                )
                self.problem(path, row, message)
            if name == "load":
                file = (self.root / path).parent / str(value.value)
                if not file.is_file():
                    self.problem(path, row, f"there is no file {value.value}")
            if name == "tags" and not is_list:
                message = "tags are a list: write `:tags: [hide-input]`"
                self.problem(path, row, message)
        if "after" in lines and "tangle" not in lines:
            message = "only what is tangled has a place in a file"
            self.problem(path, lines["after"], message)

    def refuse_tangled_notebook(self, path: str) -> None:
        """Refuse cells that nobody looks for."""
        try:
            notebook = json.loads(contents.read(self.root, path))
            cells = notebook.get("cells", ())
            tangled = any("tangle" in cell["metadata"] for cell in cells)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self.problem(path, 1, f"is not a notebook: {error!r}")
            return
        if tangled:
            message = (
                "only pages of Markdown are tangled: make it one, or drop"
                " `tangle` from its cells"
            )
            self.problem(path, 1, message)

    def tangled(
        self, cell: Any, path: str, lines: list[str], fence: _Fence, index: int
    ) -> Cell:
        """Return a notebook's cell with its place among a page's lines."""
        target = cell.metadata["tangle"]
        words = re.findall(r"\w+", str(target))
        if not TARGET.fullmatch(str(target)) or any(map(iskeyword, words)):
            message = (
                f"`:tangle: {target}` is not a module in micrograd/: write"
                " one such as `:tangle: micrograd/engine.py`"
            )
            self.problem(path, fence.line, message)
        for tag in UNRUN:
            if tag in (cell.metadata.get("tags") or ()):
                message = (
                    f"a cell tagged `{tag}` shows code that may not work,"
                    " which cannot go into the library: drop the tag, or"
                    " `:tangle:`"
                )
                self.problem(path, fence.line, message)
        # myst-nb may drop the blank lines at the end, so both are left out.
        code = _without_blank_end(cell.source.split("\n"))
        last = fence.end_line - 1
        while last and not lines[last - 1].strip():
            last -= 1
        first = last - len(code)
        if code and code != lines[first:last]:
            message = (
                "the cell is not read as it stands on the page: fence it from"
                " the first column to a closing fence, without `:load:` and"
                " unusual line breaks"
            )
            self.problem(path, fence.line, message)
        return Cell(
            target,
            "\n".join(code),
            path,
            first + 1,
            index,
            named_after(cell.metadata),
        )

    def problem(self, path: str, line: int, message: str) -> None:
        self.problems.append(TangleError(path, line, message))

    def fences(
        self, text: str, first: int = 1, nested: bool = False
    ) -> Iterator[_Fence]:
        """Find every code cell in Markdown that begins at line ``first``."""
        tokens = self.parser.parse(text + "\n")
        if first == 1:
            self.tokens: list[Any] = tokens  # of the whole page
        for token in tokens:
            if not token.map:
                continue
            line, end_line = first + token.map[0], first + token.map[1] - 1
            if token.type == "html_block":
                is_comment = token.content.startswith("<!--")
                for found in CELL_IN_HTML.finditer(token.content):
                    below = token.content[: found.start()].count("\n")
                    if not is_comment:
                        yield _Fence(line + below, end_line, True, "", "")
            elif token.type in ("fence", "colon_fence"):
                directive = DIRECTIVE.match(token.info.strip())
                name = directive[1].lower() if directive else ""
                if get_close_matches(name, ["code-cell"], cutoff=0.9):
                    # The reader takes no other fences than these.
                    inner = nested or token.level > 0 or token.type != "fence"
                    yield _Fence(
                        line, end_line, inner, token.info, token.content
                    )
                elif directive and directive[1] not in LITERAL:
                    yield from self.fences(token.content, line + 1, True)


def _options(path: str, fence: _Fence) -> Iterator[tuple[str, Any, int]]:
    """Yield the options of a cell: name, value, and line of the page."""
    rows = fence.content.split("\n")
    first = fence.line + 1
    if rows[0].startswith("---"):
        ends = (n for n, row in enumerate(rows[1:]) if row.startswith("---"))
        rows = rows[1 : next(ends, len(rows)) + 1]
        first += 1
    else:
        options = takewhile(lambda row: row.lstrip().startswith(":"), rows)
        rows = [row.lstrip()[1:] for row in options]
    node = contents.read_yaml("\n".join(rows), path, first)
    for key, _ in getattr(node, "value", ()):
        if not contents.is_kind(key, "str"):
            message = "an option has a name: write `:tags: [hide-input]`"
            raise TangleError(path, first + key.start_mark.line, message)
    for name, row in contents.unmade(node):
        message = f"`:{name}:` has no value that YAML knows"
        raise TangleError(path, first + row, message)
    for name, value, row in contents.pairs(node):
        yield name, value, first + row


def _without_blank_end(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]
