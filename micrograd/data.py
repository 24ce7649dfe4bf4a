# Tangled from book/12-moons.md: edit there, not here.
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
