"""Each colour of the book stands in one place, and goes to all the others."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from editions import articles, epub
from figures import palette
from figures.svg_element import inlined
from run import kernels
from weave import coloured
from weave.coloured import in_standard_tex

ROOT = Path(__file__).resolve().parents[2]
FILLED = (
    "book/_ext/editions/epub.css",
    "book/_ext/editions/pdf.css",
    "book/_ext/run/matplotlibrc",
    "book/_static/favicon.svg",
)
"""What has variables where the build puts the colours of the light theme."""
DRAWN = "book/_static/readme-graph.svg"
DRAWING = {
    "book/02-by-hand.md",
    "book/04-graph.md",
    "book/09-neuron.md",
    "book/10-mlp.md",
}
"""The chapters that draw graphs, with all that it takes."""

HEX = re.compile(r"#(?:[0-9a-f]{8}|[0-9a-f]{6})\b", re.I)
IN_STYLE = re.compile(
    r"#[0-9a-f]{3,8}(?![\w-])|\b(?:rgb|hsl|lab|lch|oklab|oklch)a?\("
    r"|(?<![\w-])(?:black|white|gr[ae]y|red|green|blue|orange|violet)(?![\w-])",
    re.I,
)
COMMENT = re.compile(r"/\*.*?\*/|<!--.*?-->", re.S)


def literals(name: str, text: str) -> set[str]:
    """The colours that a file writes down."""
    if name.endswith((".css", ".svg")):
        return set(IN_STYLE.findall(COMMENT.sub("", text)))
    return set(HEX.findall(text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.css", "a { color: #fff; }"),
        ("a.css", "a { border: 1px solid white; white-space: pre; }"),
        ("a.css", "a { box-shadow: 0 0 rgb(0 0 0 / 18%); }"),
        ("a.svg", '<path fill="#0b5fa5"/>'),
        ("a.js", 'context.fillStyle = "#0B5FA5";'),
        ("a.md", 'ax.plot(losses, color="#0b5fa5")'),
    ],
)
def test_a_colour_is_recognised(name: str, text: str) -> None:
    """Protects the next test."""
    assert len(literals(name, text)) == 1


def test_no_other_place_has_a_colour() -> None:
    """Protects those who change one from having to search for it."""
    kinds = (".css", ".html", ".js", ".md", ".py", ".svg", "matplotlibrc")
    files = [p for p in (ROOT / "book").rglob("*") if p.name.endswith(kinds)]
    assert len(files) > 100
    names = {str(p.relative_to(ROOT)): p.read_text("utf-8") for p in files}
    found = {name: literals(name, text) for name, text in names.items()}
    assert {name for name in found if found[name]} == {*DRAWING, DRAWN}
    for name in DRAWING:
        assert found[name] <= set(palette.LIGHT.values())


def test_the_library_draws_in_the_same() -> None:
    """Protects graphs from keeping a colour that the book has given up."""
    lines = (ROOT / "book/04-graph.md").read_text("utf-8").splitlines()
    given = [
        (number, *found.groups())
        for number, line in enumerate(lines, 1)
        if (found := re.match(r'([A-Z]+) = "(#\w+)"', line))
    ]
    assert len(given) == 6
    assert [
        f"book/04-graph.md:{number}: {name} is {palette.LIGHT[name.lower()]}"
        for number, name, colour in given
        if colour != palette.LIGHT[name.lower()]
    ] == []


def test_a_page_is_told_where_it_has_another_colour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Protects chapters from staying behind when the palette changes."""
    told: list[object] = []
    log = SimpleNamespace(warning=lambda *_, location: told.append(location))
    monkeypatch.setattr(coloured, "LOGGER", log)
    text = 'x = "#123456"\n# see 04.md#abcdef\nDATA = "{}"\n'
    ours = text.format(palette.LIGHT["data"])
    monkeypatch.setitem(palette.LIGHT, "ink", "#123456")
    coloured.tell_others(SimpleNamespace(), "book/02-two", [ours])
    assert told == []
    monkeypatch.setitem(palette.LIGHT, "data", "#654321")
    coloured.tell_others(SimpleNamespace(), "book/02-two", [ours])
    assert told == [("book/02-two", 3)]


def test_the_nearest_file_is_read(tmp_path: Path) -> None:
    """Protects Python in the page, where the folders are others."""
    (tmp_path / "figures").mkdir()
    module = tmp_path / "figures/palette.py"
    module.write_bytes(Path(str(palette.__file__)).read_bytes())
    text = palette.FILE.read_text("utf-8")
    changed = text.replace(palette.LIGHT["data"], "#123456")
    (tmp_path / "palette.toml").write_text(changed, "utf-8")
    spec = spec_from_file_location("copied", module)
    assert spec and spec.loader
    copied = module_from_spec(spec)
    spec.loader.exec_module(copied)
    assert copied.LIGHT == palette.LIGHT | {"data": "#123456"}
    assert copied.DARK == palette.DARK


def test_a_changed_colour_arrives_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects a book of which one part still wears what was."""
    for name, light, dark in [
        ("data", "#012345", "#6789ab"),
        ("rule", "#123456", "#789abc"),
    ]:
        monkeypatch.setitem(palette.LIGHT, name, light)
        monkeypatch.setitem(palette.DARK, name, dark)
    sheet = palette.style_sheet()
    assert sheet.count("--book-data: #012345;") == 2  # a screen, and paper
    assert sheet.count("--book-data: #6789ab;") == 1
    assert 'span.data, .katex [style*="color:#012345"] {' in sheet
    assert in_standard_tex(r"\data{a}") == r"\textcolor{#012345}{a}"
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg"><path fill="#012345"/></svg>'
    )
    inline = inlined(svg, alt="", prefix="")
    assert 'fill="var(--book-data)"' in inline
    picture = articles.light(ElementTree.fromstring(inline))
    assert 'fill="#012345"' in picture
    assert "solid #123456" in epub.style()
    settings = kernels.environment(tmp_path)["MATPLOTLIBRC"]
    plots = Path(settings).read_text("utf-8")
    assert '["#012345", ' in plots
    assert 'axes.edgecolor: "#123456"' in plots


@pytest.mark.parametrize("name", FILLED)
def test_what_knows_no_variables_has_none_in_the_end(name: str) -> None:
    """Protects programs that would take them for a mistake."""
    text = (ROOT / name).read_text("utf-8")
    filled = palette.in_light(text)
    assert filled != text
    assert "var(--book" not in filled


def test_formulas_are_standard_tex() -> None:
    """Protects formulas in formats that don't know our commands."""
    formula = r"\gradient{\frac{dL}{da}} = \data{a} \cdot \parameter{w_i}"
    colours = palette.LIGHT
    assert in_standard_tex(formula) == (
        rf"\textcolor{{{colours['gradient']}}}{{\frac{{dL}}{{da}}}} = "
        rf"\textcolor{{{colours['data']}}}{{a}} \cdot "
        rf"\textcolor{{{colours['parameter']}}}{{w_i}}"
    )
    assert in_standard_tex(r"\datatype{a} data{b}") == r"\datatype{a} data{b}"


def test_black_and_gray_are_ink_and_rule() -> None:
    """Protects plots whose cells say so from staying light in the dark."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg"><path style="stroke: #000000'
        '"/><path style="fill: #808080"/></svg>'
    )
    drawn = inlined(svg, alt="", prefix="")
    assert 'style="stroke: var(--book-ink)"' in drawn
    assert 'style="fill: var(--book-rule)"' in drawn
    # Matplotlib doesn't say that a filling is black.
    assert re.match(r'<svg [^>]*fill="var\(--book-ink\)"', drawn)


def test_the_pages_have_the_palette(html: Path) -> None:
    """Protects what the tests before have looked at from going nowhere."""
    static = html / "_static"
    sheet = (static / "palette.css").read_text("utf-8")
    assert sheet == palette.style_sheet()
    icon = (static / "favicon.svg").read_text("utf-8")
    assert literals("favicon.svg", icon) == {
        palette.LIGHT["paper"],
        palette.LIGHT["operation"],
    }


def test_python_in_the_page_has_the_palette(
    html: Path, tmp_path: Path
) -> None:
    """Protects graphs that are drawn where they are read."""
    with ZipFile(html / "_live/python.zip") as packed:
        packed.extractall(tmp_path)
    code = (
        f"import sys; sys.path.append({str(tmp_path)!r})\n"
        "from figures import palette, svg_element; print(palette.LIGHT)"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True
    )
    assert ran.stdout == f"{palette.LIGHT}\n", ran.stderr
