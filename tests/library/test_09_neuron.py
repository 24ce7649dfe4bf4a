"""From chapter 9 on: a neuron, and what has parameters."""

import random
from typing import Any

import numpy as np
import pytest
import torch

from micrograd.engine import Value
from micrograd.nn import Module, Neuron
from oracle import all_same, gradients, linear


def test_a_neuron_is_torchs_linear_layer_under_a_tanh() -> None:
    """Protects the neuron's value, and every gradient in it."""
    neuron = Neuron(3)
    neuron.b.data = 0.25
    x = [Value(0.5), Value(-1.0), Value(2.0)]
    out = neuron(x)
    out.backward()

    layer = linear([neuron])
    t = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64, requires_grad=True)
    expected = layer(t).tanh()
    expected.backward()

    assert all_same([out.data], expected.tolist())
    assert all_same([p.grad for p in neuron.parameters()], gradients(layer))
    assert all_same([xi.grad for xi in x], t.grad.tolist())


@pytest.mark.parametrize(
    "x",
    [
        [1, 2],
        (1.0, 2.0),
        [Value(1.0), 2],
        [True, np.float64(2.0)],
        np.array([1.0, 2.0]),
        np.array([1, 2], dtype=np.float32),
    ],
    ids=str,
)
def test_inputs_are_numbers_or_values(x: Any) -> None:
    """Protects callers from converting rows of data themselves."""
    neuron = Neuron(2)
    out = neuron(x)
    assert type(out) is Value
    assert out.data == neuron([Value(1.0), Value(2.0)]).data


def test_a_neuron_lists_its_weights_and_then_its_bias() -> None:
    """Protects the order that copied weights rely on."""
    neuron = Neuron(3)
    assert neuron.parameters() == [*neuron.w, neuron.b]
    assert len(neuron.w) == 3


def test_a_new_neuron_has_small_weights_and_no_bias() -> None:
    """Protects training from starting where tanh is flat."""
    for nin in (1, 2, 10):
        neuron = Neuron(nin)
        assert all(-1.0 <= w.data <= 1.0 for w in neuron.w)
        assert neuron.b.data == 0.0


def test_a_seed_makes_the_same_neuron_again() -> None:
    """Protects reproducible pages."""
    drawn = []
    for seed in (1, 1, 2):
        random.seed(seed)
        drawn.append([w.data for w in Neuron(4).w])
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("inputs", [[], [1.0], [1.0] * 3, [1.0] * 4])
def test_a_wrong_number_of_inputs_is_refused_with_both_numbers(
    inputs: list[float],
) -> None:
    """Protects from `zip`, which would drop what is too much."""
    with pytest.raises(ValueError) as refusal:
        Neuron(2)(inputs)
    said = f"this Neuron takes 2 inputs, but got {len(inputs)}"
    assert str(refusal.value) == said


@pytest.mark.parametrize("nin", [0, -1])
def test_a_neuron_without_inputs_is_refused(nin: int) -> None:
    """Protects from a neuron that is a constant."""
    with pytest.raises(ValueError) as refusal:
        Neuron(nin)
    said = f"a Neuron needs at least 1 input, not {nin}"
    assert str(refusal.value) == said


def test_an_input_that_is_no_number_is_refused() -> None:
    """Protects from text that came out of a file."""
    with pytest.raises(TypeError):
        Neuron(2)(["1.0", "2.0"])


def test_zero_grad_forgets_the_gradients_of_all_parameters() -> None:
    """Protects the training loop's first step."""
    neuron = Neuron(2)
    neuron([1.0, 2.0]).backward()
    assert all(p.grad != 0.0 for p in neuron.parameters())
    neuron.zero_grad()
    assert [p.grad for p in neuron.parameters()] == [0.0, 0.0, 0.0]


def test_what_names_its_parameters_can_zero_their_gradients() -> None:
    """Protects `Module` as a base for a user's own."""

    class Line(Module):
        def __init__(self) -> None:
            self.slope = Value(2.0)

        def parameters(self) -> list[Value]:
            return [self.slope]

    assert Module().parameters() == []
    Module().zero_grad()
    line = Line()
    line.slope.grad = 3.0
    line.zero_grad()
    assert line.slope.grad == 0.0


def test_a_neuron_reads_as_what_it_is() -> None:
    """Protects what a notebook prints: no memory address."""
    assert repr(Neuron(3)) == "Neuron(3, activation=tanh)"
