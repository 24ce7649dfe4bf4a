"""From chapter 20 on: what is left of a recording is what is needed."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given

from compiling import (
    BACKENDS,
    Task,
    assert_as_eager,
    compiled,
    eager,
    identical,
    tasks,
)
from micrograd.compiler import Recording, jit, record, straighten
from micrograd.compiler.batch import columns_of
from micrograd.compiler.program import factors
from micrograd.compiler.python import products_of
from micrograd.engine import Value
from micrograd.losses import l2
from micrograd.nn import MLP


@given(tasks())
def test_in_python_even_the_last_bit_is_the_engines(task: Task) -> None:
    """Protects the way back in rows: the same terms, in the same order.

    That is for one example, unless a sum of three terms or more has some
    without an input: these are added up first.
    """
    parameters = task.parameters()
    function = task.function(parameters)
    batch = task.batch(1)
    widths, _ = columns_of(batch)
    if keeps_order(record(function, parameters, widths)):
        mean = jit(function, parameters, backend="python")
        expected = eager(function, parameters, batch)
        assert identical(compiled(mean, parameters, batch), expected)


def keeps_order(recording: Recording) -> bool:
    """Whether no result is a sum whose terms are added in another order."""
    program = straighten(recording)
    to_add, to_average = (
        {i for row in rows for i in row.results}
        for rows in (program.to_add, program.to_average)
    )
    terms: Counter[int] = Counter({0: 1})
    for row in recording.results[1:]:
        for i, left in zip(row.results, row.lefts, strict=True):
            is_known = type(left) is type(row.right) is float
            # What is known may be a sum itself, and what is doubled is one.
            terms[i] += 2 if is_known or is_doubled(row.right) else 1
    for row in program.to_add:
        if 0 in row.results and not is_one_term(row.right):
            terms[0] = 3
    return all(terms[i] <= 2 for i in to_add & to_average)


def is_doubled(x: Any) -> bool:
    """Whether this is 2 times something else."""
    return not isinstance(x, float) and repr(x.operands[:1]) == "(2.0,)"


def is_one_term(x: Any) -> bool:
    """Whether this can't be two terms of a sum that have been added up."""
    return x == 0.0 if isinstance(x, float) else x.operation != "+"


def test_nothing_is_computed_twice_or_in_vain() -> None:
    """Protects the speed of compiled code, with no clock."""
    model = MLP(2, [4, 1], rng=random.Random(0))

    def function(point: Any, label: Any) -> Value:
        unused = Value(point[0]).exp()
        score: Any = model(point)
        again: Any = model(point)
        return (unused * 0.0 + score - label) ** 2 + (again - label) ** 1

    program = straighten(record(function, model.parameters(), (2, None)))
    noted = [*program.shared, *program.varying]
    texts = [(x.operation, tuple(map(repr, x.operands))) for x in noted]
    assert len(set(texts)) == len(texts)
    assert sum(operation == "tanh" for operation, _ in texts) == 5
    idle = {"+": "0.0", "-": "0.0", "*": "1.0", "/": "1.0", "power": "1.0"}
    for operation, operands in texts:
        assert idle.get(operation) not in operands[1:], operands
        if operation in {"+", "*"}:
            assert idle[operation] not in operands[:1], operands
    used = {repr(o) for x in noted for o in x.operands}
    rows = [*program.to_average, *program.to_add]
    used |= {repr(x) for x in factors(rows)}
    assert {repr(x) for x in noted} <= used


def test_what_depends_on_parameters_alone_is_computed_once() -> None:
    """Protects penalties from being paid for by every example.

    In none of the results is there a term of them left for the mean.
    """
    p, q = Value(2.0), Value(3.0)
    program = straighten(
        record(lambda x: (p * x + p.exp() * q.tanh()) + p * p, [p, q], (None,))
    )
    assert [x.operation for x in program.varying] == ["*"]
    averaged = [text for _, text in products_of(program.to_average)]
    assert sorted(averaged) == ["v0", "x0"]
    once = [x.operation for x in program.shared]
    assert once.count("exp") == once.count("tanh") == 1


def test_a_square_sends_one_product_back() -> None:
    """Protects penalties from half of what they would take, with no clock."""
    parameters = [Value(float(i)) for i in range(10)]
    program = straighten(
        record(lambda x: l2(parameters) * x, parameters, (None,))
    )
    added = [i for row in program.to_average for i in row.results]
    assert sorted(added) == [*range(11)]
    noted = [x.operation for x in [*program.shared, *program.varying]]
    assert noted == ["dot", "*", "*"]  # the value, and what is doubled


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("both", ["a + a", "a - a", "a * a", "a / a"])
def test_an_operand_may_be_there_twice(backend: str, both: str) -> None:
    """Protects slopes from being taken for equal because operands are."""
    a = Value(3.0)

    def function(x: Any) -> Value:
        inner: Value = eval(both, {"a": a * x})
        outer: Value = eval(both, {"a": a})
        return inner + outer.exp()

    expected = eager(function, [a], [[0.5]])
    mean = jit(function, [a], backend=backend)
    got = compiled(mean, [a], [[0.5]])
    assert got == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_term_may_be_added_more_than_once(backend: str) -> None:
    """Protects sums in which the same number stands side by side."""
    p = Value(2.0)

    def function(x: Any) -> Value:
        term = -(p * x)
        return (p * x).exp() + term + term + term

    mean = jit(function, [p], backend=backend)
    assert_as_eager(mean, function, [p], [0.5, 0.25])
