# Tangled from chapters 4 and 5 in book/: edit there, not here.
"""Drawing the graph that a computation has left behind, with Graphviz."""

from __future__ import annotations

import warnings
from html import escape
from typing import TYPE_CHECKING

from micrograd.engine import Value

if TYPE_CHECKING:
    from graphviz import Digraph


def trace(root: Value) -> tuple[list[Value], list[tuple[Value, Value]]]:
    """All nodes that ``root`` was made from, itself too, and all edges.

    An edge is a pair (operand, result). An operand that an operation uses
    twice has two edges to it. The order is the same every time: nodes as
    they are found on the way back from ``root``, level by level.
    """
    nodes = [root]
    edges = []
    seen = {root}
    for node in nodes:
        for operand in node._prev:
            edges.append((operand, node))
            if operand not in seen:
                seen.add(operand)
                nodes.append(operand)
    return nodes, edges


INK = "#24292f"  #: text
PAPER = "#ffffff"  #: the ground of a box
RULE = "#8a8f98"  #: lines
DATA = "#0b5fa5"  #: data: blue
GRADIENT = "#b3420a"  #: gradients: burnt orange
OPERATION = "#6b3fa0"  #: operations: violet


def shown(label: str) -> str:
    """The label, written so that Graphviz draws it letter by letter."""
    return escape(label).replace("\\", "\\\\")


def node_label(node: Value) -> str:
    """What the box of a node shows, as one of Graphviz's HTML tables."""
    name = f'<TD ROWSPAN="2">{shown(node.label)}</TD>' if node.label else ""
    data = f'<TD><FONT COLOR="{DATA}">data {node.data:.4g}</FONT></TD>'
    grad = f'<TD><FONT COLOR="{GRADIENT}">grad {node.grad:.4g}</FONT></TD>'
    return (
        f'<<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="5" '
        f'COLOR="{RULE}" BGCOLOR="{PAPER}">'
        f"<TR>{name}{data}</TR><TR>{grad}</TR></TABLE>>"
    )


def arrows(
    nodes: list[Value], edges: list[tuple[Value, Value]]
) -> dict[str, str]:
    """Graphviz's attributes for arrows that it can place in seconds.

    They are straight where curves would take minutes. A warning says so,
    or that it takes seconds; a `ValueError`, that it would take too long.
    """
    level = {nodes[0]: 0}
    for operand, result in edges:
        level.setdefault(operand, level[result] + 1)
    # How many levels all edges span together: what placing them costs.
    span = sum(abs(level[a] - level[b]) for a, b in edges)
    size = f"{len(nodes)} values and {len(edges)} edges"
    if len(nodes) + len(edges) > 10_000 or span > 100_000:
        raise ValueError(
            f"{size} are too many to draw. Draw what one operand was made "
            "from, as in draw_dot(result._prev[0]), or make the result from "
            "fewer examples; `trace` lists all nodes and edges"
        )
    is_tangled = span > 1000 + len(edges)
    if is_tangled or len(nodes) + len(edges) > 3000:
        how = ", and arrows must be straight" if is_tangled else ""
        note = f"{size}: drawing them takes a while{how}"
        warnings.warn(note, stacklevel=3)
    return {"splines": "line", "nslimit": "1"} if is_tangled else {}


def draw_dot(root: Value, format: str = "svg", rankdir: str = "LR") -> Digraph:
    """Draw the graph of ``root``: values in boxes, operations in circles.

    A notebook shows the result as a picture; ``.render(path)`` writes it to
    a file in ``format``. ``rankdir`` is the direction of the computation:
    ``"LR"`` from left to right, ``"TB"`` from top to bottom. Needs the
    package graphviz, and a `RuntimeError` says how to get the program
    ``dot`` when there is none. It does the layout (Gansner et al. 1993).
    `ValueError` if the graph is too large for it.
    """
    import shutil

    from graphviz import Digraph

    if shutil.which("dot") is None:
        raise RuntimeError(
            "drawing needs Graphviz's program `dot` on the PATH. Get it with "
            "`apt install graphviz` or `brew install graphviz`, or from "
            "https://graphviz.org/download/"
        )
    dot = Digraph(format=format)
    dot.attr(rankdir=rankdir, ranksep="0.25", bgcolor="transparent")
    dot.attr("node", fontname="Helvetica", fontsize="11", fontcolor=INK)
    dot.attr("node", shape="circle", color=RULE, width="0.3", margin="0.03")
    dot.attr("edge", color=RULE, arrowsize="0.6")
    nodes, edges = trace(root)
    dot.attr(**arrows(nodes, edges))
    # Counters, not id(): the same computation gives the same drawing.
    number = {node: i for i, node in enumerate(nodes)}
    for node, i in number.items():
        dot.node(f"value{i}", node_label(node), shape="plain")
        if node._op:
            dot.node(f"operation{i}", node._op, fontcolor=OPERATION)
            dot.edge(f"operation{i}", f"value{i}")
    for operand, result in edges:
        dot.edge(f"value{number[operand]}", f"operation{number[result]}")
    return dot
