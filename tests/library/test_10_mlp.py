"""From chapter 10 on: layers, and the multi-layer perceptron."""

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from micrograd.engine import Value
from micrograd.nn import MLP, Layer, Module, Neuron
from oracle import all_same, gradients, in_torch


@pytest.mark.parametrize(
    ("nin", "nouts"),
    [(3, [4, 4, 1]), (2, [1]), (1, [1, 1]), (2, [1, 3]), (4, [3, 1, 2])],
    ids=str,
)
def test_a_network_is_torchs(nin: int, nouts: list[int]) -> None:
    """Protects value and gradients, one-neuron hidden layers included."""
    model = MLP(nin, nouts)
    for i, p in enumerate(model.parameters()):
        p.data += 0.01 * i  # Biases other than zero, too.
    network = in_torch(model)
    x = [0.5 - i for i in range(nin)]

    out = model(x)
    outs = out if isinstance(out, list) else [out]
    sum(outs).backward()
    expected = network(torch.tensor(x, dtype=torch.float64))
    expected.sum().backward()

    assert all_same([o.data for o in outs], expected.tolist())
    assert all_same([p.grad for p in model.parameters()], gradients(network))


def test_a_layer_returns_a_list_always() -> None:
    """Protects the layer after a layer of one neuron."""
    for nout in (1, 2, 3):
        out = Layer(2, nout)([1.0, 2.0])
        assert type(out) is list
        assert [type(o) for o in out] == [Value] * nout


def test_a_network_with_one_output_returns_it_bare() -> None:
    """Protects `loss = (model(x) - y)**2`."""
    assert type(MLP(2, [3, 1])([1.0, 2.0])) is Value
    assert len(MLP(2, [3, 2])([1.0, 2.0])) == 2


def test_the_books_network_has_41_parameters() -> None:
    """Protects the count that chapter 10 explains."""
    assert len(MLP(3, [4, 4, 1]).parameters()) == 41


def test_parameters_come_layer_by_layer_and_neuron_by_neuron() -> None:
    """Protects the order that copied weights rely on."""
    model = MLP(2, [2, 1])
    in_order = []
    for layer in model.layers:
        for neuron in layer.neurons:
            in_order += [*neuron.w, neuron.b]
    assert model.parameters() == in_order
    assert model.layers[0].parameters() == in_order[:6]
    assert len(set(in_order)) == 9


@pytest.mark.parametrize("nin", [1, 4, 100])
def test_weights_are_drawn_from_within_one_over_root_nin(nin: int) -> None:
    """Protects the start of training: tanh must not be saturated."""
    bound = nin**-0.5
    layer = Layer(nin, 1000 // nin)
    weights = [abs(w.data) for neuron in layer.neurons for w in neuron.w]
    assert max(weights) <= bound
    assert max(weights) > 0.95 * bound
    assert sum(weights) / len(weights) == pytest.approx(bound / 2, rel=0.1)
    assert all(neuron.b.data == 0.0 for neuron in layer.neurons)


def test_an_rng_of_ones_own_makes_the_same_network_again() -> None:
    """Protects reproducible pages; the global generator is left alone."""

    def draw(seed: int) -> list[float]:
        model = MLP(2, [3, 1], rng=random.Random(seed))
        return [p.data for p in model.parameters()]

    state = random.getstate()
    assert draw(1) == draw(1) != draw(2)
    assert random.getstate() == state


def test_without_an_rng_the_global_seed_counts() -> None:
    """Protects notebooks that begin with `random.seed`."""
    drawn = []
    for seed in (1, 1, 2):
        random.seed(seed)
        drawn.append([p.data for p in MLP(2, [3, 1]).parameters()])
    assert drawn[0] == drawn[1] != drawn[2]


NETWORKS: list[Callable[[int], Any]] = [
    lambda nin: Neuron(nin),
    lambda nin: Layer(nin, 2),
    lambda nin: MLP(nin, [2, 1]),
]


@pytest.mark.parametrize("make", NETWORKS, ids=["Neuron", "Layer", "MLP"])
@pytest.mark.parametrize("count", [0, 1, 2, 4, 7])
def test_a_wrong_number_of_inputs_is_refused_with_both_numbers(
    make: Callable[[int], Any], count: int
) -> None:
    """Protects from `zip`, which would drop what is too much."""
    with pytest.raises(ValueError, match="3") as refusal:
        make(3)([1.0] * count)
    assert str(count) in str(refusal.value)


def test_a_network_without_layers_is_refused() -> None:
    """Protects from a network that is no function."""
    said = "an MLP needs at least 1 layer; nouts is empty"
    with pytest.raises(ValueError, match=f"^{said}$"):
        MLP(3, [])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Layer(0, 2),
        lambda: Layer(2, 0),
        lambda: Layer(2, -1),
        lambda: MLP(0, [1]),
        lambda: MLP(-1, [1]),
        lambda: MLP(2, [0]),
        lambda: MLP(2, [3, 0, 1]),
    ],
    ids=range(7),
)
def test_a_size_below_one_is_refused(make: Callable[[], Module]) -> None:
    """Protects from layers through which nothing passes."""
    with pytest.raises(ValueError, match=r"0|-1"):
        make()


def test_zero_grad_reaches_every_parameter() -> None:
    """Protects the training loop's first step."""
    model = MLP(2, [2, 1])
    model([1.0, -2.0]).backward()
    assert all(p.grad != 0.0 for p in model.parameters())
    model.zero_grad()
    assert all(p.grad == 0.0 for p in model.parameters())


@pytest.mark.parametrize("nout", [0, -1])
def test_a_layer_without_neurons_is_refused(nout: int) -> None:
    """Protects the message: what there must be, and what was asked for."""
    with pytest.raises(ValueError) as refusal:
        Layer(2, nout)
    said = f"a Layer needs at least 1 neuron, not {nout}"
    assert str(refusal.value) == said


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (Layer(2, 3), "Layer(2, 3)"),
        (Layer(2, 1), "Layer(2, 1)"),
        (MLP(3, [4, 4, 1]), "MLP(3, [4, 4, 1])"),
        (MLP(2, [1]), "MLP(2, [1])"),
    ],
)
def test_a_network_reads_as_what_it_is(model: Module, text: str) -> None:
    """Protects what a notebook prints: no memory address."""
    assert repr(model) == text


def test_outputs_are_a_list_whatever_their_number() -> None:
    """Protects typed programs: of this method the type is known."""
    x = [0.5, -1.0]
    one, two = MLP(2, [3, 1]), MLP(2, [3, 2])
    assert [y.data for y in one.outputs(x)] == [one(x).data]
    assert [y.data for y in two.outputs(x)] == [y.data for y in two(x)]


TABLES: list[Any] = [
    [[1.0, 2.0], [3.0, 4.0]],
    [(1.0, 2.0)],
    ([Value(1.0), Value(2.0)],),
    np.array([[1.0, 2.0], [3.0, 4.0]]),
    np.array([[1.0], [2.0]]),
    list(np.array([[1.0, 2.0], [3.0, 4.0]])),
    zip([1.0, 2.0], [3.0, 4.0], strict=True),
    [1.0, [2.0]],
]


@pytest.mark.parametrize("table", TABLES, ids=range(len(TABLES)))
def test_a_table_is_refused_with_how_to_pass_its_rows(table: Any) -> None:
    """Protects who knows other libraries: there, one passes all rows."""
    said = (
        "pass one example at a time, as in [model(x) for x in rows]: "
        "a list of 2 inputs is wanted, not a list of lists"
    )
    with pytest.raises(TypeError, match=f"^{re.escape(said)}$"):
        MLP(2, [3, 1])(table)


class Frame:
    """What is like pandas' tables: one goes through the columns' names."""

    shape = (3, 2)

    def __iter__(self) -> Iterator[str]:
        return iter(["width", "height"])


def test_a_table_with_names_is_refused_as_a_table() -> None:
    """Protects who passes a table of pandas, whose shape says what it is."""
    table: Any = Frame()
    with pytest.raises(TypeError, match="one example at a time"):
        MLP(2, [1])(table)


@pytest.mark.parametrize(
    "call", [Layer(2, 3), MLP(2, [3, 1]), MLP(2, [3, 2]).outputs]
)
def test_all_that_takes_an_example_refuses_a_table(
    call: Callable[[Any], object],
) -> None:
    """Protects the ways in: a layer, a network, and its outputs."""
    with pytest.raises(TypeError, match="one example at a time"):
        call([[1.0, 2.0]] * 2)


@pytest.mark.parametrize("x", [3.0, 7, Value(3.0), None, np.array(3.0)])
def test_a_bare_number_is_refused_with_how_many_are_wanted(x: Any) -> None:
    """Protects who has but one number: a list of it is still a list."""
    said = f"a list of 2 inputs is wanted, not {x!r}"
    with pytest.raises(TypeError, match=f"^{re.escape(said)}$"):
        MLP(2, [1])(x)


@pytest.mark.parametrize(
    "x",
    [["1", "2"], "12", [b"1", 2.0], [1.0, None], np.array(["1", "2"])],
    ids=str,
)
def test_what_else_is_no_number_is_refused_by_its_value(x: Any) -> None:
    """Protects from being told of rows where there are none."""
    with pytest.raises(TypeError, match=r"^a Value holds one real number"):
        MLP(2, [1])(x)


@pytest.mark.parametrize(
    "x",
    [
        (1.0, Value(2.0)),
        np.array([1.0, 2.0]),
        {1.0: "", 2.0: ""},
        torch.tensor([1.0, 2.0]),
    ],
)
def test_all_that_gives_numbers_in_turn_is_an_example(x: Any) -> None:
    """Protects users' data: arrays, and their rows, are lists enough."""
    model = MLP(2, [1])
    assert model(x).data == model([1.0, 2.0]).data
    assert model(iter(x)).data == model([1.0, 2.0]).data


NONLIN = (
    "there is no nonlin: say activation=None for a linear neuron, "
    "activation=Value.relu for the original's; of an MLP's last layer "
    "it is called output"
)
BACKWARD = (
    "there is no _backward: an operation states its local gradients, as "
    "in Value(result, (a, b), 'name', (slope_for_a, slope_for_b))"
)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Neuron(2, nonlin=False),
        lambda: Layer(2, 2, nonlin=True),
        lambda: MLP(2, [2, 1], nonlin=False),
    ],
)
def test_the_originals_word_for_a_bend_is_answered_with_ours(
    make: Callable[[], object],
) -> None:
    """Protects who comes from micrograd: the error says how to write it."""
    with pytest.raises(TypeError, match=f"^{re.escape(NONLIN)}$"):
        make()


def test_a_closure_that_passes_gradients_on_is_refused() -> None:
    """Protects who brings operations for micrograd, reading or setting."""
    result = Value(2.0) * 3
    with pytest.raises(AttributeError, match=f"^{re.escape(BACKWARD)}$"):
        result._backward()
    with pytest.raises(AttributeError, match=f"^{re.escape(BACKWARD)}$"):
        result._backward = lambda: None  # type: ignore[method-assign]
    assert not hasattr(result, "_backward")
