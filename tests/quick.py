"""Which tests a quick run consists of: those of what is being edited.

All of the library as it is now, and whatever else needs no built book; all of
the tangler if that was edited. Of the pages those that were edited since the
last commit; after an edit of what makes or dresses all pages, an example.
"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = re.compile(r"book/[^_].*(?=\.md$)")
EXAMPLE = "book/06-backward"
"""It has of everything: cells, a figure with steps, exercises, formulas."""
SLOW = ("stages", "browser")
COMMANDS = (
    ("diff", "--name-only", "HEAD"),
    ("ls-files", "--others", "--exclude-standard"),
)


def belongs(item: pytest.Item) -> bool:
    """Whether a quick run has this test."""
    needs = fixtures(item)
    callspec = getattr(item, "callspec", None)
    match dict(callspec.params) if callspec else {}:
        case _ if "looked_at" in needs:  # the rules for every page
            return True
        case {"path": str(path)} if "visitor" in needs:
            return path.removesuffix(".html") in looked_at()
        case {"path": str(path)} if "window" in needs:
            return path.removesuffix(".html") in edited()
        case {"page": Path() as page} if "html" in needs:
            return f"book/{page.stem}" in edited()
        case {"name": str(name)} if "window" in needs:
            return f"book/{name}" in live()
    return not (
        {"whole", "html", "browser"} & needs
        or item.get_closest_marker("xdist_group")
        or set(SLOW) & set(item.path.parts)
        or ("tangle" in item.path.parts and not tangler())
    )


def fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


@cache
def changed() -> set[str]:
    """The files that differ from the last commit."""
    return {
        file
        for command in COMMANDS
        for file in subprocess.run(
            ["git", "-c", "safe.directory=*", *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
        ).stdout.splitlines()
    }


def edited() -> set[str]:
    """The pages of which the text was edited, without their endings."""
    return {found[0] for found in map(PAGE.match, changed()) if found}


@cache
def tangler() -> bool:
    """Whether it was edited; else what it does is shown by what it makes."""
    return any("/tangle/" in file for file in changed())


def looked_at() -> set[str]:
    """The pages to look at."""
    return edited() or {EXAMPLE}


def live() -> set[str]:
    """The pages of which the cells are run where they are read."""
    scripts = any(file.startswith("book/_live/") for file in changed())
    return looked_at() if scripts else edited()
