"""Where a surface over a grid crosses a height: marching squares.

A square of the grid with corners on both sides of the height is crossed by a
line. What lies above is bounded by these lines, and by the grid's own border.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

Point = tuple[float, float]
Segment = tuple[Point, Point]
Corner = tuple[int, int]
"""The numbers of a row and of a column."""


class Grid:
    """Heights over the places where the columns and the rows are."""

    def __init__(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        heights: Sequence[Sequence[float]],
    ) -> None:
        self.xs = xs
        self.ys = ys
        self.heights = heights
        if [len(row) for row in heights] != [len(xs)] * len(ys):
            raise ValueError("there must be a height for each x and each y")

    def lines(self, level: float) -> list[list[Point]]:
        """The lines on which the surface is at a height."""
        return joined(self.crossed(level))

    def band(self, low: float, high: float) -> list[list[Point]]:
        """The borders of what is above one height, and not above another.

        What an odd number of them lies around is inside.
        """
        inner = {*self.crossed(low)} ^ {*self.crossed(high)}
        return joined(inner ^ {*self.edge(low, high)})

    def crossed(self, level: float) -> Iterator[Segment]:
        """The line through each square, or the two lines through a saddle."""
        for row in range(len(self.ys) - 1):
            above = [
                [height > level for height in heights]
                for heights in self.heights[row : row + 2]
            ]
            for column in range(len(self.xs) - 1):
                corners = {*above[0][column : column + 2]}
                if len(corners.union(above[1][column : column + 2])) == 2:
                    yield from self.square(row, column, level)

    def square(self, row: int, column: int, level: float) -> Iterator[Segment]:
        """The lines through one square."""
        around = [
            (row, column),
            (row, column + 1),
            (row + 1, column + 1),
            (row + 1, column),
        ]
        heights = [self.heights[i][j] for i, j in around]
        above = [height > level for height in heights]
        points = [
            self.crossing(around[k - 1], around[k], level)
            for k in range(4)
            if above[k - 1] != above[k]
        ]
        # At a saddle, its middle says which corners hang together.
        if len(points) == 4 and (sum(heights) / 4 > level) == above[0]:
            points.append(points.pop(0))
        for start, end in zip(points[::2], points[1::2], strict=True):
            if start != end:
                yield min(start, end), max(start, end)

    def edge(self, low: float, high: float) -> Iterator[Segment]:
        """What of the grid's border is above one height, not above another."""
        rows, columns = len(self.ys) - 1, len(self.xs) - 1
        around = [(0, j) for j in range(columns)]
        around += [(i, columns) for i in range(rows)]
        around += [(rows, j) for j in range(columns, 0, -1)]
        around += [(i, 0) for i in range(rows, 0, -1)]
        for k, end in enumerate(around):
            start = around[k - 1]
            first, last = (self.heights[i][j] for i, j in (start, end))
            upwards = first < last
            points = [self.corner(start)]
            for level in (low, high) if upwards else (high, low):
                if (first > level) != (last > level):
                    points.append(self.crossing(start, end, level))
            points.append(self.corner(end))
            is_inside = low < first <= high
            for ends in pairwise(points):
                if is_inside and ends[0] != ends[1]:
                    yield min(ends), max(ends)
                is_inside = not is_inside

    def corner(self, corner: Corner) -> Point:
        """Where a corner of a square is."""
        return self.xs[corner[1]], self.ys[corner[0]]

    def crossing(self, start: Corner, end: Corner, level: float) -> Point:
        """Where the surface crosses a height between two corners."""
        (i, j), (k, m) = sorted((start, end))  # the same from either square
        low, high = self.heights[i][j], self.heights[k][m]
        share = (level - low) / (high - low)
        return (
            (1 - share) * self.xs[j] + share * self.xs[m],
            (1 - share) * self.ys[i] + share * self.ys[k],
        )


def joined(segments: Iterable[Segment]) -> list[list[Point]]:
    """Lines made of segments; a closed one ends where it begins."""
    meeting: dict[Point, list[Point]] = defaultdict(list)
    for start, end in segments:
        meeting[start].append(end)
        meeting[end].append(start)
    found = []
    # The ends of open lines come first.
    for start in sorted(meeting, key=lambda p: (len(meeting[p]) % 2 == 0, p)):
        while meeting[start]:
            line = [start]
            while meeting[line[-1]]:
                here = line[-1]
                line.append(meeting[here].pop())
                meeting[line[-1]].remove(here)
            found.append(line)
    return found
