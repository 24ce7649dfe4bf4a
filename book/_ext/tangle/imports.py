"""Lay out a module's imports as ruff's import sorting (rule I) wants them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

WIDTH = 79

Source: TypeAlias = tuple[str, int]
"""A page, and a line of it from 1."""


@dataclass(frozen=True)
class Line:
    """A line of the library and the line of a page that it comes from."""

    text: str
    source: Source | None


BLANK = Line("", None)


@dataclass(frozen=True)
class Imported:
    """What an import statement names."""

    module: str
    """The module of ``from module import name``, or nothing."""
    name: str
    alias: str
    """The name after ``as``, or nothing."""

    @property
    def said(self) -> tuple[str, str, str]:
        """What is imported, equal for two that say the same."""
        return self.module, self.name, self.alias

    @property
    def bound(self) -> str:
        """The name that it defines."""
        if self.module or self.alias:
            return self.alias or self.name
        return self.name.partition(".")[0]

    @property
    def origin(self) -> str:
        """What that name stands for."""
        if self.module:
            return f"{self.module}.{self.name}"
        return self.name if self.alias else self.bound

    @property
    def is_ours(self) -> bool:
        """Whether it comes from the library."""
        return (self.module or self.name).partition(".")[0] == "micrograd"

    @property
    def for_others(self) -> bool:
        """Whether it serves without being used: a feature, a re-export."""
        return self.module == "__future__" or self.alias == self.name


@dataclass(frozen=True)
class Import(Imported):
    """One name that a module imports."""

    typing: Source | None
    """The ``if TYPE_CHECKING:`` that it stands under, if it does."""
    when: tuple[int, int]
    """Its place in the book, which grows in reading order."""
    source: Source
    above: tuple[Line, ...]
    """Comments above the statement."""
    comment: str
    """Comment at the end of the line."""


def module_of(file: str) -> str:
    """``micrograd/engine.py`` holds the module ``micrograd.engine``."""
    stem = file.removesuffix(".py").replace("/", ".")
    return stem.removesuffix(".__init__")


def merge(imports: Iterable[Import]) -> list[Import]:
    """Keep the latest of imports that say the same, with all comments."""
    merged: dict[tuple[str, str, str], Import] = {}
    for new in imports:
        old = merged.get(new.said)
        if old:
            known = {line.text.strip() for line in old.above}
            more = (x for x in new.above if x.text.strip() not in known)
            new = replace(
                new,
                # An import at run time serves typing as well.
                typing=old.typing and new.typing,
                above=(*old.above, *more),
                comment=new.comment or old.comment,
            )
        merged[new.said] = new
    return list(merged.values())


def lay_out(imports: Iterable[Import], indent: str = "") -> list[Line]:
    """Return sorted import statements, section by section.

    A blank line stands before each section, and before each comment.
    """
    statements: dict[tuple[str, ...], list[Import]] = {}
    for one in imports:
        joins = one.module and not one.alias
        key = (one.module,) if joins else one.said
        statements.setdefault(key, []).append(one)
    for names in statements.values():
        names.sort(key=_name_order)
    lines: list[Line] = []
    section = None
    for names in sorted(statements.values(), key=_statement_order):
        commented = any(one.above for one in names)
        if lines and (commented or section != _section(names[0])):
            lines.append(BLANK)
        section = _section(names[0])
        lines += _statement(names, indent)
    return lines


def _statement(names: list[Import], indent: str) -> Iterator[Line]:
    """Yield one statement's lines: comments above it, then its names."""
    latest = max(names, key=lambda one: one.when).source
    above = {line.source: line for one in names for line in one.above}
    for line in above.values():
        yield Line(indent + line.text.strip(), line.source)
    said = [
        f"{one.name} as {one.alias}" if one.alias else one.name
        for one in names
    ]
    module = names[0].module
    head = f"{indent}from {module} import" if module else f"{indent}import"
    comments = [f"  {one.comment}" if one.comment else "" for one in names]
    whole = f"{head} {', '.join(said)}{comments[0]}"
    commented = len(names) > 1 and any(comments)
    if not module or (len(whole) <= WIDTH and not commented):
        yield Line(whole, latest)
        return
    yield Line(f"{head} (", latest)
    for one, text, comment in zip(names, said, comments, strict=True):
        yield Line(f"{indent}    {text},{comment}", one.source)
    yield Line(f"{indent})", latest)


def _section(one: Import) -> tuple[bool, bool, bool]:
    """Order future, standard library, third party, first party."""
    top = (one.module or one.name).partition(".")[0]
    return (
        top != "__future__",
        top not in sys.stdlib_module_names,
        one.is_ours,
    )


def _natural(name: str) -> list[tuple[int, ...]]:
    """Order text by its letters, and digits in it by the number they make."""
    return [
        (ord("0"), int(part)) if part.isdigit() else (ord(part),)
        for part in re.findall(r"[0-9]+|.", name)
    ]


def _name_order(one: Import) -> tuple[object, ...]:
    """Order names as ruff does: CONSTANTS, then Classes, then the rest."""
    return (
        not one.name.isupper() or len(one.name) == 1,
        not one.name[0].isupper(),
        _natural(one.name.lower()),
        _natural(one.name),
        _natural(one.alias),
    )


def _statement_order(names: list[Import]) -> tuple[object, ...]:
    first = names[0]
    path = first.module or first.name
    return (
        _section(first),
        bool(first.module),
        _natural(path.lower()),
        _natural(path),
        _name_order(first),
    )
