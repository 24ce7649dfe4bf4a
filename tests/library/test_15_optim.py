"""From chapter 15 on: steps with momentum, and Adam's."""

import copy
import itertools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from micrograd.engine import Value
from micrograd.optim import SGD, Adam

STEPS = 100

# Ordinary gradients, and those whose squares are 0 or inf.
GRADIENT = st.one_of(
    st.floats(-10, 10, allow_subnormal=False),
    st.sampled_from([0.0, -0.0, 1e-200, -1e-200, 1e200, -1e200, 1.0, -1.0]),
)
NUMBER = st.floats(-10, 10, allow_subnormal=False)
RATE = st.sampled_from([0.001, 0.01, 0.1, 0.5])


@st.composite
def walks(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """Where parameters begin, and gradients and rates to be repeated."""
    n = draw(st.integers(1, 3))
    numbers = st.lists(NUMBER, min_size=n, max_size=n)
    gradients = st.lists(GRADIENT, min_size=n, max_size=n)
    return (
        draw(numbers),
        draw(st.lists(gradients, min_size=1, max_size=8)),
        draw(st.lists(RATE, min_size=1, max_size=3)),
    )


def paths(walk: Any, ours: Any, theirs: Any) -> None:
    """A hundred steps by us and by torch leave the same parameters.

    The tolerance is relative to the largest number on a parameter's way,
    since steps there and back cancel.
    """
    starts, gradients, rates = walk
    parameters = [Value(x) for x in starts]
    tensor = torch.tensor(starts, dtype=torch.float64, requires_grad=True)
    mine, torchs = ours(parameters, rates[0]), theirs([tensor], lr=rates[0])
    largest = [abs(x) for x in starts]
    turns = zip(itertools.cycle(gradients), itertools.cycle(rates))
    for gradient, rate in itertools.islice(turns, STEPS):
        for p, g in zip(parameters, gradient, strict=True):
            p.grad = g
        tensor.grad = torch.tensor(gradient, dtype=torch.float64)
        mine.learning_rate = torchs.param_groups[0]["lr"] = rate
        mine.step()
        torchs.step()
        for i, (p, x) in enumerate(
            zip(parameters, tensor.tolist(), strict=True)
        ):
            largest[i] = max(largest[i], abs(x))
            assert abs(p.data - x) <= 1e-12 * largest[i], (p.data, x)
    assert [p.grad for p in parameters] == gradient


@given(walks(), st.sampled_from([0.0, 0.5, 0.9, 0.99]))
def test_momentum_is_torchs(walk: Any, momentum: float) -> None:
    """Protects a hundred steps, with rates that change between them."""
    paths(
        walk,
        lambda ps, rate: SGD(ps, rate, momentum=momentum),
        lambda ps, lr: torch.optim.SGD(ps, lr=lr, momentum=momentum),
    )


@given(
    walks(),
    st.sampled_from([(0.9, 0.999), (0.8, 0.99), (0.0, 0.9), (0.95, 0.95)]),
    st.sampled_from([1e-8, 1e-3]),
)
def test_adam_is_torchs(
    walk: Any, betas: tuple[float, float], epsilon: float
) -> None:
    """Protects a hundred steps: means, corrections, and the epsilon."""
    paths(
        walk,
        lambda ps, rate: Adam(ps, rate, betas=betas, epsilon=epsilon),
        lambda ps, lr: torch.optim.Adam(ps, lr=lr, betas=betas, eps=epsilon),
    )


def test_adam_begins_with_torchs_settings() -> None:
    """Protects who says only which parameters: torch's own defaults."""
    theirs = torch.optim.Adam([torch.zeros(1)]).defaults
    ours = Adam([Value(0.0)])
    assert ours.learning_rate == theirs["lr"]
    assert ours.betas == theirs["betas"]
    assert ours.epsilon == theirs["eps"]


@pytest.mark.parametrize("beta", [1.0, 1.5, -0.1, math.nan])
@pytest.mark.parametrize("place", [0, 1])
def test_betas_that_divide_by_zero_are_refused(
    place: int, beta: float
) -> None:
    """Protects the corrections: a mean that forgets nothing has none."""
    betas = (beta, 0.9) if place == 0 else (0.9, beta)
    said = f"betas must be at least 0 and less than 1, not {betas}"
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        Adam([Value(0.0)], betas=betas)


def test_adams_first_beta_is_its_momentum() -> None:
    """Protects what an optimiser says of itself, by one name."""
    assert Adam([Value(0.0)], betas=(0.8, 0.9)).momentum == 0.8


def test_without_momentum_steps_are_plain() -> None:
    """Protects chapter 11's optimiser: nothing is remembered."""
    p = Value(3.0)
    optimiser = SGD([p], 0.25)
    for gradient, expected in [(2.0, 2.5), (0.0, 2.5), (-4.0, 3.5)]:
        p.grad = gradient
        optimiser.step()
        assert p.data == expected


def test_with_momentum_a_parameter_coasts_on() -> None:
    """Protects the velocity, by hand: 1, then a half, then a quarter."""
    p = Value(0.0)
    optimiser = SGD([p], 1.0, momentum=0.5)
    p.grad = 1.0
    way = []
    for _ in range(3):
        optimiser.step()
        optimiser.zero_grad()
        way.append(p.data)
    assert way == [-1.0, -1.5, -1.75]


@pytest.mark.parametrize("size", [1e-5, 1.0, 1e100])
def test_adams_first_step_is_as_long_as_the_rate(size: float) -> None:
    """Protects what it is for: the gradients' size hardly matters."""
    p, q = Value(0.0), Value(0.0)
    p.grad, q.grad = size, -size
    Adam([p, q], learning_rate=0.01).step()
    assert (p.data, q.data) == pytest.approx((-0.01, 0.01), rel=1.1e-3)


MAKERS: list[Callable[..., SGD]] = [
    lambda ps: SGD(ps, 0.1),
    lambda ps: SGD(ps, 0.1, momentum=0.9),
    lambda ps: Adam(ps, 0.1),
]
EACH = pytest.mark.parametrize(
    "make", MAKERS, ids=["plain", "momentum", "adam"]
)


@pytest.mark.parametrize("wrong", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("place", [0, 2])
@EACH
def test_a_gradient_that_is_no_number_moves_nothing(
    make: Callable[..., SGD], place: int, wrong: float
) -> None:
    """Protects what was learnt: neither parameters nor the state change."""
    parameters = [Value(1.0), Value(2.0), Value(3.0)]
    optimiser = make(iter(parameters))
    for p in parameters:
        p.grad = 0.5
    optimiser.step()
    before = [p.data for p in parameters]
    state = held(optimiser)
    parameters[place].grad = wrong
    with pytest.raises(FloatingPointError) as refusal:
        optimiser.step()
    assert str(refusal.value) == (
        "a parameter would become inf or nan, so nothing is moved. Training "
        "has run away: take a smaller learning rate, or scale the inputs; or "
        "there is a nan among inputs or labels"
    )
    assert [p.data for p in parameters] == before
    assert held(optimiser) == state

    # And so it goes on as if nothing had been.
    twins = [Value(1.0), Value(2.0), Value(3.0)]
    other = make(twins)
    parameters[place].grad = 0.5
    for twin in twins:
        twin.grad = 0.5
    optimiser.step()
    other.step()
    other.step()
    assert [p.data for p in parameters] == [p.data for p in twins]


def held(optimiser: SGD) -> dict[str, Any]:
    """All that an optimiser remembers, but the parameters."""
    state = {k: v for k, v in vars(optimiser).items() if k != "parameters"}
    return copy.deepcopy(state)


@EACH
def test_steps_make_the_loss_of_a_valley_smaller(
    make: Callable[..., SGD],
) -> None:
    """Protects the sign, for a loss that is steep one way and flat another."""
    p, q = Value(1.0), Value(-1.0)
    optimiser = make([p, q])

    def loss() -> Value:
        return p * p + 0.05 * q * q

    for _ in range(300):
        result = loss()
        optimiser.zero_grad()
        result.backward()
        optimiser.step()
    assert loss().data < 0.01 * 1.05


@EACH
def test_optimisers_have_one_shape(make: Callable[..., SGD]) -> None:
    """Protects training loops: any of them, by the same three names."""
    p = Value(1.0)
    p.grad = 2.0
    optimiser = make(p for p in [p])
    assert optimiser.learning_rate == 0.1
    optimiser.learning_rate = 0.0
    optimiser.step()
    assert p.data == 1.0
    optimiser.zero_grad()
    assert p.grad == 0.0


@EACH
def test_parameters_have_each_its_own_state(
    make: Callable[..., SGD],
) -> None:
    """Protects from mixing: together they move as they would alone."""
    gradients: Sequence[Sequence[float]] = [(1.0, -2.0), (0.5, 0.0), (-3, 4)]
    together = [Value(1.0), Value(-1.0)]
    alone = [Value(1.0), Value(-1.0)]
    optimisers = [make(together), *(make([p]) for p in alone)]
    for row in gradients:
        for p, q, g in zip(together, alone, row, strict=True):
            p.grad = q.grad = g
        for optimiser in optimisers:
            optimiser.step()
    assert [p.data for p in together] == [p.data for p in alone]


@EACH
def test_no_parameter_becomes_infinite(make: Callable[..., SGD]) -> None:
    """Protects what was learnt from steps that are too large."""
    parameters = [Value(1.0), Value(2.0)]
    optimiser = make(parameters)
    optimiser.learning_rate = 1e308
    for p in parameters:
        p.grad = 100.0
    for _ in range(3):
        before = [p.data for p in parameters], held(optimiser)
        try:
            optimiser.step()
        except FloatingPointError:
            assert ([p.data for p in parameters], held(optimiser)) == before
            return
    raise AssertionError("nothing was said")


def test_nothing_divided_by_nothing_moves_nothing() -> None:
    """Protects Adam without its epsilon, where a gradient is always 0."""
    parameters = [Value(1.0), Value(2.0)]
    optimiser = Adam(parameters, 0.1, epsilon=0.0)
    parameters[0].grad = 1.0
    with pytest.raises(ZeroDivisionError):
        optimiser.step()
    assert [p.data for p in parameters] == [1.0, 2.0]
    assert optimiser.steps == 0
