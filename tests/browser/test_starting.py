"""Python in the page is there soon: it goes on from a snapshot."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browsing import Opener, Window
from living import Cell
from playwright.sync_api import Page, Route, expect

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


# It comes before anybody asks for it, where somebody is about to


def of_python(requests: list[str]) -> list[str]:
    """What is asked for that only Python needs."""
    return [url for url in requests if re.search(r"pyodide|_live/", url)]


@pytest.fixture
def untouched(window: Opener) -> Iterator[tuple[Window, list[str]]]:
    """A window with the chapter, and what it asks for from then on."""
    with window() as opened:
        requests: list[str] = []
        opened.page.context.on("request", lambda r: requests.append(r.url))
        opened.open(CHAPTER)
        opened.page.wait_for_timeout(500)
        assert of_python(requests) == []
        yield opened, requests
        assert opened.troubles == []


def test_nothing_comes_to_a_page_that_nobody_touches(
    untouched: tuple[Window, list[str]],
) -> None:
    """Protects those who leave a page open from 20 MB for nothing.

    The page may be opened, and shown, where the pointer rests.
    """
    opened, requests = untouched
    opened.page.evaluate("scrollTo(0, 2000)")
    opened.page.wait_for_timeout(500)
    assert of_python(requests) == []
    assert opened.page.workers == []


@pytest.mark.parametrize("way", ["pointer", "focus"])
def test_python_starts_when_a_reader_comes_near_a_cell(
    untouched: tuple[Window, list[str]], way: str
) -> None:
    """Protects readers from waiting when they click. It starts once."""
    opened, _ = untouched
    page = opened.page
    with page.expect_event("worker"):
        if way == "pointer":
            page.locator("#cell-2 .cell_input").hover()
        else:
            page.locator("#cell-2 button").last.focus()
    cell = Cell(page, 4).open()
    assert cell.said() == cell.built()
    assert len(page.workers) == 1


def test_when_the_machine_is_idle_files_come_and_python_does_not(
    untouched: tuple[Window, list[str]],
) -> None:
    """Protects those who read from what only those who run need: its time."""
    opened, requests = untouched
    page = opened.page
    told = json.loads(
        (opened.site.html / "_live/pages/book/06-backward.json").read_text()
    )
    last = [*told["files"]][-1]
    with page.expect_event(
        "requestfinished", lambda request: request.url.endswith(last)
    ):
        page.mouse.move(3, 3)
        page.mouse.move(5, 5)
    assert page.workers == []
    paths = [urlsplit(url).path.removeprefix("/") for url in requests]
    assert set(told["files"]) <= set(paths)


def test_on_the_next_page_of_a_visit_python_starts_at_a_touch(
    window: Opener,
) -> None:
    """Protects who goes on reading from waiting once more on each page.

    It could not be one Python for all pages: Chromium has no worker that is
    shared and can be stopped. Nobody has touched the page before.
    """
    with window() as opened:
        page = opened.open(CHAPTER)
        Cell(page, 1).run()
        opened.open("book/07-operations.html")
        page.wait_for_timeout(500)
        assert page.workers == []
        with page.expect_event("worker"):
            page.mouse.move(3, 3)
            page.mouse.move(5, 5)
        cell = Cell(page, 1).open()
        assert cell.said() == cell.built()
        assert len(page.workers) == 1
        assert opened.troubles == []


@pytest.mark.parametrize(
    "connection", [{"saveData": True}, {"type": "cellular"}]
)
def test_nothing_comes_unasked_where_it_is_paid_for(
    window: Opener, connection: dict[str, object]
) -> None:
    """Protects readers who pay for each megabyte. A click is another thing."""
    with window() as opened:
        page = opened.page
        page.add_init_script(
            "Object.defineProperty(navigator, 'connection',"
            f" {{value: {json.dumps(connection)}}})"
        )
        requests: list[str] = []
        page.context.on("request", lambda r: requests.append(r.url))
        opened.open(CHAPTER)
        page.locator("#cell-2 .cell_input").hover()
        page.wait_for_timeout(500)
        assert of_python(requests) == []
        cell = Cell(page, 4).open()
        assert cell.said() == cell.built()
        assert opened.troubles == []


# What is said meanwhile

HELD = re.compile(r"/python(_stdlib\.zip|\.snapshot)$")

NOTE = """number => {
    const bar = document.querySelector(`#cell-${number} > .live-bar`);
    window.noted = [];
    new MutationObserver(() => {
        const status = bar.querySelector("[role=status]").textContent;
        const {hidden, value, position} = bar.querySelector("progress");
        noted.push([status, hidden ? null : position]);
    }).observe(bar, {attributes: true, childList: true, subtree: true});
}"""


def test_a_bar_moves_and_the_words_are_true(window: Opener) -> None:
    """Protects readers who wait from thinking that nothing happens."""
    with window() as opened:
        page = opened.open(CHAPTER)
        held: list[Route] = []
        page.route(HELD, lambda route: held.append(route))
        cell = Cell(page, 1)
        cell.button("Run").click()
        expect(cell.status).to_have_text("Fetching Python…")
        page.evaluate(NOTE, 1)
        while len(held) < 2:
            page.wait_for_timeout(100)
        for route in held:
            route.continue_()
            page.wait_for_timeout(500)
        cell.wait()
        noted = page.evaluate("noted")
        words = list(dict.fromkeys(status for status, _ in noted))
        assert words == [
            "Fetching Python…",
            "Starting Python…",
            "Running…",
            "Done.",
        ]
        fetching = [p for said, p in noted if said.startswith("Fetching")]
        assert fetching == sorted(fetching)
        assert len(set(fetching)) > 1
        starting = [p for said, p in noted if said.startswith("Starting")]
        assert set(starting) <= {
            -1,
            None,
        }  # it moves to and fro: see `position`
        assert -1 in starting
        assert noted[-1][1] is None
        assert opened.troubles == []
