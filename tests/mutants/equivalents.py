"""The mutants that nobody can tell from the original, and why."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from mutate import Mutant
from testing import Verdict

PARTS = ("file", "within", "line", "was", "now")
"""An entry is the text of the line, so that it holds wherever that stands."""


class Equivalents:
    """What a file of TOML lists."""

    def __init__(self, file: Path) -> None:
        entries = tomllib.loads(file.read_text("utf-8")).get("mutant", [])
        self.why = {
            tuple(entry[part] for part in PARTS): entry["why"]
            for entry in entries
        }

    def __contains__(self, mutant: Mutant) -> bool:
        return _entry(mutant) in self.why

    def stale(
        self, candidates: Iterable[Mutant], files: Collection[str]
    ) -> Iterator[str]:
        """The entries, among those for some files, that no mutant has."""
        there = set(map(_entry, candidates))
        for entry in self.why:
            if entry[0] in files and entry not in there:
                yield f"there is no such mutant any more: {entry}"

    def killed(self, verdicts: Iterable[Verdict]) -> Iterator[str]:
        """The entries that a test has shown to be wrong."""
        for mutant, killer in verdicts:
            if killer is not None and mutant in self:
                yield f"{mutant} isn't equivalent: it is killed by {killer}"


def _entry(mutant: Mutant) -> tuple[str, ...]:
    was = " ".join(mutant.was.split())
    return mutant.file, mutant.within, mutant.source, was, mutant.now
