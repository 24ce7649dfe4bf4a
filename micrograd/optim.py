# Tangled from chapters 11, 15 and 17 in book/: edit there, not here.
"""Optimisers: how parameters move once their gradients are known."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from micrograd.engine import Value


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
        self.velocities = [0.0] * len(self.parameters)

    def zero_grad(self) -> None:
        """Set the gradients of all parameters back to zero."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    def step(self) -> None:
        """Move all parameters once: ``data -= learning_rate * velocity``.

        `FloatingPointError` if one would become inf or nan; none is moved.
        """
        velocities = [
            self.momentum * v + p.grad
            for v, p in zip(self.velocities, self.parameters)
        ]
        self.move(velocities)
        self.velocities = velocities

    def move(self, velocities: Iterable[float]) -> None:
        """Move all parameters, or none if one would become inf or nan."""
        moved = [
            p.data - self.learning_rate * v
            for p, v in zip(self.parameters, velocities)
        ]
        if not all(map(math.isfinite, moved)):
            raise FloatingPointError(
                "a parameter would become inf or nan, so nothing is moved. "
                "Training has run away: take a smaller learning rate, or "
                "scale the inputs; or there is a nan among inputs or labels"
            )
        for parameter, number in zip(self.parameters, moved):
            parameter.data = number


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
        self.squares = [0.0] * len(self.parameters)
        self.steps = 0

    def step(self) -> None:
        """Move all parameters once.

        `FloatingPointError` if one would become inf or nan; none is moved.
        """
        beta1, beta2 = self.betas
        gradients = [p.grad for p in self.parameters]
        means = [
            beta1 * m + (1.0 - beta1) * g
            for m, g in zip(self.velocities, gradients)
        ]
        squares = [
            beta2 * v + (1.0 - beta2) * g * g
            for v, g in zip(self.squares, gradients)
        ]
        t = self.steps + 1
        # What the weights of all gradients so far add up to, in m and in v.
        in_m, in_v = 1.0 - beta1**t, 1.0 - beta2**t
        self.move(
            m / in_m / (math.sqrt(v) / math.sqrt(in_v) + self.epsilon)
            for m, v in zip(means, squares)
        )
        self.velocities, self.squares, self.steps = means, squares, t


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
