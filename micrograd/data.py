# Tangled from book/12-moons.md, book/17-alive.md: edit there, not here.
"""Data to learn from."""

import math
import random

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
    if n < 1:
        raise ValueError(f"moons needs at least 1 point, not {n}")
    uniform = rng.uniform if rng else random.uniform
    gauss = rng.gauss if rng else random.gauss
    points = []
    labels = []
    for i in range(n):
        angle = uniform(0.0, math.pi)
        x, y = math.cos(angle), math.sin(angle)
        if i % 2:
            x, y = 1.0 - x, 0.5 - y
        points.append((x + gauss(0.0, noise), y + gauss(0.0, noise)))
        labels.append(-1 if i % 2 else 1)
    return points, labels


def circles(
    n: int, noise: float = 0.1, rng: random.Random | None = None
) -> tuple[list[Point], list[int]]:
    """``n`` points on two circles, one inside the other, and labels ±1.

    The inner circle has radius 0.5 and the label 1, the outer one radius 1
    and the label -1. The rest is as with `moons`.
    """
    if n < 1:
        raise ValueError(f"circles needs at least 1 point, not {n}")
    uniform = rng.uniform if rng else random.uniform
    gauss = rng.gauss if rng else random.gauss
    points = []
    labels = []
    for i in range(n):
        angle = uniform(0.0, 2.0 * math.pi)
        radius = 1.0 if i % 2 else 0.5
        x, y = radius * math.cos(angle), radius * math.sin(angle)
        points.append((x + gauss(0.0, noise), y + gauss(0.0, noise)))
        labels.append(-1 if i % 2 else 1)
    return points, labels


def xor(
    n: int, noise: float = 0.1, rng: random.Random | None = None
) -> tuple[list[Point], list[int]]:
    """``n`` points of a square, and labels ±1 by the quarter they are in.

    The square goes from -1 to 1. The label is 1 where one coordinate is
    positive and the other isn't, before the noise. The rest is as with
    `moons`.
    """
    if n < 1:
        raise ValueError(f"xor needs at least 1 point, not {n}")
    uniform = rng.uniform if rng else random.uniform
    gauss = rng.gauss if rng else random.gauss
    points = []
    labels = []
    for i in range(n):
        x, y = uniform(0.0, 1.0), uniform(-1.0, 1.0)
        if (y > 0.0) == (i % 2 == 0):
            x = -x
        points.append((x + gauss(0.0, noise), y + gauss(0.0, noise)))
        labels.append(-1 if i % 2 else 1)
    return points, labels


def spiral(
    n: int, noise: float = 0.1, rng: random.Random | None = None
) -> tuple[list[Point], list[int]]:
    """``n`` points on two arms of a spiral, and their labels ±1.

    The arms make nearly one turn and a half each, out to radius 1.5, and
    are half a turn apart. The rest is as with `moons`.
    """
    if n < 1:
        raise ValueError(f"spiral needs at least 1 point, not {n}")
    uniform = rng.uniform if rng else random.uniform
    gauss = rng.gauss if rng else random.gauss
    points = []
    labels = []
    for i in range(n):
        radius = uniform(0.1, 1.5)
        angle = 2.0 * math.pi * radius + (math.pi if i % 2 else 0.0)
        x, y = radius * math.cos(angle), radius * math.sin(angle)
        points.append((x + gauss(0.0, noise), y + gauss(0.0, noise)))
        labels.append(-1 if i % 2 else 1)
    return points, labels
