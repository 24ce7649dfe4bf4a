"""From chapter 24 on: networks go to PyTorch, and come back."""

import random
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from micrograd.engine import Value
from micrograd.interop import from_torch, to_torch
from micrograd.nn import MLP, Layer
from oracle import TOLERANCE

nn = torch.nn


def near(numbers: Any) -> Any:
    """The same; but the slope of a tanh that is nearly 1 is rounding."""
    return pytest.approx(numbers, rel=TOLERANCE, abs=TOLERANCE)


ACTIVATION = st.sampled_from([Value.tanh, Value.relu, Value.sigmoid, None])


@given(
    st.integers(1, 4),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    ACTIVATION,
    ACTIVATION,
    st.integers(0, 999),
)
def test_both_are_the_same_network(
    inputs: int, sizes: list[int], hidden: Any, output: Any, seed: int
) -> None:
    """Protects outputs, gradients, and the way back to the last bit."""
    rng = random.Random(seed)
    model = MLP(inputs, sizes, activation=hidden, output=output, rng=rng)
    for p in model.parameters():
        p.data = rng.gauss(0.0, 1.0)
    module = to_torch(model)
    x = [rng.gauss(0.0, 2.0) for _ in range(inputs)]
    ours = model.outputs(x)
    sum(ours, Value(0.0)).backward()
    theirs = module(torch.tensor(x, dtype=torch.float64))
    theirs.sum().backward()
    assert theirs.tolist() == near([y.data for y in ours])
    linears = [part for part in module if isinstance(part, nn.Linear)]
    for layer, linear in zip(model.layers, linears, strict=True):
        assert linear.weight.grad is not None
        assert linear.bias.grad is not None
        for i, neuron in enumerate(layer.neurons):
            grads = [p.grad for p in neuron.parameters()]
            assert linear.weight.grad[i].tolist() == near(grads[:-1])
            assert linear.bias.grad[i].item() == near(grads[-1])
    back = from_torch(module)
    assert repr(back) == repr(model)
    assert [p.data for p in back.parameters()] == [
        p.data for p in model.parameters()
    ]
    assert [layer.neurons[0].activation for layer in back.layers] == [
        layer.neurons[0].activation for layer in model.layers
    ]


class OwnSequential(nn.Sequential):
    """It might do anything."""


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(nn.ReLU(), nn.Linear(2, 1)),
        nn.Sequential(nn.Linear(2, 1), nn.Tanh(), nn.ReLU()),
        nn.Sequential(nn.Linear(2, 1), nn.Dropout(0.5)),
        nn.Sequential(nn.Linear(2, 1), nn.GELU()),
        nn.Sequential(nn.Linear(2, 1, bias=False)),
        nn.Sequential(nn.Conv1d(2, 1, 1)),
        nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 1)),
        nn.Sequential(),
        OwnSequential(nn.Linear(2, 1)),
        nn.Linear(2, 1),
        3,
    ],
)
def test_what_has_no_counterpart_here_is_refused(module: Any) -> None:
    """Protects from a network that is nearly the same."""
    with pytest.raises(ValueError, match=r"counterpart|MLP|layers|inputs"):
        from_torch(module)


class OwnLayer(Layer):
    """It might do anything."""


def with_own_layer() -> MLP:
    model = MLP(2, [1])
    model.layers = [OwnLayer(2, 1)]
    return model


def with_two_activations() -> MLP:
    model = MLP(2, [2])
    model.layers[0].neurons[0].activation = None
    return model


@pytest.mark.parametrize(
    "model",
    [
        MLP(2, [1], output=Value.exp),
        MLP(2, [1], output=lambda x: x * 2),
        with_own_layer(),
        with_two_activations(),
    ],
)
def test_what_has_no_counterpart_there_is_refused(model: MLP) -> None:
    """Protects from a network that is nearly the same."""
    with pytest.raises((TypeError, ValueError)):
        to_torch(model)
