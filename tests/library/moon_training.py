"""Training on the two moons, as chapter 12 has it."""

from typing import Any

from micrograd.losses import hinge, l2
from micrograd.nn import MLP
from micrograd.optim import SGD


def training_step(model: MLP, optimizer: SGD, data: Any) -> float:
    """One step on the moons: forward, zero, backward, update."""
    points, labels = data
    scores = [model(point) for point in points]
    loss = hinge(scores, labels) + 1e-4 * l2(model.parameters())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.data
