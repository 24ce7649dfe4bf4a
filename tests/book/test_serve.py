"""A build that fails is seen to fail, and costs nobody the last good book."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from project import Project
from small import small_book

pytestmark = pytest.mark.xdist_group("serve")


@pytest.fixture
def book(tmp_path: Path) -> Project:
    """The small book, not built yet."""
    return small_book(tmp_path / "the book")


def page(book: Project, name: str = "01-one") -> Path:
    return book.path / f"_build/html/book/{name}.html"


def wait_for(happened: Callable[[], bool]) -> None:
    """Return once it has happened; fail if it doesn't within a minute."""
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_first_build_that_fails_leaves_no_book(book: Project) -> None:
    """Protects: with nothing to go back to, nothing passes for a book.

    And once the mistake is mended, there is one.
    """
    book.edit("book/01-one.md", "# One\n", "# One\n\n[](no-such-label)\n")
    for _ in range(2):
        assert "no-such-label" in book.fail()
        assert not page(book).exists()
    book.edit("book/01-one.md", "[](no-such-label)\n", "Mended.\n")
    book.build()
    assert "Mended." in page(book).read_text()


def test_a_killed_build_is_made_good_by_the_next(book: Project) -> None:
    """Protects: no half-written book is ever taken for a whole one."""
    book.build()
    chapter = book.path / "book/01-one.md"
    before = chapter.read_text()
    good = page(book).read_text()
    book.add_cell("book/01-one.md", "import time\ntime.sleep(60)")
    builder = book.start()
    copy = book.path / "_build/html.new/book/01-one.html"
    wait_for(copy.exists)
    wait_for(lambda: "executing 01-one" in book.said.read_text())
    builder.kill()
    builder.join()
    assert page(book).read_text() == good
    copy.write_text("half a p")
    chapter.write_text(before)
    said = book.build()
    assert "executing" not in said
    assert "stage: index" in re.sub("<.*?>", "", page(book).read_text())
    left = {path.name for path in (book.path / "_build").iterdir()}
    assert not {name for name in left if name.endswith(".new")}


def test_serving_follows_the_chapters(book: Project) -> None:
    """Protects: `make serve` shows changes, and survives a mistake."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"

    def shown() -> str:
        with urllib.request.urlopen(f"{url}/book/01-one.html") as got:
            return str(got.read().decode())

    with book.said.open("w") as output:
        server = subprocess.Popen(
            ["make", "serve", f"PORT={port}"],
            cwd=book.path,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # What runs the tests may have been told to ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        wait_for(lambda: "Serving on" in book.said.read_text())
        assert "One<" in shown()
        assert '<script src="/.reload.js"' in shown()
        with urllib.request.urlopen(f"{url}/.changes", timeout=60) as changes:
            first = changes.readline()
            assert first.decode().removeprefix("data: ").strip() in shown()

            book.edit("book/01-one.md", "# One", "# Eins")
            assert changes.readline() == b"\n"
            while (told := changes.readline()) in (first, b"\n"):
                pass
            assert told.startswith(b"data: ")
            assert "Eins<" in shown()

        book.edit("book/01-one.md", "# Eins", "# Uno\n\n[](no-such-label)\n")
        wait_for(lambda: "last good book" in book.said.read_text())
        assert "no-such-label" in book.said.read_text()
        assert "Eins<" in shown()
    finally:
        os.killpg(server.pid, signal.SIGINT)
        server.wait(timeout=60)
