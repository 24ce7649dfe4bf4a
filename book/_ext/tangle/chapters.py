"""Read the chapters: the listed pages and their tangled cells.

Cells are read with myst-nb's own reader, so that the code that is tangled is
the code that is executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from nbformat import NotebookNode

TARGET = re.compile(r"micrograd(/[A-Za-z_]\w*)+\.py", re.ASCII)
UNRUN = ("skip-execution", "raises-exception")

# What Jupyter Book enables when _config.yml says nothing else.
EXTENSIONS = [
    "colon_fence",
    "dollarmath",
    "linkify",
    "substitution",
    "tasklist",
]

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


class TangleError(Exception):
    """Something wrong at a line of a page, and what to do instead.

    Several may be raised as one: ``also`` holds those after the first.
    """

    def __init__(self, path: str, line: int, message: str) -> None:
        super().__init__(path, line, message)
        self.path = path
        self.line = line
        self.message = message
        self.also: tuple[TangleError, ...] = ()

    def __str__(self) -> str:
        return "\n".join(
            f"{error.path}:{error.line}: {error.message}"
            for error in (self, *self.also)
        )


def raise_all(problems: list[TangleError]) -> None:
    """Raise the problems as one error, if there are any."""
    if problems:
        first, *rest = problems
        first.also = tuple(rest)
        raise first


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


@dataclass(frozen=True)
class Chapter:
    """A page of the book; its name is the stem of its file."""

    name: str
    path: str
    cells: tuple[Cell, ...]
    """The tangled cells only, in page order."""
    notebook: NotebookNode | None = field(default=None, compare=False)
    """All its cells, as myst-nb reads them, if any is of code."""


def page_name(docname: str) -> str:
    """``book/06-backward`` is the page named ``06-backward``."""
    return docname.rsplit("/", 1)[-1]


@cache
def chapter_number(page: str) -> int | None:
    """``book/06-backward`` is chapter 6, and so is ``06-backward``."""
    number = re.match(r"(\d\d)-", page_name(page))
    return int(number[1]) if number else None


def read_chapters(root: Path) -> list[Chapter]:
    """Return the Markdown pages of ``_toc.yml``, in its order.

    Raises TangleError for all that is wrong with the pages, told together.
    """
    problems: list[TangleError] = []
    reader = _Reader(root, problems)
    chapters: list[Chapter] = []
    first_of_stem: dict[str, str] = {}
    for path, line in _listed_pages(root, problems):
        stem = Path(path).stem
        if stem in first_of_stem:
            message = (
                f"{path} and {first_of_stem[stem]} would be chapters of one"
                " name: rename one"
            )
            problems.append(TangleError("_toc.yml", line, message))
        first_of_stem[stem] = path
        chapters.append(reader.chapter(stem, path))
    listed = {chapter.path for chapter in chapters}
    for page in sorted((root / "book").rglob("*.md")):
        path = page.relative_to(root).as_posix()
        if path in listed or re.search(r"(^|/)[._]", path):
            continue
        if "tangle:" in page.read_text("utf-8", errors="replace"):
            for cell in reader.chapter(page.stem, path).cells:
                message = (
                    "this page is not in _toc.yml, so its place in the library"
                    " is unknown: list it, or drop `:tangle:`"
                )
                problems.append(TangleError(path, cell.line, message))
    raise_all(problems)
    return chapters


def _listed_pages(
    root: Path, problems: list[TangleError]
) -> Iterator[tuple[str, int]]:
    """Yield the Markdown pages that are listed, and the line that does it."""
    import yaml  # type: ignore[import-untyped, unused-ignore]

    def entries(node: Any) -> Iterator[tuple[str, int]]:
        if isinstance(node, yaml.SequenceNode):
            for child in node.value:
                yield from entries(child)
        elif isinstance(node, yaml.MappingNode):
            # A page comes before its sections, whichever was written first.
            for key, value in sorted(
                node.value,
                key=lambda pair: pair[0].value not in ("root", "file"),
            ):
                if key.value in ("root", "file"):
                    yield value.value, value.start_mark.line + 1
                else:
                    yield from entries(value)

    try:
        contents = yaml.compose((root / "_toc.yml").read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise TangleError("_toc.yml", 1, f"cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise TangleError("_toc.yml", line, f"is not YAML: {error}") from None
    for entry, line in entries(contents):
        names = (entry + suffix for suffix in ("", ".md", ".ipynb", ".rst"))
        path = next((name for name in names if (root / name).is_file()), None)
        if path is None:
            message = f"no such page: {entry}.md; write it, or drop the entry"
            problems.append(TangleError("_toc.yml", line, message))
        elif path.endswith(".md"):
            yield path, line


class _Fence(NamedTuple):
    """A code cell as it stands on the page: lines from 1, fences included."""

    line: int
    end_line: int
    nested: bool


class _Reader:
    """Reads pages as the build will, under the book's settings."""

    def __init__(self, root: Path, problems: list[TangleError]) -> None:
        from markdown_it.renderer import RendererHTML
        from myst_parser.config.main import MdParserConfig
        from myst_parser.parsers.mdit import create_md_parser

        self.root = root
        self.problems = problems
        self.config = MdParserConfig(enable_extensions=_extensions(root))
        blocks = replace(self.config, disable_syntax=["inline"])
        self.parser = create_md_parser(blocks, RendererHTML)

    def chapter(self, name: str, path: str) -> Chapter:
        """Read a page; note what is wrong with it."""
        nothing = Chapter(name, path, ())
        from myst_nb.core import read

        try:
            text = (self.root / path).read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            self.problem(path, 1, f"is not UTF-8 text: {error}")
            return nothing
        fences = list(self.fences(text)) if "{code-cell}" in text else []
        if not fences:
            return nothing
        for fence in fences:
            if fence.nested:
                message = (
                    "some readers run a code cell inside a directive, list,"
                    " quote or HTML block, others do not: move it out, to a"
                    " fence of backticks (exercises and solutions have a gated"
                    " form)"
                )
                self.problem(path, fence.line, message)
        if not read.is_myst_markdown_notebook(text):
            message = (
                "the page is not a notebook, so its code is never run: begin"
                " it with the front matter `file_format: mystnb`"
            )
            self.problem(path, fences[0].line, message)
            return nothing
        try:
            notebook = read.read_myst_markdown_notebook(
                text,
                self.config,
                add_source_map=True,
                path=str(self.root / path),
            )
        # What stops the reader, whatever it is, would stop the build too.
        except Exception as error:
            line = re.search(r"at line (\d+)", str(error))
            self.problem(path, int(line[1]) if line else 1, str(error))
            return nothing
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        places = [fence for fence in fences if not fence.nested]
        lines = text.split("\n")
        cells = tuple(
            self.tangled(cell, path, lines[: fence.end_line], fence, index)
            for index, (cell, fence) in enumerate(
                zip(code, places, strict=True)
            )
            if "tangle" in cell.metadata
        )
        return Chapter(name, path, cells, notebook)

    def tangled(
        self, cell: Any, path: str, above: list[str], fence: _Fence, index: int
    ) -> Cell:
        """Return a notebook's cell with its place on the page.

        ``above`` are the lines of the page up to the end of the cell.
        """
        target = cell.metadata["tangle"]
        if not isinstance(target, str) or not TARGET.fullmatch(target):
            message = (
                f"`:tangle: {target}` is not a Python file in micrograd/:"
                " write one such as `:tangle: micrograd/engine.py`"
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
        there = _without_blank_end(above[:-1])
        first = len(there) - len(code)
        if code and code != there[first:]:
            message = (
                "the cell is not read as it stands on the page: fence it from"
                " the first column to a closing fence, without `:load:` and"
                " unusual line breaks"
            )
            self.problem(path, fence.line, message)
        return Cell(target, "\n".join(code), path, first + 1, index)

    def problem(self, path: str, line: int, message: str) -> None:
        self.problems.append(TangleError(path, line, message))

    def fences(
        self, text: str, first: int = 1, nested: bool = False
    ) -> Iterator[_Fence]:
        """Find every code cell in Markdown that begins at line ``first``."""
        for token in self.parser.parse(text + "\n"):
            if not token.map:
                continue
            line, end_line = first + token.map[0], first + token.map[1] - 1
            if token.type == "html_block":
                is_comment = token.content.startswith("<!--")
                for found in CELL_IN_HTML.finditer(token.content):
                    below = token.content.count("\n", 0, found.start())
                    if not is_comment:
                        yield _Fence(line + below, end_line, True)
            elif token.type in ("fence", "colon_fence"):
                directive = DIRECTIVE.match(token.info.strip())
                if directive and directive[1] == "code-cell":
                    # The reader takes no other fences than these.
                    inner = nested or token.level > 0 or token.type != "fence"
                    yield _Fence(line, end_line, inner)
                elif directive and directive[1] not in LITERAL:
                    yield from self.fences(token.content, line + 1, True)


def _without_blank_end(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def _extensions(root: Path) -> set[str]:
    """Return the MyST extensions that ``_config.yml`` enables."""
    import yaml  # type: ignore[import-untyped, unused-ignore]

    file = root / "_config.yml"
    text = file.read_text("utf-8") if file.exists() else ""
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TangleError("_config.yml", 1, f"is not YAML: {error}") from None
    parse = (config or {}).get("parse") or {}
    return set(parse.get("myst_enable_extensions") or EXTENSIONS)
