"""Tangle the book's chapters into the package ``micrograd/``.

A code cell of a chapter that says ``:tangle: micrograd/engine.py`` goes to
that file. The cells of a file follow each other in the order of the book;
imports rise to the head; `@reopen` continues a class; the last definition of
a name wins, where the first one stood.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tangle import bindings
from tangle.cells import take_apart
from tangle.chapters import Chapter
from tangle.errors import TangleError, raise_all
from tangle.imports import Import, Line
from tangle.items import Item, Piece
from tangle.modules import HEADER, Draft, Module, clashes, module

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
    for chapter, pieces in zip(chapters, _take_apart(chapters), strict=True):
        problems: list[TangleError] = []
        for piece in pieces:
            file = piece.cell.target
            try:
                drafts.setdefault(file, Draft()).add(piece)
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
        changed = {piece.cell.target: None for piece in pieces}
        for file in changed:
            problems += clashes(drafts[file])
        problems += bindings.problems(chapter, pieces, drafts)
        problems += _leaking_features(pieces, drafts)
        raise_all(problems)
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
            Package(_with_marks(modules), definitions),
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
                f"the annotations of line {since} hold for this cell in the"
                f" notebook, and not in {file}: import them from __future__"
                " in the first cell of that file, too"
            )
            yield TangleError(piece.cell.path, piece.cell.line, message)
        for one in piece.imports:
            if one.origin == "__future__.annotations":
                since = one.source[1]


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


def drift(
    package: Package, into: Path
) -> dict[str, tuple[bytes | None, bytes | None]]:
    """Return what differs on disk: file, what is there, what should be."""
    wanted = {file: one.text.encode() for file, one in package.files.items()}
    there = {
        file: (into / file).read_bytes()
        for file in _files(into)
        if file in wanted or is_tangled(into / file)
    }
    return {
        file: (there.get(file), wanted.get(file))
        for file in sorted(there | wanted)
        if there.get(file) != wanted.get(file)
    }


def strangers(package: Package, into: Path) -> list[str]:
    """Return the files in the package's folder that no chapter has written."""
    return [
        file
        for file in _files(into)
        if file not in package.files and not is_tangled(into / file)
    ]


def _files(into: Path) -> list[str]:
    """The files in the package's folder, but for those that programs keep."""
    paths = (into / PACKAGE).rglob("[!.]*[!~]")
    return sorted(
        path.relative_to(into).as_posix()
        for path in paths
        if path.is_file()
        and "__pycache__" not in path.parts
        and path.suffix != UNFINISHED
    )


def is_tangled(path: Path) -> bool:
    """Whether a file of the package was written from chapters."""
    if path.name == "py.typed":
        return True
    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER.encode()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Have two that tangle into one folder take turns."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write(package: Package, into: Path) -> list[str]:
    """Make ``into/micrograd`` hold the package, and no other tangled files.

    Files are written beside their places first and then moved there, so that
    each is whole at any moment; one that is right is not touched, nor is one
    that no chapter has written. Returns the files that were changed or
    removed. OSError, and all is as it was, if one can't be.
    """
    changes = drift(package, into)
    for file, (there, wanted) in changes.items():
        _refuse_irreplaceable(into / file, file, there, wanted)
    for stray in (into / PACKAGE).rglob(f"*{UNFINISHED}"):
        stray.unlink()
    finished: dict[Path, str] = {}
    done: list[str] = []
    try:
        for file, (_, wanted) in changes.items():
            if wanted is not None:
                finished[_write_beside(into / file, wanted)] = file
        for unfinished, file in finished.items():
            unfinished.replace(into / file)
            done.append(file)
        for file, (_, wanted) in changes.items():
            if wanted is None:
                (into / file).unlink()
                done.append(file)
    except OSError:
        for file in done:
            there, _ = changes[file]
            if there is None:
                (into / file).unlink()
            else:
                _write_beside(into / file, there).replace(into / file)
        raise
    finally:
        for unfinished in finished:
            unfinished.unlink(missing_ok=True)
    _remove_empty_folders(into / PACKAGE)
    return list(changes)


def _write_beside(place: Path, text: bytes) -> Path:
    """Write what is to be moved to a place, and return where it is."""
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(place.name + UNFINISHED)
    unfinished.write_bytes(text)
    return unfinished


def _refuse_irreplaceable(
    place: Path, file: str, there: bytes | None, wanted: bytes | None
) -> None:
    """Raise OSError before anything is written if something is in the way."""
    if wanted and there and not is_tangled(place):
        raise FileExistsError(
            f"{file} is in the way: no chapter has written it; move it away,"
            " or move what is in it to a chapter"
        )
    if os.path.lexists(place) and not place.exists():
        raise FileExistsError(f"{file} is in the way: it leads nowhere")
    if place.exists() and not (place.is_file() or place.is_dir()):
        raise FileExistsError(f"{file} is in the way: it is no file")
    if place.is_dir():
        raise IsADirectoryError(f"{file} is in the way: it is a folder")
    folder = next(path for path in place.parents if path.exists())
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is in the way: it is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(
            f"{file} can't be written: {folder} is read-only"
        )


def _remove_empty_folders(folder: Path) -> None:
    """Remove the folders below that hold nothing, or compiled code only."""
    for inner in sorted(folder.rglob("*/"), reverse=True):
        if "__pycache__" not in inner.parts:
            held = {path.name for path in inner.iterdir()}
            if held <= {"__pycache__"}:
                shutil.rmtree(inner)
