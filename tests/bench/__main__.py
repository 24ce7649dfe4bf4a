"""Time our library against its peers, from one number at a time to native.

It measures a training step on the moons (task.py) in every variant
(variants.py), and how time and memory grow with the work (growth.py). A whole
run takes about ten minutes.
"""

import argparse
import datetime
import json
import shutil
from typing import Any

import report
from first_calls import first_calls
from growth import all_series, moons_graphs, rows
from machine import limits, machine, versions
from processes import INDUCTOR, install
from rounds import compare, leave_out
from task import MOONS, ROOT, Work
from variants import BASELINE, INSTALLED, VARIANTS

RESULTS = ROOT / "_build" / "bench" / "results.json"
KEPT = ROOT / "book" / "measurements.json"

#: The network of the first chapters, on four points.
SMALL = Work(width=4, examples=4, inputs=3)


def bench(
    names: list[str], rounds: int, seconds: float, largest: int, widest: int
) -> dict[str, Any]:
    """Measure it all; print the tables."""
    left_out: dict[str, str] = {}
    for home in INSTALLED:
        reason = install(home)
        for name in names if reason else ():
            if VARIANTS[name].home == home:
                leave_out(name, str(reason), left_out)
    shutil.rmtree(INDUCTOR, ignore_errors=True)

    results: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(names),
        "rounds": rounds,
    }
    moons = compare(MOONS, names, rounds, seconds, left_out)
    baseline = {row["variant"]: row["median_s"] for row in moons}.get(BASELINE)
    for row in limits():
        if baseline is not None:
            row["times_faster"] = baseline / row["median_s"]
        moons.append(row)
    results["moons"] = moons
    scalars = [n for n in (BASELINE, "eager", "eager-dot") if n in names]
    results["small"] = compare(
        SMALL, scalars, rounds, min(seconds, 0.5), left_out
    )
    others = left_out | dict.fromkeys(VARIANTS.keys() - set(names), "")
    results["graphs"] = moons_graphs(others)
    results["growth"] = [
        row
        for series in all_series(largest, widest)
        for row in rows(series, min(seconds, 0.5), others)
    ]
    results["first_calls"] = first_calls(widest, others)
    results["left_out"] = left_out
    results["goals"] = report.goals(results)
    return results


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="make bench ARGS=…",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--rounds",
        type=int,
        default=5,
        help="how often each variant is run on the moons (default: 5)",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=1.5,
        help="how long a variant is measured each time (default: 1.5)",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="VARIANT",
        choices=VARIANTS,
        help=f"measure nothing but these; of {', '.join(VARIANTS)}",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one short round and small sizes, to see that everything runs",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help=f"write {KEPT.relative_to(ROOT)} too, which the book draws from",
    )
    options = parser.parse_args()
    if options.rounds < 1 or options.seconds <= 0.0:
        parser.error("--rounds and --seconds must be positive")
    if options.keep and (options.quick or options.only):
        parser.error("what the book draws from must be whole: no --keep then")

    names = options.only or list(VARIANTS)
    if options.quick:
        results = bench(names, 1, 0.05, largest=1_000, widest=8)
    else:
        results = bench(
            names,
            options.rounds,
            options.seconds,
            largest=1_000_000,
            widest=256,
        )
    for piece in report.tables(results):
        print(f"\n{piece}")
    print(f"\n{report.goal_lines(results['goals'])}\n")
    for path in [RESULTS, KEPT] if options.keep else [RESULTS]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=1) + "\n")
        print(f"Results are in {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
