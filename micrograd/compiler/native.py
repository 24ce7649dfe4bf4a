# Tangled from book/21-machine-code.md: edit there, not here.
"""The backend in machine code: loops as LLVM's."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import groupby

from llvmlite import ir

from micrograd.compiler.backends import Backend, Buffers, zeros
from micrograd.compiler.llvm import (
    BUFFER,
    DOUBLE,
    INDEX,
    loop,
    machine_code,
    new_function,
)
from micrograd.compiler.loops import Loops, meets, nests, reads
from micrograd.compiler.memory import Memory
from micrograd.compiler.place import Line, Operand, Place, Run
from micrograd.compiler.update import update_lines
from micrograd.flat import Buffer, Flat
from micrograd.optim import SGD


@contextmanager
def loops_of(
    builder: ir.IRBuilder, counts: tuple[int, ...]
) -> Iterator[tuple[ir.Value, ...]]:
    """Loops in loops: gives all their counters."""
    with ExitStack() as stack:
        yield tuple(
            [
                stack.enter_context(loop(builder, INDEX(count))).i
                for count in counts
            ]
        )


def write_lines(
    memory: Memory, nest: list[Line], vectors: ir.Value, needed: set[Place]
) -> None:
    """Write lines that share their loops."""
    b = memory.builder
    with loops_of(b, nest[0].counts) as counters, loop(b, vectors) as around:
        row = b.mul(around.i, INDEX(memory.lanes))
        known: dict[Place, ir.Value] = {}
        for line in nest:
            for x in line.operands:
                if isinstance(x, Place) and x not in known:
                    known[x] = memory.read(x, counters, row)
            operands = [
                known[x] if isinstance(x, Place) else memory.constant(x)
                for x in line.operands
            ]
            result = memory.compute(line.operation, *operands)
            known[line.result] = result
            if line.result in needed:
                memory.write(result, line.result, counters, row)


def in_tiles(
    builder: ir.IRBuilder,
    stop: ir.Value | int,
    size: int,
    write: Callable[[list[ir.Value]], None],
) -> None:
    """Write what is to be done for each of range(stop), ``size`` at once."""
    some = rest = True
    if isinstance(stop, int):
        some, rest, stop = stop >= size, stop % size > 0, INDEX(stop)
    fits = builder.sub(stop, builder.urem(stop, INDEX(size)))
    if some:
        with loop(builder, fits, step=size) as around:
            write([builder.add(around.i, INDEX(k)) for k in range(size)])
    if rest:
        with loop(builder, stop, start=fits) as around:
            write([around.i])


#: So many results, and registers of examples, make a tile of sums.
SUMS = (4, 2)


def write_sum(memory: Memory, line: Line, vectors: ir.Value) -> None:
    """Write a weighted sum, in tiles of results and examples."""
    b = memory.builder
    line = deepened(line, 1)
    *outer, last = line.counts

    def write_tile(results: list[ir.Value], registers: list[ir.Value]) -> None:
        cells = [
            ((*counters, j), b.mul(v, INDEX(memory.lanes)))
            for j in results
            for v in registers
        ]
        [start] = line.operands
        sums = [memory.read(start, *cell) for cell in cells]
        for run in line.runs:
            with loop(b, INDEX(run.count), values=sums) as around:
                for (at, row), total in zip(cells, around.values):
                    left = memory.read(run.left, (*at, around.i), row)
                    right = memory.read(run.right, (*at, around.i), row)
                    total = memory.add_product(left, right, total)
                    around.after.append(total)
            sums = around.values
        for cell, total in zip(cells, sums):
            memory.write(total, line.result, *cell)

    with loops_of(b, tuple(outer)) as counters:
        in_tiles(
            b,
            last,
            SUMS[0],
            lambda results: in_tiles(
                b, vectors, SUMS[1], lambda v: write_tile(results, v)
            ),
        )


#: So many results make a tile of means.
MEANS = (2, 4)


@dataclass
class Extent:
    """So many registers full of examples, and so many examples after that."""

    full: ir.Value
    rest: ir.Value


def write_mean(memory: Memory, line: Line, extent: Extent) -> None:
    """Write products to be added up over the examples, in tiles of results."""
    b = memory.builder
    line = deepened(line, 2)
    *outer, rows, columns = line.counts
    total = replace(line.result, buffer="t")
    left, right = line.operands

    def write_tile(js: list[ir.Value], ks: list[ir.Value]) -> None:
        cells = [(*counters, j, k) for j in js for k in ks]
        sums = [memory.constant(0.0)] * len(cells)
        with loop(b, extent.full, values=sums) as around:
            row = b.mul(around.i, INDEX(memory.lanes))
            for at, so_far in zip(cells, around.values):
                x, y = (memory.read(side, at, row) for side in (left, right))
                around.after.append(memory.add_product(x, y, so_far))
        some = b.zext(b.icmp_signed(">", extent.rest, INDEX(0)), INDEX)
        with loop(b, some, values=around.values) as last:
            row = b.mul(extent.full, INDEX(memory.lanes))
            real = b.icmp_signed(
                "<", memory.numbered(), memory.spread(extent.rest)
            )
            for at, so_far in zip(cells, last.values):
                x, y = (memory.read(side, at, row) for side in (left, right))
                new = b.select(real, b.fmul(x, y), memory.constant(0.0))
                last.after.append(b.fadd(so_far, new))
        for at, found in zip(cells, last.values):
            before = memory.read(total, at, INDEX(0))
            memory.write(b.fadd(before, found), total, at, INDEX(0))

    with loops_of(b, tuple(outer)) as counters:
        in_tiles(
            b,
            rows,
            MEANS[0],
            lambda js: in_tiles(
                b, columns, MEANS[1], lambda ks: write_tile(js, ks)
            ),
        )


def deepened(line: Line, depth: int) -> Line:
    """The same line in at least so many loops; those added have one round."""
    more = max(0, depth - len(line.counts))

    def deeper(x: Operand) -> Operand:
        if not isinstance(x, Place):
            return x
        return replace(x, steps=(0,) * more + x.steps)

    return Line(
        line.operation,
        (1,) * more + line.counts,
        replace(line.result, steps=(0,) * more + line.result.steps),
        tuple(map(deeper, line.operands)),
        tuple(
            Run(run.count, deeper(run.left), deeper(run.right))
            for run in line.runs
        ),
    )


#: So many examples go through the lines together. No power of two: columns
#: that are so far apart would get into each other's way in the cache.
BLOCK = 120

#: The buffers that the code works on: examples, parameters, results, what
#: shared and varying lines leave, constants, and totals for each lane.
BUFFERS = "xpgsrct"

#: The buffers; how long a column of x is; how many examples are real.
ARGUMENTS = [*[BUFFER] * len(BUFFERS), INDEX, INDEX]


def needed_places(parts: list[list[Line]], others: list[Line]) -> set[Place]:
    """The results that are read by lines in other loops."""
    needed = set()
    for part in parts:
        outside = [
            (counts, place)
            for other in [*parts, others]
            if other is not part
            for line in other
            for counts, place in reads(line)
        ]
        for line in part:
            if any(
                meets(line.counts, line.result, counts, place)
                for counts, place in outside
            ):
                needed.add(line.result)
    return needed


def write_part(
    memory: Memory,
    lines: list[Line],
    vectors: ir.Value,
    others: list[Line] | None = None,
) -> None:
    """Write lines one after the other, sums in tiles.

    All results go to memory, unless it is known which ``others`` read them.
    """
    parts = [
        list(part)
        for nest in nests(lines)
        for _, part in groupby(nest, lambda line: line.operation == "sum")
    ]
    needed = {line.result for line in lines}
    if others is not None:
        needed = needed_places(parts, others)
    for part in parts:
        if part[0].operation != "sum":
            write_lines(memory, part, vectors, needed)
            continue
        for line in part:
            write_sum(memory, line, vectors)


def write_block(
    b: ir.IRBuilder, loops: Loops, arguments: list[ir.Value], lanes: int
) -> None:
    """Write what is done with the examples, block by block."""
    *buffers, length, count = arguments
    pointers = dict(zip(BUFFERS, buffers))
    with loop(b, length, step=BLOCK) as around:
        left = b.sub(length, around.i)
        short = b.icmp_signed("<", left, INDEX(BLOCK))
        vectors = b.udiv(b.select(short, left, INDEX(BLOCK)), INDEX(lanes))
        here = {**pointers, "x": b.gep(pointers["x"], [around.i])}
        columns = {"x": length, "r": INDEX(BLOCK), "t": INDEX(lanes)}
        memory = Memory(b, lanes, here, columns)
        write_part(memory, loops.varying, vectors, loops.to_average)
        real = b.sub(count, around.i)
        full = b.udiv(real, INDEX(lanes))
        all_full = b.icmp_signed(">=", full, vectors)
        rest = b.sub(real, b.mul(full, INDEX(lanes)))
        extent = Extent(
            b.select(all_full, vectors, full),
            b.select(all_full, INDEX(0), rest),
        )
        for line in loops.to_average:
            write_mean(memory, line, extent)


def write_evaluate(module: ir.Module, loops: Loops, lanes: int) -> None:
    """Write ``evaluate``, a function of `ARGUMENTS`: it fills in results."""
    with new_function(module, "evaluate", ARGUMENTS) as (b, arguments):
        *buffers, _, count = arguments
        pointers = dict(zip(BUFFERS, buffers))
        one = Memory(b, 1, pointers, {})
        many = INDEX(loops.sizes["g"])
        results, totals = Place("g", 0, (1,)), Place("t", 0, (1,))
        for place, numbers in [
            (results, many),
            (totals, b.mul(many, INDEX(lanes))),
        ]:
            with loop(b, numbers) as around:
                one.write(DOUBLE(0.0), place, [around.i], INDEX(0))
        write_part(one, [*loops.shared, *loops.to_add], INDEX(1))
        write_block(b, loops, arguments, lanes)
        n = b.sitofp(count, DOUBLE)
        wide = Memory(b, lanes, pointers, {"t": INDEX(lanes)})
        with loop(b, many) as around:
            lane_totals = wide.read(totals, [around.i], INDEX(0))
            mean = b.fdiv(wide.total(lane_totals), n)
            added = one.read(results, [around.i], INDEX(0))
            one.write(b.fadd(added, mean), results, [around.i], INDEX(0))


def assembly(loops: Loops, lanes: int) -> ir.Module:
    """The function ``evaluate`` in LLVM's language."""
    module = ir.Module()
    write_evaluate(module, loops, lanes)
    return module


def stepping(lines: Sequence[Line], names: list[str]) -> ir.Module:
    """The function ``descend``: it evaluates and runs lines, many times.

    It takes the address of ``evaluate``, or 0 to do without it; its
    `ARGUMENTS`; the lines' own buffers of these ``names``; and a number of
    steps.
    """
    module = ir.Module()
    function = ir.FunctionType(ir.VoidType(), ARGUMENTS).as_pointer()
    kinds = [function, *ARGUMENTS, *[BUFFER] * len(names), INDEX]
    with new_function(module, "descend", kinds) as (b, arguments):
        evaluate, *buffers, steps = arguments
        given = buffers[: len(ARGUMENTS)]
        pointers = dict(zip(BUFFERS, given))
        pointers |= zip(names, buffers[len(ARGUMENTS) :])
        memory = Memory(b, 1, pointers, {})
        # What stays is read by whoever comes afterwards.
        kept = [x for x in lines if x.result.buffer != "d"]
        others = [replace(x, operands=(x.result,)) for x in kept]
        is_there = b.icmp_unsigned("!=", evaluate, function(None))
        with loop(b, steps):
            with b.if_then(is_there):
                b.call(evaluate, given)
            write_part(memory, list(lines), INDEX(1), others)
    return module


#: How many examples go through a register at once: 256 bits, four doubles.
LANES = 4


class NativeBackend(Backend):
    """Runs a program as machine code, several examples at once."""

    lanes = LANES

    def __init__(self, loops: Loops) -> None:
        super().__init__(loops)
        self.code = Code(assembly(loops, self.lanes), "evaluate")
        self.stepping: dict[tuple[Line, ...], Code] = {}

    def load(self, columns: list[Buffer]) -> Workspace:
        """The columns, filled up, and room for all that is computed."""
        count = len(columns[0])
        missing = -count % self.lanes
        examples = array("d")
        for column in columns:
            examples += column + column[-1:] * missing
        sizes = self.loops.sizes
        return Workspace(
            count,
            count + missing,
            x=examples,
            s=zeros(sizes["s"]),
            r=zeros(sizes["r"] * BLOCK),
            c=array("d", self.loops.constants),
            t=zeros(sizes["g"] * self.lanes),
        )

    def evaluate(self, buffers: Buffers) -> None:
        """Fill in the results."""
        self.code.call(*buffers.examples.arguments(buffers))

    def descent(
        self, buffers: Buffers, optimiser: SGD
    ) -> Callable[[int], None]:
        """What makes so many steps, without leaving machine code."""
        given = [self.code.address, *buffers.examples.arguments(buffers)]
        move = self.moving(optimiser, buffers.states, given, [])

        def make(steps: int) -> None:
            move(optimiser.settings(), steps)
            optimiser.steps += steps

        return make

    def update(
        self, optimiser: SGD, flat: Flat
    ) -> Callable[[SGD], bool] | None:
        """What makes one step with the gradients that are there.

        It moves a copy, and looks whether 0 times each number still is 0.
        """
        numbers, tried = flat.numbers, flat.numbers[:]
        states = [array("d", state) for state in optimiser.states]
        nothing = Workspace(0, 0, **dict.fromkeys("xsrct", zeros(0)))
        buffers = Buffers(nothing, tried, flat.gradients)
        products = Run(len(tried), Place("p", 0, (1,)), 0.0)
        looking = Line("sum", (), Place("f", 0), (0.0,), (products,))
        given = [0, *nothing.arguments(buffers)]
        move = self.moving(optimiser, states, given, [looking])

        def update(optimiser: SGD) -> bool:
            for mine, theirs in zip(states, optimiser.states):
                mine[:] = array("d", theirs)
            tried[:] = numbers
            [found] = move(optimiser.settings(), 1)
            if found != 0.0:
                return False
            numbers[:] = tried
            optimiser.states = [state[:] for state in states]
            return True

        return update

    def moving(
        self,
        optimiser: SGD,
        states: list[Buffer],
        given: list[int],
        more: list[Line],
    ) -> Callable[[list[float], int], Buffer]:
        """What makes steps with these settings, and runs some more lines.

        ``given`` is what `stepping` gets first; the lines leave their
        results in the buffer f, which comes back.
        """
        count = self.loops.sizes["p"]
        lines = (*update_lines(optimiser, count), *more)
        settings = zeros(len(optimiser.settings()))
        own = {"h": settings, "d": zeros(len(lines) * count)}
        own |= {f"k{i}": state for i, state in enumerate(states)}
        own["f"] = zeros(len(more))
        if lines not in self.stepping:
            self.stepping[lines] = Code(stepping(lines, list(own)), "descend")
        code = self.stepping[lines]
        arguments = [*given, *map(start_of, own.values())]

        def move(now: list[float], steps: int) -> Buffer:
            settings[:] = array("d", now)
            code.call(*arguments, steps)
            return own["f"]

        return move


class Code:
    """A function in machine code.

    It takes addresses and whole numbers, ``call`` calls it, and it is at
    its ``address`` for as long as this lives.
    """

    def __init__(self, module: ir.Module, name: str) -> None:
        self.engine = machine_code(module)
        self.address = self.engine.get_function_address(name)
        count = len(module.get_global(name).args)
        kinds = [ctypes.c_int64] * count
        self.call = ctypes.CFUNCTYPE(None, *kinds)(self.address)


def start_of(buffer: Buffer) -> int:
    """The address of a buffer's first number."""
    return buffer.buffer_info()[0]


class Workspace:
    """The buffers of a batch: its examples, and what is computed of them."""

    def __init__(self, count: int, length: int, **buffers: Buffer) -> None:
        self.count = count
        self.length = length
        self.buffers = buffers
        self.starts = dict.fromkeys(BUFFERS, 0)
        self.starts |= {x: start_of(buffers[x]) for x in buffers}

    def arguments(self, buffers: Buffers) -> list[int]:
        """What the machine code gets for `ARGUMENTS`."""
        self.starts["p"] = start_of(buffers.parameters)
        self.starts["g"] = start_of(buffers.results)
        return [*self.starts.values(), self.length, self.count]
