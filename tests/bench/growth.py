"""How time and memory grow with the work."""

import os
import statistics
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from machine import memory_mb
from processes import measure
from rounds import check_losses
from task import MOONS, Work
from variants import VARIANTS

#: A size is left out when a step would take longer, in seconds, ...
STEP_S = 10.0
#: ... or compiling would, ...
COMPILE_S = 30.0
#: ... or it would need more than this share of the machine's memory.
MEMORY = 0.75
#: A measurement is given up after so many seconds.
LIMIT_S = 90.0
#: What takes longer than this, in seconds, is tried with all cores too.
THREADS_S = 1e-3

CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Series:
    """Work of growing size, and the variants that have to do it.

    ``works`` has the work for each size. In a ``graph`` the size is the
    number of operations, and forward and backward are measured; otherwise a
    whole step is.
    """

    what: str
    variants: list[str]
    works: dict[int, Work]
    graph: bool = False


def small_network(operations: int) -> Work:
    """A network of 4 neurons a layer, on as many examples as that takes."""
    none, one = (Work(4, examples).operations for examples in (0, 1))
    return Work(4, max(1, round((operations - none) / (one - none))))


def all_series(largest: int, widest: int) -> list[Series]:
    """What is measured, up to these sizes."""
    sizes = [n for n in (10**e for e in range(2, 7)) if n <= largest]
    widths = [w for w in (4, 8, 16, 32, 64, 128, 256) if w <= widest]
    scalars = ["micrograd", "torch-scalar", "eager"]
    networks = map(small_network, sizes)
    batched = ["python", "columns", "native", "torch-batched", "numpy"]
    wide = ["eager-dot", "native", "torch-batched", "numpy"]
    return [
        Series("chain", scalars, dict.fromkeys(sizes, Work(4, 1)), True),
        Series("mlp", scalars, {w.operations: w for w in networks}, True),
        Series("examples", batched, {n: Work(examples=n) for n in sizes}),
        Series("width", wide, {w: Work(width=w) for w in widths}),
    ]


def rows(
    series: Series, seconds: float, left_out: Container[str]
) -> Iterator[dict[str, Any]]:
    """Measure size by size, each variant until it fails or takes too long.

    ``failed`` is the reason why there is no time, or why a variant ends; and
    in a graph's row there may still be the memory.
    """
    last: dict[str, dict[str, Any] | None] = {
        name: None for name in series.variants if name not in left_out
    }
    for size, work in series.works.items():
        losses = {}
        for name, before in list(last.items()):
            print(f"{series.what} of {size:,}: {name} …", flush=True)
            row: dict[str, Any] = {
                "what": series.what,
                "variant": name,
                "size": size,
                "failed": too_much(before, size, series.works),
            }
            if row["failed"] is None and series.graph:
                row |= graph_row(series.what, name, size, work, seconds)
            elif row["failed"] is None:
                row |= step_row(name, work, seconds)
            if "loss" in row:
                losses[name] = [row.pop("loss")]
            if row["failed"] is not None:
                print(f"{name} ends here: {row['failed']}", flush=True)
                del last[name]
            else:
                last[name] = row
            yield row
        if losses:
            check_losses(losses)


def too_much(
    before: dict[str, Any] | None, size: int, works: dict[int, Work]
) -> str | None:
    """Why this size isn't tried after the one before, or None.

    What is expected grows as the operations do. A compiler's time grows
    faster, so that it's the least that is expected of it.
    """
    if before is None:
        return None
    now, then = works[size], works[before["size"]]
    same = now == then  # a chain's work is its size alone
    grown = size / before["size"] if same else now.operations / then.operations
    compile_s = grown * before.get("compile_s", 0.0)
    if compile_s > COMPILE_S:
        return f"compiling would take {compile_s:.0f} s or more"
    step_s = grown * before["median_s"]
    if step_s > STEP_S:
        return f"a step would take {step_s:.0f} s"
    peak_mb = grown * before.get("peak_mb", 0.0)
    if peak_mb > MEMORY * memory_mb():
        return f"it would need {peak_mb / 1024:.0f} GB of memory"
    return None


def graph_row(
    what: str, name: str, operations: int, work: Work, seconds: float
) -> dict[str, Any]:
    """Time and bytes for each operation that the graph is written with.

    They are the same operations for all variants, whatever nodes each makes
    of them. Bytes are those by which the process has grown.
    """
    answer = measure(
        "graph",
        name,
        limit_s=LIMIT_S,
        work=vars(work),
        operations=operations,
        seconds=seconds,
        chain=what == "chain",
        count=False,
    )
    row: dict[str, Any] = {"failed": answer.get("failed")}
    if "bytes" in answer:
        row["bytes_per_node"] = answer["bytes"] / operations
    if "samples" in answer:
        row["median_s"] = statistics.median(answer["samples"])
        row["per_node_s"] = row["median_s"] / operations
    return row


def step_row(name: str, work: Work, seconds: float) -> dict[str, Any]:
    """Time for a step, with the number of threads that makes it shorter."""
    answers = {1: one_step(name, 1, work, seconds)}
    if (
        CORES > 1
        and VARIANTS[name].threaded
        and answers[1].get("median_s", 0.0) > THREADS_S
    ):
        answers[CORES] = one_step(name, CORES, work, seconds)
    done = {n: a for n, a in answers.items() if a["failed"] is None}
    if not done:
        return answers[1]
    threads = min(done, key=lambda n: float(done[n]["median_s"]))
    return done[threads] | {"threads": threads}


def one_step(
    name: str, threads: int, work: Work, seconds: float
) -> dict[str, Any]:
    """Time for a step, and its loss."""
    answer = measure(
        "steps",
        name,
        threads=threads,
        limit_s=LIMIT_S,
        work=vars(work),
        calls=[1],
        seconds=seconds,
    )
    if "failed" in answer:
        return {"failed": answer["failed"]}
    median_s = statistics.median(answer["samples"])
    row = {
        "median_s": median_s,
        "per_example_s": median_s / work.examples,
        "peak_mb": answer["peak_mb"],
        "loss": answer["losses"][0],
        "failed": None,
    }
    if answer["compile_s"] is not None:
        row["compile_s"] = answer["compile_s"]
    return row


def moons_graphs(left_out: Container[str]) -> list[dict[str, Any]]:
    """The memory of the moons' graph, by nodes that are really there."""
    found = []
    for name in ("eager", "eager-dot"):
        if name in left_out:
            continue
        print(f"Memory of the moons' graph: {name} …", flush=True)
        answer = measure(
            "graph",
            name,
            work=vars(MOONS),
            operations=MOONS.operations,
            seconds=0.0,
            chain=False,
            count=True,
        )
        row = {"variant": name, "nodes": answer.get("nodes")}
        if "bytes" in answer and "nodes" in answer:
            row["bytes_per_node"] = answer["bytes"] / answer["nodes"]
        found.append(row | {"failed": answer.get("failed")})
    return found
