"""An SVG drawing, of which is known how far it reaches.

Lengths are in points, from the top left corner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from figures.svg_element import SVG

from .colors import INK

FONT_SIZE = 11.0
ASCENT, DESCENT = 0.76, 0.24
"""Of a line of text above and below its baseline, in sizes of the font."""
LINE = 1.2
"""From one baseline to the next."""
# How wide the letters from the space to the tilde are in DejaVu Sans, whose
# widths Matplotlib's plots are laid out by, in hundredths of the font's size.
WIDTHS = (
    "32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64"
    " 64 64 34 34 84 84 84 53 100 68 69 70 77 63 58 77 75 29 29 66 56 86 75"
    " 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 50 61 63 55 63 62 35"
    " 63 63 28 28 58 28 97 63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84"
)
WIDTH = {chr(32 + k): int(width) for k, width in enumerate(WIDTHS.split())}
WIDTH |= {"−": 84, "×": 84, "²": 40}
USUAL = 64
"""The width of all other letters."""


class Box(NamedTuple):
    """A rectangle with its sides along the page's."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def around(self, other: Box) -> Box:
        """The smallest one that holds both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def grown(self, by: float) -> Box:
        """One that reaches further on all sides."""
        left, top, right, bottom = self
        return Box(left - by, top - by, right + by, bottom + by)


class Canvas:
    """Takes up shapes and text."""

    def __init__(self, box: Box) -> None:
        self.root = Element(f"{{{SVG}}}svg")
        self.box = box
        """All that is drawn, without what is cut off."""
        self.group = self.root
        self.ids = count(1)

    def add(self, tag: str, **attributes: object) -> Element:
        """Take up a shape; ``stroke_width`` is SVG's ``stroke-width``."""
        written = {
            name.replace("_", "-"): number(value)
            for name, value in attributes.items()
            if value is not None
        }
        return SubElement(self.group, f"{{{SVG}}}{tag}", written)

    def cover(self, box: Box) -> None:
        """Reach at least as far as a box."""
        self.box = self.box.around(box)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        exponent: str = "",
        size: float = FONT_SIZE,
        anchor: str = "middle",
        upwards: bool = False,
    ) -> None:
        """Write lines, the last of them on the baseline that begins here."""
        lines = text.split("\n")
        for row, line in enumerate(lines):
            up = (len(lines) - 1 - row) * LINE * size
            turned = (
                f"rotate(-90 {number(x)} {number(y)})" if upwards else None
            )
            element = self.add(
                "text",
                x=x,
                y=y - up,
                fill=INK,
                font_size=size,
                text_anchor=anchor,
                transform=turned,
            )
            element.text = line
            if exponent:
                raised = {"dy": number(-0.4 * size)}
                raised["font-size"] = number(0.7 * size)
                part = SubElement(element, f"{{{SVG}}}tspan", raised)
                part.text = exponent
            wide = width_of(line, size) + width_of(exponent, 0.7 * size)
            shift = {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
            above = (ASCENT + (0.1 if exponent else 0.0)) * size + up
            below = DESCENT * size - up
            if upwards:
                start = y + shift
                self.cover(Box(x - above, start - wide, x + below, start))
            else:
                start = x - shift
                self.cover(Box(start, y - above, start + wide, y + below))

    def clip(self, box: Box) -> None:
        """Cut off what is drawn from here on at a box."""
        self.group = self.root
        name = f"clip{next(self.ids)}"
        self.group = self.add("clipPath", id=name)
        self.rectangle(box)
        self.group = self.root
        self.group = self.add("g", clip_path=f"url(#{name})")

    def unclip(self) -> None:
        """Draw everything again."""
        self.group = self.root

    def rectangle(self, box: Box, **attributes: object) -> None:
        """Draw a rectangle."""
        self.add(
            "rect",
            x=box.left,
            y=box.top,
            width=box.width,
            height=box.height,
            **attributes,
        )

    def svg(self) -> str:
        """The drawing, with a tenth of an inch around it."""
        left, top, right, bottom = self.box.grown(7.2)
        width, height = right - left, bottom - top
        self.root.set("width", f"{number(width)}pt")
        self.root.set("height", f"{number(height)}pt")
        sides = map(number, (left, top, width, height))
        self.root.set("viewBox", " ".join(sides))
        return tostring(self.root, "unicode")


def number(value: object) -> str:
    """A number with as many digits as can be seen; all else as it is."""
    if isinstance(value, int | float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return str(value)


def width_of(text: str, size: float) -> float:
    """How wide a line of text is."""
    return sum(WIDTH.get(letter, USUAL) for letter in text) / 100 * size


def size_of(text: str, size: float) -> tuple[float, float]:
    """How wide and how high a text is."""
    lines = text.split("\n")
    wide = max(width_of(line, size) for line in lines)
    return wide, (1 + LINE * (len(lines) - 1)) * size


def path(
    lines: Iterable[Sequence[tuple[float, float]]], *, closed: bool = False
) -> str:
    """The outline of a shape, as SVG writes it."""
    return "".join(
        "M"
        + "L".join(f"{number(x)} {number(y)}" for x, y in line)
        + ("Z" if closed else "")
        for line in lines
    )
