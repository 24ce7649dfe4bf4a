"""Take edits of the package back into the cells that they come from.

The definitions of a file as it was tangled are paired with those that it has
now, and the lines of each pair are compared: a changed line goes to the page
that it is from, a new one to that of the lines around it. The pages that come
out are tangled, apart from the book, and nothing is written unless they give
the edited package to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory

from tangle.cells import take_apart
from tangle.chapters import Cell, Chapter, read_chapters
from tangle.disk import (
    digest,
    drift,
    last_tangled,
    remember_tangled,
    strangers,
)
from tangle.edited_pages import Pages
from tangle.errors import TangleError, raise_all
from tangle.imports import Source
from tangle.items import Item, Piece
from tangle.lines import changes, matcher, place, says
from tangle.modules import Module
from tangle.package import Package, Stage, put_together
from tangle.renames import identifiers, renames
from tangle.validation import KNOWN, validated


@dataclass(frozen=True)
class Stitched:
    """What became of the chapters; lines are those of the new pages."""

    changed: Sequence[Source] = ()
    """Where each change begins."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Names that are others now in every chapter's tangled cells."""
    left: Sequence[tuple[Source, str]] = ()
    """Lines that say a name which the library has no more."""


def stitch(root: Path) -> Stitched:
    """Have the chapters say what the package says.

    Raises TangleError or OSError, and all is as it was, if they can't.
    """
    chapters = read_chapters(root)
    tangled = _last(chapters)
    texts = _edited(tangled.package, root)
    files = tangled.package.files
    if all(files[file].text == text for file, text in texts.items()):
        return Stitched()
    known = last_tangled(root)
    for file, module in files.items():
        if known.get(file, now := digest(module.text.encode())) != now:
            message = (
                "a chapter has changed since this file was tangled, so what"
                " was edited here isn't known: put your edits aside (git"
                " stash), say `make tangle`, and edit again"
            )
            raise TangleError(file, 1, message)
    edits = [
        _Edit(file, module, texts[file])
        for file, module in files.items()
        if any(line.source for line in module.lines)
    ]
    raise_all(problem for edit in edits for problem in edit.problems)
    pages = Pages(root, chapters)
    with TemporaryDirectory() as folder:
        renamed = renames(tangled.package, texts, chapters)
        if renamed:
            said = "\n".join(texts.values())
            for cell in pages.cells:
                for name, other in renamed.items():
                    pages.rename(cell, name, other, not says(name, said))
            files = _last(pages.read(Path(folder))).package.files
        for edit in edits:
            edit.carry(files[edit.file], pages)
        raise_all(problem for edit in edits for problem in edit.problems)
        pages.put_in()
        raise_all(_problems(edits, tangled, pages, Path(folder)))
    names = {
        name
        for definition in tangled.package.definitions
        for name in definition.name.split(".")
    }
    gone = names.union(renamed) - identifiers(texts.values())
    pages.write()
    remember_tangled(texts, root)
    return Stitched(pages.changed(), renamed, list(pages.saying(gone)))


def _problems(
    edits: Sequence[_Edit], stage: Stage, pages: Pages, copy: Path
) -> list[TangleError]:
    """Return why the pages, now edited, don't give what was edited."""
    try:
        packages = validated(pages.read(copy), pages.root / KNOWN)
        *_, package = packages.values()
        return [
            edit.difference(module, stage, pages)
            for edit in edits
            for module in [package.files[edit.file]]
            if module.text != edit.text
        ]
    except TangleError as error:
        # What is imported otherwise may be why.
        return [
            edit.difference(edit.module, stage, pages)
            for edit in edits
            if edit.imports_others
        ] + pages.as_before(error)


def _last(chapters: Sequence[Chapter]) -> Stage:
    *_, last = put_together(chapters)
    return last


def _edited(package: Package, root: Path) -> dict[str, str]:
    """Return the files of the package as they are on the disk."""
    problems = [
        TangleError(
            file, 1, "no chapter has written it: move it, or tangle it"
        )
        for file in strangers(package, root)
    ]
    texts = {file: module.text for file, module in package.files.items()}
    for file, (there, wanted) in drift(package, root).items():
        message = ""
        if wanted is None:
            message = "no chapter writes it any more: move it, or tangle it"
        elif there is None:
            message = "is not there, and no cell can say so: drop its cells"
        elif not any(line.source for line in package.files[file].lines):
            message = "no cell goes to this file: give one a `:tangle:`"
        elif b"\r" in there or not there.endswith(b"\n"):
            message = "end each line with a line feed, as the tangler does"
        else:
            try:
                texts[file] = there.decode("utf-8")
            except UnicodeDecodeError as error:
                message = f"is not UTF-8 text: {error}"
        if message:
            problems.append(TangleError(file, 1, message))
    raise_all(problems)
    return texts


@dataclass(frozen=True)
class _Block:
    """A definition's rows in a file, comments included; of a class its head"""

    key: str
    first: int
    last: int
    members: tuple[_Block, ...]


def _block(item: Item) -> _Block:
    rows = [line.source[1] for line in item.lines if line.source]
    members = tuple(map(_block, item.members))
    return _Block(item.key or f" {item.kind}", rows[0], rows[-1], members)


def _head(module: Module) -> int:
    """Return how many lines say where to edit."""
    lines = takewhile(lambda line: line.text and not line.source, module.lines)
    return len(list(lines))


def _taken(file: str, text: str, head: int) -> Piece:
    """Take a whole file apart, as if it were one cell, without its head."""
    rows = text.split("\n")
    while head and not rows[head - 1].startswith("#"):
        head -= 1
    code = "\n".join([""] * head + rows[head:])
    return take_apart(Cell(file, code, file, 1, 0), 0)


def _blocks(piece: Piece) -> list[_Block]:
    items = [piece.docstring] if piece.docstring else []
    return [_block(item) for item in (*items, *piece.items)]


def _pairs(
    old: Sequence[_Block], new: Sequence[_Block]
) -> Iterator[tuple[Sequence[_Block], Sequence[_Block], int, int]]:
    """Match definitions by name, and as many others as stand in their place.

    Yields those that match, or those that are gone and that are new; and
    where they begin.
    """
    keys = ([block.key for block in blocks] for blocks in (old, new))
    for _, i, i_end, j, j_end in matcher(*keys).get_opcodes():
        if i_end - i == j_end - j:
            for n in range(i_end - i):
                one, other = i + n, j + n
                yield old[one : one + 1], new[other : other + 1], one, other
        else:
            yield old[i:i_end], new[j:j_end], i, j


class _Edit:
    """A file of the package, and how it was edited; rows are from 1."""

    def __init__(self, file: str, module: Module, text: str) -> None:
        self.file = file
        self.module = module
        self.text = text
        self.new = text.split("\n")
        self.head = _head(module)
        self.problems: list[TangleError] = []
        self.imports_others = False
        try:
            self.piece = _taken(file, text, self.head)
        except TangleError as error:
            for one in (error, *error.also):
                self.refuse(one.line, one.message)

    def refuse(self, row: int, message: str) -> None:
        """Note what is wrong with a row, and which lines are around it."""
        message = f"{message} ({self.between(row)})"
        self.problems.append(TangleError(self.file, row, message))

    def between(self, row: int) -> str:
        """Say which lines of the chapters are around a row."""
        old = [line.text for line in self.module.lines]
        blocks = matcher(old, self.new).get_matching_blocks()
        known = [
            (j + n + 1, place(source))
            for i, j, size in blocks
            for n in range(size)
            for source in self.sources(i + n + 1, i + n + 1)
        ]
        above = [f"after {place}" for at, place in known if at < row]
        below = [f"before {place}" for at, place in known if at > row]
        return " and ".join(above[-1:] + below[:1])

    def sources(self, first: int, last: int) -> list[Source]:
        """Where rows come from, those that come from nowhere aside."""
        lines = self.module.lines[first - 1 : last]
        return [line.source for line in lines if line.source]

    def carry(self, module: Module, pages: Pages) -> None:
        """Put what has changed into the pages."""
        self.module, self.pages = module, pages
        piece = _taken(self.file, module.text, self.head)
        old, new = (
            {one.said for one in some.imports} for some in (piece, self.piece)
        )
        self.imports_others = old != new
        before = _blocks(piece)
        for gone, come, i, _ in _pairs(before, _blocks(self.piece)):
            if len(gone) == len(come) == 1:
                self.carry_lines(gone[0], come[0])
                self.carry_members(gone[0], come[0], before[i + 1 :])
                continue
            for block in gone:
                self.drop(block)
            for block in come:
                message = (
                    f"`{block.key}` is new here, and no one cell is its home:"
                    " write it in the chapter that teaches it"
                )
                self.refuse(block.first, message)

    def carry_lines(self, old: _Block, new: _Block) -> None:
        """Put the changed lines of a definition where they come from."""
        rows = [line.text for line in self.module.lines]
        for i, i_end, j, j_end in changes(
            rows[old.first - 1 : old.last], self.new[new.first - 1 : new.last]
        ):
            first, last = old.first + i, old.first + i_end - 1
            texts = self.new[new.first - 1 + j : new.first - 1 + j_end]
            sources = self.sources(first, last)
            if len(texts) == len(sources) == i_end - i:
                for source, text in zip(sources, texts, strict=True):
                    self.pages.edits[source] = [text]
                continue
            for source in sources:
                self.pages.edits[source] = []
            above = self.sources(first - 1, first - 1) if i else []
            below = self.sources(first, first) if first <= old.last else []
            if texts:
                around = sources or above + below
                self.insert(new.first + j, texts, around, not above)

    def carry_members(
        self, old: _Block, new: _Block, following: Sequence[_Block]
    ) -> None:
        """Put the changed members of a class where they come from."""
        for gone, come, i, j in _pairs(old.members, new.members):
            if len(gone) == len(come) == 1:
                self.carry_lines(gone[0], come[0])
                continue
            for block in gone:
                self.drop(block)
            if not come:
                continue
            above = [old, *old.members][i]
            end = [new, *new.members][j].last
            around = self.sources(above.last, above.last)
            for block in gone or [*old.members[i:], *following][:1]:
                around += self.sources(block.first, block.first)
            texts = self.new[end : come[-1].last]
            self.insert(come[0].first, texts, around, False)

    def insert(
        self,
        row: int,
        texts: Sequence[str],
        around: Sequence[Source],
        before: bool,
    ) -> None:
        """Put new lines after, or before, the first of those around them."""
        pages = self.pages
        if not around or not all(map(pages.adjoin, around[:-1], around[1:])):
            message = "no one cell is the home of this: write it in a chapter"
            self.refuse(row, message)
        elif before:
            pages.at(around[0])[:0] = texts
        else:
            pages.at(around[0]).extend(texts)

    def drop(self, block: _Block) -> None:
        """Take a definition out, with its members."""
        run: list[Source] = []
        for source in [*self.sources(block.first, block.last), None]:
            if run and (not source or not self.pages.adjoin(run[-1], source)):
                self.pages.drop(run[0], run[-1])
                run = []
            run += [source] if source else []
        for member in block.members:
            self.drop(member)

    def difference(
        self, module: Module, stage: Stage, pages: Pages
    ) -> TangleError:
        """Tell what tangling would make otherwise than it was edited.

        The places are those of ``stage``, which nobody has edited.
        """
        lines = module.text.split("\n")
        head = _head(module)
        there = _taken(self.file, module.text, head).imports
        here = self.piece.imports
        different = [
            (
                {one.said for one in there if i < one.source[1] <= i_end}
                | {one.said for one in here if j < one.source[1] <= j_end},
                (i, i_end, j, j_end),
            )
            for i, i_end, j, j_end in changes(lines, self.new)
        ]
        # The head, which says which pages there are, explains nothing; an
        # import may explain all.
        said, (i, i_end, j, j_end) = max(
            different,
            key=lambda change: (bool(change[0]), change[1][0] >= head),
        )
        row = min(j + 1, len(self.new) - 1)
        would = "\n".join(lines[i:i_end])
        places: list[Source] = []
        if said:
            why = (
                "imports come from all the cells, sorted, and without those"
                " that nothing uses: edit them there"
            )
            cells = stage.imports.get(self.file, ())
            places = sorted({one.source for one in cells if one.said in said})
        elif i < head:
            why = "the head, with the chapters to edit, is made by tangling"
        elif not (would + "".join(self.new[j:j_end])).strip():
            why = "blank lines between definitions are laid out by tangling"
        else:
            why = "other lines of the chapters make it otherwise"
            source = module.source(i + 1) if would.strip() else None
            places = [pages.was(source)] if source else []
        first = would.strip().partition("\n")[0]
        would = f"`{first}`" if first else "nothing"
        at = " and ".join(map(place, places)) or self.between(row)
        message = f"{why}; tangling would give {would} here ({at})"
        return TangleError(self.file, row, message)
