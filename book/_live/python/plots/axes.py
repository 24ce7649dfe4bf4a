"""One plot: two axes, and what is drawn in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from .artists import (
    DASHES,
    MARKERS,
    Across,
    Artist,
    AxesImage,
    BarContainer,
    Line2D,
    PathCollection,
    QuadContourSet,
    Stroke,
    numbers,
    one_number,
    painted,
)
from .axis import Axis
from .canvas import ASCENT, DESCENT, FONT_SIZE, Box, Canvas, path, width_of
from .colors import (
    MAPS,
    RULE,
    Color,
    LinearSegmentedColormap,
    paint,
)
from .contours import Grid, Point
from .legend import Legend
from .refusing import Incomplete, offered, one_of, refused
from .ticks import MOST

LINE_WIDTH = 1.8
THIN = 0.8
"""The width of the axes' own lines."""
TICK, MINOR_TICK = 3.5, 2.0
"""How long they are, and how far away their labels."""
BESIDE = 4.0
"""How far the name of an axis is from its ticks' labels."""
BELOW_TITLE = 6.0
OVER_LINES = 2.5
"""The axes' own lines are over what has a smaller zorder."""
FORMAT = re.compile(r"(--|-\.|-|:)?([os^x])?|([os^x])(--|-\.|-|:)")
SIDES = ("left", "bottom", "top", "right")


class Axes(Incomplete):
    """A plot of a figure."""

    def __init__(self) -> None:
        self.artists: list[Artist] = []
        self.x = Axis()
        self.y = Axis()
        self.title, self.title_size = "", FONT_SIZE
        self.is_equal = False
        self.is_on = True
        self.spines = Spines()
        self.key: Legend | None = None
        self.colorbar: Any = None
        self.drawn_in_cycle = 0

    # What readers call

    @offered
    def plot(
        self,
        *data: Any,
        color: Color | None = None,
        alpha: float | None = None,
        label: str = "",
        lw: float | None = None,
        linewidth: float | None = None,
        ls: str | None = None,
        linestyle: str | None = None,
        marker: str | None = None,
        ms: float | None = None,
        markersize: float | None = None,
        zorder: float = 2.0,
        gid: str = "",
    ) -> list[Line2D]:
        """Draw points, or a line through them: ``plot([x,] y[, format])``.

        Nobody looks into the drawing for a line's name, ``gid``.
        """
        *values, style = data if isinstance(data[-1], str) else (*data, "")
        if not 1 <= len(values) <= 2:
            raise refused(f"plot(…) of {len(data)} things at once")
        ys = numbers(values[-1])
        xs = numbers(values[0]) if values[1:] else numbers(range(len(ys)))
        if len(xs) != len(ys):
            raise ValueError(f"{len(xs)} x for {len(ys)} y")
        line, mark = format_of(style)
        line = first(ls, linestyle, line)
        mark = first(marker, mark)
        if line is None:  # markers alone have no line, if they are in `style`
            line = "" if style else "-"
        if color is None:
            color = f"C{self.drawn_in_cycle}"
            self.drawn_in_cycle += 1
        paper, opacity = paint(color, alpha)
        stroke = None
        if line not in ("", "None", "none"):
            width = first(lw, linewidth, LINE_WIDTH)
            stroke = stroke_of(paper, opacity, width, line)
        if mark:
            one_of(MARKERS, mark, "marker")
        size = first(ms, markersize, 6.0)
        drawn = Line2D(
            xs, ys, stroke, mark or "", size, paper, opacity, label, zorder
        )
        self.artists.append(drawn)
        return [drawn]

    def loglog(self, *data: Any, **settings: Any) -> list[Line2D]:
        """As `plot`, with powers of ten along both axes."""
        self.x.is_log = self.y.is_log = True
        return self.plot(*data, **settings)

    def semilogy(self, *data: Any, **settings: Any) -> list[Line2D]:
        """As `plot`, with powers of ten along the y axis."""
        self.y.is_log = True
        return self.plot(*data, **settings)

    @offered
    def axhline(
        self,
        y: float = 0.0,
        *,
        color: Color | None = None,
        lw: float = LINE_WIDTH,
        ls: str = "-",
    ) -> Across:
        """Draw a level line through the whole plot."""
        return self.across(color or "C0", lw, ls, y=one_number(y))

    @offered
    def axvline(
        self,
        x: float = 0.0,
        *,
        color: Color | None = None,
        lw: float = LINE_WIDTH,
        ls: str = "-",
    ) -> Across:
        """Draw an upright line through the whole plot."""
        return self.across(color or "C0", lw, ls, x=one_number(x))

    @offered
    def axline(
        self,
        xy1: Point,
        xy2: Point,
        *,
        color: Color | None = None,
        lw: float = LINE_WIDTH,
        ls: str = "-",
    ) -> Across:
        """Draw a line through two points, and on to the plot's border."""
        start, end = ((float(x), float(y)) for x, y in (xy1, xy2))
        if start == end:
            raise ValueError("a line needs two points that differ")
        return self.across(color or "C0", lw, ls, points=(start, end))

    def across(
        self, color: Color, width: float, style: str, **where: Any
    ) -> Across:
        line = Across(stroke_of(*paint(color), width, style), **where)
        self.artists.append(line)
        return line

    @offered
    def scatter(
        self,
        x: Iterable[float],
        y: Iterable[float],
        s: float = 36.0,
        *,
        color: Color | None = None,
        marker: str = "o",
        alpha: float | None = None,
        edgecolors: Color | None = None,
        linewidths: float = LINE_WIDTH,
        zorder: float = 1.0,
    ) -> PathCollection:
        """Draw points; ``s`` is the area of each, in points squared."""
        one_of(MARKERS, marker, "marker")
        if color is None:
            raise refused("scatter(…) without a color")
        xs, ys = numbers(x), numbers(y)
        if len(xs) != len(ys):
            raise ValueError(f"{len(xs)} x for {len(ys)} y")
        face = paint(color, alpha)
        edge = face[0] if edgecolors is None else paint(edgecolors)[0]
        points = PathCollection(
            xs, ys, marker, float(s), face, edge, float(linewidths), zorder
        )
        self.artists.append(points)
        return points

    @offered
    def contour(
        self,
        *surface: Any,
        levels: Sequence[float] | None = None,
        colors: Color | None = None,
        linewidths: float = LINE_WIDTH,
        linestyles: str | None = None,
        alpha: float | None = None,
        extent: Sequence[float] | None = None,
    ) -> QuadContourSet:
        """Draw level lines of a surface, ``contour([x, y,] z, levels=…)``."""
        grid, heights = surface_of("contour", surface, levels, extent)
        if not isinstance(colors, str):
            raise refused("contour(…) without one color for all lines")
        color, opacity = paint(colors, alpha)
        strokes = []
        for level in heights:
            # As Matplotlib has it, in plots of one colour.
            style = linestyles or ("--" if level < 0 else "-")
            strokes.append(stroke_of(color, opacity, linewidths, style))
        return self.contours(grid, heights, [], strokes)

    @offered
    def contourf(
        self,
        *surface: Any,
        levels: Sequence[float] | None = None,
        colors: Sequence[Color] | None = None,
        alpha: float | None = None,
        extent: Sequence[float] | None = None,
    ) -> QuadContourSet:
        """Fill what is between the level lines of a surface."""
        grid, heights = surface_of("contourf", surface, levels, extent)
        if colors is None:
            raise refused("contourf(…) without colors")
        shades = painted(colors, len(heights) - 1, alpha)
        return self.contours(grid, heights, shades, [])

    def contours(
        self,
        grid: Grid,
        levels: list[float],
        shades: list[tuple[str, float]],
        strokes: list[Stroke],
    ) -> QuadContourSet:
        found = QuadContourSet(grid, levels, shades, strokes)
        self.artists.append(found)
        return found

    @offered
    def bar(
        self,
        x: Iterable[float],
        height: Iterable[float],
        width: float = 0.8,
        *,
        color: Color | Sequence[Color] | None = None,
    ) -> BarContainer:
        """Draw upright bars that stand on zero."""
        xs, heights = numbers(x), numbers(height)
        if len(xs) != len(heights):
            raise ValueError(f"{len(xs)} x for {len(heights)} heights")
        if color is None:
            color = f"C{self.drawn_in_cycle}"
            self.drawn_in_cycle += 1
        bars = BarContainer(
            xs, heights, float(width), painted(color, len(xs), None)
        )
        self.artists.append(bars)
        return bars

    @offered
    def imshow(
        self,
        rows: Sequence[Sequence[float]],
        *,
        cmap: str | LinearSegmentedColormap | None = None,
        vmin: float | None = None,
        vmax: float | None = None,
    ) -> AxesImage:
        """Draw a table of numbers as a picture, the first row at the top."""
        if cmap is None:
            raise refused("imshow(…) without a cmap")
        if isinstance(cmap, str):
            cmap = one_of(MAPS, cmap, "cmap")
        table = [numbers(row) for row in rows]
        if len({len(row) for row in table}) != 1:
            raise ValueError("the rows of a picture must be equally long")
        low = min(map(min, table)) if vmin is None else float(vmin)
        high = max(map(max, table)) if vmax is None else float(vmax)
        image = AxesImage(table, cmap, low, high)
        self.artists.append(image)
        self.is_equal = True
        self.x.limits = -0.5, len(table[0]) - 0.5
        self.y.limits = len(table) - 0.5, -0.5
        return image

    @offered
    def legend(self, *, loc: str | tuple[float, float] = "best") -> Legend:
        """Say what the lines are that have a label."""
        self.key = Legend(self.lines_labelled(), loc)
        return self.key

    def set(self, **settings: Any) -> None:
        """Set several things at once: ``set(xlabel="step")``."""
        for name, value in settings.items():
            getattr(self, f"set_{name}")(value)

    def set_xlabel(self, text: str) -> None:
        self.x.name = text

    def set_ylabel(self, text: str) -> None:
        self.y.name = text

    def set_xlim(self, left: Any = None, right: float | None = None) -> None:
        """From left to right; what isn't given stays as it is."""
        self.x.set_limits(left, right, self.limits("x"))

    def set_ylim(self, bottom: Any = None, top: float | None = None) -> None:
        """From the bottom to the top; what isn't given stays as it is."""
        self.y.set_limits(bottom, top, self.limits("y"))

    def set_xticks(self, places: Iterable[float]) -> None:
        """Where there are marks, and no others."""
        self.x.set_ticks(numbers(places), self.limits("x"))

    def set_yticks(self, places: Iterable[float]) -> None:
        """Where there are marks, and no others."""
        self.y.set_ticks(numbers(places), self.limits("y"))

    def set_aspect(self, aspect: str) -> None:
        """Whether a step along x is as long on the page as one along y."""
        choices = {"equal": True, "auto": False}
        self.is_equal = one_of(choices, aspect, "aspect")

    @offered
    def set_title(self, text: str, fontsize: float | str = FONT_SIZE) -> None:
        """Write above the plot."""
        if isinstance(fontsize, str):
            fontsize = one_of({"medium": FONT_SIZE}, fontsize, "fontsize")
        self.title, self.title_size = text, float(fontsize)

    def set_axis_off(self) -> None:
        """Draw neither axes nor ticks nor what is written there."""
        self.is_on = False

    def set_axis_on(self) -> None:
        """Draw them again."""
        self.is_on = True

    # How it is drawn

    def lines_labelled(self) -> list[Line2D]:
        """The lines that a legend tells apart."""
        return [
            artist
            for artist in self.artists
            if isinstance(artist, Line2D) and artist.label
        ]

    def limits(self, name: str) -> tuple[float, float]:
        """The numbers at the two ends of an axis, x or y."""
        which = "xy".index(name)
        return (self.x, self.y)[which].ends(
            [n for artist in self.artists for n in artist.reaches()[which]],
            [
                n
                for artist in self.artists
                for n in (artist.sticky_x, artist.sticky_y)[which]
            ],
        )

    def fitted(self, box: Box) -> Box:
        """The part of a box that the plot fills."""
        if not self.is_equal:
            return box
        wide, high = (
            abs(axis.scaled(end) - axis.scaled(start))
            for axis, (start, end) in (
                (self.x, self.limits("x")),
                (self.y, self.limits("y")),
            )
        )
        unit = min(box.width / wide, box.height / high)
        spare = box.width - unit * wide
        left = box.left + (spare if self.colorbar else spare / 2)
        top = box.top + (box.height - unit * high) / 2
        return Box(left, top, left + unit * wide, top + unit * high)

    def draw(self, canvas: Canvas, box: Box) -> None:
        """Draw all of it where it has been put."""
        inner = self.fitted(box)
        (x0, x1), (y0, y1) = (
            tuple(axis.scaled(end) for end in self.limits(name))
            for name, axis in (("x", self.x), ("y", self.y))
        )

        def place(x: float, y: float) -> Point:
            return (
                inner.left + (self.x.scaled(x) - x0) / (x1 - x0) * inner.width,
                inner.bottom
                - (self.y.scaled(y) - y0) / (y1 - y0) * inner.height,
            )

        by_order = sorted(self.artists, key=lambda artist: artist.zorder)
        canvas.clip(inner)
        for artist in by_order:
            if artist.zorder < OVER_LINES:
                artist.draw(canvas, place, inner)
        canvas.unclip()
        self.decorate(canvas, inner)
        canvas.clip(inner)
        for artist in by_order:
            if artist.zorder >= OVER_LINES:
                artist.draw(canvas, place, inner)
        canvas.unclip()
        if self.key:
            ways = [artist.in_the_way(place) for artist in self.artists]
            self.key.draw(canvas, inner, ways)
        if self.colorbar:
            self.colorbar.draw(canvas, box)

    def around(self, box: Box) -> Box:
        """How far the plot reaches with all that is written beside it."""
        inner = self.fitted(box)
        canvas = Canvas(inner)
        self.decorate(canvas, inner)
        # Where the plot is narrower than the box, that's no matter.
        left, top, right, bottom = canvas.box
        return Box(
            left - inner.left + box.left,
            top - inner.top + box.top,
            right - inner.right + box.right,
            bottom - inner.bottom + box.bottom,
        )

    def decorate(self, canvas: Canvas, box: Box) -> None:
        """Draw the axes, their ticks, and what is written beside them."""
        canvas.cover(box)
        if not self.is_on:
            return
        low = self.draw_x_axis(canvas, box)
        if self.x.name:
            middle = (box.left + box.right) / 2
            baseline = low + BESIDE + ASCENT * FONT_SIZE
            canvas.text(middle, baseline, self.x.name)
        left = self.draw_y_axis(canvas, box)
        if self.y.name:
            middle = (box.top + box.bottom) / 2
            baseline = left - BESIDE - DESCENT * FONT_SIZE
            canvas.text(baseline, middle, self.y.name, upwards=True)
        self.spines.draw(canvas, box)
        if self.title:
            canvas.text(
                (box.left + box.right) / 2,
                box.top - BELOW_TITLE,
                self.title,
                size=self.title_size,
            )

    def draw_x_axis(self, canvas: Canvas, box: Box) -> float:
        """Draw the ticks below the plot; how far down they reach."""
        start, end = self.limits("x")
        space = int(box.width / (3 * FONT_SIZE))
        lowest = box.bottom
        for tick in self.x.ticks(start, end, space):
            x = box.left + self.x.share(tick.place, start, end) * box.width
            length = MINOR_TICK if tick.is_minor else TICK
            draw_tick(canvas, (x, box.bottom), (x, box.bottom + length))
            if tick.label:
                top = box.bottom + length + TICK
                baseline = top + ASCENT * FONT_SIZE
                canvas.text(x, baseline, tick.label, exponent=tick.exponent)
                lowest = baseline + DESCENT * FONT_SIZE
            lowest = max(lowest, box.bottom + length)
        return lowest

    def draw_y_axis(self, canvas: Canvas, box: Box) -> float:
        """Draw the ticks left of the plot; how far they reach."""
        start, end = self.limits("y")
        space = int(box.height / (2 * FONT_SIZE))
        leftmost = box.left
        for tick in self.y.ticks(start, end, space):
            y = box.bottom - self.y.share(tick.place, start, end) * box.height
            length = MINOR_TICK if tick.is_minor else TICK
            draw_tick(canvas, (box.left, y), (box.left - length, y))
            leftmost = min(leftmost, box.left - length)
            if tick.label:
                x = box.left - length - TICK
                wide = width_of(tick.label, FONT_SIZE)
                if tick.exponent:
                    wide += width_of(tick.exponent, 0.7 * FONT_SIZE)
                canvas.text(
                    x,
                    y + ASCENT / 2 * FONT_SIZE,
                    tick.label,
                    exponent=tick.exponent,
                    anchor="end",
                )
                leftmost = min(leftmost, x - wide)
        return leftmost

    def described(self) -> str:
        """What is there, for those who can't see it."""
        parts = [self.title.replace("\n", ", ")] if self.title else []
        if self.is_on and self.x.ticks(*self.limits("x"), MOST):
            parts.append(self.x.described("across", *self.limits("x")))
        if self.is_on and self.y.ticks(*self.limits("y"), MOST):
            parts.append(self.y.described("up", *self.limits("y")))
        parts += counted(artist.described() for artist in self.artists)
        return "; ".join(parts)


class Spines(Incomplete):
    """The lines at the sides of a plot; those that are shown."""

    def __init__(self) -> None:
        self.shown = set(SIDES[:2])

    def __getitem__(self, name: str | slice) -> Spine:
        if name == slice(None):
            return Spine(self, SIDES)
        return Spine(self, (one_of(dict(zip(SIDES, SIDES)), name, "spines"),))

    def draw(self, canvas: Canvas, box: Box) -> None:
        left, top, right, bottom = box
        corners = {
            "left": [(left, bottom), (left, top)],
            "right": [(right, bottom), (right, top)],
            "bottom": [(left, bottom), (right, bottom)],
            "top": [(left, top), (right, top)],
        }
        for side in SIDES:
            if side in self.shown:
                stroke = Stroke(RULE, 1.0, THIN)
                d = path([corners[side]])
                canvas.add("path", d=d, **stroke.attributes())


class Spine(Incomplete):
    """Some of the lines at the sides of a plot."""

    def __init__(self, spines: Spines, sides: Sequence[str]) -> None:
        self.spines = spines
        self.sides = sides

    def set_visible(self, is_visible: bool) -> None:
        """Draw them, or don't."""
        if is_visible:
            self.spines.shown.update(self.sides)
        else:
            self.spines.shown.difference_update(self.sides)


def counted(said: Iterable[str]) -> list[str]:
    """What is said several times, said once with their number."""
    return [
        text if count == 1 else f"{count} times {text}"
        for text, count in Counter(said).items()
    ]


def draw_tick(canvas: Canvas, start: Point, end: Point) -> None:
    """Draw a mark at an axis."""
    d = path([[start, end]])
    canvas.add("path", d=d, stroke=RULE, stroke_width=THIN)


def first(*given: Any) -> Any:
    """The first of some values that was given."""
    return next((value for value in given if value is not None), None)


def format_of(style: str) -> tuple[str | None, str | None]:
    """The line and the marker of a format, such as ``o-``."""
    found = FORMAT.fullmatch(style)
    if not found:
        raise refused(f"the format {style!r}")
    return found[1] or found[4], found[2] or found[3]


def stroke_of(color: str, opacity: float, width: float, style: str) -> Stroke:
    """A line's look, if its style is known here."""
    names = {"solid": "-", "dashed": "--", "dashdot": "-.", "dotted": ":"}
    style = names.get(style, style)
    one_of(DASHES, style, "linestyle")
    return Stroke(color, opacity, float(width), style)


def surface_of(
    name: str,
    data: Sequence[Any],
    levels: Any,
    extent: Sequence[float] | None,
) -> tuple[Grid, list[float]]:
    """The heights over a grid, and the levels, in the order of the call."""
    data = list(data)
    if len(data) in (2, 4):
        levels = data.pop()
    if levels is None or isinstance(levels, int):
        raise refused(f"{name}(…) without a list of levels")
    rows = [numbers(row) for row in data[-1]]
    if len(data) == 3:
        xs, ys = numbers(data[0]), numbers(data[1])
    else:
        # The first and the last number of a row are at the ends.
        left, right, bottom, top = extent or (
            (0, len(rows[0]) - 1, 0, len(rows) - 1)
        )
        xs = evenly(left, right, len(rows[0]))
        ys = evenly(bottom, top, len(rows))
    heights = numbers(levels)
    if heights != sorted(set(heights)):
        raise ValueError("the levels must increase")
    return Grid(xs, ys, rows), heights


def evenly(start: float, end: float, count: int) -> list[float]:
    """So many numbers, equally far apart, with those at both ends."""
    return [start + (end - start) * k / (count - 1) for k in range(count)]
