"""From chapter 1 on: a slope is measured by a nudge."""

import math

import pytest

from micrograd.check import slope


@pytest.mark.parametrize("x", [-2.0, -0.5, 0.0, 1.0, 3.0])
def test_the_slope_of_a_polynomial_is_its_derivative(x: float) -> None:
    """Protects the formula, sign and scale included."""
    measured = slope(lambda x: 3 * x**2 - 4 * x + 5, x)
    assert measured == pytest.approx(6 * x - 4, rel=1e-8, abs=1e-8)


def test_the_slope_of_the_exponential_is_the_exponential() -> None:
    """Protects the formula where derivatives of all orders count."""
    assert slope(math.exp, 1.0) == pytest.approx(math.e, rel=1e-8)


def test_both_sides_are_nudged_so_a_parabola_is_measured_exactly() -> None:
    """Protects the central difference: one-sided, this would be h off."""
    assert slope(lambda x: x * x, 1.0, h=0.5) == 2.0
    assert slope(abs, 0.0) == 0.0


def test_the_size_of_the_nudge_is_the_callers_to_choose() -> None:
    """Protects ``h``: for a cube the error is exactly its square."""
    assert slope(lambda x: x**3, 0.0, h=0.25) == 0.25**2
    assert slope(lambda x: x**3, 0.0, h=2.0) == 4.0


def test_a_slope_is_measured_at_an_integer_too() -> None:
    """Protects callers who write 3 and mean 3.0."""
    assert slope(lambda x: 2 * x, 3) == pytest.approx(2.0)
