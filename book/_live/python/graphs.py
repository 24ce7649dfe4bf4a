"""Graphs of values as plain data, which can go from one Python to another.

A kernel hands a graph that a cell has drawn to the build, and a page hands it
to its worker: a list of nodes, each a dictionary, in the order in which
`draw_dot` numbers them.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from typing import Any

Graph = list[dict[str, Any]]
"""Of each node the ``data``, ``grad``, ``label`` and ``op``, the numbers of
its ``operands``, and the ``local`` gradient for each of them."""


NO_RULE = "def pass_on(node): ..."
"""How gradients are passed on where the reader doesn't know it yet."""

BY_HAND = "by hand"
"""And where the reader does it, with a name for each of them: dL/da."""


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


def written_down(
    numbers: dict[str, float],
    operations: Sequence[Sequence[str]],
    gradients: dict[str, float],
) -> Graph:
    """The same of numbers that have names, as chapter 2's `draw` gets them.

    Of each operation the result's name, its sign, and the operands' names;
    the last one makes the result of all.
    """
    made = {result: rest for result, *rest in operations}
    names = [operations[-1][0]]
    for name in names:  # in the order of `trace`
        _, *operands = made.get(name, [""])
        names += [o for o in dict.fromkeys(operands) if o not in names]
    graph: Graph = []
    for name in names:
        op, *operands = made.get(name, [""])
        node = {
            "data": numbers[name],
            "grad": gradients.get(name, 0.0),
            "label": name,
            "op": op,
            "operands": [names.index(operand) for operand in operands],
            "local": [],
        }
        graph.append(node)
    return graph


def drawn_by(code: str, namespace: dict[str, Any]) -> tuple[Graph | None, str]:
    """The graph that a cell draws at its end, if that is what it does.

    And how gradients are passed on, while values have no `backward`: the code
    of the page's own `pass_on`, or by hand.
    """
    try:
        statements = ast.parse(code).body
    except SyntaxError:  # which a chapter shows
        return None, ""
    match statements[-1:]:
        case [ast.Expr(ast.Call(ast.Name("draw_dot"), [ast.Name(name)], []))]:
            root = namespace[name]
            trace = namespace["draw_dot"].__globals__["trace"]
            graph = described(trace(root)[0])
            if hasattr(root, "backward"):
                return graph, ""
            pass_on = namespace.get("pass_on")
            return graph, inspect.getsource(pass_on) if pass_on else NO_RULE
        case [ast.Expr(ast.Call(ast.Name("draw"), [_, _, _] as parts, []))]:
            given = [eval(ast.unparse(part), namespace) for part in parts]
            return written_down(*given), BY_HAND
    return None, ""
