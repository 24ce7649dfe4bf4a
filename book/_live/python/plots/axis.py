"""The numbers along one side of a plot."""

from __future__ import annotations

import math
from typing import Any

from .refusing import refused
from .ticks import Tick, labelled, linear, logarithmic

MARGIN = 0.05
"""Of what is between the numbers' ends, left free beyond each end."""
FAR_BELOW = -1000.0
"""Where no logarithm is, a line goes down out of sight."""


class Axis:
    """Its name, its ends, and where it has ticks."""

    def __init__(self) -> None:
        self.name = ""
        self.is_log = False
        self.limits: tuple[float, float] | None = None
        """Those that were asked for."""
        self.fixed: list[float] | None = None
        """The places of the ticks that were asked for."""

    def scaled(self, number: float) -> float:
        """What lengths along the axis are in proportion to."""
        if not self.is_log:
            return number
        return math.log10(number) if number > 0 else FAR_BELOW

    def share(self, number: float, start: float, end: float) -> float:
        """How much of the way from one end to the other a number is."""
        low, high = self.scaled(start), self.scaled(end)
        return (self.scaled(number) - low) / (high - low)

    def ends(
        self, reached: list[float], sticky: list[float]
    ) -> tuple[float, float]:
        """The numbers at both ends, if the axis must reach some."""
        if self.limits:
            return self.limits
        seen = [n for n in reached if math.isfinite(n)]
        if self.is_log:
            seen = [n for n in seen if n > 0]
        if not seen:
            return (1.0, 10.0) if self.is_log else (0.0, 1.0)
        low, high = min(seen), max(seen)
        if low == high and self.is_log:
            low, high = decade_around(low)
        elif low == high:
            spread = 0.05 * abs(low) or 0.05
            low, high = low - spread, high + spread
        slack = 1e-5 * (high - low)
        below = [n for n in sticky if n < low + slack]
        above = [n for n in sticky if n > high - slack]
        start, end = self.scaled(low), self.scaled(high)
        margin = MARGIN * (end - start)
        start, end = start - margin, end + margin
        if self.is_log:
            start, end = 10**start, 10**end
        return max([start, *below[-1:]]), min([end, *above[:1]])

    def set_limits(
        self, start: Any, end: float | None, now: tuple[float, float]
    ) -> None:
        """Fix both ends; where none is given, as it is now."""
        if end is None and isinstance(start, tuple | list):
            start, end = start
        low = now[0] if start is None else float(start)
        high = now[1] if end is None else float(end)
        if not (math.isfinite(low) and math.isfinite(high)) or low == high:
            raise ValueError(f"an axis can't go from {low} to {high}")
        if self.is_log and min(low, high) <= 0:
            raise ValueError("a logarithmic axis has positive numbers only")
        self.limits = low, high

    def set_ticks(self, places: list[float], now: tuple[float, float]) -> None:
        """Fix the ticks; the axis reaches all of them."""
        if places and self.is_log:
            raise refused("set_ticks on a logarithmic axis")
        self.fixed = places
        if places and not min(now) <= min(places) <= max(places) <= max(now):
            low, high = min(*now, *places), max(*now, *places)
            self.limits = (low, high) if now[0] < now[1] else (high, low)

    def ticks(self, start: float, end: float, space: int) -> list[Tick]:
        """The ticks of an axis with these ends, and space for so many."""
        low, high = min(start, end), max(start, end)
        if self.fixed is not None:
            return labelled(self.fixed, low, high)
        if self.is_log:
            return logarithmic(low, high, space)
        return linear(low, high, space)

    def described(self, direction: str, start: float, end: float) -> str:
        """What is along it, for those who can't see it."""
        kind = ", on a logarithmic scale" if self.is_log else ""
        name = f"{self.name} " if self.name else ""
        return f"{direction} {name}from {start:.3g} to {end:.3g}{kind}"


def decade_around(number: float) -> tuple[float, float]:
    """The powers of ten before and after a positive number."""
    power = math.log10(number)
    return (
        10.0 ** (math.ceil(power) - 1),
        10.0 ** (math.floor(power) + 1),
    )
