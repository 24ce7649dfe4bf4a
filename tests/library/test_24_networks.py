"""From chapter 24 on: machines with a network between them train together."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import enduring
import micrograd
from enduring import EPOCHS, endure, epoch, wait_for
from micrograd.saving import network
from namespaces import HUB, Machines, ip
from several import Processes

HOME = {
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": str(Path(micrograd.__file__).parents[1]),
}


@pytest.fixture
def machines(skip_without: Callable[[str], None]) -> Iterator[Machines]:
    try:
        ip("netns", "add", HUB)
    except (OSError, subprocess.CalledProcessError) as problem:
        skip_without(f"network namespaces: {problem}")
    laid = Machines(3)
    yield laid
    laid.take_down()


def weights(path: Path) -> list[float]:
    state = json.loads(path.read_text())
    assert state["epoch"] == EPOCHS
    model = network(state["model"])
    return [p.data for p in model.parameters()]


def test_three_machines_find_the_weights_of_one(
    machines: Machines, tmp_path: Path
) -> None:
    """Protects the line that the chapter says to give on each machine.

    One process is killed on the way; `torchrun` starts all again.
    """
    one, three = tmp_path / "one.json", tmp_path / "three.json"
    runs = [
        machines.start(
            number,
            *(sys.executable, "-m", "torch.distributed.run"),
            *("--nnodes=3", "--nproc-per-node=1", "--max-restarts=3"),
            *("--rdzv-backend=c10d", "--rdzv-endpoint=10.24.0.1:29400"),
            f"--rdzv-conf=is_host={int(number == 0)}",
            f"--local-addr=10.24.0.{number + 1}",
            *(enduring.__file__, str(three), "60"),
            TORCH_DISABLE_SHARE_RDZV_TCP_STORE="1",
            **HOME,
        )
        for number in range(3)
    ]
    wait_for(lambda: epoch(three) > 1)
    os.kill(int(three.with_suffix(".2").read_text()), 9)
    said = [run.communicate(timeout=300)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], said
    assert machines.left() == []
    assert Processes(1, endure, one).results() == [None]
    assert weights(three) == pytest.approx(weights(one), rel=0, abs=1e-12)


def test_a_cable_that_is_pulled_ends_all_with_a_sentence(
    machines: Machines, tmp_path: Path
) -> None:
    """Protects from a run that stands still, and from processes left over."""
    path = tmp_path / "run.json"
    runs = [
        machines.start(
            number,
            *(sys.executable, enduring.__file__, str(path), "5"),
            RANK=f"{number}",
            WORLD_SIZE="3",
            MASTER_ADDR="10.24.0.1",
            MASTER_PORT="29400",
            **HOME,
        )
        for number in range(3)
    ]
    wait_for(lambda: epoch(path) > 1)
    machines.pull_cable(2)
    for number, run in enumerate(runs):
        *_, said = run.communicate(timeout=120)[1].strip().splitlines()
        assert f"ConnectionError: process {number}, which met" in said
        assert run.returncode == 1
    assert machines.left() == []
    assert 1 < epoch(path) < EPOCHS
