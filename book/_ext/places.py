"""Where a definition stands in the book: in a cell, and in the listing.

A definition may have several versions, each in a cell of some chapter; the
last of them stands in the listing of its file, a page of the appendix.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tangle import Definition, Version

LISTINGS = "book/library"


def page_of(version: Version) -> str:
    """The page that has a version's cell, as Sphinx names it."""
    return version.path.removesuffix(".md")


def anchor_of(definition: Definition, version: Version) -> str:
    """The id of a version's place on its page."""
    here = [v for v in definition.versions if v.chapter == version.chapter]
    number = here.index(version) + 1
    return f"def-{definition.name}" + (f"-{number}" if number > 1 else "")


def listing_of(file: str) -> str:
    """The page that lists a file of the library: micrograd/nn.py's is nn."""
    stem = PurePosixPath(file).stem
    return f"{LISTINGS}/{'micrograd' if stem == '__init__' else stem}"


def anchor_in_listing(definition: Definition) -> str:
    """The id of a definition's place in the listing of its file."""
    return definition.name
