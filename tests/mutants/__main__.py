"""Prove the tests: put small faults into the code, and see whether one fails.

Such a faulty copy of the code is a mutant: killed if a test fails or doesn't
end, else it has survived. Survivors that nobody could tell from the original
are listed, with the reason, in tests/mutants/equivalent.toml. A run that was
interrupted goes on where it was; another one tests again what has changed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from equivalents import Equivalents
from testing import Target, Trial, Verdict

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "book/mutants.json"
WANTED = 0.97
"""Of the mutants that aren't equivalent, so many are to be killed."""
OPTIONS = ("--hypothesis-profile=mutants",)
LIBRARY = "engine floats nn losses optim graph check data metrics saving"
TARGETS = (
    Target(
        "library",
        tuple(f"micrograd/{name}.py" for name in LIBRARY.split()),
        "tests/library",
        options=OPTIONS,
    ),
    Target(
        "tangler",
        ("book/_ext/tangle/*.py",),
        "tests/tangle",
        each_line=1,
        path=("", "book/_ext", "book/_live/python"),
        options=OPTIONS,
    ),
)


def main() -> int:
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="make mutants ARGS=…", description=__doc__
    )
    names = [target.name for target in TARGETS]
    parser.add_argument(
        "--only", choices=names, help="mutate nothing but this"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="draws the mutants, where there is one for each line"
        " (default: 0)",
    )
    parser.add_argument(
        "--at-most",
        type=int,
        metavar="N",
        help="test no more than so many mutants of each, drawn by the seed",
    )
    parser.add_argument(
        "--processes",
        type=int,
        default=2,
        help="so many mutants are tested at once (default: 2)",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help=f"write {KEPT.relative_to(ROOT)} too, which the book shows",
    )
    options = parser.parse_args()

    equivalents = Equivalents(Path(__file__).with_name("equivalent.toml"))
    results = []
    status = 0
    for target in TARGETS:
        if options.only not in (None, target.name):
            continue
        trial = Trial(ROOT, target, options.seed, options.at_most)
        verdicts = trial.verdicts(options.processes, say)
        stale = equivalents.stale(trial.candidates, trial.texts)
        wrong = equivalents.killed(verdicts)
        result = counted(trial, verdicts, equivalents)
        results.append(result)
        print(f"\n{report(result, verdicts, equivalents)}\n")
        for entry in [*stale, *wrong]:
            print(f"equivalent.toml: {entry}")
        if stale or wrong or result["score"] < WANTED:
            status = 1
    if options.keep:
        # What wasn't tested now stays as it is.
        kept = {one["target"]: one for one in json.loads(KEPT.read_text())}
        kept |= {one["target"]: one for one in results}
        KEPT.write_text(json.dumps([*kept.values()], indent=1) + "\n")
        print(f"Results are in {KEPT.relative_to(ROOT)}")
    return status


def say(line: str) -> None:
    print(line, flush=True)


def counted(
    trial: Trial, verdicts: Iterable[Verdict], equivalents: Equivalents
) -> dict[str, Any]:
    """How many mutants of each file were killed, and of all."""
    files: dict[str, dict[str, Any]] = {
        file: {"mutants": 0, "killed": 0, "equivalent": 0}
        for file in trial.texts
    }
    for mutant, killer in verdicts:
        counts = files[mutant.file]
        counts["mutants"] += 1
        counts["killed"] += killer is not None
        counts["equivalent"] += killer is None and mutant in equivalents
    total = {
        name: sum(counts[name] for counts in files.values())
        for name in ("mutants", "killed", "equivalent")
    }
    return {
        "target": trial.target.name,
        "each_line": trial.target.each_line,
        "seed": trial.seed,
        "possible": len(trial.candidates),
        **total,
        "score": score(total),
        "files": files,
    }


def score(counts: dict[str, int]) -> float:
    """The part of the mutants killed that could be."""
    mortal = counts["mutants"] - counts["equivalent"]
    return counts["killed"] / mortal if mortal else 1.0


def report(
    result: dict[str, Any],
    verdicts: Iterable[Verdict],
    equivalents: Equivalents,
) -> str:
    """The survivors, and a table of how many were killed."""
    lines = [
        f"{mutant} (in {mutant.within or 'the module'})"
        for mutant, killer in verdicts
        if killer is None and mutant not in equivalents
    ]
    if result["mutants"] < result["possible"]:
        each = result["each_line"]
        lines.append(
            f"{result['target']}: {result['mutants']} of"
            f" {result['possible']} mutants, drawn by the seed"
            f" {result['seed']}{f', {each} of each line' if each else ''}"
        )
    row = "{:<32} {:>7} {:>7} {:>10} {:>7}"
    lines.append(
        row.format("file", "mutants", "killed", "equivalent", "score")
    )
    for name, counts in [*result["files"].items(), ("all", result)]:
        if counts["mutants"]:
            lines.append(
                row.format(
                    name,
                    counts["mutants"],
                    counts["killed"],
                    counts["equivalent"],
                    f"{score(counts):.1%}",
                )
            )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
