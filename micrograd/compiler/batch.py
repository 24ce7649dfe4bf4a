# Tangled from book/19-writing-programs.md: edit there, not here.
"""Batches: examples as columns of numbers, or the reason why they aren't."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from micrograd.compiler.recording import Widths
from micrograd.engine import Value, as_float
from micrograd.flat import Buffer


def width_of(example: Any) -> int | None:
    """How many numbers an example has; None if it is a bare number."""
    try:
        return len(example)
    except TypeError:
        return None


def columns_of(batch: Sequence[Any]) -> tuple[Widths, list[Buffer]]:
    """How many numbers each argument has, and all of them, in columns.

    `ValueError` or `TypeError` for a batch that has not got the same
    numbers in every example.
    """
    for number, argument in enumerate(batch, 1):
        if not hasattr(argument, "__len__"):
            raise TypeError(
                f"argument {number} of the batch must be a list or an array, "
                f"not {argument!r}: make a list of it"
            )
    counts = [len(argument) for argument in batch]
    if not counts or 0 in counts or len(set(counts)) > 1:
        raise ValueError(
            "a batch needs at least one example, and all its arguments "
            f"equally many: got {' and '.join(map(str, counts)) or 'none'}"
        )
    widths: list[int | None] = []
    columns: list[Buffer] = []
    for number, argument in enumerate(batch, 1):
        width = width_of(argument[0])
        rows = zip(argument) if width is None else argument
        try:
            new = [array("d", c) for c in zip(*rows, strict=True)]
        except (TypeError, ValueError):
            refuse_misfit(number, argument, width)
            raise
        widths.append(width)
        columns += new
    if not columns:
        raise ValueError("the examples of a batch need at least one number")
    return tuple(widths), columns


def refuse_misfit(number: int, argument: Any, width: int | None) -> None:
    """Say which example of an argument isn't like its first one."""
    for i, example in enumerate(argument):
        place = f"argument {number}, example {i}"
        if width_of(example) != width:
            raise ValueError(f"{place}: {example!r} is not like the first")
        for x in [example] if width is None else example:
            if isinstance(x, Value):
                raise TypeError(
                    f"{place}: {x!r} is no plain number: pass its data. What "
                    "is to be trained belongs among the parameters"
                )
            try:
                as_float(x)
            except TypeError as error:
                raise TypeError(f"{place}: {error}") from None
