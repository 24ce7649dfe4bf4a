# Tangled from chapters 19 and 20 in book/: edit there, not here.
"""Recording: a function of one example, and its gradients, on a tape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import is_
from typing import Any

from micrograd.compiler.tape import Gate, Symbol, Tape
from micrograd.engine import Value, topological_order
from micrograd.flat import lifted
from micrograd.floats import dot


@dataclass
class Recording:
    """What tracing a function of one example, and its gradients, has left.

    Its value is the first of the ``results``; the derivatives for its
    parameters are the sums of all others.
    """

    tape: Tape
    inputs: list[Symbol]
    parameters: list[Symbol]
    results: list[Products]


def slopes_of(root: Value, parameters: Sequence[Value]) -> list[Products]:
    """What `Value.backward` adds to the ``grad`` of each parameter."""
    numbers = {p: i for i, p in enumerate(parameters, 1)}
    order = topological_order(root)
    arrived: dict[Value, list[tuple[Any, Any]]] = {node: [] for node in order}
    known: defaultdict[int, float] = defaultdict(float)
    found = []

    def reach(operands: Sequence[Value], slopes: Any, grad: Any) -> None:
        results, lefts = [], []
        for operand, slope in zip(operands, slopes):
            if slope is None:
                continue
            if operand in numbers:
                if type(slope) is type(grad) is float:
                    known[numbers[operand]] += slope * grad
                else:
                    results.append(numbers[operand])
                    lefts.append(slope)
            if operand._prev:
                arrived[operand].append((slope, grad))
        if Gate in {*map(type, lefts)}:
            lefts, grad = [x * grad for x in lefts], 1.0
        if results:
            found.append(Products(results, lefts, grad))

    reach([root], [1.0], 1.0)
    for node in reversed(order):
        operands, slopes = node._prev, node._local
        grad = weighted_sum(arrived.pop(node))
        half = len(operands) // 2
        if is_twice(operands, half) and is_twice(slopes, half):
            reach(operands[-half:], slopes[-half:], 2.0 * grad)
            operands, slopes = operands[: -2 * half], slopes[: -2 * half]
        reach(operands, slopes, grad)
    return [*found, Products(list(known), list(known.values()), 1.0)]


def is_twice(items: Sequence[Any], half: int) -> bool:
    """Whether the last ``half`` are the very same as those before them."""
    return half > 0 and all(map(is_, items[-half:], items[-2 * half : -half]))


def weighted_sum(terms: Sequence[tuple[Any, Any]]) -> Any:
    """The sum of products: one instruction if all factors are symbols."""
    kinds = {type(x) for term in terms for x in term}
    if len(terms) > 1 and kinds == {Symbol}:
        slopes, gradients = zip(*terms)
        return dot(slopes, gradients, 0.0)
    total: Any = 0.0
    for slope, gradient in terms:
        total = total + slope * gradient
    return total


#: How many numbers each argument of an example has; None: a bare number.
Widths = tuple[int | None, ...]


def example_of(tape: Tape, widths: Widths) -> tuple[list[Symbol], list[Any]]:
    """Symbols for an example's numbers: all of them, and as arguments."""
    inputs: list[Symbol] = []
    arguments: list[Any] = []
    for width in widths:
        first = len(inputs)
        for i in range(first, first + (1 if width is None else width)):
            inputs.append(Symbol(tape, f"x{i}", varies=True))
        new = tuple(inputs[first:])
        arguments.append(new[0] if width is None else new)
    return inputs, arguments


@contextmanager
def holding(
    parameters: Sequence[Value], symbols: Sequence[Any]
) -> Iterator[None]:
    """Have the parameters hold symbols, for as long as this is open."""
    with lifted(parameters):
        for p, symbol in zip(parameters, symbols):
            p._data, p.grad = symbol, 0.0
        yield


def record(
    function: Callable[..., Value], parameters: Sequence[Value], widths: Widths
) -> Recording:
    """Run a function and its backward pass on symbols instead of numbers."""
    tape = Tape()
    symbols = [Symbol(tape, f"p{i}") for i in range(len(parameters))]
    inputs, arguments = example_of(tape, widths)
    with holding(parameters, symbols), telling_of_columns(widths):
        root = checked_result(tape, function, arguments, parameters)
        value = Products([0], [1.0], root.data)
        results = [value, *slopes_of(root, parameters)]
    return Recording(tape, inputs, symbols, results)


def checked_result(
    tape: Tape,
    function: Callable[..., Value],
    arguments: Sequence[Any],
    parameters: Sequence[Value],
) -> Value:
    """What a function gives for symbols; an error if it can't be compiled."""
    root = function(*arguments)
    first_run = list(tape.instructions)
    again = function(*arguments)
    refuse_frozen(root, again, parameters)
    same = str(root.data) == str(again.data)
    if list(tape.instructions) != first_run or not same:
        raise ValueError(
            "the function did something else when it was run again, as by "
            "random numbers: compiling it would freeze them"
        )
    return root


def refuse_frozen(
    root: object, again: object, parameters: Sequence[Value]
) -> None:
    """Refuse what isn't a graph made of nothing but the parameters.

    ``root`` and ``again`` are what two runs of the same function gave.
    """
    if not isinstance(root, Value) or not isinstance(again, Value):
        raise TypeError(
            f"a function to compile must return one Value, not {root!r}"
        )
    both = values_behind(root) & values_behind(again)
    for value in both - set(parameters):
        raise ValueError(
            f"the function uses {value!r} from outside, which isn't among "
            "the parameters: add it, or use a plain number, such as its data. "
            "(A layer that isn't to be trained is a parameter here, too: "
            "leave it out where the optimizer is made.)"
        )


def values_behind(root: Value) -> set[Value]:
    """A result and all that it was made of."""
    nodes = topological_order(root)
    return {root, *nodes}.union(*[node._prev for node in nodes])


@contextmanager
def telling_of_columns(widths: Widths) -> Iterator[None]:
    """Add a note to an error, if an argument has one number in a tuple."""
    try:
        yield
    except Exception as error:
        for number, width in enumerate(widths, 1):
            if width == 1:
                error.add_note(
                    f"Each example of argument {number} is a tuple of one "
                    "number, as in an array of shape (N, 1). If a bare number "
                    "is wanted: an array's [:, 0], or [y for [y] in labels]."
                )
        raise


@dataclass
class Products:
    """Products, all with the same right factor, to be added to results.

    To result number ``results[i]`` goes ``lefts[i] * right``. Number 0 is
    the value of the function, and k its derivative for parameter k - 1.
    """

    results: Sequence[int]
    lefts: Sequence[Any]
    right: Any
