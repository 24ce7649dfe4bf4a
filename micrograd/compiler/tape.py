# Tangled from book/18-straight-line.md: edit there, not here.
"""A tape: what is done with numbers that aren't known yet, noted down."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any, NoReturn

from micrograd.engine import as_float

#: The operations whose result is no number, but a condition.
COMPARISONS = {"<", "<=", ">", ">=", "==", "!="}

#: With this number as this operand, the result is the other operand.
NEUTRAL = {
    ("+", 0, 0.0),
    ("+", 1, 0.0),
    ("-", 1, 0.0),
    ("*", 0, 1.0),
    ("*", 1, 1.0),
    ("/", 1, 1.0),
    ("power", 1, 1.0),
}


class Tape:
    """The instructions of a program, in the order they were noted down.

    So operands come before results (Wengert 1964).
    """

    def __init__(self) -> None:
        self.instructions: dict[str, Unknown] = {}

    def note(self, operation: str, *operands: Any) -> Any:
        """What stands for the result of an operation.

        An instruction that is on the tape isn't noted again, and one that
        changes nothing, such as adding 0, not at all.
        """
        for i, operand in enumerate(operands[:2]):
            if type(operand) is float and (operation, i, operand) in NEUTRAL:
                return operands[1 - i]
        names = [repr(x) if type(x) is float else x.name for x in operands]
        text = " ".join([operation, *names])
        if text not in self.instructions:
            kind = Condition if operation in COMPARISONS else Symbol
            name = f"v{len(self.instructions)}"
            self.instructions[text] = kind(self, name, operation, operands)
        return self.instructions[text]


class Unknown:
    """The result of an instruction on a tape, not known yet.

    ``name`` is its name on the ``tape``; one without an ``operation`` is
    given from outside. ``varies`` says whether it differs from example to
    example, ``reads`` which instructions' results are its operands.
    """

    __slots__ = ("name", "operands", "operation", "reads", "tape", "varies")

    def __init__(
        self,
        tape: Tape,
        name: str,
        operation: str = "",
        operands: tuple[Any, ...] = (),
        *,
        varies: bool = False,
    ) -> None:
        self.tape = tape
        self.name = name
        self.operation = operation
        self.operands = operands
        symbols = [x for x in operands if type(x) is not float]
        self.varies = varies or True in [x.varies for x in symbols]
        self.reads = [x.name for x in symbols if x.operation]

    def __repr__(self) -> str:
        return self.name

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(
            "while a function is being compiled, its numbers are not known: "
            "they can't be decided on, as by `if`, `max` or `in`, nor be "
            "made floats, as by `math.sin`. Use the operations of Value, or "
            "don't compile this function."
        )

    __bool__ = __float__ = __int__ = __index__ = _refuse
    __eq__ = __ne__ = __hash__ = _refuse


def is_varying(operand: Any) -> bool:
    """Whether an operand differs from example to example."""
    return isinstance(operand, Unknown) and operand.varies


def noting(operation: str, *, reflected: bool = False) -> Callable[..., Any]:
    """A method of `Symbol`, which notes down an operation."""

    def method(self: Symbol, other: object) -> Any:
        if not isinstance(other, Symbol):
            if not isinstance(other, Real):
                return NotImplemented
            other = float(other)
        operands = (other, self) if reflected else (self, other)
        return self.tape.note(operation, *operands)

    return method


class Condition(Unknown):
    """What stands for the result of a comparison."""

    __slots__ = ()

    def where(self, a: Any, b: Any) -> Any:
        """Note down a choice: ``a`` where the condition holds, else ``b``."""
        if a is None or b is None:
            return Gate(self, a, b)
        return self.tape.note("where", self, as_float(a), as_float(b))

    def as_float(self) -> Any:
        """What a Value that is made of this holds: 1 or 0, as in Python."""
        return self.where(1.0, 0.0)


class Symbol(Unknown):
    """What stands for a number: it notes down what is done with it."""

    __slots__ = ()

    __add__ = noting("+")
    __radd__ = noting("+", reflected=True)
    __sub__ = noting("-")
    __rsub__ = noting("-", reflected=True)
    __mul__ = noting("*")
    __rmul__ = noting("*", reflected=True)
    __truediv__ = noting("/")
    __rtruediv__ = noting("/", reflected=True)
    __pow__ = noting("power")
    __rpow__ = noting("power", reflected=True)
    __lt__ = noting("<")
    __le__ = noting("<=")
    __gt__ = noting(">")
    __ge__ = noting(">=")
    __eq__ = noting("==")
    __ne__ = noting("!=")
    __hash__ = Unknown._refuse  # a new __eq__ takes it away

    def __neg__(self) -> Any:
        return self.tape.note("neg", self)

    def as_float(self) -> Any:
        """What a Value that is made of this holds."""
        return self

    def __format__(self, _: str) -> str:
        # Value.__pow__ asks for it, when the exponent becomes a label.
        return self.name


class Gate:
    """One of two slopes, by a condition; for None, nothing passes."""

    def __init__(self, condition: Condition, *slopes: Any) -> None:
        self.condition = condition
        self.slopes = slopes

    def __mul__(self, gradient: Any) -> Any:
        a, b = [0.0 if s is None else s * gradient for s in self.slopes]
        return self.condition.where(a, b)
