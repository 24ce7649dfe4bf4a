# Tangled from book/16-using-it.md: edit there, not here.
"""Networks as files: what has been learnt is kept."""

import json
import math
import os
import random
import reprlib
import secrets
import sys
from pathlib import Path
from typing import Any

from micrograd.engine import Value
from micrograd.nn import MLP, Activation, Layer, Neuron

#: Says in a file what it is. A change of what files say is a new version.
HEAD = {"format": "micrograd network", "version": 1}

#: What neurons may do to their sums, as a file calls it.
ACTIVATIONS = (None, "tanh", "relu", "sigmoid")


def save(model: MLP, path: str | Path) -> None:
    """Write a network to a file of JSON, every number to its last digit.

    If that fails, the file is as it was before. `TypeError` or `ValueError`
    for what a file couldn't give back: a class or an activation of one's
    own, sizes that don't fit, inf and nan.
    """
    write(described(model), path)


def write(described: dict[str, Any], path: str | Path) -> None:
    """Write a file of JSON. If that fails, it is as it was before."""
    # Each neuron gets a line.
    text = json.dumps(described).replace('{"', '\n{"').lstrip()
    target = Path(path).resolve()
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}")
    half = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with half.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(half, target)
    finally:
        half.unlink(missing_ok=True)


def described(model: MLP) -> dict[str, Any]:
    """What a file says of a network."""
    names = activation_names(model)
    check_finite(model)
    layers = [
        {
            "activation": name,
            "neurons": [
                {"weights": [w.data for w in neuron.w], "bias": neuron.b.data}
                for neuron in layer.neurons
            ],
        }
        for name, layer in zip(names, model.layers)
    ]
    inputs = len(model.layers[0].neurons[0].w)
    return {**HEAD, "inputs": inputs, "layers": layers}


def activation_names(model: MLP) -> list[str | None]:
    """For each layer the name of its activation.

    `TypeError` or `ValueError` for a network that isn't simply an MLP, or
    whose sizes don't fit.
    """
    check_kind(model, MLP, "the model")
    check_some(model.layers, "layers")
    names = []
    width = None
    for i, layer in enumerate(model.layers):
        check_kind(layer, Layer, f"layers[{i}]")
        check_some(layer.neurons, f"layers[{i}].neurons")
        found = []
        for j, neuron in enumerate(layer.neurons):
            place = f"layers[{i}].neurons[{j}]"
            check_kind(neuron, Neuron, place)
            for value in neuron.parameters():
                if not isinstance(value, Value):
                    raise TypeError(f"{place} has a {value!r} for a Value")
            width = len(neuron.w) if width is None else width
            check_width(neuron.w, width, place)
            found.append(activation_name(neuron, place))
        if len(set(found)) > 1:
            raise ValueError(
                f"layers[{i}] has neurons with different activations, and a "
                "file knows one for each layer"
            )
        names.append(found[0])
        width = len(layer.neurons)
    return names


def check_kind(thing: object, kind: type, place: str) -> None:
    """`TypeError` unless this is of that class, and no other."""
    if not isinstance(thing, kind):
        raise TypeError(f"{place} is {thing!r}, and no {kind.__name__}")
    if type(thing) is not kind:
        raise TypeError(
            f"{place} is a {type(thing).__name__}, and a file can't keep its "
            f"code: copy its parameters into a plain {kind.__name__} first"
        )


def check_some(things: Any, place: str) -> None:
    """`ValueError` unless this is a list with something in it."""
    if not isinstance(things, list) or not things:
        raise misfit(place, things, "a list with something in it")


def check_width(weights: list[Any], width: int, place: str) -> None:
    """`ValueError` unless there is a weight for each input."""
    check_some(weights, f"the weights of {place}")
    if len(weights) != width:
        raise ValueError(
            f"{place} has {len(weights)} weights, but gets {width} inputs"
        )


def activation_name(neuron: Neuron, place: str) -> str | None:
    """The name of a neuron's activation; `ValueError` if a file has none."""
    for name in ACTIVATIONS:
        if neuron.activation is activation_named(name):
            return name
    raise ValueError(
        f"{place} has the activation {neuron.activation!r}, which no file can "
        "name: take Value.tanh, Value.relu, Value.sigmoid or None"
    )


def check_finite(model: MLP) -> None:
    """`ValueError` if a parameter is inf or nan."""
    for i, layer in enumerate(model.layers):
        for j, neuron in enumerate(layer.neurons):
            names = [*(f"w[{k}]" for k in range(len(neuron.w))), "b"]
            for name, value in zip(names, neuron.parameters()):
                if not math.isfinite(value.data):
                    raise ValueError(
                        f"layers[{i}].neurons[{j}].{name} is {value.data}: "
                        "training has run away, and nothing is saved. Train "
                        "again with a smaller learning rate, or scale the "
                        "inputs"
                    )


def load(path: str | Path, into: MLP | None = None) -> MLP:
    """The network that a file holds; `ValueError` if it holds none.

    With ``into`` the numbers go into that network, which must have the same
    sizes and activations. It is changed only if all is well.
    """
    try:
        model = network(parsed(Path(path).read_bytes()))
    except ValueError as problem:
        raise ValueError(
            f"{path}: {problem}. Take a copy of the file that is as it was "
            "saved, or train and save the network again"
        ) from None
    if into is None:
        return model
    return fill(into, model, path, or_else=", or load without into")


def fill(into: MLP, model: MLP, source: object, or_else: str = "") -> MLP:
    """Give a network the parameters of one that ``source`` holds.

    `ValueError` if they haven't got the same sizes and activations, with
    what else one can do.
    """
    theirs, ours = (
        f"{one} with the activations {activation_names(one)}"
        for one in (model, into)
    )
    if theirs != ours:
        raise ValueError(
            f"{source} holds {theirs}, which doesn't go into {ours}: make "
            f"that network like the one that was saved{or_else}"
        )
    for parameter, loaded in zip(into.parameters(), model.parameters()):
        parameter.data = loaded.data
    return into


def network(described: Any) -> MLP:
    """The network that a file describes; `ValueError` if it doesn't fit."""
    inputs, layers = check_network(described)
    sizes = [len(layer["neurons"]) for layer in layers]
    # The numbers that it starts with are replaced: no luck is used up.
    model = MLP(inputs, sizes, rng=random.Random(0))
    for layer, told in zip(model.layers, layers):
        for neuron, numbers in zip(layer.neurons, told["neurons"]):
            neuron.activation = activation_named(told["activation"])
            for w, number in zip(neuron.w, numbers["weights"]):
                w.data = number
            neuron.b.data = numbers["bias"]
    return model


def activation_named(name: str | None) -> Activation:
    """The operation of `Value` that has this name; None if it is None."""
    return getattr(Value, name) if name else None


def parsed(text: bytes) -> Any:
    """What a text of JSON says; `ValueError` if it is none, or half of one."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ValueError(
            "this isn't JSON, or not the whole of it, as if it had been cut "
            f"off or were a file of another kind ({problem})"
        ) from None


def check_network(described: Any) -> tuple[int, list[Any]]:
    """The inputs and the layers, if all that a file says fits together."""
    kind = described.get("format") if isinstance(described, dict) else None
    if kind != HEAD["format"]:
        raise ValueError("this is JSON, but not a network that was saved")
    version = described.get("version")
    if type(version) is not int or version != HEAD["version"]:
        known = f"{HEAD['version']} (a newer micrograd may know it)"
        raise misfit("version", version, known)
    names = [*HEAD, "inputs", "layers"]
    _, _, inputs, layers = fields(described, names, "the file")
    if type(inputs) is not int or inputs < 1:
        raise misfit("inputs", inputs, "a whole number from 1")
    check_some(layers, "layers")
    width = inputs
    for i, layer in enumerate(layers):
        place = f"layers[{i}]"
        name, neurons = fields(layer, ["activation", "neurons"], place)
        if name not in ACTIVATIONS:
            known = 'null, "tanh", "relu" or "sigmoid"'
            raise misfit(f"{place}.activation", name, known)
        check_some(neurons, f"{place}.neurons")
        for j, neuron in enumerate(neurons):
            check_neuron(neuron, width, f"{place}.neurons[{j}]")
        width = len(neurons)
    return inputs, layers


def check_neuron(neuron: Any, width: int, place: str) -> None:
    """`ValueError` unless a neuron's numbers are such, and as many."""
    weights, bias = fields(neuron, ["weights", "bias"], place)
    check_width(weights, width, place)
    names = [*(f"weights[{k}]" for k in range(width)), "bias"]
    for name, x in zip(names, [*weights, bias]):
        check_number(x, f"{place}.{name}")


def check_number(x: Any, place: str) -> None:
    """`ValueError` unless this is a number that a float can be."""
    # Of a whole number that is too large for that, isfinite fails.
    largest = sys.float_info.max
    if type(x) not in (int, float) or not -largest <= x <= largest:
        raise misfit(place, x, "a finite number")


def fields(thing: Any, names: list[str], place: str) -> list[Any]:
    """What is said under these names, which must be all that there are."""
    if not isinstance(thing, dict):
        raise misfit(place, thing, f"an object with the names {names}")
    if set(thing) != set(names):
        has = reprlib.repr(list(thing))
        raise ValueError(f"{place} has the names {has}, not {names}")
    return [thing[name] for name in names]


def misfit(place: str, thing: object, wanted: str) -> ValueError:
    """The error that says what stands somewhere, and what should."""
    return ValueError(f"{place} is {reprlib.repr(thing)}, not {wanted}")
