"""The functions that the page may call, by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import check as verdict
import drawing
import page  # what the worker offers
from session import Session
from training import Training

session = Session(page.chapter)
training = Training()


def run(code: str, number: int) -> bool:
    """Run a cell; whether it came to its end."""
    return session.run(code, number, page.emit)


def check(asserts: list[str]) -> list[str]:
    """What an exercise's checks say of what the cells have defined."""
    return list(verdict.check(asserts, session.namespace).lines)


CALLS: dict[str, Callable[..., Any]] = {
    "run": run,
    "check": check,
    "training.start": training.start,
    "training.add": training.add,
    "training.advance": training.advance,
    "training.view": training.view,
    "training.told": training.told,
}

drawing.take_place_of_dot(page.render)


def call(name: str, given: dict[str, Any]) -> Any:
    """Call a function with named arguments, all of them plain data."""
    return CALLS[name](**given)
