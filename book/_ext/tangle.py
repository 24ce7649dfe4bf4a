"""Tangle the book's chapters into the package ``micrograd/``.

A code cell of a chapter that says ``:tangle: micrograd/engine.py`` goes to
that file. The cells of a file follow each other in the order of the book;
imports rise to the head; `@reopen` continues a class; the last definition of
a name wins, where the first one stood.

Run as a program it writes the package beside the book, or tells where a line
of it comes from.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cells import Item, Piece, take_apart
from fold import HEADER, Draft, Module, check, fold, module
from imports import Line, Source
from pages import Cell, Chapter, TangleError, raise_all, read_chapters

__all__ = [
    "Cell",
    "Chapter",
    "Definition",
    "Line",
    "Module",
    "Package",
    "Source",
    "TangleError",
    "Version",
    "drift",
    "read_chapters",
    "stages",
    "tangle",
    "translate",
    "write",
]

PACKAGE = "micrograd"
UNFINISHED = ".tangling"
"""Ends the name of a file that is being written."""
PLACE = re.compile(
    r"""(?P<before>(?<=")[^"\n]*/|[^\s"'():]*/)?"""
    r"""(?<![\w.-])(?P<file>micrograd/[\w/]+\.py)"""
    r"""(?P<between>:|",\ line\ )(?P<line>[0-9]+)"""
)


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


def translate(text: str, packages: Mapping[str, Package]) -> str:
    """Tell every ``micrograd/file.py:42`` in a text by its chapter's line.

    So are the places of tracebacks. A path through ``stages/06-backward/`` is
    of that stage, any other of the last package.
    """

    def chapter_place(found: re.Match[str]) -> str:
        name = Path(found["before"] or "").name
        package = packages.get(name) or list(packages.values())[-1]
        try:
            source = package.files[found["file"]].source(int(found["line"]))
        except LookupError:
            source = None
        if not source:
            return found[0]
        path, line = source
        return f"{path}{found['between']}{line}"

    return PLACE.sub(chapter_place, text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.into is None) != (options.through is None):
        parser.error("--through and --into go together")
    try:
        if options.translate:
            return _translate(options.root)
        chapters = read_chapters(options.root)
        if options.where:
            return _where(options.where, options.root, tangle(chapters))
        if options.check:
            return _check(tangle(chapters), options.root)
        if options.through:
            return _stage(options.through, chapters, options.into)
        return _write(tangle(chapters), options.root)
    except _UsageError as error:
        parser.error(str(error))
    except (TangleError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


class _UsageError(Exception):
    """An argument that doesn't make sense; says what would."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Tangle the book's chapters into the package micrograd/.",
        epilog="Exit status: 0 if all is well, 1 if --check finds a"
        " difference, 2 if a chapter or an argument is wrong.",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--check",
        action="store_true",
        help="write nothing; show how micrograd/ differs from the chapters",
    )
    what.add_argument(
        "--through",
        metavar="CHAPTER",
        help="tangle the package as it stands after a chapter, such as"
        " 06-backward, into --into",
    )
    what.add_argument(
        "--where",
        metavar="FILE:LINE",
        help="say which chapter's line a line of the package comes from,"
        " such as micrograd/engine.py:42",
    )
    what.add_argument(
        "--translate",
        action="store_true",
        help="copy standard input, telling each place in micrograd/ by its"
        " chapter's line",
    )
    parser.add_argument(
        "--into",
        metavar="DIR",
        type=Path,
        help="where --through makes its micrograd/",
    )
    parser.add_argument(
        "--root",
        metavar="DIR",
        type=Path,
        default=Path(__file__).resolve().parents[2],
        help="the folder of _toc.yml and micrograd/ (default: %(default)s)",
    )
    return parser


def _write(package: Package, into: Path) -> int:
    changed = write(package, into)
    for file in changed:
        print(file if file in package.files else f"{file} removed")
    lines = sum(len(one.lines) for one in package.files.values())
    print(
        f"{PACKAGE}/: {len(package.files)} files, {lines} lines,"
        f" {len(changed)} changed"
    )
    return 0


def _check(package: Package, root: Path) -> int:
    changes = drift(package, root)
    for file, (there, wanted) in changes.items():
        old, new = (
            (text or b"").decode(errors="replace").splitlines(keepends=True)
            for text in (there, wanted)
        )
        names = (
            "/dev/null" if there is None else f"a/{file}",
            "/dev/null" if wanted is None else f"b/{file}",
        )
        if old == new:  # a file without lines is there and shouldn't, or not
            print(f"--- {names[0]}\n+++ {names[1]}")
        for line in difflib.unified_diff(old, new, *names):
            print(line, end="" if line.endswith("\n") else "\n")
    if changes:
        print(f"{PACKAGE}/ is not what the chapters say: run `make tangle`")
        return 1
    print(f"{PACKAGE}/ is what the chapters say")
    return 0


def _stage(named: str, chapters: Sequence[Chapter], into: Path) -> int:
    stem = named.removesuffix(".md")
    for chapter in chapters:
        if stem in (chapter.name, chapter.path.removesuffix(".md")):
            break
    else:
        names = "\n  ".join(chapter.name for chapter in chapters)
        raise _UsageError(f"no chapter {named!r}; there are\n  {names}")
    for path in (into / PACKAGE).rglob("*.py"):
        if not path.read_bytes().startswith(HEADER.encode()):
            raise _UsageError(f"{path} was not tangled: choose another --into")
    return _write(tangle(chapters, chapter.name), into)


def _where(place: str, root: Path, package: Package) -> int:
    found = re.fullmatch(r"(.+?):(\d+)(:\d+)?", place)
    if not found:
        raise _UsageError(f"{place!r} is not a place: write FILE:LINE")
    file = os.path.relpath(root / found[1], root)
    if file not in package.files:
        names = "\n  ".join(package.files)
        raise _UsageError(f"no file {file!r}; there are\n  {names}")
    try:
        source = package.files[file].source(int(found[2]))
    except IndexError:
        lines = len(package.files[file].lines)
        raise _UsageError(f"{file} has {lines} lines, no {found[2]}") from None
    if not source:
        raise _UsageError(f"{place} comes from no chapter")
    print("{}:{}".format(*source))
    return 0


def _translate(root: Path) -> int:
    try:
        packages = dict(stages(read_chapters(root)))
    except TangleError:
        # What is wrong with the chapters must not swallow the message.
        sys.stdout.writelines(sys.stdin)
        raise
    for line in sys.stdin:
        print(translate(line, packages), end="", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
