"""Draws the plots of a notebook twice: as the page does, and by Matplotlib.

Of three files the first says, as JSON, the cells' code and which of them plot;
the second has Matplotlib's settings; and the third is for what was drawn. The
other arguments are folders for the modules of the page.
"""

from __future__ import annotations

import json
import sys
import types
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as theirs
from matplotlib import colors, image, pyplot
from matplotlib.collections import PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.lines import AxLine
from matplotlib.patches import Rectangle

MODULES = ("matplotlib", "matplotlib.pyplot", "matplotlib.colors")


def main() -> None:
    """Run the cells in a module of their own, as a notebook does."""
    page = types.ModuleType("__main__")
    sys.modules["__main__"] = page
    own = vars(page)
    sys.path[:0] = sys.argv[4:]
    theirs.rc_file(sys.argv[2])
    found = []
    for step in json.loads(Path(sys.argv[1]).read_text()):
        if step["plots"]:
            found.append([drawn_here(step["code"], own), None])
        try:
            exec(compile(step["code"], "<cell>", "exec"), own)
        except Exception:
            if not step["raises"]:
                raise
        if step["plots"]:
            found[-1][1] = drawn_by_matplotlib()
    Path(sys.argv[3]).write_text(json.dumps(found, default=float))


def drawn_here(code: str, own: dict[str, Any]) -> list[dict[str, Any]]:
    """What the page draws, and nothing is left of it."""
    import drawing
    import plots.colors
    import plots.pyplot

    there = {name: sys.modules[name] for name in MODULES}
    before = dict(own)
    for name in MODULES:
        sys.modules[name] = sys.modules[name.replace("matplotlib", "plots")]
    for name, value in before.items():
        if value is pyplot:
            own[name] = plots.pyplot
        elif value is colors.LinearSegmentedColormap:
            own[name] = plots.colors.LinearSegmentedColormap
    try:
        exec(compile(code, "<cell>", "exec"), own)
    finally:
        sys.modules.update(there)
        own.clear()
        own.update(before)
    figures = [ours(figure) for figure in drawing.unshown]
    drawing.unshown.clear()
    return figures


def ours(figure: Any) -> dict[str, Any]:
    """What is in a figure of the page."""
    from plots import artists

    svg = figure._repr_svg_()
    boxes = [box for row in figure.boxes() for box in row]
    found = []
    for axes, box in zip(figure.all(), boxes):
        inner = axes.fitted(box)
        has = axes.artists
        space = {
            "x": int(inner.width / 33),
            "y": int(inner.height / 22),
        }
        limits = {name: axes.limits(name) for name in "xy"}
        found.append(
            {
                "box": [
                    inner.left / figure.wide,
                    inner.right / figure.wide,
                    1 - inner.bottom / figure.high,
                    1 - inner.top / figure.high,
                ],
                "limits": limits,
                "title": axes.title,
                "names": [axes.x.name, axes.y.name],
                "is_on": axes.is_on,
                "spines": sorted(axes.spines.shown),
                "ticks": {
                    name: [
                        [tick.place, tick.label, tick.exponent]
                        for tick in axis.ticks(*limits[name], space[name])
                    ]
                    for name, axis in (("x", axes.x), ("y", axes.y))
                },
                "lines": [
                    {
                        "xs": line.xs,
                        "ys": line.ys,
                        "color": [line.color, line.opacity],
                        "style": line.stroke.style if line.stroke else "",
                        "width": line.stroke.width if line.stroke else None,
                        "marker": line.marker,
                        "size": line.marker_size if line.marker else None,
                        "label": line.label,
                    }
                    for line in has
                    if isinstance(line, artists.Line2D)
                ],
                "across": [
                    [line.x, line.y, line.points, line.stroke.color]
                    for line in has
                    if isinstance(line, artists.Across)
                ],
                "points": [
                    {
                        "places": list(zip(some.xs, some.ys)),
                        "area": some.area,
                        "face": list(some.face),
                        "edge": some.edge,
                        "width": some.width,
                    }
                    for some in has
                    if isinstance(some, artists.PathCollection)
                ],
                "contours": [
                    {
                        "colors": some.colors
                        or [[s.color, s.opacity] for s in some.strokes],
                        "widths": [s.width for s in some.strokes],
                        "segments": [
                            [
                                [*a, *b]
                                for line in lines
                                for a, b in pairwise(line)
                            ]
                            for lines in some.lines()
                        ],
                    }
                    for some in has
                    if isinstance(some, artists.QuadContourSet)
                ],
                "bars": [
                    [x - some.width / 2, height, some.width, *color]
                    for some in has
                    if isinstance(some, artists.BarContainer)
                    for x, height, color in zip(
                        some.xs, some.heights, some.colors
                    )
                ],
                "images": [
                    [
                        [some.cmap(share(some, v)) for v in row]
                        for row in some.rows
                    ]
                    for some in has
                    if isinstance(some, artists.AxesImage)
                ],
                "orders": [artist.zorder for artist in has],
                "legend": legend_of(axes.key),
            }
        )
    return {
        "svg": svg,
        "said": figure.description,
        "axes": found,
        "legend": legend_of(figure.key),
        "size": [figure.wide, figure.high],
    }


def share(some: Any, value: float) -> float:
    return (value - some.vmin) / (some.vmax - some.vmin)


def legend_of(key: Any) -> list[str]:
    if key is None:
        return []
    return [line.label for column in key.columns for line in column]


def drawn_by_matplotlib() -> list[dict[str, Any]]:
    """The figures that there are, which are closed."""
    figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    for figure in figures:
        figure.dpi = 72
        figure.canvas.draw()
    found = [read(figure) for figure in figures]
    pyplot.close("all")
    return found


def read(figure: Any) -> dict[str, Any]:
    """What is in a figure of Matplotlib's."""
    found = []
    for axes in figure.axes:
        if axes.get_label() == "<colorbar>":
            continue
        place = axes.get_position()
        has = axes.get_children()
        lines = [
            line
            for line in axes.lines
            if not isinstance(line, AxLine)
            and line.get_transform() == axes.transData
        ]
        found.append(
            {
                "box": [place.x0, place.x1, place.y0, place.y1],
                "limits": {"x": axes.get_xlim(), "y": axes.get_ylim()},
                "title": axes.get_title(),
                "names": [axes.get_xlabel(), axes.get_ylabel()],
                "is_on": axes.axison,
                "spines": sorted(
                    name
                    for name, spine in axes.spines.items()
                    if spine.get_visible()
                ),
                "ticks": {"x": ticks(axes.xaxis), "y": ticks(axes.yaxis)},
                "lines": [
                    {
                        "xs": [float(x) for x in line.get_xdata()],
                        "ys": [float(y) for y in line.get_ydata()],
                        "color": color(line.get_color(), line.get_alpha()),
                        "style": line.get_linestyle().replace("None", ""),
                        "width": line.get_linewidth()
                        if line.get_linestyle() != "None"
                        else None,
                        "marker": line.get_marker().replace("None", ""),
                        "size": line.get_markersize()
                        if line.get_marker() != "None"
                        else None,
                        "label": ""
                        if line.get_label().startswith("_")
                        else line.get_label(),
                    }
                    for line in lines
                ],
                "across": [
                    across(line) for line in axes.lines if line not in lines
                ],
                "points": [
                    {
                        "places": some.get_offsets().tolist(),
                        "area": some.get_sizes()[0],
                        "face": color(some.get_facecolor()[0]),
                        "edge": color(some.get_edgecolor()[0])[0],
                        "width": some.get_linewidth()[0],
                    }
                    for some in has
                    if isinstance(some, PathCollection)
                ],
                "contours": [
                    {
                        "colors": [
                            color(c)
                            for c in (
                                some.get_facecolor()
                                if some.filled
                                else some.get_edgecolor()
                            )
                        ],
                        "widths": []
                        if some.filled
                        else [float(w) for w in some.get_linewidth()],
                        "segments": [
                            segments(path, some.filled)
                            for path in some.get_paths()
                        ],
                    }
                    for some in has
                    if isinstance(some, QuadContourSet)
                ],
                "bars": [
                    [
                        bar.get_x(),
                        bar.get_height(),
                        bar.get_width(),
                        *color(bar.get_facecolor()),
                    ]
                    for bar in axes.patches
                    if isinstance(bar, Rectangle)
                ],
                "images": [
                    some.to_rgba(some.get_array(), bytes=True)[
                        ..., :3
                    ].tolist()
                    for some in has
                    if isinstance(some, image.AxesImage)
                ],
                "orders": [artist.get_zorder() for artist in axes._children],
                "legend": texts(axes.get_legend()),
            }
        )
    return {
        "axes": found,
        "legend": texts(figure.legends[0] if figure.legends else None),
        "size": [72 * float(length) for length in figure.get_size_inches()],
    }


def texts(legend: Any) -> list[str]:
    return [text.get_text() for text in legend.texts] if legend else []


def color(value: Any, alpha: float | None = None) -> list[Any]:
    """A colour without its opacity, and that."""
    red, green, blue, opacity = colors.to_rgba(value, alpha)
    return [colors.to_hex((red, green, blue)), opacity]


def across(line: Any) -> list[Any]:
    """A line through all of the axes: its place, and its colour."""
    paper = color(line.get_color())[0]
    if isinstance(line, AxLine):
        return [None, None, [line.get_xy1(), line.get_xy2()], paper]
    (x, end), (y, _) = line.get_data()
    if [x, end] == [0, 1]:
        return [None, float(y), None, paper]
    return [float(x), None, None, paper]


def ticks(axis: Any) -> list[list[Any]]:
    """Each tick that is seen: its place, and what stands beside it."""
    scaled = axis.get_transform().transform
    low, high = sorted(map(scaled, axis.get_view_interval()))
    slack = 1e-10 * (high - low)
    found = []
    for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
        if low - slack <= scaled(tick.get_loc()) <= high + slack:
            text = tick.label1.get_text()
            text = text.replace(r"$\mathdefault{", "").replace("}$", "")
            base, _, power = text.replace("}", "").partition("^{")
            base = base.replace(r"\times", " × ")
            found.append(
                [float(tick.get_loc()), base, power.replace("-", "−")]
            )
    return found


def segments(path: Any, filled: bool) -> list[list[float]]:
    """The pieces of the lines, with both ends of each."""
    found = []
    path.should_simplify = False
    for polygon in path.to_polygons(closed_only=filled):
        for start, end in pairwise(polygon.tolist()):
            if start != end:
                found.append([*start, *end])
    return found


if __name__ == "__main__":
    main()
