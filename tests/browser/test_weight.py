"""Pages load what they use, and look the same without scripts."""

from __future__ import annotations

import gzip
import posixpath
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from zlib import crc32

import pytest
from browsing import PAGES, Opener, Site, every_page
from playwright.sync_api import Browser, Route
from visiting import Visitor

RAW, ZIPPED = 1_000_000, 350_000
SHEETS = 200_000
"""All the style sheets of a chapter, in bytes."""
SCRIPTS_ZIPPED = 15_000
SHIFT = 0.02
"""So much of what is in sight may move, as browsers reckon."""
ALIVE_ZIPPED = {
    "_static/live/hero.js": 3_000,
    "_static/live/pad.js": 4_000,
    "_static/live/playground.js": 12_000,
    "_static/live/stepper.js": 5_000,
}
"""What is alive at once comes on top: the first screen, the digit pad, the
playground, and figures whose numbers can be dragged."""

# Every script that a chapter loads, and what for.
SCRIPTS = {
    "documentation_options.js": "says to the others where the pages are",
    "doctools.js": "the key / goes to the search; the next one needs it",
    "sphinx_highlight.js": "marks what the reader has searched for",
    "copy.js": "copies code",
    "start.js": "makes cells live, when they are clicked on",
    "stepper.js": "steps through figures, and computes them for other numbers",
    "nudge.js": "moves a nudge and its tangent along a curve, on one page",
    "pad.js": "reads what is drawn on the digit pad, where there is one",
    "sphinx-book-theme.js": "hides the sidebar; a margin note makes room",
    "pydata-sphinx-theme.js": "the theme's switch, the search, where one is",
    "previews.js": "cards that show what a link leads to",
    "in-sight.js": "shows of a wide graph what its caption speaks of",
    "keys.js": "boxes that scroll are reached, the focus comes back",
}


CHAPTERS = [path for path in PAGES if re.match(r"book/\d\d-", path)]


def loads(visitor: Visitor, path: str) -> list[str]:
    """The files of the book that a page loads, beside itself."""
    root = visitor.window.site.root
    files = (re.split("[?#]", one)[0] for one in visitor.visit(path).loads)
    return [file.removeprefix(f"{root}/") for file in dict.fromkeys(files)]


@cache
def zipped(file: Path) -> int:
    """How many bytes a file has when it is compressed."""
    return len(gzip.compress(file.read_bytes(), 9))


@every_page
def test_a_chapter_is_light(visitor: Visitor, html: Path, path: str) -> None:
    """Protects readers with a slow line: 1.0 MB, or 350 kB compressed.

    All counts that a page loads, but its own images.
    """
    if path not in CHAPTERS:
        return
    names = [name for name in loads(visitor, path) if "_images/" not in name]
    assert any(name.endswith(".woff2") for name in names)
    drawn = re.compile(r"<svg[^>]*role=\"img\".*?</svg>", re.DOTALL)
    text = drawn.sub("", (html / path).read_text("utf-8")).encode()
    files = [html / name for name in names]
    raw = len(text) + sum(file.stat().st_size for file in files)
    small = len(gzip.compress(text, 9)) + sum(map(zipped, files))
    assert raw <= RAW, path
    assert small <= ZIPPED, path


def test_style_sheets_have_few_rules_that_no_page_needs(html: Path) -> None:
    """Protects pages from a theme that can do all that any page may want.

    And the browsers of who comes again: a sheet is named with a digest of
    what it says, once these rules are out of it.
    """
    for path in CHAPTERS:
        text = (html / path).read_text("utf-8")
        named = re.findall(r'href="([^"?]+\.css)\?v=(\w+)"', text)
        sheets = [(html / path).parent.joinpath(name) for name, _ in named]
        digests = [f"{crc32(sheet.read_bytes()):08x}" for sheet in sheets]
        assert digests == [digest for _, digest in named]
        assert 0 < sum(s.stat().st_size for s in sheets) <= SHEETS, path


HOLDING_UP = re.compile(
    r"<noscript>.*?</noscript>"  # not these
    r'|(<link rel="stylesheet"[^>]*>|<script(?![^>]* defer)[^>]* src=[^>]*>)',
    re.DOTALL,
)


@pytest.mark.parametrize("path", PAGES)
def test_few_files_hold_up_a_page(html: Path, path: str) -> None:
    """Protects readers from a page that stays white: 8 files before it."""
    text = (html / path).read_text("utf-8")
    files = [found for found in HOLDING_UP.findall(text) if found]
    assert 2 <= len(files) <= 8, files


MOVES = """
window.shift = 0;
new PerformanceObserver(list => {
    for (const {value} of list.getEntries()) shift += value;
}).observe({type: "layout-shift", buffered: true});
"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    ("path", "comes"),
    [
        ("book/06-backward.html", "#cell-1 .live-bar"),
        ("book/playground.html", ".playground-bar"),
    ],
)
def test_nothing_moves_when_scripts_come(
    window: Opener, path: str, comes: str, width: int
) -> None:
    """Protects who has begun to read from losing the line.

    The scripts come when the page has been seen.
    """
    with window(width=width) as opened:
        page = opened.page
        held: list[Route] = []
        page.add_init_script(MOVES)
        page.route(re.compile(r"\.js\?"), lambda route: held.append(route))
        page.route("**/documentation_options.js*", lambda r: r.continue_())
        page.goto(opened.site.address(path), wait_until="commit")
        page.locator("h1").wait_for()
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(500)
        assert page.locator(comes).count() == 0
        for route in held:
            route.continue_()
        page.unroute(re.compile(r"\.js\?"))
        page.locator(comes).wait_for()
        page.wait_for_timeout(500)
        assert page.evaluate("shift") <= SHIFT


def scripts_of(html: Path, path: str) -> set[str]:
    """The scripts that are named on a page, as names of files."""
    text = (html / path).read_text("utf-8")
    names = re.findall(r'<script[^>]* src="([^"?]+)', text)
    return {posixpath.normpath(posixpath.join(path, "..", n)) for n in names}


@every_page
def test_a_page_has_the_scripts_that_it_names(
    visitor: Visitor, html: Path, path: str
) -> None:
    """Protects the tests below from not knowing of a script.

    None asks for more of them before somebody plays with the page.
    """
    found = {name for name in loads(visitor, path) if name.endswith(".js")}
    assert found == scripts_of(html, path)


def test_a_page_that_nobody_plays_with_has_few_scripts(
    html: Path, reported: Callable[[str, str], None]
) -> None:
    """Protects those who only read: 15 kB of scripts, compressed."""
    for name, most in ALIVE_ZIPPED.items():
        assert zipped(html / name) <= most, name
    alive = set(ALIVE_ZIPPED)
    sizes = {
        path: sum(zipped(html / n) for n in scripts_of(html, path) - alive)
        for path in PAGES
        if path != "search.html"  # which searches by a script
    }
    heaviest = max(sizes, key=sizes.__getitem__)
    reported("scripts of a page, at most", f"{sizes[heaviest]:,} bytes")
    assert sizes[heaviest] <= SCRIPTS_ZIPPED, heaviest


def test_every_script_is_there_for_something(html: Path) -> None:
    """Protects pages from scripts that nobody has asked for."""
    assert len(CHAPTERS) > 12
    seen = {
        name.rpartition("/")[2]
        for path in CHAPTERS
        for name in scripts_of(html, path)
    }
    assert seen == set(SCRIPTS)


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
