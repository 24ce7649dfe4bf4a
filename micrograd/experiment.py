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
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, urlencode

from micrograd import portable
from micrograd.compiler import Program, jit, record, straighten
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

#: The data to learn from, by name.
DATA = {"moons": moons, "circles": circles, "xor": xor, "spiral": spiral}

#: What the hidden neurons do to their sums, by name.
ACTIVATIONS = {
    "tanh": Value.tanh,
    "relu": Value.relu,
    "sigmoid": Value.sigmoid,
}

#: A point that is added to the data by hand: x, y and its label.
Added = tuple[float, float, int]


@dataclass(frozen=True)
class Field:
    """What a setting may be, and how it is read from a query and written.

    ``what`` says in words what it may be; ``read`` may raise `ValueError`.
    """

    what: str
    allows: Callable[[Any], bool]
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str

    def refusal(self, name: str, value: object) -> ValueError:
        """The error that says what the setting ``name`` must be."""
        return ValueError(
            f"{name} must be {self.what}, not {reprlib.repr(value)}"
        )


def one_of(names: Iterable[str]) -> Field:
    """A setting that is one of some names."""
    known = list(names)
    return Field(f"one of {', '.join(known)}", lambda x: x in known, str)


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


def is_added(x: object) -> bool:
    """Whether this is a point with its label, to two decimals."""
    return (
        isinstance(x, tuple)
        and len(x) == 3
        and all(is_number(c, -10, 10) and c == round(c, 2) for c in x[:2])
        and x[2] in (1, -1)
    )


def are_added(x: object) -> bool:
    """Whether these are points to add, and not too many."""
    return isinstance(x, tuple) and len(x) <= 100 and all(map(is_added, x))


def rounded(x: float, y: float, label: int) -> Added:
    """A point to add, with its two decimals."""
    # Adding 0.0 makes 0.0 of -0.0, which would be written in another way.
    return round(x, 2) + 0.0, round(y, 2) + 0.0, label


def read_added(text: str) -> tuple[Added, ...]:
    """The points in a text such as ``0.5,1.25,-1;2,0,1``."""
    points = []
    for point in text.split(";") if text else []:
        x, y, label = point.split(",")
        points.append(rounded(float(x), float(y), int(label)))
    return tuple(points)


def write_added(added: tuple[Added, ...]) -> str:
    """The reverse of `read_added`."""
    return ";".join(",".join(map(shortest, point)) for point in added)


#: All settings, by name.
FIELDS = {
    "data": one_of(DATA),
    "points": Field(
        "a whole number from 2 to 400", lambda x: is_whole(x, 2, 400), int
    ),
    "noise": Field(
        "a number from 0 to 1", lambda x: is_number(x, 0, 1), float, shortest
    ),
    "hidden": Field(
        "1 to 4 whole numbers from 1 to 16, such as 8-8",
        are_widths,
        read_widths,
        write_widths,
    ),
    "activation": one_of(ACTIVATIONS),
    "rate": Field(
        "a number over 0 and at most 10",
        lambda x: is_number(x, 0, 10) and x > 0,
        float,
        shortest,
    ),
    "decay": Field(
        "a number from 0 to 1", lambda x: is_number(x, 0, 1), float, shortest
    ),
    "seed": Field(
        "a whole number from 0", lambda x: is_whole(x, 0, math.inf), int
    ),
    "added": Field(
        "at most 100 points such as 0.5,1.25,-1;2,0,1, with coordinates from "
        "-10 to 10 and labels 1 or -1",
        are_added,
        read_added,
        write_added,
    ),
}


@dataclass(frozen=True)
class Settings:
    """What an experiment is, in full: equal settings give equal numbers.

    ``points`` examples of ``data`` with this ``noise``; a network with
    ``hidden`` layers of so many neurons; learning ``rate`` and weight
    ``decay``; the ``seed`` of the data and of the weights. ``added`` are
    more examples, which come after the others: points to two decimals, with
    labels. `ValueError` for what can't be.
    """

    data: str = "moons"
    points: int = 100
    noise: float = 0.1
    hidden: tuple[int, ...] = (8, 8)
    activation: str = "tanh"
    rate: float = 0.5
    decay: float = 0.0001
    seed: int = 12
    added: tuple[Added, ...] = ()

    def __post_init__(self) -> None:
        for name, field in FIELDS.items():
            value = getattr(self, name)
            if not field.allows(value):
                raise field.refusal(name, value)

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


def score_function(model: Any) -> Callable[..., list[float]]:
    """A function of points and parameters: the score of each point."""

    def score(point: Any) -> Value:
        return Value(model(point).data)

    program = straighten(record(score, model.parameters(), (2,)))
    if BACKEND == "wasm":
        return score_machine(program)
    run = function_from(source(program), portable)
    return lambda points, parameters: [
        run([point], parameters)[0] for point in points
    ]


def score_machine(program: Program) -> Callable[..., list[float]]:
    """The same function, as a machine."""
    from micrograd.compiler.running import Module
    from micrograd.compiler.wasm import forward_module

    machine = Module(forward_module(program)).start()

    def run(
        points: Iterable[Point], parameters: Sequence[float]
    ) -> list[float]:
        numbers = [x for point in points for x in point]
        machine.write("p", parameters)
        machine.write("x", numbers)
        machine.call("answer", len(numbers) // 2)
        return machine.read("x", len(numbers)).tolist()[::2]

    return run


def loss_of(model: Any, decay: float) -> Callable[[Any, Any], Value]:
    """The loss on an example: hinge loss and penalty."""

    def loss(point: Any, label: Any) -> Value:
        return hinge([model(point)], [label]) + decay * l2(model.parameters())

    return loss


def rightness_of(model: Any) -> Callable[[Any, Any], Value]:
    """Whether an example is on the right side: 1 or 0."""

    def rightness(point: Any, label: Any) -> Value:
        positive = model(point).data > 0.0
        return Value(where(positive, label, -label) > 0.0)

    return rightness


#: How much of the plane is shown around the points.
MARGIN = 0.3

#: A parameter that has grown larger than this will not come back.
LIMIT = 1e6


def too_large(numbers: Iterable[float]) -> bool:
    """Whether one of the parameters is beyond the limit."""
    return any(abs(x) > LIMIT for x in numbers)


class Experiment:
    """A network in training, as its ``settings`` say.

    It has ``points`` and their ``labels``, a ``model``, and for each step
    made the loss and the accuracy before it, in ``losses`` and
    ``accuracies``. ``as_linked`` says whether the settings alone lead to
    where it is; they don't once a point was added after the first step.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.model: Any = MLP(
            2,
            [*settings.hidden, 1],
            activation=ACTIVATIONS[settings.activation],
            output=None,
            rng=random.Random(settings.seed),
        )
        points, self.labels = DATA[settings.data](
            settings.points, settings.noise, random.Random(settings.seed)
        )
        # These are made with the C library's functions; so many decimals
        # are the same everywhere.
        self.points = [(round(x, 4), round(y, 4)) for x, y in points]
        self.points += [(x, y) for x, y, _ in settings.added]
        self.labels += [label for _, _, label in settings.added]
        self.losses: list[float] = []
        self.accuracies: list[float] = []
        self.as_linked = True
        loss = loss_of(self.model, settings.decay)
        self._mean_loss = jit(loss, self.model, backend=BACKEND)
        rightness = rightness_of(self.model)
        self._accuracy = jit(rightness, self.model, backend=BACKEND)
        self._scores = score_function(self.model)
        self._load()

    def _load(self) -> None:
        """Have both programs know the examples."""
        self._to_learn = self._mean_loss.load(self.points, self.labels)
        self._to_judge = self._accuracy.load(self.points, self.labels)

    @property
    def steps(self) -> int:
        """How many steps have been made."""
        return len(self.losses)

    def step(self, steps: int = 1) -> None:
        """Make so many steps, but none after training has run away."""
        with self._mean_loss.descent(self._to_learn) as descend:
            for _ in range(steps):
                if self.has_run_away:
                    break
                accuracy = self.accuracy
                self.losses.append(descend(self.settings.rate))
                self.accuracies.append(accuracy)

    @property
    def has_run_away(self) -> bool:
        """Whether a parameter has grown so large that training is over."""
        return too_large(self._mean_loss.side_by_side().numbers)

    @property
    def loss(self) -> float:
        """The loss now, which takes nearly as long as a step."""
        return self._mean_loss(self._to_learn).data

    @property
    def accuracy(self) -> float:
        """The share of points that are on the right side now."""
        return self._accuracy(self._to_judge).data

    def scores(self, points: Iterable[Point]) -> list[float]:
        """What the network says about points, now."""
        return self._scores(points, self._mean_loss.side_by_side().numbers)

    def add(self, x: float, y: float, label: int) -> None:
        """Add a point, to two decimals; training goes on from where it is.

        `ValueError` if the settings can't have it.
        """
        point = rounded(x, y, label)
        added = (*self.settings.added, point)
        self.settings = replace(self.settings, added=added)
        self.points.append(point[:2])
        self.labels.append(label)
        self._load()
        self.as_linked = self.as_linked and not self.losses

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The part of the plane to show: x from, x to, y from, y to.

        It has a margin around the points. Adding one that is inside changes
        nothing.
        """
        n = self.settings.points
        reach = []
        for coordinates in zip(*self.points):
            given, added = coordinates[:n], coordinates[n:]
            reach.append(min([min(given) - MARGIN, *added]))
            reach.append(max([max(given) + MARGIN, *added]))
        x0, x1, y0, y1 = reach
        return x0, x1, y0, y1

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

    def network(self) -> list[list[dict[str, Any]]]:
        """For each layer and each neuron its parameters and gradients.

        The gradients are those that the last step has followed; 0 before
        the first one.
        """
        return [
            [
                {
                    "weights": [w.data for w in neuron.w],
                    "gradients": [w.grad for w in neuron.w],
                    "bias": neuron.b.data,
                    "bias_gradient": neuron.b.grad,
                }
                for neuron in layer.neurons
            ]
            for layer in self.model.layers
        ]
