"""From chapter 8 on: the tools that check gradients are themselves right."""

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from micrograd.check import gradient_check, random_expression
from micrograd.engine import Value
from oracle import by_torch, by_us, tensor


def smooth(a: Value, b: Value) -> Value:
    """An expression whose gradients are right."""
    return (a * b + a).tanh() * b.exp()


def wrong_square(a: Value) -> Value:
    """A square that claims the slope a, half of what it is."""
    return Value(a.data**2, (a,), "square", (a.data,))


def test_right_gradients_pass() -> None:
    """Protects from false alarms."""
    gradient_check(smooth, [0.5, -1.25])
    gradient_check(lambda a: a.log() / a**3, [2.0])


def test_large_and_small_gradients_pass() -> None:
    """Protects from a tolerance that means something only near 1."""
    gradient_check(lambda a: 1e9 * a * a, [3.0])
    gradient_check(lambda a: 1e-9 * a * a, [3.0])


def test_a_wrong_gradient_is_found_and_both_numbers_named() -> None:
    """Protects the check's whole purpose, and the reader of its message."""
    with pytest.raises(AssertionError) as found:
        gradient_check(lambda a: wrong_square(a) + a, [3.0])
    numbers = [float(n) for n in re.findall(r"\d+\.?\d*", str(found.value))]
    assert 4.0 in numbers
    assert any(n == pytest.approx(7.0) for n in numbers), numbers


def test_the_input_whose_gradient_is_wrong_is_named() -> None:
    """Protects the message: which of the inputs it was."""

    def third_is_wrong(a: Value, b: Value, c: Value) -> Value:
        return a * b + wrong_square(c)

    with pytest.raises(AssertionError) as found:
        gradient_check(third_is_wrong, [3.5, 3.5, 3.5])
    assert re.search(r"\b(2|c)\b", str(found.value))


def test_a_gradient_that_is_nan_is_not_right() -> None:
    """Protects from comparisons that nan passes by being in none."""

    def not_a_number(a: Value) -> Value:
        return Value(a.data, (a,), "?", (float("nan"),))

    with pytest.raises(AssertionError):
        gradient_check(not_a_number, [1.0])


def test_the_tolerance_is_the_callers_to_choose() -> None:
    """Protects ``tolerance``: what is a percent off passes at a tenth."""

    def a_percent_off(a: Value) -> Value:
        return Value(a.data, (a,), "?", (1.01,))

    with pytest.raises(AssertionError):
        gradient_check(a_percent_off, [1.0])
    gradient_check(a_percent_off, [1.0], tolerance=0.1)


INPUTS = [0.5, -1.25, 2.0]


def expression(seed: int, size: int = 20) -> Callable[..., Any]:
    """One random expression, as a function of its leaves."""
    return lambda *leaves: random_expression(random.Random(seed), leaves, size)


@pytest.mark.parametrize("seed", range(20))
def test_random_expressions_are_the_same_for_values_and_tensors(
    seed: int,
) -> None:
    """Protects chapter 8's comparison: one seed, one expression."""
    ours = by_us(expression(seed), INPUTS)
    theirs = by_torch(expression(seed), INPUTS)
    assert ours == pytest.approx(theirs, rel=1e-9, nan_ok=True)


def test_one_seed_makes_one_expression_and_another_another() -> None:
    """Protects reproducible pages, and variety."""
    results = [by_us(expression(seed), INPUTS) for seed in (1, 1, 2, 3)]
    assert results[0] == results[1]
    assert results[0] != results[2] != results[3]


def test_an_expression_grows_with_its_size_and_shares_nodes() -> None:
    """Protects the point of it: graphs, not trees of a fixed size."""

    def uses(size: int) -> int:
        seen: set[Value] = set()
        edges = 0
        waiting = [expression(0, size)(*map(Value, INPUTS))]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                edges += len(node._prev)
                waiting += node._prev
        return edges

    assert uses(2) < uses(50)


def test_the_leaves_are_the_callers_own() -> None:
    """Protects gradients: they must arrive in the leaves given."""
    a = Value(0.5)
    expression(0)(a).backward()
    t = tensor(0.5)
    expression(0)(t).backward()
    assert a.grad == pytest.approx(t.grad.item(), rel=1e-9)
