"""Our library: its engine, and what its compiler makes of the same model.

An import stands in the function that needs it, because the process of a peer
has another micrograd.
"""

import atexit
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from scalars import Scalars
from task import PENALTY, RATE, Advance, Task


def model_of(task: Task) -> Any:
    """The library's network, with the task's weights."""
    from micrograd import MLP, Value

    inputs, *nouts = task.work.sizes
    model: Any = MLP(inputs, nouts, activation=Value.relu, output=None)
    for parameter, weight in zip(model.parameters(), task.weights):
        parameter.data = weight
    return model


def engine(task: Task, model: Any, squares: Callable[[Any], Any]) -> Scalars:
    """The library's engine, used as the book does.

    ``squares`` gives the sum of the squares of all parameters.
    """
    from micrograd import SGD, Value
    from micrograd.losses import hinge

    optimizer = SGD(model.parameters(), learning_rate=RATE)

    def loss() -> Value:
        scores = [model(point) for point in task.points]
        penalty = PENALTY * squares(model.parameters())
        return hinge(scores, task.labels) + penalty

    return Scalars(Value, loss, optimizer.zero_grad, optimizer.step)


def eager(task: Task) -> Scalars:
    """The engine, with sums of products as they are written."""
    from micrograd import Neuron, Value, trace

    class PlainNeuron(Neuron):
        """One node for each product, and one for each sum."""

        def forward(self, x: Any) -> Any:
            total = self.b
            for wi, xi in zip(self.w, x):
                total = total + wi * xi
            return self.activation(total) if self.activation else total

    model = model_of(task)
    for layer in model.layers:
        for neuron in layer.neurons:
            neuron.__class__ = PlainNeuron
    nodes, _ = trace(model(task.points[0]))
    assert all(node._op != "dot" for node in nodes)
    return engine(task, model, lambda ps: sum((p * p for p in ps), Value(0.0)))


def eager_dot(task: Task) -> Scalars:
    """The engine, with the library's own sums: each is one node."""
    from micrograd.losses import l2

    return engine(task, model_of(task), l2)


def compiled(task: Task, backend: str) -> tuple[Any, Any]:
    """The mean loss over a batch, compiled; and the model's parameters."""
    from micrograd.compiler import jit
    from micrograd.losses import hinge, l2

    model = model_of(task)

    def objective(point: Any, label: Any) -> Any:
        penalty = PENALTY * l2(model.parameters())
        return hinge([model(point)], [label]) + penalty

    parameters = model.parameters()
    return jit(objective, parameters, backend=backend), parameters


def in_a_loop(task: Task, backend: str) -> Advance:
    """A compiled loss in the book's own loop: zero, backward, step."""
    from micrograd import SGD

    mean_loss, parameters = compiled(task, backend)
    optimizer = SGD(parameters, learning_rate=RATE)
    batch = mean_loss.load(task.points, task.labels)

    def advance(steps: int) -> float:
        for _ in range(steps):
            loss = mean_loss(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return float(loss.data)

    return advance


def python(task: Task) -> Advance:
    """Compiled to Python that takes one example after the other."""
    return in_a_loop(task, "python")


def columns(task: Task) -> Advance:
    """Compiled to Python that takes one operation after the other."""
    return in_a_loop(task, "columns")


def descent(task: Task) -> Callable[..., float]:
    """Native code that makes steps by itself, until the process ends."""
    mean_loss, _ = compiled(task, "native")
    process = ExitStack()
    atexit.register(process.close)
    step: Callable[..., float] = process.enter_context(
        mean_loss.descent(task.points, task.labels)
    )
    return step


def native(task: Task) -> Advance:
    """Compiled to native code, called once for each step."""
    step = descent(task)

    def advance(steps: int) -> float:
        for _ in range(steps):
            loss = step(RATE)
        return loss

    return advance


def native_loop(task: Task) -> Advance:
    """Compiled to native code, called once for many steps."""
    step = descent(task)

    def advance(steps: int) -> float:
        return step(RATE, steps=steps)

    return advance


def first_call(sizes: list[int]) -> Callable[[], Any]:
    """What compiles the loss of a network of these sizes, and calls it once.

    One neuron at the end tells moons apart; several are classes.
    """
    from micrograd import MLP, Value
    from micrograd.compiler import jit
    from micrograd.losses import cross_entropy, hinge, l2

    inputs, *nouts = sizes
    model: Any = MLP(inputs, nouts, activation=Value.relu, output=None)

    def of_moons(point: Any, label: Any) -> Any:
        penalty = PENALTY * l2(model.parameters())
        return hinge([model(point)], [label]) + penalty

    def of_classes(image: Any, kind: Any) -> Any:
        return cross_entropy(model.outputs(image), kind)

    loss = of_moons if nouts[-1] == 1 else of_classes
    mean_loss = jit(loss, model, backend="native")
    return lambda: mean_loss([[0.5] * inputs] * 4, [1] * 4)
