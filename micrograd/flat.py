# Tangled from book/19-writing-programs.md: edit there, not here.
"""Parameters side by side: what they hold is in two buffers."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from micrograd.engine import Value

#: Numbers side by side in memory: an array of type "d".
Buffer: TypeAlias = "array[float]"

#: What holds the number of a Value, and the place of one that is placed.
_HELD: Any = vars(Value)["_data"]


class Placed(Value):
    """A parameter whose number and gradient are in the buffers of a `Flat`."""

    __slots__ = ()

    def __new__(cls, *_: Any) -> Value:  # type: ignore[misc]
        """A copy stands by itself: it is a Value like any other."""
        return Value.__new__(Value)

    @property
    def _data(self) -> float:
        flat, i = _HELD.__get__(self)
        number: float = flat.numbers[i]
        return number

    @_data.setter
    def _data(self, number: float) -> None:
        flat, i = _HELD.__get__(self)
        flat.numbers[i] = number

    @property
    def grad(self) -> float:
        """The derivative with respect to this parameter."""
        flat, i = _HELD.__get__(self)
        gradient: float = flat.gradients[1 + i]
        return gradient

    @grad.setter
    def grad(self, gradient: float) -> None:
        flat, i = _HELD.__get__(self)
        flat.gradients[1 + i] = gradient
        flat.is_zero = False


class Flat:
    """The ``numbers`` of parameters, side by side, and their ``gradients``.

    Before the gradients is room for one number more: a mean. ``is_zero``
    says that they are all zero. ``is_home`` says that the parameters look
    here. They don't, if one has moved on to another `Flat`, or is of a
    class of its own: then these are copies. The ``backend``, if there is
    one, can move them.
    """

    def __init__(self, parameters: Sequence[Value]) -> None:
        self.backend: Any = None
        self.updates: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self.numbers = array("d", [p.data for p in parameters])
        self.gradients = array("d", [0.0, *[p.grad for p in parameters]])
        self.zeros = array("d", bytes(8 * len(self.gradients)))
        self.is_zero = False
        self.is_home = {*map(type, parameters)} <= {Value, Placed}
        for i, p in enumerate(parameters if self.is_home else []):
            if isinstance(p, Placed):
                _HELD.__get__(p)[0].is_home = False
            p.__class__ = Placed
            _HELD.__set__(p, (self, i))

    def __reduce__(self) -> Any:
        """A copy, or a pickle, is None: nothing would look there."""
        return type(None), ()

    def zero_grad(self) -> None:
        """Set all gradients back to zero."""
        self.gradients[:] = self.zeros
        self.is_zero = True

    def add(self, slopes: Buffer) -> None:
        """Add to all gradients."""
        if not self.is_zero:
            pairs = zip(self.gradients[1:], slopes)
            slopes = array("d", map(sum, pairs))
        self.gradients[1:] = slopes
        self.is_zero = False

    def update_of(self, optimiser: Any) -> Callable[[Any], bool] | None:
        """What makes a step of an optimiser at once, if a backend does."""
        if self.backend is None:
            return None
        of = {k: x for k, x in vars(optimiser).items() if k not in _MOVING}
        of["backend"] = self.backend
        known, update = self.updates.get(optimiser, (None, None))
        if known != of:
            update = self.backend.update(optimiser, self)
            self.updates[optimiser] = of, update
        found: Callable[[Any], bool] | None = update
        return found


_HELD_GRADIENT: Any = vars(Value)["grad"]


@contextmanager
def lifted(parameters: Sequence[Value]) -> Iterator[None]:
    """Have parameters be in no buffer, and then hold what they held before."""
    ways = type, _HELD.__get__, _HELD_GRADIENT.__get__
    kept = list(zip(parameters, *[map(way, parameters) for way in ways]))
    try:
        for p in parameters:
            if isinstance(p, Placed):
                object.__setattr__(p, "__class__", Value)
        yield
    finally:
        for p, kind, held, gradient in kept:
            p.__class__ = kind
            _HELD.__set__(p, held)
            _HELD_GRADIENT.__set__(p, gradient)


_SEEN: WeakKeyDictionary[Any, tuple[list[Value], Flat]] = WeakKeyDictionary()


def flat_of(owner: object, parameters: list[Value]) -> Flat | None:
    """Where an owner's parameters are side by side, if they are."""
    if owner in _SEEN:
        known, seen = _SEEN[owner]
        if seen.is_home and known == parameters:
            return seen
    places = [_HELD.__get__(p) for p in parameters if isinstance(p, Placed)]
    if not places or len(places) < len(parameters):
        return None
    flat: Flat = places[0][0]
    whole = [(flat, i) for i in range(len(flat.numbers))]
    if not flat.is_home or places != whole:
        return None
    _SEEN[owner] = list(parameters), flat
    return flat


def moved_in(owner: object, parameters: list[Value]) -> Flat:
    """Where an owner's parameters are side by side, if only from now on."""
    return flat_of(owner, parameters) or Flat(parameters)


#: What differs from step to step, and is in an optimiser's settings or states.
_MOVING = {"parameters", "learning_rate", "momentum", "steps", "states"}
