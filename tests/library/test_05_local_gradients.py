"""From chapter 5 on: every operation knows its slope."""

import re

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
