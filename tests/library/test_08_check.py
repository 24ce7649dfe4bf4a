"""From chapter 8 on: the tools that check gradients are themselves right."""

import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from micrograd.check import gradient_check, random_expression
from micrograd.engine import Value
from oracle import all_same, by_torch, by_us, tensor


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
    message = r"input 0 \(3\): backward\(\) gives 4, but a nudge gives (\S+)"
    said = re.fullmatch(message, str(found.value))
    assert said
    assert float(said[1]) == pytest.approx(7.0)


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


def off_by(part: float) -> Callable[[Value], Value]:
    """A value itself, whose slope is told as that much more than 1."""
    return lambda a: Value(a.data, (a,), "?", (1.0 + part,))


@pytest.mark.parametrize("parts", [(0.25, 0.5), (0.5, 0.25)])
def test_the_largest_difference_is_returned(
    parts: tuple[float, float],
) -> None:
    """Protects who wants to know how good the gradients are."""
    one, other = map(off_by, parts)
    worst = gradient_check(
        lambda a, b: one(a) + other(b), [1.0, 2.0], tolerance=1.0
    )
    assert worst == pytest.approx(0.5 / 1.5)
    assert gradient_check(smooth, [0.5, -1.25]) < 1e-8


def test_where_slopes_are_small_the_difference_is_taken_as_it_is() -> None:
    """Protects from dividing by next to nothing."""

    def too_steep(a: Value) -> Value:
        return off_by(1.0)(0.25 * a)

    assert gradient_check(too_steep, [1.0], tolerance=1.0) == pytest.approx(
        0.25
    )


def test_no_difference_is_within_no_tolerance() -> None:
    """Protects the bound: what is at it has passed."""
    assert gradient_check(lambda a: a * 0.0, [1.0], tolerance=0.0) == 0.0


INPUTS = [0.5, -1.25, 2.0]

FORMULAS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x.tanh() * y,
    "/": lambda x, y: x / (1 + y * y),
    "**": lambda x, y: x.sigmoid() ** y.tanh(),
    "exp": lambda x, y: x.tanh().exp(),
    "log": lambda x, y: (1 + x * x).log(),
    "tanh": lambda x, y: x.tanh(),
    "sigmoid": lambda x, y: x.sigmoid(),
    "relu": lambda x, y: x.relu(),
}


class Chosen(random.Random):
    """Chooses one operation, and for its operands the leaves in order."""

    def __init__(self, operation: str) -> None:
        super().__init__(0)
        self.operation = operation
        self.taken = 0

    def choice(self, options: Any) -> Any:
        if self.operation in options:
            assert set(options) == set(FORMULAS)
            return self.operation
        self.taken += 1
        return options[self.taken - 1]


@pytest.mark.parametrize("operation", FORMULAS)
def test_a_random_operation_is_what_the_chapter_says(operation: str) -> None:
    """Protects the mixture: every kind, and results of moderate size."""

    def ours(x: Any, y: Any) -> Any:
        return random_expression(Chosen(operation), [x, y], 1)

    def theirs(x: Any, y: Any) -> Any:
        result = FORMULAS[operation](x, y)
        return x.tanh() + y.tanh() + result.tanh()

    for inputs in ([0.5, -1.25], [-0.75, 2.0]):
        assert all_same(by_us(ours, inputs), by_torch(theirs, inputs))


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
