"""The playground's experiment: what the page may ask of it.

All goes in and out as plain data. What the library refuses comes back as
``{"refused": words}``, for the reader.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

# The library is imported when an experiment starts, and not before: the cells
# of most pages run on a stage of it that has no experiments yet.
if TYPE_CHECKING:
    from micrograd.experiment import Experiment, Settings


class Training:
    """An experiment, and all that has been done to it."""

    experiment: Experiment
    query: str
    """What it has started from."""
    later: list[tuple[int, tuple[float, float, int]]]
    """The points that were added since, and after how many steps."""

    def start(self, query: str) -> dict[str, Any]:
        """Start anew, from the settings in a query."""
        from micrograd.experiment import Experiment, Settings

        try:
            settings = Settings.from_query(query)
        except ValueError as error:
            return {"refused": str(error)}
        self.experiment = Experiment(settings)
        self.query = settings.query()
        self.later = []
        return {"fields": fields(), **self.described()}

    def add(self, x: float, y: float, label: int) -> dict[str, Any]:
        """Add a point, now."""
        try:
            self.experiment.add(x, y, label)
        except ValueError as error:
            return {"refused": str(error)}
        settings = self.experiment.settings
        if self.experiment.steps:
            self.later.append((self.experiment.steps, settings.added[-1]))
        else:
            self.query = settings.query()
        return self.described()

    def described(self) -> dict[str, Any]:
        """What changes when an experiment starts or has another point."""
        experiment = self.experiment
        points = zip(experiment.points, experiment.labels)
        return {
            "query": experiment.settings.query(),
            "settings": written(experiment.settings),
            "points": [[x, y, label] for (x, y), label in points],
            "bounds": list(experiment.bounds),
            "as_linked": experiment.as_linked,
        }

    def advance(self, steps: int, seconds: float) -> dict[str, Any]:
        """Make so many steps, or as many as take about so many seconds.

        Only how many they are depends on the time, and not where they lead.
        """
        experiment, end = self.experiment, time.perf_counter() + seconds
        before = experiment.steps
        left, at_once = steps, 1
        while left > 0 and not experiment.has_run_away:
            experiment.step(at_once)
            left -= at_once
            if time.perf_counter() > end:
                break
            # As many again, for many at once are faster.
            at_once = min(left, steps - left)
        return {
            "losses": experiment.losses[before:],
            "accuracies": experiment.accuracies[before:],
            "has_run_away": experiment.has_run_away,
        }

    def view(self, columns: int, rows: int) -> dict[str, Any]:
        """What there is to look at now."""
        return {
            "plane": self.experiment.plane(columns, rows),
            "network": self.experiment.network(),
            "accuracy": self.experiment.accuracy,
        }

    def told(self) -> str:
        """A program that gets here, and fails if a single digit differs."""
        lines = [
            "from micrograd import Experiment, Settings",
            "",
            f'settings = Settings.from_query("{self.query}")',
            "experiment = Experiment(settings)",
        ]
        done = 0
        for steps, point in self.later:
            lines += stepping(steps - done)
            lines.append(f"experiment.add{point}")
            done = steps
        experiment = self.experiment
        lines += stepping(experiment.steps - done)
        lines.append("")
        if experiment.losses:
            loss = experiment.losses[-1]
            lines.append(f"assert experiment.losses[-1] == {loss}")
        lines.append(f"assert experiment.accuracy == {experiment.accuracy}")
        parameters = experiment.model.parameters()
        lines.append("parameters = experiment.model.parameters()")
        for name in ("data", "grad"):
            lines.append(f"assert [p.{name} for p in parameters] == [")
            lines += [f"    {getattr(p, name)!r}," for p in parameters]
            lines.append("]")
        return "\n".join(lines) + "\n"


def stepping(steps: int) -> list[str]:
    """The line that makes so many steps, if there are any."""
    return [f"experiment.step({steps})"] if steps else []


def fields() -> list[dict[str, Any]]:
    """Each setting with what it may be, in words; and names to choose from."""
    from micrograd.experiment import ACTIVATIONS, DATA, FIELDS

    choices = {"data": list(DATA), "activation": list(ACTIVATIONS)}
    return [
        {"name": name, "what": field.what, "choices": choices.get(name, [])}
        for name, field in FIELDS.items()
    ]


def written(settings: Settings) -> dict[str, str]:
    """All settings, as a query has them."""
    from micrograd.experiment import FIELDS

    return {
        name: field.write(getattr(settings, name))
        for name, field in FIELDS.items()
    }
