"""From chapter 19 on: parameters side by side are Values like any others."""

import copy
import gc
import math
import pickle
import random
import weakref
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from compiling import BACKENDS
from micrograd.compiler import jit
from micrograd.data import moons
from micrograd.engine import Value
from micrograd.flat import Flat, flat_of
from micrograd.losses import hinge
from micrograd.nn import MLP
from micrograd.optim import SGD, Adam

EACH = pytest.mark.parametrize("backend", BACKENDS)
POINTS, LABELS = moons(12, rng=random.Random(5))

OPTIMISERS: dict[str, Any] = {
    "plain": lambda ps: SGD(ps, 0.1),
    "momentum": lambda ps: SGD(ps, 0.1, momentum=0.9),
    "Adam": lambda ps: Adam(ps, 0.05),
}


class Twins(RuleBasedStateMachine):
    """Values and their twins in buffers, used in the same ways."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = [Value(0.5 * i - 1.0) for i in range(4)]
        self.placed = copy.deepcopy(self.plain)
        self.optimisers: list[tuple[SGD, SGD]] = []

    both = st.integers(0, 3)
    some = st.lists(both, min_size=1, max_size=4, unique=True)
    number = st.floats(-2.0, 2.0)

    @rule(which=some)
    def place(self, which: list[int]) -> None:
        """Move some of them, in some order, wherever they are."""
        flat = Flat([self.placed[i] for i in which])
        assert flat.is_home
        owner = SGD([self.placed[i] for i in which], 0.1)
        assert flat_of(owner, owner.parameters) is flat

    @rule(i=both, number=number)
    def set_number(self, i: int, number: float) -> None:
        for values in (self.plain, self.placed):
            values[i].data = number

    @rule(i=both, number=number)
    def set_gradient(self, i: int, number: float) -> None:
        for values in (self.plain, self.placed):
            values[i].grad = number

    @rule(i=both, j=both, k=both)
    def go_back(self, i: int, j: int, k: int) -> None:
        for v in (self.plain, self.placed):
            loss = Value.dot([v[i], v[j]], [v[k], v[i]], v[j]).tanh() + v[k]
            loss.backward()

    @rule(which=some, name=st.sampled_from(list(OPTIMISERS)))
    def make_optimiser(self, which: list[int], name: str) -> None:
        ours, theirs = (
            OPTIMISERS[name]([values[i] for i in which])
            for values in (self.plain, self.placed)
        )
        self.optimisers.append((ours, theirs))

    @rule(data=st.data(), clears=st.booleans())
    def use_optimiser(self, data: Any, clears: bool) -> None:
        if self.optimisers:
            for optimiser in data.draw(st.sampled_from(self.optimisers)):
                optimiser.step()
                if clears:
                    optimiser.zero_grad()

    @rule()
    def copy_them(self) -> None:
        """Copies are Values that stand by themselves."""
        pickled = pickle.loads(pickle.dumps(self.placed))
        for copied in (copy.deepcopy(self.placed), pickled):
            assert {type(value) for value in copied} == {Value}
            copied[0].data += 1.0
            assert copied[0].data != self.placed[0].data
            for value, other in zip(copied[1:], self.plain[1:], strict=True):
                assert (value.data, value.grad) == (other.data, other.grad)

    @invariant()
    def they_are_alike(self) -> None:
        for plain, placed in zip(self.plain, self.placed, strict=True):
            assert (plain.data, plain.grad) == (placed.data, placed.grad)
            assert repr(plain) == repr(placed)


TestTwins = Twins.TestCase
TestTwins.settings = settings(
    max_examples=min(30, settings.default.max_examples), deadline=None
)


def task(backend: str) -> tuple[MLP, Any]:
    """A network and its compiled loss."""
    model = MLP(2, [3, 1], output=None, rng=random.Random(3))

    def objective(point: Any, label: Any) -> Value:
        score: Any = model(point)
        return hinge([score], [label])

    return model, jit(objective, model, backend=backend)


def trained(model: MLP, mean: Any, optimiser: SGD, steps: int) -> None:
    """Steps of the loop that the chapters teach."""
    for _ in range(steps):
        loss = mean(POINTS, LABELS)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def by_engine(model: MLP) -> Any:
    """The loss that `task` compiles, without compiling."""

    def mean(points: Any, labels: Any) -> Value:
        scores: list[Any] = [model(point) for point in points]
        return hinge(scores, labels)

    return mean


@EACH
@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_loop_makes_the_engines_steps(backend: str, name: str) -> None:
    """Protects weights and what an optimiser keeps, between two loops, too.

    A rate that changes, a setting that does, and a copy that goes on.
    """
    model, mean = task(backend)
    twin = copy.deepcopy(model)
    optimisers = []
    for net, loss in ((model, mean), (twin, by_engine(twin))):
        optimiser = OPTIMISERS[name](net.parameters())
        trained(net, loss, optimiser, 3)
        optimiser.learning_rate *= 0.5
        trained(net, loss, optimiser, 2)
        if isinstance(optimiser, Adam):
            optimiser.epsilon, optimiser.betas = 0.1, (0.5, 0.6)
        else:
            optimiser.momentum = 0.5
        trained(net, loss, optimiser, 3)
        assert optimiser.steps == 8
        optimisers.append(optimiser)
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        assert p.data == pytest.approx(q.data, rel=1e-12, abs=1e-13)
    ours, theirs = optimisers
    for state, other in zip(ours.states, theirs.states, strict=True):
        assert list(state) == pytest.approx(other, rel=1e-11, abs=1e-13)
    goes_on, again = copy.deepcopy((model, ours))
    trained(goes_on, by_engine(goes_on), again, 1)
    trained(twin, by_engine(twin), theirs, 1)
    for p, q in zip(goes_on.parameters(), twin.parameters(), strict=True):
        assert p.data == pytest.approx(q.data, rel=1e-12, abs=1e-13)


@EACH
@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_step_to_infinity_moves_nothing(backend: str, name: str) -> None:
    """Protects weights, and what an optimiser keeps, from one bad batch."""
    p, q = Value(2.0), Value(3.0)
    mean = jit(lambda x: p * x + q, [p, q], backend=backend)
    optimiser = OPTIMISERS[name]([p, q])
    for x in (1.0, math.nan, math.inf, 2.0):
        before = p.data, q.data, optimiser.steps
        states = [list(state) for state in optimiser.states]
        loss = mean([x])
        optimiser.zero_grad()
        loss.backward()
        if math.isfinite(x):
            optimiser.step()
            assert p.data < before[0]
            continue
        with pytest.raises(FloatingPointError, match="smaller learning rate"):
            optimiser.step()
        assert (p.data, q.data, optimiser.steps) == before
        assert [list(state) for state in optimiser.states] == states


@EACH
def test_a_part_of_them_is_trained_alone(backend: str) -> None:
    """Protects layers that are left out where the optimiser is made."""
    model, mean = task(backend)
    first, last = (layer.parameters() for layer in model.layers)
    kept = [p.data for p in first]
    optimiser = SGD(last[::-1], 0.1)
    before = [p.data for p in last]
    mean(POINTS, LABELS).backward()
    optimiser.step()
    assert [p.data for p in first] == kept
    for p, data in zip(last, before, strict=True):
        assert p.data == pytest.approx(data - 0.1 * p.grad)


@EACH
def test_nobody_sees_an_old_weight_inside_a_descent(backend: str) -> None:
    """Protects who looks at the model between two steps, or changes it."""
    model, mean = task(backend)
    with mean.descent(POINTS, LABELS) as step:
        for _ in range(3):
            step(0.1, steps=2)
            engines = by_engine(model)(POINTS, LABELS).data
            assert mean(POINTS, LABELS).data == pytest.approx(engines)
            model.parameters()[0].data += 0.5
            engines = by_engine(model)(POINTS, LABELS).data
            assert step(0.1) == pytest.approx(engines)


@EACH
def test_parameters_that_are_elsewhere_are_not_moved(backend: str) -> None:
    """Protects a descent from another function with some of its parameters."""
    p, q = Value(2.0), Value(3.0)
    first = jit(lambda x: p * q * x, [p, q], backend=backend)
    with first.descent([1.0]) as step:
        step(0.1)
        now = p.data, q.data
        assert jit(lambda x: q * x, [q], backend=backend)([1.0]).data == now[1]
        with pytest.raises(RuntimeError, match="side by side"):
            step(0.1)
        assert (p.data, q.data) == now
    assert first([1.0]).data == pytest.approx(now[0] * now[1])


class Weight(Value):
    """A Value with a class, and attributes, of its own."""


@EACH
def test_a_class_of_its_own_stays_where_it_is(backend: str) -> None:
    """Protects classes of others: compiled, but not moved by `descent`."""
    p = Weight(6.0)
    mean = jit(lambda x: p * x, [p], backend=backend)
    for _ in range(2):
        loss = mean([4.0, 6.0])
        assert loss.data == 5.0 * p.data
        p.grad = 0.0
        loss.backward()
        assert p.grad == 5.0
        p.data += 1.0
    assert type(p) is Weight
    refused = pytest.raises(RuntimeError, match="side by side")
    with mean.descent([1.0]) as step, refused:
        step(0.1)


@EACH
def test_a_model_is_freed_at_once(backend: str) -> None:
    """Protects memory where the collector is paused: there are no cycles."""
    model, mean = task(backend)
    optimiser = SGD(model.parameters(), 0.1)
    trained(model, mean, optimiser, 2)
    with mean.descent(POINTS, LABELS) as step:
        step(0.1)
    parameter = weakref.ref(model.parameters()[0])
    gc.collect()
    gc.disable()
    try:
        del model, mean, optimiser, step
        assert parameter() is None
    finally:
        gc.enable()
