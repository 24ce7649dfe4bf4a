"""Links to the playground, and the place where it is."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

PLACE = "```{playground} rate=1\nA sentence.\n```\n"


def built(folder: Path, text: str) -> tuple[BeautifulSoup, str]:
    """A chapter with this text and a page before it, and what was said."""
    (folder / "book").mkdir()
    (folder / "book" / "23-alive.md").write_text(f"# Alive\n\n{text}")
    (folder / "index.md").write_text(
        "# A book\n\n{play}`there <seed=3>`\n\n"
        "```{toctree}\nbook/23-alive\n```\n"
    )
    said = StringIO()
    with docutils_namespace():
        Sphinx(
            srcdir=folder,
            confdir=None,
            outdir=folder / "html",
            doctreedir=folder / "trees",
            buildername="html",
            confoverrides={"extensions": ["myst_parser", "weave.playground"]},
            status=None,
            warning=said,
        ).build()
    page = (folder / "html" / "book" / "23-alive.html").read_text()
    index = (folder / "html" / "index.html").read_text()
    assert 'href="book/23-alive.html?seed=3#playground"' in index
    return BeautifulSoup(page, "html.parser"), said.getvalue()


def test_a_place_and_links_to_it(tmp_path: Path) -> None:
    """Protects links, with a script and without."""
    page, said = built(
        tmp_path,
        PLACE + "\n{play}`two <rate=2.0&seed=3&points=100>`, {play}`all <>`,"
        " {play}`over\n two lines\n <data=xor>`\n",
    )
    assert said == ""
    place = page.select_one("#playground.playground")
    assert place is not None
    assert place.text.strip() == "A sentence."
    links = page.select('a[href*="#playground"]')
    assert [(" ".join(a.text.split()), a["href"]) for a in links] == [
        ("two", "23-alive.html?rate=2&seed=3#playground"),
        ("all", "23-alive.html#playground"),
        ("over two lines", "23-alive.html?data=xor#playground"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{play}`too fast <rate=fast>`\n",
        PLACE.replace("rate=1", "rate=fast"),
    ],
)
def test_what_the_library_refuses_fails_the_build(
    tmp_path: Path, text: str
) -> None:
    """Protects readers from links that lead to a message."""
    _, said = built(tmp_path, text)
    assert "23-alive.md:3: ERROR" in said
    assert "rate must be a number over 0 and at most 10, not 'fast'" in said
