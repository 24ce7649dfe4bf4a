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
BLACK, GRAY = palette.PLOTTED
NAMED = {
    "black": BLACK,
    "white": palette.LIGHT["paper"],
    "gray": GRAY,
    "grey": GRAY,
}
# Those of Matplotlib that are the same on every page.
NAMED |= {
    name: "#" + bytes(parts).hex()
    for name, parts in {
        "red": (255, 0, 0),
        "green": (0, 128, 0),
        "blue": (0, 0, 255),
        "orange": (255, 165, 0),
        "purple": (128, 0, 128),
    }.items()
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

    def __init__(self, stops: Sequence[tuple[int, ...]]) -> None:
        self._stops = stops

    @classmethod
    def from_list(
        cls, name: str, colors: Sequence[str]
    ) -> LinearSegmentedColormap:
        """A map through some colours, equally far from each other."""
        return cls(
            [tuple(bytes.fromhex(hexadecimal(color)[1:])) for color in colors]
        )

    def __call__(self, share: float) -> tuple[int, ...]:
        """Red, green and blue from 0 to 255, in one of 256 steps."""
        step = min(max(int(share * self.steps), 0), self.steps - 1)
        place = step / (self.steps - 1) * (len(self._stops) - 1)
        low = min(int(place), len(self._stops) - 2)
        return tuple(
            round(a + (b - a) * (place - low))
            for a, b in zip(*self._stops[low : low + 2], strict=True)
        )


GREYS = (255, 240, 217, 189, 150, 115, 82, 37, 0)
MAPS = {"Greys": LinearSegmentedColormap([(grey,) * 3 for grey in GREYS])}
"""ColorBrewer's, which Matplotlib has by these names."""
