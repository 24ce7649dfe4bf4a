# Tangled from book/19-writing-programs.md: edit there, not here.
"""Programs: what is left of a tape, sorted by what has to be run how often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from micrograd.compiler.recording import Recording
from micrograd.compiler.tape import Tape, Unknown, is_varying


def without_dead_code(tape: Tape, results: Iterable[Any]) -> list[Unknown]:
    """The instructions of a tape that some result needs, in their order."""
    needed = set(map(str, results))
    alive = []
    for x in reversed(tape.instructions.values()):
        if x.name in needed:
            alive.append(x)
            needed.update(map(str, x.operands))
    return alive[::-1]


def parted(result: Any) -> tuple[Unknown | None, Any]:
    """The two parts of a sum: what varies with the example, and the rest.

    The rest is added up first, so it may be rounded in another way.
    """
    shared: Any = 0.0
    while is_varying(result) and result.operation == "+":
        a, b = result.operands
        if is_varying(a) and is_varying(b):
            break
        result, term = (a, b) if is_varying(a) else (b, a)
        shared = shared + term
    return (result, shared) if is_varying(result) else (None, result)


@dataclass
class Program:
    """Straight-line code for a function of one example and its gradients.

    The ``shared`` instructions, which depend on the parameters alone, are
    run once; then each example runs the ``varying`` ones. Result number
    ``i`` is ``to_add[i]``, plus the mean over the examples of
    ``to_average[i]`` if there is one.
    """

    inputs: Sequence[Unknown]
    parameters: Sequence[Unknown]
    shared: Sequence[Unknown]
    varying: Sequence[Unknown]
    to_average: dict[int, Unknown]
    to_add: list[Any]

    def __len__(self) -> int:
        return len(self.shared) + len(self.varying)


def straighten(recording: Recording) -> Program:
    """Leave out what no result needs, and sort the rest by what varies."""
    parts = [parted(result) for result in recording.results]
    to_average = {i: v for i, (v, _) in enumerate(parts) if v is not None}
    to_add = [shared for _, shared in parts]
    needed = [*to_average.values(), *to_add]
    alive = without_dead_code(recording.tape, needed)
    return Program(
        recording.inputs,
        recording.parameters,
        [x for x in alive if not x.varies],
        [x for x in alive if x.varies],
        to_average,
        to_add,
    )
