# Tangled from chapters 11 and 12 in book/: edit there, not here.
"""Losses: how wrong a network's answers are, as one value to minimise."""

from collections.abc import Iterable, Sequence

from micrograd.engine import Value


def mean_squared_error(
    predictions: Sequence[Value], targets: Sequence[Value | float]
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
    predictions: Sequence[Value], targets: Sequence[Value | float]
) -> None:
    """`ValueError` unless there is one target for each prediction."""
    if len(predictions) != len(targets) or len(predictions) == 0:
        raise ValueError(
            "a loss needs as many targets as predictions, and at least one: "
            f"got {len(predictions)} predictions, {len(targets)} targets"
        )


def hinge(scores: Sequence[Value], labels: Sequence[Value | float]) -> Value:
    r"""The hinge loss :math:`\frac{1}{n} \sum_i \max(0, 1 - y_i s_i)`.

    The mean is over all examples: scores :math:`s_i`, and labels :math:`y_i`
    of -1 and 1. `ValueError` if there is none, or a label is missing. (Cortes
    and Vapnik 1995.)
    """
    check_lengths(scores, labels)
    shortfalls = (
        (1.0 - label * score).relu() for label, score in zip(labels, scores)
    )
    return sum(shortfalls, Value(0.0)) / len(scores)


def l2(parameters: Iterable[Value]) -> Value:
    r"""The sum of the squares of all parameters, :math:`\sum_i p_i^2`."""
    return sum((p * p for p in parameters), Value(0.0))
