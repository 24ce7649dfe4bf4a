"""The operations of `Value`, in the one table that the tests go through."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Operation:
    """A function that takes Values and torch's tensors alike."""

    name: str
    apply: Callable[..., Any]
    # For each operand, the interval of ordinary inputs: where the operation
    # is defined and smooth enough for twelve digits to mean something.
    domains: tuple[tuple[float, float], ...]

    def __repr__(self) -> str:
        return self.name


def beside(other: Any, number: float) -> Any:
    """``number`` as an operand beside ``other``.

    To torch we give a tensor. With a plain number it takes shortcuts that
    cost it agreement with itself: ``t ** 0.5`` becomes a square root, which
    at -inf is nan where the power is inf, and ``k / t`` a product with
    ``1 / t``, which makes 0 / 5e-324 nan.
    """
    if isinstance(other, torch.Tensor):
        return torch.tensor(number, dtype=torch.float64)
    return number


ANY = (-10.0, 10.0)
POSITIVE = (0.1, 10.0)
BASE = (0.1, 4.0)
EXPONENT = (-3.0, 3.0)

ADD = Operation("a + b", operator.add, (ANY, ANY))
MULTIPLY = Operation("a * b", operator.mul, (ANY, ANY))
SUBTRACT = Operation("a - b", operator.sub, (ANY, ANY))
DIVIDE = Operation("a / b", operator.truediv, (ANY, POSITIVE))
POWER = Operation("a ** b", operator.pow, (BASE, EXPONENT))
NEGATE = Operation("-a", operator.neg, (ANY,))
EXP = Operation("a.exp()", lambda a: a.exp(), ((-5.0, 5.0),))
LOG = Operation("a.log()", lambda a: a.log(), (POSITIVE,))
TANH = Operation("a.tanh()", lambda a: a.tanh(), ((-3.0, 3.0),))
SIGMOID = Operation("a.sigmoid()", lambda a: a.sigmoid(), ((-5.0, 5.0),))
RELU = Operation("a.relu()", lambda a: a.relu(), (ANY,))

BETWEEN_VALUES = [ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER]
FUNCTIONS = [NEGATE, EXP, LOG, TANH, SIGMOID, RELU]


def with_numbers() -> list[Operation]:
    """Every operator with a number on its right, and on its left."""
    table = []
    for symbol, apply, right, left in [
        ("+", operator.add, ANY, ANY),
        ("-", operator.sub, ANY, ANY),
        ("*", operator.mul, ANY, ANY),
        ("/", operator.truediv, ANY, POSITIVE),
        ("**", operator.pow, BASE, EXPONENT),
    ]:
        for k in [0.0, 1.0, 2.0, 3.0, -1.0, -2.0, -3.0, 0.5, -0.5, 1.5, 1 / 3]:
            table += [
                Operation(
                    f"a {symbol} {k:.3g}",
                    lambda a, apply=apply, k=k: apply(a, beside(a, k)),
                    (right,),
                ),
                Operation(
                    f"{k:.3g} {symbol} a",
                    lambda a, apply=apply, k=k: apply(beside(a, k), a),
                    (left,),
                ),
            ]
    return table


WITH_NUMBERS = with_numbers()
OPERATIONS = [*BETWEEN_VALUES, *FUNCTIONS, *WITH_NUMBERS]

# The constants 0, -1/2 and the like would make most random programs short
# of anything to compute with; a few numbers on either side are enough here.
FEW = {"a ** 2", "a + 3", "2 - a", "a / 3", "2 ** a", "1 / a"}
IN_PROGRAMS = [
    *BETWEEN_VALUES,
    *FUNCTIONS,
    *(operation for operation in OPERATIONS if operation.name in FEW),
]
