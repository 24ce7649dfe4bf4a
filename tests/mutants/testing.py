"""Tests every mutant of some files, each in a process that may not last.

The project is copied, and the faults are put into the copy. A run without
faults says which lines each test reaches, and how long it takes; the tests of
a mutant are those that reach its statement (all of them, if it is run on
import, or in other processes), ordered by what has killed before, then by
time. What a run has found is written down at once, so that the next one goes
on from there.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from mutate import Mutant, mutants, of_all, of_each_line

sys.path.insert(0, str(Path(__file__).parents[1] / "stages"))
import forked

JUDGE = Path(__file__).with_name("judge.py")
MADE = shutil.ignore_patterns(
    *(".git", ".venv", "_build", ".hypothesis", "__pycache__"),
)


@dataclass(frozen=True)
class Target:
    """Files that belong together, and the tests that are to protect them."""

    name: str
    files: tuple[str, ...]
    tests: str
    each_line: int | None = None
    """How many mutants of each line are drawn; None if it is all."""
    path: tuple[str, ...] = ("",)
    options: tuple[str, ...] = ()
    patience: float = 3.0
    """So many times a second and its usual time may a test take."""


class Verdict(NamedTuple):
    """What the tests have said about a mutant."""

    mutant: Mutant
    killer: str | None
    """The test that failed or didn't end; None if the mutant survived."""


class Test(NamedTuple):
    """What is known of a test, from a run without faults."""

    seconds: float
    reached: dict[str, set[int]]
    """For each file, the lines."""


@dataclass
class Trial:
    """The mutants of a target, and what is known of them."""

    root: Path
    target: Target
    seed: int = 0
    at_most: int | None = None
    """How many mutants are drawn; None if it is as many as there are."""
    killers: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    @cached_property
    def texts(self) -> dict[str, bytes]:
        """The files that are mutated."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for pattern in self.target.files
            for path in sorted(self.root.glob(pattern))
        }

    @cached_property
    def candidates(self) -> list[Mutant]:
        return [
            one
            for file, text in self.texts.items()
            for one in mutants(file, text)
        ]

    @cached_property
    def drawn(self) -> list[Mutant]:
        """The mutants that are tested."""
        drawn = self.candidates
        if self.target.each_line is not None:
            drawn = of_each_line(drawn, self.target.each_line, self.seed)
        if self.at_most is not None:
            drawn = of_all(drawn, self.at_most, self.seed)
        return drawn

    @cached_property
    def folder(self) -> Path:
        """Where everything is that is made."""
        return self.root / "_build/mutants" / self.target.name

    @cached_property
    def everything(self) -> str:
        """Changes with whatever may let a mutant survive."""
        tests = sorted((self.root / self.target.tests).rglob("*.py"))
        texts = [*self.texts.values(), *(path.read_bytes() for path in tests)]
        return digest(*texts)

    def key(self, mutant: Mutant) -> str:
        place = f"{mutant.file} {mutant.start} {mutant.end} {mutant.now}"
        return digest(mutant.text, place.encode())

    def depends(self, killer: str | None) -> str:
        """What a verdict depends on, beside the mutant's own file.

        A death, on the module of tests that caused it; that a mutant has
        survived, on all files and all tests.
        """
        if killer is None:
            return self.everything
        module = self.root / killer.partition("::")[0]
        return digest(module.read_bytes()) if module.is_file() else ""

    def known(self) -> dict[str, str | None]:
        """The killers that earlier runs have found, where they still hold."""
        found: dict[str, str | None] = {}
        file = self.folder / "verdicts.jsonl"
        for line in file.read_text().splitlines() if file.exists() else ():
            one = json.loads(line)
            if one["killer"]:
                self.killers[one["file"], one["within"], one["killer"]] += 1
            if one["depends"] == self.depends(one["killer"]):
                found[one["mutant"]] = one["killer"]
            else:
                found.pop(one["mutant"], None)
        return found

    def note(self, verdict: Verdict) -> None:
        """Write a verdict down, for this run and the next."""
        mutant, killer = verdict
        if killer:
            self.killers[mutant.file, mutant.within, killer] += 1
        told = {
            "mutant": self.key(mutant),
            "file": mutant.file,
            "within": mutant.within,
            "killer": killer,
            "depends": self.depends(killer),
        }
        with (self.folder / "verdicts.jsonl").open("a") as file:
            print(json.dumps(told), file=file)

    def verdicts(
        self, processes: int = 1, say: Callable[[str], None] = print
    ) -> list[Verdict]:
        """Test every mutant that is drawn; say and remember what happens."""
        self.folder.mkdir(parents=True, exist_ok=True)
        known = self.known()
        left = [one for one in self.drawn if self.key(one) not in known]
        say(
            f"{self.target.name}: {len(self.drawn)} of"
            f" {len(self.candidates)} mutants, {len(left)} to test"
        )
        if left:
            with TemporaryDirectory(prefix="mutants-") as temporary:
                copies = [
                    Copy(self, number, Path(temporary))
                    for number in range(processes)
                ]
                for verdict in self.tested(left, copies, say):
                    self.note(verdict)
                    known[self.key(verdict.mutant)] = verdict.killer
        return [Verdict(one, known[self.key(one)]) for one in self.drawn]

    def tested(
        self,
        left: list[Mutant],
        copies: list[Copy],
        say: Callable[[str], None],
    ) -> Iterator[Verdict]:
        tests = self.tests(copies[0], say)
        for copy in copies[1:]:
            copy.like(copies[0])
        idle: SimpleQueue[Copy] = SimpleQueue()
        for copy in copies:
            idle.put(copy)

        def judged(mutant: Mutant) -> Verdict:
            copy = idle.get()
            try:
                order = self.order(mutant, tests)
                return Verdict(mutant, copy.killer(mutant, order))
            finally:
                idle.put(copy)

        began = told = time.monotonic()
        killed = 0
        with ThreadPoolExecutor(len(copies)) as pool:
            try:
                for done, verdict in enumerate(pool.map(judged, left), 1):
                    yield verdict
                    killed += verdict.killer is not None
                    if verdict.killer is None:
                        say(f"survived: {verdict.mutant}")
                    now = time.monotonic()
                    if now - told > 10 or done == len(left):
                        told = now
                        minutes = (
                            (now - began) / done * (len(left) - done) / 60
                        )
                        say(
                            f"{self.target.name}: {done} of {len(left)},"
                            f" {killed / done:.1%} killed,"
                            f" {minutes:.0f} minutes left"
                        )
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def tests(self, copy: Copy, say: Callable[[str], None]) -> dict[str, Test]:
        """What is known of the tests; they are run unless that is all."""
        file = self.folder / "tests.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        if known.get("of") == self.everything:
            copy.observed("--collect-only")  # which compiles them
        else:
            say(f"{self.target.name}: the tests, without a fault")
            known = {"of": self.everything, "tests": copy.observed()}
            file.write_text(json.dumps(known))
        return {
            name: Test(seconds, {f: set(lines) for f, lines in reached})
            for name, (seconds, reached) in known["tests"].items()
        }

    def order(
        self, mutant: Mutant, tests: dict[str, Test]
    ) -> dict[str, float]:
        """The tests of a mutant, the likeliest to fail first: their times."""
        reached = tests
        if mutant.within:
            reached = {
                name: test
                for name, test in tests.items()
                if not test.reached.get(mutant.file, set()).isdisjoint(
                    mutant.lines
                )
            }

        def rank(name: str) -> tuple[int, float]:
            place = (mutant.file, mutant.within, name)
            return -self.killers[place], tests[name].seconds

        names = sorted(reached or tests, key=rank)
        return {name: tests[name].seconds for name in names}


class Copy:
    """A copy of the project, for one mutant at a time."""

    def __init__(self, trial: Trial, number: int, temporary: Path) -> None:
        self.trial = trial
        self.number = number
        self.root = trial.folder / f"copy{number}"
        self.temporary = temporary / str(number)
        self.temporary.mkdir()
        self.like(trial)

    def like(self, other: Trial | Copy) -> None:
        """Be as another folder is."""
        shutil.rmtree(self.root, ignore_errors=True)
        made = MADE if other is self.trial else None
        shutil.copytree(other.root, self.root, ignore=made)

    def observed(self, *options: str) -> dict[str, Any]:
        """Run all tests without a fault, which they must pass."""
        modules = [*options, self.trial.target.tests]
        found = self.run(modules, {}, observe=True)
        if self.status:
            said = (self.temporary / "said").read_text()
            raise RuntimeError(f"the tests fail without a fault:\n{said}")
        observed: dict[str, Any] = json.loads(found)
        return observed

    def killer(self, mutant: Mutant, seconds: dict[str, float]) -> str | None:
        """Run tests on a mutant until one of them fails, and name it."""
        file = self.root / mutant.file
        file.write_bytes(mutant.mutated)
        # So that nobody takes it for the file that was here before.
        os.utime(file, (0, 0))
        modules = dict.fromkeys(name.partition("::")[0] for name in seconds)
        try:
            at = self.run(list(modules), seconds)
        finally:
            file.write_bytes(mutant.text)
        if self.status in (0, 5):  # passed, or none of the tests is there
            return None
        return at or "import"

    def run(
        self,
        modules: list[str],
        seconds: dict[str, float],
        observe: bool = False,
    ) -> str:
        """Run tests; return what judge.py has left."""
        target = self.trial.target
        task, at = self.temporary / "task.json", self.temporary / "at"
        at.write_text("")
        told: dict[str, Any] = {
            "options": [
                *target.options,
                f"--basetemp={self.temporary / 'tests'}",
            ],
            "modules": modules,
            "seconds": seconds,
            "at": str(at),
            "observe": sorted(self.trial.texts) if observe else None,
            "patience": target.patience,
        }
        task.write_text(json.dumps(told))
        path = [self.root / folder for folder in target.path]
        self.status = forked.run(
            JUDGE,
            task,
            path=path,
            cwd=self.root,
            said=self.temporary / "said",
            env={"PYTHONPATH": os.pathsep.join(map(str, path))},
            server=self.number,
        )
        return at.read_text()


def digest(*texts: bytes) -> str:
    return sha256(b"\0".join(texts)).hexdigest()[:16]
