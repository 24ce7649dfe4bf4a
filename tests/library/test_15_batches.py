"""From chapter 15 on: all examples once, a few at a time."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd.data import batches


@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 9))
def test_every_example_comes_once(n: int, size: int, seed: int) -> None:
    """Protects an epoch: none left out, none twice, the last batch shorter."""
    found = list(batches(range(n), size, random.Random(seed)))
    assert sorted(x for batch in found for x in batch) == list(range(n))
    assert {len(batch) for batch in found[:-1]} <= {size}
    assert len(found[-1]) == n - size * (len(found) - 1)
    assert 1 <= len(found[-1]) <= size


def test_a_batch_is_a_list_of_its_own() -> None:
    """Protects who changes a batch."""
    for batch in batches((1, 2, 3), 2):
        assert type(batch) is list
        batch.clear()
    assert len(list(batches((1, 2, 3), 2))) == 2


def test_examples_are_shuffled_anew_each_time() -> None:
    """Protects from the order they came in, and from always the same one."""
    rng = random.Random(0)
    orders = [
        [x for batch in batches(range(40), 7, rng) for x in batch]
        for _ in range(3)
    ]
    assert orders[0] != orders[1] != orders[2] != orders[0]
    assert list(range(40)) not in orders


def test_any_example_may_come_first() -> None:
    """Protects chance: over many seeds, each of four about as often."""
    firsts = [
        next(batches("abcd", 1, random.Random(s)))[0] for s in range(400)
    ]
    assert all(60 < firsts.count(x) < 140 for x in "abcd")


def test_an_rng_of_ones_own_gives_the_same_batches_again() -> None:
    """Protects reproducible pages; the global generator is left alone."""
    state = random.getstate()
    first, again, other = (
        list(batches(range(20), 6, random.Random(seed))) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert random.getstate() == state
    random.seed(5)
    unseeded = list(batches(range(20), 6))
    random.seed(5)
    assert list(batches(range(20), 6)) == unseeded


def test_the_examples_stay_in_their_order() -> None:
    """Protects the caller's list; its examples themselves are handed on."""
    rows = [([float(i)], i) for i in range(10)]
    kept = list(rows)
    found = [x for batch in batches(rows, 4) for x in batch]
    assert rows == kept
    assert {id(row) for row in found} == {id(row) for row in rows}


def test_the_rows_of_an_array_are_examples() -> None:
    """Protects tables that come from numpy."""
    table: Any = np.arange(10).reshape(5, 2)
    found = list(batches(table, 2, random.Random(0)))
    assert [len(batch) for batch in found] == [2, 2, 1]
    assert sorted(int(row[0]) for batch in found for row in batch) == [
        *(0, 2, 4, 6, 8)
    ]


@pytest.mark.parametrize(
    ("examples", "size"), [([1], 0), ([1, 2], -1), ([], 1), ((), 16)]
)
def test_no_batches_are_an_error(examples: Any, size: int) -> None:
    """Protects from an epoch that does nothing, without a word."""
    said = (
        f"^batches of {size} can't be made of {len(examples)} examples: "
        "both must be at least 1$"
    )
    with pytest.raises(ValueError, match=said):
        list(batches(examples, size))
