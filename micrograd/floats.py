# Tangled from chapters 7, 14, 18 and 20 in book/: edit there, not here.
"""Functions of floats that never raise, as IEEE 754 wants them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any


def divide(a: float, b: float) -> float:
    """``a / b``, where dividing by zero gives inf, -inf or (0 / 0) nan."""
    try:
        return a / b
    except ZeroDivisionError:
        if a == 0.0 or math.isnan(a):
            return math.nan
        return math.copysign(math.inf, a) * math.copysign(1.0, b)


def is_odd(n: float) -> bool:
    """Whether this is an odd number; what isn't whole is not."""
    return abs(math.fmod(n, 2.0)) == 1.0


def power(x: float, n: float) -> float:
    """``x ** n``, where overflow gives inf and what isn't real gives nan."""
    if type(x) is not float or type(n) is not float:
        return noted(power, x, n)
    try:
        return math.pow(x, n)
    except OverflowError:
        return -math.inf if x < 0.0 and is_odd(n) else math.inf
    except ValueError:
        if x != 0.0:  # a negative number to a power that isn't whole
            return math.nan
        # zero to a negative power; -0.0 to an odd one keeps its sign
        return math.copysign(math.inf, x) if is_odd(n) else math.inf


def exp(x: float) -> float:
    """``math.exp(x)``, where overflow gives inf."""
    if type(x) is not float:
        return noted(exp, x)
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def log(x: float) -> float:
    """``math.log(x)``, where zero gives -inf and less than zero nan."""
    if type(x) is not float:
        return noted(log, x)
    try:
        return math.log(x)
    except ValueError:
        return -math.inf if x == 0.0 else math.nan


def tanh(x: float) -> float:
    """``math.tanh(x)``."""
    if type(x) is not float:
        return noted(tanh, x)
    return math.tanh(x)


def dot(
    weights: Sequence[float], inputs: Sequence[float], bias: float
) -> float:
    r"""The weighted sum :math:`b + \sum_i w_i x_i`, from left to right.

    Of symbols it is one instruction, with all the factors as operands.
    """
    for x in (bias, *weights[:1], *inputs[:1]):
        if type(x) is not float and len(weights) > 0:
            return noted(dot, bias, *weights, *inputs)
    total = bias
    for w, x in zip(weights, inputs):
        total += w * x
    return total


def sqrt(x: float) -> float:
    """``math.sqrt(x)``, where less than zero gives nan."""
    if type(x) is not float:
        return noted(sqrt, x)
    return math.nan if x < 0.0 else math.sqrt(x)


def where(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, ``b`` elsewhere.

    A condition on numbers that aren't known yet notes the choice down.
    """
    if isinstance(condition, bool):
        return a if condition else b
    return condition.where(a, b)


def noted(function: Callable[..., float], *operands: Any) -> float:
    """The result of a function, of which not every operand is a float.

    A symbol has a tape, and the call is noted down there.
    """
    for x in operands:
        if hasattr(x, "tape"):
            result: float = x.tape.note(function.__name__, *operands)
            return result
    return function(*map(float, operands))
