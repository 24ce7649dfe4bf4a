"""From chapter 5 on: every operation knows its slope."""

import fractions
import re
import weakref

import numpy as np
import pytest

from micrograd.engine import Value
from micrograd.graph import draw_dot


def test_a_sum_passes_gradients_on_as_they_are() -> None:
    """Protects the local gradients of a sum: 1 on either side."""
    assert (Value(2.0) + Value(-3.0))._local == (1.0, 1.0)


def test_each_side_of_a_product_weighs_as_much_as_the_other_side() -> None:
    """Protects the local gradients of a product, and their order."""
    assert (Value(2.0) * Value(-3.0))._local == (-3.0, 2.0)


def test_a_leaf_has_no_local_gradients() -> None:
    """Protects the pairing of operands with local gradients."""
    assert Value(2.0)._local == ()


def test_a_gradient_starts_at_zero() -> None:
    """Protects a value that no result depends on."""
    a = Value(2.0)
    assert (a.grad, (a * a).grad) == (0.0, 0.0)


def test_a_value_shows_its_data_and_its_gradient() -> None:
    """Protects what a notebook prints."""
    a = Value(2)
    a.grad = 6.0
    assert repr(a) == "Value(data=2.0, grad=6.0)"


@pytest.mark.usefixtures("dot_on_path")
def test_a_drawing_shows_gradients() -> None:
    """Protects the picture that the book fills in, node by node."""
    a, b = Value(2.0), Value(-3.0)
    product = a * b
    product.grad, a.grad, b.grad = 1.0, -3.0, 2.0
    grads = re.findall(r"grad ([-.\d]+)", draw_dot(product).source)
    assert sorted(map(float, grads)) == [-3.0, 1.0, 2.0]


@pytest.mark.parametrize(
    "number",
    [2, True, fractions.Fraction(5, 2), np.float32(0.1), np.float64(2.5)],
)
def test_what_is_assigned_is_held_as_a_float(number: float) -> None:
    """Protects training with NumPy's numbers, as in ``w.data -= rate``."""
    a = Value(0.0)
    a.data = number
    assert type(a.data) is float
    a.data -= number * np.float64(1.0)
    assert (type(a.data), a.data) == (float, 0.0)


@pytest.mark.parametrize("wrong", ["3", None, 1j, [1.0], np.array([1.0, 2.0])])
def test_what_is_no_number_is_refused_where_it_is_assigned(
    wrong: object,
) -> None:
    """Protects from an error far away; and what was there stays."""
    a = Value(2.0)
    with pytest.raises(TypeError):
        a.data = wrong  # type: ignore[assignment]
    assert a.data == 2.0


def test_a_value_can_be_referred_to_weakly() -> None:
    """Protects caches, which must not keep graphs alive."""
    a = Value(2.0)
    known = weakref.WeakKeyDictionary({a: "a"})
    assert known[a] == "a"
    del a
    assert len(known) == 0


def test_the_originals_name_for_operands_is_answered_with_ours() -> None:
    """Protects who comes from micrograd: the error names the new word."""
    said = "^what _children means is called _prev here$"
    with pytest.raises(TypeError, match=said):
        Value(2.0, _children=())  # type: ignore[arg-type]


BOX = (
    'label=<<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="5"'
    ' COLOR="#8a8f98" BGCOLOR="#ffffff">'
)


def box(data: str, grad: str, label: str = "") -> str:
    """A node as Graphviz is told of it."""
    name = f'<TD ROWSPAN="2">{label}</TD>' if label else ""
    return (
        f'[{BOX}<TR>{name}<TD><FONT COLOR="#0b5fa5">data {data}</FONT></TD>'
        f'</TR><TR><TD><FONT COLOR="#b3420a">grad {grad}</FONT></TD></TR>'
        "</TABLE>> shape=plain]"
    )


@pytest.mark.usefixtures("dot_on_path")
def test_a_drawing_looks_as_it_does_in_the_book() -> None:
    """Protects colours, shapes and sizes: Graphviz is told all of this."""
    product = Value(2.0, label="a") * Value(-1 / 3)
    product.grad = 1.0
    told = [line.strip() for line in draw_dot(product).source.splitlines()]
    assert told == [
        "digraph {",
        "bgcolor=transparent rankdir=LR ranksep=0.25",
        'node [fontcolor="#24292f" fontname=Helvetica fontsize=11]',
        'node [color="#8a8f98" margin=0.03 shape=circle width=0.3]',
        'edge [arrowsize=0.6 color="#8a8f98"]',
        f"value0 {box('-0.6667', '1')}",
        'operation0 [label="*" fontcolor="#6b3fa0"]',
        "operation0 -> value0",
        f"value1 {box('2', '0', 'a')}",
        f"value2 {box('-0.3333', '0')}",
        "value1 -> operation0",
        "value2 -> operation0",
        "}",
    ]
