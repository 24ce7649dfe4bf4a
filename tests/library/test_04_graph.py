"""From chapter 4 on: the graph that a computation left behind, drawn."""

import os
import re
import shutil
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from micrograd.engine import Value, label
from micrograd.graph import arrows, draw_dot, trace


def expression() -> Value:
    """L = ((a*b)+c)*f, labelled as in the book."""
    a, b, c, f = Value(2.0), Value(-3.0), Value(10.0), Value(-2.0)
    e = a * b
    d = e + c
    result = d * f
    label(a=a, b=b, c=c, f=f, e=e, d=d, L=result)
    return result


def test_every_node_is_found_once() -> None:
    """Protects `trace`, on a graph with a shared node."""
    a, b = Value(2.0), Value(3.0)
    c = a * b
    d = c + a
    nodes, _ = trace(d)
    assert len(nodes) == 4
    assert set(nodes) == {a, b, c, d}


def test_every_use_is_an_edge_from_operand_to_result() -> None:
    """Protects the direction of edges, and one edge for each use."""
    a = Value(2.0)
    b = a + a
    c = b * a
    _, edges = trace(c)
    assert Counter(edges) == {(a, b): 2, (b, c): 1, (a, c): 1}


def test_a_leaf_is_a_graph_of_its_own() -> None:
    """Protects the smallest graph there is."""
    a = Value(2.0)
    nodes, edges = trace(a)
    assert (list(nodes), list(edges)) == ([a], [])


def chain(length: int) -> Value:
    """A graph that is all depth: each node made from the one before."""
    node = Value(0.0)
    for _ in range(length):
        node = node + Value(1.0)
    return node


def test_a_deep_graph_is_traced_without_recursion() -> None:
    """Protects graphs deeper than Python's recursion limit."""
    deep = 10 * sys.getrecursionlimit()
    nodes, edges = trace(chain(deep))
    assert (len(nodes), len(edges)) == (2 * deep + 1, 2 * deep)


def test_wide_sharing_is_traced_in_linear_time() -> None:
    """Protects doubling chains, which have 2**200 paths and 201 nodes."""
    node = Value(1.0)
    for _ in range(200):
        node = node + node
    nodes, edges = trace(node)
    assert (len(nodes), len(edges)) == (201, 400)


@pytest.mark.usefixtures("dot_on_path")
def test_a_deep_graph_is_drawn_without_recursion() -> None:
    """Protects the drawing of graphs deeper than the recursion limit."""
    with pytest.warns(UserWarning, match="takes a while"):
        source = draw_dot(chain(2000)).source
    assert source.count("->") >= 4000


def worn_out(uses: int) -> Value:
    """A long sum in which one leaf is used again and again."""
    leaf = Value(1.0)
    return sum([leaf] * uses, Value(0.0))


@pytest.mark.usefixtures("dot_on_path")
@pytest.mark.parametrize("root", [chain(5000), worn_out(500)])
def test_what_would_take_minutes_is_refused(root: Value) -> None:
    """Protects readers from waiting for a picture that nobody can read."""
    nodes, edges = trace(root)
    size = f"{len(nodes)} values and {len(edges)} edges are too many"
    with pytest.raises(ValueError, match=size):
        draw_dot(root)


@pytest.mark.usefixtures("dot_on_path")
def test_arrows_that_pass_by_everything_are_straight() -> None:
    """Protects readers from Graphviz's minutes: with curves it takes three."""
    with pytest.warns(UserWarning, match="straight"):
        source = draw_dot(worn_out(100)).source
    assert "splines=line" in source
    assert source.count("->") == 300
    assert "splines" not in draw_dot(worn_out(20)).source


@pytest.mark.usefixtures("dot_on_path")
def test_the_same_computation_is_drawn_with_the_same_bytes() -> None:
    """Protects diffs of the built book: names are no memory addresses."""
    first, second = expression(), expression()
    source = draw_dot(first).source
    assert source == draw_dot(second).source
    for node in trace(first)[0]:
        assert str(id(node)) not in source


@pytest.mark.usefixtures("dot_on_path")
def test_a_drawing_names_labels_data_and_operations() -> None:
    """Protects what the reader looks for in a drawing."""
    source = draw_dot(expression()).source
    for name in ["a", "b", "c", "e", "d", "f", "L"]:
        assert re.search(rf">\s*{name}\s*<", source), name
    data = map(float, re.findall(r"data ([-.\d]+)", source))
    assert sorted(data) == [-8.0, -6.0, -3.0, -2.0, 2.0, 4.0, 10.0]
    assert "*" in source
    assert "+" in source


@pytest.mark.usefixtures("dot_on_path")
def test_an_operand_used_twice_has_two_arrows() -> None:
    """Protects the drawing of `a + a`."""
    a, b = Value(2.0), Value(2.0)
    once, twice = draw_dot(a + b).source, draw_dot(a + a).source
    assert once.count("->") == twice.count("->") == 3


@pytest.mark.usefixtures("dot_on_path")
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_a_drawing_runs_in_the_direction_asked_for(rankdir: str) -> None:
    """Protects the ``rankdir`` argument."""
    source = draw_dot(expression(), rankdir=rankdir).source
    assert re.search(rf'rankdir="?{rankdir}', source)


@pytest.mark.usefixtures("dot_on_path")
def test_a_drawing_has_the_format_asked_for() -> None:
    """Protects the ``format`` argument; SVG is the default."""
    assert draw_dot(expression()).format == "svg"
    assert draw_dot(expression(), format="png").format == "png"


@pytest.mark.usefixtures("dot_on_path")
@pytest.mark.parametrize("x", [float("inf"), float("-inf"), float("nan")])
def test_what_is_not_finite_is_drawn_as_it_reads(x: float) -> None:
    """Protects drawings of computations that went wrong."""
    assert f"{x}" in draw_dot(Value(x)).source


def test_without_dot_the_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the user without Graphviz from a riddle."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError) as error:
        draw_dot(expression())
    assert str(error.value) == (
        "drawing needs Graphviz's program `dot` on the PATH. Get it with "
        "`apt install graphviz` or `brew install graphviz`, or from "
        "https://graphviz.org/download/"
    )


def test_graphviz_is_imported_only_when_drawing(
    python: Callable[..., str],
) -> None:
    """Protects users who never draw, and have no graphviz."""
    program = "import sys, micrograd.graph; print('graphviz' in sys.modules)"
    assert python(program) == "False\n"


@pytest.fixture
def texts(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Value], list[str]]:
    """Draw with the real `dot`, and read the texts in the picture."""
    beside_python = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", beside_python, prepend=os.pathsep)
    if shutil.which("dot") is None:
        pytest.skip("no dot on this machine")

    def draw(root: Value) -> list[str]:
        svg = ElementTree.fromstring(draw_dot(root).pipe(encoding="utf-8"))
        return [
            "".join(text.itertext()).replace("\N{NO-BREAK SPACE}", " ")
            for text in svg.iter("{http://www.w3.org/2000/svg}text")
        ]

    return draw


@pytest.mark.parametrize(
    "label",
    [
        "w",
        '<b>&"|{}',
        "&amp;",
        r"\N",
        r"\Theta",
        r"a\nb",
        "it's",
        "<",
        "a  b",
        "α₁ × ½",
        "-->",
        "]]>",
    ],
)
def test_a_label_is_drawn_letter_by_letter(
    label: str, texts: Callable[[Value], list[str]]
) -> None:
    """Protects labels that mean something to HTML or to Graphviz."""
    drawn = texts(Value(1.0, label=label))
    assert any(label in text for text in drawn), drawn


def test_a_node_without_a_label_can_be_drawn(
    texts: Callable[[Value], list[str]],
) -> None:
    """Protects the usual node, which nobody named."""
    drawn = " ".join(texts(Value(1.5) * Value(2.0)))
    data = map(float, re.findall(r"data ([-.\d]+)", drawn))
    assert sorted(data) == [1.5, 2.0, 3.0]


@pytest.mark.parametrize(
    ("nodes", "edges", "said"),
    [
        (1500, 1500, None),
        (1500, 1501, "1500 values and 1501 edges: drawing them takes a while"),
        (5000, 5000, "5000 values and 5000 edges: drawing them takes a while"),
    ],
)
def test_a_word_is_said_from_three_thousand_parts_on(
    nodes: int, edges: int, said: str | None
) -> None:
    """Protects the limits, and what is said: edges here have no length."""
    values = [Value(0.0) for _ in range(nodes)]
    loops = [(values[0], values[0])] * edges
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert arrows(values, loops) == {}
    assert [str(one.message) for one in caught] == ([said] if said else [])
    with pytest.raises(ValueError, match=r"^5000 values and 5001 edges are"):
        arrows([*values[:1]] * 5000, loops[:1] * 5001)


def far(span: int) -> tuple[list[Value], list[tuple[Value, Value]]]:
    """A path of two edges, and one edge back over both, again and again."""
    a, b, c = Value(0.0), Value(0.0), Value(0.0)
    back = [(c, a)] * ((span - 2) // 2)
    return [a, b, c], [(b, a), (c, b), *back]


def test_arrows_are_straight_from_a_thousand_levels_on() -> None:
    """Protects Graphviz's attributes, and the length from which they are."""
    nodes, edges = far(2002)  # 2002 levels and 1002 edges
    assert arrows(nodes, edges) == {}
    note = "and arrows must be straight$"
    with pytest.warns(UserWarning, match=note):
        straight = arrows(nodes, [*edges, edges[-1]])
    assert straight == {"splines": "line", "nslimit": "1"}
