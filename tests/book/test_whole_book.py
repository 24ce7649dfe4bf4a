"""`make book` makes the whole book from nothing, and every page is right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import site_rules
from project import Project
from site_rules import Page, Site

from figures.palette import LIGHT, MEANINGS

pytestmark = pytest.mark.xdist_group("book")


def test_make_book_makes_the_book_and_says_where_it_is(
    making: tuple[Project, bool, str],
) -> None:
    """Protects the stranger who has typed it, and waited."""
    project, good, said = making
    assert good, said
    index = project.path / "_build/html/index.html"
    assert index.is_file()
    assert f"The book: {index}" in said.splitlines()[-2:]


def test_every_listed_page_is_built(book: Project, site: Site) -> None:
    """Protects chapters from being left out."""
    toc = (book.path / "_toc.yml").read_text()
    listed = re.findall(r"(?:root|file): *(\S+)", toc)
    assert len(listed) > 13
    assert [page for page in listed if f"{page}.html" not in site.pages] == []


def test_every_code_cell_was_executed(book: Project, site: Site) -> None:
    """Protects chapters from being read as if they had no code."""
    executed = {}
    written = {}
    for chapter in sorted((book.path / "book").glob("[0-9]*.md")):
        page = site.pages[f"book/{chapter.stem}.html"]
        executed[chapter.stem] = sum(
            cell.execution_count is not None for cell in page.cells
        )
        cells = re.findall(r"^```\{code-cell\}", chapter.read_text(), re.M)
        written[chapter.stem] = len(cells)
    assert executed == written
    assert all(executed.values())


def test_every_page_can_be_reached_from_the_front_door(site: Site) -> None:
    """Protects pages from being there and never found."""
    reached = set()
    ahead = ["index.html"]
    while ahead:
        path = ahead.pop()
        if path in site.pages and path not in reached:
            reached.add(path)
            ahead += [to for to, *_ in site_rules.targets(site.pages[path])]
    assert set(site.pages) - reached == set()


def test_the_faces_are_there_with_their_licences(site: Site) -> None:
    """Protects the look of the pages, their weight and their authors."""
    static = site.html / "_static"
    named = re.findall(r'url\("(.+?)"\)', (static / "fonts.css").read_text())
    weights = [(static / name).stat().st_size for name in named]
    assert len(weights) == 4
    assert sum(weights) <= 80_000
    for name in named:
        font = name.partition("-latin-")[0]
        licence = (static / f"{font}-LICENSE.txt").read_text()
        assert "SIL Open Font License" in licence


def test_no_style_sheet_asks_elsewhere(site: Site) -> None:
    """Protects readers who are offline, and everybody's privacy."""
    wrong = [
        f"{sheet.relative_to(site.html)}: {found[:80]}"
        for sheet in site.html.rglob("*.css")
        for found in re.findall(
            r"(?:@import|url\()\s*['\"]?(?:https?:)?//.*", sheet.read_text()
        )
    ]
    assert wrong == []


def test_figures_tables_and_equations_are_numbered_by_chapter(
    site: Site,
) -> None:
    """Protects "Figure 6.2" from being found in another chapter."""
    for path, page in site.pages.items():
        if chapter := re.match(r"book/(\d\d)-", path):
            tags = page.select(":is(figcaption, caption) .caption-number")
            tags += page.select("article .eqno")
            numbers = [re.findall(r"[\d.]+", tag.get_text()) for tag in tags]
            wrong = [
                number
                for number in numbers
                if not number[0].startswith(f"{int(chapter[1])}.")
            ]
            assert wrong == [], path


def test_prose_and_formulas_wear_the_palette(site: Site) -> None:
    """Protects data, gradient, operation, parameter from losing colour."""
    chapters = [page for path, page in site.pages.items() if "/0" in path]
    for meaning in MEANINGS:
        selector = f"article p span.{meaning}"
        assert any(page.select(selector) for page in chapters), meaning
        selector = f'.katex [style*="color:{LIGHT[meaning]}"]'
        coloured = any(page.select(selector) for page in chapters)
        assert coloured or meaning == "operation"


def test_every_file_that_a_style_sheet_names_is_there(site: Site) -> None:
    """Protects pages from missing fonts and pictures."""
    named = [
        (sheet, address)
        for sheet in site.html.rglob("*.css")
        for address in re.findall(
            r"""url\(\s*['"]?(?!data:)([^'")?#]+)""", sheet.read_text("utf-8")
        )
    ]
    assert named
    missing = [
        f"{sheet.relative_to(site.html)}: {address}"
        for sheet, address in named
        if not (sheet.parent / address).is_file()
    ]
    assert missing == []


def named(rule: Callable[[Page], Iterator[str]]) -> str:
    return rule.__name__


@pytest.mark.parametrize("rule", site_rules.RULES, ids=named)
def test_on_every_page(
    looked_at: list[Page], rule: Callable[[Page], Iterator[str]]
) -> None:
    """Protects what the rule's own docstring says: see site_rules.py."""
    wrong = [
        f"{page.path}: {what}" for page in looked_at for what in rule(page)
    ]
    if wrong:
        pytest.fail("\n".join(wrong[:20]), pytrace=False)


@pytest.fixture
def changing(book: Project) -> Iterator[Project]:
    """The whole book, to be changed: it is put back after the test."""
    with book.put_back():
        yield book


def test_nothing_is_read_again_when_nothing_has_changed(
    changing: Project,
) -> None:
    """Protects a second `make book` from taking as long as the first."""
    with changing.reads() as read:
        (changing.path / "_build/built-from.json").unlink()
        changing.build()
    assert read == set()


@pytest.mark.parametrize(
    ("chapter", "code", "error"),
    [
        ("06-backward", "Value(1.0).tanh()", "AttributeError"),
        ("09-neuron", "from micrograd.nn import MLP", "ModuleNotFoundError"),
        ("13-same-in-pytorch", "from micrograd import MLP", "ImportError"),
    ],
)
def test_a_chapter_cannot_use_what_a_later_one_teaches(
    changing: Project, chapter: str, code: str, error: str
) -> None:
    """Protects the reader from what hasn't been explained yet."""
    code = f"from micrograd.engine import Value\n{code}"
    line = changing.add_cell(f"book/{chapter}.md", code) + 1
    assert f"book/{chapter}.md:{line}: {error}" in changing.fail()


# A rule that finds nothing may be blind, so each is shown what it forbids.
BREACHES = {
    "every_link_leads_somewhere": [
        '<a href="gone.html">a page</a>',
        '<a href="#gone">a place</a>',
        '<a href="other.html#gone">a place elsewhere</a>',
        '<img src="gone.png">',
        '<img srcset="here.png, gone.png 2x">',
        '<svg><use xlink:href="#gone"/></svg>',
        '<svg><g clip-path="url(#gone)"/></svg>',
        '<meta http-equiv="Refresh" content="0; url=gone.html">',
    ],
    "no_link_leads_to_a_source": ['<a href="02-by-hand.md#here">there</a>'],
    "ids_are_unique": ['<p id="twice"></p><p id="twice"></p>'],
    "nothing_comes_from_elsewhere": [
        '<script src="https://example.org/a.js"></script>',
        '<link rel="preconnect" href="//example.org">',
        '<img src="http://example.org/a.png">',
        '<script>load("https://example.org/a.js")</script>',
        "<style>@import url(https://example.org/a.css)</style>",
        '<p style="background: url(https://example.org/a.png)"></p>',
    ],
    "the_markup_is_gone": [
        "<p>see {numref}fig-loss</p>",
        "<p>after {cite:t}`knuth1984`</p>",
        "<p>$$ x = 1 $$</p>",
        "<p>the number $x$</p>",
        r"<p>\(x\)</p>",
        "<p>```{code-cell} python</p>",
        "<p>:::{note}</p>",
        "<p>**bold**</p>",
        "<p>[a link](there)</p>",
    ],
    "no_list_is_a_line_of_prose": [
        "<article><p>a rate of</p><ol><li>And so on.</li></ol></article>"
    ],
    "formulas_are_set": [
        r'<article><span class="math">\(x\)</span></article>',
        '<article><span class="katex-error">x</span></article>',
    ],
    "errors_are_shown_only_where_they_are_taught": [
        '<div class="cell"><div class="output traceback">E</div></div>',
        "<pre>Traceback (most recent call last)</pre>",
        '<div class="cell"><div class="output stderr">careful!</div></div>',
        '<div class="system-message">WARNING</div>',
    ],
    "nothing_tells_of_the_machine": [
        "<pre>File /home/a/lib/site-packages/b.py</pre>",
        "<pre>File {here}/_build/stages/01/micrograd/engine.py</pre>",
    ],
    "no_output_is_a_flood": [
        '<div class="cell_output"><pre class="output">'
        + "again\n" * 100
        + "</pre></div>"
    ],
    "what_a_cell_prints_stands_in_one_piece": [
        '<pre class="output stream">1</pre><pre class="output stream">2</pre>'
    ],
    "every_picture_is_described": [
        '<img src="a.png">',
        '<img src="a.png" alt=" ">',
        '<img src="a.png" alt="a.png">',
        '<img src="_images/a.png" alt="a">',
        '<img src="a.png" alt="b.svg">',
        '<img src="a.png" alt="the slope at $x$">',
        "<svg></svg>",
        '<svg role="img"></svg>',
        '<svg aria-label="two moons"></svg>',
    ],
    "every_picture_has_a_caption": [
        '<p class="cell_output"><img src="a.png" alt="two moons"></p>',
        '<figure><img src="a.png" alt="two moons"></figure>',
        "<figure><figcaption><span class='caption-number'>Fig. 1</span>"
        "<span class='caption-text'> </span></figcaption></figure>",
    ],
    "there_is_one_main_heading": ["<h1>Two</h1>"],
    "every_output_is_on_the_page": [
        '<div class="cell"></div>',
        '<div class="cell"><p class="cell_output">other</p></div>',
        '<div class="cell"><p class="cell_output">printed</p></div>' * 2,
    ],
}

GOOD = """
<a href="#here" id="here">here</a> <a href="https://example.org">away</a>
<a href="here.md" download>to take along</a>
<a href="other.html?q=1#there">there</a> <img src="here.png" alt="a dot">
<svg role="img" aria-label="a line"><g clip-path="url(#here)"/></svg>
<svg aria-hidden="true"></svg> <code>{cite}`x`</code>
<figure><figcaption><p class="caption-text">A line.</figcaption></figure>
<article><span class="math"><span class="katex">x</span></span>
<p>Two:</p><ul><li>one</li></ul></article>
<div class="cell tag_raises-exception"><div class="cell_output">
<pre class="output stream">printed</pre>
<pre class="output traceback">E  Traceback (most recent call last)</pre>
</div></div>
"""

NOTEBOOK = """
{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
    {"cell_type": "code", "execution_count": 1, "id": "a", "metadata": {},
     "source": "", "outputs": [
        {"output_type": "stream", "name": "stdout", "text": "printed"},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
    ]}]}
"""


def example(build: Path, body: str) -> Page:
    """A page of one cell, in a site with another page and a picture."""
    (build / "html").mkdir()
    (build / "html/other.html").write_text('<p id="there"></p>')
    (build / "html/here.png").touch()
    (build / "html/here.md").touch()
    (build / "html/page.html").write_text(f"<h1>One</h1>{body}")
    (build / "jupyter_execute").mkdir()
    (build / "jupyter_execute/page.ipynb").write_text(NOTEBOOK)
    return Site(build).pages["page.html"]


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        pytest.param(rule, body, id=f"{named(rule)}-{number}")
        for rule in site_rules.RULES
        for number, body in enumerate(BREACHES[named(rule)])
    ],
)
def test_a_rule_sees_its_breach(
    tmp_path: Path, rule: Callable[[Page], Iterator[str]], body: str
) -> None:
    """Protects the rules from passing because they look at nothing."""
    page = example(tmp_path, body.replace("{here}", str(tmp_path.parent)))
    assert list(rule(page))


@pytest.mark.parametrize("rule", site_rules.RULES, ids=named)
def test_a_rule_lets_a_good_page_pass(
    tmp_path: Path, rule: Callable[[Page], Iterator[str]]
) -> None:
    """Protects the rules from forbidding what they should not."""
    assert list(rule(example(tmp_path, GOOD))) == []
