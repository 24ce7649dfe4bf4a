# Tangled from book/23-alive.md: edit there, not here.
"""An experiment: a network in training, described by a link.

It gives the same numbers, to the last digit, on every computer.
"""

from __future__ import annotations

import math
import random
import reprlib
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, urlencode

from micrograd import portable
from micrograd.compiler import jit, record, straighten
from micrograd.compiler.python import function_from, source
from micrograd.data import Point, circles, moons, spiral, xor
from micrograd.engine import Value
from micrograd.floats import where
from micrograd.losses import hinge, l2
from micrograd.nn import MLP

#: The backend of all experiments.
BACKEND = (
    "wasm"
    if sys.platform == "emscripten" or find_spec("wasmtime")
    else "portable"
)

#: Floats near it are whole numbers: adding it rounds.
WHOLE = 1.5 * 2.0**52


def sine(x: Any) -> Any:
    """The sine, the same everywhere to the last digit."""
    turns = (x / (2.0 * math.pi) + WHOLE) - WHOLE
    x = x - turns * (2.0 * math.pi)
    square, factor = x * x, 1.0
    for k in range(28, 0, -2):
        factor = 1.0 - square / (k * (k + 1.0)) * factor
    return x * factor


#: What a network may see of a point, by name.
FEATURES = {
    "x": lambda x, y: x,
    "y": lambda x, y: y,
    "xx": lambda x, y: x * x,
    "yy": lambda x, y: y * y,
    "xy": lambda x, y: x * y,
    "sinx": lambda x, y: sine(x),
    "siny": lambda x, y: sine(y),
}

#: The data to learn from, by name.
DATA = {"moons": moons, "circles": circles, "xor": xor, "spiral": spiral}

#: What the hidden neurons do to their sums, by name.
ACTIVATIONS = {
    "tanh": Value.tanh,
    "relu": Value.relu,
    "sigmoid": Value.sigmoid,
}

#: A point with its label.
Example = tuple[float, float, int]


@dataclass(frozen=True)
class Field:
    """What a setting may be, and how it is read from a query and written.

    ``what`` says in words what it may be; ``read`` may raise `ValueError`.
    A form offers the ``choices``, and a number is within ``limits``.
    """

    what: str
    allows: Callable[[Any], bool]
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    choices: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None

    def refusal(self, name: str, value: object) -> ValueError:
        """The error that says what the setting ``name`` must be."""
        return ValueError(
            f"{name} must be {self.what}, not {reprlib.repr(value)}"
        )


def one_of(names: Iterable[str]) -> Field:
    """A setting that is one of some names."""
    known = tuple(names)
    what = f"one of {', '.join(known)}"
    return Field(what, lambda x: x in known, str, choices=known)


def some_of(names: Iterable[str]) -> Field:
    """A setting that is some of the names, in their order."""
    known = tuple(names)
    return Field(
        f"some of {','.join(known)}, in this order",
        lambda x: bool(x) and x == tuple(n for n in known if n in x),
        lambda text: tuple(text.split(",")),
        ",".join,
        choices=known,
    )


def is_whole(x: object, low: int, high: float) -> bool:
    """Whether this is a whole number from ``low`` to ``high``."""
    return type(x) is int and low <= x <= high


def is_number(x: object, low: float, high: float) -> bool:
    """Whether this is a number from ``low`` to ``high``."""
    if isinstance(x, bool) or not isinstance(x, int | float):
        return False
    return low <= x <= high


def shortest(x: float) -> str:
    """The number as text, without ``.0`` at the end."""
    return repr(float(x)).removesuffix(".0")


def whole(low: int, high: int) -> Field:
    """A setting that is a whole number from ``low`` to ``high``."""
    return Field(
        f"a whole number from {low} to {high}",
        lambda x: is_whole(x, low, high),
        int,
        limits=(low, high),
    )


def number(low: float, high: float) -> Field:
    """A setting that is a number from ``low`` to ``high``."""
    return Field(
        f"a number from {shortest(low)} to {shortest(high)}",
        lambda x: is_number(x, low, high),
        float,
        shortest,
        limits=(low, high),
    )


def are_widths(x: object) -> bool:
    """Whether these are numbers of neurons, one for each hidden layer."""
    return (
        isinstance(x, tuple)
        and 1 <= len(x) <= 4
        and all(is_whole(width, 1, 16) for width in x)
    )


def read_widths(text: str) -> tuple[int, ...]:
    """The widths in a text such as ``8-8``."""
    return tuple(map(int, text.split("-")))


def write_widths(widths: tuple[int, ...]) -> str:
    """The reverse of `read_widths`."""
    return "-".join(map(str, widths))


def is_example(x: object, most: float) -> bool:
    """Whether this is a point with its label, and not too far away."""
    return (
        isinstance(x, tuple)
        and len(x) == 3
        and all(is_number(c, -most, most) for c in x[:2])
        and x[2] in (1, -1)
    )


def read_examples(text: str) -> tuple[Example, ...]:
    """The points in a text such as ``0.5,1.25,-1;2,0,1``."""
    points = []
    for point in text.split(";") if text else []:
        x, y, label = point.split(",")
        # Adding 0.0 makes 0.0 of -0.0, which would be written in another way.
        points.append((float(x) + 0.0, float(y) + 0.0, int(label)))
    return tuple(points)


def write_examples(examples: tuple[Example, ...]) -> str:
    """The reverse of `read_examples`."""
    return ";".join(",".join(map(shortest, point)) for point in examples)


def examples(count: int, most: float) -> Field:
    """A setting that is at most so many points, at most so far away."""
    return Field(
        f"at most {count} points such as 0.5,1.25,-1;2,0,1, with coordinates "
        f"from {-most} to {most} and labels 1 or -1",
        lambda xs: (
            isinstance(xs, tuple)
            and len(xs) <= count
            and all(is_example(x, most) for x in xs)
        ),
        read_examples,
        write_examples,
        limits=(count, most),
    )


#: All settings, by name.
FIELDS = {
    "data": one_of([*DATA, "own"]),
    "points": whole(2, 400),
    "test": whole(0, 90),
    "noise": number(0, 1),
    "features": some_of(FEATURES),
    "hidden": Field(
        "1 to 4 whole numbers from 1 to 16, such as 8-8",
        are_widths,
        read_widths,
        write_widths,
    ),
    "activation": one_of(ACTIVATIONS),
    "rate": number(0.00001, 10),
    "decay": number(0, 1),
    "batch": whole(0, 400),
    "seed": whole(0, 10**15),
    "added": examples(100, 10),
    "own": examples(10_000, 100),
}


@dataclass(frozen=True)
class Settings:
    """What an experiment is, in full: equal settings give equal numbers.

    ``points`` examples of ``data`` to learn from, with this ``noise``, and
    more of them to test what was learnt: ``test`` percent of all. The
    ``features`` of a point go into a network with ``hidden`` layers of so
    many neurons. It learns at a ``rate`` and with weight ``decay``, from
    ``batch`` examples at a time, or 0: all. The ``seed`` is that of the data
    and of the weights. ``added`` are more examples to learn from. If the data
    are ``"own"``, they are those in ``own``, of which the last ``test``
    percent are for the test. `ValueError` for what can't be.
    """

    data: str = "moons"
    points: int = 100
    test: int = 50
    noise: float = 0.1
    features: tuple[str, ...] = ("x", "y")
    hidden: tuple[int, ...] = (8, 8)
    activation: str = "tanh"
    rate: float = 0.5
    decay: float = 0.0001
    batch: int = 0
    seed: int = 12
    added: tuple[Example, ...] = ()
    own: tuple[Example, ...] = ()

    def __post_init__(self) -> None:
        for name, field in FIELDS.items():
            value = getattr(self, name)
            if not field.allows(value):
                raise field.refusal(name, value)
        if self.data == "own" and not self.own:
            raise ValueError("own must have at least 1 point")

    @classmethod
    def from_query(cls, text: str) -> Settings:
        """The settings in a query such as ``points=50&hidden=8-8``.

        What isn't there is as by default. `ValueError` for what can't be
        read, can't be, isn't known or is there twice.
        """
        settings: dict[str, Any] = {}
        query = text.removeprefix("?")
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name not in FIELDS:
                names = ", ".join(FIELDS)
                raise ValueError(
                    f"no setting is called {name!r}; there are {names}"
                )
            if name in settings:
                raise ValueError(f"{name} is there more than once")
            field = FIELDS[name]
            try:
                settings[name] = field.read(value)
            except ValueError:
                raise field.refusal(name, value) from None
            if not field.allows(settings[name]):
                raise field.refusal(name, value)  # as it is written
        return cls(**settings)

    def query(self) -> str:
        """The settings as a query: those that aren't as by default."""
        changed = {
            name: field.write(getattr(self, name))
            for name, field in FIELDS.items()
            if getattr(self, name) != getattr(Settings, name)
        }
        return urlencode(changed, safe=",;")


def score_function(
    score: Callable[[Any], Value], parameters: Sequence[Value]
) -> Callable[..., list[float]]:
    """A function of points and parameters: the score of each point."""

    def forward(point: Any) -> Value:
        return Value(score(point).data)

    program = straighten(record(forward, parameters, (2,)))
    run = function_from(source(program), portable)
    # Each needs a score of its own, not their mean.
    return lambda points, parameters: [
        run([point], parameters)[0] for point in points
    ]


def examples_of(settings: Settings) -> tuple[list[Example], list[Example]]:
    """The examples to learn from, and those to test what was learnt."""
    if settings.data == "own":
        given, count = list(settings.own), len(settings.own)
        count -= count * settings.test // 100
    else:
        count = settings.points
        tests = count * settings.test // (100 - settings.test)
        points, labels = DATA[settings.data](
            count + tests, settings.noise, random.Random(settings.seed)
        )
        # These are made with the C library's functions; so many decimals
        # are the same everywhere.
        given = [
            (round(x, 4), round(y, 4), label)
            for (x, y), label in zip(points, labels)
        ]
    return [*given[:count], *settings.added], given[count:]


#: How much of the plane is shown around the points.
MARGIN = 0.3


class Task:
    """A network, and what it is to learn, as the ``settings`` say.

    The ``model`` learns from ``examples`` and is tested with ``tests``:
    points with their labels.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.model: Any = MLP(
            len(settings.features),
            [*settings.hidden, 1],
            activation=ACTIVATIONS[settings.activation],
            output=None,
            rng=random.Random(settings.seed),
        )
        self.examples, self.tests = examples_of(settings)

    def features(self, point: Any) -> list[Any]:
        """What the network sees of a point."""
        return [FEATURES[name](*point) for name in self.settings.features]

    def score(self, point: Any) -> Value:
        """What the network says of a point: more than 0 for the label 1."""
        score: Value = self.model(self.features(point))
        return score

    def objective(self, point: Any, label: Any) -> Value:
        """The loss on an example: hinge loss and penalty."""
        penalty = self.settings.decay * l2(self.model.parameters())
        return hinge([self.score(point)], [label]) + penalty

    def rightness(self, point: Any, label: Any) -> Value:
        """Whether an example is on the right side: 1 or 0."""
        positive = self.score(point).data > 0.0
        return Value(where(positive, label, -label) > 0.0)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The part of the plane to show: x from, x to, y from, y to.

        It has a margin around the points. Adding one that is inside changes
        nothing.
        """
        n = len(self.examples) - len(self.settings.added)
        given = [*self.examples[:n], *self.tests]
        reach = []
        for i in range(2):
            added = [example[i] for example in self.settings.added]
            coordinates = [example[i] for example in given]
            reach.append(min([min(coordinates) - MARGIN, *added]))
            reach.append(max([max(coordinates) + MARGIN, *added]))
        x0, x1, y0, y1 = reach
        return x0, x1, y0, y1


#: A parameter that has grown larger than this will not come back.
LIMIT = 1e6


def too_large(numbers: Iterable[float]) -> bool:
    """Whether one of the parameters is beyond the limit."""
    return any(abs(x) > LIMIT for x in numbers)


class Experiment(Task):
    """A task at which a network is trained.

    ``losses`` has for each step what it has found for its batch, before it
    moved anything. The next steps take another learning ``rate``, if it is
    changed.
    """

    def __init__(self, settings: Settings) -> None:
        Task.__init__(self, settings)
        self.rate = settings.rate
        self.losses: list[float] = []
        parameters = self.model.parameters()
        self._mean_loss = jit(self.objective, self.model, backend=BACKEND)
        self._accuracy = jit(self.rightness, self.model, backend=BACKEND)
        self._scores = score_function(self.score, parameters)
        self._load()

    def _load(self) -> None:
        """Have the programs know the examples."""
        points, labels = in_columns(self.examples)
        self._to_learn = self._mean_loss.load(points, labels)
        self._to_judge = self._accuracy.load(points, labels)
        size = self.settings.batch or len(points)
        starts = range(0, len(points), size)
        self._batches = [self._to_learn[i : i + size] for i in starts]

    @property
    def steps(self) -> int:
        """How many steps have been made."""
        return len(self.losses)

    def step(self, steps: int = 1) -> None:
        """Make so many steps, but none after training has run away."""
        with ExitStack() as stack:
            descents = [
                stack.enter_context(self._mean_loss.descent(batch))
                for batch in self._batches
            ]
            for _ in range(steps):
                if self.has_run_away:
                    break
                descend = descents[self.steps % len(descents)]
                self.losses.append(descend(self.rate))

    @property
    def has_run_away(self) -> bool:
        """Whether a parameter has grown so large that training is over."""
        return too_large(self._mean_loss.side_by_side().numbers)

    @property
    def loss(self) -> float:
        """The loss on the examples now, as long as a step to compute."""
        return self._mean_loss(self._to_learn).data

    @property
    def test_loss(self) -> float:
        """The loss on the tests now; `ValueError` if there are none."""
        return self._mean_loss(*in_columns(self.tests)).data

    @property
    def accuracy(self) -> float:
        """The share of the examples that are on the right side now."""
        return self._accuracy(self._to_judge).data

    def scores(self, points: Iterable[Point]) -> list[float]:
        """What the network says about points, now."""
        return self._scores(points, self._mean_loss.side_by_side().numbers)

    def add(self, x: float, y: float, label: int) -> None:
        """Add a point to learn from; training goes on from where it is.

        `ValueError` if the settings can't have it.
        """
        added = (*self.settings.added, (x, y, label))
        self.settings = replace(self.settings, added=added)
        self.examples.append((x, y, label))
        self._load()

    def plane(self, columns: int, rows: int) -> list[list[float]]:
        """The scores within ``bounds``, row by row from the lowest y up.

        The plane is cut into so many columns and rows; there is one score
        for the middle of each field.
        """
        x0, x1, y0, y1 = self.bounds
        xs = [x0 + (x1 - x0) * (i + 0.5) / columns for i in range(columns)]
        ys = [y0 + (y1 - y0) * (i + 0.5) / rows for i in range(rows)]
        scores = self.scores((x, y) for y in ys for x in xs)
        starts = range(0, len(scores), columns)
        return [scores[start : start + columns] for start in starts]


def in_columns(examples: list[Example]) -> tuple[list[Point], list[int]]:
    """The points, and their labels."""
    points = [(x, y) for x, y, _ in examples]
    return points, [label for _, _, label in examples]
