"""What the page draws in Matplotlib's place is what Matplotlib draws.

All the plots of the chapters are drawn twice, see `plotting`.
"""

from __future__ import annotations

import json
import math
import sys
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from contourpy import contour_generator
from hypothesis import assume, given
from hypothesis import strategies as st
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.font_manager import findfont, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.ticker import LogLocator, MaxNLocator
from reading import CHAPTERS, ROOT, code_cells, exercises
from workplace import lay_out

import absent
import forked
import plots.colors
import plots.pyplot
from figures import palette
from plots.canvas import WIDTH
from plots.colors import MAPS, NAMED
from plots.contours import Grid
from plots.ticks import MOST, equally_spaced, logarithmic
from session import Session

RUNNER = Path(__file__).with_name("plotting.py")
SETTINGS = ROOT / "book/_ext/run/matplotlibrc"
EXACT = 1e-9


def why_not(page: Path) -> list[str]:
    """For each code cell of a chapter, why it doesn't run in the page."""
    return absent.reasons(
        (cell.source, cell.metadata.get("not-live", ""))
        for cell in code_cells(page)
    )


def steps_of(page: Path) -> list[dict[str, Any]]:
    """The cells that run in the page, up to the last of them that plots."""
    inside = {
        number
        for exercise in exercises(page)
        for number in (*exercise.asked, *exercise.solved)
    }
    steps = [
        {
            "code": cell.source,
            "plots": "subplots(" in cell.source,
            "raises": "raises-exception" in cell.metadata.get("tags", []),
        }
        for number, (cell, why) in enumerate(
            zip(code_cells(page), why_not(page), strict=True)
        )
        if not why and number not in inside
    ]
    while steps and not steps[-1]["plots"]:
        steps.pop()
    return steps


LONG = ("14", "15", "16", "23")
"""Chapters that train for minutes. Their plots are compared by their words
alone, where all cells are run: tests/browser/test_live.py."""
PLOTTING = [
    page
    for page in (*CHAPTERS, ROOT / "book/index.md")
    if steps_of(page) and not page.stem.startswith(LONG)
]


def drawn_twice(page: Path, folder: Path) -> list[list[list[dict[str, Any]]]]:
    """For each cell of a chapter that plots, both its figures."""
    (folder / "steps").write_text(json.dumps(steps_of(page)))
    style = palette.in_light(SETTINGS.read_text("utf-8"))
    (folder / "style").write_text(style, "utf-8")
    lay_out(page, folder)
    status = forked.run(
        RUNNER,
        *(folder / "steps", folder / "style", folder / "found"),
        *(ROOT / "book/_live/python", ROOT / "book/_ext"),
        path=[folder / "site"],
        cwd=folder / "empty",
        said=folder / "said",
    )
    assert status == 0, (folder / "said").read_text()
    found: list[list[list[dict[str, Any]]]] = json.loads(
        (folder / "found").read_text()
    )
    return found


@pytest.mark.parametrize("page", PLOTTING, ids=lambda page: page.stem)
def test_a_page_s_plots_are_those_of_matplotlib(
    page: Path, tmp_path: Path
) -> None:
    """Protects readers from a plot that isn't what the book shows."""
    found = drawn_twice(page, tmp_path)
    assert found
    for ours, theirs in found:
        assert len(ours) == len(theirs) == 1
        same_figure(ours[0], theirs[0])


def same_figure(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours["legend"] == theirs["legend"]
    assert ours["size"] == pytest.approx(theirs["size"])
    assert ours["said"]
    for mine, other in zip(ours["axes"], theirs["axes"], strict=True):
        same_axes(mine, other)


def same_axes(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    for part in ("title", "names", "is_on", "legend"):
        assert ours[part] == theirs[part]
    if ours["is_on"]:
        assert ours["spines"] == theirs["spines"]
    # Theirs is measured with the letters of a font, ours with their widths.
    assert ours["box"] == pytest.approx(theirs["box"], abs=0.04)
    for name in "xy":
        low, high = theirs["limits"][name]
        assert ours["limits"][name] == pytest.approx(
            [low, high], rel=1e-9, abs=1e-9 * abs(high - low)
        )
        same_ticks(ours["ticks"][name], theirs["ticks"][name])
    for part in ("lines", "across", "points", "bars", "images"):
        assert len(ours[part]) == len(theirs[part])
    for mine, other in zip(ours["lines"], theirs["lines"], strict=True):
        assert mine == other
    for mine, other in zip(ours["across"], theirs["across"], strict=True):
        assert mine == other
    for mine, other in zip(ours["points"], theirs["points"], strict=True):
        assert mine == other
    for mine, other in zip(ours["bars"], theirs["bars"], strict=True):
        assert mine[3:] == other[3:]
        assert mine[:3] == pytest.approx(other[:3])
    for mine, other in zip(ours["images"], theirs["images"], strict=True):
        assert np.abs(np.array(mine) - np.array(other)).max() <= 1
    assert set(ours["orders"]) == set(theirs["orders"])
    for mine, other in zip(ours["contours"], theirs["contours"], strict=True):
        assert mine["colors"] == other["colors"]
        assert mine["widths"] == other["widths"]
        for some, others in zip(
            mine["segments"], other["segments"], strict=True
        ):
            same_segments(some, others)


def same_ticks(ours: list[Any], theirs: list[Any]) -> None:
    """The same places, with the same labels."""
    for mine, other in zip(sorted(ours), sorted(theirs), strict=True):
        assert mine[0] == pytest.approx(other[0], rel=1e-9, abs=1e-12)
        assert mine[1:] == other[1:]


def same_segments(ours: list[list[float]], theirs: list[list[float]]) -> None:
    """The same pieces of lines, in any order and direction.

    Where a line goes through a corner, rounding may leave a crumb.
    """
    mine, other = (
        np.array(
            [ends for ends in some if math.dist(ends[:2], ends[2:]) > EXACT]
        )
        for some in (ours, theirs)
    )
    assert len(mine) == len(other)
    if len(mine):
        near = np.minimum(
            *(
                np.abs(mine[:, None] - ends[None]).max(-1)
                for ends in (other, other[:, [2, 3, 0, 1]])
            )
        )
        assert near.min(0).max() < EXACT
        assert near.min(1).max() < EXACT


class Notebook:
    """A page of which one cell is run again and again."""

    def __init__(self) -> None:
        self.session = Session(None)
        self.outputs: list[dict[str, Any]] = []

    def run(self, code: str) -> str:
        """What a cell says when it has failed."""
        self.outputs.clear()
        self.session.run(dedent(code).strip(), 1, self.outputs.append)
        return "".join(output.get("text", "") for output in self.outputs)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """One in which Matplotlib's name is that of what stands for it."""
    for name, module in {
        "": plots,
        ".pyplot": plots.pyplot,
        ".colors": plots.colors,
    }.items():
        monkeypatch.setitem(sys.modules, f"matplotlib{name}", module)
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    found = Notebook()
    found.run("import matplotlib.pyplot as plt\nfrom math import inf, nan")
    assert found.outputs == []
    return found


def test_a_plot_is_shown_when_its_cell_ends(notebook: Notebook) -> None:
    """Protects the plots of a cell that shows none of them itself."""
    notebook.run(
        """
        fig, ax = plt.subplots()
        print("before")
        ax.plot([1, nan, 3, inf, 2], label="a < b & c")
        ax.legend()
        for _ in range(2):
            plt.subplots()
        """
    )
    *before, first, _, _ = notebook.outputs
    assert "".join(output["text"] for output in before) == "before\n"
    svg = first["svg"]
    assert "a &lt; b &amp; c" in svg
    assert "between 1 and 3" in svg
    assert "nan" not in svg
    # One that was made before isn't shown again; a failing cell shows none.
    notebook.run("ax.set(xlabel='x')\nNone")
    assert notebook.outputs == []
    notebook.run("plt.subplots()\n1 / 0")
    assert [output["kind"] for output in notebook.outputs] == ["error"]
    notebook.run("1")
    assert [output["kind"] for output in notebook.outputs] == ["text"]


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("import matplotlib.animation as a\na.x", "matplotlib.animation"),
        ("from matplotlib import cm, pyplot\ncm.x", "matplotlib.cm"),
        ("from matplotlib import cm, pyplot\npyplot.x", "pyplot.x"),
        ("plt.hist([1, 2])", "matplotlib.pyplot.hist"),
        ("plt.subplots(sharex=True)", "subplots(…, sharex=…)"),
        ("plt.subplots(layout='compressed')", "layout='compressed'"),
        ("ax.pie([1, 2])", "Axes.pie"),
        ("ax.plot([1], drawstyle='steps')", "plot(…, drawstyle=…)"),
        ("ax.semilogy([1], drawstyle='steps')", "plot(…, drawstyle=…)"),
        ("ax.plot([1], '*-')", "'*-'"),
        ("ax.plot([1], marker='*')", "marker='*'"),
        ("ax.plot([1], ls='wavy')", "linestyle='wavy'"),
        ("ax.plot([1], color='teal')", "the colour 'teal'"),
        ("ax.plot([1], [2], [3], [4])", "plot(…) of 4 things"),
        ("ax.set(xscale='log')", "Axes.set_xscale"),
        ("ax.set(aspect=2)", "aspect=2"),
        ("ax.legend(loc='outside')", "loc='outside'"),
        ("ax.contour([[1, 2], [3, 4]], colors='C0')", "a list of levels"),
        ("ax.contourf([[1, 2], [3, 4]], [1, 2])", "without colors"),
        ("ax.scatter([1], [2], c=[3])", "scatter(…, c=…)"),
        ("ax.imshow([[1]], cmap='viridis')", "cmap='viridis'"),
        ("ax.spines['polar']", "spines='polar'"),
        ("fig.legend()", "a figure's legend"),
        ("fig.colorbar(ax.plot([1])[0])", "colorbar"),
        ("fig.savefig('a.png')", "Figure.savefig"),
    ],
)
def test_what_it_does_not_know_it_refuses_by_name(
    notebook: Notebook, code: str, named: str
) -> None:
    """Protects readers from a plot that says something else than they did."""
    said = notebook.run(f"fig, ax = plt.subplots()\n{code}")
    assert said.startswith("This needs ")
    assert named in said
    assert said.endswith("It runs in Jupyter, on your machine.")
    assert [output["kind"] for output in notebook.outputs] == ["error"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ax.plot([1, 2], [3])", "ValueError: 2 x for 1 y"),
        ("ax.plot(['3'])", "TypeError: '3' isn't a number"),
        ("ax.set(xlim=(1, 1))", "an axis can't go from 1.0 to 1.0"),
        ("ax.contour([1], [1, 2], [[1, 2]], [1], colors='C0')", "a height"),
        ("ax.axline((1, 1), (1, 1))", "two points that differ"),
        ("plt.subplots(9, 1, figsize=(1, 1), layout='tight')", "too small"),
    ],
)
def test_what_cannot_be_drawn_is_an_error(
    notebook: Notebook, code: str, said: str
) -> None:
    """Protects readers from a plot of something else."""
    assert said in notebook.run(f"fig, ax = plt.subplots()\n{code}")


numbers = st.floats(-1e5, 1e5).map(lambda x: round(x, 3))


@given(low=numbers, length=st.floats(1e-3, 1e5), space=st.integers(1, 12))
def test_ticks_are_where_matplotlib_has_them(
    low: float, length: float, space: int
) -> None:
    """Protects axes whose ends the chapters don't have."""
    assume(low + length > low)
    locator = MaxNLocator(min(space, MOST), steps=[1, 2, 2.5, 5, 10])
    expected = locator.tick_values(low, low + length)
    found = equally_spaced(low, low + length, min(space, MOST))
    assert found == pytest.approx(list(expected), rel=1e-9, abs=1e-9 * length)


@given(
    start=st.floats(-20, 20),
    length=st.floats(0.5, 30),
    space=st.integers(2, 9),
)
def test_powers_of_ten_are_where_matplotlib_has_them(
    start: float, length: float, space: int
) -> None:
    """Protects logarithmic axes of other lengths."""
    low, high = 10.0**start, 10.0 ** (start + length)
    found = [
        tick
        for tick in logarithmic(low, high, space)
        if tick.label == "10" and not tick.is_minor
    ]
    expected = LogLocator(numticks=space).tick_values(low, high)
    seen = [place for place in expected if low <= place <= high]
    assert [tick.place for tick in found] == pytest.approx(seen)


@given(
    heights=st.lists(
        st.lists(st.integers(-3, 3), min_size=4, max_size=4),
        min_size=2,
        max_size=5,
    ),
    level=st.sampled_from([-2.0, -0.5, 0.0, 0.25]),
)
def test_level_lines_are_those_of_contourpy(
    heights: list[list[int]], level: float
) -> None:
    """Protects saddles, and levels at which corners are."""
    xs, ys = [0.0, 1.0, 3.0, 3.5], [float(k) for k in range(len(heights))]
    rows = [[float(height) for height in row] for row in heights]
    ours = Grid(xs, ys, rows).lines(level)
    theirs = contour_generator(xs, ys, np.array(rows)).lines(level)
    same_segments(
        *(
            [
                [*start, *end]
                for line in lines
                for start, end in pairwise(np.array(line).tolist())
                if start != end
            ]
            for lines in (ours, theirs)
        )
    )


def test_letters_are_as_wide_as_in_the_font() -> None:
    """Protects legends from lying upon lines."""
    font = get_font(findfont("DejaVu Sans"))
    font.set_size(100, 72)
    for letter, width in WIDTH.items():
        glyph = font.load_char(ord(letter), flags=LoadFlags.NO_HINTING)
        assert glyph.linearHoriAdvance / 65536 == pytest.approx(width, abs=0.6)


def test_colours_are_those_of_matplotlib() -> None:
    """Protects readers who take another colour than the chapters."""
    for name, color in NAMED.items():
        assert color == to_hex(name)
    for k in range(300):
        here, there = (
            np.array(some)
            for some in (
                MAPS["Greys"](k / 299),
                colormaps["Greys"](k / 299, bytes=True)[:3],
            )
        )
        assert np.abs(here - np.array(there, dtype=int)).max() <= 1


def test_nine_of_ten_cells_run_in_the_page() -> None:
    """Protects readers of parts I to IV from cells that only look alive.

    Two chapters are about PyTorch, which no browser runs.
    """
    live = total = 0
    for page in CHAPTERS:
        if int(page.stem[:2]) > 14:
            continue
        why = why_not(page)
        live += why.count("")
        total += len(why)
        others = [reason for reason in why if "PyTorch" not in reason]
        assert others.count("") >= 0.9 * len(others), page.stem
    assert live >= 0.9 * total
