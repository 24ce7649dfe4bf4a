"""What axe-core finds on the pages: nothing.

It looks at everything, also at what is folded away.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from browsing import Window
from playwright.sync_api import Page, expect

Opener = Callable[..., AbstractContextManager[Window]]

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "_build/axe/axe.min.js"

# The theme's own nodes that can't be mended from here: the rule, where the
# node is, and why it is so. There is none.
KNOWN: dict[tuple[str, str], str] = {}

UNFOLD = """() => {
    document.querySelectorAll("details").forEach(d => d.open = true);
    document.querySelectorAll(".toggle-hidden").forEach(
        e => e.classList.remove("toggle-hidden"));
}"""

# What moves or fades is looked at when it has come to rest.
RUN = """async options => {
    await Promise.all(document.getAnimations().map(a => a.finished));
    const found = await axe.run({resultTypes: ["violations"], ...options});
    return found.violations.flatMap(({id, nodes}) => nodes.map(node => ({
        rule: id,
        where: node.target.join(" "),
        what: node.html,
        why: [...node.any, ...node.all, ...node.none]
            .map(check => check.message).join("; "),
    })));
}"""


COLOURS = ["color-contrast", "link-in-text-block"]


def look(page: Page, **options: object) -> list[dict[str, Any]]:
    """What axe finds on a page that is open."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    page.evaluate(UNFOLD)
    found: list[dict[str, Any]] = page.evaluate(RUN, options)
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(window: Opener, width: int) -> None:
    """Protects readers who see little, or use the keys, or listen."""
    wrong = []
    with window(width=width) as opened:
        for path in opened.site.pages:
            page = opened.open(path)
            found = look(page)
            # In the dark nothing is different but the colours.
            page.emulate_media(color_scheme="dark")
            expect(page.locator("html")).to_have_attribute(
                "data-theme", "dark"
            )
            found += look(page, runOnly=COLOURS)
            page.emulate_media(color_scheme="light")
            wrong += [
                f"{path}: {one['rule']}: {one['where']}\n"
                f"    {one['what'][:160]}\n    {one['why']}"
                for one in found
                if (one["rule"], one["where"]) not in KNOWN
            ]
    if wrong:
        pytest.fail("\n".join(wrong[:30]), pytrace=False)


def test_axe_finds_what_is_wrong(window: Opener) -> None:
    """Protects the test above from passing because nobody looks."""
    harm = """() => document.querySelector("article").innerHTML += `
        <details><summary>More</summary><img src="gone.png">
        <p style="color: #999; background: #aaa">Hard to read.</p></details>
    `"""
    with window() as opened:
        page = opened.open("book/01-derivative.html")
        page.evaluate(harm)
        rules = {one["rule"] for one in look(page)}
    assert {"image-alt", "color-contrast"} <= rules
