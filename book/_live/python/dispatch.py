"""The functions that the page may call, by their names."""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib import import_module
from typing import Any

import drawing
import graphs
import page  # what the worker offers
import steps
import training
from figures import svg_element
from session import Session
from verdict import judge

session = Session(page.chapter)


def run(code: str, number: int, stepped: bool = False) -> bool:
    """Run a cell; whether it came to its end.

    Its graph may be ``stepped`` through, as the one in the book is.
    """
    good = session.run(code, number, page.emit)
    if good and stepped:
        graph, rule = graphs.drawn_by(code, session.namespace)
        if graph:
            page.emit(stepper(graph, rule))
    return good


def stepper(graph: graphs.Graph, rule: str) -> dict[str, Any]:
    """A graph's drawing once more, and the steps that lead through it."""
    # Beside the library of the page's stage, see book/_ext/pages/live.py.
    engine = import_module("finished_engine")
    draw_dot = import_module("finished_graph").draw_dot
    found = steps.steps_of(graph, engine, rule)
    svg = steps.drawing(graph, found, engine, draw_dot)
    prefix = f"live{next(drawing.numbers)}-"
    return {
        "kind": "steps",
        "svg": svg_element.inlined(svg, alt="", prefix=prefix),
        "prefix": prefix,
        "start": steps.start(graph, found),
        "steps": steps.placed(found, steps.parts(svg)),
    }


def check(asserts: list[str]) -> dict[str, list[str]]:
    """What an exercise's checks say of what the cells have defined."""
    verdict = judge(asserts, session.namespace)
    return {"said": list(verdict.lines), "checked": list(verdict.checked)}


CALLS: dict[str, Callable[..., Any]] = {
    "run": run,
    "check": check,
    "training.network": training.network,
    "training.examples": training.examples,
}

drawing.take_place_of_dot(page.render)
random.seed()  # or all that go on from one snapshot draw the same numbers


def call(name: str, given: dict[str, Any]) -> Any:
    """Call a function with named arguments, all of them plain data."""
    return CALLS[name](**given)
