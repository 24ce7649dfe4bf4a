# Tangled from chapters 12, 14, 15, 16 and 23 in book/: edit there, not here.
"""Data to learn from."""

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from typing import TypeVar

from micrograd.engine import Number, is_number
from micrograd.nn import MLP

#: The two coordinates of a point in the plane.
Point = tuple[float, float]


def moons(
    n: int, noise: float = 0.1, rng: random.Random | None = None
) -> tuple[list[Point], list[int]]:
    """``n`` points in two interleaved half circles, and their labels ±1.

    The labels alternate, so both moons get the same number of points (one
    more for the first if ``n`` is odd). ``noise`` is the standard deviation
    of the noise, which is added to both coordinates; the circles have
    radius 1. `ValueError` for less than one point.
    """

    def place(uniform: Uniform, label: int) -> Point:
        angle = uniform(0.0, math.pi)
        x, y = math.cos(angle), math.sin(angle)
        return (x, y) if label > 0 else (1.0 - x, 0.5 - y)

    return two_sets("moons", place, n, noise, rng)


#: What is known of an example: its inputs.
X = TypeVar("X")
#: What is to be told of it: its label.
Y = TypeVar("Y")


def split(
    examples: Iterable[tuple[X, Y]],
    fraction: float,
    rng: random.Random | None = None,
) -> tuple[list[tuple[X, Y]], list[tuple[X, Y]]]:
    """Two lists of examples, shuffled; the second gets the ``fraction``.

    An example is a pair of inputs and label. Of each label, both lists get
    their share, to within one example. `ValueError` unless the fraction
    leaves something for both.
    """
    examples = list(examples)
    n = len(examples)
    if not 0 < round(n * fraction) < n:
        raise ValueError(
            f"of {n} examples, a fraction of {fraction} leaves nothing for "
            "one of the two lists"
        )
    order = list(range(n))
    (random if rng is None else rng).shuffle(order)
    by_label: defaultdict[Y, list[int]] = defaultdict(list)
    for place in order:
        by_label[examples[place][1]].append(place)
    in_turn = [place for places in by_label.values() for place in places]
    chosen = {
        place
        for i, place in enumerate(in_turn)
        if round((i + 1) * fraction) > round(i * fraction)
    }
    return (
        [examples[place] for place in order if place not in chosen],
        [examples[place] for place in order if place in chosen],
    )


#: An example, of whatever kind.
T = TypeVar("T")


def batches(
    examples: Sequence[T], size: int, rng: random.Random | None = None
) -> Iterator[list[T]]:
    """All examples once, shuffled, ``size`` at a time; the last may be fewer.

    `ValueError` for a size less than 1, or if there is no example.
    """
    if size < 1 or len(examples) == 0:
        raise ValueError(
            f"batches of {size} can't be made of {len(examples)} examples: "
            "both must be at least 1"
        )
    order = list(examples)
    (random if rng is None else rng).shuffle(order)
    for start in range(0, len(order), size):
        yield order[start : start + size]


class Scaler:
    """Brings each column of a table to mean 0 and standard deviation 1.

    ``means`` and ``deviations`` are those of the rows that it was made
    with: the training set's. Calling it scales one row. A column that was
    constant becomes 0. `TypeError` or `ValueError` for what isn't a finite
    number, and for rows of different lengths.
    """

    def __init__(self, rows: Iterable[Iterable[Number]]) -> None:
        columns = list(zip(*numbers_in(rows)))
        self.means = [math.fsum(c) / len(c) for c in columns]
        self.deviations = [
            deviation(column, mean)
            for column, mean in zip(columns, self.means)
        ]

    def __call__(self, row: Iterable[Number]) -> list[float]:
        """The numbers of a row, each in standard deviations from its mean."""
        numbers = finite_numbers(row, "the row")
        check_columns(numbers, len(self.means), "the row")
        return [
            (x - mean) / deviation if deviation else 0.0
            for x, mean, deviation in zip(numbers, self.means, self.deviations)
        ]

    def fold_into(self, model: MLP) -> None:
        """Have a network's first layer scale, so that it takes raw rows.

        For a network that was trained on scaled rows, and only once.
        `ValueError` if it takes another number of inputs.
        """
        for neuron in model.layers[0].neurons:
            check_columns(neuron.w, len(self.means), "each neuron")
        for neuron in model.layers[0].neurons:
            for w, mean, deviation in zip(
                neuron.w, self.means, self.deviations
            ):
                w.data = w.data / deviation if deviation else 0.0
                neuron.b.data -= w.data * mean


def deviation(column: Sequence[float], mean: float) -> float:
    """The standard deviation of numbers; 0 if it is but rounding."""
    far = math.hypot(*(x - mean for x in column)) / math.sqrt(len(column))
    return far if far > 1e-14 * abs(mean) else 0.0


def numbers_in(rows: Iterable[Iterable[Number]]) -> list[list[float]]:
    """The numbers of a table, by rows; an error if something is wrong."""
    table = [finite_numbers(row, f"row {i}") for i, row in enumerate(rows)]
    if not table or not table[0]:
        raise ValueError("a Scaler needs a row, and a number in it")
    for i, row in enumerate(table):
        check_columns(row, len(table[0]), f"row {i}")
    return table


def finite_numbers(row: Iterable[Number], place: str) -> list[float]:
    """A row's numbers as floats; an error for what isn't finite, or none."""
    if not isinstance(row, Iterable):
        raise TypeError(f"{place} is {row!r}, not a list of numbers")
    numbers = []
    for column, x in enumerate(row):
        here = f"column {column} of {place} (counted from 0) is {x!r}"
        if isinstance(x, Sized) and not isinstance(x, str):
            raise TypeError(
                f"{here}: rows are lists of numbers, without their labels, "
                "and are scaled one at a time"
            )
        if not is_number(x):
            raise TypeError(
                f"{here}: make a number of it, by float(text), or of a name "
                "by names.index(name)"
            )
        number = float(x)
        if not abs(number) < 1e300:
            raise ValueError(
                f"{here}, which isn't finite, or too large: leave that row "
                "out, or fill in what is missing"
            )
        numbers.append(number)
    return numbers


def check_columns(row: Sized, columns: int, place: str) -> None:
    """`ValueError` unless there is a number for each column."""
    if len(row) != columns:
        raise ValueError(
            f"{place} has {len(row)} numbers, but there are {columns} columns"
        )


#: Gives a random number between two others.
Uniform = Callable[[float, float], float]


def two_sets(
    name: str,
    place: Callable[[Uniform, int], Point],
    n: int,
    noise: float,
    rng: random.Random | None,
) -> tuple[list[Point], list[int]]:
    """``n`` points in all, with the labels 1 and -1 in turn.

    ``place`` says where a point with a label belongs, before the noise. It
    may use random numbers. ``name`` is for the `ValueError` if there is to
    be no point.
    """
    if n < 1:
        raise ValueError(f"{name} needs at least 1 point, not {n}")
    uniform = random.uniform if rng is None else rng.uniform
    gauss = random.gauss if rng is None else rng.gauss
    labels = [-1 if i % 2 else 1 for i in range(n)]
    points = []
    for label in labels:
        x, y = place(uniform, label)
        points.append((x + gauss(0.0, noise), y + gauss(0.0, noise)))
    return points, labels


def circles(
    n: int, noise: float = 0.1, rng: random.Random | None = None
) -> tuple[list[Point], list[int]]:
    """``n`` points on two circles, one inside the other, and labels ±1.

    The inner circle has radius 0.5 and the label 1, the outer one radius 1
    and the label -1. The rest is as with `moons`.
    """

    def place(uniform: Uniform, label: int) -> Point:
        angle = uniform(0.0, 2.0 * math.pi)
        radius = 0.5 if label > 0 else 1.0
        return radius * math.cos(angle), radius * math.sin(angle)

    return two_sets("circles", place, n, noise, rng)


def xor(
    n: int, noise: float = 0.1, rng: random.Random | None = None
) -> tuple[list[Point], list[int]]:
    """``n`` points of a square, and labels ±1 by the quarter they are in.

    The square goes from -1 to 1. The label is 1 where one coordinate is
    positive and the other isn't, before the noise. The rest is as with
    `moons`.
    """

    def place(uniform: Uniform, label: int) -> Point:
        x, y = uniform(0.0, 1.0), uniform(-1.0, 1.0)
        return (-x if (y > 0.0) == (label > 0) else x), y

    return two_sets("xor", place, n, noise, rng)


def spiral(
    n: int, noise: float = 0.1, rng: random.Random | None = None
) -> tuple[list[Point], list[int]]:
    """``n`` points on two arms of a spiral, and their labels ±1.

    The arms make nearly one turn and a half each, out to radius 1.5, and
    are half a turn apart. The rest is as with `moons`.
    """

    def place(uniform: Uniform, label: int) -> Point:
        radius = uniform(0.1, 1.5)
        angle = 2.0 * math.pi * radius + (0.0 if label > 0 else math.pi)
        return radius * math.cos(angle), radius * math.sin(angle)

    return two_sets("spiral", place, n, noise, rng)
