"""The package on the disk: what differs there, and writing it.

What was written last is remembered, so that edits by hand are known for what
they are.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from tangle.memory import recall, remember
from tangle.modules import HEADER
from tangle.package import PACKAGE, Package

UNFINISHED = ".tangling"
"""Ends the name of a file that is being written."""
TANGLED = Path("_build", "tangled.json")
"""Below the root: the digest of each file of the library as last written."""
EDITED = Path("_build", "edited")
"""Below the root: files that had been edited by hand, as they were."""


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
    replace_together({into / f: both for f, both in changes.items()})
    _remove_empty_folders(into / PACKAGE)
    return list(changes)


def replace_together(
    changes: Mapping[Path, tuple[bytes | None, bytes | None]],
) -> None:
    """Put at each place what is to be there instead of what is; None: no file.

    OSError, and all is as it was, if one can't be.
    """
    finished: dict[Path, Path] = {}
    done: list[Path] = []
    try:
        for place, (_, wanted) in changes.items():
            if wanted is not None:
                finished[_write_beside(place, wanted)] = place
        for unfinished, place in finished.items():
            unfinished.replace(place)
            done.append(place)
        for place, (_, wanted) in changes.items():
            if wanted is None:
                place.unlink()
                done.append(place)
    except OSError:
        for place in done:
            there, _ = changes[place]
            if there is None:
                place.unlink()
            else:
                _write_beside(place, there).replace(place)
        raise
    finally:
        for unfinished in finished:
            unfinished.unlink(missing_ok=True)


def _write_beside(place: Path, text: bytes) -> Path:
    """Write what is to be moved to a place, and return where it is."""
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(place.name + UNFINISHED)
    unfinished.write_bytes(text)
    if place.exists():
        shutil.copymode(place, unfinished)
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


def write_library(package: Package, root: Path) -> tuple[list[str], list[str]]:
    """Write the whole library; what was edited by hand is kept aside.

    Returns the files that were changed or removed, and the copies.
    """
    tangled = last_tangled(root)
    copies = []
    for file, (there, _) in drift(package, root).items():
        known = tangled.get(file)
        if there is not None and known and known != digest(there):
            copy = root / EDITED / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(there)
            copies.append(str(EDITED / file))
    changed = write(package, root)
    texts = {file: module.text for file, module in package.files.items()}
    remember_tangled(texts, root)
    return changed, copies


def remember_tangled(texts: Mapping[str, str], root: Path) -> None:
    """Note what each file of the library is as tangled."""
    digests = {file: digest(text.encode()) for file, text in texts.items()}
    remember(digests, root / TANGLED)


def last_tangled(root: Path) -> dict[str, str]:
    """The digest of each file as it was last tangled, if that is known."""
    return recall(root / TANGLED)


def digest(text: bytes) -> str:
    return sha256(text).hexdigest()
