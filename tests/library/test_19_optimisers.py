"""From chapter 19 on: an optimiser makes its steps inside a descent."""

import copy
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiling import BACKENDS
from micrograd.compiler import jit
from micrograd.data import moons
from micrograd.engine import Value
from micrograd.losses import hinge, l2
from micrograd.nn import MLP
from micrograd.optim import SGD, Adam

POINTS, LABELS = moons(30, rng=random.Random(5))

Make = Callable[[list[Value]], SGD]

OPTIMISERS: dict[str, Make] = {
    "plain": lambda ps: SGD(ps, 0.1),
    "momentum": lambda ps: SGD(ps, 0.1, momentum=0.9),
    "Adam": lambda ps: Adam(ps, 0.05),
    "slow Adam": lambda ps: Adam(ps, 0.01, betas=(0.5, 0.9), epsilon=1e-3),
}
# Each of them makes up to eighteen steps, twice.
FEWER = min(10, settings.default.max_examples if settings.default else 10)
EACH = pytest.mark.parametrize("backend", BACKENDS)
BY_EACH = pytest.mark.parametrize("name", OPTIMISERS)


def new_mean(backend: str) -> tuple[MLP, Any]:
    """A network, and its compiled loss."""
    model = MLP(2, [4, 3, 1], output=None, rng=random.Random(3))

    def objective(point: Any, label: Any) -> Value:
        score: Any = model(point)
        return hinge([score], [label]) + 1e-3 * l2(model.parameters())

    return model, jit(objective, model, backend=backend)


def by_loop(optimiser: SGD, mean: Any, rates: list[float]) -> None:
    """A step for each rate, in the loop that the chapters teach."""
    for rate in rates:
        optimiser.learning_rate = rate
        loss = mean(POINTS, LABELS)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def close(a: list[float], b: list[float]) -> bool:
    """Whether numbers are the same but for rounding."""
    return all(
        math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12)
        for x, y in zip(a, b, strict=True)
    )


def assert_the_same(ours: SGD, theirs: SGD) -> None:
    """Parameters, gradients, and all that an optimiser keeps."""
    for a, b in zip(ours.parameters, theirs.parameters, strict=True):
        assert close([a.data, a.grad], [b.data, b.grad])
    for state, other in zip(ours.states, theirs.states, strict=True):
        assert close(state, other)
    assert ours.steps == theirs.steps


@EACH
@BY_EACH
@settings(max_examples=FEWER)
@given(
    rates=st.lists(st.sampled_from([0.01, 0.1, 0.3]), min_size=1, max_size=6),
    before=st.integers(0, 3),
    times=st.integers(1, 3),
)
def test_a_descent_makes_the_steps_of_the_loop(
    backend: str, name: str, rates: list[float], before: int, times: int
) -> None:
    """Protects who leaves the loop to `descent`: from the first step on.

    Steps before it count, as do several at a time, and other rates.
    """
    optimisers = []
    for descends in (True, False):
        model, mean = CACHE.setdefault((backend, descends), new_mean(backend))
        for p, data in zip(model.parameters(), START, strict=True):
            p.data = data
        optimiser = OPTIMISERS[name](model.parameters())
        by_loop(optimiser, mean, [0.2] * before)
        repeated = [rate for rate in rates for _ in range(times)]
        if not descends:
            by_loop(optimiser, mean, repeated)
        else:
            with mean.descent(POINTS, LABELS, optimiser=optimiser) as step:
                for rate in rates:
                    step(rate, steps=times)
        optimisers.append(optimiser)
    assert_the_same(*optimisers)


CACHE: dict[Any, tuple[MLP, Any]] = {}
START = [p.data for p in new_mean("python")[0].parameters()]


@EACH
@BY_EACH
def test_a_descent_goes_on_with_the_optimisers_own_rate(
    backend: str, name: str
) -> None:
    """Protects who has set it once: it needn't be said again."""
    model, mean = new_mean(backend)
    optimiser = OPTIMISERS[name](model.parameters())
    twin = copy.deepcopy(optimiser)
    assert isinstance(twin.parameters[0], Value)
    with mean.descent(POINTS, LABELS, optimiser=optimiser) as step:
        losses = [step(), step(steps=4), step()]
    assert losses[0] > losses[-1]
    assert optimiser.steps == 6
    for p, q in zip(model.parameters(), twin.parameters, strict=True):
        p.data = q.data
    again = OPTIMISERS[name](model.parameters())
    by_loop(again, mean, [again.learning_rate] * 6)
    assert_the_same(again, optimiser)


@EACH
def test_an_optimiser_of_other_parameters_is_refused(backend: str) -> None:
    """Protects from moving what the loss doesn't know."""
    model, mean = new_mean(backend)
    for others in ([], model.parameters()[1:], [Value(1.0)]):
        descent = mean.descent(POINTS, LABELS, optimiser=SGD(others, 0.1))
        with pytest.raises(ValueError, match="other parameters"), descent:
            pass
    assert all(type(p.data) is float for p in model.parameters())


@EACH
def test_without_an_optimiser_a_rate_is_needed(backend: str) -> None:
    """Protects from steps of no size."""
    model, mean = new_mean(backend)
    before = [p.data for p in model.parameters()]
    refused = pytest.raises(TypeError, match="learning rate")
    with mean.descent(POINTS, LABELS) as step, refused:
        step()
    assert [p.data for p in model.parameters()] == before


@EACH
@pytest.mark.parametrize("name", ["plain", "momentum"])
def test_steps_to_nan_are_steps(backend: str, name: str) -> None:
    """Protects from errors in the middle of many steps."""
    model, mean = new_mean(backend)
    optimiser = OPTIMISERS[name](model.parameters())
    with mean.descent(POINTS, LABELS, optimiser=optimiser) as step:
        step(1e308, steps=20)
    assert optimiser.steps == 20
    assert not all(math.isfinite(p.data) for p in model.parameters())
