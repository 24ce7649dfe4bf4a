"""The digit pad: what is drawn is read, by the numbers of the library."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import browsing
import pytest
from axe import COLOURS, look
from browsing import Opener, Site, Window
from playwright.sync_api import Browser, Locator, Page, Route, expect

from micrograd import engine, portable
from micrograd.engine import Value
from micrograd.losses import softmax
from micrograd.nn import MLP

PAGE = "book/14-ten-digits.html"
SIZE = 256
"""Of the sheet, in the unit of the recorded strokes."""
MUST_READ = 45
"""Of the fifty drawings: see `strokes.txt`."""
NOTHING = "Nothing drawn yet."

Stroke = list[tuple[int, int]]
Read = dict[str, Any]


class Drawing(NamedTuple):
    """A digit as somebody has drawn it."""

    digit: int
    hand: str
    strokes: list[Stroke]


def recorded() -> Iterator[Drawing]:
    """The recorded drawings."""
    text = Path(__file__).with_name("strokes.txt").read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            what, _, points = line.partition(": ")
            digit, _, hand = what.partition(" ")
            strokes = [
                [(int(x), int(y)) for x, y in re.findall(r"(\d+),(\d+)", s)]
                for s in points.split("/")
            ]
            yield Drawing(int(digit), hand, strokes)


DRAWINGS = list(recorded())
SEVEN = next(d for d in DRAWINGS if d.digit == 7)

# Draws as a mouse does, only at once, and gives what was read.
DRAW = """async strokes => {
    const live = document.querySelector(".digit-pad-live");
    const sheet = live.querySelector(".digit-pad-sheet");
    const {left, top, width} = sheet.getBoundingClientRect();
    const next = () => new Promise(done => live.addEventListener(
        "read", ({detail}) => done(detail), {once: true}));
    const tell = (type, [x, y]) => sheet.dispatchEvent(new PointerEvent(type, {
        bubbles: true, button: 0, isPrimary: true, pointerId: 7,
        clientX: left + x * width / 256, clientY: top + y * width / 256}));
    sheet.setPointerCapture = () => {};
    const cleared = next();
    live.querySelector(".digit-pad-clear").click();
    await cleared;
    const read = next();
    for (const stroke of strokes) {
        tell("pointerdown", stroke[0]);
        for (const point of stroke.slice(1)) tell("pointermove", point);
        tell("pointerup", stroke.at(-1));
    }
    delete sheet.setPointerCapture;
    return await read;
}"""

# What was read last, wherever it comes from.
LISTEN = """() => document.querySelector(".digit-pad-live").addEventListener(
    "read", ({detail}) => { window.lastRead = detail; })"""


class Pad:
    """The pad of a page, as its reader sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.locator(".digit-pad-live")
        self.sheet = self.box.get_by_role("application")
        self.status = self.box.get_by_role("status")
        self.clear = self.box.get_by_role("button", name="Clear", exact=True)
        expect(self.clear).to_be_enabled()
        page.evaluate(LISTEN)

    def draw(self, strokes: list[Stroke]) -> Read:
        """Draw on an empty sheet, and return what was read."""
        read: Read = self.page.evaluate(DRAW, strokes)
        return read

    @property
    def read(self) -> Read | None:
        """What was read last; None if there was nothing to read."""
        self.page.evaluate(browsing.FRAMES)
        read: Read | None = self.page.evaluate("() => window.lastRead")
        return read

    @property
    def ink(self) -> Locator:
        return self.sheet.locator("polyline")

    def places(self, strokes: list[Stroke]) -> list[list[tuple[float, float]]]:
        """Where strokes are in the window."""
        self.sheet.scroll_into_view_if_needed()
        box = self.sheet.bounding_box()
        assert box
        side = box["width"] / SIZE
        return [
            [(box["x"] + x * side, box["y"] + y * side) for x, y in stroke]
            for stroke in strokes
        ]

    @property
    def numbers(self) -> list[str]:
        """What stands above the bars."""
        return (
            self.box.locator("table tr").first.locator("td").all_inner_texts()
        )

    @property
    def heights(self) -> list[float]:
        """How high the bars are, as parts of the highest that there can be."""
        found: list[float] = self.box.locator("table span").evaluate_all(
            """bars => bars.map(bar => bar.getBoundingClientRect().height
                / bar.parentElement.clientHeight)"""
        )
        return found


@pytest.fixture(scope="module")
def open_pad(browser: Browser, served: Site) -> Iterator[Window]:
    """A window with the page that has the pad."""
    with browsing.window(browser, served) as opened:
        opened.open(PAGE)
        yield opened
        assert opened.troubles == []


@pytest.fixture
def pad(open_pad: Window) -> Pad:
    """The pad, with nothing drawn on it."""
    page = open_pad.page
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size(
        {"width": browsing.WIDTH, "height": browsing.HEIGHT}
    )
    pad = Pad(page)
    pad.clear.click()
    expect(pad.status).to_have_text(NOTHING)
    return pad


def library(page: Page) -> MLP:
    """The network of the page, in the library."""
    text = page.locator(".digit-pad-network").text_content()
    layers = json.loads(text or "")["layers"]
    assert [layer["activation"] for layer in layers[:-1]] == ["relu"] * (
        len(layers) - 1
    )
    assert layers[-1]["activation"] is None
    sizes = [len(layer["neurons"]) for layer in layers]
    model = MLP(64, sizes, activation=Value.relu, output=None)
    numbers = [
        number
        for layer in layers
        for neuron in layer["neurons"]
        for number in (*neuron["weights"], neuron["bias"])
    ]
    for parameter, number in zip(model.parameters(), numbers, strict=True):
        parameter.data = number
    return model


def words(shares: list[float]) -> str:
    """What is to be said of shares."""

    def percent(share: float) -> str:
        if share < 0.005:
            return "less than 1\u00a0%"
        if share >= 0.995:
            return "over 99\u00a0%"
        return f"{int(100 * share + 0.5)}\u00a0%"

    ranked = sorted(range(10), key=lambda digit: -shares[digit])
    names = ["an 8" if digit == 8 else f"a {digit}" for digit in ranked]
    best = shares[ranked[0]]
    if best >= 0.9:
        return f"A{names[0][1:]}, {percent(best)}."
    told = [
        f"{name} ({percent(shares[digit])})"
        for rank, (name, digit) in enumerate(zip(names, ranked))
        if rank < 2 or (rank == 2 and shares[digit] >= 0.1)
    ]
    return f"Not sure: {', '.join(told[:-1])} or {told[-1]}."


def spoken(pad: Pad) -> str:
    """What the status says, as it is written."""
    return pad.status.evaluate("status => status.textContent")  # type: ignore[no-any-return]


def test_recorded_drawings_are_read(
    pad: Pad, reported: Callable[[str, str], None]
) -> None:
    """Protects who draws: digits of several hands are read as such.

    And what is said is what the network says, unsure when it is.
    """
    assert len(DRAWINGS) == 50
    wrong = []
    for digit, hand, strokes in DRAWINGS:
        shares = pad.draw(strokes)["shares"]
        assert spoken(pad) == words(shares)
        if shares.index(max(shares)) != digit:
            wrong.append(f"a {digit}, {hand}: {words(shares)}")
    right = len(DRAWINGS) - len(wrong)
    reported("drawings that the pad reads", f"{right} of {len(DRAWINGS)}")
    assert right >= MUST_READ, "\n".join(wrong)


def test_the_numbers_are_the_library_s(
    pad: Pad, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects what is seen: to the last digit it is what Python computes.

    Of the shares this is so with the exponential function that is the same on
    every computer; that of C may differ in the last digit.
    """
    model = library(pad.page)
    for _, _, strokes in DRAWINGS:
        read = pad.draw(strokes)
        assert len(read["pixels"]) == 64
        assert set(read["pixels"]) <= set(range(17))
        inputs = [number / 16 for number in read["pixels"]]
        first = model.layers[0](inputs)
        scores = model.outputs(inputs)
        assert read["layers"][0] == [value.data for value in first]
        assert read["scores"] == [score.data for score in scores]
        shares = [share.data for share in softmax(scores)]
        assert read["shares"] == pytest.approx(shares, rel=1e-14, abs=1e-15)
        with monkeypatch.context() as patch:
            patch.setattr(engine, "exp", portable.exp)
            shares = [share.data for share in softmax(scores)]
        assert read["shares"] == shares


def test_what_is_seen_is_what_was_read(pad: Pad) -> None:
    """Protects the bars, the 8×8 and the neurons from showing others."""
    assert pad.numbers == ["–"] * 10
    read = pad.draw(SEVEN.strokes)
    shares = read["shares"]
    assert pad.heights == pytest.approx(shares, abs=1e-3)
    for number, share in zip(pad.numbers, shares):
        assert number in ("<1", ">99", f"{int(100 * share + 0.5)}")
        assert (number == "<1") == (share < 0.005)
        assert (number == ">99") == (share >= 0.995)
    fields = pad.box.locator(".digit-pad-pixels rect")
    assert [
        16 * float(opacity)
        for opacity in fields.evaluate_all(
            "all => all.map(e => e.getAttribute('fill-opacity'))"
        )
    ] == read["pixels"]
    first = read["layers"][0]
    neurons = pad.box.locator(".digit-pad-neurons svg")
    light = [
        float(o)
        for o in neurons.evaluate_all("all => all.map(e => e.style.opacity)")
    ]
    assert len(light) == len(first)
    assert light == pytest.approx(
        [0.3 + 0.7 * number / max(first) for number in first], abs=0.006
    )
    pictured = pad.box.get_by_role("img")
    rows = [
        " ".join(map(str, read["pixels"][start : start + 8]))
        for start in range(0, 64, 8)
    ]
    expect(pictured.first).to_have_accessible_name(
        "What the network gets: 8 rows of 8 numbers from 0 to 16, "
        f"{'; '.join(rows)}."
    )
    lit = sum(number > 0 for number in first)
    expect(pictured.last).to_have_accessible_name(
        re.compile(
            rf"^The {len(first)} neurons .* {lit} of them say something"
        )
    )


def test_the_shares_move_while_one_draws_with_a_mouse(pad: Pad) -> None:
    """Protects the pleasure of it."""
    mouse = pad.page.mouse
    stroke, *others = pad.places(SEVEN.strokes)
    seen = set()
    mouse.move(*stroke[0])
    mouse.down()
    for i, place in enumerate(stroke[1:]):
        mouse.move(*place)
        if i % 6 == 5:
            assert pad.read
            seen.add(tuple(pad.numbers))
    mouse.up()
    assert len(seen) > 2
    for stroke in others:
        mouse.move(*stroke[0])
        mouse.down()
        for place in stroke[1:]:
            mouse.move(*place)
        mouse.up()
    expect(pad.status).to_have_text(re.compile(r"^A 7, "))
    expect(pad.ink).to_have_count(len(SEVEN.strokes))
    # What leaves the sheet stays at its edge, and other buttons don't draw.
    mouse.move(*stroke[0])
    mouse.down()
    mouse.move(stroke[0][0], 2)
    mouse.up()
    points = pad.ink.last.get_attribute("points") or ""
    assert points.endswith(",0")
    mouse.move(*stroke[0])
    mouse.down(button="right")
    mouse.move(stroke[0][0] + 20, stroke[0][1])
    mouse.up(button="right")
    expect(pad.ink).to_have_count(len(SEVEN.strokes) + 1)


def test_it_is_drawn_on_with_a_finger(window: Opener) -> None:
    """Protects readers on a phone: the page stays where it is meanwhile."""
    with window(width=390) as opened:
        page = opened.open(PAGE)
        pad = Pad(page)
        touch = page.context.new_cdp_session(page)
        touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

        def send(kind: str, *places: tuple[float, float]) -> None:
            points = [{"x": x, "y": y} for x, y in places]
            event = {"type": kind, "touchPoints": points}
            touch.send("Input.dispatchTouchEvent", event)

        strokes = pad.places(SEVEN.strokes)
        before = page.evaluate("() => scrollY")
        for first, *rest in strokes:
            send("touchStart", first)
            for place in rest:
                send("touchMove", place)
            send("touchEnd")
        expect(pad.status).to_have_text(re.compile(r"^A 7, "))
        expect(pad.ink).to_have_count(len(strokes))
        assert page.evaluate("() => scrollY") == before
        wide = "() => document.documentElement.scrollWidth"
        assert page.evaluate(wide) <= 390
        assert opened.troubles == []


def press(page: Page, keys: str) -> None:
    """Press keys one after the other: arrows by their letters, or by names."""
    arrows = {"L": "Left", "R": "Right", "U": "Up", "D": "Down"}
    for number, key in re.findall(r"(\d*)(\w+)", keys):
        name = f"Arrow{arrows[key]}" if key in arrows else key
        for _ in range(int(number or 1)):
            page.keyboard.press(name)


def test_it_is_drawn_on_by_the_keys(pad: Pad) -> None:
    """Protects readers without a mouse, and those who listen to the page."""
    page = pad.page
    pad.sheet.focus()
    expect(pad.sheet).to_have_accessible_name("Sheet to draw a digit on")
    expect(pad.sheet).to_have_accessible_description(
        re.compile("arrows move the pen, Space puts it down")
    )
    press(page, "8L 12U")
    expect(pad.ink).to_have_count(0)
    press(page, "Space")
    expect(pad.status).to_have_text(re.compile("^Pen down. "))
    press(page, "14R")
    for _ in range(12):  # two arrows at once lead across
        page.keyboard.down("ArrowLeft")
        press(page, "D")
        page.keyboard.up("ArrowLeft")
    press(page, "Space")
    expect(pad.status).to_have_text(re.compile(r"^Pen up\. A 7, "))
    expect(pad.ink).to_have_count(1)
    press(page, "4U")
    assert len(pad.ink.all()) == 1
    scrolled = page.evaluate("() => scrollY")
    press(page, "60D")  # to the edge, no further; and the page stays
    assert page.evaluate("() => scrollY") == scrolled
    expect(pad.sheet.locator("circle")).to_have_attribute("cy", str(SIZE))
    press(page, "Escape")
    expect(pad.ink).to_have_count(0)
    expect(pad.status).to_have_text(f"Pen up. {NOTHING}")
    expect(pad.sheet).to_be_focused()
    press(page, "Tab")
    expect(pad.clear).to_be_focused()
    expect(pad.status).to_have_text(f"Pen up. {NOTHING}")


def test_clear_clears(pad: Pad) -> None:
    """Protects the next digit from what was drawn before."""
    pad.draw(SEVEN.strokes)
    pad.clear.click()
    expect(pad.status).to_have_text(NOTHING)
    expect(pad.ink).to_have_count(0)
    assert pad.read is None
    assert pad.numbers == ["–"] * 10
    assert pad.heights == [0] * 10
    assert pad.draw(SEVEN.strokes) == pad.draw(SEVEN.strokes)


def test_a_dot_is_not_read(pad: Pad) -> None:
    """Protects readers from an answer where there is nothing to read."""
    assert pad.draw([[(100, 100), (104, 103)]]) is None
    expect(pad.status).to_have_text(re.compile("^Too small to be read"))
    expect(pad.ink).to_have_count(1)


def test_where_and_how_large_it_is_drawn_makes_no_difference(pad: Pad) -> None:
    """Protects who draws small, or in a corner."""
    moved = [[(x // 2 + 100, y // 2 + 4) for x, y in s] for s in SEVEN.strokes]
    there = [[(x - 100, y - 4) for x, y in s] for s in moved]
    twice = [[(2 * x, 2 * y) for x, y in s] for s in there]
    read = [pad.draw(strokes) for strokes in (moved, there, twice)]
    assert read[0]["pixels"] == read[1]["pixels"]
    for one, other in zip(read[1]["pixels"], read[2]["pixels"]):
        assert abs(one - other) <= 2


def test_it_says_when_it_is_not_sure(window: Opener) -> None:
    """Protects readers from a network that knows less than it seems to."""

    def dim(route: Route) -> None:
        """Have all scores come nearer to each other."""
        response = route.fetch()
        before, mark, rest = response.text().partition('digit-pad-network">')
        text, end, after = rest.partition("</script>")
        network = json.loads(text)
        for neuron in network["layers"][-1]["neurons"]:
            neuron["weights"] = [w / 8 for w in neuron["weights"]]
            neuron["bias"] /= 8
        body = before + mark + json.dumps(network) + end + after
        route.fulfill(response=response, body=body)

    with window() as opened:
        opened.page.route(f"**/{PAGE}", dim)
        pad = Pad(opened.open(PAGE))
        shares = pad.draw(SEVEN.strokes)["shares"]
        assert max(shares) < 0.9
        assert spoken(pad) == words(shares)
        assert re.match(r"Not sure: an? \d \(\d+\s%\).* or an? ", spoken(pad))


def test_from_the_disk_it_reads_the_same(
    browser: Browser, on_disk: Site, pad: Pad
) -> None:
    """Protects readers who have the book as files, and no network."""
    with browsing.window(browser, on_disk) as opened:
        other = Pad(opened.open(PAGE))
        asked: list[str] = []
        opened.page.on("request", lambda request: asked.append(request.url))
        for _, _, strokes in DRAWINGS[::10]:
            assert other.draw(strokes) == pad.draw(strokes)
        assert asked == []
        assert opened.troubles == []


BELOW = """() => document.querySelector(".digit-pad")
    .nextElementSibling.getBoundingClientRect().top + scrollY"""


@pytest.mark.parametrize("width", [1280, 1024, 390])
def test_nothing_moves(window: Opener, width: int) -> None:
    """Protects what is read below from jumping, when the pad comes alive."""
    with window(width=width) as opened:
        opened.page.route("**/pad.js*", lambda route: route.abort())
        below = opened.open(PAGE).evaluate(BELOW)
        opened.page.unroute("**/pad.js*")
        pad = Pad(opened.open(PAGE))
        assert pad.page.evaluate(BELOW) == below
        pad.draw(SEVEN.strokes)
        assert pad.page.evaluate(BELOW) == below
        longest = f"Pen down. {words([0.4, 0.35, 0.25] + 7 * [0.0])}"
        pad.status.evaluate("(p, words) => p.textContent = words", longest)
        assert pad.page.evaluate(BELOW) == below


def test_bars_that_move_are_for_who_wants_them(pad: Pad) -> None:
    """Protects readers whom movement makes sick."""
    how = "bar => getComputedStyle(bar).transitionDuration"
    bar = pad.box.locator("table span").first
    assert bar.evaluate(how) == "0s"
    pad.page.emulate_media(reduced_motion="no-preference")
    assert bar.evaluate(how) != "0s"


def test_without_scripts_there_are_words_instead(window: Opener) -> None:
    """Protects readers without scripts from a pad that does nothing."""
    with window(scripts=False) as opened:
        page = opened.open(PAGE)
        expect(page.locator(".digit-pad-live")).to_be_hidden()
        expect(page.locator(".digit-pad-still")).to_be_visible()
        assert opened.troubles == []


def test_axe_finds_nothing(pad: Pad) -> None:
    """Protects readers who see little, or listen, when something is drawn.

    What it finds before is found with all pages.
    """
    page = pad.page
    page.set_viewport_size({"width": 390, "height": browsing.HEIGHT})
    pad.draw(SEVEN.strokes)
    assert look(page) == []
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert look(page, runOnly=COLOURS) == []
