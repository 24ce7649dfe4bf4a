# Tangled from book/21-machine-code.md: edit there, not here.
"""Machine code: a program as LLVM writes it for the processor at hand."""

from __future__ import annotations

import ctypes
import math
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from micrograd.compiler.backends import Backend, Buffer, Buffers
from micrograd.compiler.program import Program
from micrograd.compiler.tape import COMPARISONS, Unknown


def processor() -> Any:
    """The processor at hand and what it can do, as LLVM knows it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=1,  # from 0 to 3: how hard LLVM tries
    )


def machine_code(module: ir.Module) -> Any:
    """The machine code of a module, in memory, ready to be called."""
    checked = llvm.parse_assembly(str(module))
    checked.verify()
    code = llvm.create_mcjit_compiler(checked, processor())
    code.finalize_object()
    return code


#: How many examples go through a register at once: 256 bits, four doubles.
LANES = 4
#: A float of 64 bits.
DOUBLE = ir.DoubleType()
#: A whole number of 64 bits.
INDEX = ir.IntType(64)
#: Where doubles stand in memory, side by side.
BUFFER = DOUBLE.as_pointer()

#: What LLVM calls the operations that a processor has instructions for.
INSTRUCTIONS = {
    "+": "fadd",
    "-": "fsub",
    "*": "fmul",
    "/": "fdiv",
    "neg": "fneg",
    "where": "select",
}

#: Adding this to a float rounds it, and leaves it in the last bits.
WHOLE = 1.5 * 2.0**52


class Writer:
    """Writes the instructions of a program as LLVM's.

    Each register has so many ``lanes``, one for each example. What isn't
    in a register of its own is in one of the writer ``outer``, as one
    number, the same for all examples.
    """

    def __init__(
        self, builder: ir.IRBuilder, lanes: int, outer: Writer | None = None
    ) -> None:
        self.builder = builder
        self.lanes = lanes
        self.outer = outer
        self.registers: dict[str, ir.Value] = {}

    def write(self, x: Unknown) -> None:
        """Write one instruction of a program."""
        operands = [self.register(operand) for operand in x.operands]
        if x.operation in COMPARISONS:
            ordered = "unordered" if x.operation == "!=" else "ordered"
            compare = getattr(self.builder, f"fcmp_{ordered}")
            result = compare(x.operation, *operands)
        elif x.operation in INSTRUCTIONS:
            instruction = getattr(self.builder, INSTRUCTIONS[x.operation])
            result = instruction(*operands)
        else:
            result = getattr(self, x.operation)(*operands)
        self.registers[x.name] = result

    def register(self, operand: Any) -> ir.Value:
        """The register that an operand is in."""
        if not isinstance(operand, Unknown):
            return self.constant(operand)
        if operand.name not in self.registers:
            assert self.outer is not None
            number = self.outer.register(operand)
            self.registers[operand.name] = self.spread(number)
        return self.registers[operand.name]

    def wide(self, kind: ir.Type) -> ir.Type:
        """The type of a register that has this in each lane."""
        return kind if self.lanes == 1 else ir.VectorType(kind, self.lanes)

    def constant(self, *numbers: float) -> ir.Constant:
        """One number in all lanes, or one for each."""
        if self.lanes == 1:
            return DOUBLE(numbers[0])
        each = numbers if len(numbers) > 1 else numbers * self.lanes
        return ir.Constant(self.wide(DOUBLE), [DOUBLE(x) for x in each])

    def spread(self, x: ir.Value) -> ir.Value:
        """A register with ``x`` in all lanes."""
        if self.lanes == 1:
            return x
        index = ir.IntType(32)
        empty = ir.Constant(self.wide(x.type), ir.Undefined)
        first = self.builder.insert_element(empty, x, index(0))
        zeros = ir.Constant(self.wide(index), None)
        return self.builder.shuffle_vector(first, empty, zeros)

    def load(self, buffer: ir.Value, index: ir.Value) -> ir.Value:
        """The numbers that begin at an index of a buffer, one a lane."""
        return self.builder.load(self.place(buffer, index), align=8)

    def store(self, x: ir.Value, buffer: ir.Value, index: ir.Value) -> None:
        """Put the numbers of a register into a buffer, from an index on."""
        self.builder.store(x, self.place(buffer, index), align=8)

    def place(self, buffer: ir.Value, index: ir.Value) -> ir.Value:
        """A pointer to a register's worth of numbers in a buffer."""
        number = self.builder.gep(buffer, [index])
        return self.builder.bitcast(number, self.wide(DOUBLE).as_pointer())

    def exp(self, x: ir.Value) -> ir.Value:
        """:math:`e^x`, as :math:`(1 + q) s t` (Cody and Waite 1980)."""
        b = self.builder
        q, s, t = self.reduced_exp(x)
        return b.fmul(b.fmul(b.fadd(self.constant(1.0), q), s), t)

    def reduced_exp(self, x: ir.Value) -> tuple[ir.Value, ...]:
        r""":math:`e^r - 1` and the factors of :math:`2^k`.

        With :math:`x = k \ln 2 + r`. There are two factors, because
        :math:`2^k` may be too large for a float when :math:`e^x` isn't.
        """
        b, c = self.builder, self.constant
        # Far out, e^x is inf or 0 anyway, and k would have too many bits.
        x = b.select(b.fcmp_ordered(">", x, c(750.0)), c(750.0), x)
        x = b.select(b.fcmp_ordered("<", x, c(-750.0)), c(-750.0), x)
        k = self.whole(b.fmul(x, c(1.0 / math.log(2.0))))
        # ln 2 in two parts. The first has so few bits that k times it is
        # exact, so that r has all its digits.
        high = float.fromhex("0x1.62e42fee00000p-1")
        low = float.fromhex("0x1.a39ef35793c76p-33")
        r = b.fsub(b.fsub(x, b.fmul(k, c(high))), b.fmul(k, c(low)))
        q = c(1.0 / math.factorial(13))
        for n in range(12, 0, -1):
            q = b.fadd(b.fmul(q, r), c(1.0 / math.factorial(n)))
        half = self.whole(b.fmul(k, c(0.5)))
        rest = b.fsub(k, half)
        return b.fmul(q, r), self.two_to(half), self.two_to(rest)

    def whole(self, x: ir.Value) -> ir.Value:
        """The whole number next to x."""
        shifted = self.builder.fadd(x, self.constant(WHOLE))
        return self.builder.fsub(shifted, self.constant(WHOLE))

    def two_to(self, k: ir.Value) -> ir.Value:
        """2 to the power k, a whole number: k + 1023 as an exponent's bits."""
        shifted = self.builder.fadd(k, self.constant(WHOLE + 1023.0))
        bits = self.builder.bitcast(shifted, self.wide(INDEX))
        exponent = self.builder.shl(bits, self.spread(INDEX(52)))
        return self.builder.bitcast(exponent, self.wide(DOUBLE))

    def tanh(self, x: ir.Value) -> ir.Value:
        """:math:`-u / (u + 2)` with :math:`u = e^{-2|x|} - 1`, signed."""
        b, c = self.builder, self.constant
        q, s, t = self.reduced_exp(b.fmul(c(-2.0), self.call("fabs", x)))
        st = b.fmul(s, t)
        u = b.fadd(b.fmul(q, st), b.fsub(st, c(1.0)))
        y = b.fdiv(b.fneg(u), b.fadd(u, c(2.0)))
        return self.call("copysign", y, x)

    def log(self, x: ir.Value) -> ir.Value:
        """The natural logarithm, of one lane after the other."""
        return self.call("log", x)

    def power(self, x: ir.Value, n: ir.Value) -> ir.Value:
        """:math:`x^n`, of one lane after the other."""
        return self.call("pow", x, n)

    def total(self, x: ir.Value) -> ir.Value:
        """The sum over the lanes."""
        if self.lanes == 1:
            return x
        return self.call("vector.reduce.fadd", DOUBLE(0.0), x, gives=DOUBLE)

    def call(
        self, name: str, *operands: ir.Value, gives: ir.Type | None = None
    ) -> ir.Value:
        """The result of one of LLVM's own functions, for all lanes."""
        kind = gives or self.wide(DOUBLE)
        suffix = "f64" if self.lanes == 1 else f"v{self.lanes}f64"
        full_name = f"llvm.{name}.{suffix}"
        module = self.builder.module
        function = module.globals.get(full_name) or ir.Function(
            module,
            ir.FunctionType(kind, [x.type for x in operands]),
            full_name,
        )
        return self.builder.call(function, operands)


@contextmanager
def new_function(
    module: ir.Module, name: str, kinds: list[ir.Type]
) -> Iterator[tuple[ir.IRBuilder, list[ir.Value]]]:
    """Write a function: gives what builds its body, and its arguments."""
    kind = ir.FunctionType(ir.VoidType(), kinds)
    f = ir.Function(module, kind, name)
    builder = ir.IRBuilder(f.append_basic_block())
    yield builder, list(f.args)
    builder.ret_void()


@contextmanager
def loop(
    builder: ir.IRBuilder, stop: ir.Value, step: int = 1
) -> Iterator[ir.Value]:
    """Write a loop: its body is for each ``i`` in range(0, stop, step)."""
    before = builder.block
    head, body, after = (builder.append_basic_block() for _ in range(3))
    builder.branch(head)
    builder.position_at_end(head)
    i = builder.phi(INDEX)
    i.add_incoming(INDEX(0), before)
    builder.cbranch(builder.icmp_signed("<", i, stop), body, after)
    builder.position_at_end(body)
    yield i
    i.add_incoming(builder.add(i, INDEX(step)), builder.block)
    builder.branch(head)
    builder.position_at_end(after)


#: The columns; how long they are, and how many examples of that are real;
#: the parameters; the results; and sums, for each result one in each lane.
ARGUMENTS = [BUFFER, INDEX, INDEX, BUFFER, BUFFER, BUFFER]


def write_group(
    each: Writer, program: Program, arguments: list[ir.Value], row: ir.Value
) -> None:
    """Write what is done with the examples from ``row`` on, one a lane."""
    columns, length, count, _, _, sums = arguments
    builder = each.builder
    for i, x in enumerate(program.inputs):
        index = builder.add(builder.mul(length, INDEX(i)), row)
        each.registers[x.name] = each.load(columns, index)
    for x in program.varying:
        each.write(x)
    left = builder.sitofp(builder.sub(count, row), DOUBLE)
    lane = each.constant(*range(each.lanes))
    real = builder.fcmp_ordered("<", lane, each.spread(left))
    for i, x in program.to_average.items():
        index = INDEX(each.lanes * i)
        new = builder.select(real, each.register(x), each.constant(0.0))
        each.store(builder.fadd(each.load(sums, index), new), sums, index)


def write_evaluate(module: ir.Module, program: Program, lanes: int) -> None:
    """Write ``evaluate``, a function of `ARGUMENTS`: it fills in results."""
    with new_function(module, "evaluate", ARGUMENTS) as (builder, arguments):
        _, length, count, parameters, results, sums = arguments
        once = Writer(builder, 1)
        for i, x in enumerate(program.parameters):
            once.registers[x.name] = once.load(parameters, INDEX(i))
        for x in program.shared:
            once.write(x)
        for i, x in enumerate(program.to_add):
            once.store(once.register(x), results, INDEX(i))
        with loop(builder, INDEX(lanes * len(program.to_add))) as i:
            once.store(DOUBLE(0.0), sums, i)

        with loop(builder, length, lanes) as row:
            each = Writer(builder, lanes, outer=once)
            write_group(each, program, arguments, row)

        n = builder.sitofp(count, DOUBLE)
        with loop(builder, INDEX(len(program.to_add))) as i:
            lanes_of_sum = each.load(sums, builder.mul(i, INDEX(lanes)))
            mean = builder.fdiv(each.total(lanes_of_sum), n)
            once.store(builder.fadd(once.load(results, i), mean), results, i)


def write_descend(module: ir.Module, program: Program) -> None:
    """Write ``descend``: it calls ``evaluate`` and moves the parameters.

    After `ARGUMENTS` it takes the learning rate and a number of steps.
    """
    kinds = [*ARGUMENTS, DOUBLE, INDEX]
    with new_function(module, "descend", kinds) as (builder, arguments):
        *shared, learning_rate, steps = arguments
        _, _, _, parameters, results, _ = shared
        one = Writer(builder, 1)
        with loop(builder, steps):
            builder.call(module.globals["evaluate"], shared)
            with loop(builder, INDEX(len(program.parameters))) as i:
                gradient = one.load(results, builder.add(i, INDEX(1)))
                change = builder.fmul(learning_rate, gradient)
                parameter = one.load(parameters, i)
                one.store(builder.fsub(parameter, change), parameters, i)


def assembly(program: Program, lanes: int = LANES) -> ir.Module:
    """The functions ``evaluate`` and ``descend`` in LLVM's language."""
    module = ir.Module()
    write_evaluate(module, program, lanes)
    write_descend(module, program)
    return module


class NativeBackend(Backend):
    """Runs a program as machine code, several examples at once."""

    lanes = LANES

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        # The functions live as long as the code that they are in.
        self._code = machine_code(assembly(program, self.lanes))
        pointer, index = ctypes.c_void_p, ctypes.c_int64
        kinds = [pointer, index, index, pointer, pointer, pointer]
        address = self._code.get_function_address
        self._evaluate = ctypes.CFUNCTYPE(None, *kinds)(address("evaluate"))
        kinds += [ctypes.c_double, index]
        self._descend = ctypes.CFUNCTYPE(None, *kinds)(address("descend"))

    def load(self, columns: list[Buffer]) -> Any:
        """The columns one after the other, filled up, and room for sums."""
        count = len(columns[0])
        missing = -count % self.lanes
        examples = array("d")
        for column in columns:
            examples += column + column[-1:] * missing
        sums = array("d", bytes(8 * self.lanes * len(self.program.to_add)))
        return examples, count + missing, count, sums

    def evaluate(self, buffers: Buffers) -> None:
        """Fill in the results."""
        self._evaluate(*addresses(buffers))

    def descend(self, buffers: Buffers, rate: float, steps: int) -> None:
        """Make steps of gradient descent, without leaving machine code."""
        self._descend(*addresses(buffers), rate, steps)


def addresses(buffers: Buffers) -> list[int]:
    """What the machine code gets for `ARGUMENTS`."""
    examples, length, count, sums = buffers.examples
    rest = [buffers.parameters, buffers.results, sums]
    start = examples.buffer_info()[0]
    return [start, length, count, *(b.buffer_info()[0] for b in rest)]
