"""Opens the book's pages in Chromium, and notes what goes wrong there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
)

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    f"{name}.html"
    for name in (
        *re.findall(
            r"^ *(?:root|- file): *(\S+)",
            (ROOT / "_toc.yml").read_text(),
            re.M,
        ),
        "genindex",
        "search",
    )
]
"""The pages of the book, as they are known before it is built."""
# What is asked of a page is asked in one worker, which opens it only once.
every_page = pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=pytest.mark.xdist_group(p)) for p in PAGES],
)

WIDTH, HEIGHT = 1280, 900
PATIENCE = 60_000
"""Milliseconds in which what a page does is done, also on a busy machine."""


# What comes into view is asked for when the page is drawn, which it may not
# be where nothing has changed.
FRAMES = """() => new Promise(done => {
    requestAnimationFrame(() => requestAnimationFrame(done));
    setTimeout(done, 200);
})"""


TURN = """async colours => {
    const root = document.documentElement;
    for (let n = 0; n < 6000 && root.dataset.theme != colours; n++)
        await new Promise(done => setTimeout(done, 10));
    return root.dataset.theme;
}"""


class Site:
    """The pages of the built book, and where a browser finds them."""

    def __init__(self, html: Path, root: str) -> None:
        self.html = html
        self.root = root
        self.pages = [
            path
            for file in sorted(html.rglob("*.html"))
            if "_static" not in (path := str(file.relative_to(html)))
            and 'http-equiv="Refresh"' not in file.read_text("utf-8")
        ]

    def address(self, path: str) -> str:
        return f"{self.root}/{path}"


class Window:
    """A window of the browser, in which one page after another is opened."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site
        self.troubles: list[str] = []
        """What went wrong on the page that is open, in words."""
        self.under_way: set[Request] = set()
        page.on("request", self.note_request)
        page.on("requestfinished", lambda r: self.under_way.discard(r))
        page.on("console", self.note_message)
        page.on("pageerror", lambda e: self.troubles.append(f"error: {e}"))
        page.on("requestfailed", self.note_failure)
        page.on("response", self.note_response)

    def open(self, path: str) -> Page:
        """Go to a page of the book, and wait until it is all there."""
        self.troubles.clear()
        self.under_way.clear()
        self.page.goto(self.site.address(path), wait_until="load")
        return self.page

    def settle(self) -> None:
        """Wait until the page has all that it has asked for."""
        self.page.evaluate(FRAMES)
        while self.under_way:
            self.page.evaluate(FRAMES)

    def turn(self, colours: str) -> None:
        """Have the page in the light or in the dark."""
        self.page.emulate_media(color_scheme=colours)  # type: ignore
        assert self.page.evaluate(TURN, colours) == colours

    def is_foreign(self, url: str) -> bool:
        return not url.startswith((self.site.root, "data:", "blob:"))

    def note_request(self, request: Request) -> None:
        self.under_way.add(request)
        if self.is_foreign(request.url):
            self.troubles.append(f"asks another origin: {request.url}")

    def note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"{message.type}: {message.text}")

    def note_failure(self, request: Request) -> None:
        self.under_way.discard(request)
        # What was still on its way when another page was opened is aborted.
        aborted = request.failure == "net::ERR_ABORTED"
        if not aborted and not self.is_foreign(request.url):
            self.troubles.append(f"{request.failure}: {request.url}")

    def note_response(self, response: Response) -> None:
        if response.status >= 400:
            self.troubles.append(f"{response.status}: {response.url}")


@contextmanager
def window(
    browser: Browser,
    site: Site,
    *,
    width: int = WIDTH,
    scripts: bool = True,
) -> Iterator[Window]:
    """A window of its own, which knows nothing of any other."""
    settings: dict[str, Any] = {
        "viewport": {"width": width, "height": HEIGHT},
        "color_scheme": "light",
        "java_script_enabled": scripts,
        "reduced_motion": "reduce",
        # Nobody is there to pass on what is asked of another origin.
        "proxy": {"server": "127.0.0.1:1", "bypass": "127.0.0.1,localhost"},
    }
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE)
    try:
        yield Window(context.new_page(), site)
    finally:
        context.close()


Opener = Callable[..., AbstractContextManager[Window]]
"""Opens a window: `window` of a certain browser and site."""
