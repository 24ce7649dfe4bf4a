"""What the lines of a plot are, beside a piece of each."""

from __future__ import annotations

from itertools import pairwise

from .artists import Line2D
from .canvas import ASCENT, FONT_SIZE, Box, Canvas, path, size_of
from .contours import Point
from .refusing import Incomplete, one_of

# Lengths in sizes of the font, as in Matplotlib's settings.
SAMPLE = 2.0
BEFORE_TEXT = 0.8
BETWEEN_ROWS = 0.5
BETWEEN_COLUMNS = 2.0
PADDING = 0.4
FROM_AXES = 0.5
SAMPLE_HEIGHT = 0.35
"""Of a line's piece over the text's baseline."""

PLACES = {
    "upper right": (1.0, 0.0),
    "upper left": (0.0, 0.0),
    "lower left": (0.0, 1.0),
    "lower right": (1.0, 1.0),
    "right": (1.0, 0.5),
    "center left": (0.0, 0.5),
    "center right": (1.0, 0.5),
    "lower center": (0.5, 1.0),
    "upper center": (0.5, 0.0),
    "center": (0.5, 0.5),
}
"""How much of the free space is left of a legend, and above it."""

InTheWay = tuple[list[list[Point]], list[Point], list[Box]]


class Legend(Incomplete):
    """Some lines with their labels, in one or more columns."""

    def __init__(
        self,
        lines: list[Line2D],
        loc: str | tuple[float, float],
        columns: int = 1,
    ) -> None:
        if isinstance(loc, str) and loc != "best":
            one_of(PLACES, loc, "loc")
        self.loc = loc
        rows, longer = divmod(len(lines), columns)
        self.columns: list[list[Line2D]] = []
        for k in range(columns):
            start = k * rows + min(k, longer)
            column = lines[start : start + rows + (k < longer)]
            if column:
                self.columns.append(column)

    def size(self) -> tuple[float, float]:
        """How wide and how high it is."""
        if not self.columns:
            return 0.0, 0.0
        wide = sum(map(self.width, self.columns))
        wide += BETWEEN_COLUMNS * FONT_SIZE * (len(self.columns) - 1)
        high = max(map(self.height, self.columns))
        padding = 2 * PADDING * FONT_SIZE
        return wide + padding, high + padding

    def width(self, column: list[Line2D]) -> float:
        """How wide a column is."""
        texts = max(size_of(line.label, FONT_SIZE)[0] for line in column)
        return (SAMPLE + BEFORE_TEXT) * FONT_SIZE + texts

    def height(self, column: list[Line2D]) -> float:
        """How high a column is."""
        texts = sum(size_of(line.label, FONT_SIZE)[1] for line in column)
        return texts + BETWEEN_ROWS * FONT_SIZE * (len(column) - 1)

    def draw(self, canvas: Canvas, box: Box, ways: list[InTheWay]) -> None:
        """Draw it in the axes that have this box."""
        self.draw_in(canvas, self.placed(box, ways))

    def placed(self, box: Box, ways: list[InTheWay]) -> Box:
        """Where it is drawn."""
        wide, high = self.size()
        if not isinstance(self.loc, str):
            left = box.left + self.loc[0] * box.width
            bottom = box.bottom - self.loc[1] * box.height
            return Box(left, bottom - high, left + wide, bottom)
        inner = box.grown(-FROM_AXES * FONT_SIZE)
        found = []
        for right, down in (
            PLACES.values() if self.loc == "best" else [PLACES[self.loc]]
        ):
            left = inner.left + right * (inner.width - wide)
            top = inner.top + down * (inner.height - high)
            found.append(Box(left, top, left + wide, top + high))
        return min(found, key=lambda place: badness(place, ways))

    def draw_in(self, canvas: Canvas, box: Box) -> None:
        """Draw it with its corners there."""
        canvas.cover(box)
        x = box.left + PADDING * FONT_SIZE
        for column in self.columns:
            y = box.top + PADDING * FONT_SIZE
            for line in column:
                baseline = y + ASCENT * FONT_SIZE
                middle = baseline - SAMPLE_HEIGHT * FONT_SIZE
                end = x + SAMPLE * FONT_SIZE
                if line.stroke:
                    piece = path([[(x, middle), (end, middle)]])
                    canvas.add("path", d=piece, **line.stroke.attributes())
                if line.marker:
                    line.draw_marker(canvas, ((x + end) / 2, middle))
                high = size_of(line.label, FONT_SIZE)[1]
                canvas.text(
                    end + BEFORE_TEXT * FONT_SIZE,
                    baseline + high - FONT_SIZE,
                    line.label,
                    anchor="start",
                )
                y += high + BETWEEN_ROWS * FONT_SIZE
            x += self.width(column) + BETWEEN_COLUMNS * FONT_SIZE


def badness(box: Box, ways: list[InTheWay]) -> int:
    """How much a legend there would lie upon."""
    found = 0
    for lines, points, boxes in ways:
        for line in lines:
            found += sum(contains(box, point) for point in line)
            found += any(crosses(box, *ends) for ends in pairwise(line))
        found += sum(contains(box, point) for point in points)
        found += sum(
            box.left < other.right
            and other.left < box.right
            and box.top < other.bottom
            and other.top < box.bottom
            for other in boxes
        )
    return found


def contains(box: Box, point: Point) -> bool:
    """Whether a point is inside a box."""
    x, y = point
    return box.left < x < box.right and box.top < y < box.bottom


def crosses(box: Box, start: Point, end: Point) -> bool:
    """Whether some of a straight line is inside a box."""
    first, last = 0.0, 1.0
    for low, high, a, b in (
        (box.left, box.right, start[0], end[0]),
        (box.top, box.bottom, start[1], end[1]),
    ):
        if a == b:
            if not low <= a <= high:
                return False
            continue
        shares = sorted(((low - a) / (b - a), (high - a) / (b - a)))
        first, last = max(first, shares[0]), min(last, shares[1])
    return first <= last
