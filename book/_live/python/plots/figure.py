"""A drawing of one or more plots, and where each of them is put."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .artists import QuadContourSet, Stroke
from .axes import BESIDE, THIN, TICK, Axes, counted
from .canvas import ASCENT, FONT_SIZE, Box, Canvas, path, width_of
from .colors import RULE
from .legend import FROM_AXES, Legend
from .refusing import Incomplete, offered, refused
from .ticks import labelled

INCH = 72.0
SIZE = 6.4, 3.4
"""Of a figure, in inches."""
MARGINS = Box(0.125, 0.12, 0.9, 0.89)
"""Where the plots are if nothing is laid out, in shares of the figure."""
GAP = 0.2
"""Between them, in shares of a plot."""
LAYOUTS = (None, "constrained", "tight")
CONSTRAINED_PAD, CONSTRAINED_SHARE = 3.0, 0.01
"""What is left free around plots: points, or between them a share of the
figure, if that is more."""
TIGHT_PAD = 1.08
"""The same in sizes of the font, if nothing else is asked for."""
BAR_SPACE, BAR_GAP = 0.15, 0.05
"""Of a plot's width: for its colour bar, and between the two."""
BAR_SHAPE = 20.0
"""How many times as high as wide a colour bar is."""

Span = tuple[float, float]


class Plots(Incomplete):
    """The axes of a figure, in rows and columns, as of a NumPy array."""

    def __init__(self, rows: list[list[Axes]]) -> None:
        self.rows = rows

    @property
    def flat(self) -> Iterator[Axes]:
        """All of them, row by row."""
        return (axes for row in self.rows for axes in row)

    @property
    def T(self) -> Plots:
        """With rows and columns exchanged."""
        return Plots([list(column) for column in zip(*self.rows, strict=True)])

    def lines(self) -> list[Any]:
        """The rows; or the axes, if there is one row or one column."""
        if 1 in (len(self.rows), len(self.rows[0])):
            return list(self.flat)
        return [list(row) for row in self.rows]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.lines())

    def __len__(self) -> int:
        return len(self.lines())

    def __getitem__(self, place: Any) -> Any:
        if not isinstance(place, tuple):
            return self.lines()[place]
        row, column = place
        if isinstance(row, slice):
            return [axes[column] for axes in self.rows[row]]
        return self.rows[row][column]


class Figure(Incomplete):
    """Plots in rows and columns, and what belongs to all of them."""

    def __init__(
        self,
        shape: tuple[int, int],
        size: tuple[float, float],
        layout: str | None,
        height_ratios: Sequence[float] | None,
    ) -> None:
        rows, columns = shape
        self.plots = [[Axes() for _ in range(columns)] for _ in range(rows)]
        self.wide, self.high = (length * INCH for length in size)
        if layout not in LAYOUTS:
            raise refused(f"layout={layout!r}")
        self.layout = layout
        self.tight_pads = (TIGHT_PAD,) * 3
        self.ratios = [float(r) for r in height_ratios or [1.0] * rows]
        if len(self.ratios) != rows:
            raise ValueError(f"{len(self.ratios)} height_ratios, {rows} rows")
        self.key: Legend | None = None

    @offered
    def tight_layout(
        self,
        *,
        pad: float = TIGHT_PAD,
        w_pad: float | None = None,
        h_pad: float | None = None,
    ) -> None:
        """Put the plots so that nothing overlaps.

        The pads are around all of them, and between them across and down, in
        sizes of the font.
        """
        self.layout = "tight"
        self.tight_pads = (
            pad,
            pad if w_pad is None else w_pad,
            pad if h_pad is None else h_pad,
        )

    @offered
    def legend(self, *, loc: str = "", ncols: int = 1) -> Legend:
        """Say above all the plots what the lines are that have a label."""
        if loc != "outside upper center" or self.layout != "constrained":
            raise refused(
                "a figure's legend other than in layout='constrained' with "
                "loc='outside upper center'"
            )
        lines = [line for axes in self.all() for line in axes.lines_labelled()]
        self.key = Legend(lines, "upper center", ncols)
        return self.key

    @offered
    def colorbar(self, bands: QuadContourSet, *, label: str = "") -> Colorbar:
        """Draw beside a plot what the colours of its bands stand for."""
        if not isinstance(bands, QuadContourSet) or bands.strokes:
            raise refused("colorbar(…) of anything but a contourf(…)")
        if self.layout:
            raise refused(f"colorbar(…) with layout={self.layout!r}")
        (axes,) = (a for a in self.all() if bands in a.artists)
        bar = axes.colorbar = Colorbar(bands, label)
        return bar

    def all(self) -> list[Axes]:
        """All the axes, row by row."""
        return [axes for row in self.plots for axes in row]

    def _repr_svg_(self) -> str:
        boxes = self.boxes()
        frame = [box for row in boxes for box in row]
        canvas = Canvas(frame[0])
        for axes, box in zip(self.all(), frame, strict=True):
            axes.draw(canvas, box)
        if self.key:
            wide, high = self.key.size()
            left, top = (self.wide - wide) / 2, FROM_AXES * FONT_SIZE
            self.key.draw_in(canvas, Box(left, top, left + wide, top + high))
        return canvas.svg()

    @property
    def description(self) -> str:
        """What is drawn, for those who can't see it."""
        said = counted(axes.described() for axes in self.all())
        return " ".join(
            f"{text[0].upper()}{text[1:]}." for text in said if text
        )

    def boxes(self) -> list[list[Box]]:
        """Where each of the axes is."""
        columns = len(self.plots[0])
        left, top, right, bottom = MARGINS
        across = spread(
            left * self.wide, right * self.wide, [1.0] * columns, GAP
        )
        down = spread(top * self.high, bottom * self.high, self.ratios, GAP)
        boxes = crossed(across, down)
        if self.layout:
            # Where the ticks are depends on how large a plot is.
            for _ in range(2):
                boxes = self.laid_out(boxes)
        for row, axes_of_row in zip(boxes, self.plots, strict=True):
            for k, axes in enumerate(axes_of_row):
                if axes.colorbar:
                    row[k] = axes.colorbar.beside(row[k])
        return boxes

    def laid_out(self, boxes: list[list[Box]]) -> list[list[Box]]:
        """The boxes so that all that is written has its place."""
        reached = [
            [axes.around(box) for axes, box in zip(*both, strict=True)]
            for both in zip(self.plots, boxes, strict=True)
        ]
        rows, columns = len(boxes), len(boxes[0])
        if self.layout == "tight":
            pad, wide, high = (FONT_SIZE * pad for pad in self.tight_pads)
            wide, high = wide / 2, high / 2
        else:
            pad = CONSTRAINED_PAD
            wide = max(pad, CONSTRAINED_SHARE * self.wide / columns)
            high = max(pad, CONSTRAINED_SHARE * self.high / rows)
        top = self.key.size()[1] + 2 * pad if self.key else 0.0
        across = fitted(
            (0.0, self.wide),
            [
                max(boxes[i][k].left - reached[i][k].left for i in range(rows))
                for k in range(columns)
            ],
            [
                max(
                    reached[i][k].right - boxes[i][k].right
                    for i in range(rows)
                )
                for k in range(columns)
            ],
            [1.0] * columns,
            (pad, wide),
        )
        down = fitted(
            (top, self.high),
            [
                max(box.top - far.top for box, far in zip(*both, strict=True))
                for both in zip(boxes, reached, strict=True)
            ],
            [
                max(
                    far.bottom - box.bottom
                    for box, far in zip(*both, strict=True)
                )
                for both in zip(boxes, reached, strict=True)
            ],
            self.ratios,
            (pad, high),
        )
        return crossed(across, down)


class Colorbar(Incomplete):
    """The colours of bands, and the levels between them."""

    def __init__(self, bands: QuadContourSet, label: str) -> None:
        self.bands = bands
        self.label = label
        self.space = Box(0.0, 0.0, 0.0, 0.0)

    def beside(self, box: Box) -> Box:
        """Take a part of a plot's box; what is left of it."""
        end = box.right - (BAR_SPACE + BAR_GAP) * box.width
        start = end + BAR_GAP * box.width
        wide = min(box.right - start, box.height / BAR_SHAPE)
        self.space = Box(start, box.top, start + wide, box.bottom)
        return box._replace(right=end)

    def draw(self, canvas: Canvas, plot: Box) -> None:
        """Draw it in the space that it has taken."""
        left, top, right, bottom = self.space
        canvas.cover(self.space)
        levels, colors = self.bands.levels, self.bands.colors
        step = (bottom - top) / len(colors)
        for k, (color, opacity) in enumerate(colors):
            low = bottom - k * step
            band = Box(left, low - step, right, low)
            canvas.rectangle(band, fill=color, fill_opacity=opacity)
        stroke = Stroke(RULE, 1.0, THIN).attributes()
        canvas.rectangle(self.space, **stroke)
        widest = 0.0
        for k, tick in enumerate(labelled(levels, levels[0], levels[-1])):
            y = bottom - k * step
            d = path([[(right, y), (right + TICK, y)]])
            canvas.add("path", d=d, stroke=RULE, stroke_width=THIN)
            x = right + 2 * TICK
            baseline = y + ASCENT / 2 * FONT_SIZE
            canvas.text(x, baseline, tick.label, anchor="start")
            widest = max(widest, width_of(tick.label, FONT_SIZE))
        if self.label:
            x = right + 2 * TICK + widest + BESIDE + ASCENT * FONT_SIZE
            canvas.text(x, (top + bottom) / 2, self.label, upwards=True)


def spread(
    start: float, end: float, ratios: Sequence[float], gap: float
) -> list[Span]:
    """Parts of a length in these ratios, with gaps of so many mean parts."""
    count = len(ratios)
    part = (end - start) / (count + gap * (count - 1))
    found = []
    for ratio in ratios:
        length = part * count * ratio / sum(ratios)
        found.append((start, start + length))
        start += length + gap * part
    return found


def fitted(
    ends: Span,
    before: list[float],
    after: list[float],
    ratios: Sequence[float],
    pads: tuple[float, float],
) -> list[Span]:
    """Parts of a length in these ratios, with what each needs around it.

    Of the pads, the first is for both ends, and the other for both sides of
    what is between two parts.
    """
    count = len(ratios)
    outer, inner = pads
    before = [b + (inner if k else outer) for k, b in enumerate(before)]
    after = [
        a + (inner if k < count - 1 else outer) for k, a in enumerate(after)
    ]
    start, end = ends
    free = end - start - sum(before) - sum(after)
    if free <= 0:
        raise ValueError("the figure is too small for what is written in it")
    found = []
    for k, ratio in enumerate(ratios):
        length = free * ratio / sum(ratios)
        start += before[k]
        found.append((start, start + length))
        start += length + after[k]
    return found


def crossed(across: list[Span], down: list[Span]) -> list[list[Box]]:
    """The boxes of rows and columns."""
    return [
        [Box(left, top, right, bottom) for left, right in across]
        for top, bottom in down
    ]
