"""Tells places in the library by their chapters' lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tangle.package import Package

PLACE = re.compile(
    r"""(?P<before>(?<=")[^"\n]*/|[^\s"'():]*/)?"""
    r"""(?<![\w.-])(?P<file>micrograd/[\w/]+\.py)"""
    r"""(?P<between>:|",\ line\ )(?P<line>[0-9]+)"""
)


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
