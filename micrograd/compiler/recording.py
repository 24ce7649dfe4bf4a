# Tangled from book/19-writing-programs.md: edit there, not here.
"""Recording: a function of one example, and its gradients, on a tape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from micrograd.compiler.tape import Symbol, Tape
from micrograd.engine import Value, as_float, topological_order
from micrograd.flat import lifted


@dataclass
class Recording:
    """What tracing a function of one example, and its gradients, has left.

    ``results`` are its value and then the derivative for each parameter:
    symbols, or numbers where they are always the same.
    """

    tape: Tape
    inputs: list[Symbol]
    parameters: list[Symbol]
    results: list[Any]


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
    parameters: Sequence[Value], symbols: Sequence[Symbol]
) -> Iterator[None]:
    """Have the parameters hold symbols, for as long as this is open."""
    with lifted(parameters):
        for p, symbol in zip(parameters, symbols):
            p.data, p.grad = as_float(symbol), 0.0
        yield


def record(
    function: Callable[..., Value], parameters: Sequence[Value], widths: Widths
) -> Recording:
    """Run a function, and `Value.backward`, on symbols instead of numbers."""
    tape = Tape()
    symbols = [Symbol(tape, f"p{i}") for i in range(len(parameters))]
    inputs, arguments = example_of(tape, widths)
    with holding(parameters, symbols), telling_of_columns(widths):
        root = checked_result(tape, function, arguments, parameters)
        root.backward()
        results = [root.data, *(p.grad for p in parameters)]
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
