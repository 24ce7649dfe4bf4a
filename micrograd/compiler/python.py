# Tangled from book/19-writing-programs.md: edit there, not here.
"""Programs in Python: the text of a function, and what runs it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from micrograd import floats
from micrograd.compiler.backends import Backend, Buffer, Buffers
from micrograd.compiler.program import Program
from micrograd.compiler.tape import COMPARISONS, Unknown

#: How Python spells an operation, if it isn't by the name of a function.
SPELLING = {
    **{sign: f"{{}} {sign} {{}}" for sign in ["+", "-", "*", *COMPARISONS]},
    "/": "divide({}, {})",
    "neg": "-{}",
    "where": "{1} if {0} else {2}",
}


def statement(x: Unknown, spelling: dict[str, str] = SPELLING) -> str:
    """An instruction as a line of Python."""
    operands = [str(operand) for operand in x.operands]
    if x.operation in spelling:
        return f"{x} = {spelling[x.operation].format(*operands)}"
    return f"{x} = {x.operation}({', '.join(operands)})"


def bracketed(items: Iterable[object]) -> str:
    """Names as a list of Python: ``[p0, p1]``."""
    return f"[{', '.join(map(str, items))}]"


def in_function(head: str, *body: str) -> str:
    """A function's text, with its body indented."""
    return "\n    ".join([head, *body])


def source(program: Program) -> str:
    """The program as a Python function of ``rows`` and ``parameters``.

    It returns the sum over the rows of all that is ``to_average``, and what
    is ``to_add``.
    """
    sums = {f"s{i}": x for i, x in program.to_average.items()}
    loop = [
        f"for {bracketed(program.inputs)} in rows:",
        *(f"    {statement(x)}" for x in program.varying),
        *(f"    {s} += {x}" for s, x in sums.items()),
    ]
    return in_function(
        "def run(rows, parameters):",
        f"{bracketed(program.parameters)} = parameters",
        *map(statement, program.shared),
        *(f"{s} = 0.0" for s in sums),
        *(loop if sums else []),
        f"return {bracketed(sums)}, {bracketed(program.to_add)}",
    )


def function_from(text: str, module: Any) -> Callable[..., Any]:
    """The function ``run`` of a text, with a module's ``exp`` and so on."""
    names = ["where", "divide", "power", "exp", "log", "tanh"]
    scope = {name: getattr(module, name) for name in names}
    scope |= {"inf": math.inf, "nan": math.nan}
    exec(text, scope)
    run: Callable[..., Any] = scope["run"]
    return run


class PythonBackend(Backend):
    """Runs a program in Python, one example after the other."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.run = function_from(source(program), floats)

    def load(self, columns: list[Buffer]) -> list[tuple[float, ...]]:
        """The examples, one by one."""
        return list(zip(*columns))

    def evaluate(self, buffers: Buffers) -> None:
        """Fill in the results."""
        rows = buffers.examples
        totals, to_add = self.run(rows, buffers.parameters)
        self.fill_in(buffers.results, to_add, totals, len(rows))
