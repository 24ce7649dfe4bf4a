"""A training run that may be killed: what its processes do, how far it is.

``torchrun enduring.py FILE SECONDS`` has the checkpoint in that file and waits
so long for others.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micrograd.checkpoint import Training
from micrograd.compiler import jit
from micrograd.data import batches, moons
from micrograd.distributed import process_group
from micrograd.engine import Value
from micrograd.losses import hinge
from micrograd.nn import MLP
from micrograd.optim import Adam

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCHS = 160


def endure(path: Path, timeout: float = 60.0) -> None:
    """Train on from the checkpoint; only process 0 has the right seed."""
    rank = os.environ["RANK"]
    path.with_suffix(f".{rank}").write_text(f"{os.getpid()}")
    rng = random.Random(1 if rank == "0" else os.getpid())
    model = MLP(2, [4, 1], activation=Value.tanh, output=None, rng=rng)
    mean_loss = jit(lambda x, y: hinge([model(x)], [y]), model)
    run = Training(model, Adam(model.parameters(), 0.01), rng)
    points, labels = moons(12, rng=random.Random(1))
    with process_group(timeout) as group:
        mine = group.share(len(points))
        part = slice(mine.start, mine.stop)
        batch = mean_loss.load(points[part], labels[part])
        if group.rank == 0 and path.exists():
            run.load(path)
        run.load_state_dict(group.broadcast(run.state_dict()))
        while run.epoch < EPOCHS:
            for numbers in batches(range(len(points)), 5, run.rng):
                which = [mine.index(i) for i in numbers if i in mine]
                loss = group.mean(mean_loss, batch, which)
                run.optimiser.zero_grad()
                loss.backward()
                run.optimiser.step()
            run.epoch += 1
            if group.rank == 0:
                run.save(path)


def wait_for(what: Callable[[], Any], seconds: float = 300.0) -> Any:
    """What this gives, as soon as it gives something."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "nothing has come"
        time.sleep(0.001)
    return found


def epoch(path: Path) -> int:
    """How many epochs a checkpoint has; it must be whole, if there is one."""
    if not path.exists():
        return 0
    found: int = json.loads(path.read_text())["epoch"]
    return found


if __name__ == "__main__":
    endure(Path(sys.argv[1]), float(sys.argv[2]))
