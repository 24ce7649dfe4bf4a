# Tangled from chapters 19 and 20 in book/: edit there, not here.
"""One way in: a function of one example becomes one of a whole batch."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from micrograd.compiler.backends import Backend, Buffers, find_backend, zeros
from micrograd.compiler.batch import columns_of
from micrograd.compiler.loops import rolled
from micrograd.compiler.program import straighten
from micrograd.compiler.recording import Widths, record
from micrograd.engine import Value
from micrograd.nn import Module
from micrograd.optim import SGD, collector_paused


class Compiled:
    """A function of a batch, as `jit` makes it."""

    def __init__(
        self,
        function: Callable[..., Value],
        parameters: Module | Sequence[Value],
        backend: type[Backend],
    ) -> None:
        self.function = function
        self.given = parameters
        self.parameters = checked_parameters(parameters)
        self.backend = backend
        self.backends: dict[Any, Backend] = {}

    def load(self, *batch: Any) -> Loaded:
        """A batch as the backend works on it, to be used many times."""
        refuse_changed(self.given, self.parameters)
        if len(batch) == 1 and isinstance(batch[0], Loaded):
            refuse_foreign(batch[0], self.backends.values())
            return batch[0]
        widths, columns = columns_of(batch)
        if widths not in self.backends:
            self.backends[widths] = self.new_backend(widths)
        backend = self.backends[widths]
        return Loaded(backend, backend.load(columns))

    def new_backend(self, widths: Widths) -> Backend:
        """The backend with the program for examples of this shape."""
        with collector_paused():
            recording = record(self.function, self.parameters, widths)
            return self.backend(rolled(straighten(recording)))

    def __call__(self, *batch: Any) -> Value:
        """The mean over a batch: a sequence for each argument, or loaded."""
        loaded = self.load(*batch)
        buffers = loaded.buffers(self.parameters)
        loaded.backend.evaluate(buffers)
        mean, *gradients = buffers.results
        operands = tuple(self.parameters)
        return Value(mean, operands, "compiled", tuple(gradients))

    def descent(
        self, *batch: Any, optimiser: SGD | None = None
    ) -> AbstractContextManager[Callable[..., float]]:
        """Steps on one batch, with the parameters in a buffer.

        Gives ``step(learning_rate, steps=1)``, which makes so many steps of
        gradient descent and returns the mean before the last of them. With
        an ``optimiser`` for the same parameters they are its steps, and
        without a rate at its own. On leaving, the parameters get their
        ``data`` and ``grad``, and the optimiser what it keeps.
        """
        return _descending(self.load(*batch), self.parameters, optimiser)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a compiled function can't be copied or pickled, since it belongs "
            "to its parameters: copy these, and compile the function for them"
        )


@dataclass(frozen=True)
class Loaded:
    """A batch as a ``backend`` works on it: see `Compiled.load`."""

    backend: Backend
    examples: Any

    def buffers(self, parameters: Sequence[Value]) -> Buffers:
        """It, today's numbers of the parameters, and room for the results."""
        numbers = array("d", [p.data for p in parameters])
        return Buffers(self.examples, numbers, zeros(1 + len(numbers)))


@contextmanager
def _descending(
    loaded: Loaded, parameters: list[Value], optimiser: SGD | None
) -> Iterator[Callable[..., float]]:
    """What `Compiled.descent` does with what a batch has become."""
    plain = SGD(parameters, math.nan)
    moving = optimiser or plain
    if moving.parameters != parameters:
        raise ValueError(
            "this optimiser is for other parameters than the function was "
            "compiled for"
        )
    buffers = loaded.buffers(parameters)
    buffers.states = [array("d", state) for state in moving.states]
    make = loaded.backend.descent(buffers, moving)
    results = buffers.results
    # What they get back if no step is made.
    results[1:] = array("d", [p.grad for p in parameters])

    def step(learning_rate: float | None = None, steps: int = 1) -> float:
        if steps < 1:
            raise ValueError(f"at least 1 step can be made, not {steps}")
        if learning_rate is not None:
            moving.learning_rate = float(learning_rate)
        elif moving is plain:
            raise TypeError("without an optimiser, say a learning rate")
        make(steps)
        return results[0]

    away: Any = Away()
    for parameter in parameters:
        parameter.data = away
    try:
        yield step
    finally:
        for i, parameter in enumerate(parameters):
            parameter.data = buffers.parameters[i]
            parameter.grad = results[1 + i]
        moving.states = [list(state) for state in buffers.states]


class Away:
    """What a parameter holds while its number is in a descent's buffer.

    Whoever computes with it would get an old number: `RuntimeError`.
    """

    def as_float(self) -> Away:
        """What a Value that is made of this holds."""
        return self

    def __repr__(self) -> str:
        return "<in the buffer of a descent>"

    def _refuse(self, *_: object) -> NoReturn:
        raise RuntimeError(
            "inside `descent` the parameters are in its buffer, and get their "
            "numbers back when it ends: use the model after the `with`"
        )

    __float__ = __bool__ = __neg__ = __pow__ = __rpow__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = _refuse
    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = _refuse


def checked_parameters(parameters: Module | Sequence[Value]) -> list[Value]:
    """The parameters of a module or a list; an error if they aren't any."""
    found = list(
        parameters.parameters()
        if isinstance(parameters, Module)
        else parameters
    )
    for p in found:
        if not isinstance(p, Value):
            raise TypeError(f"a parameter must be a Value, not {p!r}")
    if len(set(found)) < len(found):
        raise ValueError("one of the parameters is there more than once")
    return found


def refuse_foreign(loaded: Loaded, backends: Iterable[Backend]) -> None:
    """Refuse a batch that was loaded for none of these backends."""
    if loaded.backend not in backends:
        raise ValueError(
            "this batch was loaded for another compiled function: load it "
            "with this one"
        )


def refuse_changed(
    given: Module | Sequence[Value], parameters: Sequence[Value]
) -> None:
    """Refuse a module that has other parameters than it had."""
    if isinstance(given, Module) and given.parameters() != parameters:
        raise ValueError(
            f"compiled for {len(parameters)} parameters, but now "
            "the module has others: compile it again"
        )


def jit(
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
    A batch that is used often is loaded once: see `Compiled.load`.

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


#: Its name in earlier versions.
compile = jit
