"""Take edits of the package back into the cells that they come from.

The definitions of a file as it was tangled are paired with those that it has
now, and the lines of each pair are compared: a changed line goes to the page
that it is from, a new one to that of the lines around it. The pages that come
out are tangled, apart from the book, and nothing is written unless they give
the edited package to the byte.
"""

from __future__ import annotations

import ast
import io
import re
import shutil
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory

from tangle.cells import take_apart
from tangle.chapters import Cell, Chapter, read_chapters
from tangle.contents import CONTENTS, SETTINGS, listed_pages
from tangle.disk import (
    UNFINISHED,
    digest,
    drift,
    last_tangled,
    remember,
    strangers,
)
from tangle.errors import TangleError, raise_all
from tangle.imports import Source
from tangle.items import Item, Piece
from tangle.modules import Module
from tangle.package import Package, Stage, put_together
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
    pages = _Pages(root, chapters)
    with TemporaryDirectory() as folder:
        renamed = _renamed(tangled.package, texts, chapters)
        if renamed:
            said = "\n".join(texts.values())
            for cell in pages.cells:
                for name, other in renamed.items():
                    pages.rename(cell, name, other, not _says(name, said))
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
    gone = names.union(renamed) - _identifiers(texts.values())
    pages.write()
    remember(texts, root)
    return Stitched(pages.changed(), renamed, list(pages.saying(gone)))


def _problems(
    edits: Sequence[_Edit], stage: Stage, pages: _Pages, copy: Path
) -> list[TangleError]:
    """Return why the pages, now edited, don't give what was edited."""
    try:
        packages = validated(pages.read(copy), pages.root / KNOWN)
        *_, package = packages.values()
        return [
            edit.difference(module, stage, pages)
            for edit in edits
            for module in [package.files.get(edit.file, Module())]
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


def _renamed(
    package: Package, texts: Mapping[str, str], chapters: Iterable[Chapter]
) -> dict[str, str]:
    """Find the library's own names that have become others everywhere.

    What only a function calls so is its own affair.
    """
    old = {file: module.text for file, module in package.files.items()}
    before, after = _identifiers(old.values()), _identifiers(texts.values())
    became: dict[str, set[str]] = defaultdict(set)
    for file, text in texts.items():
        rows, new = old[file].split("\n"), text.split("\n")
        for i, i_end, j, j_end in _changes(rows, new):
            if i_end - i != j_end - j:
                continue
            for pair in zip(rows[i:i_end], new[j:j_end], strict=True):
                was, now = (re.findall(r"\w+", line) for line in pair)
                if len(was) == len(now):
                    for name, other in zip(was, now, strict=True):
                        if other in after - before:
                            became[name].add(other)
    ours = set(_given(old.values())) - after
    for definition in package.definitions:
        ours |= set(definition.name.split(".")) - after
    found = {
        name: other
        for name, (other, *more) in became.items()
        if name in ours and not more
    }
    others = list(found.values())
    found = {n: other for n, other in found.items() if others.count(other) < 2}
    for cell in (cell for chapter in chapters for cell in chapter.cells):
        for name in set(found.values()) & _identifiers([cell.source]):
            rows = cell.source.split("\n")
            row = next(n for n, row in enumerate(rows) if _says(name, row))
            file, at = next(
                (file, n)
                for file, text in texts.items()
                for n, line in enumerate(text.split("\n"), 1)
                if _says(name, line)
            )
            message = (
                f"`{name}` has a meaning in an earlier version, here, so"
                f" nothing can be renamed to it ({file}:{at}) in all chapters"
            )
            raise TangleError(cell.path, cell.line + row, message)
    return found


def _identifiers(texts: Iterable[str]) -> set[str]:
    """Return the names in code, those in strings aside."""
    return {
        part
        for text in texts
        for node in ast.walk(ast.parse(text))
        for key, value in ast.iter_fields(node)
        if key not in ("value", "kind", "type_comment")
        for name in (value if isinstance(value, list) else [value])
        if isinstance(name, str)
        for part in name.split(".")
    }


def _given(texts: Iterable[str]) -> Iterator[str]:
    """Yield the names of parameters and of the attributes that are set."""
    for node in (node for text in texts for node in ast.walk(ast.parse(text))):
        match node:
            case ast.arg(name) | ast.Attribute(_, name, ast.Store()):
                yield name


def _says(name: str, line: str) -> bool:
    return re.search(rf"\b{name}\b", line) is not None


def _with_word(text: str, name: str, other: str) -> str:
    return re.sub(rf"\b{name}\b", other, text)


def _with_name(code: str, name: str, other: str) -> str:
    """Return code with a name become another, but for strings and comments."""
    starts = [0]
    for row in code.split("\n"):
        starts.append(starts[-1] + len(row) + 1)
    made, done = "", 0
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        text = token.string
        if token.type == tokenize.NAME and text == name:
            text = other
        # Up to Python 3.11, the names in it are no tokens.
        elif token.type == tokenize.STRING and "f" in text[:2].lower():
            text = re.sub(
                r"\{[^{}]*\}",
                lambda found: _with_word(found[0], name, other),
                text,
            )
        if text != token.string:
            made += code[done : starts[token.start[0] - 1] + token.start[1]]
            made += text
            done = starts[token.end[0] - 1] + token.end[1]
    return made + code[done:]


class _Pages:
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
            code = _with_word(code, name, other)
        else:
            code = _with_name(code, name, other)
        texts[first:last] = code.split("\n")
        above = first - 1
        while not texts[above].startswith(("```", "~~~")):
            if re.match(r"\s*:?after:", texts[above]):
                texts[above] = _with_word(texts[above], name, other)
            above -= 1
        lines[:] = map("".join, zip(texts, ends))

    def put_in(self) -> None:
        """Make the edits, and note where each line was."""
        for path, lines in self.lines.items():
            usual = lines[0][len(lines[0].rstrip("\r\n")) :] if lines else ""
            made: list[str] = []
            origins: list[int] = []
            for number, line in enumerate(lines, 1):
                text = line.rstrip("\r\n")
                end = line[len(text) :]
                texts = self.edits.get((path, number), [text])
                made += [f"{one}{end or usual}" for one in texts[:-1]]
                made += [f"{one}{end}" for one in texts[-1:]]
                origins += [number] * len(texts)
            self.lines[path], self.origins[path] = made, origins

    def was(self, source: Source) -> Source:
        """Where a line of the edited pages was before."""
        path, line = source
        origins = self.origins.get(path, ())
        return path, (origins[line - 1] if line <= len(origins) else line)

    def as_before(self, error: TangleError) -> list[TangleError]:
        """Tell what is wrong with the edited pages by the lines as before."""

        def place(found: re.Match[str]) -> str:
            return _place(self.was((found[1], int(found[2]))))

        return [
            TangleError(
                *self.was((one.path, one.line)),
                "with the edits of the package, "
                + re.sub(r"([\w./-]+\.md):(\d+)", place, one.message),
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
        places: dict[Path, str] = {}
        for path, lines in self.lines.items():
            if lines != self.old[path]:
                place = (self.root / path).resolve()
                places[place] = path
                if place.read_bytes() != "".join(self.old[path]).encode():
                    message = "has changed in the meantime: stitch again"
                    raise TangleError(path, 1, message)
        moved: list[Path] = []
        try:
            for place, path in places.items():
                _write_beside(place, self.lines[path])
            for place in places:
                _beside(place).replace(place)
                moved.append(place)
        except OSError:
            for place in moved:
                _write_beside(place, self.old[places[place]])
                _beside(place).replace(place)
            raise
        finally:
            for place in places:
                _beside(place).unlink(missing_ok=True)

    def changed(self) -> list[Source]:
        return [
            (path, j + 1)
            for path, lines in self.lines.items()
            if lines != self.old[path]
            for _, _, j, _ in _changes(self.old[path], lines)
        ]

    def saying(self, names: Iterable[str]) -> Iterator[tuple[Source, str]]:
        """Yield the lines that say one of some names."""
        for name in sorted(names):
            for path, lines in self.lines.items():
                for number, line in enumerate(lines, 1):
                    if _says(name, line):
                        yield (path, number), name


def _beside(place: Path) -> Path:
    return place.with_name(place.name + UNFINISHED)


def _write_beside(place: Path, lines: Iterable[str]) -> None:
    _beside(place).write_bytes("".join(lines).encode())
    shutil.copymode(place, _beside(place))


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


def _changes(
    old: Sequence[str], new: Sequence[str]
) -> list[tuple[int, int, int, int]]:
    """Return what differs: rows from 0 of the old, and of the new."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [
        (i, i_end, j, j_end)
        for tag, i, i_end, j, j_end in matcher.get_opcodes()
        if tag != "equal"
    ]


def _pairs(
    old: Sequence[_Block], new: Sequence[_Block]
) -> Iterator[tuple[Sequence[_Block], Sequence[_Block], int, int]]:
    """Match definitions by name, and as many others as stand in their place.

    Yields those that match, or those that are gone and that are new; and
    where they begin.
    """
    matcher = SequenceMatcher(
        None,
        [block.key for block in old],
        [block.key for block in new],
        autojunk=False,
    )
    for _, i, i_end, j, j_end in matcher.get_opcodes():
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
        matcher = SequenceMatcher(None, old, self.new, autojunk=False)
        known = [
            (j + n + 1, _place(source))
            for i, j, size in matcher.get_matching_blocks()
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

    def carry(self, module: Module, pages: _Pages) -> None:
        """Put what has changed into the pages."""
        self.module, self.pages = module, pages
        if self.text == module.text:
            return
        piece = _taken(self.file, module.text, self.head)
        old, new = (
            {one.said for one in some.imports} for some in (piece, self.piece)
        )
        self.imports_others = old != new
        before = _blocks(piece)
        for gone, come, i, _ in _pairs(before, _blocks(self.piece)):
            if len(gone) == len(come) == 1:
                self.carry_lines(gone[0], come[0])
                self.carry_members(gone[0], come[0], before[i + 1 : i + 2])
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
        for i, i_end, j, j_end in _changes(
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
        self, module: Module, stage: Stage, pages: _Pages
    ) -> TangleError:
        """Tell what tangling would make otherwise than it was edited.

        The places are those of ``stage``, which nobody has edited.
        """
        if not module.lines:
            message = "nothing of it would be left: drop its cells instead"
            return TangleError(self.file, 1, message)
        lines = module.text.split("\n")
        head = _head(module)
        there = _taken(self.file, module.text, head).imports
        here = self.piece.imports
        changes = [
            (
                {one.said for one in there if i < one.source[1] <= i_end}
                | {one.said for one in here if j < one.source[1] <= j_end},
                (i, i_end, j, j_end),
            )
            for i, i_end, j, j_end in _changes(lines, self.new)
        ]
        # The head, which says which pages there are, explains nothing; an
        # import may explain all.
        said, (i, i_end, j, j_end) = max(
            changes, key=lambda change: (bool(change[0]), change[1][0] >= head)
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
        at = " and ".join(map(_place, places)) or self.between(row)
        message = f"{why}; tangling would give {would} here ({at})"
        return TangleError(self.file, row, message)


def _place(source: Source) -> str:
    return "{}:{}".format(*source)
