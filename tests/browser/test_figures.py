"""Figures show what their captions speak of, legibly, as a page opens."""

from __future__ import annotations

from collections.abc import Iterator

import browsing
import pytest
from browsing import HEIGHT, Opener, Window, every_page
from playwright.sync_api import Browser
from test_pages import told

WIDTHS = (1440, 1024, 390)

TOOLS = """
const graphs = () => [...document.querySelectorAll(".drawing.graph")];
const at = e => e.getBoundingClientRect();
const name = e => e.closest("figure").querySelector(".caption-number")
    .textContent.trim();
const isOverview = box => /overview/i.test(
    box.querySelector("svg").ariaLabel);
const isIn = (e, box) => at(e).left >= at(box).left - 1
    && at(e).right <= at(box).right + 1
    && at(e).top >= at(box).top - 1 && at(e).bottom <= at(box).bottom + 1;
"""

# What is named first counts: the rest, as far as there is room.
OUT_OF_SIGHT = f"""() => {{
    {TOOLS}
    const wrong = [];
    for (const box of graphs()) {{
        let seen = [];
        for (const ids of box.dataset.names.split(" ").filter(Boolean)) {{
            const all = ids.split(",").map(id => document.getElementById(id));
            const here = all.find(e => isIn(e, box));
            const size = (start, end, e) =>
                Math.max(...[...seen, e].map(e => at(e)[end]))
                - Math.min(...[...seen, e].map(e => at(e)[start]));
            if (here) seen.push(here);
            else if (all.some(e => size("left", "right", e) <= box.clientWidth
                && size("top", "bottom", e) <= box.clientHeight))
                wrong.push(`${{name(box)}} doesn't show `
                    + all[0].textContent.trim().replace(/\\s+/g, " "));
        }}
        const svg = box.querySelector("svg");
        const text = svg.querySelector("text");
        const size = parseFloat(getComputedStyle(text).fontSize)
            * svg.getScreenCTM().a;
        if (size < 9 && !isOverview(box))
            wrong.push(`${{name(box)}} has letters of ${{size}} pixels`);
    }}
    return wrong;
}}"""

OVERRUN = f"""() => {{
    {TOOLS}
    const wrong = new Set();
    for (const box of graphs()) {{
        if (isOverview(box)) continue;
        const slider = box.closest(".stepper")?.querySelector("[type=range]");
        for (let step = 0; step <= (slider?.max ?? 0); step++) {{
            if (slider) {{
                slider.value = step;
                slider.dispatchEvent(new Event("input"));
            }}
            for (const node of box.querySelectorAll(".node")) {{
                const cells = [...node.querySelectorAll("polygon, ellipse")];
                for (const text of node.querySelectorAll("text"))
                    if (!cells.some(cell => isIn(text, cell)))
                        wrong.add(`${{name(box)}}: ${{text.textContent}}`);
            }}
        }}
    }}
    return [...wrong];
}}"""

# A word has one rectangle, unless it is broken.
BROKEN_HEADERS = """() => {
    const broken = [], range = document.createRange();
    for (const th of document.querySelectorAll("article table th")) {
        const walker = document.createTreeWalker(th, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            for (const word of walker.currentNode.data.matchAll(/\\w+/g)) {
                range.setStart(walker.currentNode, word.index);
                range.setEnd(walker.currentNode, word.index + word[0].length);
                const lines = [...range.getClientRects()].map(r => r.top);
                if (new Set(lines).size > 1) broken.push(word[0]);
            }
        }
    }
    return broken;
}"""

# Points of a curve, or of a cloud, on which letters of a legend lie.
COVERED = """() => {
    const wrong = [];
    for (const legend of document.querySelectorAll("g[id*=legend_]")) {
        const box = legend.getBoundingClientRect();
        const isIn = p => p.x > box.left && p.x < box.right
            && p.y > box.top && p.y < box.bottom;
        const curves = [...legend.closest("svg").querySelectorAll(
            "g[id*=axes_] > g[id*=line2d] > path")];
        const hidden = curves.filter(path => {
            const map = path.getScreenCTM(), length = path.getTotalLength();
            for (let at = 0; at < length; at += 2)
                if (isIn(path.getPointAtLength(at).matrixTransform(map)))
                    return true;
        });
        const dots = [...legend.closest("svg").querySelectorAll(
            "g[id*=axes_] > g[id*=PathCollection] use")].filter(dot => {
                const { left, right, top, bottom } =
                    dot.getBoundingClientRect();
                return isIn({ x: (left + right) / 2, y: (top + bottom) / 2 });
            });
        if (hidden.length + dots.length)
            wrong.push(legend.closest("figure").querySelector(
                ".caption-number").textContent.trim());
    }
    return wrong;
}"""


@pytest.fixture(scope="module")
def opened(browser: Browser, served: browsing.Site) -> Iterator[Window]:
    """A window of which the width changes."""
    with browsing.window(browser, served) as window:
        yield window


@every_page
def test_figures_and_tables_at_every_width(opened: Window, path: str) -> None:
    """Protects readers from scrolling for what a caption tells to look at.

    And from header cells with half a word in a line.
    """
    wrong = []
    for width in WIDTHS:
        opened.page.set_viewport_size({"width": width, "height": HEIGHT})
        page = opened.open(path)
        found = page.evaluate(OUT_OF_SIGHT) + page.evaluate(BROKEN_HEADERS)
        wrong += [f"{width} pixels: {what}" for what in found]
    wrong += [f"{w} under its legend" for w in page.evaluate(COVERED)]
    wrong += [f"overrun: {w}" for w in page.evaluate(OVERRUN)]
    told(path, wrong)


def test_these_see_what_is_wrong(window: Opener) -> None:
    """Protects the test above from passing because it sees nothing."""
    with window(width=390) as opened:
        page = opened.open("book/07-operations.html")
        page.evaluate("""() => {
            for (const box of document.querySelectorAll(".drawing.graph")) {
                box.firstElementChild.style.marginLeft = "2000px";
                box.querySelector("text").textContent += "12345678901234567";
            }
            const th = document.querySelector("article th");
            th.style.cssText = "max-width: 1rem; overflow-wrap: anywhere";
            const legend = document.querySelector("g[id*=legend_]");
            legend.parentNode.querySelector("[id*=line2d] > path")
                .setAttribute("d", "M 0 0 L 1000 1000");
            legend.innerHTML += "<rect width='1000' height='1000'/>";
        }""")
        assert len(page.evaluate(OUT_OF_SIGHT)) >= 2
        assert page.evaluate(OVERRUN)
        assert page.evaluate(BROKEN_HEADERS)
        assert page.evaluate(COVERED)
