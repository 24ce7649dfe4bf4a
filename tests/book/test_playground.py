"""Links to the playground, and the place where it is."""

from __future__ import annotations

import json
from pathlib import Path

from bs4 import BeautifulSoup
from one_extension import build_with

import training
from weave.playground import SCRIPT

PLACE = "```{playground}\nA sentence.\n```\n"


def built(
    folder: Path, text: str, live: bool = False
) -> tuple[BeautifulSoup, str]:
    """A playground with this text and a page before, and what was said."""
    (folder / "book").mkdir()
    (folder / "book" / "playground.md").write_text(f"# Alive\n\n{text}")
    (folder / "index.md").write_text(
        "# A book\n\n{play}`there <seed=3>`\n\n"
        "```{toctree}\nbook/playground\n```\n"
    )
    if live:
        script = folder / SCRIPT
        script.parent.mkdir(parents=True)
        script.touch()
    said = build_with("weave.playground", folder)
    page = (folder / "html" / "book" / "playground.html").read_text()
    index = (folder / "html" / "index.html").read_text()
    assert 'href="book/playground.html?seed=3"' in index
    return BeautifulSoup(page, "html.parser"), said


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
    links = page.select('section a[href^="playground.html"]')
    assert [(" ".join(a.text.split()), a["href"]) for a in links] == [
        ("two", "playground.html?rate=2&seed=3"),
        ("all", "playground.html"),
        ("over two lines", "playground.html?data=xor"),
    ]


def test_the_page_has_what_it_begins_with(tmp_path: Path) -> None:
    """Protects the first look, which no Python has to come for."""
    page, said = built(tmp_path, PLACE, live=True)
    assert said == ""
    begin = page.select_one("#playground > script.playground-begin")
    assert begin is not None
    assert json.loads(begin.get_text()) == training.begin()


def test_what_the_library_refuses_fails_the_build(tmp_path: Path) -> None:
    """Protects readers from links that lead to a message."""
    _, said = built(tmp_path, "{play}`too fast <rate=fast>`\n")
    assert "playground.md:3: ERROR" in said
    assert "rate must be a number from 1e-05 to 10, not 'fast'" in said
