"""A browser, and the built book, on a web server and on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread

import browsing
import pytest
from browsing import Opener, Site, Window
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sharing import Shared
from visiting import Visitor

from editions.browser import NoBrowser, launch
from serve import Server

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have these tests come last: the book takes a while to be built."""
    items.sort(key=lambda item: HERE in item.path.parents)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, or a relative of it."""
    expect.set_options(timeout=browsing.PATIENCE)
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except NoBrowser as error:
            pytest.fail(str(error), pytrace=False)
        yield browser
        browser.close()


class Handler(SimpleHTTPRequestHandler):
    """Serves files, and says nothing about it."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def served(html: Path) -> Iterator[Site]:
    """The book on a web server."""
    handler = partial(Handler, directory=str(html))
    with Server(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        yield Site(html, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.fixture(scope="session")
def on_disk(html: Path) -> Site:
    """The book as it is opened from the disk."""
    return Site(html, html.as_uri())


@pytest.fixture(params=["served", "on_disk"])
def site(request: pytest.FixtureRequest) -> Site:
    """The book on a web server, and then from the disk."""
    found: Site = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def window(browser: Browser, served: Site) -> Opener:
    """Opens windows on the book that is on a web server."""
    return partial(browsing.window, browser, served)


@pytest.fixture(scope="session")
def visitor(
    browser: Browser, served: Site, on_disk: Site
) -> Iterator[Visitor]:
    """Opens every page, and doesn't open it again for another test."""
    visitor = Visitor(browser, served, on_disk)
    with visitor.open:
        yield visitor


@pytest.fixture(scope="module")
def started(
    request: pytest.FixtureRequest, browser: Browser, served: Site
) -> Iterator[Shared]:
    """A window in which Python has been started: see sharing.py."""
    tests = request.module
    window = partial(browsing.window, browser, served)
    shared = Shared(window, tests.SHARED, tests.start, tests.restore)
    yield shared
    shared.close()


@pytest.fixture
def shared(
    started: Shared, request: pytest.FixtureRequest
) -> Iterator[Window]:
    """That window, as good as new."""
    with started.lent(request.session) as opened:
        yield opened


@pytest.fixture
def page(shared: Window) -> Page:
    """The page in that window."""
    return shared.page
