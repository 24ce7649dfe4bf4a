"""From chapter 21 on: a network in anybody's hands stays PyTorch's equal.

Hypothesis makes up what a user does with one network, in any order: eager
steps and compiled ones by every backend, steps inside `descent`, gradients
gone backward twice or zeroed, weights changed by hand, copies and pickles
to go on with, weights taken out and put back. PyTorch does the same.
MICROGRAD_STEPS=10000 in the environment makes so many steps at a go.
"""

import copy
import math
import os
import pickle
import random
from collections.abc import Callable
from typing import Any

import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from compiling import BACKENDS
from micrograd.compiler import Compiled, jit
from micrograd.engine import Value
from micrograd.losses import l2, mean_squared_error
from micrograd.nn import MLP, Activation
from micrograd.optim import SGD
from oracle import grad

STEPS = int(os.environ.get("MICROGRAD_STEPS", "0"))
POINTS = [(0.5, -1.0), (-1.5, 0.25), (1.0, 1.0), (-0.5, -0.75), (2.0, 0.0)]
WANTED = [1.0, -1.0, 0.5, 0.0, -0.25]
RATES = st.sampled_from([0.01, 0.1, 0.3])
PICK = st.integers(0, 10**6)
ACTIVATIONS: dict[str, tuple[Activation, Callable[[Any], Any]]] = {
    "tanh": (Value.tanh, torch.tanh),
    "relu": (Value.relu, torch.relu),
    "sigmoid": (Value.sigmoid, torch.sigmoid),
}


def pickled(x: Any) -> Any:
    return pickle.loads(pickle.dumps(x))


class Use(RuleBasedStateMachine):
    """One network, twice: ours, and PyTorch's."""

    @initialize(
        sizes=st.lists(st.integers(1, 3), max_size=2),
        activation=st.sampled_from(sorted(ACTIVATIONS)),
        seed=st.integers(0, 99),
    )
    def begin(self, sizes: list[int], activation: str, seed: int) -> None:
        """Make the network."""
        ours, self.bend = ACTIVATIONS[activation]
        self.model = MLP(
            2, [*sizes, 1], activation=ours, rng=random.Random(seed)
        )
        self.theirs = [
            torch.tensor(p.data, dtype=torch.float64, requires_grad=True)
            for p in self.model.parameters()
        ]
        self.compiled: dict[str, Compiled] = {}
        self.saved = [p.data for p in self.model.parameters()]

    def loss(self) -> Value:
        """Ours: the mean squared error, and a little weight decay."""
        outputs = [self.model(point) for point in POINTS]
        return mean_squared_error(outputs, WANTED) + 0.01 * l2(
            self.model.parameters()
        )

    def their_loss(self) -> torch.Tensor:
        """PyTorch's, from the same numbers in the same places."""
        left = list(self.theirs)
        x = torch.tensor(POINTS, dtype=torch.float64).T
        for layer in self.model.layers:
            rows = []
            for neuron in layer.neurons:
                weights, left = left[: len(neuron.w)], left[len(neuron.w) :]
                bias, *left = left
                rows.append(sum(map(torch.mul, weights, x), bias))
            is_last = layer is self.model.layers[-1]
            x = (torch.tanh if is_last else self.bend)(torch.stack(rows))
        error = (
            (x[0] - torch.tensor(WANTED, dtype=torch.float64)) ** 2
        ).mean()
        return error + 0.01 * sum((p * p for p in self.theirs), 0.0)

    def their_step(self, rate: float) -> None:
        with torch.no_grad():
            for p in self.theirs:
                assert p.grad is not None
                p -= rate * p.grad

    def zero(self) -> None:
        self.model.zero_grad()
        for p in self.theirs:
            p.grad = None

    def mean(self, backend: str) -> Compiled:
        """The loss of one example, compiled, once for each backend."""

        def one(point: Any, wanted: Any) -> Value:
            error = (self.model(point) - wanted) ** 2
            return error + 0.01 * l2(self.model.parameters())

        if backend not in self.compiled:
            self.compiled[backend] = jit(one, self.model, backend=backend)
        return self.compiled[backend]

    @rule(times=st.integers(1, 2))
    def go_backward(self, times: int) -> None:
        """Let gradients add up over calls, as they do until zeroed."""
        ours, theirs = self.loss(), self.their_loss()
        self.same([ours.data], [theirs.item()])
        for _ in range(times):
            ours.backward()
            theirs.backward(retain_graph=True)

    @rule(backend=st.sampled_from(BACKENDS))
    def go_backward_compiled(self, backend: str) -> None:
        """The same, by a program."""
        ours, theirs = self.mean(backend)(POINTS, WANTED), self.their_loss()
        self.same([ours.data], [theirs.item()])
        ours.backward()
        theirs.backward()

    @rule()
    def forget_the_gradients(self) -> None:
        """Zero them."""
        self.zero()

    @rule(rate=RATES, backend=st.sampled_from([None, *BACKENDS]))
    def train(self, rate: float, backend: str | None) -> None:
        """Make one step of the loop that the book teaches."""
        self.zero()
        loss = self.mean(backend)(POINTS, WANTED) if backend else self.loss()
        loss.backward()
        SGD(self.model.parameters(), rate).step()
        self.their_loss().backward()
        self.their_step(rate)

    @rule(
        rate=RATES, backend=st.sampled_from(BACKENDS), steps=st.integers(1, 4)
    )
    def descend(self, rate: float, backend: str, steps: int) -> None:
        """Make several steps in one call."""
        with self.mean(backend).descent(POINTS, WANTED) as step:
            step(rate, steps)
        for _ in range(steps):
            for p in self.theirs:
                p.grad = None
            self.their_loss().backward()
            self.their_step(rate)

    @rule(which=PICK, x=st.sampled_from([-1.0, 0.0, 0.5, 2]))
    def change_a_weight(self, which: int, x: float) -> None:
        """Assign a weight by hand."""
        i = which % len(self.theirs)
        self.model.parameters()[i].data = x
        with torch.no_grad():
            self.theirs[i].fill_(x)

    @rule(twin_of=st.sampled_from([copy.deepcopy, pickled]))
    def go_on_with_a_copy(self, twin_of: Callable[[Any], Any]) -> None:
        """Put the network away; compiled functions stay with the old one."""
        self.model = twin_of(self.model)
        self.compiled = {}

    @rule()
    def save(self) -> None:
        """Take the weights out."""
        self.saved = [p.data for p in self.model.parameters()]

    @rule()
    def load(self) -> None:
        """Put them back."""
        with torch.no_grad():
            for p, t, x in zip(
                self.model.parameters(), self.theirs, self.saved, strict=True
            ):
                p.data = x
                t.fill_(x)

    def teardown(self) -> None:
        """Compare all weights and gradients."""
        if hasattr(self, "model"):
            parameters = self.model.parameters()
            self.same(
                [p.data for p in parameters], [p.item() for p in self.theirs]
            )
            self.same([p.grad for p in parameters], [*map(grad, self.theirs)])

    def same(self, ours: list[float], theirs: list[float]) -> None:
        """Within what two orders of adding may differ by, over many steps."""
        for one, other in zip(ours, theirs, strict=True):
            assert math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


TestUse = Use.TestCase
TestUse.settings = settings(
    max_examples=max(STEPS // 50, 12),
    stateful_step_count=50 if STEPS else 20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
