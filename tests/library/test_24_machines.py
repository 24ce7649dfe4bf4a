"""From chapter 24 on: several processes train as one does."""

import csv
from functools import cache

import pytest

from micrograd.compiler.backends import BACKENDS
from run.datasets import dataset
from several import Processes
from tasks import Task, all_tasks

Digits = tuple[tuple[tuple[float, ...], int], ...]


def digits() -> Digits:
    file = dataset("digits.csv")
    assert file
    rows = list(csv.reader(file.read_text().splitlines()))[:150]
    return tuple(
        (tuple(int(p) / 16 for p in pixels), int(digit))
        for *pixels, digit in rows
    )


# The last example of a mini-batch is for one process; the others have none.
MOONS = [
    Task(),
    Task(optimiser="momentum", size=33),
    Task(optimiser="Adam", size=33),
]
OF_DIGITS = [
    Task(digits(), optimiser="momentum"),
    Task(digits(), optimiser="Adam", size=29),
]
UNEQUAL = {
    2: (1, 149),
    3: (1, 7, 992),
    4: (140, 1, 2, 7),
}
BY_BACKEND = [
    Task(backend=backend, optimiser="Adam", size=33, steps=8)
    for backend in BACKENDS
]


@cache
def alone(task: Task) -> list[float]:
    return task.train(None)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_several_processes_find_the_weights_of_one(size: int) -> None:
    """Protects the mean of means, and that all make the same steps.

    With every optimiser, full and mini-batches, equal and unequal shares,
    every backend; and what PyTorch's own means of training together finds.
    """
    uneven = Task(parts=UNEQUAL[size])
    tasks = [*MOONS, *OF_DIGITS, uneven, Task(parts=UNEQUAL[size], size=40)]
    peers = [Task(), Task(digits()), uneven]
    if size == 2:
        tasks += BY_BACKEND
    found = Processes(size, all_tasks, tasks, peers).results()
    assert all(isinstance(weights, list) for weights in found), found
    for weights in found[1:]:
        assert weights[: len(tasks)] == found[0][: len(tasks)]
    for task, weights in zip(tasks + peers, found[0], strict=True):
        assert weights == pytest.approx(alone(task), rel=0, abs=1e-12), task
