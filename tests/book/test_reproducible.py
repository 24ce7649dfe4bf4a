"""What is built from the same sources is the same, to the byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from project import Project
from small import small_book

# Another machine, so to speak.
ELSEWHERE = {
    "PYTHONHASHSEED": "7",
    "TZ": "Asia/Tokyo",
    "LC_ALL": "C.UTF-8",
}


def published(project: Project) -> dict[str, bytes]:
    """All that is published of a book, hidden files too."""
    html = project.path / "_build/html"
    return {
        str(file.relative_to(html)): file.read_bytes()
        for file in html.rglob("*")
        if file.is_file()
    }


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """The files that aren't the same, or there only once."""
    names = sorted({*one, *other})
    return [name for name in names if one.get(name) != other.get(name)]


@pytest.mark.xdist_group("reproducible")
def test_two_clean_builds_of_a_small_book_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects what is published from depending on where it was made.

    And from depending on what was made before: an edit that is taken back
    leaves nothing behind.
    """
    one = small_book(tmp_path / "one")
    one.build()
    first = published(one)
    assert len(first) > 40
    one.edit("book/02-two.md", "# Two\n", "# Deux\n")
    one.edit("book/02-two.md", "Prose.", "Better prose.")
    # Parts of scripts have other names whenever they say something else.
    part = one.path / "_build/live/live/part-OTHER.js"
    part.touch()
    one.build()
    changed = differing(first, published(one))
    assert {"book/01-one.html", "book/02-two.html"} <= set(changed)
    assert f"_static/live/{part.name}" in changed
    one.edit("book/02-two.md", "# Deux\n", "# Two\n")
    one.edit("book/02-two.md", "Better prose.", "Prose.")
    part.unlink()
    one.build()
    assert differing(first, published(one)) == []

    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    other = small_book(tmp_path / "at some" / "other place")
    good, said = other.make("book")
    assert good, said
    assert differing(first, published(other)) == []


@pytest.mark.xdist_group("book")
def test_the_whole_book_is_the_same_elsewhere(
    book: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the published pages from depending on where they were made.

    And what prose says of outputs from being true only by chance: chapters
    are executed again, but for the last ones, which measure time, or take
    their time; their prose is asserted in them.
    """
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    other = Project(tmp_path / "at some" / "other place")
    executed = "_build/jupyter_execute"
    shutil.copytree(book.path / executed, other.path / executed)
    again = sorted((other.path / executed / "book").glob("*.ipynb"))[:11]
    assert again[-1].stem == "11-training"
    for chapter in again:
        chapter.unlink()
    good, said = other.make("book")
    assert good, said
    assert said.count("executing") == len(again)
    assert differing(published(book), published(other)) == []
