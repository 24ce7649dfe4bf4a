"""From chapter 14 on: how good answers are, counted."""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd.engine import Value
from micrograd.metrics import accuracy, argmax, confusion
from micrograd.nn import MLP

CLASS = st.integers(0, 3)
PAIRS = st.lists(st.tuples(CLASS, CLASS), min_size=1, max_size=30)
FINITE = st.floats(-100, 100)


@given(st.lists(FINITE, min_size=1, max_size=10))
def test_argmax_is_where_the_highest_score_is(numbers: list[float]) -> None:
    """Protects the answer of a network; the first one, if several are."""
    place = argmax([Value(x) for x in numbers])
    assert type(place) is int
    assert place == numbers.index(max(numbers))
    assert place == np.argmax(numbers)


def test_argmax_takes_what_a_network_gives() -> None:
    """Protects `argmax(model.outputs(x))`."""
    model = MLP(2, [3])
    for i, neuron in enumerate(model.layers[0].neurons):
        neuron.b.data = 10.0 * (i == 1)
    assert argmax(model.outputs([0.5, -0.5])) == 1
    assert argmax(tuple(model.outputs([0.5, -0.5]))) == 1


@pytest.mark.parametrize("numbers", [[], [math.nan, 1.0], [1.0, math.nan]])
def test_there_is_no_highest_of_none_or_nan(numbers: list[float]) -> None:
    """Protects from an answer that means nothing: an input may be nan."""
    with pytest.raises(ValueError, match="nan among the inputs, or has train"):
        argmax([Value(x) for x in numbers])


@pytest.mark.parametrize(
    ("answer", "label"),
    [(Value(1.0), 1), ([Value(1.0)], 0), ("a", 0), (0, "0")],
)
def test_answers_are_of_the_kind_of_labels(answer: Any, label: Any) -> None:
    """Protects from an accuracy of 0 that is but another way to write."""
    with pytest.raises(TypeError, match=r"is no label as .* argmax of scores"):
        accuracy([answer], [label])


@given(PAIRS)
def test_accuracy_is_the_share_that_is_right(
    pairs: list[tuple[int, int]],
) -> None:
    """Protects the number that everybody looks at."""
    answers, labels = zip(*pairs, strict=True)
    share = accuracy(answers, labels)
    assert type(share) is float
    assert share == np.mean(np.array(answers) == np.array(labels))


def test_accuracy_is_of_whatever_is_equal() -> None:
    """Protects classes by name, and labels that come as an array."""
    assert accuracy(["cat", "dog"], ["cat", "cat"]) == 0.5
    labels: Any = np.array([1, 0, 2, 1])
    assert accuracy([1, 0, 2, 2], labels) == 0.75
    assert accuracy([1], [1]) == 1.0


@given(PAIRS)
def test_confusion_counts_every_pair(pairs: list[tuple[int, int]]) -> None:
    """Protects rows and columns: labels down, answers across."""
    answers, labels = zip(*pairs, strict=True)
    counted = Counter(pairs)
    assert confusion(answers, labels, 4) == [
        [counted[answer, label] for answer in range(4)] for label in range(4)
    ]


def test_a_class_that_never_comes_has_its_row_and_column() -> None:
    """Protects the shape: it is the classes', not the examples'."""
    assert confusion([2], [0], 3) == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_counts_take_numpys_labels() -> None:
    """Protects data sets that come as arrays."""
    answers: Any = np.array([1, 0])
    labels: Any = np.array([1, 1])
    assert confusion(answers, labels, 2) == [[0, 0], [1, 1]]


@pytest.mark.parametrize("lengths", [(2, 3), (3, 2), (0, 2), (2, 0), (0, 0)])
@pytest.mark.parametrize(
    "count", [accuracy, lambda answers, labels: confusion(answers, labels, 4)]
)
def test_answers_and_labels_must_pair_up(
    count: Callable[..., Any], lengths: tuple[int, int]
) -> None:
    """Protects from `zip`, which would leave the rest out, and from 0/0."""
    said = "{} answers to {} examples".format(*lengths)
    with pytest.raises(ValueError, match=said):
        count([1] * lengths[0], [1] * lengths[1])


@pytest.mark.parametrize("pair", [(3, 0), (0, 3), (-1, 0), (0, -1)])
def test_a_class_that_there_isnt_is_not_counted(pair: tuple[int, int]) -> None:
    """Protects from Python's -1, the last row or column."""
    number = next(n for n in pair if n)
    answer, label = pair
    with pytest.raises(ValueError, match=f"^of 3 classes, none is {number}$"):
        confusion([0, answer], [0, label], 3)
