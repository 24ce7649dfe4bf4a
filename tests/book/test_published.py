"""What pages say of themselves, with and without an address."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from project import Project
from small import PAGES, small_book

pytestmark = pytest.mark.xdist_group("published")

SITE = "https://reader.example/the-book/"
REPOSITORY = "https://github.com/reader/the-book"


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A book that has neither an address nor a repository."""
    project = small_book(tmp_path_factory.mktemp("published") / "the book")
    project.build()
    return project


@pytest.fixture(scope="module")
def with_both(without: Project) -> Iterator[Project]:
    """The book once it has both, as _config.yml shows it in comments."""
    with without.put_back():
        config = without.path / "_config.yml"
        shown = r"(?m)^( *)# (html: \{|repository_\w+: |use_\w+: )"
        text = re.sub(shown, r"\1\2", config.read_text())
        text = re.sub(r"baseurl: [^,}]*", f"baseurl: {SITE}", text)
        text = re.sub(r"_url: https://github.*", f"_url: {REPOSITORY}", text)
        config.write_text(text)
        without.build()
        yield without


def pages(project: Project) -> dict[str, BeautifulSoup]:
    return {
        name: BeautifulSoup(text, "html.parser")
        for name, text in project.pages().items()
    }


def chapters(project: Project) -> dict[str, BeautifulSoup]:
    found = pages(project)
    return {name: found[f"book/{name}.html"] for name in PAGES}


def content(page: BeautifulSoup, selector: str) -> list[str]:
    return [str(tag["content"]) for tag in page.select(selector)]


def test_without_an_address_nothing_is_said_of_one(without: Project) -> None:
    """Protects pages from addresses, and buttons, that lead nowhere."""
    html = without.path / "_build/html"
    for name in ("404.html", "sitemap.xml", "card.png"):
        assert not (html / name).exists()
    for page in pages(without).values():
        assert not page.select("link[rel=canonical], meta[property]")
        assert not page.select(".article-header-buttons a")


def test_a_page_has_a_title_and_a_description(without: Project) -> None:
    """Protects those who search from results that say nothing."""
    for name, page in chapters(without).items():
        own = re.search(r"# (.*)", PAGES[name])
        assert own
        assert page.title
        title = page.title.get_text()
        assert title == f"{own[1]} · How Neural Networks Learn"
        assert content(page, "meta[name=description]") == ["Prose."]
        assert len(page.select("meta[name=viewport]")) == 1
        assert page.html
        assert page.html["lang"] == "en"


def test_with_an_address_pages_give_it(with_both: Project) -> None:
    """Protects search engines, and cards of shared links, from guessing."""
    for name, page in chapters(with_both).items():
        address = f"{SITE}book/{name}.html"
        links = page.select("link[rel=canonical]")
        assert [link["href"] for link in links] == [address]
        assert content(page, "meta[property='og:url']") == [address]
        assert content(page, "meta[property='og:description']") == ["Prose."]
        (card,) = content(page, "meta[property='og:image']")
        assert card.startswith(SITE)
        file = with_both.path / "_build/html" / card.removeprefix(SITE)
        begin = struct.unpack(">8s4x4sii", file.read_bytes()[:24])
        assert begin == (b"\x89PNG\r\n\x1a\n", b"IHDR", 1200, 630)


def test_with_an_address_there_is_a_list_of_pages(with_both: Project) -> None:
    """Protects pages from not being found; also of a build of one page."""
    with_both.edit("book/02-two.md", "Prose.", "Better prose.")
    with_both.build()
    sitemap = with_both.path / "_build/html/sitemap.xml"
    listed = [place.text for place in ElementTree.parse(sitemap).iter()]
    assert [place for place in listed if place] == sorted(
        f"{SITE}book/{name}.html" for name in PAGES
    )


def test_with_an_address_a_lost_reader_is_led_back(
    with_both: Project,
) -> None:
    """Protects the 404 page, which is shown at any depth of addresses."""
    html = with_both.path / "_build/html"
    page = BeautifulSoup((html / "404.html").read_text(), "html.parser")
    assert "no such page" in page.get_text()
    tags = page.select("link[rel=stylesheet], script[src], nav a")
    assert len(tags) > 10
    for tag in tags:
        address = str(tag.get("href") or tag.get("src")).partition("?")[0]
        assert address.startswith("/the-book/"), address
        assert (html / address.removeprefix("/the-book/")).is_file(), address


def test_with_a_repository_buttons_lead_there(with_both: Project) -> None:
    """Protects those who want to see a page's source, or mend it."""
    page = chapters(with_both)["02-two"]
    buttons = page.select(".article-header-buttons a[aria-label]")
    assert [str(b["href"]).partition("?")[0] for b in buttons] == [
        REPOSITORY,
        f"{REPOSITORY}/blob/main/book/02-two.md",
        f"{REPOSITORY}/edit/main/book/02-two.md",
        f"{REPOSITORY}/issues/new",
    ]
