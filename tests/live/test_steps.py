"""The steps of a figure are the engine's, in its order and with its numbers.

The library computes, and Python evaluates the equations.
"""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphs
import steps
from micrograd import MLP, Value, draw_dot, engine, floats
from micrograd.engine import topological_order
from micrograd.graph import trace

FUNCTIONS: dict[str, Any] = {
    "tanh": floats.tanh,
    "exp": floats.exp,
    "log": floats.log,
    "relu": lambda x: max(x, 0.0),
    "sigmoid": lambda x: 1.0 / (1.0 + floats.exp(-x)),
}
BACKWARD = re.compile(
    r"(\S+)\.grad \+= (.+) \* (\S+)\.grad ([=≈]) (\S+) \* (\S+) ([=≈]) (\S+?)"
    r"(?:, so \1\.grad ([=≈]) (\S+) \+ (\S+) ([=≈]) (\S+))?"
)


@st.composite
def expressions(draw: st.DrawFn) -> Value:
    """The result of some operations on a few leaves, some used again."""
    numbers = st.floats(-2, 2).map(lambda x: round(x, 3))
    pool = [Value(draw(numbers), label=name) for name in "abc"]
    for _ in range(draw(st.integers(1, 12))):
        x, y = draw(st.sampled_from(pool)), draw(st.sampled_from(pool))
        results = [x + y, x - y, x * y, -x, x**2, x.tanh(), x.relu()]
        pool.append(draw(st.sampled_from([*results, x.sigmoid(), x * 0.5])))
    return pool[-1]


def described(root: Value) -> graphs.Graph:
    return graphs.described(trace(root)[0])


def taken(root: Value) -> tuple[list[str], list[steps.Step]]:
    """The nodes' names, and the steps."""
    graph = described(root)
    return steps.named(graph), steps.steps_of(graph, engine)


@settings(deadline=None)
@given(expressions())
def test_the_order_is_the_engines(root: Value) -> None:
    names, found = taken(root)
    nodes, _ = trace(root)
    name = dict(zip(nodes, names))
    order = [name[node] for node in topological_order(root)]
    forward = [names[s.value] for s in found if s.kind == "forward"]
    assert forward == order
    assert found[len(order)].kind == "seed"
    gifts = [
        (match[3], match[1])
        for step in found[len(order) + 1 :]
        if (match := BACKWARD.fullmatch(step.text))
    ]
    assert len(gifts) == len(found) - len(order) - 1
    assert gifts == [
        (name[node], name[operand])
        for node in reversed(topological_order(root))
        for operand, slope in zip(node._prev, node._local)
        if slope is not None
    ]


@settings(deadline=None)
@given(expressions())
def test_the_numbers_are_the_engines(root: Value) -> None:
    names, found = taken(root)
    root.backward()
    nodes, _ = trace(root)
    last = {(s.value, s.kind == "forward"): s.shows for s in found}
    for i, node in enumerate(nodes):
        if node._prev:
            assert last[i, True] == f"data {node.data:.4g}"
        grad = last.get((i, False), "grad 0")
        assert grad == f"grad {node.grad:.4g}", names[i]


@settings(deadline=None)
@given(expressions())
def test_every_equation_is_true(root: Value) -> None:
    names, found = taken(root)
    root.backward()
    nodes, _ = trace(root)
    by_name = dict(zip(names, nodes))
    data = {name: node.data for name, node in by_name.items()}
    both = {
        name: SimpleNamespace(data=node.data, grad=node.grad)
        for name, node in by_name.items()
    }
    for step in found:
        if step.kind == "forward":
            name, relation = step.text.split(" = ", 1)
            symbols, is_, numbers, *end = re.split(" ([=≈]) ", relation)
            *_, sign, result = [is_, *end]
            holds(sign, eval(numbers, dict(FUNCTIONS)), result)
            assert steps.written(eval(symbols, FUNCTIONS | data)) == result
            assert steps.written(by_name[name].data) == result
            node = by_name[name]
            sizes = [abs(o.data) for o in (node, *node._prev)]
            off = abs(eval(numbers, dict(FUNCTIONS)) - node.data)
            assert off <= 4e-3 * max(1.0, *sizes)
        elif match := BACKWARD.fullmatch(step.text):
            name, slope, giver, _, *shown = match.groups()
            local, grad = map(float, shown[:2])
            holds(shown[2], local * grad, shown[3])
            added = float(shown[3])
            assert math.isclose(
                eval(slope, {}, both), local, rel_tol=1e-3, abs_tol=1e-12
            )
            assert steps.written(by_name[giver].grad) == shown[1]
            assert math.isclose(local * grad, added, rel_tol=2e-3)
            if shown[4]:
                before, again = map(float, shown[5:7])
                holds(shown[7], before + again, shown[8])
                assert again == added
                after = float(shown[8])
                size = abs(before) + abs(added)
                assert abs(before + added - after) <= 1e-3 * size
            shows = float(step.shows.removeprefix("grad "))
            assert shows == float(shown[8] or shown[3])


def holds(sign: str, number: float, shown: str) -> None:
    """Check that what is said to be equal is so, to the last bit but one."""
    is_equal = math.isclose(number, float(shown), rel_tol=5e-16)
    assert (sign == "=") == (is_equal or shown == "nan")


def test_what_is_rounded_says_so() -> None:
    a, b = Value(-1234.5678, label="a"), Value(-2.0, label="b")
    texts = [step.text for step in taken(a * b)[1]]
    assert texts[0] == "v1 = a * b ≈ -1235.0 * -2.0 ≈ 2469.0"
    assert texts[2] == "a.grad += b.data * v1.grad = -2.0 * 1.0 = -2.0"
    tenths = Value(0.1, label="a") + Value(0.2, label="b")
    assert taken(tenths)[1][0].text == "v1 = a + b = 0.1 + 0.2 = 0.3"


def test_the_example_of_the_book() -> None:
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0)
    e = a * b
    e.label = "e"
    root = (e + c).tanh()
    root.label = "o"
    texts = [step.text for step in taken(root)[1]]
    assert texts[0] == "e = a * b = 2.0 * -3.0 = -6.0"
    assert texts[3] == "o.grad = 1.0"
    assert texts[4].startswith("v1.grad += (1 - o.data**2) * o.grad ≈ ")
    assert texts[-2].startswith("a.grad += b.data * e.grad ≈ -3.0 * ")


def test_what_a_node_had_before_is_added_to() -> None:
    a = Value(3.0, label="a")
    b = a + a
    b.label = "b"
    assert [step.text for step in taken(b)[1]] == [
        "b = a + a = 3.0 + 3.0 = 6.0",
        "b.grad = 1.0",
        "a.grad += 1.0 * b.grad = 1.0 * 1.0 = 1.0",
        "a.grad += 1.0 * b.grad = 1.0 * 1.0 = 1.0,"
        " so a.grad = 1.0 + 1.0 = 2.0",
    ]


def test_the_figure_starts_at_the_step_that_it_shows() -> None:
    a = Value(3.0, label="a")
    b = a + a
    assert steps.start(described(b), taken(b)[1]) == 1
    b.grad = 1.0
    assert steps.start(described(b), taken(b)[1]) == 2
    a.grad = 1.0
    assert steps.start(described(b), taken(b)[1]) == 3
    a.grad = 2.0
    assert steps.start(described(b), taken(b)[1]) == 4
    a.grad = 17.0  # which no step leads to
    assert steps.start(described(b), taken(b)[1]) == 4


def test_where_nothing_passes_there_is_no_step() -> None:
    x = Value(-1.0, label="x")
    kinds = [step.kind for step in taken(x.relu())[1]]
    assert kinds == ["forward", "seed"]


def test_a_sum_of_products_in_one_operation() -> None:
    w, x, b = Value(2.0, label="w"), Value(3.0, label="x"), Value(1.0)
    _, found = taken(Value.dot([w], [x], b))
    assert [step.text for step in found] == [
        "v1 = dot(v2, w, x) = dot(1.0, 2.0, 3.0) = 7.0",
        "v1.grad = 1.0",
        "v2.grad += 1.0 * v1.grad = 1.0 * 1.0 = 1.0",
        "w.grad += x.data * v1.grad = 3.0 * 1.0 = 3.0",
        "x.grad += w.data * v1.grad = 2.0 * 1.0 = 2.0",
    ]


def test_a_leaf_alone() -> None:
    assert [step.text for step in taken(Value(1.0, label="a"))[1]] == [
        "a.grad = 1.0"
    ]


def test_numbers_without_end() -> None:
    a = Value(0.0, label="a")
    _, found = taken(a.log() * 0.0)
    assert any("inf" in step.text for step in found)
    assert any("nan" in step.text for step in found)


def test_a_deep_graph() -> None:
    y = x = Value(1.0)
    for _ in range(3000):
        y = y + x
    assert len(taken(y)[1]) == 3000 + 1 + 6000


def test_names_are_different() -> None:
    a, b = Value(1.0, label="w"), Value(2.0, label="w")
    c = Value(3.0, label="v1")
    names, _ = taken((a + b) * c)
    assert len(set(names)) == len(names) == 5


def test_every_part_is_found_in_the_drawing() -> None:
    x = Value(2.0, label="x")
    graph = described(x * x + x)
    found = steps.steps_of(graph, engine)
    svg = steps.drawing(graph, found, engine, draw_dot)
    assert all(f">{name}<" in svg for name in steps.named(graph))
    assert svg.count(">grad 0<") == len(graph)
    ids = steps.parts(svg)
    assert len(set(ids.values())) == len(ids) == 3 + 2 + 2 + 4
    placed = steps.placed(found, ids)
    for step in placed:
        for part in [step["node"], *step["lit"].split()]:
            assert f'id="{part}"' in svg


@settings(deadline=None)
@given(expressions(), st.floats(-2, 2))
def test_recomputed_as_the_engine_computes(root: Value, new: float) -> None:
    graph = described(root)
    assert recomputed(graph, {}) == plain(graph)
    leaves = [i for i, node in enumerate(graph) if node["label"] == "a"]
    found = recomputed(graph, dict.fromkeys(leaves, new))
    for i, node in enumerate(found):
        if i in leaves:
            assert node["data"] == new
        elif node["op"] == "*":
            one, other = (found[o]["data"] for o in node["operands"])
            assert node["data"] == one * other
            assert node["local"] == [other, one]


def recomputed(
    graph: graphs.Graph, data: dict[int, float]
) -> list[dict[str, Any]]:
    return plain(steps.recomputed(graph, data, engine))


def plain(graph: graphs.Graph) -> list[dict[str, Any]]:
    return [{**node, "grad": 0.0} for node in graph]


@pytest.mark.parametrize("sign", ["/", "**", "exp", "log", "dot"])
def test_every_operation_can_be_done_again(sign: str) -> None:
    a, b, c = Value(0.5), Value(2.0), Value(3.0)
    made = {
        "/": a / b,
        "**": a**b,
        "exp": a.exp(),
        "log": a.log(),
        "dot": Value.dot([a, b], [b, c], a),
    }
    graph = described(made[sign])
    assert recomputed(graph, {}) == plain(graph)


def test_the_leaves_that_can_be_changed() -> None:
    few = Value(1.0, label="b") * Value(2.0) + Value(3.0, label="a")
    assert leaves(few) == {"a", "b", "v3"}
    x = [Value(1.0, label="y"), Value(2.0, label="x")]
    model = MLP(2, [3, 1])
    assert leaves(model(x)) == {"x", "y"}


def leaves(root: Value) -> set[str]:
    graph = described(root)
    names = steps.named(graph)
    return {names[i] for i in steps.leaves(graph)}


def test_what_a_cell_has_drawn() -> None:
    a = Value(1.0, label="a")
    names: dict[str, Any] = {"draw_dot": draw_dot, "b": a + a}
    drawn = graphs.drawn_by("c = 1\ndraw_dot(b)", names)
    assert drawn == (described(names["b"]), "")
    nothing = (None, "")
    assert graphs.drawn_by("draw_dot(b)\nc = 1", names) == nothing
    assert graphs.drawn_by("draw_dot(b + 1)", names) == nothing
    assert graphs.drawn_by("def", names) == nothing


BY_HAND = """
draw(dict(a=a, b=-3.0, p=p, q=p + a), ["p*ab", ("q", "+", "p", "a")],
     {"q": 1.0})
"""


def test_what_is_done_by_hand_is_spelt_so() -> None:
    """Protects chapter 2, where there is no engine yet."""
    graph, rule = graphs.drawn_by(BY_HAND, {"draw": None, "a": 2.0, "p": -6.0})
    assert graph
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    p = a * b
    q = p + a
    p.label, q.label = "p", "q"
    q.grad = 1.0
    assert graph == [node | {"local": []} for node in described(q)]
    q.grad = 0.0
    found = steps.steps_of(graph, engine, rule)
    assert [step.text for step in found] == [
        "p = a * b = 2.0 * -3.0 = -6.0",
        "q = p + a = -6.0 + 2.0 = -4.0",
        "dq/dq = 1.0",
        "dq/dp = 1.0 * dq/dq = 1.0 * 1.0 = 1.0",
        "dq/da = 1.0 * dq/dq = 1.0 * 1.0 = 1.0",
        "dq/da = b * dq/dp = -3.0 * 1.0 = -3.0, so dq/da = 1.0 + -3.0 = -2.0",
        "dq/db = a * dq/dp = 2.0 * 1.0 = 2.0",
    ]
    assert steps.start(graph, found) == 3


RULE = """def pass_on(node):
    for operand, local in zip(node._prev, node._local):
        operand.grad {} local * node.grad
        print(operand.label, operand.grad, node.grad)
"""


def test_a_page_without_backward_goes_by_its_own_rule() -> None:
    """Protects the traps of chapter 6 from being given away."""
    a = Value(3.0, label="a")
    b = a + a
    b.label = "b"
    lost = steps.steps_of(described(b), engine, RULE.format("="))
    assert [step.text for step in lost[1:]] == [
        "b.grad = 1.0",
        "a.grad = 1.0 * b.grad = 1.0 * 1.0 = 1.0",
        "a.grad = 1.0 * b.grad = 1.0 * 1.0 = 1.0",
    ]
    assert lost[-1].shows == "grad 1"
    u = Value(2.0, label="a") * Value(3.0, label="b")
    u.label = "u"
    v = u * Value(4.0, label="c")
    v.label = "v"
    found = steps.steps_of(described(u + v), engine, RULE.format("+="))
    assert [step.text.split(" ")[0] for step in found[4:]] == [
        *("u.grad", "v.grad", "a.grad", "b.grad", "u.grad", "c.grad")
    ]
    assert found[6].text.endswith(" = 3.0 * 1.0 = 3.0")
    assert found[-2].text.endswith(", so u.grad = 1.0 + 4.0 = 5.0")


def test_the_rule_of_a_page_is_seen() -> None:
    class Early:
        """A value of the first chapters."""

        data, grad, label, _op, _prev = 1.0, 0.0, "a", "", ()

    def pass_on(node: Value) -> None: ...

    names: dict[str, Any] = {"draw_dot": draw_dot, "pass_on": pass_on}
    names |= {"early": Early(), "late": Value(1.0)}
    _, rule = graphs.drawn_by("draw_dot(early)", names)
    assert rule.strip().startswith("def pass_on(node")
    assert graphs.drawn_by("draw_dot(late)", names)[1] == ""
    del names["pass_on"]
    _, rule = graphs.drawn_by("draw_dot(early)", names)
    a = Value(3.0, label="a")
    found = steps.steps_of(described(a + a), engine, rule)
    assert [step.kind for step in found] == ["forward", "seed"]
