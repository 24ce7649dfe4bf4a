"""From chapter 16 on: networks are saved, and loaded to the last bit."""

import copy
import json
import math
import os
import random
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd.engine import Value
from micrograd.nn import MLP, Layer, Neuron
from micrograd.saving import load, save

ACTIVATION = st.sampled_from([Value.tanh, Value.relu, Value.sigmoid, None])
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def network(seed: int = 1) -> MLP:
    return MLP(
        2, [3, 2], activation=Value.relu, output=None, rng=random.Random(seed)
    )


def bits(model: MLP) -> list[str]:
    """Its parameters, with the sign of a zero."""
    return [p.data.hex() for p in model.parameters()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a network."""
    save(network(), tmp_path / "network.json")
    return tmp_path / "network.json"


def described(file: Path) -> Any:
    return json.loads(file.read_text())


@given(
    st.integers(1, 4),
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    ACTIVATION,
    ACTIVATION,
    st.data(),
)
def test_what_is_loaded_is_what_was_saved(
    tmp_path_factory: pytest.TempPathFactory,
    inputs: int,
    sizes: list[int],
    hidden: Any,
    output: Any,
    data: st.DataObject,
) -> None:
    """Protects every bit, every size and every activation."""
    model = MLP(inputs, sizes, activation=hidden, output=output)
    for p in model.parameters():
        p.data = data.draw(FINITE)
    path = tmp_path_factory.getbasetemp() / "any.json"
    save(model, path)
    loaded = load(path)
    assert type(loaded) is MLP
    assert repr(loaded) == repr(model)
    assert bits(loaded) == bits(model)
    for layer, other in zip(loaded.layers, model.layers, strict=True):
        for neuron, one in zip(layer.neurons, other.neurons, strict=True):
            assert neuron.activation is one.activation
    into = MLP(inputs, sizes, activation=hidden, output=output)
    assert load(str(path), into=into) is into
    assert bits(into) == bits(model)


def test_loading_a_network_uses_up_no_luck(file: Path) -> None:
    """Protects programs with a seed."""
    state = random.getstate()
    load(file)
    assert random.getstate() == state


def test_a_file_can_be_read_by_people_and_programs(file: Path) -> None:
    """Protects the format: a change must be a new version."""
    model = network()
    assert described(file) == {
        "format": "micrograd network",
        "version": 1,
        "inputs": 2,
        "layers": [
            {
                "activation": activation,
                "neurons": [
                    {"weights": [w.data for w in n.w], "bias": n.b.data}
                    for n in layer.neurons
                ],
            }
            for activation, layer in zip(
                ["relu", None], model.layers, strict=True
            )
        ],
    }
    lines = file.read_text().splitlines()
    assert len(lines) == 1 + 2 + 5  # one for each neuron
    assert max(line.count('"bias"') for line in lines) == 1


def test_layers_may_have_activations_of_their_own(tmp_path: Path) -> None:
    """Protects networks whose layers were changed by hand."""
    model = MLP(1, [2, 2, 1], output=None)
    model.layers[1] = Layer(2, 3, activation=Value.sigmoid)
    model.layers[2] = Layer(3, 1, activation=Value.relu)
    save(model, tmp_path / "changed.json")
    loaded = load(tmp_path / "changed.json")
    assert loaded([0.5]).data == model([0.5]).data
    assert bits(loaded) == bits(model)


def changed(model: MLP, change: Callable[[MLP], object]) -> MLP:
    change(model)
    return model


class Doubled(MLP):
    """A network that a file couldn't give back."""

    def outputs(self, x: Any) -> list[Value]:
        return [2 * o for o in super().outputs(x)]


class Odd(Neuron):
    pass


def with_odd(model: MLP) -> None:
    model.layers[1].neurons[0] = Odd(3, activation=None)


def with_pair(model: MLP) -> None:
    model.layers[0].neurons[1].activation = Value.tanh


def with_lambda(model: MLP) -> None:
    model.layers[0].neurons[1].activation = lambda v: v.relu()


def wider(model: MLP) -> None:
    model.layers[0].neurons.append(Neuron(2, activation=Value.relu))


def cleared(model: MLP) -> None:
    model.layers[1].neurons.clear()


def with_float(model: MLP) -> None:
    model.layers[0].neurons[2].b = 0.5  # type: ignore[assignment]


UNFIT: dict[str, tuple[Any, type[Exception], str]] = {
    "subclass": (Doubled(1, [1]), TypeError, "the model is a Doubled"),
    "layer": (
        Layer(1, 1),
        TypeError,
        r"the model is Layer\(1, 1\), and no MLP",
    ),
    "neuron": (
        changed(network(), with_odd),
        TypeError,
        r"layers\[1\]\.neurons\[0\] is a Odd.*plain Neuron",
    ),
    "two activations": (
        changed(network(), with_pair),
        ValueError,
        r"layers\[0\] has neurons with different activations",
    ),
    "activation": (
        changed(network(), with_lambda),
        ValueError,
        r"layers\[0\]\.neurons\[1\].*<lambda>.*take Value\.tanh",
    ),
    "exp": (
        MLP(1, [1], output=Value.exp),
        ValueError,
        r"Value\.exp.*no file can name",
    ),
    "wider": (
        changed(network(), wider),
        ValueError,
        r"layers\[1\]\.neurons\[0\] has 3 weights, but gets 4 inputs",
    ),
    "no neurons": (
        changed(network(), cleared),
        ValueError,
        r"layers\[1\]\.neurons is \[\]",
    ),
    "no layers": (
        changed(network(), lambda m: m.layers.clear()),
        ValueError,
        r"layers is \[\]",
    ),
    "no weights": (
        changed(network(), lambda m: m.layers[0].neurons[0].w.clear()),
        ValueError,
        r"weights of layers\[0\]\.neurons\[0\]",
    ),
    "float": (
        changed(network(), with_float),
        TypeError,
        r"layers\[0\]\.neurons\[2\] has a 0\.5 for a Value",
    ),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_what_a_file_could_not_give_back_is_refused(
    kind: str, file: Path
) -> None:
    """Protects from a network that answers otherwise when it is loaded."""
    model, error, said = UNFIT[kind]
    before = file.read_bytes()
    with pytest.raises(error, match=said):
        save(model, file)
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == [file.name]


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("name", ["w[1]", "b"])
def test_a_network_that_has_run_away_is_not_saved(
    x: float, name: str, file: Path
) -> None:
    """Protects what was learnt before."""
    model = network()
    neuron = model.layers[1].neurons[1]
    (neuron.b if name == "b" else neuron.w[1]).data = x
    before = file.read_bytes()
    place = re.escape(f"layers[1].neurons[1].{name} is {x}: ")
    with pytest.raises(ValueError, match=f"^{place}training has run away"):
        save(model, file)
    assert file.read_bytes() == before
    assert bits(load(file, into=model)) == bits(network())


@pytest.mark.parametrize("broken", ["replace", "fsync"])
def test_a_failing_write_leaves_the_old_file_whole(
    broken: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects what is there, when the disk is full or the power fails."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, broken, fail)
        with pytest.raises(OSError, match="No space"):
            save(network(2), file)
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == [file.name]
    save(network(2), file)
    assert bits(load(file)) == bits(network(2))


def test_the_old_file_is_there_until_the_new_one_is_whole(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects from a moment in which there is no file, or half of one."""
    before = file.read_bytes()
    replaced = []
    replace = os.replace

    def watched(half: Any, target: Any) -> None:
        assert file.read_bytes() == before
        assert bits(load(half)) == bits(network(2))
        assert Path(half).parent == file.parent
        replaced.append(half)
        replace(half, target)

    monkeypatch.setattr(os, "replace", watched)
    save(network(2), file)
    assert len(replaced) == 1
    assert os.listdir(file.parent) == [file.name]


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    """Protects folders in which the newest network is a link."""
    link = tmp_path / "newest.json"
    link.symlink_to(file.name)
    save(network(2), link)
    assert link.is_symlink()
    assert bits(load(file)) == bits(network(2))


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """Protects from silence."""
    for name in ("nowhere/network.json", "."):
        with pytest.raises(OSError):
            save(network(), tmp_path / name)
    assert os.listdir(tmp_path) == []
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        load(tmp_path / "none.json")


def refusal(file: Path, text: str | bytes) -> str:
    """What loading says of a file with this text, with and without into."""
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    into = network(3)
    said = set()
    for target in (None, into):
        with pytest.raises(ValueError) as error:
            load(file, into=target)
        assert type(error.value) is ValueError
        said.add(str(error.value))
    assert bits(into) == bits(network(3))
    (one,) = said
    assert one.startswith(f"{file}: ")
    assert one.endswith("train and save the network again")
    assert len(one) < len(str(file)) + 600
    return one


def test_a_file_that_was_cut_off_is_refused_at_every_length(
    file: Path,
) -> None:
    """Protects from half a network."""
    whole = file.read_bytes()
    for length in range(len(whole)):
        assert "cut off" in refusal(file, whole[:length])
    file.write_bytes(whole)
    assert bits(load(file)) == bits(network())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PK\x03\x04",
        b"\x80\x04\x95\xff\xfe",
        "sepal length,sepal width\n5.1,3.5\n",
        "[" * 200_000,
        '{"format":' * 200_000,
        "1" * 5000,
    ],
)
def test_other_files_are_refused(text: str | bytes, file: Path) -> None:
    """Protects from whatever was chosen by mistake."""
    assert re.search("cut off|not a network", refusal(file, text))


@pytest.mark.parametrize(
    "text", ["null", "3", "[]", "{}", '"network"', '{"format": "else"}']
)
def test_other_json_is_refused(text: str, file: Path) -> None:
    """Protects from JSON of another kind."""
    assert "this is JSON, but not a network" in refusal(file, text)


DEEP = json.loads("[" * 500 + "]" * 500)
LAYER = {"activation": None, "neurons": [{"weights": [1.0], "bias": 0.0}]}
# Where, what is put there, and what is said.
EDITS: list[tuple[list[str | int], Any, str]] = [
    (["version"], 2, "version is 2, not 1 (a newer micrograd may know"),
    (["version"], True, "version is True"),
    (["version"], 1.0, "version is 1.0"),
    (["version"], None, "version is None"),
    (["inputs"], 3, "layers[0].neurons[0] has 2 weights, but gets 3 inputs"),
    (["inputs"], 0, "inputs is 0"),
    (["inputs"], -2, "inputs is -2"),
    (["inputs"], 2.0, "inputs is 2.0"),
    (["inputs"], True, "inputs is True"),
    (["inputs"], "2", "inputs is '2'"),
    (["inputs"], 10**30, "has 2 weights, but gets 1"),
    (["layers"], [], "layers is []"),
    (["layers"], {}, "layers is {}"),
    (["layers"], "ab", "layers is 'ab'"),
    (["layers"], DEEP, "layers[0] is [["),
    (["layers", 0], None, "layers[0] is None"),
    (["layers", 0], LAYER, "layers[0].neurons[0] has 1 weights"),
    (["layers", 0, "activation"], "Relu", "layers[0].activation is 'Relu'"),
    (["layers", 0, "activation"], "exp", "layers[0].activation is 'exp'"),
    (["layers", 0, "activation"], ["relu"], "layers[0].activation is ["),
    (["layers", 0, "activation"], {}, "layers[0].activation is {}"),
    (["layers", 0, "activation"], False, "layers[0].activation is False"),
    (["layers", 0, "neurons"], [], "layers[0].neurons is []"),
    (["layers", 0, "neurons"], 3, "layers[0].neurons is 3"),
    (["layers", 0, "neurons", 1], [], "layers[0].neurons[1] is []"),
    (["layers", 0, "neurons", 1, "weights"], [1.0], "neurons[1] has 1 weig"),
    (["layers", 0, "neurons", 1, "weights"], [], "layers[0].neurons[1]"),
    (["layers", 0, "neurons", 1, "weights"], "ab", "layers[0].neurons[1]"),
    (["layers", 1, "neurons", 1, "bias"], None, "[1].neurons[1].bias is None"),
    (["layers", 1, "neurons", 1, "bias"], DEEP, "[1].neurons[1].bias is [["),
]
WRONG_NUMBERS: list[Any] = [
    *("0.5", True, None, [0.5], {}, math.nan, math.inf, -math.inf),
    *(10**400, -(10**400)),
]
EDITS += [
    (["layers", 1, "neurons", 0, "weights", 2], x, "neurons[0].weights[2] is")
    for x in WRONG_NUMBERS
]


def edited(told: Any, place: list[str | int], thing: Any) -> Any:
    told = copy.deepcopy(told)
    *way, last = place
    there = told
    for step in way:
        there = there[step]
    there[last] = thing
    return told


@pytest.mark.parametrize(("place", "thing", "said"), EDITS)
def test_an_edited_file_is_refused_by_the_place(
    place: list[str | int], thing: Any, said: str, file: Path
) -> None:
    """Protects from nonsense, and whoever wants to mend the file."""
    told = edited(described(file), place, thing)
    assert said in refusal(file, json.dumps(told))


def test_names_that_are_missing_or_too_many_are_refused(file: Path) -> None:
    """Protects from what was misspelt."""
    told = described(file)
    places: list[list[str | int]] = [
        [],
        ["layers", 1],
        ["layers", 0, "neurons", 2],
    ]
    for place in places:
        there = told
        for step in place:
            there = there[step]
        for name in there:
            less = {key: there[key] for key in there if key != name}
            for new in (less, less | {name.title(): 1}, there | {"more": 1}):
                whole = edited(told, place, new) if place else new
                said = refusal(file, json.dumps(whole))
                assert re.search("has the names|not a network|version", said)


def test_swapped_layers_and_more_neurons_are_refused(file: Path) -> None:
    """Protects from sizes that don't fit together."""
    told = described(file)
    swapped = told | {"layers": told["layers"][::-1]}
    said = "layers[0].neurons[0] has 3 weights, but gets 2 inputs"
    assert said in refusal(file, json.dumps(swapped))
    told["layers"][0]["neurons"] *= 2
    said = "layers[1].neurons[0] has 3 weights, but gets 6 inputs"
    assert said in refusal(file, json.dumps(told))


def test_whole_numbers_and_other_spacing_are_fine(file: Path) -> None:
    """Protects who edits a file and knows how."""
    told = edited(described(file), ["layers", 0, "neurons", 0, "bias"], 1)
    for encoding in ("utf-8", "utf-8-sig"):
        file.write_text(json.dumps(told, indent=4) + "\n", encoding)
        bias = load(file).layers[0].neurons[0].b.data
        assert (bias, type(bias)) == (1.0, float)


@pytest.mark.parametrize(
    "into",
    [
        MLP(2, [4, 2], activation=Value.relu, output=None),
        MLP(2, [3, 1], activation=Value.relu, output=None),
        MLP(3, [3, 2], activation=Value.relu, output=None),
        MLP(2, [3, 2, 2], activation=Value.relu, output=None),
        MLP(2, [3], activation=Value.relu, output=None),
        MLP(2, [3, 2], activation=Value.relu, output=Value.tanh),
        MLP(2, [3, 2], output=None),
    ],
    ids=repr,
)
def test_a_network_of_another_shape_takes_nothing_over(
    into: MLP, file: Path
) -> None:
    """Protects from `zip`, which would leave the rest as it was."""
    before = bits(into)
    with pytest.raises(ValueError) as error:
        load(file, into=into)
    said = str(error.value)
    assert said.startswith(f"{file} holds MLP(2, [3, 2]) with ")
    assert repr(into) in said
    assert bits(into) == before


def test_a_network_of_ones_own_class_takes_nothing_over(file: Path) -> None:
    """Protects a class that would do something else with the numbers."""
    into = Doubled(2, [3, 2], activation=Value.relu, output=None)
    before = bits(into)
    with pytest.raises(TypeError, match="Doubled"):
        load(file, into=into)
    assert bits(into) == before


def test_threads_may_save_to_one_file(tmp_path: Path) -> None:
    """Protects the promise that a file is whole, whoever else writes it."""
    path = tmp_path / "shared.json"
    model = network()
    save(model, path)

    def save_and_load(_: int) -> None:
        save(model, path)
        load(path)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(save_and_load, range(24)))
    assert os.listdir(tmp_path) == [path.name]


def test_what_is_no_network_is_told_as_it_is() -> None:
    """Protects who has swapped the two arguments."""
    swapped: Any = "a.json"
    with pytest.raises(TypeError, match=r"'a\.json', and no MLP"):
        save(swapped, "b.json")
