"""From chapter 11 on: a loss, and steps that make it smaller."""

import gc
import random
import sys
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from micrograd.engine import Value
from micrograd.graph import trace
from micrograd.losses import mean_squared_error
from micrograd.nn import MLP
from micrograd.optim import SGD
from oracle import all_same, in_torch, tensor

FINITE = st.floats(-100, 100, allow_subnormal=False)


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=5))
def test_mean_squared_error_is_torchs(
    pairs: list[tuple[float, float]],
) -> None:
    """Protects the loss and its gradients: the mean, not the sum."""
    predictions = [Value(p) for p, _ in pairs]
    targets = [t for _, t in pairs]
    loss = mean_squared_error(predictions, targets)
    loss.backward()

    inputs = [tensor(p) for p, _ in pairs]
    expected = torch.nn.functional.mse_loss(
        torch.stack(inputs), torch.tensor(targets, dtype=torch.float64)
    )
    expected.backward()
    assert all_same([loss.data], [expected.item()])
    assert all_same(
        [p.grad for p in predictions], [t.grad.item() for t in inputs]
    )


def test_targets_may_be_values_or_anyones_numbers() -> None:
    """Protects data that comes from numpy, or from another network."""
    predictions = [Value(1.0), Value(3.0)]
    for targets in ([0, 1], [Value(0.0), Value(1.0)], np.array([0, 1])):
        loss = mean_squared_error(predictions, targets)
        assert type(loss) is Value
        assert loss.data == 2.5


@pytest.mark.parametrize("lengths", [(2, 3), (3, 2), (0, 2), (0, 0)])
def test_predictions_and_targets_must_pair_up(
    lengths: tuple[int, int],
) -> None:
    """Protects from `zip`, which would leave the rest out."""
    predictions = [Value(1.0)] * lengths[0]
    # In the words of a loss, not of the `zip` that would have found it.
    with pytest.raises(ValueError) as refusal:
        mean_squared_error(predictions, [1.0] * lengths[1])
    assert str(refusal.value) == (
        "a loss needs as many targets as predictions, and at least one:"
        " got {} predictions, {} targets".format(*lengths)
    )


LISTS = (
    "this loss takes one prediction and one target for each example, not "
    "lists of them: of one score for each class, cross_entropy makes the "
    "loss of an example"
)


@pytest.mark.parametrize("row", [[Value(1.0)], (Value(1.0),), np.ones(1)])
def test_lists_of_predictions_or_targets_are_refused(row: Any) -> None:
    """Protects who has several outputs: the error names their loss."""
    with pytest.raises(TypeError, match=f"^{LISTS}$"):
        mean_squared_error([row, row], [1.0, 0.0])
    with pytest.raises(TypeError, match=f"^{LISTS}$"):
        mean_squared_error([Value(1.0), row], [1.0, 0.0])
    with pytest.raises(TypeError, match=f"^{LISTS}$"):
        mean_squared_error([Value(1.0), Value(0.0)], [1.0, row])


def test_torchs_targets_are_no_lists() -> None:
    """Protects targets that come as a tensor, of tensors without a shape."""
    targets: Any = torch.tensor([0, 1])
    loss = mean_squared_error([Value(1.0), Value(3.0)], targets)
    assert loss.data == 2.5


def test_a_target_is_taken_from_its_prediction() -> None:
    """Protects drawings of the loss: they show the formula."""
    predictions, targets = [Value(1.0), Value(3.0)], [Value(0.0), Value(1.0)]
    nodes, _ = trace(mean_squared_error(predictions, targets))
    differences = {node._prev for node in nodes if node._op == "-"}
    assert differences == set(zip(predictions, targets, strict=True))


def test_a_step_goes_downhill_by_the_learning_rate() -> None:
    """Protects the update: against the gradient, and not further."""
    p, q = Value(3.0), Value(-1.0)
    p.grad, q.grad = 2.0, -4.0
    SGD([p, q], learning_rate=0.25).step()
    assert (p.data, q.data) == (2.5, 0.0)
    assert (p.grad, q.grad) == (2.0, -4.0)


def test_the_learning_rate_may_change_between_steps() -> None:
    """Protects learning rates that decay."""
    p = Value(3.0)
    p.grad = 2.0
    optimizer = SGD([p], 0.5)
    optimizer.step()
    optimizer.learning_rate = 0.25
    optimizer.step()
    assert p.data == 1.5


def test_an_optimizer_takes_any_iterable_of_parameters() -> None:
    """Protects a generator from being spent after one step."""
    p = Value(3.0)
    p.grad = 1.0
    optimizer = SGD((p for p in [p]), 1.0)
    optimizer.step()
    optimizer.step()
    optimizer.zero_grad()
    assert (p.data, p.grad) == (1.0, 0.0)


# The lecture's four points.
XS = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
YS = [1.0, -1.0, -1.0, 1.0]


def train(model: MLP, steps: int, rate: float = 0.1) -> list[float]:
    """Train on the four points; the losses on the way."""
    optimizer = SGD(model.parameters(), learning_rate=rate)
    losses = []
    for _ in range(steps):
        loss = mean_squared_error([model(x) for x in XS], YS)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    return losses


def test_a_hundred_steps_are_torchs_hundred_steps() -> None:
    """Protects the whole loop: same weights, same steps, same losses."""
    random.seed(1)
    model = MLP(3, [4, 4, 1])
    network = in_torch(model)
    xs = torch.tensor(XS, dtype=torch.float64)
    ys = torch.tensor(YS, dtype=torch.float64)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    expected = []
    for _ in range(100):
        loss = torch.nn.functional.mse_loss(network(xs)[:, 0], ys)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        expected.append(loss.item())

    # Rounding errors feed on each other over the steps, so not 1e-12.
    assert train(model, 100) == pytest.approx(expected, rel=1e-9)


def test_training_learns_the_four_points() -> None:
    """Protects the promise of the chapter, for any seed."""
    for seed in range(3):
        random.seed(seed)
        losses = train(MLP(3, [4, 4, 1]), 300)
        assert losses[-1] < 0.05 < losses[0]


def test_ten_thousand_steps_leave_nothing_behind() -> None:
    """Protects long training: without the collector, memory stays flat."""
    random.seed(0)
    model = MLP(2, [2, 1])
    optimizer = SGD(model.parameters(), learning_rate=0.01)

    def step() -> None:
        loss = mean_squared_error([model([0.5, -1.0])], [1.0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            step()
        before = sys.getallocatedblocks()
        for _ in range(10_000):
            step()
        # A single forgotten node a step would be ten thousand blocks.
        assert sys.getallocatedblocks() - before < 1000
    finally:
        gc.enable()
