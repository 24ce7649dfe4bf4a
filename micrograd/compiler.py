# Tangled from chapters 18, 19 and 23 in book/: edit there, not here.
"""Compiling: a function of one example becomes a program for many."""

from __future__ import annotations

import importlib.util
import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Real
from typing import Any, NoReturn, TypeAlias

from micrograd import engine, portable
from micrograd.engine import Value, as_float
from micrograd.graph import trace
from micrograd.nn import Module

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
        for i, operand in enumerate(operands):
            if type(operand) is float and (operation, i, operand) in NEUTRAL:
                return operands[1 - i]
        text = " ".join([operation, *map(repr, operands)])
        if text not in self.instructions:
            kind = Condition if operation in COMPARISONS else Symbol
            name = f"v{len(self.instructions)}"
            self.instructions[text] = kind(self, name, operation, operands)
        return self.instructions[text]


class Unknown:
    """The result of an instruction on a tape, not known yet.

    ``name`` is its name on the ``tape``; one without an ``operation`` is
    given from outside. ``varies`` says whether it differs from example to
    example.
    """

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
        self.varies = varies or any(map(is_varying, operands))

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
        if isinstance(other, Real):
            other = float(other)
        elif not isinstance(other, Symbol):
            return NotImplemented
        operands = (other, self) if reflected else (self, other)
        return self.tape.note(operation, *operands)

    return method


class Condition(Unknown):
    """What stands for the result of a comparison."""

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


#: How many numbers each argument of an example has; None: a bare number.
Widths = tuple[int | None, ...]


@dataclass
class Recording:
    """What tracing a function of one example, and its gradients, has left.

    ``results`` are its value and then the derivative for each parameter:
    symbols, or numbers where they are always the same.
    """

    tape: Tape
    inputs: list[Symbol]
    parameters: list[Symbol]
    results: list[Any]


def record(
    function: Callable[..., Value], parameters: Sequence[Value], widths: Widths
) -> Recording:
    """Run a function, and `Value.backward`, on symbols instead of numbers."""
    tape = Tape()
    knobs = [Symbol(tape, f"p{i}") for i in range(len(parameters))]
    inputs: list[Symbol] = []
    arguments: list[Any] = []
    for width in widths:
        first = len(inputs)
        for i in range(first, first + (1 if width is None else width)):
            inputs.append(Symbol(tape, f"x{i}", varies=True))
        new = tuple(inputs[first:])
        arguments.append(new[0] if width is None else new)
    kept = [(p.data, p.grad) for p in parameters]
    try:
        for parameter, knob in zip(parameters, knobs):
            parameter.data, parameter.grad = as_float(knob), 0.0
        root = function(*arguments)
        first_run = list(tape.instructions)
        again = function(*arguments)
        refuse_frozen(root, again, parameters)
        same = str(root.data) == str(again.data)
        if list(tape.instructions) != first_run or not same:
            raise ValueError(
                "the function did something else when it was run again, as by "
                "random numbers: compiling it would freeze them"
            )
        root.backward()
        results = [root.data, *(p.grad for p in parameters)]
    finally:
        for parameter, (data, grad) in zip(parameters, kept):
            parameter.data, parameter.grad = data, grad
    return Recording(tape, inputs, knobs, results)


def refuse_frozen(
    root: object, again: object, parameters: Sequence[Value]
) -> None:
    """Refuse what isn't a graph made of nothing but the parameters.

    ``root`` and ``again`` are what two runs of the same function gave.
    """
    if not isinstance(root, Value) or not isinstance(again, Value):
        raise TypeError(
            f"a function to compile must return one Value, not {root!r}"
        )
    both = set(trace(root)[0]) & set(trace(again)[0])
    for value in both - set(parameters):
        raise ValueError(
            f"the function uses {value!r} from outside, which isn't among "
            "the parameters: add it, or use a plain number"
        )


@dataclass
class Program:
    """Straight-line code for a function of one example and its gradients.

    Instructions that depend on the parameters alone are run ``once``; then
    ``each`` example runs the others. Result number ``i`` is ``fixed[i]``,
    plus the mean over the examples of ``means[i]`` if there is one.
    """

    inputs: Sequence[Unknown]
    parameters: Sequence[Unknown]
    once: Sequence[Unknown]
    each: Sequence[Unknown]
    means: dict[int, Unknown]
    fixed: list[Any]


def straighten(recording: Recording) -> Program:
    """Leave out what no result needs, and sort the rest by what varies."""
    parts = [split(result) for result in recording.results]
    means = {i: v for i, (v, _) in enumerate(parts) if v is not None}
    fixed = [same for _, same in parts]
    needed = {str(x) for x in [*means.values(), *fixed]}
    alive = []
    for x in reversed(recording.tape.instructions.values()):
        if x.name in needed:
            alive.append(x)
            needed.update(map(str, x.operands))
    alive.reverse()
    return Program(
        recording.inputs,
        recording.parameters,
        [x for x in alive if not x.varies],
        [x for x in alive if x.varies],
        means,
        fixed,
    )


def split(result: Any) -> tuple[Unknown | None, Any]:
    """The two parts of a sum: what varies with the example, and the rest.

    The rest is added up first, so it may be rounded in another way.
    """
    same: Any = 0.0
    while is_varying(result) and result.operation == "+":
        a, b = result.operands
        if is_varying(a) and is_varying(b):
            break
        result, term = (a, b) if is_varying(a) else (b, a)
        same = same + term
    return (result, same) if is_varying(result) else (None, result)


def source(program: Program) -> str:
    """The program as a Python function of ``rows`` and ``parameters``.

    It returns the sum over the rows of each of ``means``, and ``fixed``.
    """
    sums = {f"s{i}": x for i, x in program.means.items()}
    loop = [
        f"for {listed(program.inputs)} in rows:",
        *(f"    {line(x)}" for x in program.each),
        *(f"    {s} += {x}" for s, x in sums.items()),
    ]
    return in_function(
        "def run(rows, parameters):",
        f"{listed(program.parameters)} = parameters",
        *map(line, program.once),
        *(f"{s} = 0.0" for s in sums),
        *(loop if sums else []),
        f"return {listed(sums)}, {listed(program.fixed)}",
    )


def line(x: Unknown) -> str:
    """An instruction as a line of Python."""
    names = {"/": "divide", "neg": "-"}
    if x.operation in {"+", "-", "*"} | COMPARISONS:
        a, b = x.operands
        return f"{x} = {a} {x.operation} {b}"
    function = names.get(x.operation, x.operation)
    return f"{x} = {function}({', '.join(map(str, x.operands))})"


def listed(items: Iterable[object]) -> str:
    """What is between brackets: ``[p0, p1]``."""
    return f"[{', '.join(map(str, items))}]"


def in_function(head: str, *body: str) -> str:
    """A function's text, with its body indented."""
    return "\n    ".join([head, *body])


#: Numbers side by side in memory: an array of type "d".
Buffer: TypeAlias = "array[float]"


@dataclass
class Buffers:
    """What a program reads and writes.

    The ``examples`` are as the backend's ``load`` has made them. ``results``
    receives the mean and its derivative for each parameter.
    """

    examples: Any
    parameters: Buffer
    results: Buffer


class Backend:
    """Runs a program: the part that all ways to do so have in common."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def load(self, columns: list[Buffer]) -> Any:
        """The examples, in the form that this backend works on."""
        raise NotImplementedError

    def evaluate(self, buffers: Buffers) -> None:
        """Fill in the results."""
        raise NotImplementedError

    def fill_in(
        self,
        results: Buffer,
        fixed: Sequence[float],
        totals: Iterable[float],
        count: int,
    ) -> None:
        """Fill in the results, with ``totals`` over ``count`` examples."""
        results[:] = array("d", fixed)
        for i, total in zip(self.program.means, totals):
            results[i] += total / count

    def descend(self, buffers: Buffers, rate: float, steps: int) -> None:
        """Make steps of gradient descent, at this learning rate."""
        for _ in range(steps):
            self.evaluate(buffers)
            for i, gradient in enumerate(buffers.results[1:]):
                buffers.parameters[i] -= rate * gradient


def executed(text: str, module: Any) -> Callable[..., Any]:
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
        self.run = executed(source(program), engine)

    def load(self, columns: list[Buffer]) -> list[tuple[float, ...]]:
        """The examples, one by one."""
        return list(zip(*columns))

    def evaluate(self, buffers: Buffers) -> None:
        """Fill in the results."""
        rows = buffers.examples
        totals, fixed = self.run(rows, buffers.parameters)
        self.fill_in(buffers.results, fixed, totals, len(rows))


def column_source(program: Program) -> str:
    """The program as a Python function of ``columns`` and ``parameters``.

    It returns ``means`` as columns, one number for each row, and ``fixed``.
    """
    return in_function(
        "def run(columns, parameters):",
        f"{listed(program.parameters)} = parameters",
        f"{listed(program.inputs)} = columns",
        *map(line, program.once),
        *map(line, program.each),
        f"return {listed(program.means.values())}, {listed(program.fixed)}",
    )


class ColumnsBackend(Backend):
    """Runs a program with NumPy, all examples at once."""

    def __init__(self, program: Program) -> None:
        import numpy

        super().__init__(program)
        self.run = executed(column_source(program), numpy)
        self.numpy = numpy

    def load(self, columns: list[Buffer]) -> Any:
        """The columns as NumPy's arrays."""
        return list(map(self.numpy.array, columns))

    def evaluate(self, buffers: Buffers) -> None:
        """Fill in the results."""
        totals = []
        # Overflow and the like give inf and nan, as everywhere in the book.
        with self.numpy.errstate(all="ignore"):
            columns, fixed = self.run(buffers.examples, buffers.parameters)
            if columns:
                table = self.numpy.concatenate(columns)
                table = table.reshape(len(columns), -1)
                totals = table.sum(axis=1).tolist()
        count = len(buffers.examples[0])
        self.fill_in(buffers.results, fixed, totals, count)


class PortableBackend(PythonBackend):
    """Runs a program with functions that are the same on every computer."""

    def __init__(self, program: Program) -> None:
        Backend.__init__(self, program)
        self.run = executed(source(program), portable)


def width_of(example: Any) -> int | None:
    """How many numbers an example has; None if it is a bare number."""
    try:
        return len(example)
    except TypeError:
        return None


def columns_of(batch: Sequence[Any]) -> tuple[Widths, list[Buffer]]:
    """How many numbers each argument has, and all of them, in columns.

    `ValueError` or `TypeError` for a batch that has not got the same
    numbers in every example.
    """
    for number, argument in enumerate(batch, 1):
        if not hasattr(argument, "__len__"):
            raise TypeError(
                f"argument {number} of the batch must be a list or an array, "
                f"not {argument!r}: make a list of it"
            )
    counts = [len(argument) for argument in batch]
    if not counts or 0 in counts or len(set(counts)) > 1:
        raise ValueError(
            "a batch needs at least one example, and all its arguments "
            f"equally many: got {' and '.join(map(str, counts)) or 'none'}"
        )
    widths: list[int | None] = []
    columns: list[Buffer] = []
    for number, argument in enumerate(batch, 1):
        width = width_of(argument[0])
        rows = zip(argument) if width is None else argument
        try:
            new = [array("d", c) for c in zip(*rows, strict=True)]
        except (TypeError, ValueError):
            refuse_misfit(number, argument, width)
            raise
        widths.append(width)
        columns += new
    if not columns:
        raise ValueError("the examples of a batch need at least one number")
    return tuple(widths), columns


def refuse_misfit(number: int, argument: Any, width: int | None) -> None:
    """Say which example of an argument isn't like its first one."""
    for i, example in enumerate(argument):
        place = f"argument {number}, example {i}"
        if width_of(example) != width:
            raise ValueError(f"{place}: {example!r} is not like the first")
        for x in [example] if width is None else example:
            try:
                as_float(x)
            except TypeError as error:
                raise TypeError(f"{place}: {error}") from None


def compile(
    function: Callable[..., Value],
    parameters: Module | Sequence[Value],
    *,
    backend: str = "python",
) -> Compiled:
    """Compile a function of one example into one of a whole batch.

    ``function`` takes the numbers of an example, as plain numbers or
    tuples of them, and returns one Value. What comes back takes a sequence
    of examples for each of these arguments and returns the mean of the
    function over them, as a Value: `Value.backward` adds its derivatives
    to the ``grad`` of the ``parameters`` (a module, or a list of Values).

    ``backend`` says what runs the program: ``"python"`` needs nothing
    else, nor does ``"portable"``, whose last digits are the same on every
    computer; ``"columns"`` needs numpy, ``"native"`` needs llvmlite.
    `ModuleNotFoundError` if it isn't there.

    The function is traced when it is first called, with symbols for
    numbers. It may use all operations of Value, but `TypeError` if it
    decides anything by a number, e.g. by ``if``, and `ValueError` if it
    isn't the same each time. Plain numbers that it takes from outside are
    part of the program; parameters may change at any time.
    """
    return Compiled(function, parameters, find_backend(backend))


def find_backend(name: str) -> type[Backend]:
    """The backend of this name; an error says what is missing for it."""
    packages = {
        "python": None,
        "portable": None,
        "columns": "numpy",
        "native": "llvmlite",
    }
    if name not in packages:
        names = ", ".join(map(repr, packages))
        raise ValueError(f"no backend is called {name!r}; there are {names}")
    require(name, packages[name])
    if name == "native":
        from micrograd.native import NativeBackend

        return NativeBackend
    backends: dict[str, type[Backend]] = {
        "python": PythonBackend,
        "portable": PortableBackend,
        "columns": ColumnsBackend,
    }
    return backends[name]


def require(backend: str, package: str | None) -> None:
    """`ModuleNotFoundError` if a backend's package isn't installed."""
    if package and importlib.util.find_spec(package) is None:
        raise ModuleNotFoundError(
            f"the backend {backend!r} needs {package}: pip install {package}",
            name=package,
        )


class Compiled:
    """A function of a batch, as `compile` makes it."""

    def __init__(
        self,
        function: Callable[..., Value],
        parameters: Module | Sequence[Value],
        backend: type[Backend],
    ) -> None:
        self.function = function
        self.module = parameters if isinstance(parameters, Module) else None
        self.backend = backend
        self.parameters = list(
            parameters.parameters()
            if isinstance(parameters, Module)
            else parameters
        )
        for p in self.parameters:
            if not isinstance(p, Value):
                raise TypeError(f"a parameter must be a Value, not {p!r}")
        if len(set(self.parameters)) < len(self.parameters):
            raise ValueError("one of the parameters is there more than once")
        self._backends: dict[Widths, Backend] = {}

    def __call__(self, *batch: Any) -> Value:
        """The mean over a batch: a sequence for each argument."""
        backend, buffers = self._load(batch)
        backend.evaluate(buffers)
        mean, *gradients = buffers.results
        operands = tuple(self.parameters)
        return Value(mean, operands, "compiled", tuple(gradients))

    @contextmanager
    def descent(self, *batch: Any) -> Iterator[Callable[..., float]]:
        """Gradient descent on one batch, with the parameters in a buffer.

        Gives ``step(learning_rate, steps=1)``, which makes so many steps
        and returns the mean before the last of them. On leaving, the
        parameters get their ``data`` and ``grad``.
        """
        backend, buffers = self._load(batch)
        results = buffers.results
        # What they get back if no step is made.
        results[1:] = array("d", [p.grad for p in self.parameters])

        def step(learning_rate: float, steps: int = 1) -> float:
            if steps < 1:
                raise ValueError(f"at least 1 step can be made, not {steps}")
            backend.descend(buffers, float(learning_rate), steps)
            return results[0]

        try:
            yield step
        finally:
            for i, parameter in enumerate(self.parameters):
                parameter.data = buffers.parameters[i]
                parameter.grad = results[1 + i]

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a compiled function can't be copied or pickled, since it belongs "
            "to its parameters: copy these, and compile the function for them"
        )

    def _load(self, batch: Sequence[Any]) -> tuple[Backend, Buffers]:
        """The backend for a batch, and what it works on."""
        if self.module and self.module.parameters() != self.parameters:
            raise ValueError(
                f"compiled for {len(self.parameters)} parameters, but now "
                "the module has others: compile it again"
            )
        widths, columns = columns_of(batch)
        if widths not in self._backends:
            recording = record(self.function, self.parameters, widths)
            self._backends[widths] = self.backend(straighten(recording))
        backend = self._backends[widths]
        parameters = array("d", [p.data for p in self.parameters])
        results = array("d", bytes(8 * (1 + len(parameters))))
        return backend, Buffers(backend.load(columns), parameters, results)
