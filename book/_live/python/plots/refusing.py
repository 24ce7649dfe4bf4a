"""Says what of Matplotlib isn't there, instead of drawing something else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, NoReturn, ParamSpec, TypeVar

from absent import NotHereError, more_than_here

P = ParamSpec("P")
T = TypeVar("T")


def refused(what: str) -> NotHereError:
    """An error that names what isn't there."""
    return NotHereError(more_than_here(what))


def absent_from(module: str) -> Callable[[str], NoReturn]:
    """A module's ``__getattr__``, for the names that it doesn't have."""

    def __getattr__(name: str) -> NoReturn:
        if name.startswith("__"):  # Python's own questions
            raise AttributeError(name)
        raise refused(f"{module}.{name}")

    return __getattr__


class Incomplete:
    """Has some of the methods of one of Matplotlib's classes."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise refused(f"{type(self).__name__}.{name}")


def offered(function: Callable[P, T]) -> Callable[P, T]:
    """A function that refuses the named arguments that it doesn't have."""
    known = signature(function).parameters

    @wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        for name in named:
            if name not in known:
                raise refused(f"{function.__name__}(…, {name}=…)")
        return function(*arguments, **named)

    return call


def one_of(choices: dict[Any, T], value: Any, argument: str) -> T:
    """What a value of an argument stands for, if it is known here."""
    try:
        return choices[value]
    except (KeyError, TypeError):
        raise refused(f"{argument}={value!r}") from None
