"""From chapter 16 on: what users are told of wrong data, word by word."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from micrograd.data import Scaler
from micrograd.engine import Value
from micrograd.metrics import accuracy, argmax
from micrograd.nn import MLP, Layer
from micrograd.saving import load, save

AGAIN = (
    ". Take a copy of the file that is as it was saved, or train and save the "
    "network again"
)


class Own(Layer):
    """A layer that no file can give back."""


def network(activation: Any = Value.relu) -> MLP:
    return MLP(1, [1], output=activation, rng=random.Random(1))


def with_own_layer() -> MLP:
    model = network()
    model.layers[0] = Own(1, 1, activation=Value.relu)
    return model


def loaded(text: str, into: MLP | None = None) -> MLP:
    Path("a.json").write_text(text)
    return load("a.json", into)


def changed(**changes: Any) -> str:
    """What a file says of a network, but for some of it."""
    save(network(), "a.json")
    return json.dumps(json.loads(Path("a.json").read_text()) | changes)


def layer(**changes: Any) -> dict[str, Any]:
    neuron = {"weights": [0.5], "bias": 0.5}
    return {"activation": "relu", "neurons": [neuron]} | changes


def no_wish(x: Value) -> Value:
    return x


TOLD: dict[str, Callable[[], object]] = {
    "no score is the highest of [nan]: is there a nan among the inputs, or has"
    " training run away?": lambda: argmax([Value(float("nan"))]),
    "the answer 'a' is no label as 0 is: take the argmax of scores, and name "
    "both in the same way": lambda: accuracy(["a"], [0]),
    "column 1 of row 0 (counted from 0) is [2.0]: rows are lists of numbers, "
    "without their labels, and are scaled one at a time": lambda: Scaler(
        [[1.0, [2.0]]]  # type: ignore[list-item]
    ),
    "column 0 of row 0 (counted from 0) is 'x': make a number of it, by "
    "float(text), or of a name by names.index(name)": lambda: Scaler(
        [["x"]]  # type: ignore[list-item]
    ),
    "column 0 of row 0 (counted from 0) is inf, which isn't finite, or too "
    "large: leave that row out, or fill in what is missing": lambda: Scaler(
        [[float("inf")]]
    ),
    "each neuron has 1 numbers, but there are 2 columns": lambda: Scaler(
        [[1.0, 2.0], [2.0, 4.0]]
    ).fold_into(network()),
    "layers[0] is a Own, and a file can't keep its code: copy its parameters "
    "into a plain Layer first": lambda: save(with_own_layer(), "b.json"),
    "layers is [], not a list with something in it" + AGAIN: lambda: loaded(
        changed(layers=[])
    ),
    "this is JSON, but not a network that was saved" + AGAIN: lambda: loaded(
        "{}"
    ),
    "this isn't JSON, or not the whole of it, as if it had been cut off or "
    "were a file of another kind (Expecting value: line 1 column 1 (char 0))"
    + AGAIN: lambda: loaded("x"),
    "inputs is 0, not a whole number from 1" + AGAIN: lambda: loaded(
        changed(inputs=0)
    ),
    'layers[0].activation is \'x\', not null, "tanh", "relu" or '
    '"sigmoid"' + AGAIN: lambda: loaded(
        changed(layers=[layer(activation="x")])
    ),
    "holds MLP(1, [1]) with the activations ['relu'], which doesn't go into "
    "MLP(1, [1]) with the activations ['tanh']: make that network like the "
    "one that was saved, or load without into": lambda: loaded(
        changed(), network(Value.tanh)
    ),
}


@pytest.mark.parametrize("words", TOLD)
def test_it_is_told_in_these_words(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects what to do about it from being lost in a change."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises((TypeError, ValueError)) as refusal:
        TOLD[words]()
    told = str(refusal.value).removeprefix("a.json: ")
    assert told.removeprefix("a.json ") == words


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    """Protects from the name of a file that nobody has asked for."""
    with pytest.raises(FileNotFoundError) as refusal:
        save(network(), tmp_path / "gone" / "a.json")
    assert str(refusal.value) == f"there is no folder {tmp_path / 'gone'}"


def test_an_activation_of_ones_own_is_told() -> None:
    """Protects who has written an activation, and wants to keep a network."""
    with pytest.raises(ValueError, match=r"^layers") as refusal:
        save(network(no_wish), "c.json")
    assert str(refusal.value) == (
        f"layers[0].neurons[0] has the activation {no_wish!r}, which no file "
        "can name: take Value.tanh, Value.relu, Value.sigmoid or None"
    )
