# Tangled from book/21-machine-code.md: edit there, not here.
"""Memory: the numbers at a place, in a register and back."""

from __future__ import annotations

from collections.abc import Sequence

from llvmlite import ir

from micrograd.compiler.llvm import DOUBLE, INDEX
from micrograd.compiler.place import Operand, Place
from micrograd.compiler.vectors import Vectors


class Memory(Vectors):
    """Reads places into registers and writes them back.

    ``buffers`` says where each one begins. Those in ``columns`` have a
    column for each number, so many numbers after the one before it.
    """

    def __init__(
        self,
        builder: ir.IRBuilder,
        lanes: int,
        buffers: dict[str, ir.Value],
        columns: dict[str, ir.Value],
    ) -> None:
        super().__init__(builder, lanes)
        self.buffers = buffers
        self.columns = columns

    def address(
        self, place: Place, counters: Sequence[ir.Value], row: ir.Value
    ) -> ir.Value:
        """Where a place is in this round of the loops, from a row on."""
        b = self.builder
        number = INDEX(place.start)
        for counter, step in zip(counters, place.steps):
            if step:
                number = b.add(number, b.mul(counter, INDEX(step)))
        if place.buffer not in self.columns:
            return b.gep(self.buffers[place.buffer], [number])
        number = b.add(b.mul(number, self.columns[place.buffer]), row)
        first = b.gep(self.buffers[place.buffer], [number])
        return b.bitcast(first, self.wide(DOUBLE).as_pointer())

    def read(
        self, x: Operand, counters: Sequence[ir.Value], row: ir.Value
    ) -> ir.Value:
        """A register with the numbers at a place, or with a constant."""
        if not isinstance(x, Place):
            return self.constant(x)
        number = self.builder.load(self.address(x, counters, row), align=8)
        return number if x.buffer in self.columns else self.spread(number)

    def write(
        self,
        register: ir.Value,
        place: Place,
        counters: Sequence[ir.Value],
        row: ir.Value,
    ) -> None:
        """Put the numbers of a register where they belong."""
        address = self.address(place, counters, row)
        self.builder.store(register, address, align=8)
