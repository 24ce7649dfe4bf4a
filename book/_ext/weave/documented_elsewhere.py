"""Where the names of Python, PyTorch and others are documented.

The inventories in ``documented/`` say it: nothing is asked of anybody while
the book is built.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "documented"
PROJECTS = {
    "python": "Python",
    "torch": "PyTorch",
    "matplotlib": "matplotlib",
    "llvmlite": "llvmlite",
}
BUILTINS = "builtins."


@cache
def inventory() -> dict[str, tuple[str, str]]:
    """Every name that is documented: the project that does so, and where."""
    found = {}
    for file, project in PROJECTS.items():
        text = (FOLDER / f"{file}.txt").read_text("utf-8")
        base, *lines = text.splitlines()
        for line in lines:
            name, _, address = line.partition("\t")
            found[name] = project, base + address
    return found


def find(name: str) -> tuple[str, str] | None:
    """What documents a dotted name, in words, and the address.

    Of Python's own names everybody knows what they are: no words.
    """
    plain = name.removeprefix(BUILTINS)
    if plain not in inventory():
        return None
    project, address = inventory()[plain]
    return ("" if plain != name else f"{project}: {name}"), address
