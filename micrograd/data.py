# Tangled from chapters 12 and 17 in book/: edit there, not here.
"""Data to learn from."""

import math
import random
from collections.abc import Callable

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
    uniform = rng.uniform if rng else random.uniform
    gauss = rng.gauss if rng else random.gauss
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
