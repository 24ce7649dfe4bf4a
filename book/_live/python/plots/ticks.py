"""Where an axis has its ticks, and what stands beside them.

As Matplotlib's AutoLocator, LogLocator and their formatters have it; but
labels are written out, without a power of ten or an offset at the axis's end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Between ticks of a linear axis, times a power of ten."""
MOST = 9
"""So many steps an axis has at most."""


class Tick(NamedTuple):
    """A mark, and its label: a text, and an exponent raised after it."""

    place: float
    label: str = ""
    exponent: str = ""
    is_minor: bool = False


def linear(low: float, high: float, space: int) -> list[Tick]:
    """The ticks of a linear axis which has space for so many of them."""
    places = equally_spaced(low, high, min(max(space, 1), MOST))
    return labelled(places, low, high)


def equally_spaced(low: float, high: float, most: int) -> list[float]:
    """Multiples of a step that is easy to read, just over both ends."""
    offset = 0.0  # for numbers that have more digits than tell them apart
    if (middle := abs(high + low) / 2) / (high - low) >= 100:
        power: float = 10 ** math.floor(math.log10(middle))
        offset = math.copysign(power, high + low)
    low, high = low - offset, high - offset
    scale: float = 10 ** math.floor(math.log10((high - low) / most))
    steps = [s / 10 * scale for s in STEPS[:-1]]
    steps += [s * scale for s in (*STEPS, 10 * STEPS[1])]
    wide = next(i for i, s in enumerate(steps) if s >= (high - low) / most)
    for step in steps[wide::-1]:
        start = low // step * step
        first = whole((low - start) / step, offset / step, math.floor)
        last = whole((high - start) / step, offset / step, math.ceil)
        found = [start + n * step for n in range(first, last + 1)]
        if sum(low <= place <= high for place in found) >= 2:
            break
    return [place + offset for place in found]


def whole(number: float, offset: float, rounded: object) -> int:
    """A number of steps, rounded; one that is all but whole is that."""
    slack = 1e-10
    if offset:
        slack = max(slack, 10 ** (math.log10(abs(offset)) - 12))
    if abs(number - round(number)) < min(slack, 0.4999):
        return round(number)
    return int(rounded(number))  # type: ignore[operator]


def labelled(places: Sequence[float], low: float, high: float) -> list[Tick]:
    """The ticks of a linear axis, with as many digits as they need."""
    seen = [place for place in places if is_within(place, low, high)]
    if not seen:
        return []
    biggest = max(map(abs, seen))
    power = math.floor(math.log10(biggest)) if biggest else 0
    if -5 < power < 6:
        power = 0
    scaled = [place / 10.0**power for place in places]
    if len(places) < 2:
        scaled += [low / 10.0**power, high / 10.0**power]
    spread = max(scaled) - min(scaled) or max(map(abs, scaled)) or 1.0
    thousandth = 10.0 ** (math.floor(math.log10(spread)) - 3)
    digits = 0
    while any(abs(x - round(x, digits)) >= thousandth for x in scaled):
        digits += 1
    ticks = []
    for place in seen:
        label = f"{place / 10.0**power:.{digits}f}"
        if float(label) == 0:
            label = label.removeprefix("-")
        ticks.append(
            Tick(place, minus(f"{label}e{power}" if power else label))
        )
    return ticks


def minus(text: str) -> str:
    """With a minus sign where a hyphen stands for one."""
    return text.replace("-", "−")


def is_within(place: float, low: float, high: float) -> bool:
    """Whether a tick is seen; it may be beyond by an error of rounding."""
    slack = 1e-10 * (high - low)
    return low - slack <= place <= high + slack


def logarithmic(low: float, high: float, space: int) -> list[Tick]:
    """The ticks of a logarithmic axis: powers of ten, and what is between."""
    start, end = math.log10(low), math.log10(high)
    first, last = math.ceil(start), math.floor(end)
    available = last - first + 1
    stride, powers = decades(start, end, min(max(space, 2), MOST))
    major = [n for n in powers if first <= n <= last]
    minor: list[float] = []
    if available < 10 and (stride == 1 or available <= 1):
        minor = [
            place
            for n in range(first - 1, last + 1)
            for unit in range(2, 10)
            if low <= (place := unit * 10.0**n) <= high
        ]
        if stride == 1 and len(major) + len(minor) <= 1:
            return linear(low, high, MOST)
    ticks = [Tick(10.0**n, "10", minus(str(n))) for n in major]
    labels = units_labelled(start, end)
    for place in minor:
        n = math.floor(math.log10(place) + 1e-9)
        unit = round(place / 10.0**n)
        tick = Tick(place, is_minor=True)
        if unit in labels:
            tick = Tick(place, f"{unit} × 10", minus(str(n)), is_minor=True)
        ticks.append(tick)
    return ticks


def decades(start: float, end: float, most: int) -> tuple[int, list[int]]:
    """The exponents of ticks, at most so many, and what is between them."""
    first, last = math.ceil(start), math.floor(end)
    available = last - first + 1
    stride = available // (most + 1) + 1
    number = min(math.ceil(available / stride), most)
    if number == 0:  # they are just outside
        return last - first + 2, [first - 1, last + 1]
    if number == 1:
        middle = round((start + end) / 2)
        stride = max(middle - first + 1, last + 1 - middle)
        return stride, [middle]
    stride = (available - 1) // (number - 1)
    if stride < available / number:
        stride = available // number
    # Multiples of the stride, if there are as many of them.
    least = max(available - stride * number, 0)
    beyond = min(available - stride * (number - 1), stride)
    offset = -first % stride
    if not least <= offset < beyond:
        offset = least
    return stride, list(range(first + offset, last + 1, stride))


def units_labelled(start: float, end: float) -> set[int]:
    """Which multiples of powers of ten have labels, on a short axis."""
    if math.floor(end) - math.floor(math.nextafter(start, -math.inf)) > 1:
        return set()
    return {2, 3, 4, 6} if end - start > 0.4 else set(range(2, 10))
