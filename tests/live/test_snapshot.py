"""The snapshot of Python is as new as what is in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pages import snapshot

OLD, NEWER, NEWEST = 1e9, 2e9, 3e9
"""Times, in seconds; the files of today are from between the first two."""


def test_a_snapshot_is_made_when_something_in_it_is_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects pages from a Python with modules of a build before.

    And builds from starting Python for nothing.
    """
    made: list[Path] = []

    def make(
        folder: Path, maker: Path, pyodide: Path, modules: Path, file: Path
    ) -> None:
        made.append(file)
        file.touch()
        os.utime(file, (NEWEST, NEWEST))

    monkeypatch.setattr(snapshot, "run_node", make)
    pyodide = tmp_path / "pyodide"
    pyodide.mkdir()
    modules, file = tmp_path / "python.zip", tmp_path / "python.snapshot"
    sources = [modules, pyodide / "pyodide.asm.wasm"]
    for source in sources:
        source.touch()
    for times in range(1, 4):
        for _ in range(2):
            snapshot.make(file, pyodide, modules)
            assert made == [file] * times
        if times <= len(sources):
            os.utime(sources[times - 1], (NEWER, NEWER))
            os.utime(file, (OLD, OLD))
