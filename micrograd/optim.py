# Tangled from chapters 11 and 14 in book/: edit there, not here.
"""Optimisers: how parameters move once their gradients are known."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from micrograd.engine import Value


class SGD:
    """Gradient descent: every parameter steps against its gradient.

    ``learning_rate`` scales the steps and may be changed between them. The
    method is Cauchy's (1847).
    """

    def __init__(
        self, parameters: Iterable[Value], learning_rate: float
    ) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate

    def zero_grad(self) -> None:
        """Set the gradients of all parameters back to zero."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    def step(self) -> None:
        """Move all parameters once: ``data -= learning_rate * grad``."""
        for parameter in self.parameters:
            parameter.data -= self.learning_rate * parameter.grad


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
