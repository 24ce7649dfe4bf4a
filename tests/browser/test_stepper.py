"""Figures are stepped through, and show what the engine computes."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Literal, get_args

import browsing
import pytest
from browsing import Opener, Site
from living import Cell
from playwright.sync_api import Browser, Locator, Page, expect
from test_accessible import COLOURS, look

from micrograd import Value
from micrograd.engine import topological_order

Boxes = dict[str, tuple[str, str]]
Motion = Literal["reduce", "no-preference"]
MOTIONS = get_args(Motion)

BY_HAND = "book/02-by-hand.html"
FILLED = "book/05-local-gradients.html"
BACKWARD = "book/06-backward.html"
NETWORK = "book/10-mlp.html"

BOXES = """svg => Object.fromEntries([...svg.querySelectorAll(".node")]
    .map(node => [...node.querySelectorAll("text")].map(t => t.textContent))
    .filter(texts => texts.length == 3)
    .map(([name, data, grad]) => [name, [data, grad]]))"""


class Stepper:
    """A figure that is stepped through."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.root = page.locator(f"figure#{name} .stepper")
        self.controls = self.root.get_by_role("group", name="Steps of Figure")
        self.drawing = self.root.locator(".drawing > svg")
        self.equation = self.controls.get_by_role("status").first
        self.slider = self.controls.get_by_role("slider")
        self.rows = self.root.locator("tbody tr")

    def button(self, name: str) -> Locator:
        return self.controls.get_by_role("button", name=name, exact=True)

    def go(self, step: int) -> None:
        self.slider.focus()
        self.slider.fill(str(step))

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def leaf(self, name: str) -> Locator:
        return self.drawing.get_by_role("spinbutton", name=name, exact=True)

    def drag(self, name: str, pixels: int) -> None:
        x, y = middle(self.leaf(name))
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + pixels, y, steps=4)
        self.page.mouse.up()

    def number(self, name: str) -> float:
        return float(self.leaf(name).get_attribute("aria-valuenow") or "")

    @property
    def step(self) -> int:
        count = self.controls.locator(".stepper-count").text_content() or ""
        return int(re.findall(r"\d+", count)[0])

    def boxes(self) -> Boxes:
        found: dict[str, list[str]] = self.drawing.evaluate(BOXES)
        return {name: (data, grad) for name, (data, grad) in found.items()}


def middle(leaf: Locator) -> tuple[float, float]:
    """Where a leaf is, in the window."""
    leaf.scroll_into_view_if_needed()
    box = leaf.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.fixture
def page(window: Opener) -> Iterator[Page]:
    """A window with the example of the book."""
    with window() as opened:
        yield opened.open(BACKWARD)
        assert opened.troubles == []


def example(
    a: float = 2.0, b: float = -3.0, c: float = 10.0, f: float = -2.0
) -> Value:
    """The book's: L = (a*b + c) * f."""
    leaves = Value(a, label="a"), Value(b, label="b")
    more = Value(c, label="c"), Value(f, label="f")
    e = leaves[0] * leaves[1]
    e.label = "e"
    d = e + more[0]
    d.label = "d"
    L = d * more[1]
    L.label = "L"
    return L


def states(root: Value) -> Iterator[Boxes]:
    """What the boxes show before the first step and after each."""
    order = topological_order(root)
    nodes = {n for result in order for n in (result, *result._prev)}
    data = {n: f"data {n.data:.4g}" if not n._prev else "data" for n in nodes}
    grads = dict.fromkeys(nodes, 0.0)

    def boxes() -> Boxes:
        return {n.label: (data[n], f"grad {grads[n]:.4g}") for n in nodes}

    yield boxes()
    for node in order:
        data[node] = f"data {node.data:.4g}"
        yield boxes()
    grads[root] = 1.0
    yield boxes()
    for node in reversed(order):
        for operand, slope in zip(node._prev, node._local):
            assert slope is not None
            grads[operand] += slope * grads[node]
            yield boxes()
    root.backward()
    assert all(grads[node] == node.grad for node in nodes)


def test_forward_and_back_by_the_keys(page: Page) -> None:
    """Protects the numbers of every step: they are the engine's."""
    stepper = Stepper(page, "fig-backward")
    stepper.button("Previous").focus()
    stepper.press("Home")
    expected = list(states(example()))
    for number, boxes in enumerate(expected):
        assert stepper.step == number
        assert stepper.boxes() == boxes
        stepper.press("ArrowRight")
    assert stepper.step == len(expected) - 1
    for number, boxes in reversed(list(enumerate(expected))):
        assert stepper.step == number
        assert stepper.boxes() == boxes
        stepper.press("ArrowLeft")
    stepper.press("End")
    assert stepper.boxes() == expected[-1]


def test_each_step_says_its_equation_and_shows_its_way(page: Page) -> None:
    stepper = Stepper(page, "fig-backward")
    stepper.go(0)
    expect(stepper.equation).to_contain_text("Nothing is computed yet")
    for row in stepper.rows.all():
        stepper.button("Next").click()
        words = row.locator("td").last.text_content() or ""
        expect(stepper.equation).to_have_text(words)
        count = f"step {stepper.step} of {stepper.rows.count()}"
        expect(stepper.slider).to_have_attribute("aria-valuetext", count)
        expect(row).to_have_attribute("aria-current", "step")
        lit = stepper.drawing.locator(".lit").count()
        assert lit == 1 if words == "L.grad = 1.0" else lit > 1
        assert lit
    expect(stepper.equation).to_have_text(
        "b.grad += a.data * e.grad = 2.0 * -2.0 = -4.0"
    )
    stepper.button("Previous").click()
    expect(stepper.equation).to_have_text(
        "a.grad += b.data * e.grad = -3.0 * -2.0 = 6.0"
    )
    # a's box, the circle, and the edges on either side of it.
    assert stepper.drawing.locator(".node.lit").count() == 2
    assert stepper.drawing.locator(".edge.lit").count() == 2


def test_back_what_is_multiplied_is_lit(page: Page) -> None:
    """Protects the chain rule: both factors are seen, and the way."""
    stepper = Stepper(page, "fig-backward")
    factors = stepper.drawing.locator("text.factor")
    slope = stepper.drawing.locator("text.slope")
    turned = stepper.drawing.locator(".edge.lit polygon.back")
    for row, step in zip(stepper.rows.all(), range(1, 11), strict=True):
        stepper.go(step)
        words = row.locator("td").last.text_content() or ""
        found = re.search(r"\* (\w)\.grad = (\S+) \* (\S+) =", words)
        if found is None:
            assert factors.count() == slope.count() == turned.count() == 0
            continue
        local, grad = (f"{float(n):.4g}" for n in found.groups()[1:])
        lit = factors.all_text_contents()
        assert f"grad {grad}" in lit
        expect(slope).to_have_text(f"× {local}")
        assert lit.count(f"data {local}") == (".data *" in words)
        # The arrow's tip is at the operand, left of the circle.
        assert turned.count() == 2
        tips = turned.evaluate_all("all => all.map(e => e.points[0].x)")
        assert tips == [0, 0]
        heads = stepper.drawing.locator(".edge.lit polygon:not(.back)")
        for head in heads.all():
            expect(head).to_have_css("visibility", "hidden")


@pytest.mark.parametrize("motion", MOTIONS)
def test_it_plays_by_itself(
    browser: Browser, served: Site, motion: Motion
) -> None:
    """Protects Play: it can be paused, and stops at the end."""
    context = browser.new_context(reduced_motion=motion)
    page = context.new_page()
    page.clock.install()
    page.goto(served.address(BACKWARD))
    stepper = Stepper(page, "fig-backward")
    last = stepper.rows.count()
    assert stepper.step == last
    stepper.button("Play").click()
    assert stepper.step == 0
    page.clock.run_for(2500)
    assert stepper.step == 2
    stepper.button("Pause").click()
    page.clock.run_for(5000)
    assert stepper.step == 2
    stepper.button("Play").click()
    page.clock.run_for(60_000)
    assert stepper.step == last
    expect(stepper.button("Play")).to_be_visible()
    stepper.button("Play").click()
    stepper.button("Next").click()
    expect(stepper.button("Play")).to_be_visible()
    assert stepper.step == 1
    context.close()


def test_fingers_find_the_buttons(page: Page) -> None:
    """Protects readers with a phone: 40 pixels are a finger's width."""
    stepper = Stepper(page, "fig-backward")
    buttons = stepper.controls.get_by_role("button").all()
    for control in [*buttons, stepper.slider]:
        box = control.bounding_box()
        assert box
        assert min(box["height"], box["width"]) >= 40


def test_the_slider_goes_anywhere(page: Page) -> None:
    stepper = Stepper(page, "fig-backward")
    expected = list(states(example()))
    stepper.slider.fill("5")
    assert stepper.boxes() == expected[5]
    stepper.slider.focus()
    stepper.press("ArrowLeft")
    assert stepper.step == 4
    assert stepper.boxes() == expected[4]
    stepper.press("End")
    assert stepper.boxes() == expected[-1]


def test_to_step_fetches_nothing(page: Page) -> None:
    """Protects readers with a slow line, also of those who change leaves."""
    Stepper(page, "fig-backward").button("Previous").click()
    Stepper(page, "fig-backward").drag("a", 30)
    names: list[str] = page.evaluate(
        "() => performance.getEntriesByType('resource').map(e => e.name)"
    )
    ours = [name for name in names if "live/" in name]
    assert {name.partition("?")[0].rpartition("/")[2] for name in ours} == {
        *("start.js", "live.css", "stepper.js", "stepper.css")
    }


def test_a_figure_begins_where_the_chapter_is(window: Opener) -> None:
    """Protects the figures from being changed before anybody plays."""
    with window() as opened:
        page = opened.open(FILLED)
        expected = list(states(example()))
        for number, step in enumerate([4, 6, 8, 10], 1):
            stepper = Stepper(page, f"fig-fill-{number}")
            assert stepper.step == step
            assert stepper.boxes() == expected[step]
            assert stepper.drawing.locator(".lit").count()
            stepper.button("Previous").click()
            assert stepper.boxes() == expected[step - 1]
            table = stepper.root.locator("tbody").text_content() or ""
            assert "+=" not in table
        assert "b.grad = a.data * e.grad = 2.0 * -2.0 = -4.0" in table
        # What the rule is comes after the first of them.
        assert Stepper(page, "fig-fill-1").rows.count() == 4
        page = opened.open(BACKWARD)
        depths = Stepper(page, "fig-two-depths")
        assert depths.boxes()["L"] == ("data 30", "grad 0")


def test_what_is_done_by_hand_is_stepped_through(window: Opener) -> None:
    """Protects chapter 2, whose own drawing knows no values."""
    with window() as opened:
        page = opened.open(BY_HAND)
        stepper = Stepper(page, "fig-written")
        expected = list(states(example()))
        assert stepper.step == len(expected) - 1
        expect(stepper.equation).to_have_text(
            "dL/db = a * dL/de = 2.0 * -2.0 = -4.0"
        )
        stepper.leaf("f").focus()
        stepper.press("0")
        stepper.press("Enter")
        stepper.go(0)
        for boxes in states(example(f=0.0)):
            assert stepper.boxes() == boxes
            stepper.press("ArrowRight")
        _, stepper = run(page, "fig-written")
        assert stepper.boxes() == expected[-1]
        assert stepper.rows.all_text_contents()[-1].endswith("= -4.0")
        assert opened.troubles == []


def test_a_trap_is_not_given_away(window: Opener) -> None:
    """Protects chapter 6: its first rules come to what its text says."""
    with window() as opened:
        page = opened.open(BACKWARD)
        lost = Stepper(page, "fig-lost")
        lost.go(lost.rows.count())
        assert lost.boxes()["a"] == ("data 3", "grad 1")
        early = Stepper(page, "fig-two-depths")
        early.go(early.rows.count())
        assert early.boxes()["u"] == ("data 6", "grad 5")
        assert early.boxes()["a"] == ("data 2", "grad 3")
        expect(early.rows.nth(4)).to_contain_text("u.grad += ")
        lost.leaf("a").press("5")
        assert lost.boxes()["a"] == ("data 5", "grad 1")
        expect(lost.controls).to_contain_text("your numbers")
        assert opened.troubles == []


def test_what_a_step_names_stands_in_the_drawing(window: Opener) -> None:
    with window() as opened:
        stepper = Stepper(opened.open(NETWORK), "fig-mlp")
        stepper.slider.fill("211")
        said = stepper.equation.text_content() or ""
        name = said.partition(".")[0]
        assert name in (stepper.drawing.text_content() or "").split()


def numbers_of(stepper: Stepper) -> dict[str, float]:
    return {name: stepper.number(name) for name in "abcf"}


def test_dragged_leaves_are_computed_as_by_the_engine(page: Page) -> None:
    """Protects all numbers, at every step, however leaves are dragged."""
    stepper = Stepper(page, "fig-backward")
    book = stepper.boxes()
    texts = stepper.rows.all_text_contents()
    chosen = random.Random(5)
    for _ in range(12):
        name, pixels = chosen.choice("abcf"), chosen.randint(-150, 150)
        before = stepper.number(name)
        stepper.drag(name, pixels)
        moved = stepper.number(name) - before
        step = 1.0 if name == "c" else 0.1
        assert moved == pytest.approx(
            round(pixels / 6) * step, abs=1.01 * step
        )
        expected = list(states(example(**numbers_of(stepper))))
        assert stepper.boxes() == expected[stepper.step]
        said = stepper.rows.nth(stepper.step - 1).locator("td").last
        if stepper.step:
            words = said.text_content() or ""
            expect(stepper.equation).to_have_text(words)
        stepper.go(chosen.randint(0, len(expected) - 1))
        assert stepper.boxes() == expected[stepper.step]
    expect(stepper.controls).to_contain_text("your numbers")
    assert look(page) == []
    stepper.go(len(expected) - 1)
    stepper.button("Back to the book's numbers").click()
    assert stepper.boxes() == book
    assert stepper.rows.all_text_contents() == texts
    assert numbers_of(stepper) == {"a": 2.0, "b": -3.0, "c": 10.0, "f": -2.0}
    expect(stepper.controls).not_to_contain_text("your numbers")


def test_leaves_are_changed_by_keys(page: Page) -> None:
    stepper = Stepper(page, "fig-backward")
    a = stepper.leaf("a")
    a.focus()
    for key, number in (
        *(("ArrowRight", 2.1), ("ArrowUp", 2.2), ("ArrowLeft", 2.1)),
        *(("ArrowDown", 2.0), ("PageUp", 3.0), ("PageDown", 2.0)),
    ):
        stepper.press(key)
        assert stepper.number("a") == number
    for key in "-.125":
        stepper.press(key)
    assert stepper.boxes()["a"][0] == "data -.125"  # as it was typed
    stepper.press("Enter")
    expected = list(states(example(a=-0.125)))
    assert stepper.boxes() == expected[-1]
    for key in ("4", "0", "Backspace", "-", "Tab"):
        stepper.press(key)
    assert stepper.number("a") == 4.0  # what is no number doesn't count
    assert stepper.boxes() == list(states(example(a=4.0)))[-1]
    expect(a).not_to_be_focused()


def test_leaves_are_dragged_by_a_finger(window: Opener) -> None:
    """Protects phones: to and fro a number is dragged, and the page scrolls
    up and down.
    """
    with window(width=390) as opened:
        page = opened.open(BACKWARD)
        stepper = Stepper(page, "fig-backward")
        touch = page.context.new_cdp_session(page)

        def swipe(right: int, down: int) -> None:
            x, y = middle(stepper.leaf("b"))
            for kind, part in [("Start", 0), *[("Move", i) for i in range(9)]]:
                place = {"x": x + right * part / 8, "y": y + down * part / 8}
                touch.send(
                    "Input.dispatchTouchEvent",
                    {"type": f"touch{kind}", "touchPoints": [place]},
                )
            touch.send(
                "Input.dispatchTouchEvent",
                {"type": "touchEnd", "touchPoints": []},
            )

        middle(stepper.leaf("b"))
        page.wait_for_timeout(300)
        swipe(60, 0)
        assert stepper.number("b") == pytest.approx(-2.0, abs=0.2)
        assert (
            stepper.boxes()
            == (list(states(example(**numbers_of(stepper))))[stepper.step])
        )
        before = page.evaluate("scrollY"), stepper.number("b")
        swipe(0, -120)
        page.wait_for_function(f"scrollY > {before[0]} + 60")
        assert stepper.number("b") == before[1]


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_in_use(window: Opener, width: int) -> None:
    with window(width=width) as opened:
        page = opened.open(FILLED)
        stepper = Stepper(page, "fig-fill-2")
        stepper.button("Previous").click()
        found = look(page)
        page.emulate_media(color_scheme="dark")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        found += look(page, runOnly=COLOURS)
        assert found == []
        assert page.evaluate(
            "document.documentElement.scrollWidth <= innerWidth"
        )


def test_what_a_step_is_about_is_in_view(window: Opener) -> None:
    """Protects readers of the network, which is larger than any screen."""
    with window(width=390) as opened:
        stepper = Stepper(opened.open(NETWORK), "fig-mlp")
        box = stepper.root.locator(".drawing")
        for step in ("1", "90", "150", "211"):
            stepper.slider.fill(step)
            assert box.evaluate(
                """box => {
                    const around = box.getBoundingClientRect();
                    const node = box.querySelector(".node.lit");
                    const at = node.getBoundingClientRect();
                    return at.left < around.right && at.right > around.left
                        && at.top < around.bottom && at.bottom > around.top;
                }"""
            )


@pytest.mark.parametrize("motion", MOTIONS)
def test_nothing_moves_if_nothing_shall(
    browser: Browser, served: Site, motion: Motion
) -> None:
    context = browser.new_context(reduced_motion=motion)
    page = context.new_page()
    page.goto(served.address(BACKWARD))
    stepper = Stepper(page, "fig-backward")
    stepper.button("Previous").click()
    took = stepper.drawing.locator(".lit path").first.evaluate(
        "path => getComputedStyle(path).transitionDuration"
    )
    assert (took == "0s") == (motion == "reduce")
    context.close()


def test_without_webassembly_a_figure_is_stepped_through(
    window: Opener,
) -> None:
    with window() as opened:
        opened.page.add_init_script("delete window.WebAssembly")
        stepper = Stepper(opened.open(BACKWARD), "fig-backward")
        stepper.button("Previous").click()
        assert stepper.boxes() == list(states(example()))[-2]
        assert not stepper.drawing.get_by_role("spinbutton").count()


def test_without_scripts_there_is_a_table(window: Opener) -> None:
    with window(scripts=False) as opened:
        page = opened.open(BACKWARD)
        root = page.locator(".stepper").last
        assert not root.locator("button").count()
        root.locator("summary").click()
        rows = root.locator("tbody tr")
        expect(rows).to_have_count(len(list(states(example()))) - 1)
        expect(rows.first).to_have_text("1e = a * b = 2.0 * -3.0 = -6.0")
        expect(rows.last).to_be_visible()


def test_all_works_from_the_disk(browser: Browser, on_disk: Site) -> None:
    with browsing.window(browser, on_disk) as opened:
        stepper = Stepper(opened.open(BACKWARD), "fig-backward")
        stepper.go(0)
        expected = list(states(example()))
        for boxes in expected:
            assert stepper.boxes() == boxes
            stepper.press("ArrowRight")
        stepper.drag("a", 60)
        expected = list(states(example(**numbers_of(stepper))))
        assert stepper.number("a") != 2.0
        assert stepper.boxes() == expected[-1]
        assert opened.troubles == []


def run(page: Page, name: str) -> tuple[Cell, Stepper]:
    """A figure's cell that has been run, and what it is stepped through by."""
    figure = page.locator(f"figure#{name}")
    number = figure.evaluate("e => e.closest('.cell').id.slice(5)")
    cell = Cell(page, int(number)).open()
    stepper = Stepper(page, name)
    stepper.root = figure.locator("[data-live-output] .stepper")
    stepper.controls = stepper.root.locator(".stepper-controls")
    stepper.drawing = stepper.root.locator(".drawing > svg")
    stepper.equation = stepper.controls.get_by_role("status").first
    stepper.slider = stepper.controls.get_by_role("slider")
    stepper.rows = stepper.root.locator("tbody tr")
    return cell, stepper


def test_a_cell_that_is_run_has_a_stepper_for_its_graph(
    window: Opener,
) -> None:
    """Protects the reader's graph: it is stepped through as the book's is."""
    with window() as opened:
        page = opened.open(BACKWARD)
        cell, stepper = run(page, "fig-backward")
        expected = list(states(example()))
        assert stepper.step == len(expected) - 1
        assert stepper.boxes() == expected[-1]
        expect(stepper.controls).not_to_contain_text("the caption")
        cell.run(cell.code().replace("Value(2.0)", "Value(5.0)"))
        expected = list(states(example(a=5.0)))
        expect(stepper.controls).to_contain_text("the caption")
        stepper.go(0)
        for boxes in expected:
            assert stepper.boxes() == boxes
            stepper.press("ArrowRight")
        shown = page.locator("figure#fig-backward .stepper:visible")
        assert shown.count() == 1
        cell.button("Reset").click()
        stepper = Stepper(page, "fig-backward")
        expect(stepper.root.first).to_be_visible()
        assert opened.troubles == []
