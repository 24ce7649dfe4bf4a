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

        `FloatingPointError` if a gradient is inf or nan; nothing is moved.
        """
        self.check_gradients()
        for i, parameter in enumerate(self.parameters):
            velocity = self.momentum * self.velocities[i] + parameter.grad
            self.velocities[i] = velocity
            parameter.data -= self.learning_rate * velocity

    def check_gradients(self) -> None:
        """`FloatingPointError` if a gradient is inf or nan."""
        if not all(math.isfinite(p.grad) for p in self.parameters):
            raise FloatingPointError(
                "a gradient is inf or nan: training has run away, so nothing "
                "is moved. Take a smaller learning rate, or scale the inputs"
            )


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

        `FloatingPointError` if a gradient is inf or nan; nothing is moved.
        """
        self.check_gradients()
        self.steps += 1
        beta1, beta2 = self.betas
        rate = self.learning_rate / (1.0 - beta1**self.steps)
        scale = math.sqrt(1.0 - beta2**self.steps)
        for i, parameter in enumerate(self.parameters):
            g = parameter.grad
            m = beta1 * self.velocities[i] + (1.0 - beta1) * g
            v = beta2 * self.squares[i] + (1.0 - beta2) * g * g
            self.velocities[i], self.squares[i] = m, v
            size = math.sqrt(v) / scale + self.epsilon
            parameter.data -= rate * m / size


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
