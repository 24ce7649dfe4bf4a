"""What every variant is given to do, counted and written down.

The work is that of micrograd's demo: a network with relu in two hidden layers
and a linear output, hinge loss plus an L2 penalty, gradient descent on the
full batch. A step is forward, zero, backward, update.
"""

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

RATE = 0.1
PENALTY = 1e-4

#: What a variant makes of a task: a function that goes on training for a
#: number of steps and returns the loss before the last update.
Advance = Callable[[int], float]


@dataclass(frozen=True)
class Work:
    """How much there is to do: a network's size, and how many examples.

    ``width`` is the number of neurons in each of the two hidden layers.
    """

    width: int = 16
    examples: int = 100
    inputs: int = 2

    @property
    def sizes(self) -> list[int]:
        """How many numbers go into the network, and come out of its layers."""
        return [self.inputs, self.width, self.width, 1]

    @property
    def parameters(self) -> int:
        """How many weights and biases there are."""
        inputs, width = self.inputs, self.width
        return (inputs + 1) * width + (width + 1) * width + (width + 1)

    @property
    def operations(self) -> int:
        """The operations on single numbers that the loss is written with.

        An example takes a product and a sum for each weight, a relu for each
        hidden neuron, and four for its share of the hinge loss: a product, a
        difference, a relu, a sum. Once there are the mean, and the penalty:
        a square and a sum for each parameter, a product, a sum.
        """
        inputs, width = self.inputs, self.width
        weights = inputs * width + width * width + width
        each = 2 * weights + 2 * width + 4
        return self.examples * each + 1 + 2 * self.parameters + 2

    @property
    def flops(self) -> int:
        """Additions and multiplications that one step can't do without.

        Forward, a product and a sum for each weight; backward, the same for
        the slope of each weight, and again for that of each input that
        another layer has computed; a sum for the slope of each bias. An
        example's hinge takes two, the mean's sum one, its slope one. A
        parameter's penalty, its slope and its update take two each.
        Comparisons (relu) aren't counted.
        """
        inputs, width = self.inputs, self.width
        weights = inputs * width + width * width + width
        passed_on = width * width + width
        biases = 2 * width + 1
        each = 2 * (2 * weights + passed_on) + biases + 4
        return self.examples * each + 6 * self.parameters


#: micrograd's demo.
MOONS = Work()


@dataclass(frozen=True)
class Task:
    """Examples, their labels of -1 and 1, and the weights to begin with.

    The weights are in the order of our ``parameters()``: layer by layer,
    neuron by neuron, the weights and then the bias.
    """

    work: Work
    points: list[tuple[float, ...]]
    labels: list[int]
    weights: list[float]

    def layers(self) -> list[list[list[float]]]:
        """The weights by layer and neuron, the bias last in each neuron."""
        rest = iter(self.weights)
        sizes = self.work.sizes
        return [
            [[next(rest) for _ in range(nin + 1)] for _ in range(nout)]
            for nin, nout in pairwise(sizes)
        ]


def our_moons() -> Callable[..., Any]:
    """The book's moons, in a process that may have another micrograd.

    That one is still to be imported, so ours is forgotten again.
    """
    kept = without_micrograd()
    sys.path.insert(0, str(ROOT))
    try:
        moons: Callable[..., Any] = import_module("micrograd.data").moons
        return moons
    finally:
        sys.path.remove(str(ROOT))
        without_micrograd()
        sys.modules.update(kept)


def without_micrograd() -> dict[str, Any]:
    """Forget what was imported of any micrograd; what that was."""
    names = [n for n in sys.modules if n.partition(".")[0] == "micrograd"]
    return {name: sys.modules.pop(name) for name in names}


def make_task(work: Work) -> Task:
    """The same data and weights for this work on every run.

    The points are the book's moons; an input beyond the two is noise.
    """
    rng = random.Random(1337)
    points, labels = our_moons()(work.examples, rng=rng)
    noise = range(work.inputs - 2)
    points = [(*point, *(rng.gauss() for _ in noise)) for point in points]
    weights = []
    for nin, nout in pairwise(work.sizes):
        bound = nin**-0.5
        for _ in range(nout):
            weights += [rng.uniform(-bound, bound) for _ in range(nin)]
            weights.append(0.0)
    return Task(work, points, labels, weights)
