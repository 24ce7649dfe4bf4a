"""Put the cells of a file together as a module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tangle.cells import INDENT, Item, Piece
from tangle.errors import TangleError, raise_all
from tangle.imports import BLANK, WIDTH, Import, Line, Source, lay_out, merge

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
        if any(one.typing and one.bound in names for one in merged):
            names.add("TYPE_CHECKING")
        return [x for x in merged if x.for_others or x.bound in names]

    def add(self, piece: Piece) -> None:
        """Add what one more cell holds.

        Raises TangleError if the cell would mean something else in the module
        than it means in a notebook.
        """
        problems = list(self._late_features(piece))
        self.docstring = piece.docstring or self.docstring
        self.imports += piece.imports
        for item in piece.items:
            if item.kind != "reopened":
                if item.key in self.items:
                    item = replace(item, gap=self.items[item.key].gap)
                self.items[item.key] = item
                continue
            found = list(_why_not_reopened(item, self))
            problems += found
            if not found:
                self.items[item.key] = _reopen(item, self.items[item.key])
        raise_all(problems)

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


def _reopen(body: Item, item: Item) -> Item:
    """Put the members of a reopened body into the class of its name."""
    old = (m for m in item.members if m.kind != "placeholder")
    return replace(item, members=_place(body.members, old))


def _place(new: Sequence[Item], old: Iterable[Item]) -> tuple[Item, ...]:
    """Add members; one of a known name goes where the old one stands."""
    placed = list(old)
    for item in new:
        keys = [one.key for one in placed]
        name, _, accessor = item.key.partition(".")
        if item.key and item.key in keys:
            index = keys.index(item.key)
            placed[index] = replace(item, gap=placed[index].gap)
        elif accessor:
            index = max(i for i, key in enumerate(keys) if _owner(key) == name)
            placed.insert(index + 1, item)
        else:
            placed.append(item)
    # A property that is defined anew has the accessors that come with it.
    fresh = {item.key for item in new}
    return tuple(
        one
        for one in placed
        if "." not in one.key
        or one.key in fresh
        or _owner(one.key) not in fresh
    )


def _owner(key: str) -> str:
    return key.partition(".")[0]


def _why_not_reopened(body: Item, draft: Draft) -> Iterator[TangleError]:
    """Find why a body cannot be put into the class of its name."""
    target = draft.items.get(body.key)

    def problem(item: Item, message: str) -> TangleError:
        return TangleError(body.cell.path, item.span[0], message)

    if not target or target.kind != "class":
        message = (
            f"there is no class `{body.key}` in {body.cell.target} yet: define"
            " it in an earlier cell of that file, or correct the name"
        )
        yield problem(body, message)
        return
    if target.fixed:
        message = (
            f"`{body.key}` ({_place_of(target)}) cannot be reopened, because"
            f" {target.fixed}: define the whole class again instead"
        )
        yield problem(body, message)
    members = {one.key for one in target.members if "." not in one.key}
    above: set[str] = set()
    for member in body.members:
        for name in sorted(member.reads & members - above):
            message = (
                f"`{name}` is not defined above in this body, so a notebook"
                f" would not look for it in `{body.key}` as the library does:"
                " define it above, or use it inside a method"
            )
            yield problem(member, message)
        above.add(member.key)


def _place_of(item: Item) -> str:
    return f"{item.cell.path}:{item.span[0]}"


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
    lines = [Line(_header(draft, imports), None)]
    if draft.docstring:
        lines += draft.docstring.lines
    now = lay_out(one for one in imports if not one.typing)
    if now:
        lines += [BLANK, *now]
    typing = [one for one in imports if one.typing]
    if typing:
        latest = max(typing, key=lambda one: one.when)
        lines += [BLANK, Line("if TYPE_CHECKING:", latest.source)]
        lines += lay_out(typing, " " * INDENT)
    above: Item | None = None
    for item in draft.items.values():
        least = 2 if item.is_block else 1
        blanks = _blanks(above, item, 2) if above else least
        lines += [BLANK] * blanks
        lines += _item_lines(item)
        above = item
    return Module(tuple(lines))


def _header(draft: Draft, imports: Iterable[Import]) -> str:
    """Return the line that says where to edit, short enough for a line."""
    items = [
        part for item in draft.items.values() for part in (item, *item.members)
    ]
    if draft.docstring:
        items.append(draft.docstring)
    places = {(item.when[0], item.cell.path) for item in items}
    places |= {(one.when[0], one.source[0]) for one in imports}
    pages = list(dict.fromkeys(path for _, path in sorted(places)))
    header = f"{HEADER}{', '.join(pages)}: edit there, not here."
    if len(header) > WIDTH:
        some = f"{pages[0]} and {len(pages) - 1} more"
        header = f"{HEADER}{some}: edit there, not here."
    return header


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
