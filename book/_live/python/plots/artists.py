"""What is drawn in the axes of a plot.

An artist knows which numbers an axis must reach, draws itself, and says what
a legend shouldn't lie upon.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from .canvas import Box, Canvas, number, path
from .colors import LinearSegmentedColormap, paint
from .contours import Grid, Point
from .refusing import Incomplete

Place = Callable[[float, float], Point]
"""Where a point of the axes is on the page."""

DASHES: dict[str, tuple[float, ...]] = {
    "-": (),
    "--": (3.7, 1.6),
    "-.": (6.4, 1.6, 1.0, 1.6),
    ":": (1.0, 1.65),
}
"""Strokes and gaps of a line, in line widths."""
MARKERS: dict[str, Callable[[float], list[Point]] | None] = {
    "o": None,  # a circle
    "s": lambda r: [(-r, -r), (r, -r), (r, r), (-r, r)],
    "^": lambda r: [(0, -r), (r, r), (-r, r)],
    "x": lambda r: [(-r, -r), (r, r), (-r, r), (r, -r)],
}
"""Their corners, so far to the right of and below their middle."""


class Artist(Incomplete):
    """Something drawn in the axes."""

    zorder: float = 2.0
    label: str = ""
    sticky_x: tuple[float, ...] = ()
    sticky_y: tuple[float, ...] = ()
    """What the axis ends at, rather than a little further on."""

    def reaches(self) -> tuple[list[float], list[float]]:
        """The numbers along each axis that must be seen."""
        raise NotImplementedError

    def draw(self, canvas: Canvas, place: Place, box: Box) -> None:
        """Draw it; ``box`` is that of the axes."""
        raise NotImplementedError

    def in_the_way(
        self, place: Place
    ) -> tuple[list[list[Point]], list[Point], list[Box]]:
        """The lines, points and boxes that a legend should keep clear of."""
        return [], [], []

    def described(self) -> str:
        """What it is, for those who can't see it."""
        raise NotImplementedError


@dataclass
class Stroke:
    """How a line is drawn."""

    color: str
    opacity: float
    width: float
    style: str = "-"

    def attributes(self) -> dict[str, Any]:
        """As SVG's, for a shape without a filling."""
        dashes = " ".join(number(d * self.width) for d in DASHES[self.style])
        return {
            "fill": "none",
            "stroke": self.color,
            "stroke_width": self.width,
            "stroke_opacity": self.opacity if self.opacity < 1 else None,
            "stroke_dasharray": dashes or None,
            "stroke_linecap": None if dashes else "square",
        }


@dataclass
class Line2D(Artist):
    """Points, a line through them, or both."""

    xs: list[float]
    ys: list[float]
    stroke: Stroke | None
    marker: str
    marker_size: float
    color: str
    opacity: float
    label: str = ""
    zorder: float = 2.0

    def reaches(self) -> tuple[list[float], list[float]]:
        return self.xs, self.ys

    def points(self, place: Place) -> list[list[Point]]:
        """Where it goes on the page; where a number is missing, it breaks."""
        found: list[list[Point]] = [[]]
        for x, y in zip(self.xs, self.ys, strict=True):
            if math.isfinite(x) and math.isfinite(y):
                found[-1].append(place(x, y))
            else:
                found.append([])
        return [line for line in found if line]

    def draw(self, canvas: Canvas, place: Place, box: Box) -> None:
        lines = self.points(place)
        if self.stroke and lines:
            canvas.add("path", d=path(lines), **self.stroke.attributes())
        if self.marker:
            for line in lines:
                for point in line:
                    self.draw_marker(canvas, point)

    def described(self) -> str:
        seen = [y for y in self.ys if math.isfinite(y)]
        what = self.label or ("a line" if self.stroke else "points")
        if not seen:
            return what
        return (
            f"{what} from {seen[0]:.3g} to {seen[-1]:.3g}, "
            f"between {min(seen):.3g} and {max(seen):.3g}"
        )

    def draw_marker(self, canvas: Canvas, point: Point) -> None:
        """Draw one of its points."""
        mark(
            canvas,
            point,
            self.marker,
            self.marker_size,
            (self.color, self.opacity),
            (self.color, 1.0),
        )

    def in_the_way(
        self, place: Place
    ) -> tuple[list[list[Point]], list[Point], list[Box]]:
        return self.points(place), [], []


def mark(
    canvas: Canvas,
    point: Point,
    marker: str,
    size: float,
    fill: tuple[str, float],
    edge: tuple[str, float],
) -> None:
    """Draw a marker; its edge has a colour and a width."""
    x, y = point
    attributes: dict[str, Any] = {
        "fill": "none" if marker == "x" else fill[0],
        "stroke": edge[0],
        "stroke_width": edge[1],
        "opacity": fill[1] if fill[1] < 1 else None,
    }
    shape = MARKERS[marker]
    if shape is None:
        canvas.add("circle", cx=x, cy=y, r=size / 2, **attributes)
        return
    corners = [(x + right, y + down) for right, down in shape(size / 2)]
    if marker == "x":
        d = path([corners[:2], corners[2:]])
    else:
        d = path([corners], closed=True)
    canvas.add("path", d=d, **attributes)


@dataclass
class Across(Artist):
    """A straight line through the whole of the axes."""

    stroke: Stroke
    x: float | None = None
    y: float | None = None
    points: tuple[Point, Point] | None = None
    """Either it is upright at x, or level at y, or it goes through two."""

    def reaches(self) -> tuple[list[float], list[float]]:
        if self.points:
            (a, b), (c, d) = self.points
            return [a, c], [b, d]
        return (
            [] if self.x is None else [self.x],
            [] if self.y is None else [self.y],
        )

    def draw(self, canvas: Canvas, place: Place, box: Box) -> None:
        if self.points:
            (a, b), (c, d) = (place(*point) for point in self.points)
            # So far that both ends are outside, wherever the points are.
            far = 2 * (box.width + box.height) + math.hypot(
                a - box.left, b - box.top
            )
            far /= math.hypot(c - a, d - b)
            right, down = far * (c - a), far * (d - b)
            line = [(a - right, b - down), (a + right, b + down)]
        elif self.x is not None:
            x = place(self.x, math.nan)[0]
            line = [(x, box.bottom), (x, box.top)]
        else:
            assert self.y is not None
            y = place(math.nan, self.y)[1]
            line = [(box.left, y), (box.right, y)]
        canvas.add("path", d=path([line]), **self.stroke.attributes())

    def described(self) -> str:
        if self.points:
            return "a straight line"
        if self.x is not None:
            return f"a line across, upright at {self.x:.3g}"
        return f"a line across, level at {self.y:.3g}"


@dataclass
class PathCollection(Artist):
    """Points that are scattered."""

    xs: list[float]
    ys: list[float]
    marker: str
    area: float
    face: tuple[str, float]
    edge: str
    width: float
    zorder: float = 1.0

    def reaches(self) -> tuple[list[float], list[float]]:
        return self.xs, self.ys

    def draw(self, canvas: Canvas, place: Place, box: Box) -> None:
        for x, y in zip(self.xs, self.ys, strict=True):
            if math.isfinite(x) and math.isfinite(y):
                mark(
                    canvas,
                    place(x, y),
                    self.marker,
                    math.sqrt(self.area),
                    self.face,
                    (self.edge, self.width),
                )

    def in_the_way(
        self, place: Place
    ) -> tuple[list[list[Point]], list[Point], list[Box]]:
        return [], [place(x, y) for x, y in zip(self.xs, self.ys)], []

    def described(self) -> str:
        return f"{len(self.xs)} points"


@dataclass
class QuadContourSet(Artist):
    """Level lines of a surface, or the bands between them."""

    grid: Grid
    levels: list[float]
    colors: list[tuple[str, float]]
    """Of each line, or of each band."""
    strokes: list[Stroke] = field(default_factory=list)
    """Of each line; none if it is filled."""

    def __post_init__(self) -> None:
        self.zorder = 2.0 if self.strokes else 1.0
        self.sticky_x = (min(self.grid.xs), max(self.grid.xs))
        self.sticky_y = (min(self.grid.ys), max(self.grid.ys))

    def reaches(self) -> tuple[list[float], list[float]]:
        return [*self.sticky_x], [*self.sticky_y]

    def described(self) -> str:
        levels = ", ".join(f"{level:.3g}" for level in self.levels)
        if self.strokes:
            return f"level lines at {levels}"
        return f"bands between the levels {levels}"

    def lines(self) -> list[list[list[Point]]]:
        """For each level the lines, or for each band its borders."""
        if self.strokes:
            return [self.grid.lines(level) for level in self.levels]
        ends = list(self.levels)
        if ends[0] == min(map(min, self.grid.heights)):
            ends[0] -= 1  # what is lowest is in the lowest band
        return [self.grid.band(*pair) for pair in pairwise(ends)]

    def draw(self, canvas: Canvas, place: Place, box: Box) -> None:
        for k, lines in enumerate(self.lines()):
            placed = [[place(*point) for point in line] for line in lines]
            if not placed:
                continue
            if self.strokes:
                attributes = self.strokes[k].attributes()
                attributes["stroke_linecap"] = None
                canvas.add("path", d=path(placed), **attributes)
            else:
                color, opacity = self.colors[k]
                canvas.add(
                    "path",
                    d=path(placed, closed=True),
                    fill=color,
                    fill_opacity=opacity,
                    fill_rule="evenodd",
                )


@dataclass
class BarContainer(Artist):
    """Upright bars that stand on zero."""

    xs: list[float]
    heights: list[float]
    width: float
    colors: list[tuple[str, float]]
    zorder: float = 1.0
    sticky_y: tuple[float, ...] = (0.0,)

    def reaches(self) -> tuple[list[float], list[float]]:
        half = self.width / 2
        ends = [x + side for x in self.xs for side in (-half, half)]
        return ends, [0.0, *self.heights]

    def boxes(self, place: Place) -> list[Box]:
        """Where the bars are on the page."""
        found = []
        for x, height in zip(self.xs, self.heights, strict=True):
            left, top = place(x - self.width / 2, max(height, 0.0))
            right, bottom = place(x + self.width / 2, min(height, 0.0))
            found.append(Box(left, top, right, bottom))
        return found

    def draw(self, canvas: Canvas, place: Place, box: Box) -> None:
        for bar, (color, opacity) in zip(
            self.boxes(place), self.colors, strict=True
        ):
            shade = opacity if opacity < 1 else None
            canvas.rectangle(bar, fill=color, fill_opacity=shade)

    def in_the_way(
        self, place: Place
    ) -> tuple[list[list[Point]], list[Point], list[Box]]:
        return [], [], self.boxes(place)

    def described(self) -> str:
        heights = ", ".join(f"{height:.2g}" for height in self.heights)
        return f"bars as high as {heights}"


@dataclass
class AxesImage(Artist):
    """A square for each number of a table, the first row at the top."""

    rows: list[list[float]]
    cmap: LinearSegmentedColormap
    vmin: float
    vmax: float
    zorder: float = 0.0

    def reaches(self) -> tuple[list[float], list[float]]:
        return (
            [-0.5, len(self.rows[0]) - 0.5],
            [-0.5, len(self.rows) - 0.5],
        )

    def described(self) -> str:
        return f"a picture of {len(self.rows[0])} by {len(self.rows)}"

    def color(self, value: float) -> str:
        """A number's colour, which is the same in the dark."""
        spread = self.vmax - self.vmin
        share = (value - self.vmin) / spread if spread else 0.0
        return "rgb({},{},{})".format(*self.cmap(share))

    def draw(self, canvas: Canvas, place: Place, box: Box) -> None:
        shapes: dict[str, list[list[Point]]] = {}
        for i, row in enumerate(self.rows):
            for j, value in enumerate(row):
                left, top = place(j - 0.5, i - 0.5)
                right, bottom = place(j + 0.5, i + 0.5)
                corners = [
                    (left, top),
                    (right, top),
                    (right, bottom),
                    (left, bottom),
                ]
                shapes.setdefault(self.color(value), []).append(corners)
        for color, squares in shapes.items():
            canvas.add(
                "path",
                d=path(squares, closed=True),
                fill=color,
                shape_rendering="crispEdges",
            )


def painted(
    colors: Sequence[Any] | str, number_of_them: int, alpha: float | None
) -> list[tuple[str, float]]:
    """So many colours, begun anew where too few are given."""
    if isinstance(colors, str):
        colors = [colors]
    return [
        paint(colors[k % len(colors)], alpha) for k in range(number_of_them)
    ]


def numbers(values: Iterable[Any] | float) -> list[float]:
    """Plain numbers; a number alone is a list of one."""
    if isinstance(values, Iterable):
        return [one_number(value) for value in values]
    return [one_number(values)]


def one_number(value: Any) -> float:
    """A plain number; Matplotlib takes words, too, but not in this place."""
    if isinstance(value, str):
        raise TypeError(f"{value!r} isn't a number")
    return float(value)
