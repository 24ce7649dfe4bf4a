"""Every page, in a real browser: it is whole, alone, and fits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import browsing
import pytest
from browsing import HEIGHT, Site, Window
from playwright.sync_api import Browser

Opener = Callable[..., AbstractContextManager[Window]]


def told(wrong: list[str]) -> None:
    """Fail with what is wrong, if anything is."""
    if wrong:
        pytest.fail("\n".join(wrong[:30]), pytrace=False)


def test_nothing_goes_wrong_and_nobody_is_asked(
    browser: Browser, site: Site
) -> None:
    """Protects readers who are offline, and everybody's privacy.

    A page that reports an error has something on it that doesn't work. It is
    opened in the light, and then it gets dark.
    """
    wrong = []
    with browsing.window(browser, site) as window:
        for path in site.pages:
            page = window.open(path)
            # What is fetched only when it comes into view is fetched now.
            page.keyboard.press("End")
            page.emulate_media(color_scheme="dark")
            page.wait_for_load_state("networkidle")
            wrong += [f"{path}: {trouble}" for trouble in window.troubles]
            page.emulate_media(color_scheme="light")
    told(wrong)


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
        page.evaluate(harm)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(100)
        # The page's policy stops a script, but nobody who follows a link.
        page.evaluate("location.href = 'https://example.org/'")
        page.wait_for_timeout(100)
        said = "\n".join(window.troubles)
    for expected in (
        "Connecting to 'https://example.org/' violates",
        "asks another origin: https://example.org/",
        "404: http://127.0.0.1",
        "warning: careful",
        "error: broken",
    ):
        assert expected in said


# What a script has folded is opened, and what it has put in is left out.
TEXT = """() => {
    const added = ".copybtn, .live-bar, .stepper-controls";
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


def test_without_scripts_the_page_is_whole(window: Opener) -> None:
    """Protects readers who don't let pages run anything.

    Text, formulas, code, outputs and figures are there, in the same words.
    """
    wrong = []
    with window() as one, window(scripts=False) as other:
        for path in one.site.pages:
            if path == "search.html":
                continue
            pages = one.open(path), other.open(path)
            texts = [page.evaluate(TEXT).split() for page in pages]
            if texts[0] != texts[1]:
                wrong.append(f"{path}: {difference(*texts)}")
            hidden = pages[1].evaluate(NOT_SEEN)
            wrong += [f"{path}: not to be seen: {what}" for what in hidden]
    told(wrong)


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


def test_every_page_fits_its_window(window: Opener) -> None:
    """Protects the reader's place in the line.

    Nothing makes the page scroll sideways: what is wide has a box. No line
    begins with the comma after a formula.
    """
    wrong = []
    with window() as opened:
        for path in opened.site.pages:
            page = opened.open(path)
            for width in (390, 768, 1024, 1280, 1920):
                page.set_viewport_size({"width": width, "height": HEIGHT})
                for what in page.evaluate(WIDER) + page.evaluate(STRAY):
                    wrong.append(f"{path}, {width} pixels: {what}")
    told(wrong)


NAVIGATION = (
    ".bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article button,"
    " .prev-next-area, .copybtn, #pst-back-to-top, #pst-skip-link, dialog"
)


def test_paper_has_no_navigation(window: Opener) -> None:
    """Protects printed pages from what only a screen can do."""
    wrong = []
    with window() as opened:
        opened.page.emulate_media(media="print")
        for path in opened.site.pages:
            page = opened.open(path)
            for tag in page.locator(NAVIGATION).all():
                if tag.is_visible():
                    wrong.append(f"{path}: {tag.get_attribute('class')}")
            if path.startswith("book/"):
                assert page.locator("article :is(p, pre):visible").count() > 0
    told(wrong)
