# Tangled from chapters 11 and 12 in book/: edit there, not here.
"""Losses: how wrong a network's answers are, as one value to minimise."""

from collections.abc import Iterable, Sequence
from numbers import Real

from micrograd.engine import Number, Value


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
    """`ValueError` unless there is one target for each prediction."""
    if len(predictions) != len(targets) or len(predictions) == 0:
        raise ValueError(
            "a loss needs as many targets as predictions, and at least one: "
            f"got {len(predictions)} predictions, {len(targets)} targets"
        )


def check_signs(labels: Sequence[Value | Number]) -> None:
    """`ValueError` if a label is a number other than -1 and 1."""
    for label in labels:
        number = label.data if isinstance(label, Value) else label
        if isinstance(number, Real) and number not in (-1, 1):
            raise ValueError(
                f"hinge takes labels of -1 and 1, not {number}: of labels 0 "
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
    return sum((p * p for p in parameters), Value(0.0))
