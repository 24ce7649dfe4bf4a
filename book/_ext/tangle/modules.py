"""Put the cells of a file together as a module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from textwrap import wrap

from tangle import reopened
from tangle.cells import INDENT
from tangle.chapters import chapter_number
from tangle.effects import lost
from tangle.errors import TangleError, raise_all
from tangle.imports import BLANK, WIDTH, Import, Line, Source, lay_out, merge
from tangle.items import Item, Piece, owner, placed

HEADER = "# Tangled from "


@dataclass(frozen=True)
class Module:
    """A file of the library, each line with its source."""

    lines: tuple[Line, ...] = ()

    @property
    def text(self) -> str:
        return "".join(f"{line.text}\n" for line in self.lines)

    def source(self, number: int) -> Source | None:
        """Return where line ``number``, from 1, comes from.

        A line that comes from nowhere, the header or a blank one, answers
        for the next that does. IndexError if there is no such line.
        """
        if not 1 <= number <= len(self.lines):
            raise IndexError(number)
        following = (line.source for line in self.lines[number - 1 :])
        return next((source for source in following if source), None)


@dataclass
class Draft:
    """A module as far as its cells have been put together."""

    docstring: Item | None = None
    imports: list[Import] = field(default_factory=list)
    items: dict[str, Item] = field(default_factory=dict)
    """Its definitions, in order."""

    @property
    def postpones(self) -> bool:
        """Whether annotations are not read when a function is defined."""
        return any(
            one.origin == "__future__.annotations" for one in self.imports
        )

    @property
    def used(self) -> list[Import]:
        """The imports that something in the module needs."""
        names = {
            name
            for item in self.items.values()
            for part in (item, *item.members)
            for name in part.uses
        }
        merged = merge(self.imports)
        names.update(one.bound for one in merged if one.for_others)
        if any(one.typing and one.bound in names for one in merged):
            names.add("TYPE_CHECKING")
        return [one for one in merged if one.bound in names]

    def dropped_by(self, piece: Piece) -> Iterator[TangleError]:
        """Tell of classes that a cell replaces by ones that have less."""
        for item in piece.items:
            old = self.items.get(item.key)
            if old and old.kind == item.kind == "class":
                left = {member.key for member in item.members}
                gone = [x.key for x in old.members if x.key not in left]
                if gone:
                    message = (
                        f"`{item.key}` ({old.place}) is replaced, and has no"
                        f" {', '.join(gone)} any more: put `@reopen` above it"
                        " if it was to go on"
                    )
                    yield TangleError(item.cell.path, item.span[0], message)

    def add(self, piece: Piece, refused: Set[str] = frozenset()) -> None:
        """Add what one more cell holds.

        Nothing is said of names that other cells would have defined, had
        they not been ``refused``.

        Raises TangleError if the cell would mean something else in the module
        than it means in a notebook.
        """
        problems = list(self._late_features(piece))
        for item in piece.items:
            if item.kind == "reopened" and item.key not in refused:
                problems += reopened.why_not(item, self.items.get(item.key))
        problems = problems or list(self._misplaced(piece, refused))
        raise_all(problems)
        self.docstring = piece.docstring or self.docstring
        self.imports += piece.imports
        plain = []
        for item in piece.items:
            target = self.items.get(item.key)
            problems += self._lost(item)
            if item.kind != "reopened":
                plain.append(replace(item, gap=target.gap) if target else item)
                continue
            if target:
                self.items[item.key] = reopened.put_into(target, item)
        raise_all(problems)
        after = piece.cell.after_in("")
        if after:
            plain = list(placed(plain, self.items.values(), after))
            self.items.clear()
        self.items |= {item.key: item for item in plain}

    def _late_features(self, piece: Piece) -> Iterator[TangleError]:
        """Find features that would hold for cells before this one, too."""
        for one in piece.imports:
            if one.module == "__future__" and self.items:
                known = any(one.said == other.said for other in self.imports)
                if not known:
                    message = (
                        f"`{one.name}` would hold for the whole of"
                        f" {piece.cell.target}: import it in the first cell"
                        " of the file"
                    )
                    yield TangleError(*one.source, message)

    def _lost(self, item: Item) -> Iterator[TangleError]:
        """Find what would be lost with the definitions that are replaced."""
        target = self.items.get(item.key)
        if not target:
            return
        imports = {one.bound: one for one in self.imports}
        old = {one.key: one for one in target.members if one.key}
        if item.kind == "reopened":
            replaced = [(old.get(new.key), new) for new in item.members]
        else:
            replaced = [(one, item) for one in (target, *target.members)]
        ours = self.items.keys() | {owner(key) for key in old}
        for before, after in replaced:
            if before:
                yield from lost(before, after, ours, imports)

    def _misplaced(
        self, piece: Piece, refused: Set[str]
    ) -> Iterator[TangleError]:
        """Find places in the file that the cell names and aren't there."""
        bodies = {
            item.key: item.members
            for item in piece.items
            if item.kind == "reopened"
        }
        bodies[""] = tuple(x for x in piece.items if x.key not in bodies)
        for name in set(piece.cell.after) - refused:
            body, _, own = name.rpartition(".")
            there = {item.key for item in self.items.values()}
            if body:
                class_ = self.items.get(body)
                there = {x.key for x in class_.members} if class_ else set()
            message = ""
            if body not in bodies:
                message = f"this cell does not go on with a class `{body}`"
            elif own not in there:
                near = get_close_matches(own, sorted(there), cutoff=0.75)
                dot = f"{body}." if body else ""
                meant = f": did you mean `{dot}{near[0]}`?" if near else ""
                message = f"there is no such definition yet{meant}"
            elif {item.key for item in bodies[body]} <= there:
                message = "nothing here is new, so all stays where it is"
            if message:
                yield TangleError(
                    piece.cell.path,
                    piece.cell.line,
                    f"`:after: {name}`: {message}",
                )


def idle(draft: Draft, piece: Piece) -> Iterator[TangleError]:
    """Find a cell of imports alone, none of which its file would keep."""
    if piece.items or piece.docstring:
        return
    kept = {one.said for one in draft.used}
    if not any(one.said in kept for one in piece.imports):
        message = (
            f"nothing in {piece.cell.target} uses what is imported here, so"
            " nothing would be left of this cell: hand it on, as in `from m"
            " import x as x`, or don't tangle it"
        )
        yield TangleError(piece.cell.path, piece.cell.line, message)


def clashes(draft: Draft) -> Iterator[TangleError]:
    """Find names that are imported and are something else as well."""
    bound: dict[str, Import] = {}
    for one in draft.used:
        item = draft.items.get(one.bound)
        if item:
            path, line = one.source
            message = (
                f"`{one.bound}` is imported ({path}:{line}) and defined in one"
                " module: import it under another name, or in a cell that is"
                " not tangled"
            )
            yield TangleError(item.cell.path, item.span[0], message)
        other = bound.setdefault(one.bound, one)
        if other.origin != one.origin:
            path, line = other.source
            message = (
                f"`{one.bound}` is another import at {path}:{line}, and there"
                " is one head to a module: import it under another name"
            )
            yield TangleError(*one.source, message)


def module(draft: Draft) -> Module:
    """Lay a module out as ruff's formatter does."""
    imports = draft.used
    lines = _header(draft, imports)
    if draft.docstring:
        lines += draft.docstring.lines
    now = lay_out(one for one in imports if not one.typing)
    if now:
        lines += [BLANK, *now]
    typing = [one for one in imports if one.typing]
    if typing:
        latest = max(typing, key=lambda one: one.when)
        lines += [BLANK, Line("if TYPE_CHECKING:", latest.typing)]
        lines += lay_out(typing, " " * INDENT)
    above: Item | None = None
    for item in draft.items.values():
        least = 2 if item.is_block else 1
        blanks = _blanks(above, item, 2) if above else least
        lines += [BLANK] * blanks
        lines += _item_lines(item)
        above = item
    return Module(tuple(lines))


def _header(draft: Draft, imports: Iterable[Import]) -> list[Line]:
    """Return the lines that say where to edit."""
    items = [
        part for item in draft.items.values() for part in (item, *item.members)
    ]
    if draft.docstring:
        items.append(draft.docstring)
    places = {(item.when[0], item.cell.path) for item in items}
    places |= {(one.when[0], one.source[0]) for one in imports}
    pages = list(dict.fromkeys(path for _, path in sorted(places)))
    numbers = [chapter_number(page) for page in pages]
    what = ", ".join(pages)
    if len(pages) > 1 and all(numbers):
        *most, last = map(str, numbers)
        what = f"chapters {', '.join(most)} and {last} in book/"
    text = f"{HEADER}{what}: edit there, not here."
    lines = wrap(
        text,
        WIDTH,
        subsequent_indent="# ",
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [Line(line, None) for line in lines]


def _item_lines(item: Item) -> Iterator[Line]:
    yield from item.lines
    for index, member in enumerate(item.members):
        if index:
            yield from [BLANK] * _blanks(item.members[index - 1], member, 1)
        yield from member.lines


def _blanks(above: Item, below: Item, most: int) -> int:
    """Return how many blank lines part two neighbours."""
    if above.kind == "docstring":
        return 1
    if above.is_block or below.is_block:
        return most
    return min(below.gap, most)
