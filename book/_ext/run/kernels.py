"""What every kernel of the book is set to, without a line in any chapter."""

from __future__ import annotations

import shutil
from pathlib import Path

import graphs
import tracebacks
from figures import palette

HERE = Path(__file__).parent
FROM_THE_PAGE = [Path(str(module.__file__)) for module in (graphs, tracebacks)]
"""What kernels do as Python in the page does it."""
SOURCES = (
    palette.FILE,
    HERE / "matplotlibrc",
    *sorted((HERE / "ipython").rglob("*.py")),
    *FROM_THE_PAGE,
)
"""The files that say how kernels are set."""


def environment(root: Path) -> dict[str, str]:
    """What kernels find in their environment, beside what there is."""
    # A copy, since IPython writes into this folder.
    settings = root / "_build" / "ipython"
    shutil.copytree(HERE / "ipython", settings, dirs_exist_ok=True)
    for file in FROM_THE_PAGE:
        shutil.copy(file, settings / "profile_default")
    plots = settings / "matplotlibrc"
    style = (HERE / "matplotlibrc").read_text("utf-8")
    plots.write_text(palette.in_light(style), "utf-8")
    return {
        "IPYTHONDIR": str(settings),
        "MATPLOTLIBRC": str(plots),
    }
