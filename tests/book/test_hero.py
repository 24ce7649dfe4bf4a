"""The network of the first page: what the build puts there for it."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from struct import unpack
from typing import Any

import pytest
from bs4 import BeautifulSoup
from one_extension import build_with

from micrograd.compiler.running import Instance, Module
from micrograd.experiment import Experiment, Settings
from weave.hero import RATES, SCRIPT, STARTS, STEPS

QUERY = "points=20&hidden=3&activation=relu&rate=0.5&seed=4"
SETTINGS = Settings.from_query(QUERY)
TEXT = """# A book

```{{hero}} {}
Trained by *{{bytes}} bytes*.
```

The end.
"""


class Book:
    """A book of one page, with a hero."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script = folder / SCRIPT
        self.script.parent.mkdir(parents=True)
        self.script.touch()

    def build(self, query: str = QUERY, said: str = "") -> BeautifulSoup:
        """The page; this is what there must be to say."""
        (self.folder / "index.md").write_text(TEXT.format(query))
        told = build_with("weave.hero", self.folder)
        assert said in told
        assert said or not told
        page = (self.folder / "html/index.html").read_text("utf-8")
        return BeautifulSoup(page, "html.parser")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def data_of(page: BeautifulSoup) -> Any:
    """What a page brings along for its hero."""
    script = page.select_one(".hero script[type='application/json']")
    assert script
    return json.loads(script.get_text())


def started(code: str) -> Instance:
    """A module of the page, at work outside of it."""
    return Module(b64decode(code)).start()


def test_the_programs_train_as_the_library_does(book: Book) -> None:
    """Protects the page from another network than its caption speaks of.

    From each of the weights to start from, to the last digit.
    """
    data = data_of(book.build())
    count = len(data["points"])
    assert len(data["starts"]) == STARTS
    for i, encoded in enumerate(data["starts"]):
        ours = Experiment(SETTINGS)
        other = Experiment(replace(SETTINGS, seed=SETTINGS.seed + i))
        start = [p.data for p in other.model.parameters()]
        for parameter, number in zip(ours.model.parameters(), start):
            parameter.data = number
        assert list(unpack(f"<{len(start)}d", b64decode(encoded))) == start
        training = started(data["training"])
        training.write("p", start)
        training.write("x", [x for point in data["points"] for x in point])
        training.write("h", [SETTINGS.rate, 0.0])
        training.call("descend", count, 10)
        ours.step(10)
        assert list(training.read("g", 1)) == ours.losses[-1:]
        after = training.read("p", len(start))
        assert list(after) == [p.data for p in ours.model.parameters()]
        forward = started(data["forward"])
        forward.write("p", after)
        points = [(x, y) for x, y, _ in ours.examples]
        forward.write("x", [x for point in points for x in point])
        forward.call("answer", count)
        scores = list(forward.read("x", 2 * count))[::2]
        assert scores == ours.scores(points)


def test_the_page_shows_what_is_learnt_from(book: Book) -> None:
    """Protects the picture: all points are in it, and nothing moves later."""
    page = book.build()
    data = data_of(page)
    experiment = Experiment(SETTINGS)
    x0, x1, y0, y1 = experiment.bounds
    assert data["bounds"] == [x0, x1, y0, y1]
    assert data["points"] == list(map(list, experiment.examples))
    canvas = page.select_one(".hero canvas")
    assert (
        canvas and canvas["style"] == f"aspect-ratio: {(x1 - x0) / (y1 - y0)}"
    )
    knob = page.select_one(".hero input")
    assert knob and data["rates"][int(str(knob["value"]))] == SETTINGS.rate
    assert int(str(knob["max"])) == len(RATES) - 1
    assert data["steps"] == STEPS


def test_the_caption_knows_the_programs_size(book: Book) -> None:
    """Protects a number that nobody types."""
    page = book.build()
    data = data_of(page)
    size = sum(len(b64decode(data[name])) for name in ("training", "forward"))
    caption = page.select_one(".hero .hero-caption")
    assert caption
    assert caption.get_text().strip() == f"Trained by {size:,} bytes."
    assert caption.select("em")


def test_without_the_live_parts_there_is_nothing(book: Book) -> None:
    """Protects the book that is built where npm's registry isn't."""
    book.script.unlink()
    page = book.build()
    assert page.select(".hero, canvas, script[type$=json]") == []
    assert "Trained" not in page.get_text()
    assert "The end." in page.get_text()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("rate=nan", "rate must be a number from"),
        ("rate=0.7", f"the knob has the learning rates {RATES}, not 0.7"),
    ],
)
def test_what_can_not_be_is_told_with_its_line(
    book: Book, query: str, said: str
) -> None:
    """Protects authors from a page whose first screen is dead."""
    book.build(query, f"index.md:3: ERROR: {said}")
