"""From chapter 21 on: machine code computes what the engine does.

The tests of chapter 19 that hold for every backend hold for this one, too;
here is what concerns it alone: its own exp and tanh, lanes, and memory.
"""

import itertools
import math
import random
import sys
import weakref
from array import array
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from compiling import Task, assert_as_eager, compiled, eager, small_task, tasks
from micrograd.compiler import jit, native, record, straighten
from micrograd.compiler.backends import Buffers
from micrograd.compiler.loops import Loops, rolled
from micrograd.compiler.native import (
    LANES,
    NativeBackend,
    Workspace,
    assembly,
)
from micrograd.engine import Value
from micrograd.floats import where
from micrograd.optim import SGD
from oracle import all_same, same

# It takes a tenth of a second to compile one.
FEWER = min(40, settings.default.max_examples if settings.default else 40)


@given(tasks())
@settings(max_examples=FEWER)
def test_random_programs_have_the_eager_engines_numbers(task: Task) -> None:
    """Protects all operations together, on parameters and inputs alike."""
    parameters = task.parameters()
    function = task.function(parameters)
    mean = jit(function, parameters, backend="native")
    for count in {1, len(task.examples)}:
        assert_as_eager(mean, function, parameters, *task.batch(count))


# The functions that LLVM leaves to us.


def ours(name: str) -> list[Callable[[float], float]]:
    """Our function ``exp`` or ``tanh``: of an input, and of a parameter.

    The first is computed in all lanes at once, the other as one number.
    """
    p = Value(0.0)
    wide = jit(lambda x: getattr(Value(x), name)(), [], backend="native")
    single = jit(lambda x: getattr(p, name)(), [p], backend="native")

    def of_parameter(x: float) -> float:
        p.data = x
        return single([0.0]).data

    return [lambda x: wide([x]).data, of_parameter]


def spread_out() -> list[float]:
    """Numbers of all sizes, and those where exp is about to change."""
    rng = random.Random(16)
    numbers = [rng.uniform(-750.0, 712.0) for _ in range(4_000)]
    numbers += [rng.uniform(-25.0, 25.0) for _ in range(2_000)]
    numbers += [rng.uniform(-1.0, 1.0) for _ in range(4_000)]
    numbers += [10.0 ** rng.uniform(-323.0, 2.0) for _ in range(1_000)]
    # Halfway between two multiples of ln 2, the reduced number is largest;
    # beyond -708.4 the results are subnormal; and then there are the ends.
    numbers += [(k + 0.5) * math.log(2.0) for k in range(-1080, 1030)]
    for x in (709.782712893384, -708.3964185322641, -745.1332191019411):
        numbers += [x, math.nextafter(x, 0.0), math.nextafter(x, x * 2)]
    numbers += [749.9, 750.0, 750.1, 751.0, 1e4, 1e16, 1e300, 5e-324, 0.0]
    return [*numbers, *(-x for x in numbers)]


def exact(name: str, x: float) -> float:
    """Python's own function, where too large is inf."""
    try:
        return float(getattr(math, name)(x))
    except OverflowError:
        return math.inf


@pytest.mark.parametrize(("name", "ulps"), [("exp", 2), ("tanh", 4)])
def test_exp_and_tanh_are_right_to_the_last_digits(
    name: str, ulps: int
) -> None:
    """Protects both over their whole range, underflow and all.

    What they may be off by is counted in last places; a term less in the
    polynomial would show.
    """
    numbers = spread_out()
    for function in ours(name):
        for x in numbers:
            found, wanted = function(x), exact(name, x)
            close = abs(found - wanted) <= ulps * math.ulp(wanted)
            assert close or found == wanted, (x, found, wanted)


def test_exp_and_tanh_are_exact_where_one_can_tell() -> None:
    """Protects ends, zeros with their signs, and nan."""
    exps, tanhs = ours("exp"), ours("tanh")
    for exp in exps:
        assert [exp(x) for x in (0.0, -0.0, 5e-324, -1e-17)] == [1.0] * 4
        assert exp(math.inf) == exp(1e308) == exp(710.0) == math.inf
        assert exp(-math.inf) == exp(-1e308) == exp(-746.0) == 0.0
        assert exp(709.782712893384) < math.inf
        assert exp(-745.0) > 0.0
        assert math.isnan(exp(math.nan))
    for tanh in tanhs:
        for sign in (1.0, -1.0):
            for x in (0.0, 5e-324, 1e-300, 1e-9):
                # The sign, too: a quotient by -0.0 would be another one.
                assert tanh(sign * x) == sign * x
            for x in (19.1, 400.0, 1e308, math.inf):
                assert tanh(sign * x) == sign
        assert math.isnan(tanh(math.nan))
        for x in spread_out()[::50]:
            assert tanh(-x) == -tanh(x)
            assert abs(tanh(x)) <= 1.0


def test_signs_of_zero_come_through() -> None:
    """Protects what a sum would hide: -0.0 from tanh and negation."""
    mean = jit(lambda x: 1.0 / Value(x).tanh(), [], backend="native")
    assert mean([-0.0]).data == -math.inf
    mean = jit(lambda x: 1.0 / -Value(x), [], backend="native")
    assert mean([0.0]).data == -math.inf


# Lanes.


def every_instruction(p: Value, q: Value) -> Callable[[Any, Any], Value]:
    """A function that has something of everything, for many examples."""

    def function(x: Any, y: Any) -> Value:
        node = (p * x).tanh() + (q * y).exp() - (p * q * y).relu()
        node = node / (y + 2.0) + (p.exp() + y) ** q + (y + p).log()
        node = node + where(p.data > 1.0, x, y) + where(x < y, p.data, 1.0)
        return node + where(x != y, 0.5, p.data * p.data) + p.tanh()

    return function


def program_of(
    function: Callable[..., Value], parameters: list[Value], inputs: int
) -> Loops:
    """A function of so many numbers, made a program with loops."""
    widths = (None,) * inputs
    return rolled(straighten(record(function, parameters, widths)))


@pytest.mark.parametrize("lanes", sorted({1, 2, LANES, 8}))
def test_any_number_of_lanes_gives_the_same(
    lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects each remainder by the lanes; nothing is frozen to four."""
    monkeypatch.setattr(NativeBackend, "lanes", lanes)
    p, q = Value(0.75), Value(-0.5)
    function = every_instruction(p, q)
    mean = jit(function, [p, q], backend="native")
    rng = random.Random(lanes)
    for count in [*range(1, 18), 3, 64, 101, 1]:
        x = [rng.uniform(-2.0, 2.0) for _ in range(count)]
        y = [rng.uniform(0.1, 2.0) for _ in range(count - 1)]
        assert_as_eager(mean, function, [p, q], x, [*y, x[-1] ** 2 + 0.1])


def test_every_place_of_a_batch_is_computed_on_its_own() -> None:
    """Protects lanes from each other: an example sees no neighbour."""
    mean = jit(
        lambda x: (2.0 * Value(x)).exp() + where(x > 100.0, 1.0, 0.0),
        [],
        backend="native",
    )
    for x, alone in [(1.0, math.exp(2.0)), (-3.0, math.exp(-6.0))]:
        for place in range(8):
            batch = [-math.inf] * 8
            batch[place] = x
            assert mean(batch).data * 8 == pytest.approx(alone, rel=1e-15)
    batch = [-math.inf] * 8
    for place in range(8):
        batch[place] = math.inf
        assert mean(batch).data == math.inf


@pytest.mark.parametrize("rows", range(1, 10))
def test_what_fills_up_a_register_does_not_count(rows: int) -> None:
    """Protects means and gradients from examples that aren't there."""
    p = Value(3.0)
    mean = jit(
        lambda x: p * where(x == 7.0, math.inf, x), [p], backend="native"
    )
    batch = [0.25] * (rows - 1)
    assert compiled(mean, [p], [[*batch, 1.0]]) == eager(
        lambda x: p * x, [p], [[*batch, 1.0]]
    )
    assert compiled(mean, [p], [[*batch, 7.0]]) == [math.inf, math.inf]


# Buffers.

MARK = 12345.0


def test_buffers_are_filled_in_and_nothing_beside_them() -> None:
    """Protects memory: machine code writes where it may, and nowhere else."""
    p, q = Value(0.75), Value(-0.5)
    function = every_instruction(p, q)
    backend = NativeBackend(program_of(function, [p, q], 2))
    for count in range(1, 10):
        columns = [
            array("d", [math.sin(i) for i in range(count)]),
            array("d", [1.0 + i for i in range(count)]),
        ]
        batch = backend.load(columns)
        # A register is always read as a whole, also at a column's end.
        assert batch.length % LANES == 0
        assert count <= batch.length < count + LANES
        assert len(batch.buffers["x"]) == 2 * batch.length
        for buffer in batch.buffers.values():
            buffer.extend([MARK] * 4)
        batch = Workspace(batch.count, batch.length, **batch.buffers)
        before = [array("d", column) for column in columns]
        parameters = array("d", [0.75, -0.5, MARK, MARK])
        results = array("d", [math.nan] * 3 + [MARK] * 5)
        wanted = eager(function, [p, q], columns)
        for _ in range(3):
            backend.evaluate(Buffers(batch, parameters, results))
            assert all_same(results[:3], wanted)
            assert parameters == array("d", [0.75, -0.5, MARK, MARK])
        states = [array("d", [0.0, 0.0, MARK, MARK])]
        buffers = Buffers(batch, parameters, results, states)
        backend.descent(buffers, SGD([], 0.5))(1)
        assert all_same(results[:3], wanted)
        for i, x in enumerate([0.75, -0.5]):
            assert same(parameters[i], x - 0.5 * wanted[1 + i])
        assert list(results[3:]) == [MARK] * 5
        assert list(parameters[2:]) == list(states[0][2:]) == [MARK] * 2
        for buffer in batch.buffers.values():
            assert list(buffer[-4:]) == [MARK] * 4
        assert columns == before


def test_a_batch_is_loaded_for_good() -> None:
    """Protects a descent from changes of what it was given."""
    p = Value(1.0)
    backend = NativeBackend(program_of(lambda x: p * x, [p], 1))
    column = array("d", [1.0, 2.0, 3.0, 4.0, 5.0])
    batch = backend.load([column])
    other = backend.load([array("d", [7.0])])
    column[:] = array("d", [0.0] * 5)
    for _ in range(2):
        results = array("d", [0.0, 0.0])
        backend.evaluate(Buffers(batch, array("d", [2.0]), results))
        assert list(results) == [6.0, 3.0]
        backend.evaluate(Buffers(other, array("d", [2.0]), results))
        assert list(results) == [14.0, 7.0]


def test_many_steps_in_one_call_are_as_many_calls() -> None:
    """Protects the loop in machine code: sums start anew each time."""
    mean, parameters, batch = small_task("native")
    start = [p.data for p in parameters]
    found = []
    for runs in ([1] * 50, [50], [49, 1]):
        for p, x in zip(parameters, start, strict=True):
            p.data = x
        with mean.descent(*batch) as step:
            losses = [step(0.1, steps=n) for n in runs]
        found.append([losses[-1], *(p.data for p in parameters)])
    assert found[0] == found[1] == found[2]


# The code.


def test_a_larger_batch_is_the_same_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Protects the time to compile, by the code and not by the clock."""
    lengths = []

    def watched(module: Any) -> Any:
        lengths.append(len(str(module)))
        return real(module)

    real = native.machine_code
    monkeypatch.setattr(native, "machine_code", watched)
    p = Value(0.5)
    for counts in ([1, 2, 7, 5_000], [5_000, 1]):
        mean = jit(lambda x: (p * x).tanh(), [p], backend="native")
        for count in counts:
            mean([0.5] * count)
    assert len(lengths) == 2
    assert lengths[0] == lengths[1]


def test_code_grows_with_the_program_and_no_faster() -> None:
    """Protects large networks: a line of a program is some lines of code."""
    p = Value(0.5)

    def length(steps: int) -> int:
        def function(x: Any) -> Value:
            node = p * x
            for _ in range(steps):
                node = node.tanh() * 0.5 + p
            return node

        text = str(assembly(program_of(function, [p], 1), LANES))
        return text.count("\n")

    small, twice, four_times = (length(n) for n in (20, 40, 80))
    assert twice - small < 20 * 80
    assert four_times - twice == 2 * (twice - small)


def test_code_is_given_back_with_the_function() -> None:
    """Protects who compiles often: nothing holds on to what nobody has."""
    p = Value(2.0)
    backend = NativeBackend(program_of(lambda x: p * x, [p], 1))
    dropped = weakref.ref(backend)
    del backend
    assert dropped() is None


def test_code_outlives_the_names_it_was_made_with() -> None:
    """Protects from crashes: a function in use keeps its code."""
    p = Value(2.0)
    means = [
        jit(lambda x, k=k: p * x * k, [p], backend="native")
        for k in range(1, 5)
    ]
    for mean in means:
        mean([1.0])
    kept = means[2]
    del means, mean
    steps = itertools.count()
    with kept.descent([1.0] * 5) as step:
        del kept
        assert [step(0.0) for _ in zip(range(3), steps)] == [6.0] * 3


def test_long_batches_leave_nothing_behind() -> None:
    """Protects memory: buffers of a batch go when the batch does."""
    mean, _, batch = small_task("native")
    long = [list(argument) * 100 for argument in batch]
    mean(*long)
    before = sys.getallocatedblocks()
    for _ in range(300):
        mean(*long)
    assert sys.getallocatedblocks() - before < 500
