"""The plot of chapter 1, in which a point and a nudge are dragged."""

from __future__ import annotations

import re

import browsing
import pytest
from browsing import Opener, Site
from playwright.sync_api import Browser, Locator, Page, expect
from test_accessible import look

from micrograd import Value

DERIVATIVE = "book/01-derivative.html"
FIGURE = "figure#fig-secant"


def f(x: float) -> float:
    return x**2 - 2 * x


def knob(page: Page, name: str) -> Locator:
    return page.locator(FIGURE).get_by_role("slider", name=name, exact=True)


def shown(page: Page) -> list[str]:
    """The equations, and what the legend says."""
    figure = page.locator(FIGURE)
    texts = figure.locator("svg text").all_text_contents()
    slopes = [text for text in texts if text.startswith("slope ")]
    return figure.locator(".nudge-equation").all_text_contents() + slopes


def written(number: float) -> str:
    text = f"{number:.4g}"
    return text if re.search("[.ean]", text) else f"{text}.0"


def steepness(page: Page, name: str) -> float:
    """Of a line in the plot, in the units of its axes."""
    path = page.locator(f"{FIGURE} svg [id$=-{name}] path").first
    numbers = re.findall(r"-?[\d.]+", path.get_attribute("d") or "")
    x0, y0, x1, y1 = map(float, numbers)
    return (y1 - y0) / (x1 - x0)


def check(page: Page) -> None:
    """What is shown is what Python says of the numbers on the knobs."""
    x, h = (float(knob(page, name).input_value()) for name in "xh")
    point = Value(x)
    (point**2 - 2 * point).backward()
    slope = (f(x + h) - f(x)) / h
    nudged, derivative, *legend = shown(page)
    assert nudged.endswith(f" {written(slope)}")
    assert derivative == f"f'(x) = {written(point.grad)}"
    assert legend == [f"slope {written(s)}" for s in (slope, point.grad)]
    numbers = re.findall(r"[=≈] (\S+)", nudged)
    assert numbers[-1] == written(slope)
    if point.grad:
        found = steepness(page, "secant") / steepness(page, "tangent")
        assert found == pytest.approx(slope / point.grad, rel=1e-3)


def handle(page: Page, number: int) -> tuple[float, float]:
    box = page.locator(f"{FIGURE} .nudge-handle").nth(number).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_knobs_and_points_move_the_lines(window: Opener) -> None:
    """Protects the slopes: they are Python's, wherever the reader is."""
    with window() as opened:
        page = opened.open(DERIVATIVE)
        assert shown(page) == [
            "(f(x + h) - f(x)) / h = (11.25 - 3.0) / 1.5 = 5.5",
            *("f'(x) = 4.0", "slope 5.5", "slope 4.0"),
        ]
        note = page.locator(FIGURE).get_by_role("status")
        expect(note).to_have_text("")
        for name, number in [("h", "0.1"), ("h", "-1.3"), ("x", "1.7")]:
            knob(page, name).fill(number)
            check(page)
        expect(note).to_contain_text("your numbers")
        page.locator(FIGURE).scroll_into_view_if_needed()
        for number, pixels in [(1, 60), (0, -40), (1, -90)]:
            x, y = handle(page, number)
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x + pixels, y, steps=4)
            page.mouse.up()
            assert abs(handle(page, number)[0] - x - pixels) < 9
            check(page)
        knob(page, "h").focus()
        page.keyboard.press("ArrowRight")
        check(page)
        assert look(page) == []
        page.get_by_role("button", name="Back to the book's numbers").click()
        assert knob(page, "x").input_value() == "3"
        assert knob(page, "h").input_value() == "1.5"
        assert opened.troubles == []


def test_no_nudge_no_slope(window: Opener) -> None:
    with window() as opened:
        page = opened.open(DERIVATIVE)
        knob(page, "h").fill("0")
        assert shown(page)[0].endswith("(3.0 - 3.0) / 0.0 = nan")
        secant = page.locator(f"{FIGURE} svg [id$=-secant] path").first
        assert not secant.get_attribute("d")


def test_from_the_disk_and_without_webassembly(
    browser: Browser, on_disk: Site
) -> None:
    with browsing.window(browser, on_disk) as opened:
        page = opened.open(DERIVATIVE)
        knob(page, "x").fill("2")
        check(page)
        opened.page.add_init_script("delete window.WebAssembly")
        page = opened.open(DERIVATIVE)
        assert not page.locator(FIGURE).get_by_role("slider").count()
        assert opened.troubles == []
