"""Measure one variant in this process: asked on stdin, answered on stdout.

Time is wall time, for some peers have threads of their own. The collector of
cycles is off, but for the variants that can't do without it: graphs of Values
and of tensors have no cycles.
"""

import gc
import importlib
import json
import math
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from scalars import Scalars
from task import Advance, Work, make_task
from variants import VARIANTS

#: A sample is a block of steps that takes at least this long, in seconds.
BLOCK_S = 0.02
#: As many graphs are held at once as make up this number of operations, so
#: that what memory is asked for in bulk doesn't count.
HELD = 200_000


def steps(
    variant: str, work: dict[str, int], calls: list[int], seconds: float
) -> dict[str, Any]:
    """Train, first for the numbers of steps in ``calls``, then for a while.

    ``losses`` are those before the last step of each call, ``samples`` the
    seconds that a step took in each block after them, ``compile_s`` what the
    first step took beyond that, if there is something to compile.
    """
    how = VARIANTS[variant]
    task = make_task(Work(**work))
    start = time.perf_counter()
    advance = how.make(task)
    losses = [advance(calls[0])]
    first_s = time.perf_counter() - start
    losses += map(advance, calls[1:])
    samples = sampled(advance, seconds)
    compile_s = max(0.0, first_s - statistics.median(samples))
    return {
        "losses": losses,
        "compile_s": compile_s if how.compiles else None,
        "samples": samples,
        "peak_mb": peak_mb(),
    }


def graph(
    variant: str,
    work: dict[str, int],
    operations: int,
    seconds: float,
    chain: bool,
    count: bool,
) -> dict[str, Any]:
    """The memory of a graph, and how long it takes to build and walk it.

    It is the graph of the loss, or a chain of so many operations. If it is
    wanted, its nodes are counted, without the model's parameters.
    """
    how = Work(**work)
    model = VARIANTS[variant].make(make_task(how))
    assert isinstance(model, Scalars)
    build = partial(model.chain, operations) if chain else model.loss

    before = resident()
    held = [build() for _ in range(math.ceil(HELD / operations))]
    answer: dict[str, Any] = {}
    if before is not None:
        answer["bytes"] = (resident() - before) / len(held)
    if count:
        from micrograd import trace

        nodes, _ = trace(held[0])
        answer["nodes"] = len(nodes) - how.parameters
    held.clear()
    gc.collect()

    def walk(times: int) -> float:
        for _ in range(times):
            build().backward()
        return 0.0

    try:
        walk(1)
        answer["samples"] = sampled(walk, seconds)
    except RecursionError as error:
        answer["failed"] = told(error)
    return answer


def first_call(variant: str, sizes: list[int]) -> dict[str, Any]:
    """The seconds that a first call takes, and by how much memory it grows."""
    call = importlib.import_module("ours").first_call(sizes)
    before_mb = peak_mb()
    start = time.perf_counter()
    call()
    return {
        "first_s": time.perf_counter() - start,
        "grown_mb": peak_mb() - before_mb,
    }


def sampled(advance: Advance, seconds: float) -> list[float]:
    """Seconds that a step takes, in each of the blocks that time allows."""
    block = 1
    while (taken := timed(advance, block)) < BLOCK_S:
        block = max(2 * block, math.ceil(block * BLOCK_S / taken))
    samples = [taken / block]
    spent = taken
    while spent < seconds:
        taken = timed(advance, block)
        samples.append(taken / block)
        spent += taken
    return samples


def timed(advance: Advance, block: int) -> float:
    """Seconds that so many steps take."""
    start = time.perf_counter()
    advance(block)
    return time.perf_counter() - start


def peak_mb() -> float:
    """The most memory this process has had so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def resident() -> Any:
    """Bytes of memory that this process has now, where Linux tells."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return None
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def told(error: Exception) -> str:
    """An exception in a line."""
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"


JOBS: dict[str, Callable[..., dict[str, Any]]] = {
    "steps": steps,
    "graph": graph,
    "first_call": first_call,
}


def main() -> None:
    """Do what is asked, whatever the variant prints."""
    request = json.load(sys.stdin)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    variant = VARIANTS[request["variant"]]
    try:
        # Imported before any clock starts, and from where it should be.
        library = importlib.import_module(variant.library)
        if variant.library == "micrograd":
            found = Path(str(library.__file__)).parents[1]
            assert found == variant.home, f"imported from {found}"
        if not variant.collects:
            gc.disable()
        answer = JOBS[request.pop("job")](**request)
    except Exception as error:
        answer = {"failed": told(error)}
    json.dump(answer, answers)


if __name__ == "__main__":
    main()
