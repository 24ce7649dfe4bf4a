"""The peers: each does the task as well as its library lets it.

All compute in double precision. An import stands in the function that needs
it, because every variant runs in a process of its own.
"""

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

from scalars import Scalars
from task import PENALTY, RATE, Advance, Task


def micrograd(task: Task) -> Scalars:
    """The original micrograd, used as its demo does."""
    from micrograd.engine import Value
    from micrograd.nn import MLP

    model: Any = MLP(task.work.inputs, task.work.sizes[1:])
    for layer, rows in zip(model.layers, task.layers()):
        for neuron, row in zip(layer.neurons, rows):
            for parameter, weight in zip([*neuron.w, neuron.b], row):
                parameter.data = weight

    def loss() -> Any:
        inputs = [list(map(Value, point)) for point in task.points]
        scores = list(map(model, inputs))
        losses = [
            (1 + -y * score).relu() for y, score in zip(task.labels, scores)
        ]
        data_loss = sum(losses) * (1.0 / len(losses))
        return data_loss + PENALTY * sum(p * p for p in model.parameters())

    def update() -> None:
        for p in model.parameters():
            p.data -= RATE * p.grad

    return Scalars(Value, loss, model.zero_grad, update)


def torch_scalar(task: Task) -> Scalars:
    """PyTorch with a tensor for each number, as our engine has a Value."""
    import torch

    def leaf(number: float) -> Any:
        return torch.tensor(number, dtype=torch.float64, requires_grad=True)

    layers = [[list(map(leaf, row)) for row in rows] for rows in task.layers()]
    parameters = [p for rows in layers for row in rows for p in row]
    points = torch.tensor(task.points, dtype=torch.float64)
    inputs = [list(point.unbind()) for point in points]

    def score(x: list[Any]) -> Any:
        for rows in layers:
            sums = []
            for *weights, total in rows:
                for w, xi in zip(weights, x):
                    total = total + w * xi
                sums.append(total)
            x = [s.relu() for s in sums]
        return sums[0]

    def loss() -> Any:
        losses = [(1 - y * score(x)).relu() for x, y in zip(inputs, labels)]
        return sum(losses) / len(losses) + PENALTY * sum(
            p * p for p in parameters
        )

    labels = task.labels

    def zero() -> None:
        for p in parameters:
            p.grad = None

    @torch.no_grad()
    def update() -> None:
        for p in parameters:
            p.sub_(p.grad, alpha=RATE)

    return Scalars(leaf, loss, zero, update)


def torch_batched(task: Task) -> Advance:
    """PyTorch as it is meant to be used: modules, on the whole batch.

    The optimiser is asked for its fused form, which is the fastest here.
    """
    import torch
    from torch import nn

    sizes = task.work.sizes
    linears = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    a, b, c = linears
    model = nn.Sequential(a, nn.ReLU(), b, nn.ReLU(), c).double()
    with torch.no_grad():
        for linear, rows in zip(linears, torch_layers(task)):
            linear.weight.copy_(rows[:, :-1])
            linear.bias.copy_(rows[:, -1])
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, fused=True)
    points = torch.tensor(task.points, dtype=torch.float64)
    labels = torch.tensor(task.labels, dtype=torch.float64)

    def advance(steps: int) -> float:
        for _ in range(steps):
            shortfalls = (1 - labels * model(points).squeeze(1)).relu()
            squares = sum((p * p).sum() for p in model.parameters())
            loss = shortfalls.mean() + PENALTY * squares
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return float(loss.item())

    return advance


def torch_compile(task: Task) -> Advance:
    """PyTorch, with a whole step in one compiled function.

    Gradients come from torch.func, so that backward and update are part of
    what is compiled: several times faster than to compile the loss alone.
    """
    import torch
    from torch.nn.functional import linear

    points = torch.tensor(task.points, dtype=torch.float64)
    labels = torch.tensor(task.labels, dtype=torch.float64)
    parameters = [
        part.contiguous()
        for rows in torch_layers(task)
        for part in (rows[:, :-1], rows[:, -1])
    ]

    def objective(parameters: list[Any]) -> Any:
        a, a0, b, b0, c, c0 = parameters
        hidden = linear(linear(points, a, a0).relu(), b, b0).relu()
        scores = linear(hidden, c, c0).squeeze(1)
        squares = sum((p * p).sum() for p in parameters)
        return (1 - labels * scores).relu().mean() + PENALTY * squares

    @torch.compile
    def step(parameters: list[Any]) -> tuple[list[Any], Any]:
        slopes, loss = torch.func.grad_and_value(objective)(parameters)
        return [p - RATE * s for p, s in zip(parameters, slopes)], loss

    @torch.no_grad()
    def advance(steps: int) -> float:
        nonlocal parameters
        for _ in range(steps):
            parameters, loss = step(parameters)
        return float(loss.item())

    return advance


def torch_layers(task: Task) -> list[Any]:
    """The weights as tensors: a matrix a layer, the biases last."""
    import torch

    return [torch.tensor(r, dtype=torch.float64) for r in task.layers()]


def jax_parts(task: Task) -> tuple[Any, list[Any]]:
    """One step as a function of the parameters, and the first of these."""
    import jax
    import jax.numpy as jnp

    points = jnp.array(task.points)
    labels = jnp.array(task.labels, dtype=float)
    layers = [jnp.array(rows) for rows in task.layers()]
    parameters = [(rows[:, :-1].T, rows[:, -1]) for rows in layers]

    def objective(parameters: list[Any]) -> Any:
        (a, a0), (b, b0), (c, c0) = parameters
        hidden = jax.nn.relu(jax.nn.relu(points @ a + a0) @ b + b0)
        scores = (hidden @ c + c0)[:, 0]
        squares = sum((p * p).sum() for p in jax.tree.leaves(parameters))
        return jax.nn.relu(1 - labels * scores).mean() + PENALTY * squares

    def step(parameters: list[Any]) -> tuple[list[Any], Any]:
        loss, slopes = jax.value_and_grad(objective)(parameters)
        moved = jax.tree.map(lambda p, s: p - RATE * s, parameters, slopes)
        return moved, loss

    return step, parameters


def jax_step(task: Task) -> Advance:
    """JAX with a compiled step; the old parameters' memory is given away.

    Steps are sent off one after the other, and only the last is waited for.
    """
    import jax

    step, parameters = jax_parts(task)
    compiled = jax.jit(step, donate_argnums=0)

    def advance(steps: int) -> float:
        nonlocal parameters
        for _ in range(steps):
            parameters, loss = compiled(parameters)
        return float(loss)

    return advance


def jax_loop(task: Task) -> Advance:
    """JAX with the loop over all steps inside the compiled function."""
    import jax
    from jax import lax

    step, parameters = jax_parts(task)

    @jax.jit
    def train(parameters: list[Any], steps: int) -> tuple[list[Any], Any]:
        reached: tuple[list[Any], Any] = lax.fori_loop(
            0, steps, lambda _, state: step(state[0]), (parameters, 0.0)
        )
        return reached

    def advance(steps: int) -> float:
        nonlocal parameters
        parameters, loss = train(parameters, steps)
        return float(loss)

    return advance


#: Examples that NumPy works on at once, so that all stays in the cache.
BLOCK = 1000


def numpy(task: Task) -> Advance:
    """NumPy, with the backward pass derived by hand.

    Nothing is allocated in a step. Examples are columns, and each layer's
    input has a last row of ones, so that a bias is one more weight and its
    slope comes out of the same product. All parameters lie in one array, and
    so do their slopes. The sign of what relu has left is its slope.
    """
    import numpy as np

    dot, multiply, maximum = np.dot, np.multiply, np.maximum
    add, subtract, sign = np.add, np.subtract, np.sign
    width, count = task.work.width, task.work.examples
    theta = np.array(task.weights)
    slopes, more = np.empty_like(theta), np.empty_like(theta)

    def matrices(flat: Any) -> list[Any]:
        """Views of a flat array: one matrix a layer, the biases last."""
        first = (task.work.inputs + 1) * width
        second = first + (width + 1) * width
        return [
            flat[:first].reshape(width, -1),
            flat[first:second].reshape(width, -1),
            flat[second:].reshape(1, -1),
        ]

    @cache
    def buffers(size: int) -> tuple[list[Any], list[Any], list[Any]]:
        """What blocks of this size share: for layers' inputs, layers, rows."""
        return (
            [np.ones((width + 1, size)) for _ in range(2)],
            [np.empty((width, size)) for _ in range(3)],
            [np.empty((1, size)) for _ in range(2)],
        )

    def block(start: int) -> Callable[[], float]:
        """Forward and backward for the examples from ``start`` on.

        Slopes of the first block go to ``slopes``; those of the others come
        to them by way of ``more``.
        """
        points = np.array(task.points[start : start + BLOCK])
        x = np.vstack([points.T, np.ones(len(points))])
        y = np.array(task.labels[start : start + BLOCK], dtype=float)[None]
        pull = -y / count
        (h1, g1), (for_h, for_g, slope), (s, for_s) = buffers(len(points))
        h, g = h1[:-1], g1[:-1]
        x_back, h_back, g_back = x.T, h1.T, g1.T
        a, b, c = matrices(theta)
        b_back, c_back = b[:, :-1].T, c[:, :-1].T
        for_a, for_b, for_c = matrices(more if start else slopes)

        def run() -> float:
            maximum(dot(a, x, h), 0.0, h)
            maximum(dot(b, h1, g), 0.0, g)
            multiply(dot(c, g1, s), y, s)
            maximum(subtract(1.0, s, s), 0.0, s)
            multiply(sign(s, for_s), pull, for_s)
            dot(for_s, g_back, for_c)
            multiply(dot(c_back, for_s, for_g), sign(g, slope), for_g)
            dot(for_g, h_back, for_b)
            multiply(dot(b_back, for_g, for_h), sign(h, slope), for_h)
            dot(for_h, x_back, for_a)
            return float(s.sum())

        return run

    first, *others = map(block, range(0, count, BLOCK))
    shrink = 1.0 - 2.0 * RATE * PENALTY

    def advance(steps: int) -> float:
        for _ in range(steps):
            shortfall = first()
            for run in others:
                shortfall += run()
                add(slopes, more, slopes)
            loss = shortfall / count + PENALTY * theta.dot(theta)
            multiply(theta, shrink, theta)
            subtract(theta, multiply(slopes, RATE, slopes), theta)
        return float(loss)

    return advance
