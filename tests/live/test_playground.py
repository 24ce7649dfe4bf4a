"""What the playground's page asks of Python, and gets from it."""

from __future__ import annotations

import json
from base64 import b64decode
from struct import unpack

import pytest

import training
from micrograd.compiler.running import Module
from micrograd.experiment import FEATURES, FIELDS, Experiment, Settings

QUERIES = [
    "",
    f"features={','.join(FEATURES)}&hidden=3-2&activation=relu&seed=5",
    "features=xy&hidden=1-2-3-4&activation=sigmoid&decay=0.5&rate=0.1",
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_network_trains_as_the_library_does(query: str) -> None:
    """Protects the page: it has no other numbers than these, to the digit."""
    network = training.network(query)
    experiment = Experiment(Settings.from_query(query))
    parameters = experiment.model.parameters()
    start = [p.data for p in parameters]
    packed = b64decode(network["start"])
    assert list(unpack(f"<{len(start)}d", packed)) == start
    machine = Module(b64decode(network["training"])).start()
    machine.write("p", start)
    machine.write("k0", [0.0] * len(start))
    machine.write("x", [x for row in experiment.examples for x in row])
    machine.write("h", [experiment.settings.rate, 0.0])
    machine.call("descend", len(experiment.examples), 5)
    experiment.step(5)
    assert list(machine.read("g", 1)) == experiment.losses[-1:]
    assert list(machine.read("p", len(start))) == [p.data for p in parameters]
    assert network["sizes"] == [
        *(len(experiment.settings.features), *experiment.settings.hidden, 1)
    ]
    json.dumps(network)  # plain data


@pytest.mark.parametrize("query", QUERIES)
def test_every_neuron_says_something(query: str) -> None:
    """Protects the pictures: each is that of its own neuron."""
    network = training.network(query)
    experiment = Experiment(Settings.from_query(query))
    machine = Module(b64decode(network["neurons"])).start()
    machine.write("p", [p.data for p in experiment.model.parameters()])
    machine.write("x", [0.3, -0.7])
    machine.call("evaluate", 1)
    said = list(machine.read("g", sum(network["sizes"])))
    layers = [experiment.features((0.3, -0.7))]
    for layer in experiment.model.layers:
        layers.append([value.data for value in layer(layers[-1])])
    output = layers.pop()
    wanted = [*output, *(x for layer in layers for x in layer)]
    assert said == pytest.approx(wanted, rel=1e-12, abs=1e-15)
    assert said[:1] == experiment.scores([(0.3, -0.7)])


@pytest.mark.parametrize("query", ["", "data=xor&points=7&test=30&seed=4"])
def test_examples_are_the_library_s(query: str) -> None:
    """Protects the plane, which shows what is learnt from and what isn't."""
    experiment = Experiment(Settings.from_query(query))
    assert training.examples(query) == {
        "examples": list(map(list, experiment.examples)),
        "tests": list(map(list, experiment.tests)),
    }


@pytest.mark.parametrize("ask", [training.network, training.examples])
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("noise=3", "noise must be a number from 0 to 1, not '3'"),
        ("data=<script>", "data must be one of moons, circles, xor, spiral"),
        ("seed=1&seed=2", "seed is there more than once"),
        (f"hidden={'9' * 5000}", "hidden must be 1 to 4 whole numbers"),
    ],
)
def test_what_is_refused_is_said(ask: object, query: str, words: str) -> None:
    """Protects readers from links that are wrong."""
    refused = ask(query)  # type: ignore[operator]
    assert list(refused) == ["refused"]
    assert refused["refused"].startswith(words)
    assert len(refused["refused"]) < 200  # which can be read


def test_the_page_begins_with_all_that_it_shows() -> None:
    """Protects the form: each setting, what it may be, and its default."""
    begin = training.begin()
    fields = {field["name"]: field for field in begin["fields"]}
    assert list(fields) == list(FIELDS)
    for name, field in fields.items():
        read = FIELDS[name].read(field["default"])
        assert read == getattr(Settings(), name)
    assert fields["activation"]["choices"] == ["tanh", "relu", "sigmoid"]
    assert fields["test"]["limits"] == [0, 90]
    assert begin["network"] == training.network("")
    assert begin["examples"] == training.examples("")
    json.dumps(begin)
