"""The book's look keeps its promises, as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from figures import palette

ROOT = Path(__file__).resolve().parents[2]
COLOURS = {"light": palette.LIGHT, "dark": palette.DARK}

TEXT = (
    *("ink", "muted"),
    *("data", "gradient", "operation", "parameter"),
    *("keyword", "definition", "string"),
)
BACKGROUNDS = ("paper", "cell", "marked")


def luminance(colour: str) -> float:
    """How bright a colour is, by the definition of WCAG 2."""
    linear = []
    for start in (1, 3, 5):
        part = int(colour[start : start + 2], 16) / 255
        low = part <= 0.04045
        linear.append(part / 12.92 if low else ((part + 0.055) / 1.055) ** 2.4)
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, brighter = sorted((luminance(one), luminance(other)))
    return (brighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    """Protects the next test: black on white is 21, #767676 just passes."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_text_can_be_read(theme: str, background: str) -> None:
    """Protects readers whose eyes, or screens, are not the best."""
    colour = COLOURS[theme]
    ratios = {
        name: contrast(colour[name], colour[background]) for name in TEXT
    }
    assert min(ratios.values()) >= 4.5, ratios


def test_the_themes_differ() -> None:
    """Protects the test before from looking at one theme twice."""
    light, dark = COLOURS["light"], COLOURS["dark"]
    assert luminance(light["paper"]) > 0.9
    assert 0 < luminance(dark["paper"]) < 0.05


def test_code_has_none_of_the_palettes_colours() -> None:
    """Protects each colour's one meaning."""
    css = (ROOT / "book/_static/code.css").read_text()
    rule = r"div\.highlight\[class\] .*\{\s+color: var\(--book-(\w+)\)"
    used = set(re.findall(rule, css))
    assert used == {"keyword", "definition", "string", "muted"}
    for theme in ("light", "dark"):
        colour = COLOURS[theme]
        assert len({colour[name] for name in TEXT}) == len(TEXT)


def test_the_first_page_knows_how_long_the_library_is() -> None:
    """Protects a number in words, which no cell computes."""
    page = " ".join((ROOT / "book/index.md").read_text().split())
    assert "in a few hundred lines; with everything" in page
    assert "has about six and a half thousand" in page
    lines = {
        module: len(module.read_text().splitlines())
        for module in (ROOT / "micrograd").rglob("*.py")
    }
    assert 200 <= lines[ROOT / "micrograd/engine.py"] <= 700
    assert 6250 <= sum(lines.values()) < 6750


def test_the_first_page_leads_through_the_whole_book() -> None:
    """Protects chapters from missing on the way that is shown first."""
    chapters = re.findall(
        r"file: book/(\d\d-\S+)", (ROOT / "_toc.yml").read_text()
    )
    way = re.findall(
        r"^(\d+)\. \[\]\((\d\d-\S+)\.md\)",
        (ROOT / "book/index.md").read_text(),
        re.M,
    )
    assert way == [(str(int(chapter[:2])), chapter) for chapter in chapters]
