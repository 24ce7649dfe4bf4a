"""Figures are stepped through, and show what the engine computes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import browsing
import pytest
from browsing import Opener, Site
from playwright.sync_api import Browser, Locator, Page, expect
from test_accessible import COLOURS, look

from micrograd import Value
from micrograd.engine import topological_order

Boxes = dict[str, tuple[str, str]]

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

    @property
    def step(self) -> int:
        count = self.controls.locator(".stepper-count").text_content() or ""
        return int(re.findall(r"\d+", count)[0])

    def boxes(self) -> Boxes:
        found: dict[str, list[str]] = self.drawing.evaluate(BOXES)
        return {name: (data, grad) for name, (data, grad) in found.items()}


@pytest.fixture
def page(window: Opener) -> Iterator[Page]:
    """A window with the example of the book."""
    with window() as opened:
        yield opened.open(BACKWARD)
        assert opened.troubles == []


def example(a: float = 2.0, b: float = -3.0) -> Value:
    """The book's: L = (a*b + c) * f."""
    leaves = Value(a, label="a"), Value(b, label="b")
    c, f = Value(10.0, label="c"), Value(-2.0, label="f")
    e = leaves[0] * leaves[1]
    e.label = "e"
    d = e + c
    d.label = "d"
    L = d * f
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


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_it_plays_by_itself(
    browser: Browser, served: Site, motion: str
) -> None:
    """Protects Play: it can be paused, and stops at the end."""
    context = browser.new_context(
        reduced_motion="reduce" if motion == "reduce" else "no-preference"
    )
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
    """Protects readers with a slow line: Python is for other leaves."""
    Stepper(page, "fig-backward").button("Previous").click()
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
        lost.button("Change the numbers").click()
        a = lost.controls.get_by_label("a", exact=True)
        a.fill("5")
        a.press("Enter")
        said = lost.controls.get_by_role("status").last
        expect(said).to_contain_text("your numbers")
        assert lost.boxes()["a"] == ("data 5", "grad 1")
        assert opened.troubles == []


def test_what_a_step_names_stands_in_the_drawing(window: Opener) -> None:
    with window() as opened:
        stepper = Stepper(opened.open(NETWORK), "fig-mlp")
        stepper.slider.fill("211")
        said = stepper.equation.text_content() or ""
        name = said.partition(".")[0]
        assert name in (stepper.drawing.text_content() or "").split()


def test_other_leaves_are_computed_by_the_engine(page: Page) -> None:
    stepper = Stepper(page, "fig-backward")
    book = stepper.boxes()
    stepper.button("Change the numbers").click()
    a = stepper.controls.get_by_label("a", exact=True)
    expect(a).to_be_visible()
    expect(a).to_be_focused()
    said = stepper.controls.get_by_role("status").last
    a.fill("")
    a.press("Enter")
    expect(said).to_have_text("Enter a number for a.")
    a.fill("0.125")
    stepper.controls.get_by_label("b", exact=True).fill("40")
    a.press("Enter")
    expect(said).to_contain_text("your numbers")
    expected = list(states(example(0.125, 40.0)))
    assert stepper.boxes() == expected[-1]
    stepper.go(0)
    for boxes in expected:
        assert stepper.boxes() == boxes
        stepper.press("ArrowRight")
    assert look(page) == []
    stepper.button("Back to the book's numbers").click()
    assert stepper.boxes() == book
    expect(a).to_have_value("2")


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


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_if_nothing_shall(
    browser: Browser, served: Site, motion: str
) -> None:
    context = browser.new_context(
        reduced_motion="reduce" if motion == "reduce" else "no-preference"
    )
    page = context.new_page()
    page.goto(served.address(BACKWARD))
    stepper = Stepper(page, "fig-backward")
    stepper.button("Previous").click()
    took = stepper.drawing.locator(".lit path").first.evaluate(
        "path => getComputedStyle(path).transitionDuration"
    )
    assert (took == "0s") == (motion == "reduce")
    context.close()


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


def test_from_the_disk_all_works_but_the_leaves(
    browser: Browser, on_disk: Site
) -> None:
    with browsing.window(browser, on_disk) as opened:
        stepper = Stepper(opened.open(BACKWARD), "fig-backward")
        stepper.go(0)
        expected = list(states(example()))
        for boxes in expected:
            assert stepper.boxes() == boxes
            stepper.press("ArrowRight")
        stepper.button("Change the numbers").click()
        expect(stepper.controls).to_contain_text("opened from the disk")
        assert opened.troubles == []
