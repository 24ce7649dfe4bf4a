"""Tangle the book's chapters into the package ``micrograd/``.

A code cell of a chapter that says ``:tangle: micrograd/engine.py`` goes to
that file. The cells of a file follow each other in the order of the book;
imports rise to the head; `@reopen` continues a class; the last definition of
a name wins, where the first one stood.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import PurePosixPath

from tangle import bindings
from tangle.cells import take_apart
from tangle.chapters import Chapter
from tangle.errors import TangleError, raise_all
from tangle.imports import Import, Line
from tangle.items import Item, Piece
from tangle.modules import HEADER, Draft, Module, clashes, idle, module

PACKAGE = "micrograd"


@dataclass(frozen=True)
class Version:
    """A definition as one cell gives it."""

    chapter: str
    path: str
    line: int
    end_line: int
    cell_index: int


@dataclass(frozen=True)
class Definition:
    """A name that the package defines, with all that it has been."""

    name: str
    """Such as ``Value.__add__``."""
    file: str
    kind: str
    """As Sphinx's Python domain has it: function, class, method, ..."""
    versions: tuple[Version, ...]
    """In the order of the book; the last is the one in the file."""


@dataclass(frozen=True)
class Package:
    """The library, file by file."""

    files: dict[str, Module]
    definitions: list[Definition]
    """What the files define, in the order in which it stands there."""
    notes: tuple[TangleError, ...] = ()
    """What an author may not have meant."""


def tangle(chapters: Sequence[Chapter], through: str | None = None) -> Package:
    """Return the package of all chapters, or of those up to one.

    Raises TangleError if they don't make one, KeyError if there is no chapter
    ``through``.
    """
    package = Package({}, [])
    for name, package in stages(chapters):
        if name == through:
            return package
    if through is not None:
        raise KeyError(through)
    return package


@dataclass(frozen=True)
class Stage:
    """A chapter, and the package as it stands after it."""

    chapter: Chapter
    pieces: Sequence[Piece]
    """What the chapter adds."""
    package: Package
    items: Mapping[str, Sequence[Item]]
    """What each file defines."""
    imports: Mapping[str, Sequence[Import]]
    """What each file imports."""
    postponing: frozenset[str]
    """Files whose annotations are not read when a function is defined."""


def stages(chapters: Sequence[Chapter]) -> Iterator[tuple[str, Package]]:
    """Yield every chapter's name and the package as it stands after it.

    Raises TangleError if some chapter's cells cannot be put together.
    """
    for stage in put_together(chapters):
        yield stage.chapter.name, stage.package


def put_together(chapters: Sequence[Chapter]) -> Iterator[Stage]:
    """Yield the stages.

    Raises TangleError if some chapter's cells cannot be put together.
    """
    drafts: dict[str, Draft] = {}
    modules: dict[str, Module] = {}
    history: dict[tuple[str, str], list[Version]] = defaultdict(list)
    notes: list[TangleError] = []
    for chapter, pieces in zip(chapters, _take_apart(chapters), strict=True):
        problems: list[TangleError] = []
        refused: set[str] = set()
        for piece in pieces:
            file = piece.cell.target
            draft = drafts.setdefault(file, Draft())
            notes += draft.dropped_by(piece)
            try:
                draft.add(piece, refused)
            except TangleError as error:
                problems += (error, *error.also)
                refused |= {name for name, _ in _named(piece.items)}
                refused |= {item.key for item in piece.items}
            for name, item in _named(piece.items):
                version = Version(
                    chapter.name,
                    chapter.path,
                    *item.span,
                    piece.cell.index,
                )
                history[file, name].append(version)
        raise_all(problems)
        for file, one in bindings.lent(chapter, pieces, drafts):
            drafts[file].imports.append(one)
        changed = {piece.cell.target: None for piece in pieces}
        for file in changed:
            problems += clashes(drafts[file])
        for piece in pieces:
            problems += idle(drafts[piece.cell.target], piece)
        if not refused:
            problems += bindings.problems(chapter, pieces, drafts)
        problems += _leaking_features(pieces, drafts)
        if problems:
            raise_all([*problems, *notes])
        for file in changed:
            modules[file] = module(drafts[file])
        definitions = [
            Definition(name, file, item.kind, tuple(history[file, name]))
            for file, draft in drafts.items()
            for name, item in _named(draft.items.values())
        ]
        yield Stage(
            chapter,
            pieces,
            Package(_with_marks(modules), definitions, tuple(notes)),
            {f: list(draft.items.values()) for f, draft in drafts.items()},
            {f: list(draft.imports) for f, draft in drafts.items()},
            frozenset(file for file, one in drafts.items() if one.postpones),
        )


def _leaking_features(
    pieces: Iterable[Piece], drafts: Mapping[str, Draft]
) -> Iterator[TangleError]:
    """Find cells that have a feature in the notebook, not in their file."""
    since = None
    for piece in pieces:
        file = piece.cell.target
        parts = [x for item in piece.items for x in (item, *item.members)]
        annotated = any(part.annotated for part in parts)
        if since and annotated and not drafts[file].postpones:
            message = (
                f"line {since} makes texts of this cell's annotations in the"
                f" notebook, and not in {file}: begin the first cell of that"
                " file with `from __future__ import annotations`, too"
            )
            yield TangleError(piece.cell.path, piece.cell.line, message)
        for one in piece.imports:
            if one.origin == "__future__.annotations":
                since = one.source[1]


def _take_apart(chapters: Sequence[Chapter]) -> list[list[Piece]]:
    """Take all cells apart, telling together what is wrong with any."""
    problems: list[TangleError] = []
    numbers = count()
    taken: list[list[Piece]] = []
    for chapter in chapters:
        taken.append([])
        for cell in chapter.cells:
            try:
                taken[-1].append(take_apart(cell, next(numbers)))
            except TangleError as error:
                problems += (error, *error.also)
    raise_all(problems)
    return taken


def _named(items: Iterable[Item]) -> Iterator[tuple[str, Item]]:
    """Yield the definitions among items and their members by full name."""
    for item in items:
        if item.kind != "reopened":
            yield item.key, item
        for member in item.members:
            if member.key:
                yield f"{item.key}.{member.key}", member


def _with_marks(modules: dict[str, Module]) -> dict[str, Module]:
    """Add what makes folders of modules a package, and a typed one."""
    header = Line(
        f"{HEADER}the chapters in book/: edit there, not here.", None
    )
    folders = {PACKAGE}
    for file in modules:
        folders |= set(map(str, PurePosixPath(file).parents)) - {"."}
    marks = {f"{folder}/__init__.py": Module((header,)) for folder in folders}
    marks[f"{PACKAGE}/py.typed"] = Module()
    files = marks | modules
    return {file: files[file] for file in sorted(files)}
