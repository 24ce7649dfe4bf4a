"""From chapter 19 on: a function is recorded once, and run without graphs.

What holds for every backend is tested for every backend there is: from
chapter 21 on that is one more.
"""

import ast
import gc
import itertools
import math
import operator
import random
import re
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given

from compiling import (
    BACKENDS,
    Table,
    Task,
    assert_as_eager,
    compiled,
    eager,
    held,
    identical,
    numbered,
    small_task,
    tasks,
    zero,
)
from micrograd.compiler import jit, record, straighten
from micrograd.compiler.python import source
from micrograd.data import moons
from micrograd.engine import Value
from micrograd.floats import where
from micrograd.losses import hinge, l2
from micrograd.nn import MLP, Neuron
from micrograd.optim import SGD
from oracle import linear

EACH = pytest.mark.parametrize("backend", BACKENDS)


# The numbers: those of the eager engine.


@given(tasks())
def test_random_programs_have_the_eager_engines_numbers(task: Task) -> None:
    """Protects all operations together, on parameters and inputs alike."""
    parameters = task.parameters()
    function = task.function(parameters)
    for backend in sorted({"python", "columns"} & set(BACKENDS)):
        mean = jit(function, parameters, backend=backend)
        for count in {1, len(task.examples)}:
            batch = task.batch(count)
            assert_as_eager(mean, function, parameters, *batch)


SUMS: list[Callable[[Value, Value, Value, Any], Value]] = [
    lambda p, q, r, x: p * x + q,
    lambda p, q, r, x: q + p * x,
    lambda p, q, r, x: ((p * x + q) + p * x) + r,
    lambda p, q, r, x: (p + x) * q + r,
    # Two terms without an input, which are added up before the mean.
    lambda p, q, r, x: (p * x + q) + r,
    lambda p, q, r, x: q + (r + p * x),
]


@EACH
def test_sums_are_added_up_in_the_functions_order(backend: str) -> None:
    """Protects rounding and overflow, where terms without inputs wait."""
    parameters = [Value(0.0) for _ in range(3)]
    for i, function in enumerate(SUMS):

        def of_one(x: Any, f: Any = function) -> Any:
            return f(*parameters, x)

        mean = jit(of_one, parameters, backend=backend)
        for numbers in [(1, 1e-16, 1e-16), (-1e308, 1e308, 1e308), (3, 7, -1)]:
            for p, x in zip(parameters, numbers, strict=True):
                p.data = x / 3
            if i < 4:
                expected = eager(of_one, parameters, [[1.0]])
                found = compiled(mean, parameters, [[1.0]])
                assert identical(found, expected), (i, numbers)
            elif numbers[0] > 0:
                batch = [1.0, 2.0, -0.5]
                assert_as_eager(mean, of_one, parameters, batch)


@cache
def compiled_table(plain: bool, backend: str) -> tuple[Table, Any]:
    """All operations, and what it takes native seconds to make of them."""
    table = Table(plain)
    return table, jit(table, table.parameters, backend=backend)


@pytest.mark.parametrize("plain", [False, True])
@EACH
def test_every_operation_has_the_eager_engines_numbers(
    backend: str, plain: bool
) -> None:
    """Protects each operation, with each kind of operand on each side."""
    table, mean = compiled_table(plain, backend)
    rng = random.Random(0)
    for count in (1, 1, 7):
        table.put((rng.uniform(0.1, 3.0), rng.uniform(0.1, 3.0)))
        table.weigh([1.0, -2.0, 0.5], first=count)
        batch = [
            [rng.uniform(0.1, 3.0) for _ in range(count)] for _ in range(2)
        ]
        assert_as_eager(mean, table, table.parameters, *batch)


EDGES = [0.0, 1.0, 2.0, 0.5, 3.0, 401.0, 1000.0]
EDGES += [1e-300, 5e-324, 1e300, 1.7e308, math.inf]
EDGES = [*EDGES, *(-x for x in EDGES), math.nan]
UPSTREAM = [1.0, -2.0, 0.0, math.inf, -math.inf, math.nan]


def put_edges(table: Table) -> Iterator[tuple[float, float]]:
    """Yield all inputs at the edges, with the parameters set to them."""
    for i, inputs in enumerate(itertools.product(EDGES, repeat=2)):
        table.put(inputs)
        table.weigh(UPSTREAM, first=i)
        yield inputs


@cache
def at_edges() -> list[array]:
    """What all backends should find there: the eager engine's numbers."""
    table = Table(plain=False)
    return [
        array("d", eager(table, table.parameters, [[x] for x in inputs]))
        for inputs in put_edges(table)
    ]


@EACH
def test_edges_have_the_eager_engines_numbers(backend: str) -> None:
    """Protects zeros, infinities, nan and overflow from shortcuts."""
    table, mean = compiled_table(False, backend)
    wrong = []
    for i, inputs in enumerate(put_edges(table)):
        batch = [[x] for x in inputs]
        # Four examples may go another way than one does: the same four,
        # unless their sum overflows.
        count = 4 if i % 2 and 1.7e308 not in map(abs, inputs) else 1
        found = compiled(mean, table.parameters, [x * count for x in batch])
        wrong += [
            f"{inputs}: {line}"
            for line in table.told(found, at_edges()[i])
            if backend != "columns" or not is_root(line, *inputs)
        ]
    assert not wrong, "\n".join(wrong[:40])


def is_root(line: str, a: float, b: float) -> bool:
    """Whether a line is about -inf to the power of 0.5, or 1.5's slope.

    It is inf in C and in Python. For an exponent of 0.5 NumPy has a short
    way, which is the square root; and there is none of -inf.
    """
    power = re.match(r"a \*\* (b|0\.5|1\.5) ", line)
    exponent = (power[1] if power[1] != "b" else str(b)) if power else ""
    return a == -math.inf and exponent in {"0.5", "1.5"}


COMPARISONS = [
    *(operator.lt, operator.le, operator.gt),
    *(operator.ge, operator.eq, operator.ne),
]


@EACH
def test_where_chooses_for_each_example(backend: str) -> None:
    """Protects functions with cases of their own, nan among the inputs."""
    weights = [Value(float(i)) for i in range(len(COMPARISONS))]
    p = Value(1.0)

    def function(x: Any) -> Value:
        chosen = [
            w * where(compare(x, p.data), 2, where(x > -1.0, x, 3.0))
            for w, compare in zip(weights, COMPARISONS, strict=True)
        ]
        return sum(chosen, (p * x).relu() * 5.0)

    parameters = [*weights, p]
    mean = jit(function, parameters, backend=backend)
    examples = [0.5, 1.0, 1.5, -1.0, -2.0, -0.0, math.inf, -math.inf]
    for batch in ([[x]] for x in [*examples, math.nan]):
        expected = eager(function, parameters, batch)
        assert identical(compiled(mean, parameters, batch), expected)
    assert_as_eager(mean, function, parameters, examples[:6])


@EACH
def test_numbers_that_look_alike_are_kept_apart(backend: str) -> None:
    """Protects 1 / -0.0, and constants that differ in their last bit."""
    p = Value(2.0)
    zeros = jit(
        lambda x: (
            Value(where(p.data / (x * 0.0) > 0.0, 1.0, 0.0))
            + where(p.data / (x * -0.0) > 0.0, 0.0, 2.0)
        ),
        [p],
        backend=backend,
    )
    assert zeros([1.0]).data == 3.0
    neighbours = jit(
        lambda x: p * where(x * (0.1 + 0.2) > x * 0.3, x, 7.0),
        [p],
        backend=backend,
    )
    assert neighbours([1.0]).data == 2.0


@pytest.mark.parametrize(
    "function",
    **numbered(
        lambda p, x: p * p + 1.0,
        lambda p, x: p,
        lambda p, x: Value(3.0),
        lambda p, x: Value(x),
        lambda p, x: Value(x > 1.0),
        lambda p, x: Value(p.data) * p * x,
        lambda p, x: p * x + math.inf,
        lambda p, x: p * x * -math.inf,
        lambda p, x: (p * x) ** math.nan,
        lambda p, x: Value(0.0).log() * p * x,
        lambda p, x: Value(math.inf),
        lambda p, x: p + math.nan,
        lambda p, x: p * x * 1e-320,
    ),
)
@EACH
def test_what_does_not_vary_is_compiled_too(
    backend: str, function: Callable[[Value, Any], Value]
) -> None:
    """Protects functions without inputs, results, or finite numbers."""
    p = Value(2.0)
    mean = jit(lambda x: function(p, x), [p], backend=backend)
    for batch in ([[1.5]], [[1.5, 0.5, 4.0, 2.0, 3.0]]):
        expected = eager(lambda x: function(p, x), [p], batch)
        assert identical(compiled(mean, [p], batch), expected)


@EACH
def test_inputs_meet_numbers_and_each_other_before_any_value(
    backend: str,
) -> None:
    """Protects both sides of every operator, and everyone's numbers."""
    numbers = [2, 0.5, True, Fraction(1, 3), np.float64(2.5), np.int64(3)]
    cases = [
        case
        for apply in [
            *(operator.add, operator.sub, operator.mul),
            *(operator.truediv, operator.pow),
        ]
        for case in [
            lambda x, y, f=apply: f(x, y),
            *(lambda x, y, f=apply, k=k: f(x, k) for k in numbers),
            *(lambda x, y, f=apply, k=k: f(k, y) for k in numbers),
            lambda x, y, f=apply: f(-x, 2),
        ]
    ]
    weights = [Value(1.0) for _ in cases]

    def function(x: Any, y: Any) -> Value:
        pairs = zip(weights, cases, strict=True)
        return sum((w * case(x, y) for w, case in pairs), Value(0.0))

    mean = jit(function, weights, backend=backend)
    for batch in (
        [[1.5], [0.75]],
        [[1.5, 2, 3, 0.5, 7], [0.25, 3, 1, 2, 5]],
    ):
        assert_as_eager(mean, function, weights, *batch)


# Batches.


@EACH
def test_batches_of_every_size_are_averaged(backend: str) -> None:
    """Protects remainders: no example is dropped, and none counted twice.

    With the sizes in this order, what a call leaves behind would show.
    """
    rng = random.Random(1)
    neuron = Neuron(2, rng=rng)
    parameters = neuron.parameters()

    def function(point: Any, label: Any) -> Value:
        return (neuron(point) - label) ** 2 + 0.1 * l2(parameters)

    mean = jit(function, parameters, backend=backend)
    for count in [*range(1, 18), 64, 3, 1, 101]:
        points = [(rng.random(), rng.gauss(0, 1)) for _ in range(count)]
        labels = [rng.gauss(0, 1) for _ in range(count)]
        assert_as_eager(mean, function, parameters, points, labels)


@EACH
def test_one_nan_is_not_lost_and_no_other_is_made(backend: str) -> None:
    """Protects places that no example fills, and those that one does."""
    p = Value(1.0)
    mean = jit(lambda x: p * (1.0 / Value(x)), [p], backend=backend)
    for count in range(1, 10):
        assert mean([0.5] * count).data == 2.0
        for place in range(count):
            batch = [0.5] * count
            batch[place] = 0.0
            assert mean(batch).data == math.inf
            batch[place] = math.nan
            assert math.isnan(mean(batch).data)


@EACH
def test_a_mean_is_a_value_whose_operands_are_the_parameters(
    backend: str,
) -> None:
    """Protects code around it: losses that are added up, and accumulate.

    Parameters may change in between, which no earlier loss notices.
    """
    values = [Value(2.0), Value(3.0)]
    p, q = values
    mean = jit(lambda x: p * q * x, values, backend=backend)
    values.clear()
    loss = mean([1.0, 3.0])
    assert isinstance(loss, Value)
    assert loss._prev == (p, q)
    assert (p.grad, q.grad) == (0.0, 0.0)
    p.data = -1
    loss.backward()
    (2.0 * mean([5.0]) + p).backward()
    assert loss.data == 12.0
    assert p.grad == 3.0 * 2.0 + 2.0 * 3.0 * 5.0 + 1.0
    assert q.grad == 2.0 * 2.0 + 2.0 * -1.0 * 5.0


@EACH
def test_examples_are_rows_of_anyones_numbers(backend: str) -> None:
    """Protects data from the standard library, from numpy and torch."""
    p = Value(2.0)

    def function(point: Any, label: Any) -> Value:
        x, y = point
        assert len(point) == 2
        return p * x + y * label

    mean = jit(function, [p], backend=backend)
    kinds: list[Callable[[list[Any]], Any]] = [
        lambda rows: rows,
        lambda rows: [tuple(row) for row in rows],
        lambda rows: tuple(array("d", row) for row in rows),
        np.array,
        lambda rows: np.array(rows, dtype=np.float32),
        lambda rows: [np.array(row) for row in rows],
        lambda rows: [[Fraction(x) for x in row] for row in rows],
        lambda rows: [[np.array(x) for x in row] for row in rows],
        torch.tensor,
    ]
    labels: list[Any] = [
        *([1, -1], np.array([1, -1]), range(1, -2, -2), (True, -1.0)),
        *([np.array(1), np.float32(-1)], torch.tensor([1, -1])),
    ]
    for kind in kinds:
        for label in labels:
            batch = kind([[1.0, 2.0], [3.0, 0.5]])
            assert mean(batch, label).data == 4.75


@EACH
def test_the_function_is_run_once_for_examples_of_one_kind(
    backend: str,
) -> None:
    """Protects the point of it: a trace is of one example, and kept.

    There is one for tuples of each length, and one for bare numbers.
    """
    calls = []
    p = Value(2.0)

    def function(x: Any) -> Value:
        calls.append(x)
        return p * (sum(x) if isinstance(x, tuple) else x)

    mean = jit(function, [p], backend=backend)
    examples: list[Any] = [(1.0, 2.0), (3.0,), 3.0, (1.0, 1.0, 1.0)]
    for times in range(2):
        for kinds, x in enumerate(examples, 1):
            for count in (1, 1000, 3):
                assert mean([x] * count).data == 6.0
                with mean.descent([x] * count) as step:
                    assert step(0.0, steps=10) == 6.0
            assert len(calls) <= 3 * (kinds if times == 0 else len(examples))


@EACH
def test_compiled_functions_do_not_disturb_each_other(backend: str) -> None:
    """Protects two of them with one parameter, in any order of calls."""
    p, q = Value(2.0), Value(3.0)
    first = jit(lambda x: p * x, [p], backend=backend)
    second = jit(lambda x: (p * q - x) ** 2, [q, p], backend=backend)
    losses = [first([1.0, 2.0]), second([4.0]), first([5.0]), second([0.0])]
    assert [loss.data for loss in losses] == [3.0, 4.0, 10.0, 36.0]
    for loss in losses:
        loss.backward()
    assert p.grad == 1.5 + 2 * 2 * 3 + 5 + 2 * 6 * 3
    assert q.grad == 2 * 2 * 2 + 2 * 6 * 2
    del first
    gc.collect()
    assert second([4.0]).data == 4.0


def test_a_long_chain_is_compiled() -> None:
    """Protects deep graphs from recursion, here as in the engine."""
    p = Value(0.5)

    def function(x: Any) -> Value:
        node = p * x
        for _ in range(3_000):
            node = node * 0.5 + p
        return node

    mean = jit(function, [p], backend="python")
    assert_as_eager(mean, function, [p], [1.0, 2.0])


# What is run: the program that was written down.


def test_the_smallest_programs_are_as_small_as_they_can_be() -> None:
    """Protects from needless work by the number of instructions."""
    p, q = Value(2.0), Value(3.0)

    def count(function: Callable[[Any], Value]) -> int:
        program = straighten(record(function, [p, q], (None,)))
        return len([*program.shared, *program.varying])

    assert count(lambda x: p) == 0
    assert count(lambda x: (p + 0.0) * 1.0 - 0.0 + 0.0 * Value(2.0)) == 0
    assert count(lambda x: 1.0 * p + (0.0 + (0.0 + q))) == 1
    assert count(lambda x: p * x) == 1
    assert count(lambda x: p * x + p * x) == 3
    assert count(lambda x: (p * x) / 1.0) == 1
    assert count(lambda x: p * x**1.0) == 1
    assert count(lambda x: Value(2.0) * 3.0 + p) == 1


def moons_task() -> tuple[MLP, Callable[[Any, Any], Value]]:
    """A network for the moons, and its loss of an example."""
    rng = random.Random(12)
    model = MLP(2, [8, 8, 1], activation=Value.relu, output=None, rng=rng)

    def objective(point: Any, label: Any) -> Value:
        score: Any = model(point)
        return hinge([score], [label]) + 1e-4 * l2(model.parameters())

    return model, objective


def test_sums_products_and_choices_are_no_calls() -> None:
    """Protects from the price of a call, for what costs less itself."""
    model, objective = moons_task()
    program = straighten(record(objective, model.parameters(), (2, None)))
    operations = {x.operation for x in [*program.shared, *program.varying]}
    known = {"+", "-", "*", "where", "neg", "<", "<=", ">", "dot"}
    assert {"*", "where"} <= operations <= known
    nodes = list(ast.walk(ast.parse(source(program))))
    assert any(isinstance(node, ast.IfExp) for node in nodes)
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    # The number of examples, when all sums are there.
    assert {ast.unparse(name) for name in calls} == {"len"}


# Training.

RATE = 0.1


def by_loop(mean: Any, parameters: list[Value], batch: Any, n: int) -> Any:
    """``n`` steps with the optimizer; the last loss before its update."""
    optimizer = SGD(parameters, learning_rate=RATE)
    for _ in range(n):
        loss = mean(*batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.data


def by_descent(mean: Any, parameters: list[Value], batch: Any, n: int) -> Any:
    """``n`` steps in flat buffers, most of them in one call."""
    with mean.descent(*batch) as step:
        step(RATE)
        step(RATE, steps=n - 2)
        return step(RATE)


def torchs_hundred_steps(model: MLP, batch: Any) -> list[float]:
    """The loss before the last update, and the parameters, by torch."""
    modules: list[torch.nn.Module] = []
    for layer in model.layers:
        modules += [linear(layer.neurons), torch.nn.ReLU()]
    network = torch.nn.Sequential(*modules[:-1])
    points, labels = (torch.tensor(x, dtype=torch.float64) for x in batch)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    for _ in range(100):
        scores = network(points)[:, 0]
        penalty = sum((p**2).sum() for p in network.parameters())
        loss = torch.relu(1 - labels * scores).mean() + 1e-4 * penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found = [loss.item()]
    for module in modules[::2]:
        rows = zip(module.weight, module.bias, strict=True)  # type: ignore
        for weights, bias in rows:
            found += [*weights.tolist(), bias.item()]
    return found


def test_a_hundred_steps_on_the_moons_are_torchs() -> None:
    """Protects the whole of it: same weights, same steps, same network."""
    rng = random.Random(3)
    batch = moons(20, rng=rng)
    model = MLP(2, [8, 8, 1], activation=Value.relu, output=None, rng=rng)
    parameters = model.parameters()
    start = [p.data for p in parameters]
    expected = torchs_hundred_steps(model, batch)

    def objective(point: Any, label: Any) -> Value:
        score: Any = model(point)
        return hinge([score], [label]) + 1e-4 * l2(parameters)

    for backend in BACKENDS:
        mean = jit(objective, model, backend=backend)
        for train in (by_loop, by_descent):
            put(parameters, start)
            found = [train(mean, parameters, batch, 100)]
            found += [p.data for p in parameters]
            assert found == pytest.approx(expected, rel=1e-11, abs=1e-12), (
                f"{backend}, {train.__name__}"
            )


# Descents.


def put(parameters: list[Value], numbers: Sequence[float]) -> None:
    """Set the data; what is in the gradients must not matter."""
    for p, x in zip(parameters, numbers, strict=True):
        p.data, p.grad = x, 100.0


def squared_error(parameters: list[Value], batch: Any) -> float:
    """The mean of `small_task`, by hand."""
    v, w, b = [p.data for p in parameters]
    errors = [math.tanh(v * x + w * y + b) - z for (x, y), z in zip(*batch)]
    return math.fsum(error**2 for error in errors) / len(errors)


@EACH
def test_a_descent_makes_the_steps_of_the_loop(backend: str) -> None:
    """Protects losses on the way, data and gradients at the end.

    In between, a mean is one with the weights of then, and an exception
    keeps the steps made so far.
    """
    mean, parameters, batch = small_task(backend)
    other = [[(1.0, -2.0), (0.5, 0.5), (0.1, 0.2)], [1.0, -1.0, 0.5]]
    start = [p.data for p in parameters]
    losses = [by_loop(mean, parameters, batch, 1) for _ in range(5)]
    expected = held(parameters)
    for runs in ([1] * 5, [5], [2, 3]):
        for interrupted in (False, True):
            put(parameters, start)
            found = []
            ctrl_c = pytest.raises(KeyboardInterrupt)
            with ctrl_c if interrupted else nullcontext():  # noqa: SIM117
                with mean.descent(*batch) as step:
                    for n in runs:
                        found.append(step(RATE, steps=n))
                        now = pytest.approx(squared_error(parameters, other))
                        assert mean(*other).data == now
                    if interrupted:
                        raise KeyboardInterrupt
            last = [total - 1 for total in itertools.accumulate(runs)]
            wanted = [losses[i] for i in last]
            assert found == pytest.approx(wanted, rel=1e-14)
            assert held(parameters) == pytest.approx(expected, rel=1e-13)
            assert {type(x) for x in held(parameters)} == {float}


@EACH
def test_a_learning_rate_may_change_within_a_descent(backend: str) -> None:
    """Protects decay, and a rate of 0, at which only gradients come."""
    mean, parameters, batch = small_task(backend)
    loss, *gradients = compiled(mean, parameters, batch)
    start = [p.data for p in parameters]
    with mean.descent(*batch) as step:
        assert step(0.0) == loss
        assert step(0) == loss
        step(np.float32(0.5))
    for p, x, gradient in zip(parameters, start, gradients, strict=True):
        assert p.data == pytest.approx(x - 0.5 * gradient, rel=1e-14)
        assert p.grad == pytest.approx(gradient, rel=1e-14)


@EACH
def test_without_a_step_nothing_changes(backend: str) -> None:
    """Protects data and gradients from zeros that no step has computed.

    Less than one step is refused: there is no loss to return.
    """
    mean, parameters, batch = small_task(backend)
    for i, p in enumerate(parameters):
        p.grad = float(i)
    before = held(parameters)
    with mean.descent(*batch) as step:
        for steps in (0, -1):
            with pytest.raises(ValueError, match=str(steps)):
                step(RATE, steps=steps)
    assert held(parameters) == before


def blocks() -> int:
    """How many blocks of memory are in use.

    Not those that Python keeps for small tuples and floats to come: a full
    collection frees them, and as all else is frozen meanwhile, only them.
    """
    gc.freeze()
    gc.collect()
    gc.unfreeze()
    return sys.getallocatedblocks()


@EACH
def test_a_thousand_calls_leave_nothing_behind(backend: str) -> None:
    """Protects long training: without the collector, memory stays flat."""
    mean, parameters, batch = small_task(backend)

    def call() -> None:
        zero(parameters)
        mean(*batch).backward()

    def descend() -> None:
        with mean.descent(*batch) as step:
            step(1e-4)
            step(1e-4, steps=2)

    gc.disable()
    try:
        for function in (call, descend):
            for _ in range(10):
                function()
            before = blocks()
            for _ in range(1_000):
                function()
            # A single forgotten object a call would be a thousand.
            assert blocks() - before < 100
    finally:
        gc.enable()
