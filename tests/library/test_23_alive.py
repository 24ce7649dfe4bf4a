"""From chapter 23 on: experiments that are the same on every computer."""

import json
import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from micrograd import engine, portable
from micrograd import experiment as experiments
from micrograd.compiler import Compiled, jit
from micrograd.compiler.portably import PortableBackend
from micrograd.data import circles, moons, spiral, xor
from micrograd.engine import Value
from micrograd.experiment import (
    ACTIVATIONS,
    DATA,
    FEATURES,
    FIELDS,
    LIMIT,
    Experiment,
    Settings,
    examples_of,
    in_columns,
    sine,
)
from micrograd.losses import hinge, l2
from micrograd.nn import MLP
from micrograd.optim import SGD
from oracle import all_same

# Data.

NEW = pytest.mark.parametrize("make", [circles, xor, spiral])


@NEW
@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_data_are_n_labelled_points(make: Callable[..., Any], n: int) -> None:
    """Protects the form that all data have: that of `moons`."""
    points, labels = make(n)
    assert len(points) == len(labels) == n
    assert all(type(c) is float for point in points for c in point)
    assert {len(point) for point in points} == {2}
    assert labels == moons(n)[1]


@NEW
def test_an_rng_makes_the_same_data_again(make: Callable[..., Any]) -> None:
    """Protects links with a seed; the global generator is left alone."""
    state = random.getstate()
    first, again, other = (make(50, rng=random.Random(s)) for s in (1, 1, 2))
    assert first == again != other
    assert random.getstate() == state


@NEW
@pytest.mark.parametrize("n", [0, -1])
def test_no_data_is_an_error(make: Callable[..., Any], n: int) -> None:
    """Protects from an empty picture."""
    said = f"^{make.__name__} needs at least 1 point, not {n}$"
    with pytest.raises(ValueError, match=said):
        make(n)


@pytest.mark.parametrize(
    ("make", "first", "second"),
    [
        (
            circles,
            (0.429775771892, 0.234703390659),
            (-0.141061565127, 1.00262629515),
        ),
        (
            xor,
            (-0.127730663219, 0.618413108777),
            (-0.597645404093, -0.244700814933),
        ),
        (
            spiral,
            (0.0292932229837, 0.140861300303),
            (0.331371524916, -0.118599054574),
        ),
    ],
)
def test_the_points_of_a_seed_are_the_same_for_ever(
    make: Callable[..., Any],
    first: tuple[float, float],
    second: tuple[float, float],
) -> None:
    """Protects links with a seed; the usual noise is part of it."""
    points, labels = make(2, rng=random.Random(1))
    assert labels == [1, -1]
    for point, expected in zip(points, (first, second), strict=True):
        assert point == pytest.approx(expected, abs=1e-9)


class Middle(random.Random):
    """Draws what is in the middle."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        return mu


def test_on_the_border_of_xor_zero_is_not_positive() -> None:
    """Protects the labels there: one coordinate is positive, or not."""
    assert xor(2, rng=Middle()) == ([(0.5, 0.0), (-0.5, 0.0)], [1, -1])


@NEW
def test_noise_moves_every_point(make: Callable[..., Any]) -> None:
    """Protects ``noise``: it is a standard deviation, and 0 is allowed."""
    for point, label in zip(*make(200, noise=0.0), strict=True):
        assert is_where_it_belongs(make, point, label)
    points, labels = make(200, noise=5.0)
    pairs = zip(points, labels, strict=True)
    assert not all(is_where_it_belongs(make, *pair) for pair in pairs)


def is_where_it_belongs(
    make: Callable[..., Any], point: tuple[float, float], label: int
) -> bool:
    """Whether a point without noise is one of those with its label."""
    x, y = point
    if make is xor:
        return max(abs(x), abs(y)) <= 1 and (label == 1) == (
            (x > 0) != (y > 0)
        )
    radius = math.hypot(x, y)
    if make is circles:
        return math.isclose(radius, 0.5 if label == 1 else 1.0)
    turned = radius if label == 1 else radius + 0.5
    angle = 2 * math.pi * turned
    there = radius * math.cos(angle), radius * math.sin(angle)
    return 0.09 < radius < 1.51 and math.dist(point, there) < 1e-9


# The portable backend.


def test_programs_run_with_the_portable_functions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Protects the backend: none of the C library's functions is called."""
    p = Value(0.3)
    mean = jit(
        lambda x: (p * x).tanh() + p.exp() * x + p.log() + p**x + p.sigmoid(),
        [p],
        backend="portable",
    )
    recorded = mean([0.25, 0.5])
    for name in ("exp", "log", "tanh", "pow"):
        monkeypatch.delattr(math, name)
    assert mean([0.25, 0.5]).data == recorded.data


def test_the_backend_is_chosen_by_its_name() -> None:
    """Protects `backend="portable"`, and the message for what isn't one."""
    mean = jit(lambda x: x, [Value(1.0)], backend="portable")
    assert mean.backend is PortableBackend
    with pytest.raises(ValueError, match="'python', 'portable', 'wasm'"):
        jit(lambda x: x, [Value(1.0)], backend="abacus")


# Settings.

COORDINATES = st.integers(-1000, 1000).map(lambda i: i / 100 + 0.0)
SETTINGS = st.builds(
    Settings,
    data=st.sampled_from(list(DATA)),
    points=st.integers(2, 400),
    test=st.integers(0, 90),
    noise=st.floats(0.0, 1.0),
    features=st.sets(st.sampled_from(list(FEATURES)), min_size=1).map(
        lambda chosen: tuple(f for f in FEATURES if f in chosen)
    ),
    hidden=st.lists(st.integers(1, 16), min_size=1, max_size=4).map(tuple),
    activation=st.sampled_from(list(ACTIVATIONS)),
    rate=st.floats(0.00001, 10.0),
    decay=st.floats(0.0, 1.0),
    batch=st.integers(0, 400),
    seed=st.integers(0, 10**15),
    added=st.lists(
        st.tuples(COORDINATES, COORDINATES, st.sampled_from([1, -1])),
        max_size=5,
    ).map(tuple),
)


@given(SETTINGS)
def test_settings_survive_their_query(settings: Settings) -> None:
    """Protects links: what is written is read again, and the same."""
    query = settings.query()
    assert Settings.from_query(query) == settings
    assert Settings.from_query("?" + query) == settings
    assert Settings.from_query(query).query() == query
    assert " " not in query


def test_a_query_has_only_what_isnt_as_by_default() -> None:
    """Protects short links, each written in one way only."""
    assert Settings().query() == ""
    assert Settings.from_query("") == Settings()
    text = "seed=12&rate=1.0&points=100&added=0.50,1.25,-1;-0.0,2,1"
    settings = Settings.from_query(text)
    assert settings == Settings(
        rate=1.0, added=((0.5, 1.25, -1), (0.0, 2.0, 1))
    )
    assert settings.query() == "rate=1&added=0.5,1.25,-1;0,2,1"
    full = (
        "data=own&points=50&test=20&noise=0.2&features=x,xy&hidden=4-3-2"
        "&activation=relu&rate=0.25&decay=0&batch=10&seed=0&added=1,2,1"
        "&own=0.123,4,1;5,6,-1"
    )
    assert Settings.from_query(full).query() == full


MANY = ";".join(["0,0,1"] * 101)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("data", text) for text in ("", "sun", "Moons", "moons,xor")),
        *(("points", x) for x in ("1", "401", "2.5", "many", "", "-5", "1e2")),
        *(("test", text) for text in ("-1", "91", "half", "50%", "0.5")),
        *(("features", x) for x in ("", "z", "y,x", "x,x", "x;y", "x,")),
        *(("batch", text) for text in ("-1", "401", "some", "1.0")),
        *(("own", x) for x in ("1,2", "a,b,1", "1,2,3", "101,0,1", "0,0,1;")),
        *(("noise", text) for text in ("-0.1", "1.1", "nan", "inf", "much")),
        *(("hidden", x) for x in ("", "0", "17", "8-", "1-1-1-1-1", "8,8")),
        *(("activation", text) for text in ("", "None", "exp", "tanh()")),
        *(("rate", x) for x in ("0", "1e-6", "fast", "-1", "10.1", "nan")),
        *(("decay", text) for text in ("-1e-9", "1.01", "nan", "x")),
        *(("seed", x) for x in ("-1", "0.5", "dice", "", "9" * 16)),
        *(("added", x) for x in ("1", "1,2", "1,2,3", "1,2,1;", "1,2,0", ";")),
        *(("added", x) for x in ("11,0,1", "0,nan,1", "1,2,1,1", MANY)),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, text: str) -> None:
    """Protects readers of a link with a slip in it."""
    with pytest.raises(ValueError) as caught:
        Settings.from_query(f"{name}={text}")
    said = str(caught.value)
    assert said.startswith(f"{name} must be {FIELDS[name].what}, not ")


def test_the_message_is_in_words() -> None:
    """Protects the one that the chapter shows."""
    with pytest.raises(ValueError) as caught:
        Settings.from_query("rate=fast")
    said = "rate must be a number from 1e-05 to 10, not 'fast'"
    assert str(caught.value) == said


def test_unknown_and_repeated_settings_are_refused() -> None:
    """Protects from a slip in a name, which would change nothing."""
    with pytest.raises(ValueError, match="'ponits'; there are data, points,"):
        Settings.from_query("ponits=3")
    with pytest.raises(ValueError, match="rate is there more than once"):
        Settings.from_query("rate=1&seed=2&rate=1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data", None),
        ("points", 100.0),
        ("points", True),
        ("noise", "0.1"),
        ("hidden", [8, 8]),
        ("hidden", ("8",)),
        ("rate", 0.0),
        ("seed", "1"),
        ("added", [(0.0, 0.0, 1)]),
        ("added", ((10.5, 0.0, 1),)),
        ("features", ()),
        ("features", ["x"]),
        ("added", ((0.0, 1),)),
    ],
)
def test_settings_in_python_are_checked_too(name: str, value: Any) -> None:
    """Protects an experiment from what no link could have said."""
    with pytest.raises(ValueError, match=f"^{name} must be "):
        Settings(**{name: value})


# Examples.


@given(st.floats(-100.0, 100.0))
def test_the_sine_is_a_sine(x: float) -> None:
    """Protects two features, by the C library's sine."""
    assert math.isclose(sine(x), math.sin(x), rel_tol=0, abs_tol=3e-14)


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize(
    ("points", "test", "tests"),
    [(100, 50, 100), (20, 0, 0), (7, 20, 1), (10, 90, 90), (3, 1, 0)],
)
def test_tests_are_more_of_the_same(
    data: str, points: int, test: int, tests: int
) -> None:
    """Protects old links: what is learnt from doesn't depend on the test."""
    settings = Settings(data=data, points=points, test=test, noise=0.0)
    learnt, tested = examples_of(settings)
    assert learnt == examples_of(replace(settings, test=33))[0]
    assert (len(learnt), len(tested)) == (points, tests)
    assert len({*learnt, *tested}) == points + tests


def test_own_examples_are_split_in_their_order() -> None:
    """Protects links with data: nothing is drawn at random here."""
    own = tuple((float(i), 0.0, 1) for i in range(10))
    settings = Settings(data="own", own=own, test=35, added=((1, 2, -1),))
    learnt, tested = examples_of(settings)
    assert learnt == [*own[:7], (1, 2, -1)]
    assert tested == list(own[7:])
    with pytest.raises(ValueError, match="own must have at least 1 point"):
        Settings(data="own")


def test_without_tests_there_is_no_loss_on_them() -> None:
    """Protects from a number of nothing."""
    with pytest.raises(ValueError):
        _ = Experiment(Settings(points=4, test=0)).test_loss


# Experiments.

QUICK = Settings(points=20, hidden=(4, 3))
OWN = ((0.5, 1, 1), (1.25, -2, -1), (-3.0, 0.1, -1), (0.0, 0.0, 1))
EACH = pytest.mark.parametrize(
    "settings",
    [
        QUICK,
        replace(QUICK, data="xor", activation="relu", decay=0.0),
        replace(QUICK, data="circles", activation="sigmoid", hidden=(2,)),
        replace(QUICK, data="spiral", hidden=(2, 3, 2, 1), decay=0.01),
        replace(QUICK, added=((0.5, 0.25, -1), (-3.0, 9.0, 1))),
        replace(QUICK, features=tuple(FEATURES), batch=7),
        replace(QUICK, data="own", own=OWN, test=30, batch=2),
    ],
    ids=Settings.query,
)


def data_of(settings: Settings) -> tuple[list[Any], list[int]]:
    """The points to learn from and their labels, put together anew."""
    if settings.data == "own":
        tests = len(settings.own) * settings.test // 100
        examples = list(settings.own[: len(settings.own) - tests])
    else:
        # Points that are made for the test come after those to learn from.
        points, labels = DATA[settings.data](
            settings.points, settings.noise, random.Random(settings.seed)
        )
        examples = [
            (round(x, 4), round(y, 4), label)
            for (x, y), label in zip(points, labels, strict=True)
        ]
    examples += settings.added
    return [(x, y) for x, y, _ in examples], [z for _, _, z in examples]


def features_of(settings: Settings, x: float, y: float) -> list[float]:
    """What the network sees of a point, by other functions."""
    known = {
        **{"x": x, "y": y, "xx": x**2, "yy": y**2, "xy": x * y},
        **{"sinx": math.sin(x), "siny": math.sin(y)},
    }
    return [known[name] for name in settings.features]


def model_of(settings: Settings) -> Any:
    """The network, put together anew."""
    return MLP(
        len(settings.features),
        [*settings.hidden, 1],
        activation=ACTIVATIONS[settings.activation],
        output=None,
        rng=random.Random(settings.seed),
    )


@EACH
def test_steps_are_those_of_the_engine(settings: Settings) -> None:
    """Protects the training: loss, accuracy, gradients and parameters."""
    points, labels = data_of(settings)
    model = model_of(settings)
    optimiser = SGD(model.parameters(), learning_rate=settings.rate)
    seen = [features_of(settings, x, y) for x, y in points]
    size = settings.batch or len(points)
    batches = [slice(i, i + size) for i in range(0, len(points), size)]

    def loss_on(inputs: Any, labels: Any) -> Value:
        scores = [model(x) for x in inputs]
        return hinge(scores, labels) + settings.decay * l2(model.parameters())

    losses = []
    for step in range(10):
        batch = batches[step % len(batches)]
        loss = loss_on(seen[batch], labels[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.data)
    experiment = Experiment(settings)
    assert in_columns(experiment.examples) == (points, labels)
    experiment.step(10)
    assert experiment.steps == 10
    assert all_same(experiment.losses, losses, 1e-9)
    pairs = zip(seen, labels, strict=True)
    right = [(model(x).data > 0) == (y > 0) for x, y in pairs]
    assert experiment.accuracy == sum(right) / len(right)
    assert math.isclose(
        experiment.loss, loss_on(seen, labels).data, rel_tol=1e-9
    )
    tests, their_labels = in_columns(experiment.tests)
    unseen = [features_of(settings, x, y) for x, y in tests]
    assert math.isclose(
        experiment.test_loss, loss_on(unseen, their_labels).data, rel_tol=1e-9
    )
    for ours, theirs in zip(
        experiment.model.parameters(), model.parameters(), strict=True
    ):
        assert math.isclose(ours.data, theirs.data, rel_tol=1e-9)
        assert math.isclose(
            ours.grad, theirs.grad, rel_tol=1e-9, abs_tol=1e-12
        )


@EACH
def test_steps_are_those_of_values_with_portable_functions(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects every digit: nothing but the functions is another."""
    for name in ("exp", "log", "tanh", "power"):
        ours, noted = getattr(portable, name), getattr(engine, name)

        def either(*x: Any, f: Any = ours, g: Any = noted) -> Any:
            return (f if all(type(i) is float for i in x) else g)(*x)

        monkeypatch.setattr(engine, name, either)
    experiment = Experiment(
        replace(
            settings,
            points=2,
            own=settings.own[:2],
            test=0,
            batch=0,
            decay=0.0,
            added=(),
        )
    )
    points, labels = in_columns(experiment.examples)
    model = model_of(settings)
    names = settings.features
    for _ in range(5):
        terms = [[0.0] * len(model.parameters()) for _ in points]
        losses = []
        for row, point, label in zip(terms, points, labels, strict=True):
            model.zero_grad()
            score = model([FEATURES[name](*point) for name in names])
            loss = hinge([score], [label])
            loss.backward()
            losses.append(loss.data)
            row[:] = [p.grad for p in model.parameters()]
        for p, a, b in zip(model.parameters(), *terms, strict=True):
            p.data -= settings.rate * ((a + b) / 2)
        experiment.step()
        assert experiment.losses[-1] == (losses[0] + losses[1]) / 2
        found = [p.data for p in experiment.model.parameters()]
        assert found == [p.data for p in model.parameters()]


@EACH
def test_a_step_is_torchs(settings: Settings) -> None:
    """Protects from an error that the engine and the compiler share."""
    settings = replace(settings, batch=0)
    experiment = Experiment(settings)
    neurons = [n for layer in experiment.model.layers for n in layer.neurons]
    layers = [
        torch.tensor(
            [[p.data for p in [*n.w, n.b]] for n in layer.neurons],
            dtype=torch.float64,
            requires_grad=True,
        )
        for layer in experiment.model.layers
    ]
    functions = {"tanh": torch.tanh, "relu": torch.relu}
    bend = functions.get(settings.activation, torch.sigmoid)
    points, signs = in_columns(experiment.examples)
    seen = [features_of(settings, x, y) for x, y in points]
    h = torch.tensor(seen, dtype=torch.float64)
    for i, layer in enumerate(layers):
        h = h @ layer[:, :-1].T + layer[:, -1]
        h = bend(h) if i < len(layers) - 1 else h
    labels = torch.tensor(signs)
    loss = torch.relu(1 - labels * h[:, 0]).mean()
    loss = loss + settings.decay * sum((w * w).sum() for w in layers)
    loss.backward()
    now = experiment.loss
    experiment.step()
    assert experiment.losses == [now]
    assert math.isclose(now, loss.item(), rel_tol=1e-12)
    wanted, after = [], []
    for layer in layers:
        assert layer.grad is not None
        wanted += layer.grad.tolist()
        after += (layer - settings.rate * layer.grad).tolist()
    for n, slopes, moved in zip(neurons, wanted, after, strict=True):
        found = [p.grad for p in [*n.w, n.b]]
        assert found == pytest.approx(slopes, rel=1e-9, abs=1e-14)
        found = [p.data for p in [*n.w, n.b]]
        assert found == pytest.approx(moved, rel=1e-9)


@EACH
def test_the_same_settings_give_the_same_numbers(settings: Settings) -> None:
    """Protects links, also when steps are made one by one."""
    one, other = Experiment(settings), Experiment(settings)
    state = random.getstate()
    one.step(6)
    for _ in range(3):
        other.step()
        other.plane(3, 2)
        assert other.loss > 0.0
        other.step()
    assert told(one) == told(other)
    assert random.getstate() == state


def told(experiment: Experiment) -> str:
    """All that an experiment has to show, as JSON."""
    return json.dumps(
        [
            *(experiment.examples, experiment.tests, experiment.steps),
            *(experiment.losses, experiment.loss, experiment.accuracy),
            *(experiment.test_loss if experiment.tests else None,),
            *(experiment.plane(5, 4), experiment.bounds),
            *numbers_of(experiment),
        ],
        allow_nan=False,
    )


def numbers_of(experiment: Experiment) -> list[tuple[float, float]]:
    """Each parameter and its gradient."""
    return [(p.data, p.grad) for p in experiment.model.parameters()]


def run_on(backend: str, settings: Settings) -> str:
    """What an experiment has to show after some steps and with a point."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiments, "BACKEND", backend)
        experiment = Experiment(settings)
        experiment.step(5)
        experiment.add(0.5, 0.25, 1)
        experiment.step()
        return told(experiment)


@given(SETTINGS)
@hypothesis_settings(max_examples=20, deadline=None)
def test_the_digits_are_those_of_python(settings: Settings) -> None:
    """Protects readers elsewhere, where nothing may run WebAssembly."""
    settings = replace(
        settings,
        points=min(settings.points, 40),
        hidden=settings.hidden[:2],
    )
    assert run_on("wasm", settings) == run_on("portable", settings)


@pytest.mark.parametrize(
    ("before", "backend"),
    [
        ("", "wasm"),  # wasmtime is there
        ("sys.modules['wasmtime'] = None", "portable"),
        (
            "sys.modules['wasmtime'] = None; sys.platform = 'emscripten'",
            "wasm",
        ),
    ],
)
def test_webassembly_is_used_where_something_can_run_it(
    before: str, backend: str, python: Callable[..., str]
) -> None:
    """Protects the pace in the page, and readers without the package."""
    program = f"""
import sys; {before}
from micrograd.experiment import BACKEND; print(BACKEND)"""
    assert python(program) == f"{backend}\n"


def test_without_webassembly_it_does_without(
    python: Callable[..., str],
) -> None:
    """Protects those who have Python and nothing else."""
    program = """
import sys; sys.modules["wasmtime"] = None
from micrograd.experiment import Experiment, Settings
experiment = Experiment(Settings(points=4))
experiment.step(); experiment.plane(2, 2); print(experiment.accuracy)"""
    assert 0.0 <= float(python(program)) <= 1.0


@EACH
def test_no_step_changes_nothing(settings: Settings) -> None:
    """Protects the gradients, which are those of the last step."""
    experiment = Experiment(settings)
    experiment.step(2)
    before = told(experiment)
    experiment.step(0)
    assert told(experiment) == before


def test_a_step_that_is_interrupted_leaves_what_was_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Protects from numbers that belong to another step: Ctrl-C may come."""
    experiment, other = Experiment(QUICK), Experiment(QUICK)
    too_large = experiments.too_large

    def interrupted(numbers: Any) -> bool:
        if experiment.steps == 3:
            raise KeyboardInterrupt
        return too_large(numbers)

    monkeypatch.setattr(experiments, "too_large", interrupted)
    with pytest.raises(KeyboardInterrupt):
        experiment.step(10)
    monkeypatch.undo()
    other.step(3)
    assert told(experiment) == told(other)


def test_seeds_make_another_network_and_other_data() -> None:
    """Protects ``seed``: it is that of everything random."""
    one, other = Experiment(QUICK), Experiment(replace(QUICK, seed=3))
    assert one.examples != other.examples
    assert numbers_of(one) != numbers_of(other)


@pytest.mark.parametrize("data", DATA)
def test_losses_fall(data: str) -> None:
    """Protects the defaults, with each of the data."""
    experiment = Experiment(Settings(data=data, points=60))
    experiment.step(60)
    assert experiment.loss < 0.9 * experiment.losses[0]
    assert experiment.accuracy > 0.55


@EACH
def test_the_plane_has_the_models_scores(settings: Settings) -> None:
    """Protects the picture: its order, its fields, and its numbers."""
    experiment = Experiment(settings)
    experiment.step(3)
    x0, x1, y0, y1 = experiment.bounds
    plane = experiment.plane(5, 4)
    assert [len(row) for row in plane] == [5] * 4
    for row, scores in enumerate(plane):
        for column, score in enumerate(scores):
            x = x0 + (x1 - x0) * (column + 0.5) / 5
            y = y0 + (y1 - y0) * (row + 0.5) / 4
            wanted = experiment.score((x, y)).data
            assert math.isclose(score, wanted, rel_tol=1e-9, abs_tol=1e-12)


def test_a_point_can_be_added_while_training_goes_on() -> None:
    """Protects what was learnt so far; and the settings name the point."""
    experiment = Experiment(QUICK)
    experiment.step(3)
    numbers, losses = numbers_of(experiment), list(experiment.losses)
    bounds = experiment.bounds
    experiment.add(0.12, -0.5, -1)
    assert experiment.examples[-1] == (0.12, -0.5, -1)
    assert experiment.settings == replace(QUICK, added=((0.12, -0.5, -1),))
    assert numbers_of(experiment) == numbers
    assert experiment.losses == losses
    assert experiment.bounds == bounds
    experiment.step()
    assert experiment.steps == 4
    experiment.add(9.0, 0.0, 1)
    assert experiment.bounds == (bounds[0], 9.0, *bounds[2:])


def test_points_that_are_added_before_the_first_step_are_in_the_link() -> None:
    """Protects the link: it leads to the same numbers."""
    experiment = Experiment(QUICK)
    experiment.add(0.5, 0.25, 1)
    experiment.add(-0.5, 1.0, -1)
    again = Experiment(Settings.from_query(experiment.settings.query()))
    experiment.step(3)
    again.step(3)
    assert told(experiment) == told(again)


@pytest.mark.parametrize(
    "point", [(11, 0, 1), (0, 0, 2), (math.nan, 0, 1), (0, math.inf, 1)]
)
def test_a_point_that_cannot_be_added_leaves_all_as_it_was(
    point: tuple[float, float, int],
) -> None:
    """Protects the experiment from half an addition."""
    experiment = Experiment(QUICK)
    before = told(experiment)
    with pytest.raises(ValueError, match="added must be"):
        experiment.add(*point)
    assert told(experiment) == before
    assert experiment.settings == QUICK


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_training_that_runs_away_is_stopped(activation: str) -> None:
    """Protects what is shown from inf and nan, which JSON doesn't have."""
    hidden = (16, 16, 16, 16)
    settings = Settings(
        points=2, rate=10.0, decay=1.0, activation=activation, hidden=hidden
    )
    experiment = Experiment(settings)
    experiment.step(50)
    assert experiment.has_run_away
    assert experiment.steps < 10
    assert max(abs(p.data) for p in experiment.model.parameters()) > LIMIT
    assert "Infinity" not in told(experiment)


@pytest.mark.parametrize("backend", ["portable", "wasm"])
def test_the_digits_of_a_link_are_the_same_for_ever(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects every link that anybody has kept.

    These were the same in CPython 3.11 to 3.14, on glibc and, in a browser,
    on musl.
    """
    monkeypatch.setattr(experiments, "BACKEND", backend)
    experiment = Experiment(Settings())
    experiment.step(60)
    assert experiment.losses[-1] == 0.24383646321878985
    query = "data=xor&test=0&activation=sigmoid&rate=8&hidden=3&added=0.5,1,-1"
    experiment = Experiment(Settings.from_query(query))
    experiment.step(50)
    assert experiment.losses[-1] == 0.8969850421132654
    assert experiment.plane(1, 1) == [[-2.7226937698330675]]


def test_the_portable_backend_is_the_one_in_python() -> None:
    """Protects whole programs: they differ by the last digits only."""
    found = []
    for backend in ("python", "portable"):
        model = model_of(QUICK)

        def objective(point: Any, label: Any, model: Any = model) -> Value:
            return hinge([model(point)], [label])

        mean = jit(objective, model, backend=backend)
        assert isinstance(mean, Compiled)
        loss = mean(*data_of(QUICK))
        loss.backward()
        found.append([loss.data, *(p.grad for p in model.parameters())])
    assert all_same(*found, 1e-9)
