"""From chapter 19 on: a part of a loaded batch is a batch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiling import BACKENDS
from micrograd.compiler import jit
from micrograd.engine import Value

EACH = pytest.mark.parametrize("backend", BACKENDS)
POINTS = [(0.5 * i, 1.0 - i) for i in range(11)]
LABELS = [float(i % 3) for i in range(11)]


def task(backend: str) -> tuple[Value, Any]:
    """A parameter, and the mean of something with it."""
    p = Value(2.0)

    def function(point: Any, label: Any) -> Value:
        x, y = point
        return (p * x - y) * label + p

    return p, jit(function, [p], backend=backend)


def by_hand(p: Value, which: Sequence[int]) -> tuple[float, float]:
    """The mean over these examples, and its derivative."""
    rows = [(*POINTS[i], LABELS[i]) for i in which]
    mean = sum((p.data * x - y) * label + p.data for x, y, label in rows)
    slope = sum(x * label + 1.0 for x, _, label in rows)
    return mean / len(rows), slope / len(rows)


WITH = {backend: task(backend) for backend in BACKENDS}
place = st.integers(-11, 10)
bound = st.none() | place


@EACH
@given(which=st.lists(place, min_size=1) | st.builds(slice, bound, bound))
def test_a_part_is_those_examples(
    backend: str, which: list[int] | slice
) -> None:
    """Protects mini-batches: in any order, some of them twice, or a slice."""
    p, mean = WITH[backend]
    batch = mean.load(POINTS, LABELS)
    numbers = list(range(11))
    wanted = numbers[which] if isinstance(which, slice) else which
    if not wanted:
        with pytest.raises(ValueError, match="at least one example"):
            batch[which]
        return
    part = batch[which]
    assert (len(batch), len(part)) == (11, len(wanted))
    p.grad = 0.0
    loss = mean(part)
    loss.backward()
    assert (loss.data, p.grad) == pytest.approx(by_hand(p, wanted))
    with mean.descent(part) as step:
        assert step(0.0) == pytest.approx(loss.data)


@EACH
def test_parts_are_given_by_anyones_numbers(backend: str) -> None:
    """Protects who shuffles with numpy, and who takes a part of a part."""
    p, mean = WITH[backend]
    batch = mean.load(POINTS, LABELS)
    for part in (batch[np.array([7, 2, 5])], batch[2:9][[5, 0, -4]]):
        assert mean(part).data == pytest.approx(by_hand(p, [7, 2, 5])[0])


@pytest.mark.parametrize(
    ("which", "kind", "said"),
    [
        (3, TypeError, r"batch\[\[3\]\]"),
        ([0, 11], IndexError, "from 0 to 10"),
        ([True, False] * 5 + [True], IndexError, "by their numbers"),
        ([], ValueError, "at least one example"),
    ],
)
def test_what_is_no_part_is_refused(
    which: Any, kind: type[Exception], said: str
) -> None:
    """Protects from other examples than were meant."""
    _, mean = WITH["python"]
    with pytest.raises(kind, match=said):
        mean.load(POINTS, LABELS)[which]
