"""From chapter 12 on: two moons, and what it takes to tell them apart."""

import math
import random
import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from micrograd.data import moons
from micrograd.engine import Value
from micrograd.graph import trace
from micrograd.losses import hinge, l2
from micrograd.nn import MLP, Layer, Neuron
from micrograd.optim import SGD
from moon_training import training_step
from oracle import all_same, tensor


def test_an_activation_of_ones_own_takes_the_place_of_tanh() -> None:
    """Protects ``activation``: any function from Value to Value."""
    for activation in (Value.relu, Value.sigmoid, lambda s: s * s):
        neuron = Neuron(2, activation=activation)
        linear = Neuron(2, activation=None)
        linear.w, linear.b = neuron.w, neuron.b
        x = [0.5, -2.0]
        assert neuron(x).data == activation(linear(x)).data


def test_a_neuron_without_activation_is_linear() -> None:
    """Protects ``activation=None``: the weighted sum, as it is."""
    neuron = Neuron(2, activation=None)
    neuron.w[0].data, neuron.w[1].data, neuron.b.data = 2.0, -3.0, 10.0
    assert neuron([100.0, 10.0]).data == 180.0


def test_every_neuron_of_a_layer_has_its_activation() -> None:
    """Protects the layer's handing-on."""
    out = Layer(1, 3, activation=lambda s: s * 0 + 7.0)([1.0])
    assert [o.data for o in out] == [7.0, 7.0, 7.0]


def test_the_last_layer_has_an_activation_of_its_own() -> None:
    """Protects ``output``: hidden layers have one, the last another."""
    model = MLP(
        1,
        [2, 1],
        activation=lambda s: s * 0 + 3.0,
        output=lambda s: s * 0 + 5.0,
    )
    assert model([1.0]).data == 5.0
    model = MLP(1, [2, 1], activation=lambda s: s * 0 + 3.0, output=None)
    last = model.layers[-1].neurons[0]
    expected = sum(w.data * 3.0 for w in last.w) + last.b.data
    assert model([1.0]).data == pytest.approx(expected)


def test_tanh_is_what_one_gets_without_asking() -> None:
    """Protects code written in chapter 10."""
    model = MLP(1, [1, 1])
    (first,), (second,) = (layer.neurons for layer in model.layers)
    hidden = math.tanh(first.w[0].data * 3.0 + first.b.data)
    expected = math.tanh(second.w[0].data * hidden + second.b.data)
    assert model([3.0]).data == pytest.approx(expected)


FINITE = st.floats(-100, 100, allow_subnormal=False)
LABEL = st.sampled_from([-1, 1])


@given(st.lists(st.tuples(FINITE, LABEL), min_size=1, max_size=5))
def test_hinge_is_the_mean_shortfall_of_the_margins(
    pairs: list[tuple[float, int]],
) -> None:
    """Protects the loss and its gradients, against torch's arithmetic."""
    scores, labels = [Value(s) for s, _ in pairs], [y for _, y in pairs]
    loss = hinge(scores, labels)
    loss.backward()

    inputs = [tensor(s) for s, _ in pairs]
    margins = torch.stack(inputs) * torch.tensor(labels)
    expected = torch.relu(1 - margins).mean()
    expected.backward()
    assert all_same([loss.data], [expected.item()])
    assert all_same([s.grad for s in scores], [t.grad.item() for t in inputs])


@given(st.lists(FINITE, min_size=1, max_size=5))
def test_l2_is_the_sum_of_squares(numbers: list[float]) -> None:
    """Protects the penalty and its gradients."""
    parameters = [Value(x) for x in numbers]
    penalty = l2(parameters)
    penalty.backward()
    assert all_same([penalty.data], [math.fsum(x * x for x in numbers)])
    assert [p.grad for p in parameters] == [2 * x for x in numbers]


def test_l2_takes_a_networks_parameters_and_any_iterable() -> None:
    """Protects `1e-4 * l2(model.parameters())`."""
    model = MLP(2, [2, 1])
    assert type(l2(model.parameters())) is Value
    assert type(1e-4 * l2(p for p in model.parameters())) is Value


@pytest.mark.parametrize("lengths", [(2, 3), (3, 2), (0, 2), (0, 0)])
def test_scores_and_labels_must_pair_up(lengths: tuple[int, int]) -> None:
    """Protects from `zip`, which would leave the rest out."""
    # In the words of a loss, not of the `zip` that would have found it.
    with pytest.raises(ValueError, match="{}.*{}".format(*lengths)):
        hinge([Value(1.0)] * lengths[0], [1] * lengths[1])


def test_a_margin_is_a_label_times_a_score() -> None:
    """Protects drawings of the loss: they show the formula."""
    scores, labels = [Value(0.5), Value(3.0)], [Value(1.0), Value(-1.0)]
    nodes, _ = trace(hinge(scores, labels))
    margins = {node._prev for node in nodes if node._op == "*"}
    assert margins == set(zip(labels, scores, strict=True))


def test_hinge_takes_numpys_labels() -> None:
    """Protects data sets that come as arrays."""
    loss = hinge([Value(0.5), Value(0.5)], np.array([1, -1]))
    assert type(loss) is Value
    assert loss.data == 1.0


@pytest.mark.parametrize(
    "label",
    [0, 1.5, math.nan, np.int64(0), np.bool_(False), Value(0.0), "yes", None],
)
def test_labels_of_another_kind_are_refused(label: Any) -> None:
    """Protects from labels 0 and 1, with which nothing would be learnt."""
    number = label.data if isinstance(label, Value) else label
    said = f"hinge takes labels of -1 and 1, not {number!r}: of labels 0 and 1"
    with pytest.raises(ValueError, match=f"^{re.escape(said)} make 2"):
        hinge([Value(0.5), Value(0.5)], [1, label])


def test_lists_of_scores_are_refused_by_hinge() -> None:
    """Protects who has a score for each class: `1 * [s]` is a list."""
    scores = [MLP(2, [3]).outputs([0.5, 1.0]) for _ in range(2)]
    with pytest.raises(TypeError, match=r"one prediction .*cross_entropy"):
        hinge(scores, [1, -1])  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_moons_are_n_labelled_points(n: int) -> None:
    """Protects the shape of the data."""
    points, labels = moons(n)
    assert len(points) == len(labels) == n
    assert all(type(c) is float for point in points for c in point)
    assert {len(point) for point in points} == {2}
    assert set(labels) <= {-1, 1}
    assert abs(sum(labels)) <= 1


@pytest.mark.parametrize("n", [0, -1])
def test_no_moons_are_an_error(n: int) -> None:
    """Protects from an empty picture."""
    said = f"^moons needs at least 1 point, not {n}$"
    with pytest.raises(ValueError, match=said):
        moons(n)


def test_the_points_of_a_seed_are_the_same_for_ever() -> None:
    """Protects the book's pictures; the usual noise is part of it."""
    points, labels = moons(2, rng=random.Random(1))
    assert labels == [1, -1]
    first, second = points
    assert first == pytest.approx((1.009847665032, 0.27066487957), abs=1e-9)
    assert second == pytest.approx((0.195025624489, -0.21514373841), abs=1e-9)


CENTRES = [(0.0, 0.0), (1.0, 0.5)]


def off_the_circles(point: tuple[float, float]) -> float:
    """How far a point is from the nearer circle of radius 1."""
    return min(abs(math.dist(point, centre) - 1) for centre in CENTRES)


def test_without_noise_the_points_lie_on_two_half_circles() -> None:
    """Protects the picture: two interleaving moons, one a label."""
    points, labels = moons(200, noise=0.0)
    assert max(map(off_the_circles, points)) < 1e-9
    heights = {
        y: [
            point[1]
            for point, label in zip(points, labels, strict=True)
            if label == y
        ]
        for y in (-1, 1)
    }
    lower, upper = sorted(heights.values(), key=min)
    assert min(upper) > -1e-9
    assert max(lower) < 0.5 + 1e-9


def test_noise_moves_the_points() -> None:
    """Protects ``noise``, the spread around the moons."""
    off = []
    for noise in (0.01, 0.1):
        points, _ = moons(400, noise=noise, rng=random.Random(0))
        off.append(sum(map(off_the_circles, points)) / len(points))
    # The mean of |gauss(0, noise)| is 0.8 of the noise.
    assert off == pytest.approx([0.008, 0.08], rel=0.25)


def test_an_rng_of_ones_own_makes_the_same_moons_again() -> None:
    """Protects reproducible pages; the global generator is left alone."""
    state = random.getstate()
    first, again, other = (moons(50, rng=random.Random(s)) for s in (1, 1, 2))
    assert first == again != other
    assert random.getstate() == state


def test_a_classifier_learns_the_moons() -> None:
    """Protects the chapter's promise, with the chapter's tools."""
    rng = random.Random(0)
    data = moons(50, rng=rng)
    model = MLP(2, [8, 8, 1], activation=Value.relu, output=None, rng=rng)
    optimizer = SGD(model.parameters(), learning_rate=1.0)
    for step in range(100):
        optimizer.learning_rate = 1.0 - 0.9 * step / 100
        training_step(model, optimizer, data)
    right = [
        (model(point).data > 0) == (label > 0)
        for point, label in zip(*data, strict=True)
    ]
    assert sum(right) / len(right) >= 0.95
