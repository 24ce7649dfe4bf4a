"""The same computation by us and by PyTorch in float64, side by side."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from micrograd.engine import Value

# What the two may differ by, of the number itself: a few thousand times the
# spacing of float64, and nothing that a wrong formula could hide in.
TOLERANCE = 1e-12


def tensor(x: float) -> torch.Tensor:
    """A float64 scalar that wants a gradient: torch's answer to `Value`."""
    return torch.tensor(x, dtype=torch.float64, requires_grad=True)


def grad(leaf: Any) -> float:
    """The gradient of either kind of leaf; 0 where torch has made none."""
    return 0.0 if leaf.grad is None else float(leaf.grad)


def by_us(
    function: Callable[..., Any], inputs: Sequence[float]
) -> list[float]:
    """The function's value, then its gradients, by this library."""
    leaves = [Value(x) for x in inputs]
    result = function(*leaves)
    result.backward()
    return [result.data, *map(grad, leaves)]


def by_torch(
    function: Callable[..., Any], inputs: Sequence[float]
) -> list[float]:
    """The function's value, then its gradients, by PyTorch."""
    leaves = [tensor(x) for x in inputs]
    result = function(*leaves)
    result.backward()
    return [result.item(), *map(grad, leaves)]


def same(ours: float, theirs: float, tolerance: float = TOLERANCE) -> bool:
    """Whether two numbers agree; nan agrees with nan, inf with inf."""
    if math.isnan(ours) or math.isnan(theirs):
        return math.isnan(ours) and math.isnan(theirs)
    if math.isinf(ours) or math.isinf(theirs):
        return ours == theirs
    return abs(ours - theirs) <= tolerance * max(abs(ours), abs(theirs))


def all_same(
    ours: Sequence[float],
    theirs: Sequence[float],
    tolerance: float = TOLERANCE,
) -> bool:
    """Whether two lists of numbers agree, one by one."""
    pairs = zip(ours, theirs, strict=True)
    return all(same(a, b, tolerance) for a, b in pairs)


def assert_agree(
    function: Callable[..., Any], inputs: Sequence[float]
) -> None:
    """Value and gradients of ``function`` are PyTorch's."""
    ours, theirs = by_us(function, inputs), by_torch(function, inputs)
    assert all_same(ours, theirs), (
        f"{function} at {inputs}: value and gradients\n"
        f"  ours  {ours}\n  torch {theirs}"
    )


def linear(neurons: Sequence[Any]) -> torch.nn.Linear:
    """Torch's linear layer with the weights and biases of our neurons."""
    layer = torch.nn.Linear(
        len(neurons[0].w), len(neurons), dtype=torch.float64
    )
    with torch.no_grad():
        for row, neuron in enumerate(neurons):
            for column, w in enumerate(neuron.w):
                layer.weight[row, column] = w.data
            layer.bias[row] = neuron.b.data
    return layer


def in_torch(model: Any) -> torch.nn.Sequential:
    """The same network in PyTorch: same weights, tanh after every layer."""
    modules: list[torch.nn.Module] = []
    for layer in model.layers:
        modules += [linear(layer.neurons), torch.nn.Tanh()]
    return torch.nn.Sequential(*modules)


def gradients(network: torch.nn.Module) -> list[float]:
    """Torch's gradients in our order: each neuron's weights, then bias."""
    found = []
    for layer in network.modules():
        if isinstance(layer, torch.nn.Linear):
            rows = zip(layer.weight.grad, layer.bias.grad, strict=True)
            for weights, bias in rows:
                found += [*weights.tolist(), bias.item()]
    return found
