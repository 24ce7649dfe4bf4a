"""Each colour of the palette can be read, and is one colour everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from weave.palette import COLOURS, MEANINGS, in_standard_tex

STATIC = Path(__file__).resolve().parents[2] / "book/_static"


def variables(theme: str) -> dict[str, str]:
    """The colours that book.css defines for a theme."""
    css = (STATIC / "book.css").read_text()
    block = css.partition(f'html[data-theme="{theme}"]')[2].partition("}")
    return dict(re.findall(r"--book-(\w+): (#[0-9a-f]{6});", block[0]))


@pytest.mark.parametrize("meaning", MEANINGS)
def test_one_meaning_has_one_colour(meaning: str) -> None:
    """Protects formulas and drawings from parting with the page."""
    assert variables("light")[meaning] == COLOURS[meaning]
    rule = (
        f'span.{meaning}, .katex [style*="color:{COLOURS[meaning]}"] '
        f"{{ color: var(--book-{meaning}) !important; }}"
    )
    assert rule in (STATIC / "palette.css").read_text()


def test_formulas_are_standard_tex() -> None:
    """Protects formulas in formats that don't know our commands."""
    formula = r"\gradient{\frac{dL}{da}} = \data{a} \cdot \parameter{w_i}"
    assert in_standard_tex(formula) == (
        r"\textcolor{#b3420a}{\frac{dL}{da}} = "
        r"\textcolor{#0b5fa5}{a} \cdot \textcolor{#1d7a46}{w_i}"
    )
    assert in_standard_tex(r"\datatype{a} data{b}") == r"\datatype{a} data{b}"


def test_on_paper_the_colours_are_those_of_the_light_page() -> None:
    """Protects print and the PDF from keeping colours of an older page."""
    css = (STATIC / "along.css").read_text()
    printed = dict(re.findall(r"--book-(\w+): (#[0-9a-f]{6});", css))
    assert len(printed) > 10
    light = variables("light")
    assert {n: c for n, c in printed.items() if light.get(n) != c} == {}
