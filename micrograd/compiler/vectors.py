# Tangled from book/21-machine-code.md: edit there, not here.
"""Vectors: what is done in registers, in several lanes at once."""

from __future__ import annotations

import math

from llvmlite import ir

from micrograd.compiler.llvm import DOUBLE, INDEX
from micrograd.compiler.tape import COMPARISONS

#: What LLVM calls the operations that a processor has instructions for.
INSTRUCTIONS = {
    "+": "fadd",
    "-": "fsub",
    "*": "fmul",
    "/": "fdiv",
    "neg": "fneg",
}

#: Adding this to a float rounds it, and leaves it in the last bits.
WHOLE = 1.5 * 2.0**52


class Vectors:
    """Writes operations on registers, each with so many ``lanes``."""

    def __init__(self, builder: ir.IRBuilder, lanes: int) -> None:
        self.builder = builder
        self.lanes = lanes

    def compute(self, operation: str, *operands: ir.Value) -> ir.Value:
        """The register with the result of an operation."""
        if operation in COMPARISONS:
            ordered = "unordered" if operation == "!=" else "ordered"
            compare = getattr(self.builder, f"fcmp_{ordered}")
            met = compare(operation, *operands)
            one, zero = self.constant(1.0), self.constant(0.0)
            return self.builder.select(met, one, zero)
        if operation in INSTRUCTIONS:
            instruction = getattr(self.builder, INSTRUCTIONS[operation])
            return instruction(*operands)
        return getattr(self, operation)(*operands)

    def wide(self, kind: ir.Type) -> ir.Type:
        """The type of a register that has this in each lane."""
        return kind if self.lanes == 1 else ir.VectorType(kind, self.lanes)

    def constant(self, number: float) -> ir.Constant:
        """A number in all lanes."""
        if self.lanes == 1:
            return DOUBLE(number)
        return ir.Constant(self.wide(DOUBLE), [DOUBLE(number)] * self.lanes)

    def spread(self, x: ir.Value) -> ir.Value:
        """A register with ``x`` in all lanes."""
        if self.lanes == 1:
            return x
        index = ir.IntType(32)
        empty = ir.Constant(self.wide(x.type), ir.Undefined)
        first = self.builder.insert_element(empty, x, index(0))
        zeros = ir.Constant(self.wide(index), None)
        return self.builder.shuffle_vector(first, empty, zeros)

    def where(self, condition: ir.Value, a: ir.Value, b: ir.Value) -> ir.Value:
        """``a`` where the condition is 1, ``b`` where it is 0."""
        zero = self.constant(0.0)
        met = self.builder.fcmp_unordered("!=", condition, zero)
        return self.builder.select(met, a, b)

    def copy(self, x: ir.Value) -> ir.Value:
        """``x`` itself."""
        return x

    def add_product(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """``a * b + c``."""
        return self.call("fmuladd", a, b, c)

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

    def sqrt(self, x: ir.Value) -> ir.Value:
        """The square root, for which the processor has an instruction."""
        return self.call("sqrt", x)

    def power(self, x: ir.Value, n: ir.Value) -> ir.Value:
        """:math:`x^n`, of one lane after the other."""
        return self.call("pow", x, n)

    def numbered(self) -> ir.Constant:
        """A register with the number of each lane in it."""
        if self.lanes == 1:
            return INDEX(0)
        lanes = [INDEX(lane) for lane in range(self.lanes)]
        return ir.Constant(self.wide(INDEX), lanes)
