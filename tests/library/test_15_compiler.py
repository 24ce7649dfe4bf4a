"""From chapter 15 on: a function is recorded once, and run without graphs.

What holds for every backend is tested for every backend there is: from
chapter 16 on that is one more.
"""

import gc
import itertools
import math
import operator
import random
import re
import sys
from array import array
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from compiling import (
    BACKENDS,
    Table,
    Task,
    assert_as_eager,
    compiled,
    eager,
    identical,
    tasks,
    zero,
)
from micrograd.compiler import compile, record, straighten
from micrograd.data import moons
from micrograd.engine import Value
from micrograd.losses import hinge, l2
from micrograd.nn import MLP, Module, Neuron
from micrograd.optim import SGD
from micrograd.symbol import where
from oracle import linear, same

EACH = pytest.mark.parametrize("backend", BACKENDS)

# The numbers: those of the eager engine.


@given(tasks())
def test_random_programs_have_the_eager_engines_numbers(task: Task) -> None:
    """Protects all operations together, on parameters and inputs alike."""
    parameters = task.parameters()
    function = task.function(parameters)
    for backend in ["python", "columns"]:
        mean = compile(function, parameters, backend=backend)
        for count in {1, len(task.examples)}:
            batch = task.batch(count)
            assert_as_eager(mean, function, parameters, *batch)


@given(tasks())
@settings(max_examples=50)
def test_one_example_in_python_is_eager_to_the_last_bit(task: Task) -> None:
    """Protects the order of every sum, the gradients' too."""
    parameters = task.parameters()
    function = task.function(parameters)
    mean = compile(function, parameters, backend="python")
    batch = task.batch(1)
    expected = eager(function, parameters, batch)
    assert identical(compiled(mean, parameters, batch), expected)


SUMS: list[Callable[..., Value]] = [
    lambda p, q, r, x: (p * x + q) + r,
    lambda p, q, r, x: q + (r + p * x),
    lambda p, q, r, x: (p * x + q) + p * x + r,
    lambda p, q, r, x: (p + x) * (p + q) + p * p + r,
]


@pytest.mark.parametrize("function", SUMS, ids=range(len(SUMS)))
@pytest.mark.parametrize(
    "numbers",
    [(1.0, 1e-16, 1e-16), (-1e308, 1e308, 1e308), (0.1, 0.7, -0.3)],
)
@EACH
def test_sums_are_added_up_in_the_functions_order(
    backend: str,
    numbers: tuple[float, ...],
    function: Callable[..., Value],
) -> None:
    """Protects rounding and overflow, where terms without inputs wait."""
    parameters = [Value(x) for x in numbers]
    mean = compile(
        lambda x: function(*parameters, x), parameters, backend=backend
    )
    expected = eager(lambda x: function(*parameters, x), parameters, [[1.0]])
    assert identical(compiled(mean, parameters, [[1.0]]), expected)


@EACH
def test_every_operation_has_the_eager_engines_numbers(backend: str) -> None:
    """Protects each operation, with each kind of operand on each side."""
    table = Table("pvr", plain=True)
    mean = compile(table, table.parameters, backend=backend)
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


@EACH
def test_edges_have_the_eager_engines_numbers(backend: str) -> None:
    """Protects zeros, infinities, nan and overflow from shortcuts."""
    table = Table("pv", plain=False)
    mean = compile(table, table.parameters, backend=backend)
    wrong = []
    for i, inputs in enumerate(itertools.product(EDGES, repeat=2)):
        table.put(inputs)
        table.weigh(UPSTREAM, first=i)
        batch = [[x] for x in inputs]
        expected = eager(table, table.parameters, batch)
        # Four examples may go another way than one does: the same four,
        # unless their sum overflows.
        count = 4 if i % 2 and 1.7e308 not in map(abs, inputs) else 1
        found = compiled(mean, table.parameters, [x * count for x in batch])
        told = [*table.told(found, expected)]
        wrong += [f"{inputs}: {line}" for line in told]
    assert not wrong, "\n".join(wrong[:40])


COMPARISONS = [
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
    operator.eq,
    operator.ne,
]


@EACH
def test_where_chooses_for_each_example(backend: str) -> None:
    """Protects functions with cases of their own, nan among the inputs."""
    weights = [Value(float(i)) for i in range(len(COMPARISONS))]
    p = Value(1.0)

    def function(x: Any) -> Value:
        chosen = [
            w * where(compare(x, p.data), 2.0, where(x > -1.0, x, 3.0))
            for w, compare in zip(weights, COMPARISONS, strict=True)
        ]
        return sum(chosen, Value(0.0))

    mean = compile(function, weights, backend=backend)
    examples = [0.5, 1.0, 1.5, -1.0, -2.0, -0.0, math.inf, -math.inf]
    for batch in ([[x]] for x in [*examples, math.nan]):
        expected = eager(function, weights, batch)
        assert identical(compiled(mean, weights, batch), expected)
    assert_as_eager(mean, function, weights, examples[:6])


@EACH
def test_signs_of_zero_that_matter_are_kept(backend: str) -> None:
    """Protects 1 / -0.0: a constant -0.0 is another one than 0.0."""
    p = Value(2.0)

    def function(x: Any) -> Value:
        return p / (x * 0.0) + 3.0 * (p / (x * -0.0)).exp()

    batch = [[1.0]]
    mean = compile(function, [p], backend=backend)
    expected = eager(function, [p], batch)
    assert expected[0] == math.inf
    assert identical(compiled(mean, [p], batch), expected)


CONSTANT: list[Callable[[Value, Any], Value]] = [
    lambda p, x: p * p + 1.0,
    lambda p, x: p,
    lambda p, x: Value(3.0),
    lambda p, x: Value(x),
    lambda p, x: Value(p.data) * p * x,
    lambda p, x: p * x + math.inf,
    lambda p, x: p * x * -math.inf,
    lambda p, x: p * x + math.nan,
    lambda p, x: (p * x) ** math.nan,
    lambda p, x: Value(0.0).log() * p * x,
    lambda p, x: Value(math.inf),
    lambda p, x: p + math.nan,
    lambda p, x: p * x * 1e-320,
]


@pytest.mark.parametrize("function", CONSTANT, ids=range(len(CONSTANT)))
@EACH
def test_what_does_not_vary_is_compiled_too(
    backend: str, function: Callable[[Value, Any], Value]
) -> None:
    """Protects functions without inputs, results, or finite numbers."""
    p = Value(2.0)
    mean = compile(lambda x: function(p, x), [p], backend=backend)
    for batch in ([[1.5]], [[1.5, 0.5, 4.0, 2.0, 3.0]]):
        expected = eager(lambda x: function(p, x), [p], batch)
        assert identical(compiled(mean, [p], batch), expected)


PLAIN = [operator.add, operator.sub, operator.mul, operator.truediv]


@EACH
def test_inputs_meet_numbers_and_each_other_before_any_value(
    backend: str,
) -> None:
    """Protects both sides of every operator, and everyone's numbers."""
    numbers = [2, 0.5, True, Fraction(1, 3), np.float64(2.5), np.int64(3)]
    cases = [
        case
        for apply in [*PLAIN, operator.pow]
        for case in [
            lambda x, y, f=apply: f(x, y),
            *(lambda x, y, f=apply, k=k: f(x, k) for k in numbers),
            *(lambda x, y, f=apply, k=k: f(k, y) for k in numbers),
            lambda x, y, f=apply: f(-x, 2),
        ]
    ]
    weights = [Value(1.0) for _ in cases]

    def function(x: Any, y: Any) -> Value:
        return sum(
            (w * case(x, y) for w, case in zip(weights, cases, strict=True)),
            Value(0.0),
        )

    mean = compile(function, weights, backend=backend)
    assert_as_eager(mean, function, weights, [1.5], [0.75])
    assert_as_eager(
        mean, function, weights, [1.5, 2, 3, 0.5, 7], [0.25, 3, 1, 2, 5]
    )


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

    mean = compile(function, parameters, backend=backend)
    for count in [*range(1, 18), 64, 3, 1, 101]:
        points = [(rng.random(), rng.gauss(0, 1)) for _ in range(count)]
        labels = [rng.gauss(0, 1) for _ in range(count)]
        assert_as_eager(mean, function, parameters, points, labels)


@EACH
def test_one_nan_is_not_lost_and_no_other_is_made(backend: str) -> None:
    """Protects places that no example fills, and those that one does."""
    p = Value(1.0)
    mean = compile(lambda x: p * (1.0 / Value(x)), [p], backend=backend)
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
    """Protects code around it: losses that are added up, and accumulate."""
    p, q = Value(2.0), Value(3.0)
    mean = compile(lambda x: p * q * x, [p, q], backend=backend)
    loss = mean([1.0, 3.0])
    assert type(loss) is Value
    assert set(loss._prev) == {p, q}
    assert (p.grad, q.grad) == (0.0, 0.0)
    loss.backward()
    (2.0 * mean([5.0]) + p).backward()
    assert loss.data == 12.0
    assert p.grad == 3.0 * 2.0 + 2.0 * 3.0 * 5.0 + 1.0
    assert q.grad == 2.0 * 2.0 + 2.0 * 2.0 * 5.0


@EACH
def test_parameters_may_be_changed_between_calls(backend: str) -> None:
    """Protects from numbers that were frozen when it was compiled."""
    p = Value(2.0)
    mean = compile(lambda x: p * p * x, [p], backend=backend)
    assert mean([1.0]).data == 4.0
    loss = mean([1.0])
    p.data = -3
    assert mean([1.0, 3.0]).data == 18.0
    loss.backward()
    assert p.grad == 4.0


KINDS: list[Callable[[list[list[float]]], Any]] = [
    lambda rows: rows,
    lambda rows: [tuple(row) for row in rows],
    lambda rows: tuple(array("d", row) for row in rows),
    np.array,
    lambda rows: np.array(rows, dtype=np.float32),
    lambda rows: [np.array(row) for row in rows],
    lambda rows: [[Fraction(x) for x in row] for row in rows],
    lambda rows: [[np.array(x) for x in row] for row in rows],
]


@pytest.mark.parametrize("kind", KINDS, ids=range(len(KINDS)))
@EACH
def test_examples_are_rows_of_anyones_numbers(
    backend: str, kind: Callable[[list[list[float]]], Any]
) -> None:
    """Protects data from the standard library and from numpy."""
    p = Value(2.0)

    def function(point: Any, label: Any) -> Value:
        x, y = point
        assert len(point) == 2
        return p * x + y * label

    mean = compile(function, [p], backend=backend)
    batch = kind([[1.0, 2.0], [3.0, 0.5]])
    assert mean(batch, [1, -1]).data == 4.75
    labels: Any
    for labels in (np.array([1, -1]), range(1, -2, -2), (True, -1.0)):
        assert mean(batch, labels).data == 4.75
    assert mean(batch, [np.array(1), np.float32(-1)]).data == 4.75


@EACH
def test_the_width_of_an_argument_may_change(backend: str) -> None:
    """Protects one function for tuples of 1, 2, 3 numbers, or bare ones."""
    p = Value(2.0)

    def function(x: Any) -> Value:
        return p * (sum(x) if isinstance(x, tuple | list) else x)

    mean = compile(function, [p], backend=backend)
    for _ in range(2):
        assert mean([(1.0, 2.0), (3.0, 4.0)]).data == 10.0
        assert mean([(1.0,), (2.0,), (3.0,)]).data == 4.0
        assert mean([(1.0, 2.0, 3.0)]).data == 12.0
        assert mean([1.0, 3.0]).data == 4.0


@EACH
def test_the_function_is_not_run_for_every_example(backend: str) -> None:
    """Protects the point of it: a trace is of one example, and kept."""
    calls = []
    p = Value(2.0)

    def function(x: Any) -> Value:
        calls.append(x)
        return p * x

    mean = compile(function, [p], backend=backend)
    mean([1.0])
    first = len(calls)
    assert first <= 3
    for count in (1, 1000, 3):
        mean([1.0] * count)
        with mean.descent([2.0] * count) as step:
            step(0.1, steps=10)
    assert len(calls) == first


@EACH
def test_compiled_functions_do_not_disturb_each_other(backend: str) -> None:
    """Protects two of them with one parameter, in any order of calls."""
    p, q = Value(2.0), Value(3.0)
    first = compile(lambda x: p * x, [p], backend=backend)
    second = compile(lambda x: (p * q - x) ** 2, [q, p], backend=backend)
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

    mean = compile(function, [p], backend="python")
    assert_as_eager(mean, function, [p], [1.0, 2.0])


# What is run: the program that was written down.


def instructions(
    function: Callable[..., Value],
    parameters: list[Value],
    widths: tuple[int | None, ...],
) -> list[tuple[str, tuple[str, ...]]]:
    """What is computed, once or for each example: operation, operands."""
    program = straighten(record(function, parameters, widths))
    return [
        (x.operation, tuple(map(repr, x.operands)))
        for x in [*program.once, *program.each]
    ]


def test_nothing_is_computed_twice_or_in_vain() -> None:
    """Protects the speed of compiled code, with no clock."""
    model = MLP(2, [4, 1], rng=random.Random(0))
    parameters = model.parameters()

    def function(point: Any, label: Any) -> Value:
        unused = Value(point[0]).exp()
        score = model(point)
        again = model(point)
        assert isinstance(score, Value)
        assert isinstance(again, Value)
        return (unused * 0.0 + score - label) ** 2 + (again - label) ** 1

    program = straighten(record(function, parameters, (2, None)))
    noted = [*program.once, *program.each]
    texts = [(x.operation, tuple(map(repr, x.operands))) for x in noted]
    assert len(set(texts)) == len(texts)
    assert sum(operation == "tanh" for operation, _ in texts) == 5
    for operation, operands in texts:
        idle = {"+": "0.0", "-": "0.0", "*": "1.0", "/": "1.0"}
        assert idle.get(operation) not in operands[1:], operands
        if operation in {"+", "*"}:
            assert idle[operation] not in operands[:1], operands
    used = {repr(o) for x in noted for o in x.operands}
    used |= {repr(x) for x in [*program.means.values(), *program.fixed]}
    assert {repr(x) for x in noted} <= used


def test_the_smallest_programs_are_as_small_as_they_can_be() -> None:
    """Protects from needless work by the number of instructions."""
    p, q = Value(2.0), Value(3.0)
    parameters = [p, q]

    def count(function: Callable[[Any], Value]) -> int:
        return len(instructions(function, parameters, (None,)))

    assert count(lambda x: p) == 0
    assert count(lambda x: (p + 0.0) * 1.0 - 0.0 + 0.0 * Value(2.0)) == 0
    assert count(lambda x: p * x) == 1
    assert count(lambda x: p * x + p * x) == 3
    assert count(lambda x: (p * x) / 1.0) == 1
    assert count(lambda x: Value(2.0) * 3.0 + p) == 1


def test_what_depends_on_parameters_alone_is_computed_once() -> None:
    """Protects penalties from being paid for by every example."""
    p, q = Value(2.0), Value(3.0)
    program = straighten(
        record(lambda x: p * x + p.exp() * q.tanh(), [p, q], (None,))
    )
    each = [x.operation for x in program.each]
    once = [x.operation for x in program.once]
    assert each == ["*"]
    assert sorted(once).count("exp") == once.count("tanh") == 1


def test_different_numbers_are_different_instructions() -> None:
    """Protects numbers that are equal, or print alike, and aren't the same."""
    p = Value(2.0)
    texts = instructions(
        lambda x: p * (0.1 + 0.2) + p * 0.3 + p * 0.0 + p * -0.0, [p], (None,)
    )
    products = {o for operation, o in texts if operation == "*"}
    assert len(products) == 4


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


@pytest.mark.parametrize("train", [by_loop, by_descent])
@EACH
def test_a_hundred_steps_on_the_moons_are_torchs(
    backend: str, train: Callable[..., float]
) -> None:
    """Protects the whole of it: same weights, same steps, same network."""
    rng = random.Random(3)
    batch = moons(50, rng=rng)
    model = MLP(2, [8, 8, 1], activation=Value.relu, output=None, rng=rng)
    parameters = model.parameters()
    expected = torchs_hundred_steps(model, batch)

    def objective(point: Any, label: Any) -> Value:
        score = model(point)
        assert isinstance(score, Value)
        return hinge([score], [label]) + 1e-4 * l2(parameters)

    mean = compile(objective, model, backend=backend)
    found = [train(mean, parameters, batch, 100)]
    found += [p.data for p in parameters]
    assert found == pytest.approx(expected, rel=1e-11, abs=1e-12)


# Descents.


def task_of_descent(backend: str) -> tuple[Any, list[Value], Any]:
    """A small task: a compiled function, its parameters, a batch."""
    rng = random.Random(7)
    neuron = Neuron(2, rng=rng)
    neuron.b.data = 0.25
    batch = [
        [(rng.gauss(0, 1), rng.gauss(0, 1)) for _ in range(6)],
        [rng.gauss(0, 1) for _ in range(6)],
    ]

    def function(point: Any, label: Any) -> Value:
        return (neuron(point) - label) ** 2

    mean = compile(function, neuron, backend=backend)
    return mean, neuron.parameters(), batch


def held(parameters: list[Value]) -> list[tuple[float, float]]:
    """What training may change."""
    return [(p.data, p.grad) for p in parameters]


@EACH
def test_a_descent_makes_the_steps_of_the_loop(backend: str) -> None:
    """Protects losses on the way, data and gradients at the end."""
    mean, parameters, batch = task_of_descent(backend)
    start = [p.data for p in parameters]
    losses = []
    for _ in range(5):
        losses.append(by_loop(mean, parameters, batch, 1))
    expected = held(parameters)

    for runs in ([1] * 5, [5], [2, 3]):
        for p, x in zip(parameters, start, strict=True):
            p.data, p.grad = x, 100.0
        with mean.descent(*batch) as step:
            found = [step(RATE, steps=n) for n in runs]
        at = [sum(runs[: i + 1]) - 1 for i in range(len(runs))]
        assert found == pytest.approx([losses[i] for i in at], rel=1e-14)
        for one, other in zip(held(parameters), expected, strict=True):
            assert one == pytest.approx(other, rel=1e-13)
        assert all(type(x) is float for pair in held(parameters) for x in pair)


@EACH
def test_a_learning_rate_may_change_within_a_descent(backend: str) -> None:
    """Protects decay, and a rate of 0, at which only gradients come."""
    mean, parameters, batch = task_of_descent(backend)
    _, *gradients = compiled(mean, parameters, batch)
    start = [p.data for p in parameters]
    with mean.descent(*batch) as step:
        loss = step(0.0)
        assert step(0) == loss
        step(0.5)
    for p, x, gradient in zip(parameters, start, gradients, strict=True):
        assert p.data == pytest.approx(x - 0.5 * gradient, rel=1e-14)
        assert p.grad == pytest.approx(gradient, rel=1e-14)


@EACH
def test_a_descent_without_a_step_changes_nothing(backend: str) -> None:
    """Protects data and gradients from zeros that no step has computed."""
    mean, parameters, batch = task_of_descent(backend)
    for i, p in enumerate(parameters):
        p.grad = float(i)
    before = held(parameters)
    with mean.descent(*batch):
        pass
    assert held(parameters) == before


@EACH
def test_an_exception_keeps_the_steps_made_and_is_passed_on(
    backend: str,
) -> None:
    """Protects a training that is interrupted."""
    mean, parameters, batch = task_of_descent(backend)
    start = [p.data for p in parameters]
    by_loop(mean, parameters, batch, 2)
    expected = held(parameters)
    for p, x in zip(parameters, start, strict=True):
        p.data, p.grad = x, 0.0
    with pytest.raises(KeyboardInterrupt), mean.descent(*batch) as step:
        step(RATE)
        step(RATE)
        raise KeyboardInterrupt
    for one, other in zip(held(parameters), expected, strict=True):
        assert one == pytest.approx(other, rel=1e-13)


@pytest.mark.parametrize("steps", [0, -1])
@EACH
def test_a_descent_refuses_less_than_one_step(
    backend: str, steps: int
) -> None:
    """Protects the loss that would be returned: there is none."""
    mean, parameters, batch = task_of_descent(backend)
    before = held(parameters)
    refused = pytest.raises(ValueError, match=str(steps))
    with mean.descent(*batch) as step, refused:
        step(RATE, steps=steps)
    assert held(parameters) == before


@EACH
def test_a_descent_is_not_disturbed_by_other_batches(backend: str) -> None:
    """Protects a look at the validation loss in the middle of training."""
    mean, parameters, batch = task_of_descent(backend)
    other = [[(1.0, -2.0), (0.5, 0.5), (0.1, 0.2)], [1.0, -1.0, 0.5]]
    start = [p.data for p in parameters]
    with mean.descent(*batch) as step:
        expected = [step(RATE), step(RATE), step(RATE)]
    data = [p.data for p in parameters]
    for p, x in zip(parameters, start, strict=True):
        p.data = x
    with mean.descent(*batch) as step:
        found = [step(RATE)]
        mean(*other)
        found.append(step(RATE))
        mean(*other)
        found.append(step(RATE))
    assert found == expected
    assert [p.data for p in parameters] == data


@EACH
def test_ten_thousand_calls_leave_nothing_behind(backend: str) -> None:
    """Protects long training: without the collector, memory stays flat."""
    mean, parameters, batch = task_of_descent(backend)

    def call() -> None:
        zero(parameters)
        mean(*batch).backward()

    def descend() -> None:
        with mean.descent(*batch) as step:
            step(1e-4)
            step(1e-4, steps=2)

    gc.collect()
    gc.disable()
    try:
        for function, times in [(call, 10_000), (descend, 2_000)]:
            for _ in range(10):
                function()
            before = sys.getallocatedblocks()
            for _ in range(times):
                function()
            # A single forgotten object a call would be thousands.
            assert sys.getallocatedblocks() - before < 1000
    finally:
        gc.enable()


# What is refused.


def while_positive(x: Any) -> Any:
    """Count down, a number of times that depends on the number."""
    while x > 0:
        x = x - 1
    return x


DECIDED: dict[str, Callable[[Any], Any]] = {
    "if": lambda x: 1.0 if x > 0 else 2.0,
    "while": while_positive,
    "max": lambda x: max(x, 0.5),
    "min of it and itself": lambda x: min(x, x + 1.0),
    "sorted": lambda x: sorted([x, 1.0, x + 1.0])[0],
    "equal": lambda x: 1.0 if x == 0 else 2.0,
    "not equal": lambda x: 1.0 if x != 0 else 2.0,
    "not": lambda x: 1.0 if not x else 2.0,
    "and": lambda x: x and 1.0,
    "in": lambda x: 1.0 if x in (0.5, 1.0) else 2.0,
    "between": lambda x: 1.0 if 0 < x < 1 else 2.0,
    "float": lambda x: float(x),
    "int": lambda x: int(x),
    "sin": lambda x: math.sin(x),
    "range": lambda x: len(range(x)),
    "index": lambda x: [1.0, 2.0][x],
    "lookup": lambda x: {1.0: 2.0}[x],
    "set": lambda x: len({x}),
}
SUBJECTS: dict[str, Callable[[Any, Value], Any]] = {
    "an input": lambda x, p: x,
    "a parameter's data": lambda x, p: p.data,
    "a value's data": lambda x, p: (p * x).data,
    "a parameter's data, computed with": lambda x, p: 2.0 * p.data,
}


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("decision", DECIDED)
def test_what_asks_for_the_number_itself_is_refused(
    decision: str, subject: str
) -> None:
    """Protects from a compiled function that knows only one case."""
    p = Value(2.0)
    p.grad = 7.0

    def function(x: Any) -> Value:
        return p * DECIDED[decision](SUBJECTS[subject](x, p))

    with pytest.raises(TypeError, match="compil"):
        compile(function, [p])([1.0, 2.0])
    assert (p.data, p.grad) == (2.0, 7.0)
    assert type(p.data) is float


@pytest.mark.parametrize(
    "returned", [None, 3.0, [Value(1.0)], "loss"], ids=repr
)
def test_a_function_must_return_one_value(returned: Any) -> None:
    """Protects who forgets `return`, or returns all of a layer's outputs."""
    p = Value(2.0)
    p.grad = 7.0
    with pytest.raises(TypeError, match="Value"):
        compile(lambda x: returned, [p])([1.0])
    assert (p.data, p.grad) == (2.0, 7.0)


def test_a_function_may_not_return_an_input() -> None:
    """Protects the rule's edge: an input is a number, and no Value."""
    with pytest.raises(TypeError, match="Value"):
        compile(lambda x: x, [Value(1.0)])([1.0])


def unsteady() -> dict[str, Callable[[Value, Any], Value]]:
    """Functions that do something else when they are run again."""
    rng = random.Random(0)
    count = itertools.count()
    ever_more: list[Value] = []

    def adds_up(p: Value, x: Any) -> Value:
        ever_more.append(p)
        return sum(ever_more, Value(0.0)) * x

    return {
        "random number": lambda p, x: p * x * rng.random(),
        "dropout": lambda p, x: p * x if next(count) % 2 else p + x,
        "counter": lambda p, x: p * x * next(count),
        "counter alone": lambda p, x: p * x + next(count),
        "new exponent": lambda p, x: (p * x) ** next(count),
        "adds up": adds_up,
        "alone": lambda p, x: Value(next(count)),
        "swapped": lambda p, x: p - x if next(count) % 2 else x - p,
    }


@pytest.mark.parametrize("kind", unsteady())
def test_a_function_that_differs_from_call_to_call_is_refused(
    kind: str,
) -> None:
    """Protects from one random number that is used for ever."""
    p = Value(2.0)
    p.grad = 7.0
    function = unsteady()[kind]
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        compile(lambda x: function(p, x), [p])([1.0])
    assert (p.data, p.grad) == (2.0, 7.0)


@pytest.mark.parametrize(
    "function",
    [
        lambda p, q, x: p * x * q,
        lambda p, q, x: p * x + q,
        lambda p, q, x: q,
        lambda p, q, x: p * x + 0.0 * q,
        lambda p, q, x: p * x + (q * 2.0).tanh(),
        lambda p, q, x: (p * x) ** q,
    ],
)
def test_a_value_from_outside_must_be_a_parameter(
    function: Callable[..., Value],
) -> None:
    """Protects a weight that was forgotten: it would never change."""
    p, q = Value(2.0), Value(3.0)
    with pytest.raises(ValueError, match="parameter"):
        compile(lambda x: function(p, q, x), [p])([1.0])
    assert (p.data, p.grad, q.data, q.grad) == (2.0, 0.0, 3.0, 0.0)
    mean = compile(lambda x: function(p, q, x), [p, q])
    assert_as_eager(mean, lambda x: function(p, q, x), [p, q], [1.0, 2.0])


def test_a_refusal_leaves_everything_usable() -> None:
    """Protects what comes after: a traceback is no reason to start over."""
    p = Value(2.0)
    broken = [True]

    def function(x: Any) -> Value:
        if broken:
            raise KeyError("broken")
        return p * x

    mean = compile(function, [p])
    with pytest.raises(KeyError, match="broken"):
        mean([1.0])
    assert (p.data, p.grad) == (2.0, 0.0)
    broken.clear()
    assert mean([1.0, 2.0]).data == 3.0


def test_what_the_model_refuses_comes_through() -> None:
    """Protects messages: a Neuron knows best how many inputs it takes."""
    neuron = Neuron(2)
    mean = compile(neuron, neuron)
    with pytest.raises(ValueError, match="takes 2 inputs, but got 3"):
        mean([(1.0, 2.0, 3.0)])
    assert all(type(p.data) is float for p in neuron.parameters())


REFUSED: dict[str, tuple[type[Exception], str, list[Any]]] = {
    "no arguments": (ValueError, "argument", []),
    "empty": (ValueError, "example|empty", [[], []]),
    "one empty": (ValueError, "1.*0", [[(1.0, 2.0)], []]),
    "lengths": (ValueError, "2.*1", [[(1.0, 2.0)] * 2, [1.0]]),
    "lengths, numpy's": (
        ValueError,
        "3.*2",
        [np.zeros((3, 2)), np.zeros(2)],
    ),
    "ragged": (
        ValueError,
        r"\b3\b",
        [[(1.0, 2.0)] * 3 + [(1.0,)] + [(1.0, 2.0)], [1.0] * 5],
    ),
    "text": (TypeError, "'3'", [[(1.0, "3")], [1.0]]),
    "bare text": (TypeError, "'3'", [[(1.0, 2.0)], ["3"]]),
    "two letters": (TypeError, "'12'", [["12"], [1.0]]),
    "bytes": (TypeError, "b'12'", [[b"12"], [1.0]]),
    "None": (TypeError, "None", [[(1.0, None)], [1.0]]),
    "bare None": (TypeError, "None", [[(1.0, 2.0)], [None]]),
    "complex": (TypeError, "2j", [[(1.0, 2j)], [1.0]]),
    "nested": (TypeError, "number", [[((1.0,), (2.0,))], [1.0]]),
    "a Value": (TypeError, "Value", [[(1.0, Value(1.0))], [1.0]]),
}


@pytest.mark.parametrize("case", REFUSED)
@EACH
def test_a_batch_that_makes_no_sense_is_refused(
    backend: str, case: str
) -> None:
    """Protects from crashes, and from means over the wrong examples."""
    kind, message, batch = REFUSED[case]
    p = Value(2.0)
    p.grad = 7.0
    mean = compile(lambda x, y: p * x[0] * x[1] + y, [p], backend=backend)
    for _ in range(2):
        with pytest.raises(kind, match=message):
            mean(*batch)
        descent = pytest.raises(kind, match=message)
        with descent, mean.descent(*batch) as step:
            step(0.1)
        assert (p.data, p.grad) == (2.0, 7.0)
        # The second time it has been compiled.
        assert mean([(1.0, 2.0)], [3.0]).data == 7.0


def test_the_ragged_argument_is_named() -> None:
    """Protects who has several: which of them was it."""
    p = Value(2.0)
    mean = compile(lambda x, y: p * x[0] * y[0], [p])
    good, bad = [(1.0, 2.0)] * 4, [(1.0, 2.0)] * 3 + [(1.0,)]
    said = []
    for batch in ([good, bad], [bad, good]):
        with pytest.raises(ValueError, match=r"\b3\b") as found:
            mean(*batch)
        said.append(str(found.value))
    assert said[0] != said[1]


def test_numbers_among_tuples_are_refused() -> None:
    """Protects from examples of two kinds."""
    p = Value(2.0)
    mean = compile(lambda x: p * (x[0] if isinstance(x, tuple) else x), [p])
    for batch in ([1.0, (1.0,)], [(1.0,), 1.0]):
        with pytest.raises((ValueError, TypeError), match=r"\b1\b"):
            mean(batch)


class Sum(Module):
    """A module whose parameters may become more, or others."""

    def __init__(self) -> None:
        self.values = [Value(1.0), Value(2.0)]

    def parameters(self) -> list[Value]:
        """All of them."""
        return list(self.values)


CHANGES: list[Callable[[Sum], object]] = [
    lambda module: module.values.append(Value(3.0)),
    lambda module: module.values.pop(),
    lambda module: module.values.reverse(),
    lambda module: module.values.__setitem__(0, Value(1.0)),
]


@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_a_module_with_other_parameters_must_be_compiled_again(
    change: Callable[[Sum], object],
) -> None:
    """Protects from training what is no longer in the model."""
    module = Sum()

    def function(x: Any) -> Value:
        return sum(module.values, Value(0.0)) * x

    mean = compile(function, module)
    assert mean([1.0]).data == 3.0
    change(module)
    with pytest.raises(ValueError, match="compile it again"):
        mean([1.0])
    refused = pytest.raises(ValueError, match="compile it again")
    with refused, mean.descent([1.0]):
        pass
    again = compile(function, module)
    assert_as_eager(again, function, module.values, [1.0, 2.0])


def test_parameters_may_be_any_values() -> None:
    """Protects lists that change later, and the order of the operands."""
    values = [Value(1.0), Value(2.0)]
    first, second = values
    mean = compile(lambda x: first * x + second, values, backend="python")
    values.clear()
    assert mean([2.0])._prev == (first, second)
    positional = compile(lambda x: first * x, [first], "columns")
    assert positional([3.0]).data == 3.0


@pytest.mark.parametrize("backend", ["fortran", "", "Python"])
def test_an_unknown_backend_is_refused_and_the_known_ones_named(
    backend: str,
) -> None:
    """Protects from typing mistakes, before anything is computed."""
    with pytest.raises(ValueError) as found:
        compile(lambda x: Value(x), [Value(1.0)], backend=backend)
    for name in BACKENDS:
        assert re.search(rf"\b{name}\b", str(found.value)), name


WITHOUT = """
import sys
sys.modules[sys.argv[2]] = None
from micrograd import Value
from micrograd.compiler import compile
p = Value(2.0)
assert compile(lambda x: p * x, [p])([1.0, 2.0]).data == 3.0
try:
    compile(lambda x: p * x, [p], backend=sys.argv[1])
except ModuleNotFoundError as error:
    print(error)
"""


def test_columns_without_numpy_are_refused_with_the_remedy(
    python: Callable[..., str],
) -> None:
    """Protects who hasn't got it: told at once, and told what to do."""
    said = python(WITHOUT, "columns", "numpy")
    assert "numpy" in said
    assert "pip install" in said


LOADED = """
import sys
import micrograd
from micrograd.compiler import compile
p = micrograd.Value(2.0)
compile(lambda x: p * x, [p])([1.0])
wanted = {"numpy", "llvmlite", "micrograd.native"}
print(*sorted(wanted & set(sys.modules)))
"""


def test_numpy_is_loaded_by_columns_and_not_before(
    python: Callable[..., str],
) -> None:
    """Protects users who have Python and nothing else."""
    assert python(LOADED).split() == []


def test_backends_agree_with_each_other() -> None:
    """Protects the choice of one: it is a matter of time alone."""
    mean, parameters, batch = task_of_descent("python")
    expected = compiled(mean, parameters, batch)
    for backend in BACKENDS[1:]:
        mean, parameters, batch = task_of_descent(backend)
        found = compiled(mean, parameters, batch)
        pairs = zip(found, expected, strict=True)
        assert all(same(a, b) for a, b in pairs)
