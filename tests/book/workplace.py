"""Where a chapter's cells run: with the library, and what they read."""

from __future__ import annotations

import shutil
from pathlib import Path

from reading import ROOT, front_matter

from run.execute import files_read


def lay_out(page: Path, folder: Path) -> None:
    """Make ``empty``, which has what the page reads, and ``site``."""
    (folder / "empty").mkdir()
    for name, file in files_read(page, front_matter(page)).items():
        shutil.copy(file, folder / "empty" / name)
    shutil.copytree(ROOT / "micrograd", folder / "site/micrograd")
