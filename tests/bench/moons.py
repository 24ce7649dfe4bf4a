"""Time one training step on the moons: the original micrograd, and ours.

The work is that of micrograd's demo: 100 points, MLP(2, [16, 16, 1]) with
relu in the hidden layers and a linear output, the full batch, hinge loss and
an L2 penalty of 1e-4. A step is forward, zero, backward, update. All
variants begin with the same weights and data, and must come to the same
losses. Each is run in a process of its own, in turn, several times over; the
first step of a process isn't counted. Time is the process's own, so that what
else the machine has to do isn't measured.
"""

import argparse
import gc
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PEER = ROOT / "_build" / "peer"
RESULTS = ROOT / "_build" / "bench" / "results.json"

POINTS = 100
NOUTS = [16, 16, 1]
RATE = 0.1
PENALTY = 1e-4


@dataclass
class Task:
    """What every variant is given, and gives back the same losses for."""

    points: list[tuple[float, float]]
    labels: list[int]
    weights: list[float]


# A variant, given a task, returns a function that makes one step and
# returns its loss.
Step = Callable[[], float]


def peer(task: Task) -> Step:
    """The original micrograd, used as its demo does."""
    from micrograd.engine import Value
    from micrograd.nn import MLP

    model: Any = MLP(2, NOUTS)
    give_weights(model, task)

    def step() -> float:
        inputs = [list(map(Value, point)) for point in task.points]
        scores = list(map(model, inputs))
        losses = [
            (1 + -y * score).relu()
            for y, score in zip(task.labels, scores, strict=True)
        ]
        data_loss = sum(losses) * (1.0 / len(losses))
        total = data_loss + PENALTY * sum(p * p for p in model.parameters())
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= RATE * p.grad
        return float(total.data)

    return step


def eager(task: Task) -> Step:
    """Ours, used as the book does: the collector is paused (see `run`)."""
    from micrograd import MLP, Value
    from micrograd.losses import hinge, l2
    from micrograd.optim import SGD

    model: Any = MLP(2, NOUTS, activation=Value.relu, output=None)
    give_weights(model, task)
    optimizer = SGD(model.parameters(), learning_rate=RATE)

    def step() -> float:
        scores = [model(point) for point in task.points]
        loss = hinge(scores, task.labels) + PENALTY * l2(model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.data)

    return step


@dataclass(frozen=True)
class Variant:
    """One way to train, and the folder its micrograd is imported from."""

    make: Callable[[Task], Step]
    home: Path
    collector_paused: bool


VARIANTS = {
    "micrograd": Variant(peer, home=PEER, collector_paused=False),
    "eager": Variant(eager, home=ROOT, collector_paused=True),
}
BASELINE = "micrograd"
OURS = "eager"


def give_weights(model: Any, task: Task) -> None:
    """Let a model begin with the task's weights, in our order."""
    neurons = [n for layer in model.layers for n in layer.neurons]
    parameters = [p for n in neurons for p in [*n.w, n.b]]
    for p, weight in zip(parameters, task.weights, strict=True):
        p.data = weight


def make_task() -> Task:
    """The same data and weights on every run."""
    from micrograd import MLP
    from micrograd.data import moons

    rng = random.Random(1337)
    points, labels = moons(POINTS, rng=rng)
    weights = [p.data for p in MLP(2, NOUTS, rng=rng).parameters()]
    return Task(points, labels, weights)


def peak_mb() -> float:
    """The most memory this process has had so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def run(name: str, steps: int, task: Task) -> dict[str, Any]:
    """Make the steps in this process, and one before; measure each."""
    import micrograd

    variant = VARIANTS[name]
    found = Path(str(micrograd.__file__)).parents[1]
    assert found == variant.home, f"{name} is imported from {found}"
    step = variant.make(task)
    losses, seconds, peaks = [], [], []

    def train() -> None:
        for _ in range(1 + steps):
            start = time.process_time()
            losses.append(step())
            seconds.append(time.process_time() - start)
            peaks.append(peak_mb())

    if variant.collector_paused:
        from micrograd.optim import collector_paused

        with collector_paused():
            train()
    else:
        assert gc.isenabled()
        train()
    return {"losses": losses, "seconds": seconds[1:], "peaks": peaks}


def in_a_process(name: str, steps: int, task: Task) -> dict[str, Any]:
    """Run a variant in a Python of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--variant", name, "--steps", str(steps)],
        input=json.dumps(vars(task)),
        env=os.environ | {"PYTHONPATH": str(VARIANTS[name].home)},
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        sys.exit(f"the variant {name} failed")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def install_peer() -> None:
    """Get the original micrograd into a folder of its own, once."""
    if PEER.exists():
        return
    print(f"Installing micrograd==0.1.0 into {PEER.relative_to(ROOT)} …")
    # Moved into place when whole, so that an interrupted one starts over.
    partial = PEER.with_suffix(".partial")
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    options = ["--no-deps", "--upgrade", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, *options, "--target", str(partial), "micrograd==0.1.0"],
        check=True,
    )
    partial.rename(PEER)


def compare(steps: int, rounds: int) -> None:
    """Measure all variants, round by round, and print and keep the result."""
    install_peer()
    sys.path.insert(0, str(ROOT))
    task = make_task()
    measured: dict[str, list[dict[str, Any]]] = {v: [] for v in VARIANTS}
    for turn in range(1, rounds + 1):
        for name in VARIANTS:
            print(f"Round {turn} of {rounds}: {name} …", flush=True)
            measured[name].append(in_a_process(name, steps, task))

    expected = measured[BASELINE][0]["losses"]
    for name, runs in measured.items():
        for one in runs:
            off = max(
                abs(a - b)
                for a, b in zip(one["losses"], expected, strict=True)
            )
            assert off <= 1e-9, f"{name}'s losses are off by {off:g}"
    print(f"All losses are equal to 1e-9; the last is {expected[-1]:.6f}.\n")

    rows = [summary(name, runs) for name, runs in measured.items()]
    print_table(rows, measured)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"moons": rows}, indent=2) + "\n")

    print(f"\nMemory of {OURS} over 200 steps …", flush=True)
    peaks = in_a_process(OURS, 200, task)["peaks"]
    print(
        f"peak after 50 steps {peaks[49]:.1f} MB, after 200 {peaks[199]:.1f}"
    )
    print(f"Results are in {RESULTS.relative_to(ROOT)}")


def summary(name: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What is kept of a variant's runs."""
    seconds = [s for one in runs for s in one["seconds"]]
    return {
        "variant": name,
        "median_s": statistics.median(seconds),
        "min_s": min(seconds),
        "max_s": max(seconds),
        "peak_mb": max(one["peaks"][-1] for one in runs),
    }


def print_table(
    rows: list[dict[str, Any]], measured: dict[str, list[dict[str, Any]]]
) -> None:
    """One line a variant; ratios are of the medians within each round."""
    print("CPU time of a step")
    print("variant      median ms      min      max   peak MB   times faster")
    for row in rows:
        ratios = [
            statistics.median(base["seconds"])
            / statistics.median(one["seconds"])
            for base, one in zip(
                measured[BASELINE], measured[row["variant"]], strict=True
            )
        ]
        times = [1e3 * row[key] for key in ("median_s", "min_s", "max_s")]
        print(
            f"{row['variant']:12}"
            f"{times[0]:10.1f} {times[1]:8.1f} {times[2]:8.1f}"
            f"{row['peak_mb']:10.1f}"
            f"   {statistics.median(ratios):.1f}"
            f" ({min(ratios):.1f} to {max(ratios):.1f})"
        )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Time one training step on the moons."
    )
    parser.add_argument(
        "--steps", type=int, default=5, help="steps a run (default: 5)"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="runs a variant (default: 3)"
    )
    # Run one variant here, on the task that comes on standard input.
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.steps < 1 or options.rounds < 1:
        parser.error("--steps and --rounds must be at least 1")
    if options.variant:
        task = Task(**json.load(sys.stdin))
        print(json.dumps(run(options.variant, options.steps, task)))
    else:
        compare(options.steps, options.rounds)


if __name__ == "__main__":
    main()
