"""From chapter 13 on: the whole library, as its users meet it."""

import importlib
import inspect
import pkgutil
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest
import torch

import micrograd
from micrograd import MLP, Layer, Neuron, Value, draw_dot, nn, trace
from oracle import TOLERANCE, assert_agree

NAMES = "engine floats graph nn losses optim data check".split()
MODULES = [
    "micrograd",
    *(
        module.name
        for module in pkgutil.walk_packages(micrograd.__path__, "micrograd.")
    ),
]


def test_the_modules_are_those_that_the_book_builds() -> None:
    """Protects the list below from being empty."""
    assert {f"micrograd.{name}" for name in NAMES} <= set(MODULES)


IMPORTS = """
import importlib, sys
before = set(sys.modules)
importlib.import_module(sys.argv[1])
print(*sorted(
    name for name in {name.partition(".")[0] for name in sys.modules}
    - {name.partition(".")[0] for name in before}
    if name not in sys.stdlib_module_names and name != "micrograd"
))
"""


@pytest.mark.parametrize("module", MODULES)
def test_importing_needs_nothing_but_the_standard_library(
    module: str, python: Callable[..., str]
) -> None:
    """Protects users who have Python and nothing else.

    Some modules are all about somebody else's library, and nobody imports
    them who hasn't asked for that backend.
    """
    needed = {"micrograd.compiler.columns": {"numpy"}}
    for name in ("llvm", "memory", "native", "vectors"):
        needed[f"micrograd.compiler.{name}"] = {"llvmlite"}
    needed["micrograd.compiler.running"] = {"wasmtime"}
    needed["micrograd.compiler.wasm"] = {"wasmtime"}
    imported = set(python(IMPORTS, module).split())
    assert imported == needed.get(module, set())


def test_graphviz_is_imported_by_drawing_and_not_before(
    python: Callable[..., str],
) -> None:
    """Protects `import micrograd`, which knows `draw_dot` too."""
    program = "import sys, micrograd; print('graphviz' in sys.modules)"
    assert python(program) == "False\n"


def test_the_front_door_has_the_public_names() -> None:
    """Protects `from micrograd import ...`, and typed users of it."""
    expected = "Value trace draw_dot Module Neuron Layer MLP"
    assert set(expected.split()) <= set(vars(micrograd))
    for name in getattr(micrograd, "__all__", []):
        assert hasattr(micrograd, name), name
    assert (Path(micrograd.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize("module", MODULES)
def test_everything_public_says_what_it_is(module: str) -> None:
    """Protects `help()`."""
    found = importlib.import_module(module)
    assert module == "micrograd" or found.__doc__
    for name, thing in vars(found).items():
        own = getattr(thing, "__module__", None) == module
        if not own or name.startswith("_"):
            continue
        assert thing.__doc__, f"{module}.{name}"
        if inspect.isclass(thing):
            for method, function in vars(thing).items():
                if inspect.isfunction(function) and method[0] != "_":
                    assert function.__doc__, f"{module}.{name}.{method}"


@pytest.mark.parametrize("name", NAMES)
def test_every_name_in_an_annotation_is_there(name: str) -> None:
    """Protects editors and checkers, and users' own annotations."""
    module = f"micrograd.{name}"
    found = importlib.import_module(module)
    names = {"Digraph": object}  # imported for checkers alone
    for thing in vars(found).values():
        if getattr(thing, "__module__", None) != module:
            continue
        members = vars(thing).values() if inspect.isclass(thing) else [thing]
        for one in filter(inspect.isfunction, members):
            get_type_hints(one, localns=names)


def test_a_value_holds_what_it_names_and_nothing_else() -> None:
    """Protects memory and speed: `__slots__`, so no dictionary each."""
    assert not hasattr(Value(1.0), "__dict__")
    with pytest.raises(AttributeError):
        Value(1.0).gard = 2.0  # type: ignore[attr-defined]


# Code as it is written for karpathy/micrograd and in the lecture.


def test_expressions_in_the_readmes_style_run_and_agree_with_torch() -> None:
    """Protects code written for karpathy/micrograd."""

    def expression(p: Any, q: Any) -> Any:
        r = p - 2 * q
        s = q**2 / (1 + p**2)
        r += r - 1
        r += 3 - r * 0.5 + (-p)
        s += s * 2 + (p + q).relu()
        s -= 4 * s - (q - p).relu()
        t = r * s
        u = t / 2.0 - 1
        u += 10.0 / (2 + t**2)
        return u

    for inputs in ([-1.5, 2.5], [3.0, -0.25], [0.0, 0.0]):
        assert_agree(expression, inputs)


def test_values_are_made_in_the_lectures_style() -> None:
    """Protects labels, operands and operations as the lecture reads them."""
    a = Value(2.0, label="a")
    b = Value(3)
    c = a * b
    c.label = "c"
    assert (b.data, c.label, c._op) == (3.0, "c", "*")
    assert set(c._prev) == {a, b}
    assert all(isinstance(child, Value) for child in c._prev)
    assert Value(0.5).grad == 0


def test_a_neuron_by_hand_has_torchs_gradients() -> None:
    """Protects the lecture's neuron, tanh written out of exp."""

    def by_tanh(x1: Any, x2: Any, w1: Any, w2: Any, b: Any) -> Any:
        return (x1 * w1 + x2 * w2 + b).tanh()

    def by_exp(x1: Any, x2: Any, w1: Any, w2: Any, b: Any) -> Any:
        e = (2 * (x1 * w1 + x2 * w2 + b)).exp()
        return (e - 1) / (e + 1)

    inputs = [1.5, -0.5, -2.0, 1.0, 4.1]
    assert_agree(by_tanh, inputs)
    assert_agree(by_exp, inputs)


def test_a_graph_is_walked_in_the_lectures_style() -> None:
    """Protects drawing code that users have written themselves."""
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    result = a * b + a
    nodes, edges = trace(result)
    seen = []
    for n in nodes:
        seen.append(f"{n.label} | data {n.data:.4f} | grad {n.grad:.4f}")
        if n._op:
            seen.append(n._op)
    for n1, n2 in edges:
        assert n1 in n2._prev
    assert len(nodes) == 4
    assert {"+", "*"} <= set(seen)


@pytest.mark.usefixtures("dot_on_path")
def test_a_graph_of_a_network_is_drawn() -> None:
    """Protects `draw_dot(y)` after `y.backward()`."""
    y = nn.Neuron(2)([Value(1.0), Value(-2.0)])
    y.backward()
    drawing = draw_dot(y)
    assert type(drawing).__module__.startswith("graphviz")
    assert "grad 1" in drawing.source


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_moons_are_trained_in_the_demos_style() -> None:
    """Protects the demo's loop: numpy's numbers on the left of Values."""
    rng = np.random.default_rng(0)
    xs = rng.normal(size=(8, 2))
    ys = np.where(xs[:, 0] > 0, 1, -1)
    random.seed(1337)
    np.random.seed(1337)
    model = MLP(2, [4, 4, 1])
    assert "MLP" in str(model)

    losses = []
    for k in range(20):
        inputs = [list(map(Value, row)) for row in xs]
        scores = list(map(model, inputs))
        parts = [
            (1 + -y * score).relu()
            for y, score in zip(ys, scores, strict=True)
        ]
        data_loss = sum(parts) * (1.0 / len(parts))
        penalty = 1e-4 * sum(p * p for p in model.parameters())
        total = data_loss + penalty
        right = [
            (y > 0) == (score.data > 0)
            for y, score in zip(ys, scores, strict=True)
        ]
        model.zero_grad()
        total.backward()
        learning_rate = 1.0 - 0.9 * k / 20
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        losses.append(total.data)
    assert losses[-1] < losses[0]
    assert sum(right) == 8


def test_data_of_numpys_types_leaves_floats_behind() -> None:
    """Protects graphs after `p.data -= np.float64(...)`."""
    p = Value(2.0)
    p.data -= np.float64(0.5)
    result = (p * p + 1).tanh() / p
    result.backward()
    assert type(result.data) is float
    expected = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    ((expected * expected + 1).tanh() / expected).backward()
    assert p.grad == pytest.approx(expected.grad.item(), rel=TOLERANCE)


def test_networks_are_built_in_the_lectures_style() -> None:
    """Protects positional arguments and attributes that notebooks use."""
    x = [2.0, 3.0, -1.0]
    neuron = Neuron(3)
    assert type(neuron(x)) is Value
    assert [len(n.w) for n in Layer(3, 4).neurons] == [3] * 4
    model = MLP(3, [4, 4, 1])
    assert len(model.layers) == 3
    assert len(model.parameters()) == 41
    xs = [x, [3.0, -1.0, 0.5]]
    loss = sum(
        (out - y) ** 2
        for y, out in zip([1.0, -1.0], [model(x) for x in xs], strict=True)
    )
    loss.backward()
    assert model.layers[0].neurons[0].w[0].grad != 0.0
