"""Opens a page once in each way, and asks of it all that is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache

import axe
import browsing
from browsing import HEIGHT, Site, Window
from playwright.sync_api import Browser

WIDE, NARROW = 1280, 390
WIDTHS = (320, NARROW, 768, 1024, 1920, WIDE)
"""In pixels, beginning with WCAG's: a window of 1280 enlarged four times."""

LOADED = """async () => {
    await document.fonts.ready;
    return performance.getEntriesByType("resource").map(e => e.name);
}"""

UNDRAWN_ICONS = """() => [...document.querySelectorAll("[class*=fa-]")]
    .filter(e => /^(none|normal)$/.test(
        getComputedStyle(e, "::before").content))
    .map(e => e.className)"""

# The theme's sidebars take a moment to give way.
WIDER = """async () => {
    await Promise.all(document.getAnimations().map(a => a.finished));
    const root = document.scrollingElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    return [...document.querySelectorAll("body *")]
        .filter(e => e.getBoundingClientRect().right > root.clientWidth + 1)
        .map(e => e.outerHTML.slice(0, 100))
        .slice(0, 5);
}"""

# A long formula may be broken, and so may the place before its comma.
STRAY = """() => {
    const stray = [], letter = document.createRange();
    for (const formula of document.querySelectorAll("article span.math")) {
        const pieces = formula.querySelectorAll(".base");
        const mayBreak = pieces.length > 1 && !formula.closest(".unbroken");
        const after = formula.nextSibling;
        if (mayBreak || !/^\\S/.test(after?.data ?? "")) continue;
        letter.setStart(after, 0);
        letter.setEnd(after, 1);
        if (letter.getBoundingClientRect().left
            < [...pieces].at(-1).getBoundingClientRect().left)
            stray.push("alone on its line: " + after.data.slice(0, 30));
    }
    return stray;
}"""

ON_PAPER = """() => {
    const isSeen = e => {
        const box = e.getBoundingClientRect();
        return box.width > 0 && box.height > 0
            && getComputedStyle(e).visibility == "visible";
    };
    const seen = what => [...document.querySelectorAll(what)].filter(isSeen);
    return [
        seen(`.bd-sidebar-primary, .bd-sidebar-secondary,
              .bd-header-article button, .prev-next-area, .copybtn,
              #pst-back-to-top, #pst-skip-link, dialog`)
            .map(e => e.outerHTML.slice(0, 100)),
        seen("article :is(p, pre)").length,
    ];
}"""

# What a script has folded is opened, and what it has put in is left out.
TEXT = """() => {
    const added =
        ".copybtn, .live-bar, .figure-controls, .stepper .back, " +
        ".digit-pad, .playground";
    document.querySelectorAll("article details").forEach(d => d.open = true);
    document.querySelectorAll(".toggle-hidden").forEach(
        e => e.classList.remove("toggle-hidden"));
    document.querySelectorAll(added).forEach(e => e.remove());
    return document.querySelector("article")?.innerText ?? "";
}"""

NOT_SEEN = """() =>
    [...document.querySelectorAll(
        "article :is(img, svg[role=img], .katex, pre)")]
    .filter(e => !e.closest(".onlyprint, [aria-hidden=true]"))
    .filter(e => {
        const box = e.getBoundingClientRect();
        const style = getComputedStyle(e);
        return box.width < 1 || box.height < 1
            || style.visibility != "visible"
            || (e.tagName == "IMG" && !e.naturalWidth);
    })
    .map(e => e.outerHTML.slice(0, 100))
"""


@dataclass
class Visit:
    """What there was to see on a page."""

    loads: list[str]
    """The addresses of what it loads, beside itself."""
    undrawn: list[str]
    """Icons that aren't there."""
    unfit: list[str] = field(default_factory=list)
    """What is too wide for a window, or stands where it shouldn't."""
    navigation: list[str] = field(default_factory=list)
    """What is on paper although it is of use on a screen alone."""
    printed: int = 0
    """How many paragraphs there are on paper."""
    inaccessible: list[str] = field(default_factory=list)
    """What axe finds."""
    text: list[str] = field(default_factory=list)
    """Its words."""
    troubles: list[str] = field(default_factory=list)
    """What goes wrong, in the light, in the dark and on paper."""


class Visitor:
    """Goes to the pages: on the web server, without scripts, on the disk."""

    def __init__(self, browser: Browser, served: Site, on_disk: Site) -> None:
        self.open = ExitStack()
        self.known: set[str] = set()
        """What axe has settled about colours: see `new_looks.js`."""
        enter = self.open.enter_context
        self.window = enter(browsing.window(browser, served))
        self.bare = enter(browsing.window(browser, served, scripts=False))
        self.disk = enter(browsing.window(browser, on_disk))
        self.visit = cache(self.visit_once)
        self.without_scripts = cache(self.without_scripts_once)

    def visit_once(self, path: str) -> Visit:
        """What a page on the web server has to show."""
        window = self.window
        window.page.set_viewport_size({"width": WIDE, "height": HEIGHT})
        window.page.emulate_media(media="screen", color_scheme="light")
        page = window.open(path)
        visit = Visit(page.evaluate(LOADED), page.evaluate(UNDRAWN_ICONS))
        reach_the_end(window)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            for what in page.evaluate(WIDER) + page.evaluate(STRAY):
                visit.unfit.append(f"{width} pixels: {what}")
        page.emulate_media(media="print")
        visit.navigation, visit.printed = page.evaluate(ON_PAPER)
        page.emulate_media(media="screen")
        visit.inaccessible = list(self.accessible(window))
        visit.text = page.evaluate(TEXT).split()
        window.settle()
        visit.troubles = list(window.troubles)
        return visit

    def accessible(self, window: Window) -> Iterator[str]:
        """What axe finds, in a wide window and in a narrow one.

        In the dark nothing is different but the colours.
        """
        off = {rule: {"enabled": False} for rule in axe.COLOURS}
        page = window.page
        for width, turns in (
            (NARROW, ("light", "dark")),
            (WIDE, ("dark", "light")),
        ):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            found = []
            for colours in turns:
                window.turn(colours)
                if colours == "light":
                    found += axe.look(page, rules=off)
                found += axe.look_at_colours(page, self.known)
            for one in found:
                if (one["rule"], one["where"]) not in axe.KNOWN:
                    yield f"{width} pixels: {axe.told(one)}"

    def without_scripts_once(self, path: str) -> tuple[list[str], list[str]]:
        """A page's words, and what isn't to be seen, without scripts."""
        page = self.bare.open(path)
        return page.evaluate(TEXT).split(), page.evaluate(NOT_SEEN)

    def troubles_on_disk(self, path: str) -> list[str]:
        """What goes wrong on a page that is opened from the disk."""
        page = self.disk.open(path)
        reach_the_end(self.disk)
        self.disk.turn("dark")
        self.disk.settle()
        page.emulate_media(color_scheme="light")
        return self.disk.troubles


def reach_the_end(window: Window) -> None:
    """Have all fetched that comes only when it is in view."""
    window.page.keyboard.press("End")
    window.settle()
