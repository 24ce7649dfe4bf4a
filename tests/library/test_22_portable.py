"""From chapter 22 on: functions made of what is the same everywhere."""

import itertools
import math
import random
import struct
from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd import floats, portable
from micrograd.compiler import Program, record, straighten
from micrograd.compiler.expanding import FUNCTIONS, expand
from micrograd.compiler.tape import COMPARISONS, Symbol, Tape
from micrograd.engine import Value
from micrograd.losses import cross_entropy
from micrograd.nn import MLP
from oracle import same

PRIMITIVES = {"floor", "two_to", "exponent", "where", "neg", *"+-*/"}
PRIMITIVES |= COMPARISONS

# Sixty digits, and room for every exponent.
EXACT = Context(prec=60, Emax=999_999, Emin=-999_999, traps=[])


def identical(a: float, b: float) -> bool:
    """Whether two floats are the same, with the sign of zero."""
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b and math.copysign(1.0, a) == math.copysign(1.0, b)


def off(found: float, exact: Decimal) -> float:
    """By how many units in its last digit a number is off."""
    unit = Decimal(math.ulp(float(exact)))
    return float(abs(EXACT.subtract(Decimal(found), exact)) / unit)


# Floats of all sizes, and those near 1, where a logarithm is near 0.
ANY = st.floats()
NEAR_ONE = st.builds(
    lambda sign, k, x: 1.0 + sign * x * 2.0**-k,
    st.sampled_from([-1.0, 1.0]),
    st.integers(1, 52),
    st.floats(0.0, 0.99),
)
POSITIVE = st.floats(0.0, exclude_min=True, allow_infinity=False)

EDGES = [0.0, 1.0, 2.0, 0.5, 3.0, 25.0, 1000.0, 709.9, 745.0, 750.0, 1e16]
EDGES += [2.0**53, 2.0**53 + 2, 2.0**64, 1e-300, 5e-324, 2.0**-1022, 2.3e-308]
EDGES += [1e300, 1.7e308, math.sqrt(2.0), math.sqrt(0.5), 1 - 2.0**-53]
EDGES += [math.inf]
EDGES = [*EDGES, *(-x for x in EDGES), math.nan]

# The primitives.


@given(st.one_of(ANY, st.floats(-10, 10)))
def test_floor_is_the_whole_number_below(x: float) -> None:
    """Protects `floor`, up to inf and nan."""
    found = portable.floor(x)
    if math.isfinite(x):
        assert found == math.floor(x)
    else:
        assert same(found, x)
    assert type(found) is float


@pytest.mark.parametrize("k", [*range(-1022, 1024)])
def test_two_to_is_a_power_of_two(k: int) -> None:
    """Protects `two_to`, in all of its range."""
    assert portable.two_to(float(k)) == math.ldexp(1.0, k)


@given(ANY)
def test_exponent_is_that_of_the_bits(x: float) -> None:
    """Protects `exponent`, also where there is none."""
    found = portable.exponent(x)
    assert type(found) is float
    if not math.isfinite(x):
        assert found == 1024
    elif abs(x) < 2.0**-1022:
        assert found == -1023
    else:
        assert 2.0**found <= abs(x) <= 2.0**found * (2 - 2.0**-52)


@given(ANY, ANY)
def test_primitives_never_raise(x: float, y: float) -> None:
    """Protects whoever discards a result: any float may come."""
    for function in (portable.floor, portable.two_to, portable.exponent):
        assert type(function(x)) is float


# The functions.


def branching_exp(x: float) -> float:
    """`portable.exp` as it was, with branches."""
    if math.isnan(x):
        return x
    q, k = branching_reduced(max(-750.0, min(x, 750.0)))
    half = k // 2
    return (1.0 + q) * math.ldexp(1.0, half) * math.ldexp(1.0, k - half)


def branching_tanh(x: float) -> float:
    """`portable.tanh` as it was, with branches."""
    if math.isnan(x):
        return x
    q, k = branching_reduced(-2.0 * min(abs(x), 25.0))
    power_of_two = math.ldexp(1.0, k)
    u = q * power_of_two + (power_of_two - 1.0)
    return math.copysign(u / (u + 2.0), x)


def branching_reduced(x: float) -> tuple[float, int]:
    k = math.floor(x * portable.PER_LN2 + 0.5)
    r = (x - k * portable.LN2_HIGH) - k * portable.LN2_LOW
    q = 0.0
    for coefficient in portable.SERIES:
        q = q * r + coefficient
    return q * r, k


@given(st.one_of(ANY, st.floats(-760, 760), st.floats(-26, 26)))
def test_exp_and_tanh_have_the_digits_that_they_had(x: float) -> None:
    """Protects links: what they show has these digits."""
    assert identical(portable.exp(x), branching_exp(x))
    assert identical(portable.tanh(x), branching_tanh(x))


def exact(name: str, x: float) -> float:
    """The function with fifty digits, rounded once."""
    with localcontext() as context:
        context.prec = 50
        if name == "tanh":
            u = (2 * Decimal(x)).exp()
            # Near zero the difference has lost its digits.
            return float((u - 1) / (u + 1)) if abs(x) > 1e-9 else x
        return float(Decimal(x).exp() if name == "exp" else Decimal(x).ln())


@given(st.floats(-708.0, 709.0))
def test_exp_is_right_to_the_last_digit_but_one(x: float) -> None:
    """Protects `exp` from a wrong constant, or a term too few."""
    wanted = exact("exp", x)
    assert abs(portable.exp(x) - wanted) <= 2 * math.ulp(wanted)
    assert abs(portable.exp(x) - math.exp(x)) <= 2 * math.ulp(wanted)


@given(st.one_of(st.floats(-25.0, 25.0), st.floats(-1.0, 1.0)))
def test_tanh_is_right_to_the_last_digits(x: float) -> None:
    """Protects `tanh`, by which the networks live; and its symmetry."""
    wanted = exact("tanh", x)
    assert abs(portable.tanh(x) - wanted) <= 3 * math.ulp(wanted)
    assert abs(portable.tanh(x) - math.tanh(x)) <= 4 * math.ulp(wanted)
    assert portable.tanh(-x) == -portable.tanh(x)


@given(st.one_of(POSITIVE, NEAR_ONE, st.floats(0.01, 100.0)))
def test_log_is_right_to_the_last_digit(x: float) -> None:
    """Protects `log`: at all sizes it is rounded once."""
    assert portable.log(x) == float(EXACT.ln(Decimal(x)))
    assert abs(portable.log(x) - math.log(x)) <= math.ulp(math.log(x))


@given(
    st.one_of(POSITIVE, NEAR_ONE, st.floats(0.01, 100.0)),
    st.one_of(st.floats(-745.2, 709.8), st.floats(-2.0, 2.0)),
)
def test_power_is_right_to_the_last_digit_but_one(
    x: float, log: float
) -> None:
    """Protects `power`, for all results that a float can have."""
    n = floats.divide(log, math.log(x))
    if not math.isfinite(n):
        return
    exact = EXACT.exp(EXACT.multiply(Decimal(n), EXACT.ln(Decimal(x))))
    if math.isfinite(float(exact)) and float(exact) < 1.79e308:
        assert off(portable.power(x, n), exact) <= 2.0


@given(ANY, ANY | st.integers(-40, 40).map(float))
def test_power_is_the_engines_but_for_the_last_digit(
    x: float, n: float
) -> None:
    """Protects `power`: signs, zeros, infinities, what isn't real."""
    ours, theirs = portable.power(x, n), floats.power(x, n)
    if math.isfinite(theirs):
        assert abs(ours - theirs) <= 2 * math.ulp(theirs)
        assert math.copysign(1.0, ours) == math.copysign(1.0, theirs)
    else:
        assert same(ours, theirs)


@given(ANY)
def test_simple_powers_are_exact(x: float) -> None:
    """Protects squared errors: a square is a product."""
    assert identical(portable.power(x, 2.0), x * x)
    assert identical(portable.power(x, 1.0), x)
    assert identical(portable.power(x, -1.0), floats.divide(1.0, x))
    assert portable.power(x, 0.0) == 1.0


@pytest.mark.parametrize("name", ["exp", "log", "tanh"])
@pytest.mark.parametrize("x", EDGES)
def test_edges_are_the_engines(name: str, x: float) -> None:
    """Protects inf, nan, overflow, underflow and the sign of zero."""
    ours, theirs = getattr(portable, name)(x), getattr(floats, name)(x)
    if math.isfinite(theirs):
        assert abs(ours - theirs) <= 2 * math.ulp(theirs)
        assert math.copysign(1.0, ours) == math.copysign(1.0, theirs)
    else:
        assert same(ours, theirs)


def test_edges_of_power_are_the_engines() -> None:
    """Protects each of the cases that the standard lists."""
    for x, n in itertools.product(EDGES, repeat=2):
        ours, theirs = portable.power(x, n), floats.power(x, n)
        if math.isfinite(theirs):
            assert abs(ours - theirs) <= 2 * math.ulp(theirs), (x, n)
            assert math.copysign(1.0, ours) == math.copysign(1.0, theirs)
        else:
            assert same(ours, theirs), (x, n)


# These digits were the same with glibc and with musl, in CPython from 3.11 to
# 3.14; where one changes, links have changed what they show.
DIGITS = [
    ("exp", 0.7, "0x1.01c2a61268987p+1"),
    ("tanh", 0.7, "0x1.356fb17af2e92p-1"),
    ("log", 0.7, "-0x1.6d3c324e13f50p-2"),
]


@pytest.mark.parametrize(("name", "x", "digits"), DIGITS)
def test_digits_are_those_of_every_computer(
    name: str, x: float, digits: str
) -> None:
    """Protects links: these numbers must never change."""
    assert getattr(portable, name)(x).hex() == digits


def test_none_of_the_c_librarys_functions_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Protects the last digit from the computer at hand."""

    def found() -> list[float]:
        one = [portable.exp(0.3), portable.tanh(-0.3), portable.log(0.3)]
        return [*one, portable.power(0.3, 1.7)]

    expected = found()
    for name in ("exp", "log", "tanh", "pow", "ldexp", "floor", "fma"):
        monkeypatch.delattr(math, name, raising=False)
    assert found() == expected


# Traced.


def traced(name: str) -> tuple[Tape, list[Symbol], Any]:
    """The tape of a function, its symbols, and its result."""
    tape = Tape()
    count = 2 if name == "power" else 1
    symbols = [Symbol(tape, f"x{i}") for i in range(count)]
    return tape, symbols, FUNCTIONS[name](*symbols)


#: What each primitive is on floats, for the interpreter below.
ON_FLOATS: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": floats.divide,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "neg": lambda a: -a,
    "where": lambda c, a, b: a if c else b,
    "floor": portable.floor,
    "two_to": portable.two_to,
    "exponent": portable.exponent,
    **{name: getattr(portable, name) for name in FUNCTIONS},
}


def run(instructions: Any, known: dict[str, Any]) -> None:
    """Run the instructions of a tape, one after the other."""
    for x in instructions:
        known[x.name] = ON_FLOATS[x.operation](
            *[o if type(o) is float else known[o.name] for o in x.operands]
        )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_tapes_have_nothing_but_primitives(name: str) -> None:
    """Protects the backends that know nothing else."""
    tape, _, _ = traced(name)
    found = {x.operation for x in tape.instructions.values()}
    assert found <= PRIMITIVES


NUMBERS = st.one_of(ANY, st.floats(-30, 30), st.sampled_from(EDGES))


@pytest.mark.parametrize("name", FUNCTIONS)
@given(x=NUMBERS, y=NUMBERS)
def test_traced_they_are_the_same(name: str, x: float, y: float) -> None:
    """Protects the idea itself: one text, on floats and on symbols."""
    tape, symbols, result = traced(name)
    numbers = [x, y][: len(symbols)]
    known: dict[str, Any] = {
        symbol.name: number
        for symbol, number in zip(symbols, numbers, strict=True)
    }
    run(tape.instructions.values(), known)
    assert identical(known[result.name], FUNCTIONS[name](*numbers))


# Expanded.


def all_of(program: Program) -> list[Any]:
    return [*program.shared, *program.varying]


def results(program: Program, numbers: dict[str, float]) -> list[float]:
    """What a program gives for one example."""
    known: dict[str, Any] = dict(numbers)
    run(all_of(program), known)

    def number(x: Any) -> Any:
        return x if type(x) is float else known[x.name]

    found = [0.0] * (1 + len(program.parameters))
    for row in [*program.to_add, *program.to_average]:
        for i, left in zip(row.results, row.lefts, strict=True):
            found[i] += number(left) * number(row.right)
    return found


def all_operations(x: Any, y: Any) -> tuple[Callable[..., Any], list[Value]]:
    """A function that uses every operation, and its parameters."""
    p, q = Value(x), Value(y)

    def function(a: Any, b: Any) -> Value:
        terms = [(p * a).tanh(), (q + b).exp(), (p * p + q).log(), p**q]
        terms += [(p * a) ** 2, (q + a) ** -1.5, (p / q).relu(), q.sigmoid()]
        terms += [p.exp(), a**p, (q * b) ** 1, (q * b) ** 0]
        return sum(terms, Value(0.0))

    return function, [p, q]


SMALL = st.floats(-3.0, 3.0)


@given(SMALL, SMALL, SMALL, SMALL)
def test_an_expanded_program_does_the_same(
    x: float, y: float, a: float, b: float
) -> None:
    """Protects `expand`, to the last digit, and what is shared in it."""
    function, parameters = all_operations(x, y)
    program = straighten(record(function, parameters, (None, None)))
    expanded = expand(program)
    assert {i.operation for i in all_of(expanded)} <= PRIMITIVES
    assert not any(i.varies for i in expanded.shared)
    assert all(i.varies for i in expanded.varying)
    assert expanded.shared
    assert len(expanded.to_average) == len(program.to_average)
    numbers = {"p0": x, "p1": y, "x0": a, "x1": b}
    for found, expected in zip(
        results(expanded, numbers), results(program, numbers), strict=True
    ):
        assert same(found, expected, tolerance=0.0)


def test_what_is_done_twice_is_expanded_once() -> None:
    """Protects the length of programs: the tape finds repetitions."""
    p = Value(0.5)
    once = straighten(record(lambda x: (p * x).tanh(), [p], (None,)))
    twice = straighten(
        record(lambda x: (p * x).tanh() * (p * x).tanh(), [p], (None,))
    )
    lengths = [len(all_of(expand(program))) for program in (once, twice)]
    assert lengths[1] - lengths[0] < 5


def test_a_square_is_one_product() -> None:
    """Protects squared errors from a logarithm that nobody needs."""
    p = Value(0.5)
    program = straighten(record(lambda x: (p * x) ** 2, [p], (None,)))
    assert len(all_of(expand(program))) <= len(all_of(program))


def test_a_program_of_primitives_stays_what_it_is() -> None:
    """Protects networks that need no function: not a line is added."""
    model = MLP(
        2, [4, 1], activation=Value.relu, output=None, rng=random.Random(1)
    )
    program = straighten(record(model, model.parameters(), (2,)))
    dots = [x.operation for x in all_of(program)]
    assert [x.operation for x in all_of(expand(program))] == dots


def test_the_program_that_is_expanded_is_left_alone() -> None:
    """Protects backends that need the program as it was."""
    model = MLP(3, [4, 3], output=None, rng=random.Random(1))
    program = straighten(
        record(
            lambda x, y: cross_entropy(model.outputs(x), y),
            model.parameters(),
            (3, None),
        )
    )
    tape = all_of(program)[0].tape
    before = list(tape.instructions), list(map(str, all_of(program)))
    expand(program)
    after = list(tape.instructions), list(map(str, all_of(program)))
    assert before == after


def test_bits_are_the_machines() -> None:
    """Protects the layout: the sign, 11 bits, then 52."""
    for x in EDGES:
        assert struct.pack("<Q", portable.bits(x)) == struct.pack("<d", x)
