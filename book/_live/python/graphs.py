"""Graphs of values as plain data, which can go from one Python to another.

A kernel hands a graph that a cell has drawn to the build, and a page hands it
to its worker: a list of nodes, each a dictionary, in the order in which
`draw_dot` numbers them.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

Graph = list[dict[str, Any]]
"""Of each node the ``data``, ``grad``, ``label`` and ``op``, the numbers of
its ``operands``, and the ``local`` gradient for each of them."""


def described(nodes: Sequence[Any]) -> Graph:
    """The nodes that `micrograd.graph.trace` has found, as plain data."""
    number = {node: i for i, node in enumerate(nodes)}
    return [
        {
            "data": node.data,
            # The first chapters' values have none of these yet.
            "grad": getattr(node, "grad", 0.0),
            "label": node.label,
            "op": node._op,
            "operands": [number[operand] for operand in node._prev],
            "local": list(getattr(node, "_local", ())),
        }
        for node in nodes
    ]


def drawn_by(code: str, namespace: dict[str, Any]) -> Graph | None:
    """The graph that a cell draws at its end, if that is what it does."""
    try:
        statements = ast.parse(code).body
    except SyntaxError:  # which a chapter shows
        return None
    match statements[-1:]:
        case [ast.Expr(ast.Call(ast.Name("draw_dot"), [ast.Name(name)], []))]:
            trace = namespace["draw_dot"].__globals__["trace"]
            return described(trace(namespace[name])[0])
    return None
