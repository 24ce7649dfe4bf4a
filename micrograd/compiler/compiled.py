# Tangled from chapters 19 and 20 in book/: edit there, not here.
"""One way in: a function of one example becomes one of a whole batch."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

from micrograd.compiler.backends import Backend, Buffers, find_backend
from micrograd.compiler.batch import columns_of
from micrograd.compiler.loops import rolled
from micrograd.compiler.program import straighten
from micrograd.compiler.recording import Widths, record
from micrograd.engine import Value
from micrograd.flat import Buffer, Flat, moved_in
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
        self.operands = tuple(self.parameters)
        self.flat = moved_in(self, self.parameters)
        self.backend = backend
        self.backends: dict[Any, Backend] = {}

    def load(self, *batch: Any) -> Loaded:
        """A batch as the backend works on it, to be used many times."""
        if len(batch) == 1 and isinstance(batch[0], Loaded):
            refuse_foreign(batch[0], self.backends.values())
            return batch[0]
        refuse_changed(self.given, self.parameters)
        widths, columns = columns_of(batch)
        if widths not in self.backends:
            self.backends[widths] = self.new_backend(widths)
        backend = self.backends[widths]
        return Loaded(backend, columns)

    def new_backend(self, widths: Widths) -> Backend:
        """The backend with the program for examples of this shape."""
        with collector_paused():
            recording = record(self.function, self.parameters, widths)
            return self.backend(rolled(straighten(recording)))

    def __call__(self, *batch: Any) -> Value:
        """The mean over a batch: a sequence for each argument, or loaded."""
        loaded, flat = self.load(*batch), self.side_by_side()
        results = flat.gradients[:]
        buffers = Buffers(loaded.examples, flat.numbers, results)
        loaded.backend.evaluate(buffers)
        flat.backend = loaded.backend
        return Mean(results, self.operands, flat)

    def side_by_side(self) -> Flat:
        """Where the parameters are; they move there again, if need be."""
        if not self.flat.is_home:
            self.flat = moved_in(self, self.parameters)
        return self.flat

    def descent(
        self, *batch: Any, optimiser: SGD | None = None
    ) -> AbstractContextManager[Callable[..., float]]:
        """Steps on one batch.

        Gives ``step(learning_rate, steps=1)``, which makes so many steps of
        gradient descent and returns the mean before the last of them. With
        an ``optimiser`` for the same parameters they are its steps, and
        without a rate at its own; on leaving, it gets what it keeps.
        """
        return _descending(self, self.load(*batch), optimiser)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a compiled function can't be copied or pickled, since it belongs "
            "to its parameters: copy these, and compile the function for them"
        )


@dataclass(frozen=True)
class Loaded:
    """A batch for a ``backend``, in columns: see `Compiled.load`."""

    backend: Backend
    columns: list[Buffer]

    @cached_property
    def examples(self) -> Any:
        """The batch as the backend works on it."""
        return self.backend.load(self.columns)

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self.columns[0])

    def __getitem__(self, which: slice | Sequence[int]) -> Loaded:
        """Some of the examples: a slice, or a list of their numbers."""
        return Loaded(self.backend, picked(self.columns, which))


class Mean(Value):
    """A mean over a batch, of which the parameters are the operands."""

    __slots__ = ("flat",)

    def __init__(
        self, results: Buffer, operands: tuple[Value, ...], flat: Flat
    ) -> None:
        """``results`` are the mean and its slope for each parameter."""
        local: Any = results[1:]
        super().__init__(results[0], operands, "compiled", local)
        self.flat = flat

    def backward(self) -> None:
        """Add the slopes to the ``grad`` of the parameters."""
        if not (self.flat and self.flat.is_home):
            Value.backward(self)
            return
        self.grad = 1.0
        slopes: Any = self._local
        self.flat.add(slopes)


@contextmanager
def _descending(
    compiled: Compiled, loaded: Loaded, optimiser: SGD | None
) -> Iterator[Callable[..., float]]:
    """What `Compiled.descent` does with what a batch has become."""
    plain = SGD(compiled.parameters, math.nan)
    moving = optimiser or plain
    if moving.parameters != compiled.parameters:
        raise ValueError(
            "this optimiser is for other parameters than the function was "
            "compiled for"
        )
    flat = compiled.side_by_side()
    states = [array("d", state) for state in moving.states]
    buffers = Buffers(loaded.examples, flat.numbers, flat.gradients, states)
    make = loaded.backend.descent(buffers, moving)

    def step(learning_rate: float | None = None, steps: int = 1) -> float:
        if steps < 1:
            raise ValueError(f"at least 1 step can be made, not {steps}")
        if learning_rate is not None:
            moving.learning_rate = float(learning_rate)
        elif moving is plain:
            raise TypeError("without an optimiser, say a learning rate")
        refuse_scattered(flat)
        make(steps)
        flat.is_zero = False
        return flat.gradients[0]

    try:
        yield step
    finally:
        moving.states = [list(state) for state in states]


def refuse_scattered(flat: Flat) -> None:
    """Refuse to move parameters that aren't side by side."""
    if not flat.is_home:
        raise RuntimeError(
            "the parameters aren't side by side, as steps inside `descent` "
            "need them: meanwhile another function was compiled or called "
            "that has some of them, but not just these in this order; or one "
            "of them is of a class of its own"
        )


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


def picked(
    columns: Sequence[Buffer], which: slice | Sequence[int]
) -> list[Buffer]:
    """The examples of a slice, or with these numbers, of each column."""
    count = len(columns[0])
    if isinstance(which, int):
        raise TypeError(f"one example as a batch is batch[[{which}]]")
    if isinstance(which, slice):
        parts = [column[which] for column in columns]
    elif any(type(i) is bool or not -count <= i < count for i in which):
        raise IndexError(
            f"examples are given by their numbers, from 0 to {count - 1}: "
            f"not {which!r}"
        )
    else:
        parts = [array("d", map(c.__getitem__, which)) for c in columns]
    if not parts[0]:
        raise ValueError("a batch needs at least one example")
    return parts


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
