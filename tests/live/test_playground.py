"""What the playground's page asks of Python, and gets from it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from micrograd.experiment import Experiment, Settings
from training import Training

QUERY = "data=xor&points=20&hidden=3-2&seed=5&added=0.5,1,-1"


def started(query: str = QUERY) -> tuple[Training, dict[str, Any]]:
    training = Training()
    return training, training.start(query)


def test_a_start_says_all_that_the_page_has_to_show() -> None:
    """Protects the form and the plane, which know nothing by themselves."""
    _, start = started()
    experiment = Experiment(Settings.from_query(QUERY))
    assert start["query"] == QUERY
    assert start["settings"]["hidden"] == "3-2"
    assert start["settings"]["noise"] == "0.1"
    assert start["points"][0] == [*experiment.points[0], experiment.labels[0]]
    assert start["points"][-1] == [0.5, 1.0, -1]
    assert start["bounds"] == list(experiment.bounds)
    fields = {field["name"]: field for field in start["fields"]}
    assert list(fields) == list(start["settings"])
    assert fields["data"]["choices"] == ["moons", "circles", "xor", "spiral"]
    assert fields["activation"]["choices"] == ["tanh", "relu", "sigmoid"]
    assert fields["seed"]["choices"] == []
    assert fields["seed"]["what"] == "a whole number from 0"
    json.dumps(start)  # plain data


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("noise=3", "noise must be a number from 0 to 1, not '3'"),
        ("name=x", "no setting is called 'name'; there are "),
        ("data=<script>", "data must be one of moons, circles, xor, spiral"),
        ("seed=1&seed=2", "seed is there more than once"),
        ("noise=nan", "noise must be a number from 0 to 1, not 'nan'"),
        ("points=1e9", "points must be a whole number from 2 to 400"),
        (f"hidden={'9' * 5000}", "hidden must be 1 to 4 whole numbers"),
        (f"seed={'9' * 5000}", "seed must be a whole number from 0"),
    ],
)
def test_what_is_refused_is_said_and_changes_nothing(
    query: str, words: str
) -> None:
    """Protects readers from links that are wrong, and from typing errors."""
    training, _ = started()
    training.advance(3, 60.0)
    refused = training.start(query)
    assert list(refused) == ["refused"]
    assert refused["refused"].startswith(words)
    assert len(refused["refused"]) < 200  # which can be read
    assert training.experiment.steps == 3


def test_steps_are_the_library_s() -> None:
    """Protects the numbers from depending on how often the page asks."""
    training, _ = started()
    experiment = Experiment(Settings.from_query(QUERY))
    experiment.step(7)
    made = [training.advance(3, 60.0), training.advance(4, 60.0)]
    assert made[0]["losses"] + made[1]["losses"] == experiment.losses
    assert made[0]["accuracies"] + made[1]["accuracies"] == (
        experiment.accuracies
    )
    view = training.view(6, 4)
    assert view == {
        "plane": experiment.plane(6, 4),
        "network": experiment.network(),
        "accuracy": experiment.accuracy,
    }
    json.dumps(view)


def test_time_ends_an_advance_after_a_step() -> None:
    """Protects a pause from coming late, and a slow machine from none."""
    training, _ = started()
    assert len(training.advance(1_000_000, 0.0)["losses"]) == 1
    assert len(training.advance(1_000_000, 0.05)["losses"]) >= 1
    assert training.experiment.steps < 1_000_000


def test_training_that_runs_away_ends() -> None:
    """Protects the page from asking for ever more steps."""
    training, _ = started("rate=10&decay=1")
    made = training.advance(100, 60.0)
    assert made["has_run_away"]
    assert len(made["losses"]) < 100
    assert training.advance(100, 60.0)["losses"] == []


def test_a_point_is_added_or_refused() -> None:
    """Protects the link, which has the point from then on."""
    training, _ = started("points=20")
    added = training.add(1, 0.123, -1)
    assert added["query"] == "points=20&added=1,0.12,-1"
    assert added["points"][-1] == [1.0, 0.12, -1]
    assert added["as_linked"]
    training.advance(1, 60.0)
    assert not training.add(0.0, 0.0, 1)["as_linked"]
    for x in (11.0, float("nan")):
        assert training.add(x, 0.0, 1)["refused"].startswith("added must be")
    assert len(training.experiment.points) == 22


@pytest.mark.parametrize("query", ["", QUERY, "rate=10&decay=1"])
def test_the_program_leads_to_the_same_numbers(query: str) -> None:
    """Protects the promise that the page makes."""
    training, _ = started(query)
    exec(training.told(), {})
    training.add(0.25, 0.5, 1)
    exec(training.told(), {})
    training.advance(4, 60.0)
    training.add(0.0, -0.5, 1)
    training.add(0.0, 0.5, -1)
    training.advance(3, 60.0)
    program = training.told()
    exec(program, {})
    # ... and to no others.
    weight = training.experiment.model.parameters()[0].data
    with pytest.raises(AssertionError):
        exec(program.replace(repr(weight), repr(weight * (1 + 1e-15)), 1), {})
