# Tangled from book/14-ten-digits.md: edit there, not here.
"""How good answers are, counted."""

from collections.abc import Sequence

from micrograd.engine import Value


def argmax(scores: Sequence[Value]) -> int:
    """The place of the highest score: the class that a network answers."""
    return max(range(len(scores)), key=lambda i: scores[i].data)


def accuracy(answers: Sequence[object], labels: Sequence[object]) -> float:
    """The share of right answers, from 0 to 1.

    `ValueError` unless there are as many answers as labels, and one at
    least.
    """
    check_answers(answers, labels)
    return sum(a == y for a, y in zip(answers, labels)) / len(labels)


def check_answers(answers: Sequence[object], labels: Sequence[object]) -> None:
    """`ValueError` unless there is one answer for each label."""
    if len(answers) != len(labels) or len(labels) == 0:
        raise ValueError(
            f"{len(answers)} answers to {len(labels)} examples: there must be "
            "as many, and at least one"
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
