"""What a tangled cell consists of, and how it takes its place among others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tangle.chapters import Cell
from tangle.imports import Import, Line


@dataclass(frozen=True)
class Item:
    """A definition, or another statement of a class, with its comments.

    Of a class the lines end with its header; its body is its members.
    """

    key: str
    """Its name, ``name.setter`` for a setter; nothing for a statement."""
    kind: str
    """What Sphinx's Python domain calls it, or a word for what it doesn't."""
    lines: tuple[Line, ...]
    span: tuple[int, int]
    """First and last line of the page, comments aside."""
    gap: int
    """Blank lines that stand before it on the page."""
    cell: Cell
    when: tuple[int, int]
    """Its place in the book, which grows in reading order."""
    reads: frozenset[str]
    """Names read when it is defined, annotations aside."""
    uses: frozenset[str]
    """Names of the module that it needs at any time."""
    sets: frozenset[str]
    """Names of the module that it sets, as by ``global``."""
    calls: frozenset[str] = frozenset()
    """What is called when it is defined, as far as that has a name."""
    annotated: bool = False
    """Whether it has an annotation."""
    members: tuple[Item, ...] = ()
    bases: tuple[str, ...] = ()
    fixed: str = ""
    """Why this class cannot be reopened, if it can't."""

    @property
    def place(self) -> str:
        """Where it stands, as messages tell it."""
        return f"{self.cell.path}:{self.span[0]}"

    @property
    def is_block(self) -> bool:
        """Whether blank lines set it off: a function or a class."""
        return self.kind in ("function", "method", "property", "class")


@dataclass(frozen=True)
class Piece:
    """What a cell adds to a module."""

    cell: Cell
    docstring: Item | None
    imports: tuple[Import, ...]
    items: tuple[Item, ...]
    """Definitions in order; of a "reopened" class only the members count."""


def placed(
    new: Sequence[Item], old: Iterable[Item], after: str = ""
) -> tuple[Item, ...]:
    """Return items with new ones among them.

    One of a known name goes where the old one stands; any other to the end, or
    behind the one that is named ``after`` and those that belong to that.
    """
    found = list(old)
    for item in new:
        keys = [one.key for one in found]
        name, _, accessor = item.key.partition(".")
        if item.key and item.key in keys:
            index = keys.index(item.key)
            found[index] = replace(item, gap=found[index].gap)
        elif accessor or after:
            name = name if accessor else after
            index = max(i for i, key in enumerate(keys) if owner(key) == name)
            found.insert(index + 1, item)
            after = after and owner(item.key)
        else:
            found.append(item)
    # A property that is defined anew has the accessors that come with it.
    fresh = {item.key for item in new}
    return tuple(
        one
        for one in found
        if "." not in one.key
        or one.key in fresh
        or owner(one.key) not in fresh
    )


def owner(key: str) -> str:
    """``x`` of ``x.setter``, and of ``x`` itself."""
    return key.partition(".")[0]
