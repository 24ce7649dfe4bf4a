"""Tangle the book's chapters into the package ``micrograd/``.

A code cell of a chapter that says ``:tangle: micrograd/engine.py`` goes to
that file. The cells of a file follow each other in the order of the book;
imports rise to the head; `@reopen` continues a class; the last definition of
a name wins, where the first one stood.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tangle.cells import Item, Piece, take_apart
from tangle.chapters import (
    Chapter,
    TangleError,
    raise_all,
)
from tangle.imports import Line
from tangle.modules import HEADER, Draft, Module, check, fold, module

PACKAGE = "micrograd"
UNFINISHED = ".tangling"
"""Ends the name of a file that is being written."""


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


def stages(chapters: Sequence[Chapter]) -> Iterator[tuple[str, Package]]:
    """Yield every chapter's name and the package as it stands after it.

    Raises TangleError if some chapter's cells cannot be put together.
    """
    drafts: dict[str, Draft] = {}
    modules: dict[str, Module] = {}
    history: dict[tuple[str, str], list[Version]] = defaultdict(list)
    for chapter, pieces in zip(chapters, _take_apart(chapters), strict=True):
        problems: list[TangleError] = []
        for piece in pieces:
            file = piece.cell.target
            try:
                drafts[file] = fold(drafts.get(file, Draft()), piece)
            except TangleError as error:
                problems += (error, *error.also)
            for name, item in _named(piece.items):
                version = Version(
                    chapter.name,
                    chapter.path,
                    *item.span,
                    piece.cell.index,
                )
                history[file, name].append(version)
        raise_all(problems)
        check(drafts)
        for file in {piece.cell.target for piece in pieces}:
            modules[file] = module(drafts[file])
        definitions = [
            Definition(name, file, item.kind, tuple(history[file, name]))
            for file, draft in drafts.items()
            for name, item in _named(draft.items)
        ]
        yield chapter.name, Package(_with_marks(modules), definitions)


def _take_apart(chapters: Sequence[Chapter]) -> list[list[Piece]]:
    """Take all cells apart, telling together what is wrong with any."""
    problems: list[TangleError] = []
    number = 0
    taken: list[list[Piece]] = []
    for chapter in chapters:
        taken.append([])
        for cell in chapter.cells:
            number += 1
            try:
                taken[-1].append(take_apart(cell, number))
            except TangleError as error:
                problems += (error, *error.also)
    raise_all(problems)
    return taken


def _named(items: Sequence[Item]) -> Iterator[tuple[str, Item]]:
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
    folders |= {str(PurePosixPath(file).parent) for file in modules}
    marks = {f"{folder}/__init__.py": Module((header,)) for folder in folders}
    marks[f"{PACKAGE}/py.typed"] = Module()
    files = marks | modules
    return {file: files[file] for file in sorted(files)}


def drift(
    package: Package, into: Path
) -> dict[str, tuple[bytes | None, bytes | None]]:
    """Return what differs on disk: file, what is there, what should be."""
    there = {
        path.relative_to(into).as_posix(): path.read_bytes()
        for pattern in ("*.py", "py.typed")
        for path in (into / PACKAGE).rglob(pattern)
        if "__pycache__" not in path.parts
    }
    wanted = {file: one.text.encode() for file, one in package.files.items()}
    return {
        file: (there.get(file), wanted.get(file))
        for file in sorted(there | wanted)
        if there.get(file) != wanted.get(file)
    }


def write(package: Package, into: Path) -> list[str]:
    """Make ``into/micrograd`` hold the package and no other modules.

    Files are written beside their places first and then moved there, so that
    each is whole at any moment; one that is right is not touched. Returns the
    files that were changed or removed.
    """
    changes = drift(package, into)
    for stray in (into / PACKAGE).rglob(f"*{UNFINISHED}"):
        stray.unlink()
    finished: dict[Path, Path] = {}
    try:
        for file, (_, wanted) in changes.items():
            if wanted is not None:
                place = into / file
                place.parent.mkdir(parents=True, exist_ok=True)
                unfinished = place.with_name(place.name + UNFINISHED)
                finished[unfinished] = place
                unfinished.write_bytes(wanted)
        for unfinished, place in finished.items():
            unfinished.replace(place)
    finally:
        for unfinished in finished:
            unfinished.unlink(missing_ok=True)
    for file, (_, wanted) in changes.items():
        if wanted is None:
            (into / file).unlink()
    _remove_empty_folders(into / PACKAGE)
    return list(changes)


def _remove_empty_folders(folder: Path) -> None:
    """Remove the folders below that hold nothing, or compiled code only."""
    for inner in sorted(folder.rglob("*/"), reverse=True):
        if "__pycache__" not in inner.parts:
            held = {path.name for path in inner.iterdir()}
            if held <= {"__pycache__"}:
                shutil.rmtree(inner)
