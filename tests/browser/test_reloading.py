"""While the book is being written, its open pages are reloaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import browsing
import pytest
from browsing import Site
from playwright.sync_api import Browser, expect

import serve


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What is written when a book has been built."""
    file = tmp_path / "built-from.json"
    file.touch()
    return file


@pytest.fixture
def served_to_the_writer(
    html: Path, built: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    """The book as `make serve` shows it."""
    monkeypatch.setattr(serve, "HTML", html)
    monkeypatch.setattr(serve.build, "BUILT_FROM", built)
    with serve.Server(("localhost", 0), serve.Pages) as server:
        Thread(target=server.serve_forever).start()
        yield Site(html, f"http://localhost:{server.server_port}")
        server.shutdown()


def test_a_page_reloads_when_there_is_a_newer_book(
    browser: Browser, served_to_the_writer: Site, built: Path
) -> None:
    """Protects the writer from a page's policy, which refuses most scripts.

    A page that has been reloaded is told of the next build, too.
    """
    with browsing.window(browser, served_to_the_writer) as window:
        page = window.open("book/01-derivative.html")
        policy = page.locator("meta[http-equiv=Content-Security-Policy]")
        expect(policy).to_have_count(1)
        for _ in range(2):
            with page.expect_event("load"):
                built.touch()
                serve.Pages.tell_newer()
        page.wait_for_load_state("networkidle")
        assert window.troubles == []
