# Tangled from chapters 19 and 20 in book/: edit there, not here.
"""Programs in Python: the text of a function, and what runs it."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from micrograd import floats
from micrograd.compiler.backends import Backend, Buffers
from micrograd.compiler.loops import Loops, nests
from micrograd.compiler.place import COUNTERS, Line, Operand, Place, Run
from micrograd.compiler.program import Program
from micrograd.compiler.recording import Products
from micrograd.compiler.tape import COMPARISONS, Unknown
from micrograd.flat import Buffer

#: How Python spells an operation, if it isn't by the name of a function.
SPELLING = {
    **{sign: f"{{}} {sign} {{}}" for sign in ["+", "-", "*", *COMPARISONS]},
    "neg": "-{}",
    "where": "{1} if {0} else {2}",
    "copy": "{}",
    # Our own functions are called only where C's would raise an error.
    "/": "{0} / {1} if {1} else divide({0}, {1})",
    "exp": "math.exp({0}) if {0} < 709.0 else exp({0})",
    "log": "math.log({0}) if {0} > 0.0 else log({0})",
    "tanh": "math.tanh({0})",
}


def statement(x: Unknown) -> str:
    """An instruction as a line of Python; a long sum goes on and on in it."""
    if x.operation != "dot":
        return f"{x} = {expression(x.operation, x.operands)}"
    total, *factors = x.operands
    n = len(factors) // 2
    terms = [f"{a} * {b}" for a, b in zip(factors[:n], factors[n:])]
    parts = []
    for i in range(0, n, TERMS):
        some = " + ".join([str(total), *terms[i : i + TERMS]])
        parts.append(f"{x} = {some}")
        total = x
    return "; ".join(parts)


def products_of(rows: Iterable[Products]) -> Iterator[tuple[int, str]]:
    """Results' numbers, each with a product that is to be added to it."""
    for row in rows:
        for i, left in zip(row.results, row.lefts):
            factors = [str(x) for x in (left, row.right)]
            yield i, " * ".join([x for x in factors if x != "1.0"] or ["1.0"])


def bracketed(items: Iterable[object]) -> str:
    """Names as a list of Python: ``[p0, p1]``."""
    return f"[{', '.join(map(str, items))}]"


def in_function(head: str, *body: str) -> str:
    """A function's text, with its body indented."""
    return "\n    ".join([head, *body])


def source(program: Program) -> str:
    """The program as a Python function of ``rows`` and ``parameters``.

    It returns the results: the mean and its derivative for each parameter.
    """
    shared = [f"g{i} += {x}" for i, x in products_of(program.to_add)]
    each = [f"s{i} += {x}" for i, x in products_of(program.to_average)]
    loop = [
        f"for {bracketed(program.inputs)} in rows:",
        *(f"    {statement(x)}" for x in program.varying),
        *(f"    {line}" for line in each),
    ]
    count = 1 + len(program.parameters)
    averaged = {i for row in program.to_average for i in row.results}
    results = [
        f"g{i} + s{i} / len(rows)" if i in averaged else f"g{i}"
        for i in range(count)
    ]
    return in_function(
        "def run(rows, parameters):",
        f"{bracketed(program.parameters)} = parameters",
        *(f"g{i} = 0.0" for i in range(count)),
        *(f"s{i} = 0.0" for i in sorted(averaged)),
        *map(statement, program.shared),
        *shared,
        *(loop if each else []),
        f"return {bracketed(results)}",
    )


def function_from(text: str, module: Any) -> Callable[..., Any]:
    """The function ``run`` of a text, with a module's ``exp`` and so on."""
    names = ["where", "divide", "power", "exp", "log", "sqrt", "tanh"]
    scope = {name: getattr(module, name) for name in names}
    scope |= {"inf": math.inf, "nan": math.nan}
    # Not with functions that are meant to differ from those of math.
    scope["math"] = math if module is floats else module
    exec(text, scope)
    run: Callable[..., Any] = scope["run"]
    return run


class PythonBackend(Backend):
    """Runs a program in Python, one example after the other."""

    #: Where ``exp`` and the like are taken from.
    functions: Any = floats

    def __init__(self, loops: Loops) -> None:
        super().__init__(loops)
        straight = len(loops.program) <= LONG
        text = source(loops.program) if straight else loop_source(loops)
        self.run = function_from(text, self.functions)

    def load(self, columns: list[Buffer]) -> list[tuple[float, ...]]:
        """The examples, one by one."""
        return list(zip(*columns))

    def evaluate(self, buffers: Buffers) -> None:
        """Fill in the results."""
        found = self.run(buffers.examples, buffers.parameters)
        buffers.results[:] = array("d", found)


def expression(operation: str, operands: Sequence[object]) -> str:
    """What an operation is in Python."""
    if operation in SPELLING:
        return SPELLING[operation].format(*operands)
    return f"{operation}({', '.join(map(str, operands))})"


#: Python can't read a sum of too many terms.
TERMS = 50


def loop_source(loops: Loops) -> str:
    """The program as a Python function of ``rows`` and parameters ``p``.

    It returns the results: the mean and its derivative for each parameter.
    """
    before = nests([*loops.shared, *loops.to_add])
    each = nests([*loops.varying, *loops.to_average])
    return in_function(
        "def run(rows, p):",
        *(f"{b} = [0.0] * {loops.sizes[b]}" for b in "srg"),
        f"c = {loops.constants}",
        "means = g[:]",
        *(text for nest in before for text in in_python(nest)),
        "for x in rows:",
        *(f"    {text}" for nest in each for text in in_python(nest)),
        "return [a + b / len(rows) for a, b in zip(g, means)]",
    )


def in_python(nest: list[Line]) -> Iterator[str]:
    """Lines that share their loops, as lines of Python."""
    pad = ""
    for counter, count in zip(COUNTERS, nest[0].counts):
        yield f"{pad}for {counter} in range({count}):"
        pad += "    "
    for line in nest:
        if line.operation == "sum":
            yield f"{pad}total = {line.operands[0]}"
            for run in line.runs:
                left, right = (along(x, run) for x in (run.left, run.right))
                yield f"{pad}for a, b in zip({left}, {right}):"
                yield f"{pad}    total += a * b"
            yield f"{pad}{line.result} = total"
        elif line.operation == "mean":
            a, b = line.operands
            product = b if a == 1.0 else f"{a} * {b}"
            yield f"{pad}means{str(line.result)[1:]} += {product}"
        else:
            text = expression(line.operation, line.operands)
            yield f"{pad}{line.result} = {text}"


def along(x: Operand, run: Run) -> str:
    """What a run reads, one after the other, as Python says it."""
    if not isinstance(x, Place):
        return f"[{x}] * {run.count}"
    *outer, step = x.steps
    if step == 0:
        return f"[{Place(x.buffer, x.start, tuple(outer))}] * {run.count}"
    far = step * (run.count - 1)
    low = Place(x.buffer, x.start + min(0, far), tuple(outer))
    high = Place(x.buffer, x.start + max(0, far) + 1, tuple(outer))
    by = "" if abs(step) == 1 else f":{abs(step)}"
    turned = "[::-1]" if step < 0 else ""
    return f"{x.buffer}[{low.index()}:{high.index()}{by}]{turned}"


#: Straight lines of more instructions than that take Python too long to read.
LONG = 10_000
