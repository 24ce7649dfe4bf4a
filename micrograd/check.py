# Tangled from chapters 1 and 8 in book/: edit there, not here.
"""Independent checks: slopes by nudging, and gradients held against them."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from micrograd.engine import Value


def slope(f: Callable[[float], float], x: float, h: float = 1e-5) -> float:
    """The derivative of ``f`` at ``x``, measured by nudging ``x`` by ``h``.

    The central difference :math:`(f(x + h) - f(x - h)) / 2h`. Its error
    shrinks with :math:`h^2` until rounding takes over; chapter 1 shows why
    ``1e-5`` is a good nudge.
    """
    return (f(x + h) - f(x - h)) / (2 * h)


def random_expression(rng: Random, leaves: Sequence[Any], size: int) -> Any:
    """The result of ``size`` random operations on ``leaves``.

    ``leaves`` may be Values, tensors, or anything else with the operators
    and methods of `Value`. Equal seeds give equal expressions. Results stay
    of moderate size, so that rounding doesn't drown what is compared.
    """
    pool = list(leaves)
    for _ in range(size):
        x, y = rng.choice(pool), rng.choice(pool)
        operation = rng.choice("+ - * / ** exp log tanh sigmoid relu".split())
        match operation:
            case "+":
                result = x + y
            case "-":
                result = x - y
            case "*":
                result = x.tanh() * y
            case "/":
                result = x / (1 + y * y)
            case "**":
                result = x.sigmoid() ** y.tanh()
            case "exp":
                result = x.tanh().exp()
            case "log":
                result = (1 + x * x).log()
            case _:
                result = getattr(x, operation)()
        pool.append(result)
    # every result counts, so that no leaf is left without a gradient
    return sum(value.tanh() for value in pool)


def gradient_check(
    f: Callable[..., Value],
    inputs: Sequence[float],
    h: float = 1e-5,
    tolerance: float = 1e-6,
) -> float:
    """Check ``f(*inputs).backward()`` against a nudge of every input.

    Returns the largest relative difference; an `AssertionError` names the
    first input where it is more than ``tolerance``. Differences are taken
    relative to the gradient, or to 1 if that is smaller.
    """
    values = [Value(x) for x in inputs]
    f(*values).backward()
    worst = 0.0
    for i, value in enumerate(values):

        def nudged(x: float, i: int = i) -> float:
            moved = [Value(number) for number in inputs]
            moved[i] = Value(x)
            return f(*moved).data

        measured = slope(nudged, value.data, h)
        scale = max(1.0, abs(value.grad), abs(measured))
        difference = abs(value.grad - measured) / scale
        if not difference <= tolerance:
            raise AssertionError(
                f"input {i} ({value.data:g}): backward() gives "
                f"{value.grad:.9g}, but a nudge gives {measured:.9g}"
            )
        worst = max(worst, difference)
    return worst
