"""Makes a snapshot of Python in the page, so that it needn't start there.

It is what Python's memory holds when ``book/_live/python/snapshot.mjs`` has
started it, in node: 30 MB, compressed to a fifth. A page goes on from there.
"""

from __future__ import annotations

from pathlib import Path

from pages.assets import run_node

MAKER = Path(__file__).parents[2] / "_live" / "python" / "snapshot.mjs"


def make(snapshot: Path, pyodide: Path, modules: Path) -> None:
    """Write a snapshot of Python with its modules, if there is none so new."""
    sources = (MAKER, modules, *pyodide.iterdir())
    made = snapshot.stat().st_mtime if snapshot.exists() else 0
    if made <= max(source.stat().st_mtime for source in sources):
        run_node(pyodide, MAKER, pyodide, modules, snapshot)
