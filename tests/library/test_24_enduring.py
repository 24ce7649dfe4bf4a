"""From chapter 24 on: nothing is lost when a process dies."""

import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import enduring
import micrograd
from enduring import endure, epoch, wait_for
from micrograd import MLP, SGD, Adam, Value, distributed, interop
from micrograd.checkpoint import Training
from micrograd.distributed import process_group
from micrograd.saving import described, save, write
from several import Processes, free_port

MOMENTS = 50
LOST = "ConnectionError: process"


def is_alive(number: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(number, 0)
        return True
    return False


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The checkpoint at the end of a run that nobody disturbs."""
    path = tmp_path_factory.mktemp("undisturbed") / "run.json"
    assert Processes(2, endure, path).results() == [None, None]
    assert epoch(path) == enduring.EPOCHS
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.json"


def test_a_run_survives_kill_9_at_any_moment(
    path: Path, undisturbed: bytes
) -> None:
    """Protects a long run: at its end are the same weights, to the last bit.

    One of the processes is killed, wherever it is: meeting the other, in a
    step, writing. The other one ends by itself, and says why.
    """
    rng = random.Random(24)
    for moment in range(MOMENTS):
        if moment % 5:
            processes = Processes(2, endure, path)
            goal = epoch(path) + rng.randint(1, 2)
            wait_for(lambda goal=goal: epoch(path) >= goal)
            time.sleep(rng.uniform(0.0, 0.01))
        else:
            processes = Processes(2, endure, path, 1.0)
            time.sleep(rng.uniform(0.0, 0.2))
        victim = rng.randrange(2)
        processes.all[victim].kill()
        said = processes.results()
        assert said[victim] is None
        assert said[1 - victim].startswith(LOST)
    assert 0 < epoch(path) < enduring.EPOCHS
    assert Processes(2, endure, path).results() == [None, None]
    assert path.read_bytes() == undisturbed


def test_one_that_hangs_is_not_waited_for_for_ever(path: Path) -> None:
    """Protects from a run that stands still, as when a cable is pulled."""
    processes = Processes(2, endure, path, 2.0)
    wait_for(lambda: epoch(path) > 1)
    stopped = processes.all[1]
    assert stopped.pid
    os.kill(stopped.pid, signal.SIGSTOP)
    assert processes.said[0].recv().startswith(LOST)
    processes.kill()


def meet_nobody() -> None:
    os.environ |= {"RANK": "1", "WORLD_SIZE": "2"}
    with process_group(timeout=1.0):
        pass


def test_a_meeting_without_the_others_ends_with_a_sentence() -> None:
    """Protects from a hang where an address is wrong."""
    (said,) = Processes(1, meet_nobody).results()
    assert said.startswith("ConnectionError: process 1, which met the others")


def test_without_torchrun_it_says_what_to_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Protects: a program that was started as any other."""
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(RuntimeError, match="torchrun"), process_group():
        pass


def test_without_torch_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Protects those who have only this library."""
    for module in (distributed, interop):
        monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install torch"):
        process_group().__enter__()
    with pytest.raises(ModuleNotFoundError, match="pip install torch"):
        interop.to_torch(micrograd.MLP(1, [1]))


def training(width: int = 4, kind: type[SGD] = Adam) -> Training:
    model = MLP(2, [width, 1], rng=random.Random(1))
    parameters = model.parameters()
    for parameter in parameters:
        parameter.grad = 1.0
    optimiser = kind(parameters, learning_rate=0.01)
    optimiser.step()
    return Training(model, optimiser, random.Random(1))


WRONG: dict[str, Callable[[Path], object]] = {
    "another width": lambda path: training(5).save(path),
    "another optimiser": lambda path: training(kind=SGD).save(path),
    "another activation": lambda path: write(
        training().state_dict()
        | {"model": described(MLP(2, [4, 1], activation=Value.relu))},
        path,
    ),
    "a network alone": lambda path: save(training().model, path),
    "half a file": lambda path: path.write_text(
        json.dumps(training().state_dict())[:500]
    ),
    "another version": lambda path: write(
        training().state_dict() | {"version": 2}, path
    ),
    "no list of states": lambda path: path.write_text(
        json.dumps(training().state_dict()).replace('"states": [', '"x": [')
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_checkpoint_of_this_run_changes_nothing(
    path: Path, kind: str
) -> None:
    """Protects a run from another one's numbers; it says in which file."""
    WRONG[kind](path)
    run = training()
    before = run.state_dict()
    with pytest.raises(ValueError, match=re.escape(f"{path}: ")):
        run.load(path)
    assert run.state_dict() == before


def places(state: Any) -> list[tuple[Any, ...]]:
    """The ways to all numbers and texts of what a checkpoint says."""
    if isinstance(state, dict | list | tuple):
        keys = state if isinstance(state, dict) else range(len(state))
        return [(key, *rest) for key in keys for rest in places(state[key])]
    return [()]


def test_no_number_of_a_checkpoint_may_be_damaged(path: Path) -> None:
    """Protects from a run that goes on, and ends later or goes astray."""
    run = training()
    before = run.state_dict()
    whole = json.dumps(before)
    found = places(json.loads(whole))
    chosen = [place for place in found if place[:2] != ("rng", 1)]
    assert {place[0] for place in chosen} == before.keys()
    for *way, last in [*chosen, ("rng", 1, 5)]:
        state = part = json.loads(whole)
        for key in way:
            part = part[key]
        for damaged in ("1e", ""):
            part[last] = damaged
            path.write_text(json.dumps(state))
            with pytest.raises(ValueError, match=re.escape(f"{path}: ")):
                run.load(path)
            assert run.state_dict() == before


def test_where_nothing_can_be_written_it_says_so() -> None:
    """Protects from a run that is believed to be kept: not even root can."""
    with pytest.raises(OSError, match="/sys"):
        training().save("/sys/run.json")


def test_a_full_disk_leaves_the_last_checkpoint(path: Path) -> None:
    """Protects what there is, when there is no room for more."""
    run = training()
    run.save(path)
    before = path.read_bytes()
    run.epoch = 1
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            run.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


class Torchrun:
    """A run by torchrun itself, which may start its processes again."""

    def __init__(self, path: Path) -> None:
        root = str(Path(micrograd.__file__).parents[1])
        self.path = path
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "torch.distributed.run"),
                *("--nproc-per-node=2", "--max-restarts=1"),
                *("--master-addr=127.0.0.1", f"--master-port={free_port()}"),
                *(enduring.__file__, str(path), "60"),
            ],
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": root},
            stderr=subprocess.DEVNULL,
        )

    def numbers(self) -> list[int]:
        """The processes that it has started last."""
        files = [self.path.with_suffix(f".{rank}") for rank in range(2)]
        return [int(file.read_text()) for file in files]


@pytest.fixture
def torchrun(path: Path) -> Iterator[Torchrun]:
    run = Torchrun(path)
    yield run
    run.process.kill()
    run.process.wait()


def test_torchrun_starts_all_again(
    torchrun: Torchrun, path: Path, undisturbed: bytes
) -> None:
    """Protects what users do, when nobody looks after it."""
    wait_for(lambda: epoch(path) > 1)
    os.kill(torchrun.numbers()[1], signal.SIGKILL)
    assert torchrun.process.wait(300) == 0
    assert path.read_bytes() == undisturbed
    assert not any(map(is_alive, torchrun.numbers()))


def test_no_process_is_left_behind(torchrun: Torchrun, path: Path) -> None:
    """Protects a machine whose torchrun was killed itself."""
    wait_for(lambda: epoch(path) > 1)
    torchrun.process.kill()
    wait_for(lambda: not any(map(is_alive, torchrun.numbers())))
    assert epoch(path) < enduring.EPOCHS
