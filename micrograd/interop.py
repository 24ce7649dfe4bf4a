# Tangled from book/24-many-machines.md: edit there, not here.
"""Networks from here to PyTorch, and back."""

from importlib.util import find_spec
from typing import Any

from micrograd.nn import MLP
from micrograd.saving import HEAD, activation_names, network


def torch_nn() -> Any:
    """The module ``torch.nn``; `ModuleNotFoundError` if it isn't there."""
    if find_spec("torch") is None:
        raise ModuleNotFoundError(
            "this needs PyTorch: pip install torch", name="torch"
        )
    import torch

    return torch.nn


def to_torch(model: MLP) -> Any:
    """The same network as a ``torch.nn.Sequential``, in float64.

    `TypeError` or `ValueError` for what has no counterpart there: classes
    and activations of one's own.
    """
    nn = torch_nn()
    from torch import float64, tensor

    modules = []
    for layer, name in zip(model.layers, activation_names(model)):
        inputs, outputs = len(layer.neurons[0].w), len(layer.neurons)
        linear = nn.Linear(inputs, outputs, dtype=float64)
        rows = [[w.data for w in neuron.w] for neuron in layer.neurons]
        linear.weight.data = tensor(rows, dtype=float64)
        biases = [neuron.b.data for neuron in layer.neurons]
        linear.bias.data = tensor(biases, dtype=float64)
        modules.append(linear)
        if name:
            modules.append(getattr(nn, TORCHS[name])())
    return nn.Sequential(*modules)


#: What torch.nn calls our activations.
TORCHS = {"tanh": "Tanh", "relu": "ReLU", "sigmoid": "Sigmoid"}


def from_torch(module: Any) -> MLP:
    """The same network as an MLP, from a ``torch.nn.Sequential``.

    It may consist of Linear, Tanh, ReLU and Sigmoid. `ValueError` for what
    has no counterpart here.
    """
    nn = torch_nn()
    names = {getattr(nn, torchs): name for name, torchs in TORCHS.items()}
    if type(module) is not nn.Sequential:
        raise ValueError(f"an MLP can be made of a Sequential, not {module!r}")
    layers: list[dict[str, Any]] = []
    for i, part in enumerate(module):
        if type(part) is nn.Linear and part.bias is not None:
            rows = zip(part.weight.tolist(), part.bias.tolist())
            neurons = [{"weights": w, "bias": b} for w, b in rows]
            layers.append({"activation": None, "neurons": neurons})
        elif type(part) in names and layers and not layers[-1]["activation"]:
            layers[-1]["activation"] = names[type(part)]
        else:
            raise ValueError(
                f"part {i}, {part!r}, has no counterpart in an MLP: that has "
                "Linear layers with a bias, and behind each of them at most "
                "one of Tanh, ReLU and Sigmoid"
            )
    inputs = module[0].in_features if layers else 0
    return network({**HEAD, "inputs": inputs, "layers": layers})
