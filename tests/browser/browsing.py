"""Opens the book's pages in Chromium, and notes what goes wrong there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    Route,
)

HEIGHT = 900
PATIENCE = 60_000
"""Milliseconds in which what a page does is done, also on a busy machine."""


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
        page.context.route(self.is_foreign, self.refuse)
        page.on("console", self.note_message)
        page.on("pageerror", lambda e: self.troubles.append(f"error: {e}"))
        page.on("requestfailed", self.note_failure)
        page.on("response", self.note_response)

    def open(self, path: str) -> Page:
        """Go to a page of the book, and wait until it is all there."""
        self.troubles.clear()
        self.page.goto(self.site.address(path), wait_until="load")
        return self.page

    def is_foreign(self, url: str) -> bool:
        return not url.startswith((self.site.root, "data:", "blob:"))

    def refuse(self, route: Route) -> None:
        """Let a request to another origin fail, as without a network."""
        self.troubles.append(f"asks another origin: {route.request.url}")
        route.abort()

    def note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"{message.type}: {message.text}")

    def note_failure(self, request: Request) -> None:
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
    width: int = 1280,
    scripts: bool = True,
) -> Iterator[Window]:
    """A window of its own, which knows nothing of any other."""
    settings: dict[str, Any] = {
        "viewport": {"width": width, "height": HEIGHT},
        "color_scheme": "light",
        "java_script_enabled": scripts,
        "reduced_motion": "reduce",
    }
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE)
    try:
        yield Window(context.new_page(), site)
    finally:
        context.close()


Opener = Callable[..., AbstractContextManager[Window]]
"""Opens a window: `window` of a certain browser and site."""
