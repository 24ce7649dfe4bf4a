# Tangled from book/20-loops.md: edit there, not here.
"""Programs on NumPy's arrays: every line for all examples at once."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

import numpy
from numpy.lib.stride_tricks import as_strided

from micrograd.compiler.backends import Backend, Buffers
from micrograd.compiler.loops import Loops
from micrograd.compiler.place import Line, Operand, Place, Run
from micrograd.compiler.update import update_lines
from micrograd.flat import Buffer
from micrograd.optim import SGD

#: What the axis of the examples is called; the loops' are 0, 1, 2, …
EXAMPLES = 20


class Columns:
    """The buffers of a batch, and the program at work on views of them.

    A buffer that differs from example to example has a column for each.
    """

    def __init__(
        self, loops: Loops, lines: list[Line], columns: list[Buffer]
    ) -> None:
        self.count = len(columns[0])
        self.buffers = {b: numpy.zeros(loops.sizes[b]) for b in "psg"}
        self.buffers["c"] = numpy.array(loops.constants)
        self.buffers["x"] = numpy.array(columns)
        self.buffers["r"] = numpy.zeros((loops.sizes["r"], self.count))
        self.tasks = [self.task(line) for line in lines]

    def results(self, parameters: Buffer) -> Any:
        """Run the program: the mean, and its derivatives."""
        self.buffers["p"][:] = parameters
        self.buffers["g"][:] = 0.0
        # Overflow and the like give inf and nan, as everywhere in the book.
        with numpy.errstate(all="ignore"):
            for task in self.tasks:
                task()
        return self.buffers["g"]

    def view(self, x: Operand, counts: tuple[int, ...]) -> tuple[Any, Any]:
        """The numbers at a place, and what its axes are."""
        if not isinstance(x, Place):
            return numpy.array(x), []
        whole = self.buffers[x.buffer][x.start :]
        axes = [axis for axis, step in enumerate(x.steps) if step]
        shape = [counts[axis] for axis in axes]
        strides = [x.steps[axis] * whole.strides[0] for axis in axes]
        if whole.ndim == 2:
            shape.append(self.count)
            strides.append(whole.strides[1])
            axes.append(EXAMPLES)
        if not shape:
            return whole[:1].reshape(()), axes
        return as_strided(whole, shape, strides), axes

    def task(self, line: Line) -> Callable[[], None]:
        """What is to be done for a line, each time."""
        result, axes = self.view(line.result, line.counts)
        operands = [self.view(x, line.counts) for x in line.operands]
        if line.operation == "mean":
            count = self.count
            left, right = operands
            total, kept = total_of(left, right, axes)

            def add_mean() -> None:
                result[...] += aligned(total(), kept, axes) / count

            return add_mean
        inputs = [aligned(*operand, axes) for operand in operands]
        if line.operation == "sum":
            runs = [self.run(run, line.counts, axes) for run in line.runs]

            def add_up() -> None:
                result[...] = inputs[0]
                for total, kept in runs:
                    result[...] += aligned(total(), kept, axes)

            return add_up
        function = FUNCTIONS[line.operation]

        def compute() -> None:
            result[...] = function(*inputs)

        return compute

    def run(self, run: Run, counts: tuple[int, ...], axes: list[int]) -> Any:
        """What adds up the products of a run, and the axes that are left."""
        inner = (*counts, run.count)
        left, right = (self.view(x, inner) for x in (run.left, run.right))
        total, kept = total_of(left, right, axes)
        if len(counts) in left[1] + right[1]:
            return total, kept
        # Neither factor steps: it is the same product each time.
        return (lambda: run.count * total()), kept


def total_of(left: Any, right: Any, axes: list[int]) -> Any:
    """What adds up products, and which of a result's axes it leaves.

    Each factor is an array and what its axes are.
    """
    (a, first), (b, second) = left, right
    kept = [axis for axis in axes if axis in first + second]
    both = set(first) & set(second)
    if len(both) == 1 and both.isdisjoint(kept) and max(a.ndim, b.ndim) < 3:
        # A product of matrices, or of a matrix and a vector.
        [axis] = both
        a = a.T if first[0] == axis else a
        b = b.T if second[-1] == axis else b
        rest = [x for x in first + second if x != axis]
        if rest != kept:
            a, b = b.T, a.T
        return (lambda: a @ b), kept
    return (lambda: numpy.einsum(a, first, b, second, kept)), kept


def aligned(array: Any, axes: list[int], wanted: list[int]) -> Any:
    """An array with an axis of length 1 where it has none of those wanted."""
    where = [slice(None) if axis in axes else None for axis in wanted]
    return array[(*where, ...)]


def where(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition, a 1 or a 0, holds; ``b`` elsewhere."""
    return numpy.where(condition != 0.0, a, b)


#: What each operation is on arrays.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "+": numpy.add,
    "-": numpy.subtract,
    "*": numpy.multiply,
    "/": numpy.divide,
    "<": numpy.less,
    "<=": numpy.less_equal,
    ">": numpy.greater,
    ">=": numpy.greater_equal,
    "==": numpy.equal,
    "!=": numpy.not_equal,
    "where": where,
    "neg": numpy.negative,
    "copy": numpy.positive,
    "power": numpy.power,
    "exp": numpy.exp,
    "log": numpy.log,
    "sqrt": numpy.sqrt,
    "tanh": numpy.tanh,
}


class ColumnsBackend(Backend):
    """Runs a program with NumPy, all examples at once."""

    def __init__(self, loops: Loops) -> None:
        super().__init__(loops)
        self.lines = [*loops.shared, *loops.to_add]
        self.lines += [*loops.varying, *loops.to_average]

    def load(self, columns: list[Buffer]) -> Columns:
        """The buffers of a batch, with all that is to be done."""
        return Columns(self.loops, self.lines, columns)

    def evaluate(self, buffers: Buffers) -> None:
        """Fill in the results."""
        found = buffers.examples.results(buffers.parameters)
        buffers.results[:] = array("d", found)

    def descent(
        self, buffers: Buffers, optimiser: SGD
    ) -> Callable[[int], None]:
        """What makes so many steps of an optimiser, in the buffers."""
        columns: Columns = buffers.examples
        count = self.loops.sizes["p"]
        lines = update_lines(optimiser, count)
        columns.buffers["h"] = numpy.zeros(len(optimiser.settings()))
        columns.buffers["d"] = numpy.zeros(len(lines) * count)
        for i, state in enumerate(buffers.states):
            columns.buffers[f"k{i}"] = numpy.asarray(memoryview(state))
        tasks = [columns.task(line) for line in lines]

        def make(steps: int) -> None:
            columns.buffers["h"][:] = optimiser.settings()
            for _ in range(steps):
                self.evaluate(buffers)
                with numpy.errstate(all="ignore"):
                    for task in tasks:
                        task()
                buffers.parameters[:] = array("d", columns.buffers["p"])
                optimiser.steps += 1

        return make
