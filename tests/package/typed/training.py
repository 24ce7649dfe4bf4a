"""What users write: a network of one output, trained, copied and kept."""

import copy
import pickle
import random
import weakref
from pathlib import Path

from micrograd import (
    MLP,
    SGD,
    Layer,
    Module,
    Neuron,
    Value,
    collector_paused,
    draw_dot,
    hinge,
    jit,
    l2,
    mean_squared_error,
    moons,
    trace,
)


class Twice(Module):
    """A module of one's own, made of the library's."""

    def __init__(self, rng: random.Random) -> None:
        self.neuron = Neuron(2, activation=None, rng=rng)
        self.layer = Layer(2, 3, activation=Value.relu, rng=rng)

    def __call__(self, x: list[float]) -> Value:
        total: Value = self.neuron(x)
        return sum(self.layer(x), total)

    def parameters(self) -> list[Value]:
        return self.neuron.parameters() + self.layer.parameters()


def distance(a: Value, b: Value | float) -> Value:
    """An operation of one's own, of the library's."""
    return ((a - b) ** 2 + 1e-9) ** 0.5


def save(model: MLP, path: Path) -> None:
    path.write_text("\n".join(str(p.data) for p in model.parameters()))


def train(model: MLP, steps: int) -> list[float]:
    points, labels = moons(40, rng=random.Random(1))
    optimiser = SGD(model.parameters(), learning_rate=0.1)
    losses: list[float] = []
    with collector_paused():
        for _ in range(steps):
            scores = [model(point) for point in points]
            loss = hinge(scores, labels) + 1e-4 * l2(model.parameters())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.data)
    return losses


def main() -> None:
    rng = random.Random(2)
    net = MLP(2, [4, 1], output=None, rng=rng)
    losses: list[float] = train(net, 3)
    answer: Value = net([1.0, 2.0])
    error = mean_squared_error([answer, net((0.5, 0))], [1.0, 0])
    error.backward()
    first, *_ = net.parameters()
    first.data -= 0.1 * first.grad
    twin = copy.deepcopy(net)
    again: MLP = pickle.loads(pickle.dumps(twin))
    known = weakref.WeakKeyDictionary({first: "first"})
    several: list[Value] = MLP(2, [3, 2]).outputs([1.0, 2.0])
    nodes, edges = trace(error)
    print(draw_dot(error, rankdir="TB").source)
    own = Twice(rng)([1.0, 2.0])
    far = distance(own, 3) + distance(answer, several[0])

    def squared_error(x: list[float], y: float) -> Value:
        return (net(x) - y) ** 2

    mean_loss = jit(squared_error, net, backend="python")
    batch = mean_loss([[1.0, 2.0]], [1.0])
    print(losses, again, known[first], len(nodes), len(edges), far, batch)


if __name__ == "__main__":
    main()
