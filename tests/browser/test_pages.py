"""Every page, in a real browser: it is whole, alone, and fits."""

from __future__ import annotations

import browsing
import pytest
from browsing import PAGES, Site, every_page
from playwright.sync_api import Browser
from visiting import Visitor


def told(path: str, wrong: list[str]) -> None:
    """Fail with what is wrong on a page, if anything is."""
    if wrong:
        pytest.fail("\n".join(f"{path}: {w}" for w in wrong[:30]), False)


def test_these_are_the_pages(served: Site) -> None:
    """Protects pages from not being looked at by any of these tests."""
    assert sorted(served.pages) == sorted(PAGES)


@every_page
def test_nothing_goes_wrong_and_nobody_is_asked(
    visitor: Visitor, path: str
) -> None:
    """Protects readers who are offline, and everybody's privacy.

    A page that reports an error has something on it that doesn't work. It is
    opened in the light, and then it gets dark.
    """
    wrong = [f"on the disk: {w}" for w in visitor.troubles_on_disk(path)]
    told(path, visitor.visit(path).troubles + wrong)


def test_the_window_sees_what_goes_wrong(
    browser: Browser, served: Site
) -> None:
    """Protects the test above from passing because it hears nothing."""
    harm = """
        fetch("https://example.org/").catch(() => {});
        fetch("gone.html");
        console.warn("careful");
        setTimeout(() => { throw new Error("broken") });
    """
    with browsing.window(browser, served) as window:
        page = window.open("search.html")
        with page.expect_event("pageerror"):
            page.evaluate(harm)
        window.settle()
        # The page's policy stops a script, but nobody who follows a link.
        with page.expect_event("requestfailed"):
            page.evaluate("location.href = 'https://example.org/'")
        said = "\n".join(window.troubles)
    for expected in (
        "Connecting to 'https://example.org/' violates",
        "asks another origin: https://example.org/",
        "404: http://127.0.0.1",
        "warning: careful",
        "error: broken",
    ):
        assert expected in said


@every_page
def test_without_scripts_the_page_is_whole(
    visitor: Visitor, path: str
) -> None:
    """Protects readers who don't let pages run anything.

    Text, formulas, code, outputs and figures are there, in the same words.
    """
    if path == "search.html":
        return
    text, hidden = visitor.without_scripts(path)
    wrong = [f"not to be seen: {what}" for what in hidden]
    if text != visitor.visit(path).text:
        wrong.append(difference(visitor.visit(path).text, text))
    told(path, wrong)


def difference(one: list[str], other: list[str]) -> str:
    """Where two texts begin to differ."""
    number = next(
        (n for n, (a, b) in enumerate(zip(one, other)) if a != b),
        min(len(one), len(other)),
    )
    with_scripts, without = (
        " ".join(words[max(0, number - 3) : number + 8])
        for words in (one, other)
    )
    return f"{with_scripts!r} is {without!r} without scripts"


@every_page
def test_every_page_fits_its_window(visitor: Visitor, path: str) -> None:
    """Protects the reader's place in the line.

    Nothing makes the page scroll sideways: what is wide has a box. No line
    begins with the comma after a formula.
    """
    told(path, visitor.visit(path).unfit)


@every_page
def test_paper_has_no_navigation(visitor: Visitor, path: str) -> None:
    """Protects printed pages from what only a screen can do."""
    told(path, visitor.visit(path).navigation)
    assert visitor.visit(path).printed > 0 or not path.startswith("book/")


@every_page
def test_every_icon_is_drawn(visitor: Visitor, path: str) -> None:
    """Protects buttons from being empty: the fonts have our icons alone."""
    told(path, visitor.visit(path).undrawn)
