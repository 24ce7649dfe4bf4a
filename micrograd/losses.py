# Tangled from chapters 11, 12, 14, 19 and 20 in book/: edit there, not here.
"""Losses: how wrong a network's answers are, as one value to minimise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import index
from typing import Any, SupportsIndex

from micrograd.engine import Number, Value, as_float
from micrograd.floats import where


def mean_squared_error(
    predictions: Sequence[Value], targets: Sequence[Value | Number]
) -> Value:
    r"""The mean squared error :math:`\frac{1}{n} \sum_i (p_i - t_i)^2`.

    The mean is over all examples: predictions :math:`p_i` and targets
    :math:`t_i`. `ValueError` if there is none, or a target is missing.
    """
    check_lengths(predictions, targets)
    squares = (
        (prediction - target) ** 2
        for prediction, target in zip(predictions, targets)
    )
    return sum(squares, Value(0.0)) / len(predictions)


def check_lengths(
    predictions: Sequence[Value], targets: Sequence[Value | Number]
) -> None:
    """`ValueError` unless there is one target for each prediction.

    `TypeError` if one of them is a list.
    """
    if len(predictions) != len(targets) or len(predictions) == 0:
        raise ValueError(
            "a loss needs as many targets as predictions, and at least one: "
            f"got {len(predictions)} predictions, {len(targets)} targets"
        )
    for x in (*predictions, *targets):
        if isinstance(x, list | tuple) or getattr(x, "ndim", 0) > 0:
            raise TypeError(
                "this loss takes one prediction and one target for each "
                "example, not lists of them: of one score for each class, "
                "cross_entropy makes the loss of an example"
            )


def check_signs(labels: Sequence[Value | Number]) -> None:
    """`ValueError` if a label is a number other than -1 and 1."""
    for label in labels:
        number = label.data if isinstance(label, Value) else label
        # What has as_float isn't known yet (see micrograd.compiler).
        if not hasattr(number, "as_float") and number not in (-1, 1):
            raise ValueError(
                f"hinge takes labels of -1 and 1, not {number!r}: of labels 0 "
                "and 1 make 2 * label - 1"
            )


def hinge(scores: Sequence[Value], labels: Sequence[Value | Number]) -> Value:
    r"""The hinge loss :math:`\frac{1}{n} \sum_i \max(0, 1 - y_i s_i)`.

    The mean is over all examples: scores :math:`s_i`, and labels :math:`y_i`
    of -1 and 1. `ValueError` if there is none, or a label is missing or
    another number. (Cortes and Vapnik 1995.)
    """
    check_lengths(scores, labels)
    check_signs(labels)
    shortfalls = (
        (1.0 - label * score).relu() for label, score in zip(labels, scores)
    )
    return sum(shortfalls, Value(0.0)) / len(scores)


def l2(parameters: Iterable[Value]) -> Value:
    r"""The sum of the squares of all parameters, :math:`\sum_i p_i^2`."""
    squared = list(parameters)
    return Value.dot(squared, squared, Value(0.0))


def softmax(scores: Sequence[Value]) -> list[Value]:
    r"""The share of each score, :math:`e^{s_i} / \sum_j e^{s_j}`.

    No share is negative, and they add up to 1. (Bridle 1990.)
    """
    powers = [score.exp() for score in below_highest(scores)]
    total = sum(powers, Value(0.0))
    return [power / total for power in powers]


def cross_entropy(
    scores: Sequence[Value], target: SupportsIndex | Sequence[Number]
) -> Value:
    r"""The cross-entropy :math:`-\sum_i t_i \log p_i` of one example.

    :math:`p` is the `softmax` of its ``scores``, one for each class.
    ``target`` is the number of the right class, whose :math:`t_i` is 1, or
    all the shares :math:`t_i`. `TypeError` or `ValueError` for what is no
    list of scores, and for a target that doesn't fit them.
    """
    lowered = below_highest(scores)
    total = sum((score.exp() for score in lowered), Value(0.0)).log()
    if hasattr(target, "as_float"):
        return total - score_of(as_float(target), lowered)
    shares = target_shares(target, len(scores))
    if isinstance(shares, int):
        return total - lowered[shares]
    surprises = (
        share * (total - score) for share, score in zip(shares, lowered)
    )
    return sum(surprises, Value(0.0))


def below_highest(scores: Sequence[Value]) -> list[Value]:
    """Each score less the highest one, so that no power overflows."""
    check_scores(scores)
    highest, *others = (score.data for score in scores)
    for number in others:
        highest = where(number > highest, number, highest)
    top = Value(highest)
    return [score - top for score in scores]


def check_scores(scores: Sequence[Value]) -> None:
    """`TypeError` unless this is a list of values, and not an empty one."""
    is_list = not isinstance(scores, Value) and len(scores) > 0
    if not (is_list and all(isinstance(score, Value) for score in scores)):
        raise TypeError(
            "this takes the scores of one example, a list of Values with one "
            f"for each class, as model.outputs(x) gives them, not {scores!r}"
        )


def target_shares(target: Any, classes: int) -> int | Sequence[Number]:
    """The target as a class that there is, or as a share for each class."""
    is_list = hasattr(target, "__len__") and not isinstance(target, str)
    if is_list and getattr(target, "ndim", True):
        if len(target) != classes:
            raise ValueError(
                f"{classes} scores need {classes} shares, not {len(target)}"
            )
        shares: Sequence[Number] = target
        return shares
    try:
        number = index(target)
    except TypeError:
        raise TypeError(
            f"a class is a whole number from 0 to {classes - 1}, not "
            f"{target!r}: number the classes, as by names.index(name)"
        ) from None
    if not 0 <= number < classes:
        raise ValueError(
            f"there is no class {number}: {classes} scores are for the "
            f"classes 0 to {classes - 1}"
        )
    return number


def score_of(number: Any, scores: Sequence[Value]) -> Value:
    """The score of the class with a number that isn't known yet."""
    hits = [number == i for i in range(len(scores))]
    found: Any = math.nan
    for hit, score in zip(hits, scores):
        found = where(hit, score.data, found)
    ones = [where(hit, 1.0, 0.0) for hit in hits]
    count = sum(ones)  # 1, or 0 if there is no such class
    slopes = tuple(one / count for one in ones)
    return Value(found, tuple(scores), "score of", slopes)
