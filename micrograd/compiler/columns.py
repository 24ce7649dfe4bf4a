# Tangled from book/19-writing-programs.md: edit there, not here.
"""Programs on NumPy's columns: every instruction for all examples at once."""

from __future__ import annotations

from typing import Any

from micrograd.compiler.backends import Backend, Buffer, Buffers
from micrograd.compiler.program import Program
from micrograd.compiler.python import (
    SPELLING,
    bracketed,
    function_from,
    in_function,
    statement,
)

#: As in Python, but a choice is made for each number of a column.
OF_COLUMNS = {**SPELLING, "where": "where({}, {}, {})"}


def column_source(program: Program) -> str:
    """The program as a Python function of ``columns`` and ``parameters``.

    It returns as columns what is ``to_average``, one number for each row,
    and what is ``to_add``.
    """
    return in_function(
        "def run(columns, parameters):",
        f"{bracketed(program.parameters)} = parameters",
        f"{bracketed(program.inputs)} = columns",
        *(statement(x, OF_COLUMNS) for x in program.shared),
        *(statement(x, OF_COLUMNS) for x in program.varying),
        f"return {bracketed(program.to_average.values())},"
        f" {bracketed(program.to_add)}",
    )


class ColumnsBackend(Backend):
    """Runs a program with NumPy, all examples at once."""

    def __init__(self, program: Program) -> None:
        import numpy

        super().__init__(program)
        self.run = function_from(column_source(program), numpy)
        self.numpy = numpy

    def load(self, columns: list[Buffer]) -> Any:
        """The columns as NumPy's arrays."""
        return list(map(self.numpy.array, columns))

    def evaluate(self, buffers: Buffers) -> None:
        """Fill in the results."""
        totals = []
        # Overflow and the like give inf and nan, as everywhere in the book.
        with self.numpy.errstate(all="ignore"):
            columns, to_add = self.run(buffers.examples, buffers.parameters)
            if columns:
                table = self.numpy.concatenate(columns)
                table = table.reshape(len(columns), -1)
                totals = table.sum(axis=1).tolist()
        count = len(buffers.examples[0])
        self.fill_in(buffers.results, to_add, totals, count)
