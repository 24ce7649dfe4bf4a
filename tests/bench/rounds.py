"""Variants side by side on the same work, in interleaved rounds."""

import statistics
from typing import Any

from processes import measure
from task import Work
from variants import BASELINE

#: The numbers of steps after which losses are compared: five steps in all.
CALLS = [1, 1, 1, 2]


class OtherLosses(Exception):
    """A variant doesn't do the same work as the others."""


def compare(
    work: Work,
    names: list[str],
    rounds: int,
    seconds: float,
    left_out: dict[str, str],
) -> list[dict[str, Any]]:
    """Measure each variant for so many seconds in each round: a row each.

    What can't be run is left out: the reason is printed, and noted. All have
    one thread, which is the fastest for the peers too while a step takes less
    than a millisecond: threads would wait for each other most of the time.
    """
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for turn in range(1, rounds + 1):
        for name in names:
            if name in left_out:
                continue
            print(f"Round {turn} of {rounds}: {name} …", flush=True)
            run = measure(
                "steps", name, work=vars(work), calls=CALLS, seconds=seconds
            )
            if "failed" in run:
                leave_out(name, run["failed"], left_out)
            else:
                runs[name].append(run)
    whole = {name: runs[name] for name in names if name not in left_out}
    losses = {
        f"{name} in round {turn}": run["losses"]
        for name, several in whole.items()
        for turn, run in enumerate(several, 1)
    }
    check_losses(losses)
    return [summary(name, whole) for name in whole]


def leave_out(name: str, reason: str, left_out: dict[str, str]) -> None:
    """Note why a variant isn't measured, and say so."""
    left_out[name] = reason
    print(f"{name} is left out: {reason}", flush=True)


def check_losses(losses: dict[str, list[float]]) -> None:
    """`OtherLosses` unless all are equal to 1e-9."""
    (first, wanted), *others = losses.items()
    for name, found in others:
        off = max(abs(a - b) for a, b in zip(found, wanted, strict=True))
        if not off <= 1e-9:
            raise OtherLosses(
                f"the losses of {name} and of {first} differ by {off:g}"
            )


def summary(
    name: str, runs: dict[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    """What is kept of a variant's runs.

    ``median_s`` is the median of the rounds' own medians, so that each round
    counts the same, and ``times_faster`` the baseline's over it; its extremes
    are those of single rounds. Compiling took ``compile_s``, at the most: what
    one round has compiled may be there still in the next.
    """
    own = runs[name]
    medians, baseline = medians_of(own), medians_of(runs.get(BASELINE, []))
    row = {
        "variant": name,
        "median_s": statistics.median(medians),
        "min_s": min(min(run["samples"]) for run in own),
        "max_s": max(max(run["samples"]) for run in own),
        "peak_mb": max(run["peak_mb"] for run in own),
        "compile_s": max((run["compile_s"] or 0.0) for run in own) or None,
    }
    if baseline:
        ratios = [b / m for b, m in zip(baseline, medians)]
        row["times_faster"] = statistics.median(baseline) / row["median_s"]
        row["times_faster_min"] = min(ratios)
        row["times_faster_max"] = max(ratios)
    return row


def medians_of(runs: list[dict[str, Any]]) -> list[float]:
    """The median time of a step in each run."""
    return [statistics.median(run["samples"]) for run in runs]
