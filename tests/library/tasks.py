"""What the tests of many machines train: the same alone and together."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from micrograd.compiler import jit
from micrograd.data import batches, moons
from micrograd.distributed import process_group
from micrograd.engine import Value
from micrograd.losses import cross_entropy, hinge, l2
from micrograd.nn import MLP
from micrograd.optim import SGD, Adam

if TYPE_CHECKING:
    from collections.abc import Sequence

    from micrograd.distributed import Group

OPTIMISERS = {
    "plain": lambda parameters: SGD(parameters, 0.1),
    "momentum": lambda parameters: SGD(parameters, 0.02, momentum=0.9),
    "Adam": lambda parameters: Adam(parameters, 0.01),
}


@dataclass(frozen=True)
class Task:
    """Some steps on some data; ``digits`` are those, or else moons are."""

    digits: tuple[tuple[tuple[float, ...], int], ...] = ()
    optimiser: str = "plain"
    size: int = 0  # of a mini-batch; 0: the full batch
    backend: str = "columns"
    parts: tuple[int, ...] = ()  # how many examples each has; (): equally many
    steps: int = 100

    def network(self) -> MLP:
        shape: tuple[int, list[int]] = (2, [8, 8, 1])
        if self.digits:
            shape = (64, [10, 10])
        return MLP(
            *shape, activation=Value.relu, output=None, rng=random.Random(12)
        )

    def examples(self) -> Sequence[tuple[Any, Any]]:
        if self.digits:
            return self.digits
        count = sum(self.parts) or 100
        return list(zip(*moons(count, rng=random.Random(12)), strict=True))

    def mine(self, group: Group) -> range:
        if not self.parts:
            return group.share(len(self.examples()))
        first = sum(self.parts[: group.rank])
        return range(first, first + self.parts[group.rank])

    def train(self, group: Group | None) -> list[float]:
        """The parameters after all steps, by one process or several."""
        model, examples = self.network(), self.examples()
        penalty = 1e-3

        def loss(x: Any, y: Any) -> Value:
            if self.digits:
                return cross_entropy(model.outputs(x), y)
            return hinge([model(x)], [y]) + penalty * l2(model.parameters())

        mine = self.mine(group) if group else range(len(examples))
        mean_loss = jit(loss, model, backend=self.backend)
        xs, ys = zip(*(examples[i] for i in mine), strict=True)
        batch = mean_loss.load(xs, ys)
        optimiser = OPTIMISERS[self.optimiser](model.parameters())
        rng = random.Random(1)
        done = 0
        while done < self.steps:
            size = self.size or len(examples)
            for numbers in batches(range(len(examples)), size, rng):
                which = [mine.index(i) for i in numbers if i in mine]
                if not group:
                    mean = mean_loss(batch[numbers])
                elif self.size:
                    mean = group.mean(mean_loss, batch, which)
                else:
                    mean = group.mean(mean_loss, batch)
                optimiser.zero_grad()
                mean.backward()
                optimiser.step()
                done += 1
        return [p.data for p in model.parameters()]

    def by_torch(self, group: Group) -> list[float]:
        """The same by DistributedDataParallel; full batches, plain steps.

        That takes the average of averages, so what each process has is
        weighted beforehand.
        """
        import torch
        from torch.nn.parallel import DistributedDataParallel

        from micrograd.interop import from_torch, to_torch

        module = to_torch(self.network())
        model = DistributedDataParallel(module)
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
        mine, examples = self.mine(group), self.examples()
        xs, ys = zip(*(examples[i] for i in mine), strict=True)
        x = torch.tensor(xs, dtype=torch.float64)
        y = torch.tensor(ys)
        for _ in range(self.steps):
            if self.digits:
                total = torch.nn.functional.cross_entropy(
                    model(x), y, reduction="sum"
                )
            else:
                total = (1 - y * model(x).squeeze(1)).relu().sum()
            loss = total * group.size / len(examples)
            if not self.digits:
                squares = sum((p * p).sum() for p in model.parameters())
                loss = loss + 1e-3 * squares
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return [p.data for p in from_torch(module).parameters()]


def all_tasks(tasks: list[Task], peers: list[Task]) -> list[list[float]]:
    """What each process finds for all tasks, and then DDP for some."""
    with process_group() as group:
        ours = [task.train(group) for task in tasks]
        return ours + [task.by_torch(group) for task in peers]
