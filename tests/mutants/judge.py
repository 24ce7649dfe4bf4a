"""Runs tests until one fails: python judge.py TASK, which is a file of JSON.

It runs in a process of its own, which a mutant may break in any way.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

MEMORY = 4 << 30
"""So many bytes are more than any test needs."""
STARTING = 30.0
"""Seconds in which the tests are collected."""


class Judge:
    """A plugin for pytest: which tests are run, and for how long."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.at = Path(task["at"])
        self.seconds: dict[str, float] = task["seconds"]
        self.patience: float = task["patience"]

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Run the chosen tests, in their order."""
        order = {name: i for i, name in enumerate(self.seconds)}
        config.hook.pytest_deselected(
            items=[item for item in items if item.nodeid not in order]
        )
        items[:] = [item for item in items if item.nodeid in order]
        items.sort(key=lambda item: order[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note the test that runs; end the process if it doesn't end."""
        self.at.write_text(item.nodeid)
        limit(self.patience * (1.0 + self.seconds[item.nodeid]))
        return (yield)


class Reached(set[int]):
    """The lines of a file that have been run.

    A function that referred to itself would be a cycle, which some tests
    would find.
    """

    def ran(self, frame: FrameType, event: str, argument: Any) -> Any:
        self.add(frame.f_lineno)
        return self.ran


class Observer:
    """A plugin for pytest: what the tests take, and what they reach."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.at = Path(task["at"])
        self.files = {os.path.abspath(file): file for file in task["observe"]}
        self.lines: dict[str, Reached] = {}
        self.found: dict[str, tuple[float, list[tuple[str, list[int]]]]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note the time, and each line of the files that is run."""
        self.lines = {file: Reached() for file in self.files}
        began = time.perf_counter()
        sys.settrace(self.called)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            took = time.perf_counter() - began
            reached = [
                (self.files[file], sorted(lines))
                for file, lines in self.lines.items()
                if lines
            ]
            self.found[item.nodeid] = took, reached

    def called(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Trace the lines of a function, if it is in one of the files."""
        lines = self.lines.get(frame.f_code.co_filename)
        return None if lines is None else lines.ran

    def pytest_sessionfinish(self) -> None:
        self.at.write_text(json.dumps(self.found))


def limit(seconds: float) -> None:
    """Have the process end after so long at work, or ten times as long."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 10 * seconds)


def main() -> int:
    """Do the task that the command line names."""
    task = json.loads(Path(sys.argv[1]).read_text())
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    options = [
        *(*task["options"], *task["modules"]),
        *("--exitfirst", "--tb=short", "-p", "no:xdist"),
        *("--rootdir", os.getcwd()),
        # Pytest says this where a plugin was imported before.
        *("-W", "ignore:Module already imported"),
    ]
    if task["observe"]:
        return pytest.main(options, plugins=[Observer(task)])
    # A mutant's code may be as long and as old as the one before it.
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    limit(STARTING)
    return pytest.main(options, plugins=[Judge(task)])


if __name__ == "__main__":
    sys.exit(main())
