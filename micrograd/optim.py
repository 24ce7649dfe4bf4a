# Tangled from chapters 11, 15, 17 and 19 in book/: edit there, not here.
"""Optimisers: how parameters move once their gradients are known."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from micrograd.engine import Value
from micrograd.flat import flat_of
from micrograd.floats import sqrt


class SGD:
    """Gradient descent: every parameter steps against its gradient.

    ``learning_rate`` scales the steps and may be changed between them. The
    method is Cauchy's (1847).
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: float,
        momentum: float = 0.0,
    ) -> None:
        r"""A ``momentum`` :math:`\mu` lets steps build up to a velocity.

        Parameters then move by :math:`v`, where in each step
        :math:`v \leftarrow \mu v + g` with the gradient :math:`g`. (Polyak
        1964.)
        """
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.states: list[Sequence[float]] = [[0.0] * len(self.parameters)]
        self.steps = 0

    def zero_grad(self) -> None:
        """Set the gradients of all parameters back to zero."""
        if flat := flat_of(self, self.parameters):
            flat.zero_grad()
            return
        for parameter in self.parameters:
            parameter.grad = 0.0

    def step(self) -> None:
        """Move all parameters once, each as `update` says.

        `FloatingPointError` if one would become inf or nan; none is moved.
        """
        flat = flat_of(self, self.parameters)
        at_once = flat.update_of(self) if flat else None
        if not (at_once(self) if at_once else self.move_each()):
            raise FloatingPointError(
                "a parameter would become inf or nan, so nothing is moved. "
                "Training has run away: take a smaller learning rate, or "
                "scale the inputs; or there is a nan among inputs or labels"
            )
        self.steps += 1

    def settings(self) -> list[float]:
        """What `update` is given in the next step, besides a parameter."""
        return [self.learning_rate, self.momentum]

    def update(self, *numbers: Any) -> tuple[Any, ...]:
        """Where a parameter goes, and its next velocity.

        It is given the parameter, its gradient, its velocity so far, and
        the `settings`.
        """
        number, gradient, velocity, learning_rate, momentum = numbers
        velocity = momentum * velocity + gradient
        return number - learning_rate * velocity, velocity

    def move_each(self) -> bool:
        """Move one parameter after the other, if all of them stay finite."""
        settings = self.settings()
        updated = [
            self.update(p.data, p.grad, *kept, *settings)
            for p, *kept in zip(self.parameters, *self.states)
        ]
        if not all(math.isfinite(number) for number, *_ in updated):
            return False
        for parameter, (number, *_) in zip(self.parameters, updated):
            parameter.data = number
        _, *states = zip(*updated)
        self.states = [list(state) for state in states]
        return True

    def next_settings(self, *settings: Any) -> tuple[Any, ...]:
        """The settings of the step after the one that has these."""
        return settings


class Adam(SGD):
    r"""Steps of much the same size for all parameters (Kingma and Ba 2015).

    The velocity of a parameter is a running mean :math:`m` of its gradients
    :math:`g`; another one, :math:`v`, is of their squares:

    .. math::

       m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad
       v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2

    In step :math:`t` the parameter moves by :math:`-\eta\, \hat m /
    (\sqrt{\hat v} + \epsilon)`, with the learning rate :math:`\eta`,
    :math:`\hat m = m / (1 - \beta_1^t)` and
    :math:`\hat v = v / (1 - \beta_2^t)`.
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        """`ValueError` unless both betas are at least 0 and less than 1."""
        if not all(0.0 <= beta < 1.0 for beta in betas):
            raise ValueError(
                f"betas must be at least 0 and less than 1, not {betas}"
            )
        super().__init__(parameters, learning_rate, momentum=betas[0])
        self.betas = betas
        self.epsilon = epsilon
        self.states.append([0.0] * len(self.parameters))

    def settings(self) -> list[float]:
        r"""The learning rate, :math:`\beta_1^t` and :math:`\beta_2^t`."""
        powers = [beta ** (self.steps + 1) for beta in self.betas]
        return [self.learning_rate, *powers]

    def update(self, *numbers: Any) -> tuple[Any, ...]:
        """Where a parameter goes, and its next running means.

        It is given the parameter, its gradient, its means so far, and the
        `settings`.
        """
        number, g, m, v, learning_rate, beta1_t, beta2_t = numbers
        beta1, beta2 = self.betas
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g * g
        size = sqrt(v) / sqrt(1.0 - beta2_t) + self.epsilon
        return number - learning_rate * (m / (1.0 - beta1_t) / size), m, v

    def next_settings(self, *settings: Any) -> tuple[Any, ...]:
        """The settings of the step after the one that has these."""
        learning_rate, *powers = settings
        grown = [beta * power for beta, power in zip(self.betas, powers)]
        return learning_rate, *grown


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause Python's search for reference cycles, e.g. while training.

    Graphs of Values have no cycles and are freed without it, so memory
    stays flat, and steps take a fraction of the time. On leaving, the
    collector is as it was before.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
