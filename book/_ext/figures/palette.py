"""The colours of ``book/palette.toml``, and what style sheets make of them.

What is written for one theme alone, or for programs that know no variables,
says ``var(--book-data)`` as well, and `in_light` puts the colour there.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

# In the page it stands nearer: see book/_ext/pages/live.py.
FILE = next(
    file
    for folder in Path(__file__).parents
    if (file := folder / "palette.toml").exists()
)
TABLES = tomllib.loads(FILE.read_text("utf-8"))
PLOTTED: dict[str, str] = TABLES.pop("plots")
"""The names of colours that only plots are drawn in."""
MEANINGS = tuple(TABLES["meaning"])
LIGHT, DARK = (
    {
        name: str(colours[theme])
        for table in TABLES.values()
        for name, colours in table.items()
    }
    for theme in ("light", "dark")
)

VARIABLE = re.compile(r"var\(--book-([a-z]+)\)")


def in_light(text: str) -> str:
    """A text with the colours of the light theme for their variables."""
    return VARIABLE.sub(lambda found: LIGHT[found[1]], text)


def in_variables(drawing: str) -> str:
    """A drawing with variables for the colours that it was drawn in."""
    names = {colour: name for name, colour in LIGHT.items()} | PLOTTED
    for colour, name in names.items():
        drawing = drawing.replace(colour, f"var(--book-{name})")
    return drawing


def style_sheet() -> str:
    """The variables of each theme, and what prose and formulas wear."""
    light, dark = (
        "".join(f"  --book-{name}: {theme[name]};\n" for name in theme)
        for theme in (LIGHT, DARK)
    )
    worn = "".join(
        f'span.{name}, .katex [style*="color:{LIGHT[name]}"] '
        f"{{ color: var(--book-{name}) !important; }}\n"
        for name in MEANINGS
    )
    return f"""\
/* The colours of every page, made of book/palette.toml. */

html[data-theme="light"] {{
{light}}}

html[data-theme="dark"] {{
{dark}}}

/* On paper it is light, whatever the screen shows. */
@media print {{
html:root[data-theme] {{
{light}}}
}}

{worn}"""
