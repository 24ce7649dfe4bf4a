"""Colours by the names that Matplotlib gives them.

They are hexadecimal numbers: those of the light theme, which become the
variables of the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from figures import palette

from .refusing import Incomplete, absent_from, refused

__getattr__ = absent_from("matplotlib.colors")

INK, RULE = palette.LIGHT["ink"], palette.LIGHT["rule"]
CYCLE = [palette.LIGHT[meaning] for meaning in palette.MEANINGS]
"""The colours of lines that name none: C0, C1 and so on."""
NAMED = {
    "black": "#000000",
    "white": "#ffffff",
    "gray": "#808080",
    "grey": "#808080",
    "red": "#ff0000",
    "green": "#008000",
    "blue": "#0000ff",
    "orange": "#ffa500",
    "purple": "#800080",
}

Color = str | tuple[str, float]
"""A colour's name; or that and how opaque it is, from 0 to 1."""


def paint(color: Color, alpha: float | None = None) -> tuple[str, float]:
    """A colour as a hexadecimal number, and how opaque it is."""
    if isinstance(color, tuple) and len(color) == 2:
        color, given = color
        alpha = given if alpha is None else alpha
    return hexadecimal(color), 1.0 if alpha is None else float(alpha)


def hexadecimal(color: object) -> str:
    """A colour without its opacity."""
    if isinstance(color, str):
        if re.fullmatch(r"C\d+", color):
            return CYCLE[int(color[1:]) % len(CYCLE)]
        if re.fullmatch(r"#[0-9a-fA-F]{6}", color):
            return color.lower()
        if color in NAMED:
            return NAMED[color]
    raise refused(f"the colour {color!r}")


class LinearSegmentedColormap(Incomplete):
    """A colour for every number from 0 to 1, between the given ones."""

    steps = 256

    def __init__(self, colors: Sequence[str]) -> None:
        self._stops = [
            tuple(bytes.fromhex(hexadecimal(color)[1:])) for color in colors
        ]

    @classmethod
    def from_list(
        cls, name: str, colors: Sequence[str]
    ) -> LinearSegmentedColormap:
        """A map through some colours, equally far from each other."""
        return cls(colors)

    def __call__(self, share: float) -> tuple[int, ...]:
        """Red, green and blue from 0 to 255, in one of 256 steps."""
        step = min(max(int(share * self.steps), 0), self.steps - 1)
        place = step / (self.steps - 1) * (len(self._stops) - 1)
        low = min(int(place), len(self._stops) - 2)
        return tuple(
            round(a + (b - a) * (place - low))
            for a, b in zip(*self._stops[low : low + 2], strict=True)
        )


GREYS = (
    "#ffffff #f0f0f0 #d9d9d9 #bdbdbd #969696 #737373 #525252 #252525 #000000"
)
MAPS = {"Greys": LinearSegmentedColormap(GREYS.split())}
"""ColorBrewer's, which Matplotlib has by these names."""
