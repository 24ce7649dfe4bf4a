"""Pictures of the key pages, kept for whoever wants to look at them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from browsing import Window
from playwright.sync_api import expect

Opener = Callable[..., AbstractContextManager[Window]]

SCREENSHOTS = Path(__file__).resolve().parents[2] / "_build/screenshots"
PAGES = (
    "index",
    "03-value",
    "06-backward",
    "10-mlp",
    "12-moons",
    "library/engine",
    "appendix/glossary",
    "appendix/api",
)


@pytest.mark.parametrize("width", [1280, 390])
def test_key_pages_have_their_pictures_taken(
    window: Opener, width: int
) -> None:
    """Protects nothing by itself, but shows what a change has changed."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with window(width=width) as opened:
        for name in PAGES:
            page = opened.open(f"book/{name}.html")
            for theme in ("dark", "light"):
                page.emulate_media(color_scheme=theme)
                expect(page.locator("html")).to_have_attribute(
                    "data-theme", theme
                )
                slug = name.replace("/", "-")
                file = SCREENSHOTS / f"{slug}-{width}-{theme}.png"
                page.screenshot(path=file)
                assert file.stat().st_size > 10_000
