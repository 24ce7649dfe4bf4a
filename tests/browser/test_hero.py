"""The first page's network, which trains while it is looked at."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import browsing
import pytest
from axe import COLOURS, look
from browsing import FRAMES, ROOT, Opener, Site, Window
from playwright.sync_api import Browser, Locator, Page, Route, expect

from micrograd.experiment import Experiment, Settings

PAGE = "book/index.html"
SETTINGS = Settings.from_query(
    re.findall(r"{hero} (\S+)", (ROOT / "book/index.md").read_text("utf-8"))[0]
)
SIZES = [(1280, 800), (390, 844)]
SHIFT = 0.02
ZIPPED = 20_000
"""The first page's scripts, with what the build has put into it for them."""
FINGER = 40

# Every step that is told, and how much the page moves by itself.
LISTEN = """
window.told = [];
window.shift = 0;
document.addEventListener("step", ({detail}) => told.push(detail));
new PerformanceObserver(list => {
    for (const {hadRecentInput, value} of list.getEntries())
        if (!hadRecentInput) shift += value;
}).observe({type: "layout-shift", buffered: true});
"""
IMAGE = "canvas => canvas.toDataURL()"


class Hero:
    """The network of the first page, as its reader sees it."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.page = window.page
        self.box = self.page.locator(".hero")
        self.plane = self.box.get_by_role("img")
        self.rate = self.box.get_by_role("slider")
        self.count = self.box.locator(".hero-count")
        self.status = self.box.get_by_role("status")
        self.lines = self.box.locator("polyline")

    def button(self, name: str) -> Locator:
        return self.box.get_by_role("button", name=name, exact=True)

    @property
    def told(self) -> list[dict[str, Any]]:
        """All that has been told, step by step."""
        told: list[dict[str, Any]] = self.page.evaluate("told")
        return told

    def wait(self, steps: int, *, start: int = 0) -> list[dict[str, Any]]:
        """What has been told since a start, once there are so many steps."""
        self.page.wait_for_function(
            "([start, steps]) => told.slice(start).some("
            "one => one.steps >= steps)",
            arg=[start, steps],
        )
        return self.told[start:]

    def rests(self) -> bool:
        """Whether nothing happens for a while."""
        before = len(self.told)
        for _ in range(20):
            self.page.evaluate(FRAMES)
        return len(self.told) == before

    @property
    def pause(self) -> Locator:
        return self.button("Pause")


@contextmanager
def opened(
    browser: Browser, site: Site, size: tuple[int, int] = SIZES[0]
) -> Iterator[Hero]:
    """The first page, for a reader who doesn't mind that things move."""
    with browsing.window(browser, site) as window:
        window.page.set_viewport_size({"width": size[0], "height": size[1]})
        window.page.emulate_media(reduced_motion="no-preference")
        window.page.add_init_script(LISTEN)
        window.open(PAGE)
        yield Hero(window)
        assert window.troubles == []


@pytest.fixture
def hero(browser: Browser, served: Site) -> Iterator[Hero]:
    with opened(browser, served) as found:
        yield found


def assert_as_in_the_library(
    told: list[dict[str, Any]], *, start: int = 0, rate: float = SETTINGS.rate
) -> None:
    """Compare one step after the other with those of the library's."""
    ours = Experiment(replace(SETTINGS, rate=rate))
    other = Experiment(replace(SETTINGS, seed=SETTINGS.seed + start))
    for parameter, weight in zip(
        ours.model.parameters(), other.model.parameters(), strict=True
    ):
        parameter.data = weight.data
    accuracies = [ours.accuracy]
    for _ in told[1:]:
        ours.step()
        accuracies.append(ours.accuracy)
    assert [one["loss"] for one in told] == [*ours.losses, ours.loss]
    assert told == [
        {
            "start": start,
            "rate": rate,
            "steps": n,
            "loss": told[n]["loss"],
            "right": round(accuracies[n] * len(ours.examples)),
        }
        for n in range(len(told))
    ]


def test_it_trains_by_itself_and_comes_to_rest(hero: Hero) -> None:
    """Protects the first thing that a reader sees, and its last digits.

    In the end it has all points right, and needs no processor any longer.
    """
    first = hero.plane.evaluate(IMAGE)
    hero.wait(200)
    told = hero.told
    expect(hero.button("Play")).to_be_visible()
    expect(hero.count).to_have_text("200 steps, 100 of 100 right")
    expect(hero.status).to_have_text("Done after 200 steps, 100 of 100 right.")
    expect(hero.plane).to_have_attribute(
        "aria-label", re.compile("100 of 100 right")
    )
    assert hero.plane.evaluate(IMAGE) != first
    assert hero.rests()
    assert_as_in_the_library(told)
    points = hero.lines.last.get_attribute("points") or ""
    assert len(points.split()) == 201
    assert not hero.lines.first.get_attribute("points")


def test_it_is_paused_and_goes_on(hero: Hero) -> None:
    """Protects readers whom it distracts."""
    hero.wait(5)
    hero.pause.click()
    expect(hero.status).to_have_text(re.compile(r"^Paused after \d+ steps, "))
    assert hero.rests()
    steps = hero.told[-1]["steps"]
    expect(hero.count).to_have_text(re.compile(f"^{steps} steps, "))
    hero.button("Play").click()
    told = hero.wait(steps + 5)
    assert [one["steps"] for one in told] == list(range(len(told)))
    hero.pause.press("Space")
    assert hero.rests()


def test_again_starts_from_other_weights(hero: Hero) -> None:
    """Protects who wants to know whether that was luck."""
    hero.wait(30)
    for start in (1, 0, 1):
        hero.pause.click()
        before = len(hero.told)
        hero.button("Again").click()
        told = hero.wait(3, start=before)
        assert_as_in_the_library(told, start=start)
    points = hero.lines.first.get_attribute("points") or ""
    assert len(points.split()) > 20  # those of the first run


def test_the_knob_starts_anew_at_another_rate(hero: Hero) -> None:
    """Protects the knob that is worth turning: with it, training breaks."""
    hero.wait(1)
    hero.pause.click()
    before = len(hero.told)
    hero.rate.press("ArrowRight")
    expect(hero.rate).to_have_attribute("aria-valuetext", "2")
    assert_as_in_the_library(hero.wait(10, start=before), rate=2)
    hero.pause.click()
    before = len(hero.told)
    hero.rate.press("End")
    expect(hero.box.get_by_text("Learning rate 10")).to_be_visible()
    told = hero.wait(40, start=before)
    assert_as_in_the_library(told, rate=10)
    assert told[-1]["right"] < 60
    hero.pause.click()
    before = len(hero.told)
    hero.rate.press("Home")
    assert_as_in_the_library(hero.wait(10, start=before), rate=0.05)


def test_training_that_has_run_away_ends(
    browser: Browser, served: Site
) -> None:
    """Protects readers from a network that goes on though all is lost."""

    def limit(route: Route) -> None:
        """Have nothing grow larger than 1."""
        response = route.fetch()
        body, count = re.subn(
            r'"limit":[\d.]+', '"limit":1', response.text(), count=1
        )
        assert count
        route.fulfill(response=response, body=body)

    with opened(browser, served) as hero:
        hero.page.route(f"**/{PAGE}", limit)
        hero.window.open(PAGE)
        expect(hero.status).to_have_text(re.compile("^Training has run away"))
        expect(hero.button("Play")).to_be_visible()
        assert hero.told[-1]["steps"] < 200
        assert hero.rests()
        told = len(hero.told)
        hero.button("Play").click()
        assert hero.wait(1, start=told)[0]["steps"] == 0


def test_out_of_sight_it_stops(hero: Hero) -> None:
    """Protects the battery of who reads on."""
    hero.wait(1)
    hero.page.locator("#the-way").scroll_into_view_if_needed()
    hero.page.evaluate(FRAMES)
    assert hero.rests()
    expect(hero.status).to_be_empty()
    steps = hero.told[-1]["steps"]
    hero.page.evaluate("scrollTo(0, 0)")
    hero.wait(steps + 1)


def test_from_the_disk_it_trains_the_same(
    browser: Browser, on_disk: Site
) -> None:
    """Protects readers who have the book as files, and no network."""
    with opened(browser, on_disk) as hero:
        # A browser asks for the page's icon when it likes.
        hero.page.wait_for_load_state("networkidle")
        asked: list[str] = []
        hero.page.on("request", lambda request: asked.append(request.url))
        told = hero.wait(20)
        assert asked == []
        assert_as_in_the_library(told)


def inside(page: Page, part: Locator) -> bool:
    """Whether a part is seen whole, without scrolling."""
    box = part.bounding_box()
    size = page.viewport_size
    assert box and size
    return (
        box["x"] >= 0
        and box["y"] >= 0
        and box["x"] + box["width"] <= size["width"]
        and box["y"] + box["height"] <= size["height"]
    )


@pytest.mark.parametrize("size", SIZES)
def test_all_is_above_the_fold(
    browser: Browser, served: Site, size: tuple[int, int]
) -> None:
    """Protects the first screen: what one sees, turns and begins with.

    Fingers find what is pressed; and nothing moves away from them, from the
    first picture to the last.
    """
    with opened(browser, served, size) as hero:
        begin = hero.page.locator("article").get_by_role("link", name="Begin")
        title = hero.page.locator("h1")
        above, top = begin.bounding_box(), title.bounding_box()
        assert above and top
        assert above["y"] < top["y"] + top["height"]  # beside it
        pressed = [begin, hero.button("Again"), hero.rate]
        pressed.append(hero.box.get_by_role("button").first)
        parts = [*pressed, title, hero.plane, hero.count]
        parts.append(hero.box.locator(".hero-loss svg"))
        for part in parts:
            assert inside(hero.page, part), part
        for part in pressed:
            box = part.bounding_box()
            assert box and min(box["width"], box["height"]) >= FINGER, part
        hero.wait(200)
        assert hero.page.evaluate("shift") <= SHIFT
        begin.click()
        assert hero.page.url.endswith("/01-derivative.html")


def stills_instead(window: Window, size: tuple[int, int]) -> None:
    """Check that there are the four stills, and nothing that is alive."""
    window.page.set_viewport_size({"width": size[0], "height": size[1]})
    page = window.open(PAGE)
    expect(page.locator(".hero")).to_be_hidden()
    picture = page.locator("#fig-learnt").get_by_role("img")
    box = picture.bounding_box()
    assert box and box["y"] < size[1] - 100
    begin = page.locator("article").get_by_role("link", name="Begin")
    assert inside(page, begin)
    assert window.troubles == []


@pytest.mark.parametrize("size", SIZES)
def test_without_scripts_there_are_stills(
    window: Opener, size: tuple[int, int]
) -> None:
    """Protects readers without scripts from a picture that stays empty."""
    with window(scripts=False) as opened:
        stills_instead(opened, size)


@pytest.mark.parametrize("size", SIZES)
def test_who_wants_less_movement_has_stills(
    window: Opener, size: tuple[int, int]
) -> None:
    """Protects readers whom movement makes sick.

    They may change their mind while they read.
    """
    with window() as opened:
        opened.page.add_init_script(LISTEN)
        stills_instead(opened, size)
        hero = Hero(opened)
        assert hero.rests()
        opened.page.emulate_media(reduced_motion="no-preference")
        hero.wait(1)
        opened.page.emulate_media(reduced_motion="reduce")
        expect(hero.box).to_be_hidden()
        hero.page.evaluate(FRAMES)  # it is told when a picture is due
        assert hero.rests()


def test_it_follows_the_theme(hero: Hero) -> None:
    """Protects readers in the dark from a picture of the day."""
    hero.wait(1)
    hero.pause.click()
    assert hero.rests()
    light = hero.plane.evaluate(IMAGE)
    hero.window.turn("dark")
    hero.page.evaluate(FRAMES)
    assert hero.plane.evaluate(IMAGE) != light


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing(
    browser: Browser, served: Site, size: tuple[int, int]
) -> None:
    """Protects readers who see little, or listen; in the dark, too."""
    with opened(browser, served, size) as hero:
        hero.wait(1)
        hero.pause.click()
        assert look(hero.page) == []
        hero.window.turn("dark")
        assert look(hero.page, runOnly=COLOURS) == []


def test_the_first_page_is_light(
    html: Path, reported: Callable[[str, str], None]
) -> None:
    """Protects who only looks: 20 kB for all that moves and reacts.

    The programs, the points and the weights are among it, which are text in
    the page. The graph further down is not: a figure's script has a bound of
    its own, in `test_weight`, and a figure's program is a few kB.
    """
    text = (html / PAGE).read_text("utf-8")
    names = re.findall(r'<script[^>]* src="([^"?]+)(?<!stepper\.js)["?]', text)
    parts = [((html / PAGE).parent / name).read_bytes() for name in names]
    within = re.findall(
        r"<script(?![^>]*(?: src|stepper))[^>]*>(.*?)</script>", text, re.S
    )
    parts += [part.encode() for part in within]
    assert any("training" in json.loads(x) for x in within if x[0] == "{")
    size = sum(len(gzip.compress(part, 9)) for part in parts)
    reported("scripts of the first page, and their data", f"{size:,} bytes")
    assert size <= ZIPPED
