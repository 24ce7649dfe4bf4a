"""The chapters' pages, with edits of the package put into their cells."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tangle.chapters import Cell, Chapter, read_chapters
from tangle.contents import CONTENTS, SETTINGS, listed_pages
from tangle.disk import replace_together
from tangle.errors import TangleError
from tangle.imports import Source
from tangle.lines import changes, place, says, with_name, with_word

NOT_OURS = (".", "_build", "__pycache__", "micrograd", "build", "dist")
TEXTS = (".md", ".py", ".js", ".toml", ".yml")


class Pages:
    """The chapters' pages, and what is to stand where a line stands."""

    def __init__(self, root: Path, chapters: Sequence[Chapter]) -> None:
        self.root = root
        self.cells = [cell for chapter in chapters for cell in chapter.cells]
        self.cell_of = {
            (cell.path, cell.line + row): cell
            for cell in self.cells
            for row in range(cell.source.count("\n") + 1)
        }
        self.lines: dict[str, list[str]] = {}
        for chapter in chapters:
            page = (root / chapter.path).read_bytes().decode("utf-8")
            # Lines as the chapters' reader counts them, with their ends.
            self.lines[chapter.path] = list(io.StringIO(page, newline=""))
        self.old = {path: list(lines) for path, lines in self.lines.items()}
        self.origins: dict[str, list[int]] = {}
        self.edits: dict[Source, list[str]] = {}

    def text(self, source: Source) -> str:
        path, line = source
        return self.lines[path][line - 1].rstrip("\r\n")

    def at(self, source: Source) -> list[str]:
        """The lines that are to stand where one stands, to be changed."""
        return self.edits.setdefault(source, [self.text(source)])

    def adjoin(self, above: Source, below: Source) -> bool:
        """Whether only blank lines of one cell are between two lines."""
        path, line = above
        between = range(line + 1, below[1])
        return (
            self.cell_of[above] is self.cell_of[below]
            and line < below[1]
            and not any(self.text((path, n)).strip() for n in between)
        )

    def drop(self, first: Source, last: Source) -> None:
        """Take lines out, and the blank ones that set them off."""
        path, cell = first[0], self.cell_of[first]
        end = cell.line + cell.source.count("\n")
        up, down = first[1] - 1, last[1] + 1
        while up >= cell.line and not self.text((path, up)).strip():
            up -= 1
        # Those above, or below what the cell begins with.
        if up >= cell.line and up < first[1] - 1:
            down = last[1] + 1
        else:
            up = first[1] - 1
            while down <= end and not self.text((path, down)).strip():
                down += 1
        for line in range(up + 1, down):
            self.edits[path, line] = []

    def rename(
        self, cell: Cell, name: str, other: str, in_strings: bool
    ) -> None:
        """Give a thing another name in a cell, and in what it goes after.

        Also in strings and comments, if the package has kept it in none.
        """
        first = cell.line - 1
        last = first + cell.source.count("\n") + 1
        lines = self.lines[cell.path]
        texts = [line.rstrip("\r\n") for line in lines]
        ends = [line[len(text) :] for line, text in zip(lines, texts)]
        code = "\n".join(texts[first:last])
        if in_strings:
            code = with_word(code, name, other)
        else:
            code = with_name(code, name, other)
        texts[first:last] = code.split("\n")
        above = first - 1
        while not texts[above].startswith(("```", "~~~")):
            if re.match(r"\s*:?after:", texts[above]):
                texts[above] = with_word(texts[above], name, other)
            above -= 1
        lines[:] = map("".join, zip(texts, ends))

    def put_in(self) -> None:
        """Make the edits, and note where each line was."""
        for path, lines in self.lines.items():
            made: list[str] = []
            origins: list[int] = []
            for number, line in enumerate(lines, 1):
                text = line.rstrip("\r\n")
                end = line[len(text) :]
                texts = self.edits.get((path, number), [text])
                made += [f"{one}{end}" for one in texts]
                origins += [number] * len(texts)
            self.lines[path], self.origins[path] = made, origins

    def was(self, source: Source) -> Source:
        """Where a line of the edited pages was before."""
        path, line = source
        if path in self.origins:
            return path, self.origins[path][line - 1]
        return source

    def as_before(self, error: TangleError) -> list[TangleError]:
        """Tell what is wrong with the edited pages by the lines as before."""

        def as_it_was(found: re.Match[str]) -> str:
            return place(self.was((found[1], int(found[2]))))

        return [
            TangleError(
                *self.was((one.path, one.line)),
                "with the edits of the package, "
                + re.sub(r"([\w./-]+\.md):(\d+)", as_it_was, one.message),
            )
            for one in (error, *error.also)
        ]

    def read(self, copy: Path) -> list[Chapter]:
        """Read the chapters as they would be, from a folder of their own."""
        listed = [path for path, _ in listed_pages(self.root, [])]
        for path in (CONTENTS, SETTINGS, *listed):
            there = copy / path
            there.parent.mkdir(parents=True, exist_ok=True)
            if path in self.lines:
                there.write_bytes("".join(self.lines[path]).encode())
            elif (self.root / path).exists():
                shutil.copyfile(self.root / path, there)
        return read_chapters(copy)

    def write(self) -> None:
        """Write the changed pages beside their places, and move them there.

        OSError, and all is as it was, if one can't be.
        """
        changes: dict[Path, tuple[bytes | None, bytes | None]] = {}
        for path, lines in self.lines.items():
            if lines != self.old[path]:
                place = (self.root / path).resolve()
                old, new = (
                    "".join(x).encode() for x in (self.old[path], lines)
                )
                if place.read_bytes() != old:
                    message = "has changed in the meantime: stitch again"
                    raise TangleError(path, 1, message)
                changes[place] = old, new
        replace_together(changes)

    def changed(self) -> list[Source]:
        return [
            (path, j + 1)
            for path, lines in self.lines.items()
            if lines != self.old[path]
            for _, _, j, _ in changes(self.old[path], lines)
        ]

    def saying(self, names: Iterable[str]) -> Iterator[tuple[Source, str]]:
        """Yield the lines that say one of some names, also of tools."""
        found = dict(self.lines)
        for folder, inner, files in os.walk(self.root):
            inner[:] = sorted(n for n in inner if not n.startswith(NOT_OURS))
            for name in sorted(files):
                path = Path(folder, name).relative_to(self.root).as_posix()
                if path not in found and name.endswith(TEXTS):
                    text = (self.root / path).read_text("utf-8", "replace")
                    found[path] = text.split("\n")
        for name in sorted(names):
            for path, lines in found.items():
                for number, line in enumerate(lines, 1):
                    if says(name, line):
                        yield (path, number), name
