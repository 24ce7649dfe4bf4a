"""Says in words what the drawing of a graph says in boxes and arrows.

The words come from the drawing itself, so that they are as true as it is: the
SVG names its nodes and edges. A box is a value, a circle is an operation,
and arrows lead from operands to the operation and from there to its result.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterator

SVG = "{http://www.w3.org/2000/svg}"
BETWEEN = ("+", "-", "*", "/", "**")
MANY = 20
"""More operations than this are counted before they are told one by one."""


class Words(NamedTuple):
    """What is said of a drawing."""

    description: str
    """All of the computation, or how large it is; nothing if there is none."""
    steps: list[str]
    """The computation of a large graph, a sentence for each value."""


@dataclass
class Node:
    """A box or a circle, and the nodes whose arrows lead to it."""

    is_operation: bool
    label: str = ""
    data: str = ""
    gradient: str = ""
    operands: list[Node] = field(default_factory=list)


def told(svg: str) -> Words:
    """The computation that is drawn, in an order in which it can be done."""
    nodes = read_nodes(ElementTree.fromstring(svg))
    values = [node for node in in_order(nodes) if not node.is_operation]
    if not values or not all(map(is_in_place, nodes)):
        return Words("", [])
    names = named(values)
    steps = [sentence(value, names) for value in values]
    if len(nodes) - len(values) <= MANY:
        return Words(" ".join(steps), [])
    return Words(counted(values, names), steps)


def read_nodes(drawing: ElementTree.Element) -> list[Node]:
    """The nodes of a drawing by Graphviz, connected by its edges."""
    nodes: dict[str, Node] = {}
    edges: list[tuple[int, str, str]] = []
    for group in drawing.iter(f"{SVG}g"):
        title = group.findtext(f"{SVG}title", "")
        if group.get("class") == "node":
            nodes[title] = read_node(group)
        elif group.get("class") == "edge":
            # They are numbered as they were made, so operands are in order.
            made = int(group.get("id", "").removeprefix("edge"))
            start, _, end = title.partition("->")
            edges.append((made, start, end))
    for _, start, end in sorted(edges):
        nodes[end].operands.append(nodes[start])
    return list(nodes.values())


def parts_named(svg: str, names: list[str]) -> list[list[str]]:
    """For each name that a drawing has, the ids of what bears it."""
    ids: dict[str, list[str]] = {name: [] for name in names}
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        if group.get("class") == "node":
            ids.get(read_node(group).label, []).append(group.get("id", ""))
    return [found for found in ids.values() if found]


def read_node(group: ElementTree.Element) -> Node:
    """A node without its edges: what stands in it, and what it is."""
    texts = ["".join(text.itertext()) for text in group.iter(f"{SVG}text")]
    node = Node(is_operation=group.find(f"{SVG}ellipse") is not None)
    if texts and texts[-1].startswith("grad "):
        node.gradient = texts.pop().removeprefix("grad ")
    if texts and texts[-1].startswith("data "):
        node.data = texts.pop().removeprefix("data ")
    node.label = " ".join(texts)
    if not node.data:  # by hand: "a = 2"
        node.label, _, node.data = node.label.partition(" = ")
    return node


def in_order(nodes: list[Node]) -> Iterator[Node]:
    """All nodes, each of them after those that lead to it."""
    entered: set[int] = set()
    done: set[int] = set()
    ahead = nodes[::-1]
    while ahead:
        node = ahead[-1]
        if id(node) not in entered:
            entered.add(id(node))
            ahead += [o for o in node.operands[::-1] if id(o) not in entered]
        else:
            ahead.pop()
            if id(node) not in done:
                done.add(id(node))
                yield node


def is_in_place(node: Node) -> bool:
    """Whether a node stands where one of a computation can stand."""
    if node.is_operation:
        return bool(node.operands) and not any(
            operand.is_operation for operand in node.operands
        )
    return len(node.operands) <= 1 and all(
        operand.is_operation for operand in node.operands
    )


def named(values: list[Node]) -> dict[int, str]:
    """A name for each value: its label if no other has it, or a number."""
    times = Counter(value.label for value in values)
    so_far: Counter[str] = Counter()
    names = {}
    for value in values:
        unlabelled = "step {}" if value.operands else "number {}"
        name = f"{value.label} ({{}})" if value.label else unlabelled
        so_far[name] += 1
        is_unique = value.label and times[value.label] == 1
        names[id(value)] = (
            value.label if is_unique else name.replace("{}", str(so_far[name]))
        )
    return names


def sentence(value: Node, names: dict[int, str]) -> str:
    """What a value is and, if it was computed, what it was computed as."""
    parts = [names[id(value)]]
    for operation in value.operands:
        operands = [names[id(operand)] for operand in operation.operands]
        parts.append(formula(operation.label, operands))
    parts += [value.data] * bool(value.data)
    gradient = f", gradient {value.gradient}" if value.gradient else ""
    return f"{' = '.join(parts)}{gradient}."


def formula(sign: str, operands: list[str]) -> str:
    """``a * b``, or ``tanh(n)``."""
    if sign in BETWEEN:
        return f" {sign} ".join(operands)
    if sign == "neg":
        return f"-{operands[0]}"
    if sign.startswith("**"):
        return f"{operands[0]}{sign}"
    return f"{sign}({', '.join(operands)})"


def counted(values: list[Node], names: dict[int, str]) -> str:
    """How large a graph is, and what it leads to."""
    results = [value for value in values if value.operands]
    signs = Counter(value.operands[0].label for value in results)
    times = ", ".join(f"{count} × {sign}" for sign, count in signs.items())
    used = {id(o) for value in results for o in value.operands[0].operands}
    ends = [sentence_end(v, names) for v in values if id(v) not in used]
    return (
        f"A graph of {len(values)} values. "
        f"From {len(values) - len(results)} that are given, "
        f"{len(results)} operations ({times}) lead to {', '.join(ends)}."
    )


def sentence_end(value: Node, names: dict[int, str]) -> str:
    """What a graph leads to: ``L = -8``."""
    name = names[id(value)]
    return f"{name} = {value.data}" if value.data else name
