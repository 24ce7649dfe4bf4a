"""The tangler's command line."""

from __future__ import annotations

import argparse
import difflib
import gc
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tangle.chapters import read_chapters
from tangle.disk import (
    digest,
    drift,
    is_tangled,
    last_tangled,
    locked,
    strangers,
    write,
    write_library,
)
from tangle.errors import TangleError
from tangle.package import PACKAGE, Package, stages, tangle
from tangle.provenance import translate
from tangle.stitch import stitch
from tangle.validation import KNOWN, validated


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.into is None) != (options.through is None):
        parser.error("--through and --into go together")
    root = options.root
    try:
        if options.translate:
            return _translate(root)
        if options.where is not None:
            return _where(options.where, root, tangle(read_chapters(root)))
        if options.through is not None:
            return _stage(options.through, root, options.into)
        if options.check:
            return _check(_library(root), root)
        with locked(root):
            if options.stitch:
                return _stitch(root)
            return _write(_library(root), root, whole=True)
    except _UsageError as error:
        parser.error(str(error))
    except (TangleError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def _library(root: Path) -> Package:
    """The library of all chapters, shown to be right."""
    packages = validated(read_chapters(root), root / KNOWN)
    return list(packages.values())[-1] if packages else tangle([])


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
        "--stitch",
        action="store_true",
        help="take edits of micrograd/ back into the chapters",
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
        default=Path(__file__).resolve().parents[3],
        help="the folder of _toc.yml and micrograd/ (default: %(default)s)",
    )
    return parser


def _write(package: Package, into: Path, whole: bool = False) -> int:
    if whole:
        changed, copies = write_library(package, into)
    else:
        changed, copies = write(package, into), []
    for file in changed:
        print(file if file in package.files else f"{file} removed")
    for copy in copies:
        print(
            f"{copy} has what was edited by hand: copy it back, and say"
            " `make stitch`, if it was to stay"
        )
    for note in package.notes:
        print(f"note: {note}")
    for file in strangers(package, into):
        print(f"{file} is left alone: no chapter has written it")
    lines = sum(len(one.lines) for one in package.files.values())
    print(
        f"{PACKAGE}/: {len(package.files)} files, {lines} lines,"
        f" {len(changed)} changed"
    )
    return 0


def _stitch(root: Path) -> int:
    stitched = stitch(root)
    for path, line in stitched.changed:
        print(f"{path}:{line} is changed")
    for name, other in stitched.renamed.items():
        print(f"{name} is {other} in all tangled cells")
    for (path, line), name in stitched.left:
        print(f"{path}:{line} still says {name}")
    print(
        f"the chapters say what is in {PACKAGE}/,"
        f" places changed: {len(stitched.changed)}"
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
    others = strangers(package, root)
    for file in others:
        print(f"{file}: no chapter has written it; move it, or tangle it")
    known = last_tangled(root)
    edited = [
        file
        for file, (there, _) in changes.items()
        if there and known.get(file, digest(there)) != digest(there)
    ]
    if changes or others:
        what = "is not what the chapters say: run `make tangle`"
        if edited:
            what = "was edited by hand: run `make stitch`"
        print(f"{PACKAGE}/ {what}")
        return 1
    print(f"{PACKAGE}/ is what the chapters say")
    return 0


def _stage(named: str, root: Path, into: Path) -> int:
    chapters = read_chapters(root)
    stem = named.removesuffix(".md")
    places = [(one.name, one.path.removesuffix(".md")) for one in chapters]
    number = next((n for n, named in enumerate(places) if stem in named), None)
    if number is None:
        names = "\n  ".join(chapter.name for chapter in chapters)
        raise _UsageError(f"no chapter {named!r}; there are\n  {names}")
    if into.resolve() == root.resolve():
        raise _UsageError("--into has the whole library: choose another")
    for path in (into / PACKAGE).rglob("*.py"):
        if not is_tangled(path):
            raise _UsageError(f"{path} was not tangled: choose another --into")
    packages = validated(chapters[: number + 1], root / KNOWN)
    into.mkdir(parents=True, exist_ok=True)
    with locked(into):
        return _write(packages[chapters[number].name], into)


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
    gc.disable()  # nearly all of what is made is needed to the end
    sys.exit(main())
