"""One window for many tests: Python takes seconds to start in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from browsing import Opener, Window
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
            self.restore(self.opened)
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
