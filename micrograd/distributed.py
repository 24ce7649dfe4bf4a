# Tangled from book/24-many-machines.md: edit there, not here.
"""Several processes that train one network, over torch.distributed."""

import os
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from micrograd.compiler.compiled import Compiled, Loaded, Mean
from micrograd.engine import Value


class Group:
    """The processes that train together, as `process_group` gives them.

    There are ``size``, and this is number ``rank``, counted from 0.
    """

    def __init__(self, rank: int, size: int) -> None:
        self.rank = rank
        self.size = size

    def share(self, count: int) -> range:
        """Which of ``count`` examples are this process's; all are somebody's.

        `ValueError` if there aren't enough for everybody to have one.
        """
        if count < self.size:
            raise ValueError(
                f"{count} examples are too few for {self.size} processes"
            )
        bounds = [count * k // self.size for k in (self.rank, self.rank + 1)]
        return range(*bounds)

    def mean(
        self,
        function: Compiled,
        batch: Loaded,
        which: Sequence[int] | None = None,
    ) -> Value:
        """The mean over examples that are spread over all processes.

        ``which`` of its ``batch`` are this one's part: by default all; it
        may be none. All processes must call this together. `ValueError` if
        none has an example, `ConnectionError` if one of them is lost.
        """
        import torch
        from torch.distributed import all_reduce

        part = range(len(batch)) if which is None else which
        flat = function.side_by_side()
        flat.backend = batch.backend  # with no example, too: equal steps
        results = array("d", bytes(8 * len(flat.gradients)))
        if part:
            mean: Any = function(batch if which is None else batch[part])
            results = array("d", [mean.data]) + mean._local
        sums = results + array("d", [1.0])
        numbers = torch.frombuffer(sums, dtype=torch.float64)
        numbers *= len(part)
        with together():
            all_reduce(numbers)
        if sums[-1] == 0.0:
            raise ValueError("no process has an example of this batch")
        numbers /= sums[-1]
        return Mean(sums[:-1], function.operands, flat)

    def broadcast(self, thing: Any) -> Any:
        """What process 0 passes here, for all of them."""
        from torch.distributed import broadcast_object_list

        box = [thing]
        with together():
            broadcast_object_list(box)
        return box[0]


# Who has started this process.
_PARENT = os.getppid()


@contextmanager
def process_group(timeout: float = 60.0) -> Iterator[Group]:
    """Meet the other processes that torchrun has started with this one.

    ``timeout`` says how many seconds one waits for another.
    `ConnectionError` if that isn't enough, `RuntimeError` without torchrun,
    `ModuleNotFoundError` without torch.
    """
    if find_spec("torch") is None:
        raise ModuleNotFoundError(
            "several processes need torch: pip install torch", name="torch"
        )
    if "RANK" not in os.environ:
        raise RuntimeError(
            "this program is to run in several processes: start it by "
            "torchrun --nproc-per-node=2, and its name"
        )
    dist: Any = import_module("torch.distributed")
    patience = timedelta(seconds=timeout)
    with together():
        store, rank, size = next(dist.rendezvous("env://", timeout=patience))
        if os.environ.get("LOCAL_WORLD_SIZE") == f"{size}":
            # On one machine, what an earlier attempt has left in the store
            # would be waited for. (On several, each counts its own attempts.)
            attempt = os.environ["TORCHELASTIC_RESTART_COUNT"]
            store = dist.PrefixStore(f"attempt {attempt}", store)
        dist.init_process_group(
            "gloo", store=store, rank=rank, world_size=size, timeout=patience
        )
    try:
        yield Group(rank, size)
    finally:
        dist.destroy_process_group()


@contextmanager
def together() -> Iterator[None]:
    """What all processes do together; `ConnectionError` if one is lost."""
    if os.getppid() != _PARENT and "TORCHELASTIC_RUN_ID" in os.environ:
        raise ConnectionError("torchrun has died, so its processes end, too")
    try:
        yield
    except RuntimeError as problem:
        here = os.environ["RANK"]
        where = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        raise ConnectionError(
            f"process {here}, which met the others at {where}, has lost one "
            "of them: it isn't there, has died, hangs, or the network is "
            "down. What that one says itself comes first. To start all "
            "again by themselves: torchrun --max-restarts"
        ) from problem
