"""The functions that the page may call, by their names."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import drawing
import page  # what the worker offers
import steps
import training
from figures import svg_element
from graphs import Graph
from session import Session
from verdict import judge

session = Session(page.chapter)


def run(code: str, number: int) -> bool:
    """Run a cell; whether it came to its end."""
    return session.run(code, number, page.emit)


def recompute(
    graph: Graph, rule: str, data: list[tuple[int, float]]
) -> dict[str, Any]:
    """A figure's steps and its drawing, with other numbers in its leaves."""
    # Beside the library of the page's stage, see book/_ext/pages/live.py.
    finished_engine = import_module("finished_engine")
    finished_graph = import_module("finished_graph")

    graph = steps.recomputed(graph, dict(data), finished_engine)
    found = steps.steps_of(graph, finished_engine, rule)
    draw_dot = finished_graph.draw_dot
    svg = steps.drawing(graph, found, finished_engine, draw_dot)
    prefix = f"live{next(drawing.numbers)}-"
    return {
        "svg": svg_element.inlined(svg, alt="", prefix=prefix),
        "prefix": prefix,
        "steps": steps.placed(found, steps.parts(svg)),
    }


def check(asserts: list[str]) -> list[str]:
    """What an exercise's checks say of what the cells have defined."""
    return list(judge(asserts, session.namespace).lines)


CALLS: dict[str, Callable[..., Any]] = {
    "run": run,
    "check": check,
    "training.network": training.network,
    "training.examples": training.examples,
    "recompute": recompute,
}

drawing.take_place_of_dot(page.render)


def call(name: str, given: dict[str, Any]) -> Any:
    """Call a function with named arguments, all of them plain data."""
    return CALLS[name](**given)
