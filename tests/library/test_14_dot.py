"""From chapter 14 on: a weighted sum is one node."""

import math
import random
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from micrograd.engine import Value
from micrograd.graph import trace
from micrograd.nn import MLP, Neuron
from oracle import all_same, by_torch, by_us

FINITE = st.floats(-100, 100, allow_subnormal=False)


def written_out(
    weights: Sequence[Any], inputs: Sequence[Any], bias: Any
) -> Any:
    """The sum as chapter 9 has it, for Values and for tensors."""
    total = bias
    for w, x in zip(weights, inputs, strict=True):
        total = total + w * x
    return total


@given(st.lists(st.tuples(FINITE, FINITE), max_size=6), FINITE)
def test_a_dot_is_the_sum_written_out_to_the_last_bit(
    pairs: list[tuple[float, float]], bias: float
) -> None:
    """Protects the order of summation: results of earlier chapters stay."""
    n = len(pairs)
    numbers = [*(w for w, _ in pairs), *(x for _, x in pairs), bias]
    ours, plain = (
        by_us(lambda *v, f=f: f(v[:n], v[n:-1], v[-1]), numbers)
        for f in (Value.dot, written_out)
    )
    assert ours == plain


def test_the_sum_begins_with_the_bias() -> None:
    """Protects the order where it shows: rounding, and overflow."""
    weights = [Value(1.0), Value(1.0)]
    small = [Value(1.0), Value(1.0)]
    assert Value.dot(weights, small, Value(1e16)).data == 1e16
    large = [Value(1e308), Value(1e308)]
    assert Value.dot(weights, large, Value(-1e308)).data == 1e308


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=6), FINITE)
def test_the_gradients_are_torchs(
    pairs: list[tuple[float, float]], bias: float
) -> None:
    """Protects the slopes, under a gradient that isn't 1."""
    n = len(pairs)
    numbers = [*(w for w, _ in pairs), *(x for _, x in pairs), bias]
    ours = by_us(lambda *v: Value.dot(v[:n], v[n:-1], v[-1]) * 3.0, numbers)
    theirs = by_torch(
        lambda *v: written_out(v[:n], v[n:-1], v[-1]) * 3.0, numbers
    )
    assert all_same(ours[1:], theirs[1:])


def test_it_is_one_node_with_all_operands() -> None:
    """Protects what a drawing, and any reader of graphs, is told."""
    weights, inputs = [Value(2.0), Value(-3.0)], [Value(5.0), Value(7.0)]
    bias = Value(0.5)
    node = Value.dot(weights, inputs, bias)
    assert node.data == 0.5 + 2.0 * 5.0 - 3.0 * 7.0
    assert node._op == "dot"
    assert node._prev == (bias, *weights, *inputs)
    assert node._local == (1.0, 5.0, 7.0, 2.0, -3.0)
    nodes, edges = trace(node)
    assert set(nodes) == {node, *node._prev}
    assert {(a, b) for a, b in edges} == {(a, node) for a in node._prev}


def test_an_operand_that_is_there_more_than_once_gets_every_share() -> None:
    """Protects repeats: b + w x + x x + b w, with slopes of all four."""

    def ours(b: Any, w: Any, x: Any) -> Any:
        return Value.dot([w, x, b], [x, x, w], b)

    def plain(b: Any, w: Any, x: Any) -> Any:
        return written_out([w, x, b], [x, x, w], b)

    inputs = [2.0, 3.0, -5.0]
    assert by_us(ours, inputs) == by_torch(plain, inputs)
    b, w, x = map(Value, inputs)
    assert ours(b, w, x)._prev == (b, w, x, b, x, x, w)


def test_without_pairs_the_bias_is_left() -> None:
    """Protects the smallest sum; the gradient still passes."""
    assert by_us(lambda b: Value.dot([], [], b), [2.5]) == [2.5, 1.0]


@pytest.mark.parametrize(("weights", "inputs"), [(2, 1), (1, 2), (0, 1)])
def test_as_many_inputs_as_weights_are_wanted(
    weights: int, inputs: int
) -> None:
    """Protects from a sum that stops at the shorter of two lists."""
    lists = [[Value(1.0)] * n for n in (weights, inputs)]
    said = f"^{weights} weights, {inputs} inputs$"
    with pytest.raises(ValueError, match=said):
        Value.dot(*lists, Value(0.0))


EDGES = [0.0, -0.0, 1.0, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan]


def test_edges_are_those_of_the_sum_written_out() -> None:
    """Protects infinities and nan: no term is skipped, zero or not."""
    for w in EDGES:
        for x in EDGES:
            for b in EDGES:
                fused = by_us(
                    lambda w, x, b: Value.dot([w], [x], b), [w, x, b]
                )
                plain = by_us(
                    lambda w, x, b: written_out([w], [x], b), [w, x, b]
                )
                assert all_same(fused, plain, 0.0), (w, x, b)


def test_a_dot_forgets_later_changes_of_its_operands() -> None:
    """Protects the slopes: those of the numbers that forward saw."""
    w, x, b = Value(2.0), Value(3.0), Value(1.0)
    node = Value.dot([w], [x], b)
    w.data = x.data = 100.0
    node.backward()
    assert (w.grad, x.grad, b.grad) == (3.0, 2.0, 1.0)


def test_a_neurons_sum_is_one_node() -> None:
    """Protects the chapter's gain, and the weights' places in the graph."""
    neuron = Neuron(3, activation=None)
    inputs = [Value(1.0), Value(-2.0), Value(0.5)]
    out = neuron(inputs)
    assert out._op == "dot"
    assert out._prev == (neuron.b, *neuron.w, *inputs)
    assert Neuron(3)(inputs)._prev[0]._op == "dot"


@pytest.mark.parametrize("inputs", [[1, 2.5], (1.0, True), [Value(1.0), 2]])
def test_a_neurons_inputs_may_still_be_numbers(inputs: Any) -> None:
    """Protects users' code: what was a Value by arithmetic stays one."""
    neuron = Neuron(2, activation=None)
    numbers = [x.data if isinstance(x, Value) else x for x in inputs]
    assert neuron(inputs).data == (
        neuron.b.data
        + neuron.w[0].data * numbers[0]
        + neuron.w[1].data * numbers[1]
    )


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ([[1.0, 2.0]] * 3, "one example at a time, as in .* for x in rows"),
        (3.0, "^a list of 2 inputs is wanted, not 3.0$"),
    ],
)
def test_a_neuron_takes_one_example_at_a_time(x: Any, said: str) -> None:
    """Protects who passes a table; layers have done so since chapter 10."""
    with pytest.raises(TypeError, match=said):
        Neuron(2)(x)


def test_a_network_has_two_nodes_a_neuron() -> None:
    """Protects the size of graphs: a sum and an activation each."""
    model = MLP(2, [8, 8, 1])
    nodes, _ = trace(model([0.5, -1.0]))
    assert sum(node._prev != () for node in nodes) == 2 * (8 + 8 + 1)


def test_a_networks_gradients_are_torchs() -> None:
    """Protects layers: a neuron's output is the operand of many dots."""
    model = MLP(3, [5, 4, 1], rng=random.Random(4))
    sizes = [p.data for p in model.parameters()]
    inputs = [0.5, -1.0, 0.25]

    def in_tensors(*leaves: torch.Tensor) -> torch.Tensor:
        parameters = iter(leaves[3:])
        outputs = list(leaves[:3])
        for layer in model.layers:
            new = []
            for _ in layer.neurons:
                weights = [next(parameters) for _ in outputs]
                total = written_out(weights, outputs, next(parameters))
                new.append(total.tanh())
            outputs = new
        return outputs[0]

    x = [Value(number) for number in inputs]
    result = model(x)
    assert isinstance(result, Value)
    result.backward()
    leaves = [*x, *model.parameters()]
    assert all_same(
        [result.data, *(leaf.grad for leaf in leaves)],
        by_torch(in_tensors, [*inputs, *sizes]),
    )
