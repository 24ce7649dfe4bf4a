"""Cards that show what a link leads to: by the mouse and by the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator

import browsing
import pytest
from browsing import Site
from playwright.sync_api import Browser, Locator, Page, expect

GLOSSARY = "book/appendix/glossary.html"
CHAPTER = "book/06-backward.html"


@pytest.fixture(params=[390, 1280])
def page(
    request: pytest.FixtureRequest, browser: Browser, on_disk: Site
) -> Iterator[Page]:
    """A window with the glossary, narrow or wide."""
    with browsing.window(browser, on_disk, width=request.param) as window:
        yield window.open(GLOSSARY)
        assert window.troubles == []


def card(page: Page) -> Locator:
    return page.locator("#preview")


def link_to(page: Page, place: str) -> Locator:
    return page.locator(f'article a[href$="#{place}"]').first


def reach(link: Locator) -> None:
    """Go to a link with the keyboard, as Tab does."""
    link.evaluate(
        """link => {
            const stop = document.createElement("button");
            link.before(stop);
            stop.focus();
        }"""
    )
    link.page.keyboard.press("Tab")
    expect(link).to_be_focused()
    link.evaluate("link => link.previousElementSibling.remove()")


def test_a_link_that_is_pointed_at_shows_its_card(page: Page) -> None:
    """Protects the reader from leaving the page for a definition."""
    expect(card(page)).to_be_hidden()
    link = link_to(page, "term-chain-rule")
    link.hover()
    expect(card(page)).to_be_visible()
    expect(card(page)).to_contain_text("along a path multiply")
    expect(card(page).locator(".katex").first).to_be_visible()
    stands_beside(card(page), link)
    # The pointer may go to the card, and stay there.
    card(page).hover()
    page.wait_for_timeout(400)
    expect(card(page)).to_be_visible()
    page.mouse.move(1, 1)
    expect(card(page)).to_be_hidden()


def stands_beside(card: Locator, link: Locator) -> None:
    """The card is in view, and not on its link."""
    box, place = card.bounding_box(), link.bounding_box()
    assert box
    assert place
    above = box["y"] + box["height"] <= place["y"]
    below = box["y"] >= place["y"] + place["height"]
    assert above or below
    width = link.evaluate("() => document.documentElement.clientWidth")
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    wide = link.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= width


def test_the_keyboard_shows_a_card_too(page: Page) -> None:
    """Protects readers without a mouse, and those who listen."""
    link = link_to(page, "term-operand")
    reach(link)
    expect(card(page)).to_be_visible()
    expect(card(page)).to_have_attribute("role", "tooltip")
    expect(link).to_have_attribute("aria-describedby", "preview")
    expect(link).to_have_accessible_description(
        "A value that goes into an operation. Chapter 3"
    )
    stands_beside(card(page), link)
    page.keyboard.press("Escape")
    expect(card(page)).to_be_hidden()
    expect(link).to_be_focused()
    expect(link).not_to_have_attribute("aria-describedby", "preview")


def test_a_card_goes_when_the_focus_does(page: Page) -> None:
    """Protects the text from staying covered."""
    reach(link_to(page, "term-operand"))
    expect(card(page)).to_be_visible()
    page.locator("#preview").evaluate("() => document.activeElement.blur()")
    expect(card(page)).to_be_hidden()


def test_a_click_still_follows_the_link(page: Page) -> None:
    """Protects links from being no more than their cards."""
    link_to(page, "term-operand").click()
    expect(page).to_have_url(re.compile(f"{GLOSSARY}#term-operand$"))


def test_a_citation_and_a_page_have_cards(
    browser: Browser, site: Site
) -> None:
    """Protects links to other pages, whose cards come from elsewhere."""
    with browsing.window(browser, site) as window:
        page = window.open(CHAPTER)
        page.locator('article a[href*="references.html#"]').first.hover()
        expect(card(page)).to_contain_text("The Art of Computer Programming")
        page = window.open(GLOSSARY)
        page.locator('article a[href$="06-backward.html"]').first.hover()
        expect(card(page)).to_contain_text("One rule, applied to every node")
        assert window.troubles == []


def test_a_figure_brings_no_id_twice(browser: Browser, site: Site) -> None:
    """Protects the drawing on the page from that on the card."""
    with browsing.window(browser, site) as window:
        page = window.open("book/04-graph.html")
        page.locator('article a[href*="#fig-"]').first.hover()
        expect(card(page).locator("svg")).to_be_visible()
        twice = page.evaluate(
            """() => {
                const ids = [...document.querySelectorAll("[id]")];
                const names = ids.map(element => element.id);
                return names.filter((id, i) => names.indexOf(id) !== i);
            }"""
        )
        assert twice == []


def test_what_leads_nowhere_in_the_book_has_no_card(
    browser: Browser, site: Site
) -> None:
    """Protects the console from requests for cards that there can't be."""
    with browsing.window(browser, site) as window:
        page = window.open(GLOSSARY)
        page.locator('article a[href$="genindex.html"]').hover()
        page.wait_for_timeout(500)
        expect(card(page)).to_be_hidden()
        assert window.troubles == []


def test_without_a_script_links_are_links(
    browser: Browser, site: Site
) -> None:
    """Protects readers who allow no scripts."""
    with browsing.window(browser, site, scripts=False) as window:
        page = window.open(GLOSSARY)
        link_to(page, "term-operand").click()
        expect(page).to_have_url(re.compile("#term-operand$"))
        assert page.locator("#preview").count() == 0
