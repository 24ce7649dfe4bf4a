"""Python in the page is there soon: it goes on from a snapshot."""

from __future__ import annotations

import gzip
from pathlib import Path

from browsing import Opener
from living import Cell
from playwright.sync_api import Page, Route

CHAPTER = "book/06-backward.html"
SNAPSHOT = "**/python.snapshot"
MOST = 7_500_000
"""So many bytes a reader may wait for, so that Python needn't start."""

# What Python is when nothing has run in it, and where it looks for modules.
STATE = """
import random, sys
drawn = random.random()
print([name for name in globals() if not name.startswith("_")])
print([sys.path, sys.argv, sys.getrecursionlimit()])
print([name for name in sys.modules if name.startswith("micrograd")])
"""
DRAWN = "print(random.random(), random.Random().random(), drawn)"


def test_a_snapshot_is_not_much_to_wait_for(html: Path) -> None:
    """Protects readers with a slow line: it is there to save them time."""
    raw = (html / "_live" / "python.snapshot").read_bytes()
    assert len(gzip.compress(raw, 6)) <= MOST


def said_of_start(page: Page) -> list[str]:
    """What is said from now on, should Python start in another way."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    return said


def is_plain(said: list[str]) -> bool:
    return any("starts without its snapshot" in text for text in said)


def test_python_goes_on_from_its_snapshot(window: Opener) -> None:
    """Protects readers from seconds of waiting; and chance from being none.

    Of two that go on from the same memory, each draws its own numbers.
    """
    with window() as opened:
        page = opened.open(CHAPTER)
        said = said_of_start(page)
        cell = Cell(page, 1).open().run(STATE).run(DRAWN)
        first = cell.said()
        cell.write("while True: pass")
        cell.button("Run").click()
        cell.button("Stop").click()
        cell.wait()
        again = cell.run(STATE).run(DRAWN).said()
        assert not set(first.split()) & set(again.split())
        assert not is_plain(said)
        assert opened.troubles == []


def broken(route: Route) -> None:
    route.fulfill(body=b"not what was asked for")


def of_another_build(route: Route) -> None:
    route.fulfill(body=gzip.compress(bytes(4096)))


def cut_short(route: Route) -> None:
    whole = route.fetch().body()
    route.fulfill(body=whole[: len(whole) // 2])


def test_without_a_snapshot_python_starts_all_the_same(
    window: Opener,
) -> None:
    """Protects readers where the snapshot is not what it should be.

    Python is the same then, save for what it takes to be there.
    """
    states = set()
    for answer in (None, broken, of_another_build, cut_short):
        with window() as opened:
            page = opened.open(CHAPTER)
            said = said_of_start(page)
            if answer:
                page.route(SNAPSHOT, answer)
            cell = Cell(page, 4).open()
            assert cell.said() == cell.built()
            states.add(Cell(page, 1).open().run(STATE).said())
            assert is_plain(said) == bool(answer)
            assert opened.troubles == []
    (state,) = states
    assert state.startswith("['slope', 'Value', 'label'")
