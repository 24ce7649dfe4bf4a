# Tangled from book/14-ten-digits.md: edit there, not here.
"""How good answers are, counted."""

import math
from collections.abc import Sequence

from micrograd.engine import Value


def argmax(scores: Sequence[Value]) -> int:
    """The place of the highest score: the class that a network answers.

    `ValueError` if there is none, or one is nan.
    """
    numbers = [score.data for score in scores]
    if not numbers or any(map(math.isnan, numbers)):
        raise ValueError(
            f"no score is the highest of {numbers}: is there a nan among the "
            "inputs, or has training run away?"
        )
    return numbers.index(max(numbers))


def accuracy(answers: Sequence[object], labels: Sequence[object]) -> float:
    """The share of right answers, from 0 to 1.

    `ValueError` unless there are as many answers as labels, and one at
    least; `TypeError` for answers that no label could be equal to.
    """
    check_answers(answers, labels)
    return sum(a == y for a, y in zip(answers, labels)) / len(labels)


def check_answers(answers: Sequence[object], labels: Sequence[object]) -> None:
    """An error unless there is one answer for each label, of its kind."""
    if len(answers) != len(labels) or len(labels) == 0:
        raise ValueError(
            f"{len(answers)} answers to {len(labels)} examples: there must be "
            "as many, and at least one"
        )
    for answer, label in zip(answers, labels):
        if isinstance(answer, Value | list) or (
            isinstance(answer, str) != isinstance(label, str)
        ):
            raise TypeError(
                f"the answer {answer!r} is no label as {label!r} is: take "
                "the argmax of scores, and name both in the same way"
            )


def confusion(
    answers: Sequence[int], labels: Sequence[int], classes: int
) -> list[list[int]]:
    """How often each class, by row, was given each answer, by column.

    `ValueError` unless there are as many answers as labels, and one at
    least, and all of them are from 0 to ``classes`` - 1.
    """
    check_answers(answers, labels)
    for number in (*answers, *labels):
        if not 0 <= number < classes:
            raise ValueError(f"of {classes} classes, none is {number}")
    counts = [[0] * classes for _ in range(classes)]
    for answer, label in zip(answers, labels):
        counts[label][answer] += 1
    return counts
