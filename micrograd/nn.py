# Tangled from chapters 9, 10 and 14 in book/: edit there, not here.
"""Neurons, layers of neurons, and networks of layers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, cast

from micrograd.engine import Number, Value, is_number


class Module:
    """Something with parameters: a neuron, a layer, a network."""

    def parameters(self) -> list[Value]:
        """The values that training may change, always in the same order."""
        return []

    def zero_grad(self) -> None:
        """Set the gradients of all parameters back to zero."""
        for parameter in self.parameters():
            parameter.grad = 0.0


#: What a neuron does to its sum; None leaves it as it is.
Activation = Callable[[Value], Value] | None


class Neuron(Module):
    r"""A weighted sum of inputs, plus a bias, through an activation.

    It takes ``nin`` inputs :math:`x_i` and gives :math:`f(\sum_i x_i w_i + b)`
    with the weights :math:`w_i` in ``w``, the bias :math:`b` in ``b`` and the
    function :math:`f` in ``activation``. Weights start at random, from ``rng``
    if it is given.
    """

    def __init__(
        self,
        nin: int,
        *,
        activation: Activation = Value.tanh,
        rng: random.Random | None = None,
        nonlin: None = None,
    ) -> None:
        r"""Weights start within :math:`\pm 1 / \sqrt{n}` for :math:`n` inputs.

        So the sum keeps its size, however many they are (LeCun et al. 1998).
        `ValueError` if there is no input.
        """
        _refuse_nonlin(nonlin)
        if nin < 1:
            raise ValueError(f"a Neuron needs at least 1 input, not {nin}")
        uniform = random.uniform if rng is None else rng.uniform
        # The sum of nin products stays of the same size for any nin.
        bound = 1.0 / math.sqrt(nin)
        self.w = [Value(uniform(-bound, bound)) for _ in range(nin)]
        self.b = Value(0.0)
        self.activation = activation

    def __call__(self, x: Iterable[Value | Number]) -> Value:
        """The output for ``x``; `ValueError` on a wrong number of inputs."""
        return self.forward(as_values(x, len(self.w)))

    def forward(self, x: Sequence[Value]) -> Value:
        """The same for inputs that are values already."""
        if len(x) != len(self.w):
            raise ValueError(
                f"this Neuron takes {len(self.w)} inputs, but got {len(x)}"
            )
        total = Value.dot(self.w, x, self.b)
        return self.activation(total) if self.activation else total

    def parameters(self) -> list[Value]:
        """The weights, then the bias."""
        return [*self.w, self.b]

    def __repr__(self) -> str:
        activation = getattr(self.activation, "__name__", self.activation)
        return f"Neuron({len(self.w)}, activation={activation})"


def _refuse_nonlin(nonlin: object) -> None:
    """A `TypeError` that says how to write the original's ``nonlin``."""
    if nonlin is not None:
        raise TypeError(
            "there is no nonlin: say activation=None for a linear neuron, "
            "activation=Value.relu for the original's; of an MLP's last layer "
            "it is called output"
        )


class Layer(Module):
    """Neurons side by side, all looking at the same inputs.

    There are ``nout`` of them with ``nin`` inputs each; `ValueError` if
    either number is less than 1.
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        *,
        activation: Activation = Value.tanh,
        rng: random.Random | None = None,
        nonlin: None = None,
    ) -> None:
        _refuse_nonlin(nonlin)
        if nout < 1:
            raise ValueError(f"a Layer needs at least 1 neuron, not {nout}")
        self.neurons = [
            Neuron(nin, activation=activation, rng=rng) for _ in range(nout)
        ]

    def __call__(self, x: Iterable[Value | Number]) -> list[Value]:
        """The list of the neurons' outputs, also when it is only one."""
        nodes = as_values(x, len(self.neurons[0].w))
        return [neuron.forward(nodes) for neuron in self.neurons]

    def parameters(self) -> list[Value]:
        """Those of all the neurons, one neuron after the other."""
        return [p for neuron in self.neurons for p in neuron.parameters()]

    def __repr__(self) -> str:
        return f"Layer({len(self.neurons[0].w)}, {len(self.neurons)})"


class MLP(Module):
    """A multi-layer perceptron: layers one behind the other."""

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: Activation = Value.tanh,
        output: Activation = Value.tanh,
        rng: random.Random | None = None,
        nonlin: None = None,
    ) -> None:
        """``nin`` inputs; ``nouts`` are the numbers of neurons, by layer.

        ``activation`` is for the hidden layers, ``output`` for the last.
        `ValueError` if there is no layer, or one without neurons.
        """
        _refuse_nonlin(nonlin)
        if len(nouts) == 0:
            raise ValueError("an MLP needs at least 1 layer; nouts is empty")
        sizes = list(pairwise([nin, *nouts]))
        activations = [activation] * (len(sizes) - 1) + [output]
        self.layers = [
            Layer(a, b, activation=function, rng=rng)
            for (a, b), function in zip(sizes, activations)
        ]

    def outputs(self, x: Iterable[Value | Number]) -> list[Value]:
        """What the last layer says: a list, also when it is only one."""
        outputs = self.layers[0](x)
        for layer in self.layers[1:]:
            outputs = layer(outputs)
        return outputs

    def __call__(self, x: Iterable[Value | Number]) -> Value:
        """The output for ``x``, of a network that ends in one neuron.

        Else the list of all `outputs`, as in the original micrograd; type
        checkers don't see that, so programs with types call that method.
        """
        outputs = self.outputs(x)
        return outputs[0] if len(outputs) == 1 else cast("Value", outputs)

    def parameters(self) -> list[Value]:
        """Those of all the layers, one layer after the other."""
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        nin = len(self.layers[0].neurons[0].w)
        nouts = [len(layer.neurons) for layer in self.layers]
        return f"MLP({nin}, {nouts})"


def as_values(x: Any, n: int) -> list[Value]:
    """The ``n`` inputs of an example, as values.

    `TypeError` for several examples, and for what is no list of numbers.
    """
    try:
        return [xi if isinstance(xi, Value) else Value(xi) for xi in x]
    except TypeError:
        if is_number(x) or not isinstance(x, Iterable):
            raise TypeError(
                f"a list of {n} inputs is wanted, not {x!r}"
            ) from None
        if len(getattr(x, "shape", ())) > 1 or any(map(is_row, x)):
            raise TypeError(
                "pass one example at a time, as in [model(x) for x in rows]: "
                f"a list of {n} inputs is wanted, not a list of lists"
            ) from None
        raise


def is_row(x: object) -> bool:
    """Whether this is, in place of a number, a list of some kind."""
    return isinstance(x, Iterable) and not isinstance(x, str | bytes)
