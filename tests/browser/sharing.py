"""One window for many tests: Python takes seconds to start in it.

A module of such tests says which page that is, `SHARED`, and how the page is
started and made ready again, `start` and `restore`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from browsing import HEIGHT, WIDTH, Opener, Window
from playwright.sync_api import Request


class Shared:
    """A window that tests have one after the other.

    It is made ready again before each of them, so that their order doesn't
    matter, and thrown away if one has failed in it.
    """

    def __init__(
        self,
        window: Opener,
        path: str,
        start: Callable[[Window], object],
        restore: Callable[[Window], object],
    ) -> None:
        self.window = window
        self.path = path
        self.start = start
        self.restore = restore
        self.stack = ExitStack()
        self.opened: Window | None = None
        self.took = 0.0
        """Seconds of the last start; and what was asked for in them."""
        self.requests: list[str] = []

    @contextmanager
    def lent(self, session: pytest.Session) -> Iterator[Window]:
        """The window for a test, in which nothing may go wrong."""
        failed, good = session.testsfailed, False
        try:
            opened = self.ready()
            yield opened
            assert opened.troubles == []
            good = session.testsfailed == failed
        finally:
            if not good:
                self.close()

    def ready(self) -> Window:
        if self.opened:
            page = self.opened.page
            page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            page.emulate_media(color_scheme="light", reduced_motion="reduce")
            self.restore(self.opened)
            self.opened.troubles.clear()
            return self.opened
        self.opened = self.stack.enter_context(self.window())
        self.opened.open(self.path)
        self.requests.clear()
        self.opened.page.context.on("request", self.note)
        began = time.perf_counter()
        self.start(self.opened)
        self.took = time.perf_counter() - began
        self.opened.page.context.remove_listener("request", self.note)
        return self.opened

    def note(self, request: Request) -> None:
        self.requests.append(request.url)

    def close(self) -> None:
        self.opened = None
        self.stack.close()
