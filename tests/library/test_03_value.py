"""From chapter 3 on: a number that remembers how it was made."""

import decimal
import fractions
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd.engine import Value, label

REAL = [
    2,
    2.0,
    True,
    fractions.Fraction(1, 3),
    decimal.Decimal("2.5"),
    np.float64(2.5),
    np.float32(2.5),
    np.float16(2.5),
    np.longdouble(2.5),
    np.int64(3),
    np.uint8(3),
    np.bool_(True),
    np.array(2.5),
]
NOT_REAL = [
    "3",
    b"3",
    None,
    1 + 2j,
    [1.0],
    (1.0,),
    {},
    object(),
    np.complex64(1 + 2j),
    np.complex128(1 + 2j),
    np.str_("3"),
    np.array([1.0, 2.0]),
    np.array(1 + 2j),
]


def kind(x: object) -> str:
    """A readable name for a parametrised case."""
    return f"{type(x).__module__}.{type(x).__name__}"


@pytest.mark.parametrize("x", REAL, ids=kind)
def test_every_kind_of_real_number_is_held_as_a_float(x: float) -> None:
    """Protects users of numpy, fractions and plain ints alike."""
    data = Value(x).data
    assert type(data) is float
    assert data == float(x)


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan, -0.0, 5e-324])
def test_a_float_is_held_as_it_is(x: float) -> None:
    """Protects the numbers that arithmetic likes to lose."""
    assert repr(Value(x).data) == repr(x)


@pytest.mark.parametrize("x", NOT_REAL, ids=kind)
def test_what_is_no_real_number_is_refused_at_once(x: object) -> None:
    """Protects from errors that would show far from where they began."""
    with pytest.raises(TypeError) as refusal:
        Value(x)  # type: ignore[arg-type]
    assert "Traceback" not in str(refusal.value)


@pytest.mark.parametrize("x", ["3", None, 1 + 2j, [1.0]], ids=kind)
def test_a_refusal_names_what_was_wrong(x: object) -> None:
    """Protects the reader of the message: which thing, of which type."""
    with pytest.raises(TypeError) as refusal:
        Value(x)  # type: ignore[arg-type]
    assert str(refusal.value) == (
        f"a Value holds one real number, not {x!r} ({type(x).__name__})"
    )


@pytest.mark.parametrize("x", ["3", None, 1 + 2j, [1.0]], ids=kind)
@pytest.mark.parametrize("operation", [operator.add, operator.mul])
def test_arithmetic_leaves_what_is_no_real_number_to_python(
    operation: Callable[[Any, Any], Any], x: object
) -> None:
    """Protects messages: Python's own, which name the operator."""
    with pytest.raises(TypeError, match=r"unsupported operand|multiply") as no:
        operation(Value(1.0), x)
    assert "Value" in str(no.value)


class Foreign:
    """Somebody else's number, which knows how to work with ours."""

    def __radd__(self, other: Value) -> str:
        return f"{other.data} + foreign"

    __rmul__ = __radd__


def test_the_other_side_has_its_say() -> None:
    """Protects other people's classes, and NumPy's arrays, on the right."""
    assert Value(1.0) + Foreign() == "1.0 + foreign"
    assert Value(1.0) * Foreign() == "1.0 + foreign"
    products = Value(3.0) * np.array([1.0, 2.0])
    assert [value.data for value in products] == [3.0, 6.0]
    assert all(value._op == "*" for value in products)


@given(st.floats(), st.floats())
def test_sums_and_products_are_those_of_floats(a: float, b: float) -> None:
    """Protects the data, to the last bit, over all floats there are."""
    assert repr((Value(a) + Value(b)).data) == repr(a + b)
    assert repr((Value(a) * Value(b)).data) == repr(a * b)


def test_a_result_remembers_its_operation_and_its_operands_in_order() -> None:
    """Protects the trail that everything later follows."""
    a, b = Value(2.0), Value(-3.0)
    total, product = a + b, b * a
    assert (total._op, total._prev) == ("+", (a, b))
    assert (product._op, product._prev) == ("*", (b, a))


def test_an_operand_used_twice_is_remembered_twice() -> None:
    """Protects `a + a`: a set would hold `a` once, and lose a gradient."""
    a = Value(2.0)
    assert (a + a)._prev == (a, a)
    assert (a * a)._prev == (a, a)


def test_a_number_beside_a_value_becomes_a_leaf() -> None:
    """Protects mixed arithmetic: the number is a node like any other."""
    total = Value(2.0) + 3
    assert total.data == 5.0
    assert [operand.data for operand in total._prev] == [2.0, 3.0]


def test_a_leaf_was_made_by_no_operation() -> None:
    """Protects the test for a leaf: no operands, an empty operation."""
    leaf = Value(3)
    assert (leaf._op, leaf._prev) == ("", ())


def test_values_are_told_apart_by_identity() -> None:
    """Protects graphs: two nodes may hold the same number."""
    a, b = Value(1.0), Value(1.0)
    assert len({a, b}) == 2
    assert a != b


def test_a_label_is_given_by_keyword_or_later() -> None:
    """Protects drawings, and code in the lecture's style."""
    a = Value(2.0, label="a")
    assert a.label == "a"
    d = a * a
    assert d.label == ""
    d.label = "d"
    assert d.label == "d"


def test_values_are_labelled_by_the_names_that_they_are_given() -> None:
    """Protects drawings: each value bears its own name, and nothing else."""
    a, b = Value(2.0), Value(-3.0, label="old")
    e = a * b
    label(a=a, b=b, e=e)
    assert [v.label for v in (a, b, e)] == ["a", "b", "e"]
    assert (a.data, b.data, e.data, e._prev) == (2.0, -3.0, -6.0, (a, b))


def test_a_value_shows_its_data() -> None:
    """Protects what a notebook prints."""
    assert repr(Value(2)).startswith("Value(data=2.0")
