# Tangled from book/20-loops.md: edit there, not here.
"""Places: where the numbers of a program stand, and how that goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

#: What loops count with, from the outermost inwards: more than there can be.
COUNTERS = [*"ijklmn", *(f"i{number}" for number in range(7, 65))]


@dataclass(frozen=True)
class Place:
    """Where a number stands in a buffer, and how that goes on in loops.

    In loops with the counters i, j, … it is number
    ``start + i * steps[0] + j * steps[1] + …`` of the ``buffer``.
    """

    buffer: str
    start: int
    steps: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.buffer}[{self.index()}]"

    def index(self) -> str:
        """The number in the buffer, by the loops' counters."""
        text = str(self.start) if self.start or not any(self.steps) else ""
        for counter, step in zip(COUNTERS, self.steps):
            if step:
                sign = "-" if step < 0 else "+" if text else ""
                times = "" if abs(step) == 1 else f"{abs(step)}*"
                space = " " if text else ""
                text += f"{space}{sign}{space}{times}{counter}"
        return text


#: What a line reads: a place, or a number that is always the same.
Operand: TypeAlias = Place | float


@dataclass(frozen=True)
class Run:
    """Products to add up: the last step of their places is the run's own."""

    count: int
    left: Operand
    right: Operand


@dataclass(frozen=True)
class Line:
    """An instruction in loops: ``counts`` says how often, outermost first.

    A ``sum`` begins with its operand and adds the products of its ``runs``.
    A ``mean`` adds its product, of each example, to what is in its result.
    """

    operation: str
    counts: tuple[int, ...]
    result: Place
    operands: tuple[Operand, ...]
    runs: tuple[Run, ...] = ()
