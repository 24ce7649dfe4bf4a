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


def matrices(flat: Any, task: Task) -> list[Any]:
    """Parts of a flat array, of any library: one matrix a layer.

    A neuron is a row, its bias last, as in our ``parameters()``.
    """
    inputs, width = task.work.inputs, task.work.width
    first = (inputs + 1) * width
    second = first + (width + 1) * width
    return [
        flat[:first].reshape(width, -1),
        flat[first:second].reshape(width, -1),
        flat[second:].reshape(1, -1),
    ]


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

    The penalty's slope is the optimiser's weight decay, so that no graph is
    built for it, and the optimiser is asked for its fused form: both are
    faster here.
    """
    import torch
    from torch import nn

    a, b, c = (nn.Linear(i, o) for i, o in pairwise(task.work.sizes))
    model = nn.Sequential(a, nn.ReLU(), b, nn.ReLU(), c).double()
    with torch.no_grad():
        theta = torch.tensor(task.weights, dtype=torch.float64)
        for linear, rows in zip((a, b, c), matrices(theta, task)):
            linear.weight.copy_(rows[:, :-1])
            linear.bias.copy_(rows[:, -1])
    parameters = list(model.parameters())
    optimizer = torch.optim.SGD(
        parameters, lr=RATE, weight_decay=2 * PENALTY, fused=True
    )
    points = torch.tensor(task.points, dtype=torch.float64)
    labels = torch.tensor(task.labels, dtype=torch.float64)

    def advance(steps: int) -> float:
        for _ in range(steps):
            loss = (1 - labels * model(points).squeeze(1)).relu().mean()
            with torch.no_grad():
                theta = torch.cat([p.view(-1) for p in parameters])
                whole = loss + PENALTY * theta.dot(theta)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return float(whole.item())

    return advance


def torch_compile(task: Task) -> Advance:
    """PyTorch, with a whole step in one compiled function.

    Gradients come from torch.func, so that backward and update are part of
    what is compiled: several times faster than to compile the loss alone.
    All parameters lie in one tensor, for each that is handed over takes time.
    """
    import torch
    from torch.nn.functional import linear

    points = torch.tensor(task.points, dtype=torch.float64)
    labels = torch.tensor(task.labels, dtype=torch.float64)
    theta = torch.tensor(task.weights, dtype=torch.float64)

    def objective(theta: Any) -> Any:
        a, b, c = matrices(theta, task)
        hidden = linear(points, a[:, :-1], a[:, -1]).relu()
        hidden = linear(hidden, b[:, :-1], b[:, -1]).relu()
        scores = linear(hidden, c[:, :-1], c[:, -1]).squeeze(1)
        shortfalls = (1 - labels * scores).relu()
        return shortfalls.mean() + PENALTY * theta.dot(theta)

    @torch.compile
    def step(theta: Any) -> tuple[Any, Any]:
        slopes, loss = torch.func.grad_and_value(objective)(theta)
        return theta - RATE * slopes, loss

    @torch.no_grad()
    def advance(steps: int) -> float:
        nonlocal theta
        for _ in range(steps):
            theta, loss = step(theta)
        return float(loss.item())

    return advance


def jax_parts(task: Task) -> tuple[Any, Any]:
    """One step as a function of the parameters, and the first of these.

    Examples are columns and all parameters lie in one array, which is faster
    here; and so is to wait for each step, not to send them off and go on.
    """
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_cpu_enable_async_dispatch", False)
    points = jnp.array(task.points).T
    labels = jnp.array(task.labels, dtype=float)

    def objective(theta: Any) -> Any:
        a, b, c = matrices(theta, task)
        hidden = jax.nn.relu(a[:, :-1] @ points + a[:, -1:])
        hidden = jax.nn.relu(b[:, :-1] @ hidden + b[:, -1:])
        scores = (c[:, :-1] @ hidden + c[:, -1:])[0]
        shortfalls = jax.nn.relu(1 - labels * scores)
        return shortfalls.mean() + PENALTY * theta.dot(theta)

    def step(theta: Any) -> tuple[Any, Any]:
        loss, slopes = jax.value_and_grad(objective)(theta)
        return theta - RATE * slopes, loss

    return step, jnp.array(task.weights)


def jax_step(task: Task) -> Advance:
    """JAX with a compiled step; the old parameters' memory is given away."""
    import jax

    step, theta = jax_parts(task)
    compiled = jax.jit(step, donate_argnums=0)

    def advance(steps: int) -> float:
        nonlocal theta
        for _ in range(steps):
            theta, loss = compiled(theta)
        return float(loss)

    return advance


def jax_loop(task: Task) -> Advance:
    """JAX with the loop over all steps inside the compiled function."""
    import jax
    from jax import lax

    step, theta = jax_parts(task)

    @jax.jit
    def train(theta: Any, steps: int) -> tuple[Any, Any]:
        reached: tuple[Any, Any] = lax.fori_loop(
            0, steps, lambda _, state: step(state[0]), (theta, 0.0)
        )
        return reached

    def advance(steps: int) -> float:
        nonlocal theta
        theta, loss = train(theta, steps)
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
        a, b, c = matrices(theta, task)
        b_back, c_back = b[:, :-1].T, c[:, :-1].T
        for_a, for_b, for_c = matrices(more if start else slopes, task)

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
