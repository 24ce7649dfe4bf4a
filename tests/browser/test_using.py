"""The pages are used as a reader uses them: by the keys, and in the dark."""

from __future__ import annotations

import re
from collections.abc import Iterator

import browsing
import pytest
from browsing import PAGES, Opener, Site
from playwright.sync_api import Browser, Locator, Page, expect

CHAPTER = "book/06-backward.html"
CELLS = re.compile(r"book/(index|\d\d-)")
OPENER = "Edit"


@pytest.fixture
def page(window: Opener) -> Iterator[Page]:
    """A window with a chapter."""
    with window() as opened:
        yield opened.open(CHAPTER)
        assert opened.troubles == []


@pytest.fixture
def narrow(window: Opener) -> Iterator[Page]:
    """A window as narrow as a phone, with a chapter."""
    with window(width=390) as opened:
        yield opened.open(CHAPTER)
        assert opened.troubles == []


# Themes

DRAWN = """() => {
    const style = getComputedStyle(document.documentElement);
    const colours = {};
    for (const meaning of ["ink", "data", "gradient", "operation"]) {
        const probe = document.createElement("span");
        probe.style.color = style.getPropertyValue(`--book-${meaning}`);
        document.body.append(probe);
        colours[meaning] = getComputedStyle(probe).color;
        probe.remove();
    }
    const fills = new Set([...document.querySelectorAll(".graph text")].map(
        text => getComputedStyle(text).fill));
    return [colours, [...fills].sort()];
}"""


def test_the_switch_changes_the_theme_and_the_graphs(page: Page) -> None:
    """Protects the reader's choice: graphs follow it, other pages know it."""
    root = page.locator("html")
    seen = {}
    for _ in range(3):
        page.locator(".bd-header-article .theme-switch-button").click()
        mode = root.get_attribute("data-mode")
        colours, fills = page.evaluate(DRAWN)
        assert fills == sorted(colours.values())
        seen[mode] = root.get_attribute("data-theme"), fills
    assert set(seen) == {"light", "dark", "auto"}
    assert seen["light"] == seen["auto"]
    assert seen["dark"][0] == "dark"
    assert set(seen["dark"][1]).isdisjoint(seen["light"][1])

    while root.get_attribute("data-mode") != "dark":
        page.locator(".bd-header-article .theme-switch-button").click()
    page.locator(".right-next").click()
    expect(page).not_to_have_url(re.compile(CHAPTER))
    expect(root).to_have_attribute("data-theme", "dark")


def test_whoever_prefers_the_dark_gets_it(window: Opener) -> None:
    """Protects readers in the dark from a flash of light, scripts or not."""
    grounds = {}
    for scripts in (True, False):
        with window(scripts=scripts) as opened:
            for scheme in ("light", "dark"):
                opened.page.emulate_media(color_scheme=scheme)
                ground = opened.open(CHAPTER).evaluate(
                    "getComputedStyle(document.body).backgroundColor"
                )
                grounds[scripts, scheme] = ground
    assert grounds[True, "light"] == grounds[False, "light"]
    assert grounds[True, "dark"] == grounds[False, "dark"]
    assert grounds[True, "dark"] != grounds[True, "light"]


# The search


def test_the_search_finds_a_term_and_leads_to_it(
    browser: Browser, site: Site
) -> None:
    """Protects the way from a word to the page that explains it."""
    with browsing.window(browser, site) as opened:
        page = opened.open("book/01-derivative.html")
        page.keyboard.press("Control+k")
        field = page.locator("dialog input[type=search]")
        expect(field).to_be_focused()
        field.type("topological order")
        page.keyboard.press("Enter")
        found = page.locator('#search-results a[href*="06-backward.html"]')
        expect(found.first).to_be_visible()
        found.first.click()
        expect(page).to_have_url(re.compile("06-backward.html"))
        expect(page.locator("article")).to_contain_text("topological order")
        assert opened.troubles == []


RESULTS = "#search-results li > a"


def search_for(page: Page, words: str) -> list[str]:
    """Search for words; return what the results are called, in order."""
    page.goto(page.url.partition("/book/")[0] + f"/search.html?q={words}")
    expect(page.locator(".search-summary")).to_contain_text("finished")
    # Each is described by what it is, or by the words around it.
    bare = page.locator("#search-results li:not(:has(> span, > p))")
    expect(bare).to_have_count(0)
    return page.locator(RESULTS).all_inner_texts()


@pytest.mark.parametrize(
    ("words", "chapter", "term"),
    [
        ("tanh", "2 Backpropagation by hand — ", "tanh"),
        ("topological", "6 backward() — ", "topological order"),
        ("hinge", "12 Two moons — ", "hinge loss"),
    ],
)
def test_the_chapter_that_introduces_a_term_comes_first(
    page: Page, words: str, chapter: str, term: str
) -> None:
    """Protects the way to where a term is explained.

    Each result says which place of a page it is, and no place comes twice.
    """
    found = search_for(page, words)
    assert found[0].replace("\u2002", " ").startswith(chapter)
    assert f"Glossary — {term}" in found
    assert len(set(found)) == len(found)
    assert not {"Glossary", "API reference"} & set(found)


MARKED = """() => {
    const marks = [...CSS.highlights.get("searched")].map(String);
    const article = document.querySelector("article").textContent;
    const style = getComputedStyle(document.body, "::highlight(searched)");
    return [marks, article, style.backgroundColor];
}"""


def test_all_that_was_searched_for_is_marked(page: Page) -> None:
    """Protects the reader's eye, also in code, formulas and drawings.

    The page has drawings before most of these words.
    """
    search_for(page, "tanh")
    page.locator(f"{RESULTS}[href*='07-operations']").first.click()
    page.wait_for_url("**/07-operations.html*")
    marks, article, colour = page.evaluate(MARKED)
    assert page.locator("figure svg").count()
    assert len(marks) == article.lower().count("tanh") > 20
    assert {mark.lower() for mark in marks} == {"tanh"}
    assert colour != "rgba(0, 0, 0, 0)"
    page.keyboard.press("Escape")
    assert not page.evaluate("CSS.highlights.has('searched')")


def test_nothing_lies_over_what_is_searched_for(page: Page) -> None:
    """Protects the first letter from the magnifier."""
    page.keyboard.press("Control+k")
    icon = page.locator("dialog .fa-magnifying-glass").bounding_box()
    field = page.locator("dialog input[type=search]").bounding_box()
    assert icon
    assert field
    assert icon["x"] + icon["width"] <= field["x"]


# Keys


def test_the_first_key_skips_to_the_text(page: Page) -> None:
    """Protects those who tab from the whole table of contents, each time."""
    page.keyboard.press("Tab")
    skip = page.locator("#pst-skip-link a")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(
        "document.querySelector('main').contains(document.activeElement)"
    )


# Everything that reacts and is seen, with how it looks without the focus.
NOTE = """() => {
    const LOOK = ["outline", "boxShadow", "backgroundColor", "borderColor",
        "color", "textDecoration", "transform", "opacity"];
    window.lookOf = e => [e, ...e.children].flatMap(part => {
        const style = getComputedStyle(part);
        return LOOK.map(name => style[name]);
    }).join("|");
    window.ahead = new Map([...document.querySelectorAll(
        "a[href], button, input, summary, [tabindex='0']")]
        .filter(e => e.checkVisibility({visibilityProperty: true})
            && !e.disabled && e.tabIndex >= 0)
        .map(e => [e, lookOf(e)]));
    return window.ahead.size;
}"""

# Where the focus is now: whether it is the end, and whether it is seen.
STEP = """async () => {
    const e = document.activeElement;
    if (e == document.body || !e) return ["end", ""];
    await Promise.all(e.getAnimations({subtree: false})
        .map(a => a.finished));
    const before = window.ahead.get(e);
    window.ahead.delete(e);
    const tag = e.outerHTML.slice(0, 90);
    if (before === undefined) return ["again", tag];
    return [before == lookOf(e) ? "unseen" : "seen", tag];
}"""

LEFT = "() => [...window.ahead.keys()].map(e => e.outerHTML.slice(0, 90))"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "path", ["book/index.html", CHAPTER, "book/library/engine.html"]
)
def test_the_keys_reach_everything_and_it_is_seen(
    window: Opener, path: str, width: int
) -> None:
    """Protects those who have no mouse."""
    wrong = []
    with window(width=width) as opened:
        page = opened.open(path)
        count = page.evaluate(NOTE)
        for _ in range(2 * count + 20):
            page.keyboard.press("Tab")
            what, tag = page.evaluate(STEP)
            if what == "unseen":
                wrong.append(f"the focus isn't seen: {tag}")
            if what == "end":
                break
        left = page.evaluate(LEFT)
    wrong += [f"not reached: {tag}" for tag in left]
    if wrong:
        pytest.fail(f"of {count}:\n" + "\n".join(wrong[:20]), pytrace=False)


# How many stops there are between the beginning of the text and the first
# button that runs code, links in sentences apart, and how many a cell has.
STOPS = """() => {
    const stops = [...document.querySelectorAll(
        "article :is(a[href], button, input, summary, [tabindex='0'])")]
        .filter(e => e.checkVisibility({visibilityProperty: true})
            && e.tabIndex >= 0 && !e.closest(".stepper"));
    const run = stops.findIndex(e => e.matches(".live-bar button"));
    const first = run < 0 ? -1
        : stops.slice(0, run).filter(e => !e.closest("p")).length;
    const cells = [...document.querySelectorAll("div.cell")].map(
        cell => stops.filter(e => cell.contains(e)).length);
    return [first, Math.max(...cells)];
}"""


@pytest.mark.parametrize("path", [p for p in PAGES if CELLS.match(p)])
def test_few_keys_lead_from_cell_to_cell(window: Opener, path: str) -> None:
    """Protects the Tab key from stopping at each of a thousand names.

    A cell has at most what leads to its file, to what its names are, what
    copies and runs it, a box that scrolls, what folds it, and its caption's
    links; a figure that is played with has its own controls besides.
    """
    with window() as opened:
        first, most = opened.open(path).evaluate(STOPS)
    assert 0 <= first <= 8
    assert most <= 8


def test_the_arrows_lead_from_name_to_name(page: Page) -> None:
    """Protects those who have no mouse from names that are out of reach."""
    names = page.locator("#cell-1 a.name")
    assert names.count() > 4
    names.first.focus()
    for name in names.all()[1:]:
        page.keyboard.press("ArrowRight")
        expect(name).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(names.nth(-2)).to_be_focused()
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.matches('a.name')")
    page.keyboard.press("Shift+Tab")
    expect(names.nth(-2)).to_be_focused()


SMALL = """least => [...document.querySelectorAll(
    "button, select, summary, input, label:has(> input)")]
    .filter(e => e.checkVisibility({visibilityProperty: true})
        && !e.matches("[type=radio], [type=checkbox]"))
    .filter(e => {
        const box = e.getBoundingClientRect();
        return box.width && (box.height < least || box.width < 24);
    })
    .map(e => e.outerHTML.slice(0, 100))"""


@pytest.mark.parametrize(("touch", "least"), [(False, 24), (True, 44)])
def test_what_is_pressed_is_large_enough(
    browser: Browser, served: Site, touch: bool, least: int
) -> None:
    """Protects fingers, and hands that tremble."""
    context = browser.new_context(
        viewport={"width": 390, "height": 900},
        has_touch=touch,
        is_mobile=touch,
    )
    page = context.new_page()
    page.goto(served.address(CHAPTER))
    page.get_by_role("button", name=OPENER).first.click()
    page.locator(".live-code .cm-editor").first.wait_for()
    small = page.evaluate(SMALL, least)
    page.goto(served.address("book/playground.html"))
    page.locator(".playground-bar").wait_for()
    small += page.evaluate(SMALL, least)
    context.close()
    assert small == []


def test_code_is_copied(page: Page) -> None:
    """Protects readers who take a cell along, to the letter."""
    page.evaluate(
        """() => {
            navigator.clipboard.writeText = async text => {
                window.copied = text;
            };
        }"""
    )
    cell = page.locator("#cell-2")
    cell.get_by_role("button", name="Copy").click()
    expect(cell.get_by_role("button", name="Copied")).to_be_visible()
    code = cell.locator(".cell_input pre").text_content()
    assert page.evaluate("window.copied") == code


def press(thing: Locator, key: str = "Enter") -> None:
    thing.focus()
    thing.page.keyboard.press(key)


def test_what_is_folded_opens_by_the_keys(page: Page) -> None:
    """Protects code and solutions from being there for a mouse alone."""
    folded = page.locator("article details")
    kinds = set()
    assert folded.count() > 2
    for one in folded.all():
        kinds |= set((one.get_attribute("class") or "").split())
        assert one.get_attribute("open") is None
        press(one.locator("> summary"))
        assert one.get_attribute("open") is not None
        expect(one.locator(":scope > :not(summary)").last).to_be_visible()
        press(one.locator("> summary"), " ")
        assert one.get_attribute("open") is None
    assert {"solution", "stage-diff"} <= kinds


def test_the_table_of_contents_opens_and_closes_on_a_phone(
    narrow: Page,
) -> None:
    """Protects the way to other chapters, where it isn't in view."""
    chapter = narrow.locator("a", has_text=re.compile("Two moons")).first
    expect(chapter).not_to_be_in_viewport()
    toggle = narrow.locator(".primary-toggle")
    press(toggle)
    expect(chapter).to_be_in_viewport()
    narrow.keyboard.press("Escape")
    expect(chapter).not_to_be_in_viewport()
    expect(toggle).to_be_focused()


def test_the_contents_of_the_page_open_and_close_on_a_phone(
    narrow: Page,
) -> None:
    """Protects the overview of a long chapter."""
    section = narrow.locator("nav.page-toc a").first
    expect(section).not_to_be_in_viewport()
    press(narrow.locator(".secondary-toggle"))
    expect(section).to_be_in_viewport()
    narrow.keyboard.press("Escape")
    expect(section).not_to_be_in_viewport()


def test_a_wide_graph_scrolls_in_its_box_by_the_keys(narrow: Page) -> None:
    """Protects the far end of a graph from being out of reach."""
    graph = narrow.locator(".drawing.graph").last
    graph.focus()
    assert graph.evaluate("box => box.scrollWidth > box.clientWidth")
    narrow.keyboard.press("ArrowRight")
    expect(graph).not_to_have_js_property("scrollLeft", 0)
