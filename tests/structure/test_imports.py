"""The tools' imports run downwards: between packages, and within each.

Holds without any chapter: it reads the tools alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"
TOOLS = BOOK / "_ext"
LIVE = BOOK / "_live"
FLOORS = (
    {"tangle", "figures"},
    {"_live"},  # the Python of the page
    {"run"},
    {"weave"},
    {"pages", "editions"},
    {""},  # the Sphinx extension and what starts it
)
"""From the ground up; packages of one floor know nothing of each other."""
LIVE_FLOORS = (
    {"shared"},
    {"python"},
    {"cell", "stepper", "pad"},
    {"playground", ""},
)


def modules() -> dict[str, Path]:
    """Every module of the tools by the name that it is imported by."""
    found = {path.stem: path for path in (LIVE / "python").glob("*.py")}
    for path in TOOLS.rglob("*.py"):
        if "ipython" not in path.parts:
            name = ".".join(path.relative_to(TOOLS).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


def imported(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of the tools that one of them imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (n.name for n in node.names if n.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                name = inner if inner in known else node.module
                if name in known:
                    yield name


def house(name: str, path: Path) -> str:
    """The package that a module is in."""
    if LIVE in path.parents:
        return "_live"
    return name if path.stem == "__init__" else name.rpartition(".")[0]


def scripts() -> dict[str, list[str]]:
    """Every script of the page, and those that it imports."""
    found = {}
    for path in LIVE.rglob("*.js"):
        targets = re.findall(
            r'^(?:import|export)[^;]*?from "(\.[^"]+)"',
            path.read_text("utf-8"),
            re.MULTILINE,
        )
        found[path.relative_to(LIVE).as_posix()] = [
            (path.parent / target).resolve().relative_to(LIVE).as_posix()
            for target in targets
        ]
    return found


def floor(package: str, floors: tuple[set[str], ...]) -> int:
    (number,) = (i for i, names in enumerate(floors) if package in names)
    return number


def test_imports_between_packages_run_downwards() -> None:
    """Protects a stranger from having to know everything to change one."""
    known = modules()
    upwards = [
        f"{name} imports {other}"
        for name, path in known.items()
        for other in imported(path, known)
        if (here := house(name, path)) != (there := house(other, known[other]))
        and floor(there, FLOORS) >= floor(here, FLOORS)
    ]
    assert upwards == []
    assert len(known) > 50


def test_imports_of_scripts_run_downwards() -> None:
    """Protects the same in the page."""
    found = scripts()
    folder = {name: name.rpartition("/")[0] for name in found}
    upwards = [
        f"{name} imports {other}"
        for name, others in found.items()
        for other in others
        if folder[name] != folder[other]
        and floor(folder[other], LIVE_FLOORS)
        >= floor(folder[name], LIVE_FLOORS)
    ]
    assert upwards == []
    assert len(found) > 15


@pytest.mark.parametrize("kind", ["modules", "scripts"])
def test_no_imports_go_round_in_a_circle(kind: str) -> None:
    """Protects the order in which the parts can be read."""
    if kind == "modules":
        known = modules()
        graph = {name: set(imported(p, known)) for name, p in known.items()}
    else:
        graph = {name: set(others) for name, others in scripts().items()}
    assert list(TopologicalSorter(graph).static_order())
