"""The cards that show what a link leads to, as the build writes them.

How they are shown is tested in a browser: tests/browser/test_previews.py.
"""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from pathlib import Path

import pytest
import site_rules
from bs4 import BeautifulSoup, Tag
from site_rules import Page, Site

from weave.previews import cards

pytestmark = pytest.mark.xdist_group("book")

ROOT = Path(__file__).resolve().parents[2]


@cache
def cards_of(html: Path, page: str) -> dict[str, str]:
    """The cards that are written for a page, by the ids of their places."""
    text = (html / "_previews" / f"{page}.js").read_text("utf-8")
    found = re.fullmatch(r"bookPreviews\((\".*?\"),(.*)\)\n", text)
    assert found
    assert json.loads(found[1]) == page
    read: dict[str, str] = json.loads(found[2])
    return read


def book_pages(site: Site) -> list[Page]:
    """The pages that are written, not made by Sphinx."""
    return [page for path, page in site.pages.items() if "book/" in path]


def test_every_page_has_cards(site: Site) -> None:
    """Protects `previews.js` from asking for what isn't there."""
    for page in book_pages(site):
        title = page.soup.article.h1.get_text().strip("# \n")
        card = cards_of(site.html, page.path.removesuffix(".html"))[""]
        assert title in BeautifulSoup(card, "html.parser").get_text()


def is_way_back(tag: Tag) -> bool:
    """Does a link lead from the bibliography to who cites it?"""
    return tag.find_parent(class_="citation") is not None


def test_there_are_cards_for_what_is_linked_to(site: Site) -> None:
    """Protects a link from having no card where others like it have one."""
    kinds = r"term-|fig-|equation-|def-|id\d|micrograd\."
    linked: set[str] = set()
    for page in book_pages(site):
        for path, anchor, tag in site_rules.targets(page):
            known = re.match(kinds, anchor)
            shown = tag.find_parent("article") and not is_way_back(tag)
            if tag.name == "a" and known and shown:
                name = path.removesuffix(".html")
                assert cards_of(site.html, name)[anchor].strip()
                linked.add(known[0])
    assert linked >= {"term-", "fig-", "def-", "micrograd."}


def test_a_card_can_stand_on_any_page(site: Site) -> None:
    """Protects pages from ids that are there twice, and links in a tooltip.

    (A drawing's parts are known by their ids; the script renames those.)
    """
    for page in book_pages(site):
        name = page.path.removesuffix(".html")
        for anchor, card in cards_of(site.html, name).items():
            soup = BeautifulSoup(card, "html.parser")
            assert soup.select("a[href], button, input, script") == [], anchor
            ids = [str(tag["id"]) for tag in soup.select("[id]")]
            assert all(re.match(r"figure\d+-", i) for i in ids), anchor
            assert not re.search(r":math:|``", soup.get_text()), anchor


def test_a_term_has_its_definition_on_its_card(site: Site) -> None:
    """Protects the cards from showing something else."""
    glossary = cards_of(site.html, "book/appendix/glossary")
    operand = BeautifulSoup(glossary["term-operand"], "html.parser")
    assert operand.get_text().startswith("A value that goes into an operation")
    # Two names of one thing have the same card.
    assert glossary["term-MLP"] == glossary["term-multi-layer-perceptron"]
    assert 'class="katex"' in glossary["term-tanh"]


def test_a_definition_shows_how_it_begins(site: Site) -> None:
    """Protects the cards of names: each version has its own."""
    value = cards_of(site.html, "book/03-value")
    assert text(value["def-Value.__init__"]).startswith("def __init__(self,")
    assert "_prev" not in text(value["def-Value.__init__"])
    assert "_prev" in text(value["def-Value.__init__-2"])
    tanh = cards_of(site.html, "book/07-operations")["def-Value.tanh"]
    assert "def tanh(self) -> Value:" in text(tanh)
    assert "The hyperbolic tangent" in text(tanh)
    assert "math.tanh(self.data)" not in text(tanh)
    assert 'class="katex"' in tanh


def text(card: str) -> str:
    return BeautifulSoup(card, "html.parser").get_text()


def test_a_figure_is_on_its_card_unless_it_is_large(site: Site) -> None:
    """Protects the reader's patience from the drawing of a whole network."""
    value = cards_of(site.html, "book/04-graph")
    assert "<svg" in value["fig-draw-dot"]
    assert "drawn from its trail" in value["fig-draw-dot"]
    network = cards_of(site.html, "book/10-mlp")["fig-mlp"]
    assert "<svg" not in network
    assert "It opens at the last step" in network


def test_a_card_takes_what_it_needs_from_a_page() -> None:
    """Protects cards from ids, links and the theme's buttons."""
    page = """
    <section id="s"><h2>Title<a class="headerlink" href="#s">#</a></h2>
    <p>One, <a href="there.html" id="x">linked</a>.</p><p>Two.</p></section>
    <dl class="glossary"><dt id="term-a">a</dt><dt id="term-b">b</dt>
    <dd><p>Both.</p></dd></dl>
    """
    assert dict(cards(page)) == {
        "term-a": "<p>Both.</p>",
        "term-b": "<p>Both.</p>",
        "s": '<p class="preview-title">Title</p>'
        "<p>One, <span>linked</span>.</p>",
    }


def test_a_page_pays_little_for_its_previews(site: Site) -> None:
    """Protects the weight of pages: cards are not on them, and come later."""
    script = (ROOT / "book/_static/previews.js").read_bytes()
    assert len(gzip.compress(script)) < 3000
    for page in site.pages.values():
        assert "bookPreviews" not in page.text
        assert page.select('script[src*="_previews"]') == []
