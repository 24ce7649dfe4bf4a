"""What axe-core finds on the pages: nothing."""

from __future__ import annotations

import pytest
from axe import COLOURS, look, look_at_colours
from browsing import HEIGHT, Opener, every_page
from visiting import Visitor

__all__ = ["COLOURS", "look"]


@every_page
def test_axe_finds_nothing(visitor: Visitor, path: str) -> None:
    """Protects readers who see little, or use the keys, or listen."""
    if wrong := visitor.visit(path).inaccessible:
        pytest.fail("\n".join(f"{path}, {w}" for w in wrong[:30]), False)


HARM = """([style, words]) => document.querySelector("article").innerHTML += `
    <style>${style}</style>
    <details><summary>More</summary><img src="gone.png">
    ${words}</details>`"""


def test_axe_finds_what_is_wrong(window: Opener) -> None:
    """Protects the test above from passing because nobody looks."""
    words = '<p style="color: #999; background: #aaa">Hard to read.</p>'
    with window() as opened:
        page = opened.open("book/01-derivative.html")
        page.evaluate(HARM, ["", words])
        rules = {one["rule"] for one in look(page)}
    assert {"image-alt", "color-contrast"} <= rules


BACK = "position: absolute; inset: 0; background: #888"
ALL = {"1280 light", "1280 dark", "390 light", "390 dark"}


@pytest.mark.parametrize(
    ("style", "words", "seen"),
    [
        ("", '<p style="color: #999">Hard</p>', {"1280 light", "390 light"}),
        (
            "[data-theme=dark] .hard { color: #444 }",
            '<p class="hard">Hard</p>',
            {"1280 dark", "390 dark"},
        ),
        (
            "@media (max-width: 400px) { .hard { background: #888 } }",
            '<p class="hard">Hard</p>',
            {"390 light", "390 dark"},
        ),
        (
            ".hard { opacity: 0.3 }",
            '<div class="hard"><p>Hard</p></div>',
            ALL,
        ),
        (
            ".hard, .hard p { position: relative }",
            f'<div class="hard"><div style="{BACK}"></div><p>Hard</p></div>',
            ALL,
        ),
        (
            "article a.hard { color: #0000d0; text-decoration: none }",
            '<p>A word, <a class="hard" href="#">and another</a>, of it</p>',
            ALL,
        ),
    ],
)
def test_colours_that_are_only_somewhere_are_found(
    window: Opener, style: str, words: str, seen: set[str]
) -> None:
    """Protects the test above from knowing too much already.

    Nothing is looked at that looks like something good on another page.
    """
    known: set[str] = set()
    found = set()
    with window() as opened:
        for harm in (False, True):
            page = opened.open("book/index.html")
            if harm:
                page.evaluate(HARM, [style, words])
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": HEIGHT})
                for colours in ("dark", "light"):
                    opened.turn(colours)
                    if look_at_colours(page, known):
                        assert harm
                        found.add(f"{width} {colours}")
    assert found == seen
