"""What is said of a drawn graph is what was computed.

The library computes and draws; Python evaluates what is said.
"""

from __future__ import annotations

import math
import random
import re

import pytest
from bs4 import BeautifulSoup
from docutils import nodes

from figures import graph_text
from figures.inline_svg import names_in
from figures.svg_element import inlined
from micrograd import Value, draw_dot

FUNCTIONS = {
    "tanh": math.tanh,
    "exp": math.exp,
    "log": math.log,
    "relu": lambda x: max(x, 0.0),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
}
SENTENCE = re.compile(r"(.+?)( = .+)? = (\S+?)(?:, gradient (\S+))?\.")

NAME = re.compile(r"(?:step|number) \d+|\b[uvw]\b")


def drawn(root: Value) -> str:
    return str(draw_dot(root).pipe(encoding="utf-8"))


def evaluated(description: str) -> dict[str, float]:
    """All values by name, each computed from what is said before it."""
    known: dict[str, float] = {}
    for said in re.split(r"(?<=\.) (?=\D)", description):
        found = SENTENCE.fullmatch(said)
        assert found, said
        name, formula, number, _ = found.groups()
        shown = float(number)
        if formula:
            code = NAME.sub(
                lambda found: f"({known[found[0]]!r})",
                formula.removeprefix(" = "),
            )
            value = eval(code, FUNCTIONS.copy())
            assert value == pytest.approx(shown, rel=2e-3, abs=2e-3), said
        known[name] = shown
    return known


def test_the_books_example_is_told_in_order() -> None:
    """Protects the reader who can't see it: this is how it is put."""
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c, f = Value(10.0, label="c"), Value(-2.0, label="f")
    e = a * b
    e.label = "e"
    d = e + c
    d.label = "d"
    L = d * f
    L.label = "L"
    L.backward()
    assert graph_text.told(drawn(L)).description == (
        "a = 2, gradient 6. b = -3, gradient -4. "
        "e = a * b = -6, gradient -2. c = 10, gradient -2. "
        "d = e + c = 4, gradient -2. f = -2, gradient 4. "
        "L = d * f = -8, gradient 1."
    )


A, B = 2.0, -3.0


@pytest.mark.parametrize(
    ("computed", "said"),
    [
        (lambda a, b: a * a, "step 1 = a * a = 4"),
        (lambda a, b: a - b, "step 1 = a - b = 5"),
        (lambda a, b: b - a, "step 1 = b - a = -5"),
        (lambda a, b: (a + b) / a, "step 2 = step 1 / a = -0.5"),
        (lambda a, b: a / (b - a), "step 2 = a / step 1 = -0.4"),
        (lambda a, b: a.tanh(), "step 1 = tanh(a) = 0.964"),
        (lambda a, b: (-b).exp(), "step 2 = exp(step 1) = 20.09"),
        (lambda a, b: -b, "step 1 = -b = 3"),
        (lambda a, b: b**2, "step 1 = b**2 = 9"),
        (lambda a, b: a**b, "step 1 = a ** b = 0.125"),
        (lambda a, b: a + 1, "number 1 = 1, gradient 1"),
    ],
)
def test_operands_stand_in_their_order(computed, said: str) -> None:
    """Protects a difference from being told the wrong way round.

    Graphviz writes edges in an order of its own.
    """
    result = computed(Value(A, label="a"), Value(B, label="b"))
    result.backward()
    assert said in graph_text.told(drawn(result)).description


def test_equal_labels_are_told_apart() -> None:
    """Protects two values from being taken for one."""
    result = Value(2.0, label="a") + Value(3.0, label="a")
    said = graph_text.told(drawn(result)).description
    assert "step 1 = a (1) + a (2) = 5" in said


@pytest.mark.parametrize("seed", range(15))
def test_what_is_said_can_be_computed(seed: int) -> None:
    """Protects any graph, large ones too, from being told wrongly."""
    choose = random.Random(seed)
    values = [Value(choose.uniform(0.5, 2), label=n) for n in "uvw"]
    for _ in range(choose.choice((4, 12, 40))):
        x, y = choose.choice(values), choose.choice(values)
        make = choose.choice(
            [
                lambda x, y: x + y,
                lambda x, y: x - y,
                lambda x, y: (x * y).tanh(),
                lambda x, y: x.sigmoid() / (y.relu() + 1),
            ]
        )
        values.append(make(x, y))
    root = values[-1]
    root.backward()
    words = graph_text.told(drawn(root))
    known = evaluated(" ".join(words.steps) or words.description)
    data = float(f"{root.data:.4g}")
    assert list(known.values())[-1] == data, words
    if words.steps:
        assert f"A graph of {len(known)} values." in words.description


def test_a_large_graph_is_counted_before_it_is_told() -> None:
    """Protects the reader from a flood that nobody asked for."""
    a = Value(1.0, label="a")
    power = a
    for _ in range(30):
        power = power * a
    words = graph_text.told(drawn(power))
    assert words.description == (
        "A graph of 31 values. From 1 that are given, "
        "30 operations (30 × *) lead to step 30 = 1."
    )
    assert words.steps[0] == "a = 1, gradient 0."
    assert words.steps[-1] == "step 30 = step 29 * a = 1, gradient 0."
    assert len(words.steps) == 31


def test_no_drawing_but_a_computation_is_told() -> None:
    """Protects other drawings from being taken for computations."""
    from graphviz import Digraph

    dot = Digraph(format="svg")
    dot.edge("a box", "another", "an arrow")
    dot.edge("another", "a box")
    assert graph_text.told(dot.pipe(encoding="utf-8")).description == ""
    plot = '<svg xmlns="http://www.w3.org/2000/svg"><g id="axes"/></svg>'
    assert graph_text.told(plot) == ("", [])


def test_the_description_goes_with_the_drawing() -> None:
    """Protects the words from being there, and nobody led to them."""
    svg = drawn(Value(2.0, label="<a>") * 3)
    said = graph_text.told(svg).description
    text = inlined(svg, alt="A graph.", prefix="f1-", description=said)
    page = BeautifulSoup(text, "html.parser")
    picture = page.find("svg")
    assert picture["aria-label"] == "A graph."
    (place,) = page.select(f"#{picture['aria-describedby']}")
    assert place.name == "desc"
    assert place.get_text() == said
    assert "<a> = 2" in said


def test_what_a_caption_names_is_found() -> None:
    """Protects figures from opening where nothing is."""
    caption = nodes.caption("", "See ", nodes.math("", r"\gradient{w_1}"))
    caption += [nodes.Text(" and "), nodes.literal("", "a + o.backward()")]
    image = nodes.image()
    nodes.figure("", image, caption)
    assert {"w1", "a", "o"} <= set(names_in(image))
    a, w = Value(1.0, label="a"), Value(2.0, label="w1")
    found = graph_text.parts_named(drawn(a * w), names_in(image))
    assert found == [["node4"], ["node3"]]
