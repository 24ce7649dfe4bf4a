# Tangled from book/22-in-the-page.md: edit there, not here.
"""Expanding: what is made of primitives, with these in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from micrograd import portable
from micrograd.compiler.program import Program, factors, without_dead_code
from micrograd.compiler.tape import Symbol, Tape

#: What is replaced, and by what it is traced.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": portable.exp,
    "log": portable.log,
    "tanh": portable.tanh,
    "power": portable.power,
}


def expand(program: Program) -> Program:
    """The same program, with nothing but the primitives of `portable`."""
    tape = Tape()
    known = {
        x.name: Symbol(tape, x.name, varies=x.varies)
        for x in [*program.parameters, *program.inputs]
    }
    for x in [*program.shared, *program.varying]:
        function = FUNCTIONS.get(x.operation, partial(tape.note, x.operation))
        known[x.name] = function(*renewed(x.operands, known))
    to_average, to_add = (
        [
            replace(
                row,
                lefts=renewed(row.lefts, known),
                right=renewed([row.right], known)[0],
            )
            for row in rows
        ]
        for rows in (program.to_average, program.to_add)
    )
    alive = without_dead_code(tape, factors([*to_average, *to_add]))
    return Program(
        renewed(program.inputs, known),
        renewed(program.parameters, known),
        [x for x in alive if not x.varies],
        [x for x in alive if x.varies],
        to_average,
        to_add,
    )


def renewed(operands: Iterable[Any], known: dict[str, Any]) -> list[Any]:
    """What operands are on the new tape; numbers stay what they are."""
    return [x if type(x) is float else known[x.name] for x in operands]
