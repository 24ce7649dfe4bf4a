"""Which tests a quick run consists of: those of what is being edited.

All of the tangler and of the library as it is now, and whatever else needs no
built book. Of the pages those that were edited since the last commit; after
an edit of what makes or dresses all pages, an example.
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
    if "looked_at" in fixtures(item):  # the rules for every page
        return True
    page = page_of(item)
    if page and {"html", "visitor", "window"} & fixtures(item):
        return page in edited()
    return not (
        {"whole", "html", "browser"} & fixtures(item)
        or item.get_closest_marker("xdist_group")
        or set(SLOW) & set(item.path.parts)
    )


def fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


def page_of(item: pytest.Item) -> str:
    """The page that a test is about, such as ``book/06-backward``."""
    callspec = getattr(item, "callspec", None)
    match dict(callspec.params) if callspec else {}:
        case {"path": str(path)}:
            return path.removesuffix(".html")
        case {"page": Path() as path}:
            return f"book/{path.stem}"
        case {"name": str(name)}:
            return f"book/{name}"
    return ""


@cache
def edited() -> set[str]:
    """The pages to look at, without their endings."""
    changed = {
        file
        for command in COMMANDS
        for file in subprocess.run(
            ["git", "-c", "safe.directory=*", *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
        ).stdout.splitlines()
    }
    pages = {found[0] for found in map(PAGE.match, changed) if found}
    return pages or {EXAMPLE}
