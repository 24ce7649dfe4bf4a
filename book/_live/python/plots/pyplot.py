"""Makes figures, which are shown under the cell that has made them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import drawing

from .figure import SIZE, Figure, Plots
from .refusing import absent_from, offered

__getattr__ = absent_from("matplotlib.pyplot")


@offered
def subplots(
    nrows: int = 1,
    ncols: int = 1,
    *,
    figsize: tuple[float, float] = SIZE,
    layout: str | None = None,
    height_ratios: Sequence[float] | None = None,
) -> tuple[Figure, Any]:
    """A figure with plots in rows and columns, and these plots.

    ``figsize`` is how wide and how high it is, in inches.
    """
    figure = Figure((nrows, ncols), figsize, layout, height_ratios)
    drawing.unshown.append(figure)
    plots = figure.plots
    return figure, Plots(plots) if nrows * ncols > 1 else plots[0][0]
