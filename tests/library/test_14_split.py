"""From chapter 14 on: examples to learn from, and others to be tested on."""

import math
import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd.data import split

LABELS = st.lists(st.sampled_from("abcd"), min_size=2, max_size=60)
FRACTION = st.floats(0.01, 0.99)


def numbered(labels: Any) -> list[tuple[int, Any]]:
    """Examples that can be told apart, by the number that they hold."""
    return list(enumerate(labels))


def leaves_both_some(n: int, fraction: float) -> bool:
    """Whether there is an example for either list."""
    return 0 < round(n * fraction) < n


@given(LABELS, FRACTION, st.integers(0, 9))
def test_each_example_is_in_one_of_the_two(
    labels: list[str], fraction: float, seed: int
) -> None:
    """Protects the test: nothing in it was learnt from, nothing is lost."""
    examples = numbered(labels)
    if not leaves_both_some(len(labels), fraction):
        with pytest.raises(ValueError, match="leaves nothing"):
            split(examples, fraction, random.Random(seed))
        return
    first, second = split(examples, fraction, random.Random(seed))
    assert sorted(first + second) == examples
    assert len(second) == round(len(labels) * fraction)
    assert first
    assert second


@given(LABELS, FRACTION, st.integers(0, 9))
def test_of_each_label_both_get_their_share(
    labels: list[str], fraction: float, seed: int
) -> None:
    """Protects rare classes, to within one example."""
    if leaves_both_some(len(labels), fraction):
        examples = numbered(labels)
        _, second = split(examples, fraction, random.Random(seed))
        found = Counter(label for _, label in second)
        for label, count in Counter(labels).items():
            assert abs(found[label] - count * fraction) <= 1.0 + 1e-9


def test_both_lists_are_shuffled() -> None:
    """Protects training on examples that come sorted by their label."""
    examples = numbered("a" * 50 + "b" * 50)
    for part in split(examples, 0.5, random.Random(0)):
        assert part != sorted(part)
        assert {label for _, label in part[:10]} == {"a", "b"}


def test_any_example_of_a_label_may_be_chosen() -> None:
    """Protects chance: over many seeds, each is tested about as often."""
    examples = numbered("aaaabbbb")
    times = Counter(
        example
        for seed in range(400)
        for example in split(examples, 0.25, random.Random(seed))[1]
    )
    assert set(times) == set(examples)
    assert min(times.values()) > 60
    assert max(times.values()) < 140


def test_an_rng_of_ones_own_splits_the_same_again() -> None:
    """Protects reproducible pages; the global generator is left alone."""
    examples = numbered("abab" * 10)
    state = random.getstate()
    first, again, other = (
        split(examples, 0.2, random.Random(seed)) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert random.getstate() == state
    random.seed(5)
    unseeded = split(examples, 0.2)
    random.seed(5)
    assert split(examples, 0.2) == unseeded


def test_the_examples_stay_as_they_are() -> None:
    """Protects the caller's list; its examples themselves are handed on."""
    rows = [([float(i)], i % 2) for i in range(10)]
    kept = list(rows)
    first, second = split(rows, 0.3, random.Random(0))
    assert rows == kept
    assert {id(row) for row in first + second} == {id(row) for row in rows}


def test_labels_may_be_anyones_and_rows_arrays() -> None:
    """Protects pairs of numpy's rows and integers, and tuples of pairs."""
    examples = tuple(zip(np.ones((10, 3)), np.arange(10) % 2, strict=True))
    first, second = split(examples, 0.2, random.Random(0))
    assert (len(first), len(second)) == (8, 2)
    assert {int(label) for _, label in second} == {0, 1}


@pytest.mark.parametrize(
    ("n", "fraction"),
    [
        *((10, x) for x in (0.0, 1.0, -0.1, 1.5, 0.01, 0.99, math.nan)),
        *((0, 0.5), (1, 0.5), (1, 0.9)),
    ],
)
def test_a_fraction_that_leaves_one_nothing_is_refused(
    n: int, fraction: float
) -> None:
    """Protects from an empty test set, and from percents."""
    with pytest.raises(ValueError):
        split(numbered("a" * n), fraction)


def test_the_message_says_what_was_asked_for() -> None:
    """Protects who gives percents."""
    said = "^of 10 examples, a fraction of 20 leaves nothing for one of the "
    with pytest.raises(ValueError, match=said):
        split(numbered("a" * 10), 20)


def test_what_can_be_counted_only_once_is_split_as_well() -> None:
    """Protects `split(zip(rows, labels), 0.2)`."""
    rows, labels = range(10), "ab" * 5
    found = split(zip(rows, labels, strict=True), 0.2, random.Random(1))
    assert found == split(numbered(labels), 0.2, random.Random(1))


def test_a_seed_is_no_generator() -> None:
    """Protects who says `rng=0`: it isn't as if nothing had been said."""
    seed: Any = 0
    with pytest.raises(AttributeError, match="shuffle"):
        split(numbered("ab" * 5), 0.2, seed)
