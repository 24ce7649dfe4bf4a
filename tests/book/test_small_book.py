"""What `make book` does when a book is changed, or broken.

The book is a small one, which small.py makes.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from project import Project
from small import DRAW, PAGES, list_pages, small_book

from figures import palette

pytestmark = pytest.mark.xdist_group("small book")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small book, built from nothing."""
    project = small_book(tmp_path_factory.mktemp("small") / "the book")
    project.build()
    return project


@pytest.fixture
def book(built: Project) -> Iterator[Project]:
    """The small book as it was built; it is put back after each test."""
    with built.put_back():
        yield built


def soup(book: Project, name: str) -> BeautifulSoup:
    html = book.path / f"_build/html/book/{name}.html"
    return BeautifulSoup(html.read_text(), "html.parser")


def printed(book: Project, name: str) -> str:
    """All that the cells of a page have printed."""
    outputs = soup(book, name).select(".cell_output .output")
    return "".join(output.get_text() for output in outputs)


# Stages


@pytest.mark.parametrize(
    ("name", "stage", "modules"),
    [
        ("01-one", "index", []),
        ("02-two", "01-one", ["one"]),
        ("03-three", "02-two", ["one", "two"]),
        ("index", "notes", ["one", "three", "two"]),
        ("appendix/notes", "notes", ["one", "three", "two"]),
    ],
)
def test_a_page_imports_the_library_so_far(
    built: Project, name: str, stage: str, modules: list[str]
) -> None:
    """Protects the order of teaching; other pages have the whole library."""
    said = printed(built, name)
    assert f"stage: {stage}\n" in said
    assert re.findall(r"^(\w+): As", said, re.M) == modules


def test_plots_have_the_settings_of_the_book(built: Project) -> None:
    """Protects the colours and the format, without a line in any chapter."""
    assert "settings: ipython\n" in printed(built, "03-three")


# Pictures


def test_pictures_come_into_the_page_without_what_would_harm_it(
    built: Project,
) -> None:
    """Protects the page from a picture's scripts, styles, ids and colours."""
    pictures = soup(built, "03-three").select(".cell_output svg")
    assert len(pictures) == 3
    for picture in pictures:
        assert picture.select("script, style, metadata, title") == []
        assert not re.search("#0b5fa5", str(picture), re.I)
        assert "var(--book-data)" in str(picture)
    html = "".join(str(picture) for picture in pictures)
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    references = set(re.findall(r"(?:url\(|href=\")#([\w-]+)", html))
    assert len(references) > 3
    assert references <= set(ids)


def test_pictures_keep_their_descriptions(built: Project) -> None:
    """Protects readers who don't see the pictures, letter by letter."""
    pictures = soup(built, "03-three").select("figure svg[role=img]")
    assert [picture["aria-label"] for picture in pictures] == [
        f'A {name} & its "quotes" <b>'
        for name in ("drawing", "second", "plot")
    ]


# Plumbing


def test_plumbing_is_folded_and_runs_and_is_tangled(book: Project) -> None:
    """Protects what can be skipped at first from being left out."""
    fence = "````"
    cells = "Folded.\n\n```{code-cell} python\n:tangle: micrograd/two.py\n\n"
    cells += "x = 1\n```\n\n```{code-cell} python\nprint('seen', x)\n```"
    book.edit(
        "book/02-two.md",
        "Prose.",
        f"{fence}{{plumbing-start}} A <door>\n{fence}\n\n{cells}\n\n"
        f"{fence}{{plumbing-end}}\n{fence}\n\nBehind it.",
    )
    book.build()
    (fold,) = soup(book, "02-two").select("details.plumbing")
    assert not fold.has_attr("open")
    assert fold.select_one("summary").get_text() == "Plumbing: A <door>"
    assert "Folded." in fold.get_text() and "seen 1" in fold.get_text()
    assert "Behind it." not in fold.get_text()
    assert "x = 1" in (book.path / "micrograd/two.py").read_text()


# Changes


def notebook(book: Project, name: str) -> str:
    """The Markdown of the notebook that readers can take along."""
    file = book.path / f"_build/html/_sources/book/{name}.ipynb"
    cells = nbformat.read(file, as_version=4).cells
    return "\n\n".join(c.source for c in cells if c.cell_type == "markdown")


MYST = """
See {ref}`the other <other>`, {numref}`fig-plot` and [this](https://a.org);
2 * 3 * 4 of it costs 5\\$.

(here)=
## Here

```{admonition} Mind
What `x` is, $x^2$ says.
```

| a | b |
|:--|--:|
| 1 | *2* |

1. One

   again
2. Two

$$ y = 1 $$ (eq-y)

By {eq}`eq-y`.
"""

MARKDOWN = [
    "See the other, Figure 3 and [this](https://a.org);\n"
    r"2 \* 3 \* 4 of it costs 5\$.",
    "## Here",
    "**Mind**",
    "What `x` is, $x^2$ says.",
    "| a | b |\n| --- | --- |\n| 1 | *2* |",
    "1. One\n\n   again\n2. Two",
    "$$\ny = 1\n$$",
    "(1)",
    "By (1).",
]


def test_a_notebook_is_plain_markdown(book: Project) -> None:
    """Protects those who read a chapter in a Jupyter without MyST."""
    book.edit("book/02-two.md", "\nProse.", MYST)
    book.edit("book/03-three.md", "# Three", "(other)=\n# Three")
    book.build()
    text = notebook(book, "02-two")
    assert "\n\n".join(MARKDOWN) in text
    assert "pip install" in text


def test_a_notebook_leads_to_where_the_book_is_published(
    book: Project,
) -> None:
    """Protects the way back, once there is one; before, there is no link."""
    book.edit("book/02-two.md", "\nProse.", "\n[Three](03-three.md).")
    book.build()
    assert "Three." in notebook(book, "02-two").split("\n")
    book.edit(
        "_config.yml",
        "\nexecute:",
        "\nhtml: {baseurl: https://example.org/it/}\nexecute:",
    )
    there = "repository_url: https://github.com/"
    book.edit("_config.yml", f"# {there}OWNER/NAME", f"{there}a/b")
    book.build()
    text = notebook(book, "02-two")
    assert "[Three](https://example.org/it/book/03-three.html)." in text
    assert "](https://example.org/it/book/02-two.html)" in text
    assert "git+https://github.com/a/b" in text


def test_nothing_is_done_when_nothing_has_changed(book: Project) -> None:
    """Protects a second `make book` from taking as long as the first."""

    def written() -> dict[Path, int]:
        pages = (book.path / "_build/html/book").rglob("*.html")
        return {page: page.stat().st_mtime_ns for page in pages}

    before = written()
    with book.reads() as read:
        assert "Nothing has changed" in book.build()
        # Nor does Sphinx find anything to do.
        (book.path / "_build/built-from.json").unlink()
        assert "Nothing has changed" not in book.build()
    assert read == set()
    assert written() == before


def test_a_change_of_prose_is_read_alone(book: Project) -> None:
    """Protects the writer, who wants to see a change at once."""
    book.edit("book/01-one.md", "Prose.", "Better prose.\n\nAnd more.")
    with book.reads() as read:
        book.build()
    assert read == {"01-one"}
    assert "Better prose." in soup(book, "01-one").get_text()


def test_a_change_of_the_library_is_shown_wherever_it_is_used(
    book: Project,
) -> None:
    """Protects the reader from outputs of an older library."""
    book.edit("book/02-two.md", "As two was.", "As two is.")
    with book.reads() as read:
        book.build()
    assert read == {"02-two", "03-three", "index", "notes"}
    for name in ("03-three", "index", "appendix/notes"):
        assert "two: As two is." in printed(book, name)
    assert "As two was." not in "".join(map(str, book.pages().values()))


def test_a_caption_says_what_a_later_chapter_does_to_the_cell(
    book: Project,
) -> None:
    """Protects readers of early chapters from taking old code for new."""

    def captions(name: str) -> list[str]:
        lines = soup(book, name).select("p.tangled")
        return [line.get_text() for line in lines]

    assert captions("01-one") == ["micrograd/one.py"]
    first = ":tangle: micrograd/one.py\n\ndef f():\n    return 1"
    book.add_cell("book/01-one.md", first)
    book.build()
    assert captions("01-one")[0] == "micrograd/one.py · function f"
    second = first.replace("return 1", "return 2")
    book.add_cell("book/02-two.md", second)
    with book.reads() as read:
        book.build()
    assert "01-one" not in read
    assert captions("01-one")[0] == (
        "micrograd/one.py · function f · f is replaced in chapter 2"
    )
    assert captions("02-two")[0] == (
        "micrograd/one.py · replaces f of chapter 1"
    )
    link = soup(book, "01-one").select("p.tangled a")[-1]
    assert link["href"] == "02-two.html#def-f"
    assert soup(book, "02-two").select_one("p.tangled#def-f")


def test_a_page_follows_the_files_that_it_reads(book: Project) -> None:
    """Protects a page from showing what a file has said before."""
    page, file = "book/appendix/notes.md", book.path / "book/said.txt"
    file.write_text("first")
    book.edit(page, "---\n", "---\nreads: ../said.txt\n")
    read_it = (
        "from pathlib import Path; print(Path('../said.txt').read_text())"
    )
    book.add_cell(page, read_it)
    book.build()
    assert "first" in printed(book, "appendix/notes")
    file.write_text("second")
    with book.reads() as read:
        book.build()
    assert read == {"notes"}
    assert "second" in printed(book, "appendix/notes")


def contents(book: Project, name: str) -> list[str]:
    """The table of contents as it stands beside a page."""
    links = soup(book, name).select(".bd-links a")
    return [link.get_text() for link in links]


def test_a_new_title_stands_beside_every_page(book: Project) -> None:
    """Protects the way through the book from bearing old names."""
    book.edit("book/02-two.md", "# Two\n", "# Deux\n")
    book.build()
    shown = {name: contents(book, name) for name in PAGES}
    assert shown == {p: ["One", "Deux", "Three", "Notes"] for p in PAGES}
    for name in ("01-one", "03-three"):
        beside = soup(book, name).select_one(".prev-next-area")
        assert beside
        assert "Deux" in beside.get_text()


def test_a_new_order_is_executed_and_shown(book: Project) -> None:
    """Protects chapters that moved from being shown as they were."""
    order = ["index", "02-two", "01-one", "03-three", "appendix/notes"]
    list_pages(book, *order)
    book.build()
    assert "stage: index\n" in printed(book, "02-two")
    assert "stage: 02-two\n" in printed(book, "01-one")
    shown = {name: contents(book, name) for name in PAGES}
    assert shown == {p: ["Two", "One", "Three", "Notes"] for p in PAGES}


def test_a_change_of_style_reaches_every_page(book: Project) -> None:
    """Protects the book's look from staying as it was, also in caches."""
    was = {name: style_sheet(book, name) for name in PAGES}
    with (book.path / "book/_static/book.css").open("a") as css:
        css.write("\n.new-style { color: inherit }\n")
    with book.reads() as read:
        book.build()
    assert read == set()
    built_css = book.path / "_build/html/_static/book.css"
    assert ".new-style" in built_css.read_text()
    assert [p for p in PAGES if style_sheet(book, p) == was[p]] == []


def style_sheet(book: Project, name: str) -> str:
    """Where the book's style sheet is with others, and its version."""
    page = book.path / f"_build/html/book/{name}.html"
    addresses = [
        str(link["href"])
        for link in soup(book, name).select('link[href*="/sheets-"]')
    ]
    [address] = [
        address
        for address in addresses
        if " book.css " in (page.parent / address.split("?")[0]).read_text()
    ]
    return address


def test_a_changed_colour_is_told_where_it_stands(book: Project) -> None:
    """Protects the palette's word: whoever changes a colour misses none."""
    before, now = palette.LIGHT["data"], "#012345"
    book.edit("book/palette.toml", before, now)
    line = book.edit("book/03-three.md", before, before)
    told = f"book/03-three.md:{line}: WARNING: {before} is no colour of"
    assert told in book.fail()
    while before in (book.path / "book/03-three.md").read_text():
        book.edit("book/03-three.md", before, now)
    book.build()
    sheet = book.path / "_build/html/_static/palette.css"
    assert f"--book-data: {now};" in sheet.read_text()
    assert "var(--book-data)" in str(soup(book, "03-three").select("svg"))


def test_a_page_that_is_taken_out_is_gone_everywhere(book: Project) -> None:
    """Protects readers from finding what is no longer in the book."""
    (book.path / "book/03-three.md").unlink()
    list_pages(book, *(name for name in PAGES if name != "03-three"))
    book.build()
    assert "three" not in printed(book, "index")
    pages = book.pages()
    assert "book/03-three.html" not in pages
    assert [page for page, html in pages.items() if b"03-three" in html] == []


# Without npm's registry


# It asks twice, and would wait ten seconds in between.
NOBODY_THERE = {
    "registry": "http://127.0.0.1:9/",
    "fetch_retry_mintimeout": "1",
}

# Scripts, and what they are told of the page; they put in all the buttons.
LIVE = '#live, script[src*="/live/"], article button'


def test_without_a_registry_the_book_is_made_and_says_what_it_lacks(
    book: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects who is offline from having no book, or one that half works."""
    assert all(soup(book, name).select(LIVE) for name in PAGES)
    for fetched in ("node", "vendor"):
        shutil.rmtree(book.path / "_build" / fetched)
    for name, value in NOBODY_THERE.items():
        monkeypatch.setenv(f"npm_config_{name}", value)
    monkeypatch.setenv("npm_config_cache", str(tmp_path))
    good, said = book.make("book")
    assert good, said
    lacking = re.findall(r"(.+) can't be fetched, so .* messages: (.+)", said)
    assert [what for what, _ in lacking] == [
        "The fonts",
        "Python for the pages",
    ]
    assert said.count("can't be fetched") == 2
    assert "npm error" not in said
    for _, log in lacking:
        assert "127.0.0.1:9" in Path(log).read_text()
    assert [name for name in PAGES if soup(book, name).select(LIVE)] == []


# Mistakes


ONCE = "assert 'said' not in vars(); said = 1"

# Code, the line of it that is to be named, and what is to be said.
IN_CODE = {
    "an error": ("def f():\n    1 / 0\n\n\nf()", 4, "ZeroDivisionError"),
    "an error the second time": (
        f"{ONCE}\n```\n\n```{{code-cell}} python\n{ONCE}",
        4,
        "AssertionError",
    ),
    "bad Python": ("x = 1\nif x\n    x = 2", 1, "SyntaxError"),
    "a later chapter": ("import micrograd.two", 0, "ModuleNotFoundError"),
    "no steps": (f":tags: [steps]\n{DRAW}", 1, "WARNING: a cell tagged steps"),
    "a warning": ("import warnings\nwarnings.warn('no')", 1, "ERROR: stderr"),
}
IN_PROSE = {
    "a link": "[there](#gone)",
    "a citation": "{cite}`nobody1900`",
    "a role": "{nonsense}`x`",
    "plumbing without an end": "```{plumbing-start} A door\n```",
    "an end without plumbing": "```{plumbing-end}\n```",
}


@pytest.mark.parametrize("mistake", [*IN_CODE, *IN_PROSE])
def test_a_mistake_fails_every_build_and_costs_no_book(
    book: Project, mistake: str
) -> None:
    """Protects second runs from passing, and the last good book."""
    good_pages = book.pages()
    if mistake in IN_CODE:
        code, lines_down, told = IN_CODE[mistake]
        line = book.add_cell("book/02-two.md", code) + lines_down
    else:
        told = "WARNING"
        line = book.edit("book/02-two.md", "Prose.", IN_PROSE[mistake])
    for _ in range(2):
        assert f"book/02-two.md:{line}: {told}" in book.fail()
        assert book.pages() == good_pages


@pytest.mark.parametrize(
    "mistake",
    [
        "def broken(:",
        "@reopen\nclass Nothing:\n    x = 1",
        "print('not a definition')",
    ],
    ids=["not Python", "no class", "no definition"],
)
def test_a_broken_tangled_cell_leaves_the_library_whole(
    book: Project, mistake: str
) -> None:
    """Protects the library from half of a change."""
    library = book.path / "micrograd"
    before = {file: file.read_text() for file in library.rglob("*.py")}
    assert before
    good_pages = book.pages()
    book.edit("book/01-one.md", "As one was.", "As one is.")
    line = book.edit("book/02-two.md", '"""As two was."""', mistake)
    assert f"book/02-two.md:{line}: " in book.fail()
    assert {f: f.read_text() for f in library.rglob("*.py")} == before
    assert book.pages() == good_pages


# Terms

GLOSSARY = """# Glossary

```{glossary}
batch
mini-batch
  Some of them. [Chapter 2](../02-two.md)

batch size
  How many. [Chapter 1](../01-one.md)

step
  % everyday

  One of them. [Chapter 2](../02-two.md)
```
"""

# None of these is a use of "batch" before its chapter that nobody explains.
EXPLAINED = """
## A batch

A `batch`, $batch$, [a batch](02-two.md), a batch size, the batching of it; a
step. Some {term}`mini-batches <mini-batch>` and a batch.
"""


def test_a_term_before_its_chapter_has_a_link(book: Project) -> None:
    """Protects readers from words that are explained only later.

    The first use on a page must lead to the glossary, on whichever line of a
    paragraph it stands; what is a word of every day may be used as one.
    """
    (book.path / "book/appendix/glossary.md").write_text(GLOSSARY)
    list_pages(book, *PAGES, "appendix/glossary")
    book.edit("book/02-two.md", "\nProse.", "\nA **{term}`batch`**, a batch.")
    book.edit("book/01-one.md", "\nProse.", EXPLAINED)
    book.build()
    line = book.edit(
        "book/01-one.md",
        "## A batch",
        "A `x`\n*of*\nmany batches.\n\n## A batch",
    )
    said = book.fail()
    assert (
        f'book/01-one.md:{line + 2}: WARNING: "batches" is introduced in'
        " chapter 2: link it as {term}`batch`, or use another word" in said
    )
    assert said.count("is introduced in") == 1
