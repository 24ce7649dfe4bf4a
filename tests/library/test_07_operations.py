"""From chapter 7 on: every operation, as PyTorch does it in float64."""

import decimal
import fractions
import itertools
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd.engine import Value
from operations import (
    BETWEEN_VALUES,
    DIVIDE,
    FUNCTIONS,
    IN_PROGRAMS,
    LOG,
    OPERATIONS,
    WITH_NUMBERS,
    Operation,
)
from oracle import (
    TOLERANCE,
    all_same,
    assert_agree,
    by_torch,
    by_us,
    same,
    tensor,
)
from programs import Program, assume_well_conditioned, path_sums, programs

ONE_BY_ONE = pytest.mark.parametrize("operation", OPERATIONS, ids=repr)


@pytest.mark.parametrize("operation", [*BETWEEN_VALUES, *FUNCTIONS], ids=repr)
@given(data=st.data())
def test_value_and_gradients_are_torchs_at_ordinary_inputs(
    operation: Operation, data: st.DataObject
) -> None:
    """Protects the mathematics of every operation."""
    inputs = [data.draw(st.floats(*domain)) for domain in operation.domains]
    assert_agree(operation.apply, inputs)


@pytest.mark.parametrize("operation", WITH_NUMBERS, ids=repr)
@settings(max_examples=20)
@given(data=st.data())
def test_so_they_are_with_a_number_on_either_side(
    operation: Operation, data: st.DataObject
) -> None:
    """Protects operators beside numbers, which Value makes Values.

    The mathematics are those of the operators between Values.
    """
    x = data.draw(st.floats(*operation.domains[0]))
    assert_agree(operation.apply, [x])


EDGES = [
    0.0,
    *(1.0, 2.0, 3.0, 0.5, 1 / 3, 1000.0, 401.0),
    *(1e-300, 5e-324, 1e300, 1.7e308, math.inf),
]
EDGES = [*EDGES, *(-x for x in EDGES), math.nan]
UPSTREAM = [1.0, -2.0, 0.0, math.inf, -math.inf, math.nan]


def overflows(x: float) -> bool:
    """Whether 1/x is infinite though x isn't zero: x is subnormal."""
    return 0.0 < abs(x) < 1 / 1.7e308


def differs_from_torch(
    operation: Operation, inputs: tuple[float, ...], upstream: float
) -> bool:
    """Where we knowingly differ from torch: in nothing but this.

    Below a denominator b so small that 1/b is infinite, an upstream
    gradient of zero is multiplied by that infinity here (nan), as the chain
    rule has it, and divided by b in torch (0).
    """
    divides = operation is LOG or "/" in operation.name
    return divides and overflows(inputs[-1]) and upstream == 0.0


def edge_cases(
    operation: Operation,
) -> Iterator[tuple[tuple[float, ...], float]]:
    """All edge inputs of an operation, under every upstream gradient."""
    inputs = itertools.product(EDGES, repeat=len(operation.domains))
    return itertools.product(inputs, UPSTREAM)


@ONE_BY_ONE
def test_value_and_gradients_are_torchs_at_the_edges(
    operation: Operation,
) -> None:
    """Protects zeros, infinities, nan, the huge and the tiny."""
    wrong = []
    for inputs, upstream in edge_cases(operation):
        if differs_from_torch(operation, inputs, upstream):
            continue

        def function(*leaves: Any, upstream: float = upstream) -> Any:
            return operation.apply(*leaves) * upstream

        ours, theirs = by_us(function, inputs), by_torch(function, inputs)
        if not all_same(ours, theirs):
            wrong.append(f"{inputs}, times {upstream}: {ours}, not {theirs}")
    assert not wrong, "\n".join([str(operation), *wrong])


@ONE_BY_ONE
def test_a_zero_has_torchs_sign(operation: Operation) -> None:
    """Protects -0.0, whose reciprocal is -inf and not inf."""
    for inputs in itertools.product(EDGES, repeat=len(operation.domains)):
        ours = operation.apply(*map(Value, inputs)).data
        theirs = operation.apply(*map(tensor, inputs)).item()
        if theirs == 0.0:
            assert repr(ours) == repr(theirs), inputs


def test_below_a_subnormal_denominator_a_zero_gradient_becomes_nan() -> None:
    """Protects the list of differences from growing old."""
    for operation, inputs in [(LOG, [5e-324]), (DIVIDE, [1.0, 5e-324])]:

        def nothing(*leaves: Any, operation: Operation = operation) -> Any:
            return operation.apply(*leaves) * 0.0

        assert math.isnan(by_us(nothing, inputs)[1])
        assert by_torch(nothing, inputs)[1] == 0.0


@pytest.mark.parametrize(
    ("x", "name", "expected"),
    [
        (1000.0, "tanh", 1.0),
        (-1000.0, "tanh", -1.0),
        (1000.0, "sigmoid", 1.0),
        (-1000.0, "sigmoid", 0.0),
        (1000.0, "exp", math.inf),
        (-1000.0, "exp", 0.0),
        (0.0, "log", -math.inf),
        (0.0, "relu", 0.0),
    ],
)
def test_extremes_reach_their_limits_without_an_error(
    x: float, name: str, expected: float
) -> None:
    """Protects from OverflowError, ZeroDivisionError and ValueError."""
    assert getattr(Value(x), name)().data == expected


def test_relu_has_no_slope_at_zero() -> None:
    """Protects the choice PyTorch makes at the kink."""
    for zero in (0.0, -0.0):
        x = Value(zero)
        x.relu().backward()
        assert x.grad == 0.0


NUMBERS = [
    2,
    2.5,
    True,
    fractions.Fraction(1, 3),
    decimal.Decimal("2.5"),
    np.float64(2.5),
    np.float32(2.5),
    np.int64(3),
    np.uint8(3),
    np.bool_(True),
    np.array(2.5),
]
OPERATORS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.pow,
]


@pytest.mark.parametrize("apply", OPERATORS)
@pytest.mark.parametrize("number", NUMBERS, ids=lambda x: type(x).__name__)
def test_every_kind_of_number_stands_on_either_side_of_every_operator(
    apply: Callable[[Any, Any], Value], number: Any
) -> None:
    """Protects arithmetic that mixes Values with anyone's numbers."""
    for function in (
        lambda x, k: apply(x, k),
        lambda x, k: apply(k, x),
    ):
        x = Value(1.5)
        result = function(x, number)
        assert type(result) is Value
        assert type(result.data) is float
        result.backward()

        t = tensor(1.5)
        k = torch.tensor(float(number), dtype=torch.float64)
        expected = function(t, k)
        expected.backward()
        assert same(result.data, expected.item())
        assert same(x.grad, t.grad.item())


@pytest.mark.parametrize("apply", OPERATORS)
@pytest.mark.parametrize(
    "other",
    ["3", b"3", None, 1 + 2j, [1.0], np.complex64(1j), np.str_("3")],
    ids=lambda x: type(x).__name__,
)
def test_no_operator_takes_what_is_no_real_number(
    apply: Callable[[Any, Any], Value], other: Any
) -> None:
    """Protects both sides of every operator from silent nonsense."""
    with pytest.raises(TypeError):
        apply(Value(2.0), other)
    with pytest.raises(TypeError):
        apply(other, Value(2.0))


@pytest.mark.parametrize("exponent", [0.5, -0.5, 1 / 3, 2.5])
def test_a_power_is_never_complex(exponent: float) -> None:
    """Protects roots of negative numbers: Python's own are complex."""
    for result in (
        Value(-2.0) ** exponent,
        Value(-2.0) ** Value(exponent),
        (-2.0) ** Value(exponent),
    ):
        assert type(result.data) is float
        assert math.isnan(result.data)


@pytest.mark.parametrize(
    ("apply", "name"),
    [
        (lambda a: a - 1, "-"),
        (lambda a: 1 - a, "-"),
        (lambda a: a / 2, "/"),
        (lambda a: 2 / a, "/"),
        (lambda a: a**3, "**3"),
        (lambda a: a**-0.5, "**-0.5"),
        (lambda a: a ** Value(3.0), "**"),
        (lambda a: 3**a, "**"),
        (lambda a: -a, "neg"),
        (lambda a: a.exp(), "exp"),
        (lambda a: a.log(), "log"),
        (lambda a: a.tanh(), "tanh"),
        (lambda a: a.relu(), "relu"),
        (lambda a: a.sigmoid(), "sigmoid"),
    ],
)
def test_a_result_bears_the_name_of_its_operation(
    apply: Callable[[Value], Value], name: str
) -> None:
    """Protects drawings: what stands in a circle."""
    assert apply(Value(2.0))._op == name


def test_python_sums_values() -> None:
    """Protects `sum`, which begins by adding to the number 0."""
    values = [Value(1.0), Value(2.0), Value(3.0)]
    total = sum(values)
    total.backward()
    assert total.data == 6.0
    assert [value.grad for value in values] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("operation", BETWEEN_VALUES, ids=repr)
def test_an_operation_with_itself_adds_up_both_gradients(
    operation: Operation,
) -> None:
    """Protects `a - a`, `a / a`, `a ** a`: one node, two operands."""
    ours = by_us(lambda a: operation.apply(a, a), [1.7])
    theirs = by_torch(lambda a: operation.apply(a, a), [1.7])
    # a / a is constant: what rounding leaves of its slope is not compared.
    assert ours == pytest.approx(theirs, rel=TOLERANCE, abs=TOLERANCE)


def test_augmented_assignment_makes_a_new_node() -> None:
    """Protects the old node, which is still in the graph."""
    a = Value(2.0)
    b = a
    b += 1
    b *= a
    b -= 1
    b /= a
    b **= 2
    assert a.data == 2.0
    b.backward()
    assert_agree(lambda a: (((a + 1) * a - 1) / a) ** 2, [2.0])
    assert a.grad == by_us(lambda a: (((a + 1) * a - 1) / a) ** 2, [2.0])[1]


def test_tanh_is_the_same_function_however_it_is_built() -> None:
    """Protects chapter 7's claim: one neuron's tanh, three ways."""
    ways = [
        lambda x: x.tanh(),
        lambda x: ((2 * x).exp() - 1) / ((2 * x).exp() + 1),
        lambda x: 2 * (2 * x).sigmoid() - 1,
    ]
    for x in (-2.0, -0.1, 0.0, 0.8814, 3.0):
        first, *others = [by_us(way, [x]) for way in ways]
        for other in others:
            assert other == pytest.approx(first, rel=1e-12, abs=1e-15)


@given(programs(IN_PROGRAMS))
def test_random_programs_have_torchs_value_and_gradients(
    program: Program,
) -> None:
    """Protects all operations together, on graphs that nobody chose."""
    assume_well_conditioned(program)
    assert_agree(program, program.inputs)


@given(programs(IN_PROGRAMS, longest=8))
def test_a_gradient_is_the_sum_over_all_paths(program: Program) -> None:
    """Protects the chain rule itself, by the definition."""
    nodes = program.nodes([Value(x) for x in program.inputs])
    nodes[-1].backward()
    sums = path_sums(program, [node.data for node in nodes])
    for leaf, (total, scale) in zip(nodes, sums, strict=False):
        assert abs(leaf.grad - total) <= TOLERANCE * scale
