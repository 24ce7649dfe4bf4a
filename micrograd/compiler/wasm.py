# Tangled from book/22-in-the-page.md: edit there, not here.
"""Programs in WebAssembly: the bytes of a module, and what runs them."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from micrograd.compiler.assembler import Function, module
from micrograd.compiler.backends import Backend, Buffers
from micrograd.compiler.expanding import expand
from micrograd.compiler.loops import Loops, ends, nests, reads, rolled
from micrograd.compiler.place import COUNTERS, Line, Operand, Place
from micrograd.compiler.program import Program
from micrograd.compiler.running import Instance, Module
from micrograd.compiler.tape import COMPARISONS
from micrograd.compiler.update import update_lines
from micrograd.flat import Buffer
from micrograd.optim import SGD
from micrograd.portable import SHIFT

#: What is done with the operands of an operation, once they are on the stack.
INSTRUCTIONS = {
    "+": "f64.add",
    "-": "f64.sub",
    "*": "f64.mul",
    "/": "f64.div",
    "neg": "f64.neg",
    "floor": "f64.floor",
    "sqrt": "f64.sqrt",
    "copy": "",
    "<": "f64.lt",
    "<=": "f64.le",
    ">": "f64.gt",
    ">=": "f64.ge",
    "==": "f64.eq",
    "!=": "f64.ne",
    "where": "select",
    "two_to": f"""f64.const {SHIFT} f64.add i64.reinterpret_f64
        i64.const 52 i64.shl f64.reinterpret_i64""",
    "exponent": """i64.reinterpret_f64 i64.const 52 i64.shr_u
        i64.const 2047 i64.and i64.const 1023 i64.sub f64.convert_i64_s""",
}


@contextmanager
def loop(
    f: Function, counters: dict[str, tuple[int, int]], stop: str
) -> Iterator[None]:
    """Write a loop around what is written while this is open.

    Each of the ``counters`` begins at a number and makes a step in each
    round, until the last of them is at ``stop``.
    """
    for name, (start, _) in counters.items():
        f(f"i32.const {start} local.set {f.local(name, 'i32')}")
    f("loop")
    yield
    for name, (_, step) in counters.items():
        f(f"local.get {name} i32.const {step} i32.add local.set {name}")
    f(f"local.get {name} {stop} i32.ne br_if 0 end")


def counter(level: int, step: int) -> str:
    """The counter, in bytes, of a loop's step."""
    return f"{COUNTERS[level]}{step:+}"


def first(count: int, step: int) -> int:
    """Where a counter begins, so that it never is less than 0."""
    return max(0, -8 * step * (count - 1))


@contextmanager
def loops_of(
    f: Function, counts: Sequence[int], places: Sequence[Place], outside: int
) -> Iterator[None]:
    """Write loops for places, but for those ``outside``, which are there."""
    with ExitStack() as stack:
        for level, count in list(enumerate(counts))[outside:]:
            steps = {p.steps[level] for p in places if p.steps[level:]}
            counters = {
                counter(level, step): (first(count, step), 8 * step)
                for step in sorted(steps - {0}) or [1]
            }
            start, step = list(counters.values())[-1]
            stop = f"i32.const {start + count * step}"
            stack.enter_context(loop(f, counters, stop))
        yield


class Writer:
    """Writes lines into a function.

    ``starts`` says where in memory each buffer begins, in bytes.
    """

    def __init__(self, f: Function, starts: dict[str, int]) -> None:
        self.f = f
        self.starts = starts
        #: The locals of those results that needn't be fetched from memory.
        self.registers: dict[Place, str] = {}

    def read(self, x: Operand, counts: tuple[int, ...]) -> None:
        """Put a number on the stack."""
        if not isinstance(x, Place):
            self.f(f"f64.const {x}")
        elif x in self.registers:
            self.f(f"local.get {self.registers[x]}")
        else:
            self.f(f"f64.load {self.address(x, counts)}")

    def address(self, place: Place, counts: tuple[int, ...]) -> int:
        """Put on the stack what the loops add to an address.

        Returned is the rest of it, which is part of an instruction.
        """
        address = self.starts[place.buffer] + 8 * place.start
        counters = ["x"] if place.buffer == "x" else []
        for level, step in enumerate(place.steps):
            if step:
                counters.append(counter(level, step))
                address -= first(counts[level], step)
        self.f(f"local.get {counters[0]}" if counters else "i32.const 0")
        for other in counters[1:]:
            self.f(f"local.get {other} i32.add")
        return address

    def compute(self, line: Line) -> None:
        """Put what a line computes on the stack."""
        if line.operation not in INSTRUCTIONS:
            raise NotImplementedError(
                f"WebAssembly has no {line.operation!r}, and nothing is known "
                "of which to make it"
            )
        if line.operation == "where":
            condition, *operands = line.operands
            for x in operands:
                self.read(x, line.counts)
            self.decide(condition, line.counts)
        else:
            for x in line.operands:
                self.read(x, line.counts)
        self.f(INSTRUCTIONS[line.operation])

    def decide(self, x: Operand, counts: tuple[int, ...]) -> None:
        """Put a condition on the stack, as a whole number."""
        self.read(x, counts)
        if x not in self.registers:
            self.f("f64.const 0 f64.ne")

    def add_products(self, line: Line, total: str) -> None:
        """Add the products of a sum to what is on the stack."""
        depth = len(line.counts)
        for run in line.runs:
            pair = run.left, run.right
            if run.count == 1:
                self.add_product(cut(pair, depth), line.counts)
                continue
            counts = (*line.counts, run.count)
            places = [x for x in pair if isinstance(x, Place)]
            self.f(f"local.set {total}")
            with loops_of(self.f, counts, places, depth):
                self.f(f"local.get {total}")
                self.add_product(pair, counts)
                self.f(f"local.set {total}")
            self.f(f"local.get {total}")

    def add_product(
        self, pair: tuple[Operand, ...], counts: tuple[int, ...]
    ) -> None:
        """Add a product to what is on the stack."""
        factors = [x for x in pair if x != 1.0] or [1.0]
        for x in factors:
            self.read(x, counts)
        self.f("f64.mul f64.add" if len(factors) == 2 else "f64.add")

    def line(self, line: Line, kept: bool) -> None:
        """Write a line: what it computes is kept in memory, or only here."""
        is_condition = line.operation in COMPARISONS
        kind = "i32" if is_condition else "f64"
        register = self.f.local(f"{kind}-{len(self.registers)}", kind)
        if line.operation == "sum":
            self.read(line.operands[0], line.counts)
            self.add_products(line, register)
        elif line.operation == "mean":
            self.read(line.result, line.counts)
            self.add_product(line.operands, line.counts)
        else:
            self.compute(line)
        self.f(f"local.set {register}")
        self.registers[line.result] = register
        if kept:
            address = self.address(line.result, line.counts)
            self.f(f"local.get {register}")
            self.f("f64.convert_i32_u" if is_condition else "")
            self.f(f"f64.store {address}")

    def nest(self, lines: Sequence[Line], kept: Sequence[bool]) -> None:
        """Write lines that are in the same loops."""
        self.registers = {}
        places = [line.result for line in lines]
        places += [place for line in lines for _, place in reads(line)]
        with loops_of(self.f, lines[0].counts, places, 0):
            for line, keep in zip(lines, kept):
                self.line(line, keep)


def cut(operands: Sequence[Operand], depth: int) -> tuple[Operand, ...]:
    """Operands without the steps of what isn't a loop."""
    return tuple(
        replace(x, steps=x.steps[:depth]) if isinstance(x, Place) else x
        for x in operands
    )


#: Buffers of which nobody but the lines themselves wants to know.
OWN = {"s", "r", "d"}


def kept_lines(groups: Sequence[Sequence[Line]]) -> list[list[bool]]:
    """For each line whether other loops, or others, read its results."""
    readers: dict[tuple[str, int], set[int]] = defaultdict(set)
    for i, group in enumerate(groups):
        for line in group:
            for counts, place in reads(line):
                for number in numbers_of(counts, place):
                    readers[number].add(i)
    return [
        [
            line.result.buffer not in OWN
            or any(
                readers[number] - {i}
                for number in numbers_of(line.counts, line.result)
            )
            for line in group
        ]
        for i, group in enumerate(groups)
    ]


def numbers_of(
    counts: tuple[int, ...], place: Place
) -> Iterator[tuple[str, int]]:
    """Every number that a place may be, if it is the lines' own."""
    if place.buffer in OWN:
        low, high = ends(counts, place)
        for number in range(low, high + 1):
            yield place.buffer, number


@dataclass
class Parts:
    """What is done once, for each example, and at the end."""

    before: list[Line]
    each: list[Line]
    after: list[Line]


def over_examples(parts: Parts, starts: dict[str, int], size: int) -> Function:
    """A function of the number of examples, each of so many bytes."""
    f = Function({"count": "i32"})
    writer = Writer(f, starts)
    groups = [nests(x) for x in (parts.before, parts.each, parts.after)]
    kept = iter(kept_lines([nest for group in groups for nest in group]))
    before, each, after = groups
    f(f"i32.const 0 local.get count f64.convert_i32_u f64.store {starts['n']}")
    for nest in before:
        writer.nest(nest, next(kept))
    if each:
        f.local("stop", "i32")
        f(f"local.get count i32.const {size} i32.mul local.set stop")
        with loop(f, {"x": (0, size)}, "local.get stop"):
            for nest in each:
                writer.nest(nest, next(kept))
    for nest in after:
        writer.nest(nest, next(kept))
    return f


def starts_of(
    loops: Loops, others: dict[str, int] | None = None
) -> dict[str, int]:
    """Where in memory each buffer begins, in bytes: the examples come last.

    Besides the program's own and ``others``, whose sizes are given, there
    are the number n of examples and the means m on their way.
    """
    sizes = {"c": loops.sizes["c"], "n": 1, "m": loops.sizes["g"]}
    sizes |= {name: loops.sizes[name] for name in "pgsr"}
    sizes |= others or {}
    sizes["x"] = loops.sizes["x"]
    starts: dict[str, int] = {}
    start = 0
    for name, size in sizes.items():
        starts[name] = start
        start += 8 * size
    return starts


def every(buffer: str, start: int = 0) -> Place:
    """All numbers of a buffer, in a loop."""
    return Place(buffer, start, (1,))


def evaluating(loops: Loops, starts: dict[str, int]) -> Function:
    """The function ``evaluate``, which fills in the results."""
    g, m, n = every("g"), every("m"), Place("n", 0)
    count = (loops.sizes["g"],)
    clear = [Line("copy", count, place, (0.0,)) for place in (g, m)]
    means = [
        replace(line, result=replace(line.result, buffer="m"))
        for line in loops.to_average
    ]
    parts = Parts(
        before=[*clear, *loops.shared, *loops.to_add],
        each=[*loops.varying, *means],
        after=[Line("/", count, m, (m, n)), Line("+", count, g, (g, m))],
    )
    return over_examples(parts, starts, 8 * loops.sizes["x"])


def descending(lines: Sequence[Line], starts: dict[str, int]) -> Function:
    """The function ``descend``: it evaluates and runs lines, many times."""
    f = Function({"count": "i32", "steps": "i32"})
    groups = nests(line for line in lines if 0 not in line.counts)
    writer = Writer(f, starts)
    with loop(f, {"step": (0, 1)}, "local.get steps"):
        f("local.get count call 0")
        for nest, kept in zip(groups, kept_lines(groups)):
            writer.nest(nest, kept)
    return f


def training_module(program: Program, optimiser: SGD | None = None) -> bytes:
    """A module with the functions ``evaluate`` and ``descend``.

    ``descend`` makes steps of an optimiser, or plain ones.
    """
    optimiser = optimiser or SGD([], 0.0)
    loops = rolled(expand(program))
    count = loops.sizes["p"]
    lines = update_lines(optimiser, count)
    own = {"h": len(optimiser.settings()), "d": len(lines) * count}
    own |= {f"k{i}": count for i in range(len(optimiser.states))}
    starts = starts_of(loops, own)
    functions = {
        "evaluate": evaluating(loops, starts),
        "descend": descending(lines, starts),
    }
    return with_memory(functions, loops, starts)


def answering(loops: Loops, starts: dict[str, int]) -> Function:
    """The function ``answer``: of each example, to its first number."""
    g, m, x = Place("g", 0), Place("m", 0), Place("x", 0)
    answers = [
        *(Line("*", (), m, line.operands) for line in loops.to_average),
        Line("+", (), x, (m, g)),
    ]
    parts = Parts(
        before=[
            *(Line("copy", (), place, (0.0,)) for place in (g, m)),
            *loops.shared,
            *loops.to_add,
        ],
        each=[*loops.varying, *answers],
        after=[],
    )
    return over_examples(parts, starts, 8 * loops.sizes["x"])


def forward_module(program: Program) -> bytes:
    """A module with the function ``answer``, without derivatives."""
    to_average, to_add = (
        [row for row in rows if 0 in row.results]
        for rows in (program.to_average, program.to_add)
    )
    forward = replace(program, to_average=to_average, to_add=to_add)
    loops = rolled(expand(forward))
    starts = starts_of(loops)
    return with_memory({"answer": answering(loops, starts)}, loops, starts)


def with_memory(
    functions: dict[str, Function], loops: Loops, starts: dict[str, int]
) -> bytes:
    """The module of functions that work on the buffers of a program."""
    return module(
        functions,
        pages=1 + starts["x"] // 65536,
        numbers={name: starts[name] for name in starts if name not in OWN},
        data=struct.pack(f"<{len(loops.constants)}d", *loops.constants),
    )


class WasmBackend(Backend):
    """Runs a program as WebAssembly, one example after the other."""

    def __init__(self, loops: Loops) -> None:
        super().__init__(loops)
        self.modules: dict[tuple[Line, ...], Module] = {}
        self.plain = self.module_for(SGD([], 0.0))

    def module_for(self, optimiser: SGD) -> Module:
        """The module that makes an optimiser's steps."""
        program = self.loops.program
        lines = tuple(update_lines(optimiser, len(program.parameters)))
        if lines not in self.modules:
            code = training_module(program, optimiser)
            self.modules[lines] = Module(code)
        return self.modules[lines]

    def load(self, columns: list[Buffer]) -> Machines:
        """The examples, for the machines that will have them in memory."""
        return Machines(columns)

    def evaluate(self, buffers: Buffers) -> None:
        """Fill in the results."""
        machines: Machines = buffers.examples
        instance = machines.running(self.plain)
        instance.write("p", buffers.parameters)
        instance.call("evaluate", machines.count)
        buffers.results[:] = instance.read("g", len(buffers.results))

    def descent(
        self, buffers: Buffers, optimiser: SGD
    ) -> Callable[[int], None]:
        """What makes so many steps, without leaving WebAssembly."""
        machines: Machines = buffers.examples
        instance = machines.running(self.module_for(optimiser))
        names = ["p", *(f"k{i}" for i in range(len(buffers.states)))]
        moving = dict(zip(names, [buffers.parameters, *buffers.states]))

        def make(steps: int) -> None:
            for name, buffer in moving.items():
                instance.write(name, buffer)
            instance.write("h", optimiser.settings())
            instance.call("descend", machines.count, steps)
            for name, buffer in moving.items():
                buffer[:] = instance.read(name, len(buffer))
            buffers.results[:] = instance.read("g", len(buffers.results))
            optimiser.steps += steps

        return make


class Machines:
    """Examples, and the machines that have them in their memory."""

    def __init__(self, columns: list[Buffer]) -> None:
        self.numbers = [x for row in zip(*columns) for x in row]
        self.count = len(columns[0])
        self.started: dict[Module, Instance] = {}

    def running(self, module: Module) -> Instance:
        """The machine for a module."""
        if module not in self.started:
            self.started[module] = module.start()
            self.started[module].write("x", self.numbers)
        return self.started[module]
