"""The steps of a forward and a backward pass, as the engine takes them.

A graph is rebuilt of the engine's own values, node by node; then the engine's
`backward` runs, and is watched; or, where a page has none yet, the `pass_on`
that its cells have defined. So neither the chain rule nor the order of the
nodes is written here a second time, and a trap stays one.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple
from xml.etree import ElementTree

from figures.graph_text import SVG, formula
from graphs import BY_HAND, Graph, described

Number = Any
"""A float, or the symbol of one that isn't known yet."""


@dataclass(frozen=True)
class Term:
    """A number, and how it came about: ``e = a * b = 2.0 * -3.0 = -6.0``.

    ``says`` and ``form`` are the two sides before the result; a number goes
    into each ``{}`` of them. ``again`` is what comes of the ``operands`` as
    they are shown, and ``wraps`` whether negative ones get brackets.
    """

    says: str
    result: Number
    form: str = ""
    operands: tuple[Number, ...] = ()
    again: Number = None
    wraps: bool = False

    @property
    def text(self) -> str:
        """The equation. It holds between the numbers that it shows."""
        says, result = self.says, written(self.result)
        if not self.form:
            return f"{says} = {result}"
        numbers = [written(number) for number in self.operands]
        says = filled(says, numbers)
        if self.wraps:
            numbers = [f"({n})" if n[0] == "-" else n for n in numbers]
        return (
            f"{says} {is_(self.operands)} {filled(self.form, numbers)} "
            f"{is_([self.again], result)} {result}"
        )


@dataclass(frozen=True)
class Step:
    """Something new in a node's box, and why.

    ``kind`` is forward, seed or backward, and ``value`` the number of the
    node. ``lit`` are the names of the parts of the drawing that the step is
    about. Backward, the gradient of the ``giver`` has come along the edge of
    its operand number ``place``; ``factor`` is the node whose data that has
    been multiplied by, if it is some node's. What the node has had before is
    in the ``total``.
    """

    kind: str
    value: int
    term: Term
    lit: tuple[str, ...]
    giver: int | None = None
    place: int = 0
    factor: int | None = None
    total: Term | None = None

    @property
    def new(self) -> Number:
        """What is new in the box."""
        return self.total.result if self.total else self.term.result

    @property
    def shows(self) -> str:
        """What the box shows of it."""
        kind = "data" if self.kind == "forward" else "grad"
        return f"{kind} {shown(self.new)}"

    @property
    def slope(self) -> str:
        """The local gradient as the edge shows it."""
        return (
            f"× {shown(self.term.operands[0])}"
            if self.giver is not None
            else ""
        )

    @property
    def terms(self) -> list[Term]:
        """The equations."""
        return [self.term, self.total] if self.total else [self.term]

    @property
    def text(self) -> str:
        """The equations with their numbers; a sum only if there is one."""
        if self.total and self.total.operands[0]:
            return f"{self.term.text}, so {self.total.text}"
        return self.term.text


class Spelling(NamedTuple):
    """How the steps call what belongs to a node: with its name for ``{}``."""

    data: str = "{}.data"
    grad: str = "{}.grad"
    does: str = "+="
    adds: bool = True
    """Whether a gradient that arrives is added to what is there."""


WIDE = -8.88
"""As wide as the numbers that a reader may get by changing leaves."""

SMALLEST = 0.8
"""How far a drawing may shrink with the page: its letters stay legible."""

LEAST = 8
"""A graph with more leaves than this shows only those that have labels."""


def steps_of(
    graph: Graph,
    engine: ModuleType,
    rule: str = "",
    seen: Callable[[Number], Number] | None = None,
    known: Callable[[float], Number] = float,
) -> list[Step]:
    """All steps to a graph's result, and from there back to the leaves.

    ``rule`` is the code of a page's own `pass_on`; else it is the engine's
    `backward` that goes back, also for who does it `BY_HAND`. The numbers may
    be symbols: then ``seen`` tells what a reader sees of one, and ``known``
    makes one of a gradient that is known, as the zero at the beginning.
    """
    seen = seen or as_shown
    names = named(graph)
    spelling = Spelling()
    if rule == BY_HAND:
        spelling = Spelling("{}", f"d{names[0]}/d{{}}", "=")
        if not graph[0]["local"]:  # nobody has noted them
            graph = recomputed(graph, {}, engine)
    elif rule and "+=" not in rule:
        spelling = Spelling(does="=", adds=False)
    nodes, log = watched(graph, engine, known)
    number = {node: i for i, node in enumerate(nodes)}
    order = [number[n] for n in engine.topological_order(nodes[0])]
    steps = [computed(graph, i, names, engine, seen) for i in order]
    if rule in ("", BY_HAND):
        nodes[0].backward()
        given = gifts(log)
    else:
        given = gifts_by(rule, nodes, log)
    return steps + [
        passed_on(graph, number, gift, names, spelling, seen) for gift in given
    ]


class Gift(NamedTuple):
    """A gradient that a node receives, from an operation or as the seed."""

    to: Any
    before: Number
    after: Number
    giver: Any = None
    grad: Number = 0.0
    """The giver's own gradient, when it gave."""
    place: int = 0
    """Which of the giver's operands it is that receives."""


def watched(
    graph: Graph, engine: ModuleType, known: Callable[[float], Number] = float
) -> tuple[list[Any], list[tuple[str, Any, Number]]]:
    """A copy of a graph, and what is read from its gradients and written."""
    log: list[tuple[str, Any, Number]] = []
    slot = engine.Value.grad

    class Watched(engine.Value):  # type: ignore[misc, name-defined]
        __slots__ = ()

        @property
        def grad(self) -> Number:
            found = slot.__get__(self)
            log.append(("read", self, found))
            return found

        @grad.setter
        def grad(self, grad: Number) -> None:
            if type(grad) is float:
                grad = known(grad)
            slot.__set__(self, grad)
            log.append(("write", self, grad))

    nodes = [
        Watched(node["data"], _op=node["op"], label=node["label"])
        for node in graph
    ]
    for copy, node in zip(nodes, graph, strict=True):
        copy._prev = tuple(nodes[i] for i in node["operands"])
        copy._local = tuple(
            None if slope is None else engine.as_float(slope)
            for slope in node["local"]
        )
    log.clear()
    return nodes, log


def gifts(log: list[tuple[str, Any, Number]]) -> Iterator[Gift]:
    """What each node receives, as a backward pass has been seen to do it.

    A gradient that is read and then written at once is added to. One that is
    read alone is passed on, to one operand after the other.
    """
    giver, passed, passing = None, 0.0, []
    for i, (did, node, grad) in enumerate(log):
        following = log[i + 1] if i + 1 < len(log) else ("", None, 0.0)
        if did == "write":
            continue
        if following[:2] != ("write", node):
            giver, passed = node, grad
            passing = [
                place
                for place, slope in enumerate(node._local)
                if slope is not None
            ]
        elif giver is None:
            yield Gift(node, grad, following[2])
        else:
            place = passing.pop(0)
            yield Gift(node, grad, following[2], giver, passed, place)


def gifts_by(
    rule: str, nodes: list[Any], log: list[tuple[str, Any, Number]]
) -> Iterator[Gift]:
    """What each node receives by a `pass_on`, in the order of `trace`."""
    page: dict[str, Any] = {"print": lambda *_: None}
    exec(rule, page)
    grads = {node: node.grad for node in nodes}
    nodes[0].grad = grads[nodes[0]] = 1.0
    yield Gift(nodes[0], 0.0, 1.0)
    for node in nodes:
        log.clear()
        page["pass_on"](node)
        writes = [(to, grad) for did, to, grad in log if did == "write"]
        for place, (to, after) in enumerate(writes):
            yield Gift(to, grads[to], after, node, grads[node], place)
            grads[to] = after


def computed(
    graph: Graph,
    i: int,
    names: list[str],
    engine: ModuleType,
    seen: Callable[[Number], Number],
) -> Step:
    """A step forward: a node's data."""
    node = graph[i]
    sign, operands = node["op"], node["operands"]
    data = tuple(graph[o]["data"] for o in operands)
    again = operation(sign, engine.Value)(
        *(engine.Value(seen(number)) for number in data)
    )
    edges = [f"edge{i}.{place}" for place in range(len(data))]
    return Step(
        kind="forward",
        value=i,
        term=Term(
            says=f"{names[i]} = {formula(sign, [names[o] for o in operands])}",
            form=formula(sign, ["{}"] * len(data)),
            operands=data,
            again=again.data,
            result=node["data"],
            wraps=sign == "neg" or sign.startswith("**"),
        ),
        lit=(f"value{i}", f"operation{i}", f"edge{i}", *edges),
    )


def passed_on(
    graph: Graph,
    number: dict[Any, int],
    gift: Gift,
    names: list[str],
    spelling: Spelling,
    seen: Callable[[Number], Number],
) -> Step:
    """A step backward: a gradient arrives at a node, is added or put there."""
    i = number[gift.to]
    own = spelling.grad.format(names[i])
    if gift.giver is None:
        return Step("seed", i, Term(own, gift.after), (f"value{i}",))
    g, j = number[gift.giver], gift.place
    local, grad = graph[g]["local"][j], gift.grad
    product, factor = local * grad, factor_of(graph, g, j)
    slope = slope_named(graph, g, j, factor, names, spelling)
    arrives = spelling.grad.format(names[g])
    total = Term(
        own,
        gift.after,
        "{} + {}",
        (gift.before, product),
        seen(gift.before) + seen(product),
    )
    return Step(
        kind="backward",
        value=i,
        term=Term(
            f"{own} {spelling.does} {slope} * {arrives}",
            product,
            "{} * {}",
            (local, grad),
            seen(local) * seen(grad),
        ),
        lit=(f"value{i}", f"operation{g}", f"edge{g}", f"edge{g}.{j}"),
        giver=g,
        place=j,
        factor=factor,
        total=total if spelling.adds else None,
    )


def named(graph: Graph) -> list[str]:
    """A name for each node: its label if it has one of its own, or v7."""
    times = Counter(node["label"] for node in graph)
    so_far: Counter[str] = Counter()
    names = []
    for node in graph:
        label = node["label"]
        so_far[label] += 1
        if not label:
            while f"v{so_far['']}" in times:
                so_far[""] += 1
            names.append(f"v{so_far['']}")
        elif times[label] > 1:
            names.append(f"{label}#{so_far[label]}")
        else:
            names.append(label)
    return names


def shown(number: Any) -> str:
    """A number as `draw_dot` shows it."""
    return f"{float(number):.4g}"


def written(number: Any) -> str:
    """The same in an equation, where a whole number is a float, too."""
    text = shown(number)
    return f"{text}.0" if text.lstrip("-").isdigit() else text


def is_(numbers: Sequence[float], *shown: str) -> str:
    """``=`` if numbers are what is shown of them, or ``≈`` if it is rounded.

    So an equation holds between the numbers that the reader sees.
    """
    texts = shown or [written(number) for number in numbers]
    exact = all(map(is_same, numbers, map(float, texts)))
    return "=" if exact else "≈"


def is_same(one: float, other: float) -> bool:
    """Whether two numbers are one but for the last bit: 0.1 + 0.2 is 0.3."""
    return math.isclose(one, other, rel_tol=2 * sys.float_info.epsilon) or (
        math.isnan(one) and math.isnan(other)
    )


def filled(form: str, numbers: list[str]) -> str:
    """Numbers in the places of a form, one after the other."""
    for number in numbers:
        form = form.replace("{}", number, 1)
    return form


def as_shown(number: float) -> float:
    """The number that a reader sees."""
    return float(written(number))


def factor_of(graph: Graph, g: int, j: int) -> int | None:
    """The node whose data is a local gradient of an operation, if one's is.

    It must be the number that the engine has noted: data may have been
    changed since.
    """
    node = graph[g]
    operands = node["operands"]
    other = g if node["op"] == "exp" else None
    if node["op"] == "*":
        other = operands[1 - j]
    if node["op"] == "dot" and j > 0:  # bias, weights, inputs
        terms = len(operands) // 2
        other = operands[j + terms if j <= terms else j - terms]
    if other is None or not is_it(graph[other]["data"], node["local"][j]):
        return None
    return other


def is_it(one: Number, other: Number) -> bool:
    """Whether two numbers are the same one; nan is, too."""
    return repr(one) == repr(other)


def slope_named(
    graph: Graph,
    g: int,
    j: int,
    factor: int | None,
    names: list[str],
    spelling: Spelling,
) -> str:
    """A local gradient by the name of what it is, or a place for a number."""
    node = graph[g]
    own = node["data"]
    if factor is not None:
        return spelling.data.format(names[factor])
    if node["op"] == "tanh" and is_it(node["local"][j], 1.0 - own * own):
        return f"(1 - {spelling.data.format(names[g])}**2)"
    return "{}"


# The drawing


def drawing(
    graph: Graph,
    steps: list[Step],
    engine: ModuleType,
    draw_dot: Callable[[Any], Any],
) -> str:
    """The graph, with the names that the steps use, to be stepped through.

    Its boxes are wide enough for every gradient that comes to stand in them,
    and for most numbers that a reader will have there.
    """
    nodes, _ = watched(graph, engine)
    for node, name in zip(nodes, named(graph), strict=True):
        node.label = name
    for node, old in zip(nodes, graph, strict=True):
        node.grad = old["grad"]
    for step in steps:
        if step.kind != "forward":
            node = nodes[step.value]
            node.grad = max(step.new, node.grad, WIDE, key=width)
    dot = draw_dot(nodes[0])
    dot.attr(ranksep="0.4")  # there is a factor on each edge, in its turn
    svg = dot.pipe("svg", encoding="utf-8")
    root = ElementTree.fromstring(svg)
    for group in root.iter(f"{SVG}g"):
        title = group.findtext(f"{SVG}title", "")
        if title.startswith("value") and group.get("class") == "node":
            old = graph[int(title.removeprefix("value"))]
            *_, above, data, below, grad = group
            grad.text = f"grad {shown(old['grad'])}"
            for cell, text in ((above, data), (below, grad)):
                xs = [
                    float(point.partition(",")[0])
                    for point in cell.attrib["points"].split()
                ]
                text.set("x", f"{(min(xs) + max(xs)) / 2:.2f}")
                text.set("text-anchor", "middle")
    least = SMALLEST * float(root.attrib["width"].removesuffix("pt"))
    root.set("style", f"max-width: 100%; min-width: {least:.0f}pt")
    return ElementTree.tostring(root, "unicode")


def width(number: float) -> int:
    """How wide a number is as it is shown: a digit is two points or signs."""
    return sum(1 + letter.isalnum() for letter in shown(number))


def parts(svg: str) -> dict[str, str]:
    """The ids of the parts of a drawing by `draw_dot`, by their names.

    ``value3`` and ``operation3`` are a box and the circle before it,
    ``edge3`` is between them, ``edge3.0`` comes from the first operand.
    """
    ids: dict[str, str] = {}
    edges: list[tuple[int, str]] = []
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        id, title = group.get("id", ""), group.findtext(f"{SVG}title", "")
        if group.get("class") == "node":
            ids[title] = id
        elif group.get("class") == "edge":
            edges.append((int(id.removeprefix("edge")), title))
    # They are numbered as they were made, so operands are in order.
    places: Counter[str] = Counter()
    for made, title in sorted(edges):
        start, _, end = title.partition("->")
        if start.startswith("operation"):
            name = end.replace("value", "edge")
        else:
            name = f"{end.replace('operation', 'edge')}.{places[end]}"
            places[end] += 1
        ids[name] = f"edge{made}"
    return ids


def placed(steps: list[Step], ids: dict[str, str]) -> list[dict[str, str]]:
    """The steps, with the ids of what they are about in a drawing."""
    return [
        {
            "kind": step.kind,
            "text": step.text,
            "node": ids[f"value{step.value}"],
            "shows": step.shows,
            "lit": " ".join(ids[name] for name in step.lit),
            "giver": ids.get(f"value{step.giver}", ""),
            "factor": ids.get(f"value{step.factor}", ""),
            "edge": ids.get(f"edge{step.giver}.{step.place}", ""),
            "slope": step.slope,
        }
        for step in steps
    ]


def start(graph: Graph, steps: list[Step]) -> int:
    """After how many steps things are as the graph has them; else all."""
    forward = [step for step in steps if step.kind == "forward"]
    want = [f"grad {shown(node['grad'])}" for node in graph]
    grads = ["grad 0"] * len(graph)
    found = len(forward) if grads == want else len(steps)
    for number, step in enumerate(steps[len(forward) :], len(forward) + 1):
        grads[step.value] = step.shows
        if grads == want:
            found = number
    return found


# Other numbers in the leaves


def leaves(graph: Graph) -> list[int]:
    """The leaves that can be changed: all that have labels, or of few all."""
    found = [i for i, node in enumerate(graph) if not node["operands"]]
    few = len(found) <= LEAST
    return [i for i in found if few or graph[i]["label"]]


def recomputed(
    graph: Graph, data: dict[int, Number], engine: ModuleType
) -> Graph:
    """The same graph by the engine's own operators, from other leaves."""
    old, _ = watched(graph, engine)
    number = {node: i for i, node in enumerate(old)}
    new = {
        node: engine.Value(data.get(number[node], node.data), label=node.label)
        for node in old
        if not node._prev
    }
    for node in engine.topological_order(old[0]):
        operands = [new[operand] for operand in node._prev]
        new[node] = operation(node._op, engine.Value)(*operands)
        new[node].label = node.label
    return described([new[node] for node in old])


def operation(sign: str, value: Any) -> Callable[..., Any]:
    """What makes a result that has this for its ``_op``."""
    by_sign: dict[str, Callable[..., Any]] = {
        "+": value.__add__,
        "-": value.__sub__,
        "*": value.__mul__,
        "/": value.__truediv__,
        "**": value.__pow__,
        "neg": value.__neg__,
    }
    if sign in by_sign:
        return by_sign[sign]
    if sign.startswith("**"):
        return lambda base: base ** float(sign[2:])
    if sign == "dot":
        return lambda bias, *both: value.dot(
            both[: len(both) // 2], both[len(both) // 2 :], bias
        )
    named: Callable[..., Any] = getattr(value, sign)
    return named
