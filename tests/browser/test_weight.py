"""Pages load what they use, and look the same without scripts."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import browsing
import pytest
from browsing import Site, Window
from playwright.sync_api import Browser

Opener = Callable[..., AbstractContextManager[Window]]

Loads = dict[str, list[str]]
"""For each page, the files of the book that it loads, beside itself."""

# All pages are opened once, by one of the workers.
pytestmark = pytest.mark.xdist_group("weight")

RAW, ZIPPED = 1_000_000, 350_000
SCRIPTS_ZIPPED = 15_000

# Every script that a chapter loads, and what for.
SCRIPTS = {
    "documentation_options.js": "says to the others where the pages are",
    "doctools.js": "the key / goes to the search; the next one needs it",
    "sphinx_highlight.js": "marks what the reader has searched for",
    "copy.js": "copies code",
    "start.js": "makes cells live, when they are clicked on",
    "stepper.js": "steps through figures, where there are such",
    "sphinx-book-theme.js": "hides the sidebar; a margin note makes room",
    "pydata-sphinx-theme.js": "the theme's switch, the search, where one is",
    "previews.js": "cards that show what a link leads to",
    "keys.js": "boxes that scroll are reached, the focus comes back",
}


def chapters(site: Site) -> list[str]:
    found = [p for p in site.pages if re.match(r"book/\d\d-", p)]
    assert len(found) > 12
    return found


LOADED = """async () => {
    await document.fonts.ready;
    return performance.getEntriesByType("resource").map(e => e.name);
}"""


@pytest.fixture(scope="module")
def loads(browser: Browser, served: Site) -> Loads:
    """What every page loads."""
    loads = {}
    with browsing.window(browser, served) as opened:
        for path in served.pages:
            addresses = opened.open(path).evaluate(LOADED)
            files = (re.split("[?#]", address)[0] for address in addresses)
            loads[path] = [
                file.removeprefix(f"{served.root}/")
                for file in dict.fromkeys(files)
            ]
    return loads


def scripts_of(names: list[str], site: Site) -> int:
    """How many bytes of scripts there are among files, compressed."""
    return sum(
        len(gzip.compress((site.html / name).read_bytes(), 9))
        for name in names
        if name.endswith(".js")
    )


def test_a_chapter_is_light(loads: Loads, served: Site) -> None:
    """Protects readers with a slow line: 1.0 MB, or 350 kB compressed.

    All counts that a page loads, but its own images.
    """
    heavy = []
    drawn = re.compile(r"<svg[^>]*role=\"img\".*?</svg>", re.DOTALL)
    for path in chapters(served):
        assert any(name.endswith(".woff2") for name in loads[path])
        text = (served.html / path).read_text("utf-8")
        weighed = [drawn.sub("", text).encode()]
        weighed += [
            (served.html / name).read_bytes()
            for name in loads[path]
            if "_images/" not in name
        ]
        raw = sum(map(len, weighed))
        zipped = sum(len(gzip.compress(data, 9)) for data in weighed)
        if raw > RAW or zipped > ZIPPED:
            heavy.append(f"{path}: {raw} bytes, {zipped} compressed")
    assert heavy == []


def test_a_page_that_nobody_plays_with_has_few_scripts(
    loads: Loads,
    served: Site,
    reported: Callable[[str, str], None],
) -> None:
    """Protects those who only read: 15 kB of scripts, compressed."""
    sizes = {
        path: scripts_of(names, served)
        for path, names in loads.items()
        if path != "search.html"  # which searches by a script
    }
    heaviest = max(sizes, key=sizes.__getitem__)
    reported("scripts of a page, at most", f"{sizes[heaviest]:,} bytes")
    assert sizes[heaviest] <= SCRIPTS_ZIPPED, heaviest


def test_every_script_is_there_for_something(
    loads: Loads, served: Site
) -> None:
    """Protects pages from scripts that nobody has asked for."""
    seen = {
        name.rpartition("/")[2]
        for path in chapters(served)
        for name in loads[path]
        if name.endswith(".js")
    }
    assert seen == set(SCRIPTS)


def test_every_icon_is_drawn(window: Opener) -> None:
    """Protects buttons from being empty: the fonts have our icons alone."""
    missing = []
    with window() as opened:
        for path in opened.site.pages:
            missing += [
                f"{path}: {icon}"
                for icon in opened.open(path).evaluate(
                    """() => [...document.querySelectorAll("[class*=fa-]")]
                    .filter(e => /^(none|normal)$/.test(
                        getComputedStyle(e, "::before").content))
                    .map(e => e.className)"""
                )
            ]
    assert missing == []


LOOK = """() => ["body", "pre", "article svg text", "article pre .k"].map(
    e => document.querySelector(e)).map(e => {
        const style = getComputedStyle(e);
        return [style.color, style.backgroundColor, style.fill];
    })"""


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_without_scripts_pages_are_light_or_dark_all_the_same(
    browser: Browser, served: Site, colours: str
) -> None:
    """Protects the theme, and the figures' colours, from needing a script."""
    looks = {}
    for scripts in (True, False):
        context = browser.new_context(
            color_scheme=colours, java_script_enabled=scripts
        )
        page = context.new_page()
        page.goto(served.address("book/06-backward.html"))
        looks[scripts] = page.evaluate(LOOK)
        context.close()
    assert looks[True] == looks[False]
    red = int(re.findall(r"\d+", looks[True][0][0])[0])
    assert (red > 128) == (colours == "dark")


def test_without_scripts_all_can_be_reached_on_a_phone(
    window: Opener,
) -> None:
    """Protects readers from standing on a page with no way to another."""
    with window(width=390, scripts=False) as opened:
        page = opened.open("book/06-backward.html")
        for link in page.locator(
            ".bd-sidebar-primary nav > div > ul > li > a"
        ).all():
            box = link.bounding_box()
            assert box
            assert 0 <= box["x"] < box["x"] + box["width"] <= 390
        assert not page.locator("button:visible").count()
        solution = page.locator("details.solution").first
        assert not solution.locator("section").is_visible()
        solution.locator("summary").click()
        assert solution.locator("section").is_visible()
