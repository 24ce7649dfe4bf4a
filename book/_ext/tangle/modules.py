"""Put the cells of a file together as a module."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tangle.cells import INDENT, Item, Piece
from tangle.chapters import TangleError, raise_all
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


@dataclass(frozen=True)
class Draft:
    """A module as far as its cells have been folded."""

    docstring: Item | None = None
    imports: tuple[Import, ...] = ()
    items: tuple[Item, ...] = ()

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
            for item in self.items
            for part in (item, *item.members)
            for name in part.uses
        }
        merged = merge(self.imports)
        if any(one.typing and one.bound in names for one in merged):
            names.add("TYPE_CHECKING")
        return [x for x in merged if x.for_others or x.bound in names]


def fold(draft: Draft, piece: Piece) -> Draft:
    """Return the module with one more cell.

    Raises TangleError if the cell would mean something else in the module
    than it means in a notebook.
    """
    problems: list[TangleError] = []
    imports = (*draft.imports, *piece.imports)
    draft = replace(
        draft, docstring=piece.docstring or draft.docstring, imports=imports
    )
    for item in piece.items:
        if item.kind == "reopened":
            found = list(_why_not_reopened(item, draft))
            problems += found
            if not found:
                draft = replace(draft, items=_reopen(item, draft.items))
        else:
            draft = replace(draft, items=_place([item], draft.items))
    raise_all(problems)
    return draft


def _place(new: Sequence[Item], old: Iterable[Item]) -> tuple[Item, ...]:
    """Add definitions; one of a known name goes where the old one stands."""
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


def _reopen(body: Item, items: Iterable[Item]) -> tuple[Item, ...]:
    """Put the members of a reopened body into the class of its name."""
    return tuple(
        replace(
            item,
            members=_place(
                body.members,
                (m for m in item.members if m.kind != "placeholder"),
            ),
        )
        if item.key == body.key
        else item
        for item in items
    )


def _why_not_reopened(body: Item, draft: Draft) -> Iterator[TangleError]:
    """Find why a body cannot be folded into the class of its name."""
    items = {item.key: item for item in draft.items}
    target = items.get(body.key)

    def problem(item: Item, message: str) -> TangleError:
        return TangleError(body.cell.path, item.span[0], message)

    if not target or target.kind != "class":
        message = (
            f"there is no class `{body.key}` in {body.cell.target} yet: define"
            " it in an earlier cell of that file, or correct the name"
        )
        yield problem(body, message)
        return
    plain = {one.bound for one in draft.imports if _is_ours(one)}
    plain |= {item.key for item in draft.items if item.kind == "class"}
    plain |= set(dir(builtins))
    fixed = target.fixed
    for base in target.bases:
        if base not in plain:
            fixed = f"its base `{base}` may have seen its body"
    if fixed:
        message = (
            f"`{body.key}` ({_place_of(target)}) cannot be reopened, because"
            f" {fixed}: define the whole class again instead"
        )
        yield problem(body, message)
    members = {one.key for one in target.members if "." not in one.key}
    above: set[str] = set()
    for member in body.members:
        for name in sorted(_reads(member, draft) & members - above):
            message = (
                f"`{name}` is not defined above in this body, so a notebook"
                f" would not look for it in `{body.key}` as the library does:"
                " define it above, or use it inside a method"
            )
            yield problem(member, message)
        above.add(member.key)


def _is_ours(one: Import) -> bool:
    return one.module.partition(".")[0] == "micrograd"


def _place_of(item: Item) -> str:
    return f"{item.cell.path}:{item.span[0]}"


def _reads(item: Item, draft: Draft) -> frozenset[str]:
    """Return the names that are read when an item is defined."""
    if draft.postpones:
        return item.reads
    return item.reads | item.annotations


def check(drafts: Mapping[str, Draft]) -> None:
    """Raise TangleError if a module doesn't do what its cells have done."""
    problems = {
        (error.path, error.line, error.message): error
        for draft in drafts.values()
        for error in (*_clashes(draft), *_late_reads(draft, drafts))
    }
    raise_all([problems[key] for key in sorted(problems)])


def _clashes(draft: Draft) -> Iterator[TangleError]:
    """Find names that are imported and are something else as well."""
    defined = {item.key: item for item in draft.items}
    bound: dict[str, Import] = {}
    for one in draft.used:
        item = defined.get(one.bound)
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


def _late_reads(
    draft: Draft, drafts: Mapping[str, Draft]
) -> Iterator[TangleError]:
    """Find definitions that would read something else than in a notebook.

    That happens if what they read was defined again since, or stands below
    them in the module.
    """
    for index, item in enumerate(draft.items):
        for place, reader in enumerate((item, *item.members), -1):
            for name in _reads(reader, draft):
                target, is_below = _find(name, draft, index, place, drafts)
                if not target:
                    continue
                if target.when > reader.when:
                    # A notebook imports other modules anew, annotations too.
                    if target.cell.target == reader.cell.target or (
                        name in reader.reads
                    ):
                        yield _replaced(name, target, reader)
                elif is_below:
                    yield _not_complete(name, target, reader)


def _replaced(name: str, target: Item, reader: Item) -> TangleError:
    called = f"`{reader.key}` ({_place_of(reader)})"
    message = (
        f"{called} has read `{name}` before this definition, and a notebook"
        f" goes on with what was read: define `{reader.key}` again after it"
    )
    return TangleError(target.cell.path, target.span[0], message)


def _not_complete(name: str, target: Item, reader: Item) -> TangleError:
    message = (
        f"`{name}` is read here as `{reader.key}` is defined, and is not"
        f" complete at that place of {reader.cell.target}: it comes from"
        f" {_place_of(target)}; use it inside a function"
    )
    if name not in reader.reads:
        message += (
            ", or begin the file's first cell with `from __future__ import"
            " annotations`"
        )
    return TangleError(reader.cell.path, reader.span[0], message)


def _find(
    name: str,
    draft: Draft,
    index: int,
    place: int,
    drafts: Mapping[str, Draft],
) -> tuple[Item | None, bool]:
    """Find what a name means to a definition, and whether it stands below.

    The definition is item ``index`` of the module or, from 0, its member
    ``place``.
    """
    owner, _, attribute = name.partition(".")
    if attribute:
        target, _ = _find(owner, draft, index, place, drafts)
        return _named(attribute, target.members if target else ())[1], False
    if place >= 0:
        at, target = _named(name, draft.items[index].members)
        if target:
            return target, at >= place
    at, target = _named(name, draft.items)
    if target:
        return target, at >= index
    for one in draft.imports:
        if one.bound == name and _is_ours(one):
            stem = one.module.replace(".", "/")
            for path in (f"{stem}.py", f"{stem}/__init__.py"):
                if path in drafts:
                    return _named(one.name, drafts[path].items)[1], False
    return None, False


def _named(name: str, items: Sequence[Item]) -> tuple[int, Item | None]:
    for index, item in enumerate(items):
        if item.key == name:
            return index, item
    return -1, None


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
    for index, item in enumerate(draft.items):
        if index:
            blanks = _blanks(draft.items[index - 1], item, 2)
        else:
            blanks = 2 if item.is_block else 1
        lines += [BLANK] * blanks
        lines += _item_lines(item)
    return Module(tuple(lines))


def _header(draft: Draft, imports: Iterable[Import]) -> str:
    """Return the line that says where to edit, short enough for a line."""
    items = [part for item in draft.items for part in (item, *item.members)]
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
