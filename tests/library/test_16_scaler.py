"""From chapter 16 on: columns are scaled, by the training set's numbers."""

import math
import random
import statistics
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd.data import Scaler
from micrograd.engine import Value
from micrograd.losses import softmax
from micrograd.nn import MLP

NUMBER = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
TABLE = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(NUMBER, min_size=width, max_size=width),
        min_size=1,
        max_size=8,
    )
)


@given(TABLE)
def test_columns_get_mean_0_and_deviation_1(rows: list[list[float]]) -> None:
    """Protects the scaling, against the standard library's statistics."""
    scaler = Scaler(rows)
    columns = list(zip(*rows, strict=True))
    scaled = zip(*map(scaler, rows), strict=True)
    for i, (column, new) in enumerate(zip(columns, scaled, strict=True)):
        mean, deviation = statistics.fmean(column), statistics.pstdev(column)
        assert scaler.means[i] == pytest.approx(mean, abs=1e-9)
        assert scaler.deviations[i] == pytest.approx(deviation, abs=1e-9)
        if len(set(column)) == 1:
            assert list(new) == [0.0] * len(rows)
        else:
            assert statistics.fmean(new) == pytest.approx(0.0, abs=1e-6)
            assert statistics.pstdev(new) == pytest.approx(1.0)


def test_new_rows_are_scaled_by_the_first_ones() -> None:
    """Protects what was learnt: the scaler isn't made anew."""
    scaler = Scaler([[0.0, 10.0], [2.0, 30.0]])
    assert scaler([5.0, 20.0]) == [4.0, 0.0]
    assert scaler([1.0, 40.0]) == [0.0, 2.0]
    assert scaler.means == [1.0, 20.0]
    assert scaler.deviations == [1.0, 10.0]


@pytest.mark.parametrize("x", [0.0, 0.1, 1 / 3, -7e8 / 9, 1e299, 5e-324])
@pytest.mark.parametrize("count", [1, 3, 10, 999])
def test_a_constant_column_becomes_0(x: float, count: int) -> None:
    """Protects from dividing by zero, or by what rounding has left."""
    scaler = Scaler([x, i] for i in range(count))
    assert scaler.deviations[0] == 0.0
    for new in (x, x + 1.0, -1e299):
        assert scaler([new, 0.0])[0] == 0.0


def test_small_differences_of_large_numbers_are_kept() -> None:
    """Protects dates in seconds, and other numbers far from 0."""
    scaler = Scaler([[1.7e9 + 0.001 * i] for i in range(5)])
    deviation = statistics.pstdev([0.001 * i for i in range(5)])
    assert scaler.deviations == pytest.approx([deviation], rel=1e-3)


def test_numbers_of_all_kinds_and_any_iterables_are_taken() -> None:
    """Protects numpy's rows, generators, and columns of yes and no."""
    expected = Scaler([[1.0, 0.0], [3.0, 1.0]])([2.0, 1.0])
    array = np.array([[1, 0], [3, 1]], dtype=np.float32)
    row: list[Any] = [np.int64(2), True]
    for rows in (array, (tuple(r) for r in array), [[1, False], [3, True]]):
        found = Scaler(rows)(iter(row))
        assert found == expected
        assert {type(x) for x in found} == {float}


@pytest.mark.parametrize("rows", [[], iter([]), [[]], [[], []]])
def test_a_scaler_of_nothing_is_refused(rows: Any) -> None:
    """Protects from a file that was empty."""
    with pytest.raises(ValueError, match=r"^a Scaler needs a row"):
        Scaler(rows)


def test_rows_of_different_lengths_are_refused() -> None:
    """Protects from `zip`, which would leave the rest out."""
    for odd in ([1.0], [1.0, 2.0, 3.0], []):
        said = f"^row 2 has {len(odd)} numbers, but there are 2 columns$"
        with pytest.raises(ValueError, match=said):
            Scaler([[1.0, 2.0], [3.0, 4.0], odd])
        said = f"^the row has {len(odd)} numbers, but there are 2 columns$"
        with pytest.raises(ValueError, match=said):
            Scaler([[1.0, 2.0]])(odd)


@pytest.mark.parametrize(
    ("x", "error"),
    [
        (math.nan, ValueError),
        (math.inf, ValueError),
        (-math.inf, ValueError),
        (np.float64("nan"), ValueError),
        (1e301, ValueError),
        (10**300, ValueError),
        ("5.1", TypeError),
        ("", TypeError),
        (None, TypeError),
        (1j, TypeError),
        ([1.0], TypeError),
        (np.array([1.0]), TypeError),
    ],
)
def test_what_is_no_finite_number_is_refused_by_its_place(
    x: Any, error: type[Exception]
) -> None:
    """Protects a whole column from one hole in it."""
    counted = r"\(counted from 0\) is "
    with pytest.raises(error, match=f"^column 1 of row 2 {counted}"):
        Scaler([[1.0, 2.0], [3.0, 4.0], [5.0, x]])
    scaler = Scaler([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(error, match=f"^column 0 of the row {counted}"):
        scaler([x, 1.0])


def test_a_single_row_is_no_table() -> None:
    """Protects from one row where a list of them is wanted."""
    with pytest.raises(TypeError, match=r"^row 0 is 1\.5, not a list of"):
        Scaler([1.5, 2.5])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"^the row is 3, not a list of"):
        Scaler([[1.5]])(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^column 0 of row 0"):
        Scaler([{"length": 5.1}])  # type: ignore[dict-item]


def test_columns_may_reach_far() -> None:
    """Protects from nan where all numbers were finite."""
    scaler = Scaler([[9e299], [9e299], [-9e299]])
    assert scaler([9e299]) == pytest.approx([0.5**0.5])
    assert scaler([-9e299]) == pytest.approx([-(2**0.5)])


@given(st.integers(0, 99), st.sampled_from([Value.tanh, Value.relu]))
def test_a_folded_network_takes_raw_rows(seed: int, activation: Any) -> None:
    """Protects whoever saves a network and not its scaler."""
    rng = random.Random(seed)
    rows = [
        [rng.gauss(50, 3), rng.gauss(0, 1e-3), 7.0, rng.gauss(-900, 200)]
        for _ in range(12)
    ]
    scaler = Scaler(rows)
    model = MLP(4, [5, 3], activation=activation, output=None, rng=rng)
    before = [softmax(model.outputs(scaler(row))) for row in rows]
    scaler.fold_into(model)
    for row, shares in zip(rows, before, strict=True):
        for new_row in (row, [*row[:2], 8.0, row[3]]):
            after = softmax(model.outputs(new_row))
            for p, q in zip(shares, after, strict=True):
                assert abs(p.data - q.data) < 1e-12


def test_a_network_with_other_inputs_is_left_as_it_is() -> None:
    """Protects from a scaler of another table."""
    model = MLP(3, [2])
    model.layers[0].neurons[0].w.pop()  # fits, but the second one doesn't
    before = [p.data for p in model.parameters()]
    with pytest.raises(ValueError, match="3 numbers, but there are 2 col"):
        Scaler([[1.0, 2.0], [2.0, 3.0]]).fold_into(model)
    assert [p.data for p in model.parameters()] == before


def test_a_scaler_takes_rows_without_their_labels() -> None:
    """Protects who passes examples, or a whole table for a row."""
    examples: Any = [([1.0, 2.0], 0), ([2.0, 3.0], 1)]
    with pytest.raises(TypeError, match="without their labels"):
        Scaler(examples)
    table: Any = [[1.0, 2.0], [2.0, 4.0]]
    with pytest.raises(TypeError, match="scaled one at a time"):
        Scaler(table)(table)
