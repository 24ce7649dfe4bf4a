"""What axe-core finds on a page that is open.

It looks at everything, also at what is folded away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from browsing import FRAMES
from playwright.sync_api import Page

TOOLS = Path(__file__).resolve().parents[2] / "_build/tools/node_modules"
AXE = TOOLS / "axe-core/axe.min.js"
NEW_LOOKS = Path(__file__).with_name("new_looks.js").read_text("utf-8")
COLOURS = ["color-contrast", "link-in-text-block"]

# The theme's own nodes that can't be mended from here: the rule, where the
# node is, and why it is so. There is none.
KNOWN: dict[tuple[str, str], str] = {}

Finding = dict[str, Any]

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


def look(page: Page, **options: object) -> list[Finding]:
    """Have axe look at the whole page."""
    prepare(page)
    found: list[Finding] = page.evaluate(RUN, options)
    return found


def look_at_colours(page: Page, known: set[str]) -> list[Finding]:
    """Have axe look at the colours of all that looks like nothing before.

    For colours take it most of its time, and most words of a page look like
    those of other pages. `known` is what `new_looks.js` has settled before,
    and gets what it settles now.
    """
    prepare(page)
    seen = page.evaluate(NEW_LOOKS, [sorted(known), COLOURS])
    known.update(seen["settled"])
    found: list[Finding] = seen["found"]
    return found


def prepare(page: Page) -> None:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    page.evaluate(UNFOLD)
    page.evaluate(FRAMES)


def told(finding: Finding) -> str:
    """A finding in words."""
    return (
        f"{finding['rule']}: {finding['where']}\n"
        f"    {finding['what'][:160]}\n    {finding['why']}"
    )
