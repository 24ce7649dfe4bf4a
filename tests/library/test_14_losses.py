"""From chapter 14 on: shares of classes, and how surprising the truth is."""

import itertools
import math
import operator
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from micrograd.engine import Value
from micrograd.losses import cross_entropy, softmax
from micrograd.nn import MLP
from oracle import TOLERANCE, by_torch, by_us, same

FINITE = st.floats(-50, 50, allow_subnormal=False)
SCORES = st.lists(FINITE, min_size=1, max_size=6)
SHARE = st.floats(0, 1, allow_subnormal=False)


def agree(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether two lists agree, as far as differences from 1 can."""
    return all(
        same(a, b) or abs(a - b) <= TOLERANCE
        for a, b in zip(ours, theirs, strict=True)
    )


def torchs(scores: Sequence[torch.Tensor], target: Any) -> torch.Tensor:
    """Torch's cross-entropy of one example."""
    dtype = torch.float64 if isinstance(target, list) else torch.int64
    return torch.nn.functional.cross_entropy(
        torch.stack(list(scores))[None], torch.tensor([target], dtype=dtype)
    )


def assert_torchs(scores: Sequence[float], target: Any) -> None:
    """The cross-entropy and its gradients are PyTorch's."""
    ours = by_us(lambda *s: cross_entropy(s, target), scores)
    theirs = by_torch(lambda *s: torchs(s, target), scores)
    assert agree(ours, theirs), (scores, target, ours, theirs)


@given(SCORES, st.data())
def test_the_cross_entropy_of_a_class_is_torchs(
    scores: list[float], data: st.DataObject
) -> None:
    """Protects value and gradients, for any number of classes."""
    assert_torchs(scores, data.draw(st.integers(0, len(scores) - 1)))


@given(SCORES, st.data())
def test_the_cross_entropy_of_shares_is_torchs(
    scores: list[float], data: st.DataObject
) -> None:
    """Protects shares, whether they add up to 1 or not."""
    n = len(scores)
    assert_torchs(scores, data.draw(st.lists(SHARE, min_size=n, max_size=n)))


@given(SCORES, st.data())
def test_softmax_is_torchs(scores: list[float], data: st.DataObject) -> None:
    """Protects each share, and how all of them move with each score."""
    place = data.draw(st.integers(0, len(scores) - 1))
    ours = by_us(lambda *s: softmax(s)[place], scores)
    theirs = by_torch(
        lambda *s: torch.softmax(torch.stack(s), 0)[place], scores
    )
    assert agree(ours, theirs)


@given(SCORES)
def test_shares_are_a_whole(scores: list[float]) -> None:
    """Protects what shares are: none below 0, together 1, in order."""
    shares = [share.data for share in softmax([Value(s) for s in scores])]
    assert math.fsum(shares) == pytest.approx(1.0, abs=1e-14)
    assert min(shares) >= 0.0
    for (a, p), (b, q) in itertools.pairwise(
        sorted(zip(scores, shares, strict=True))
    ):
        assert p <= q, (a, b)


EDGES = [0.0, -1.0, 800.0, 1e308, -1e308, math.inf, -math.inf, math.nan]
ONE_TO_THREE = [
    s for n in (1, 2, 3) for s in itertools.product(EDGES, repeat=n)
]


def test_edges_are_torchs() -> None:
    """Protects scores that no power can hold: inf and nan where torch's."""
    for scores in ONE_TO_THREE:
        assert_torchs(scores, 0)
        assert_torchs(scores, len(scores) - 1)
        assert_torchs(scores, [1.0, *[0.0] * (len(scores) - 1)])
        assert_torchs(scores, [0.25] * len(scores))


def test_shares_of_edges_are_torchs() -> None:
    """Protects softmax where scores are larger than any power."""
    for scores in ONE_TO_THREE:
        ours = by_us(lambda *s: softmax(s)[0], scores)
        theirs = by_torch(
            lambda *s: torch.softmax(torch.stack(s), 0)[0], scores
        )
        assert agree(ours, theirs), (scores, ours, theirs)


def test_one_class_is_no_surprise() -> None:
    """Protects the smallest list: a share of all, and no gradient."""
    for score in (0.0, -3.0, 1e308):
        assert by_us(lambda s: cross_entropy([s], 0), [score]) == [0.0, 0.0]
        assert by_us(lambda s: softmax([s])[0], [score]) == [1.0, 0.0]


@pytest.mark.parametrize("score", [0.0, 1e308, -1e308, 800.0])
def test_of_equal_scores_all_have_the_same_share(score: float) -> None:
    """Protects the number to remember: the logarithm of the classes."""
    scores = [Value(score) for _ in range(10)]
    assert {share.data for share in softmax(scores)} == {0.1}
    for target in (0, 9):
        loss = cross_entropy(scores, target).data
        assert loss == pytest.approx(math.log(10), rel=1e-15)


@given(st.lists(FINITE, min_size=2, max_size=6), FINITE)
def test_the_gradient_is_share_minus_truth(
    scores: list[float], upstream: float
) -> None:
    """Protects the chapter's formula, and what comes from above."""
    n = len(scores)
    truth = [(i + 1) / (n * (n + 1) / 2) for i in range(n)]
    shares = [share.data for share in softmax([Value(s) for s in scores])]
    targets: list[tuple[Any, list[float]]] = [
        (n - 1, [float(i == n - 1) for i in range(n)]),
        (truth, truth),
    ]
    for target, expected in targets:
        leaves = [Value(s) for s in scores]
        (cross_entropy(leaves, target) * upstream).backward()
        assert [leaf.grad for leaf in leaves] == pytest.approx(
            [
                upstream * (p - t)
                for p, t in zip(shares, expected, strict=True)
            ],
            rel=1e-11,
            abs=1e-11,
        )


def test_a_score_that_is_there_twice_gets_both_shares() -> None:
    """Protects scores that are one and the same value."""
    s = Value(2.0)
    cross_entropy([s, Value(0.0), s], 0).backward()
    share = math.exp(2.0) / (2.0 * math.exp(2.0) + 1.0)
    assert s.grad == pytest.approx(2.0 * share - 1.0, rel=1e-14)


CLASSES: list[Any] = [1, True, np.int64(1), np.uint8(1), np.array(1)]
CLASSES += [torch.tensor([0, 1])[1]]
SHARES: list[Any] = [
    [0, 1, 0],
    (0.0, 1.0, 0.0),
    np.array([0, 1, 0]),
    np.eye(3)[1],
    torch.tensor([0.0, 1.0, 0.0]),
]


@pytest.mark.parametrize("target", CLASSES + SHARES, ids=repr)
def test_a_class_and_shares_may_be_anyones(target: Any) -> None:
    """Protects labels that come from numpy, and scores in any sequence."""
    scores = [Value(2.0), Value(1.0), Value(-1.0)]
    expected = math.log(sum(map(math.exp, (2.0, 1.0, -1.0)))) - 1.0
    for some in (scores, tuple(scores)):
        loss = cross_entropy(some, target)
        assert type(loss) is Value
        assert loss.data == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("loss", [softmax, lambda s: cross_entropy(s, 0)])
@pytest.mark.parametrize(
    "scores",
    [
        Value(1.0),
        MLP(2, [1], rng=random.Random(1))([0.5, 1.0]),
        [],
        (),
        [[Value(1.0), Value(2.0)]] * 2,
        [1.0, 2.0],
        [Value(1.0), 2.0],
        [Value(1.0), None],
        np.array([1.0, 2.0]),
        "ab",
    ],
    ids=repr,
)
def test_what_is_no_list_of_scores_is_refused(
    loss: Callable[[Any], object], scores: Any
) -> None:
    """Protects the message: one score for each class, of one example."""
    said = (
        "this takes the scores of one example, a list of Values with one for "
        f"each class, as model.outputs(x) gives them, not {scores!r}"
    )
    with pytest.raises(TypeError, match=f"^{re.escape(said)}$"):
        loss(scores)


THREE = [Value(2.0), Value(1.0), Value(-1.0)]


@pytest.mark.parametrize("target", [3, 10, -1, -3, np.int64(-1)])
def test_a_class_that_there_isnt_is_refused(target: Any) -> None:
    """Protects from Python's -1, the last; and from classes from 1 to n."""
    said = f"there is no class {target}: 3 scores are for the classes 0 to 2"
    with pytest.raises(ValueError, match=f"^{said}$"):
        cross_entropy(THREE, target)


@pytest.mark.parametrize(
    "target", [1.0, np.float64(1.0), math.nan, "1", "two", None, Value(1.0)]
)
def test_a_class_that_is_no_whole_number_is_refused(target: Any) -> None:
    """Protects names and floats: the error says to number the classes."""
    said = (
        f"a class is a whole number from 0 to 2, not {target!r}: number the "
        "classes, as by names.index(name)"
    )
    with pytest.raises(TypeError, match=f"^{re.escape(said)}$"):
        cross_entropy(THREE, target)


@pytest.mark.parametrize("target", [[], [1.0], [0.5, 0.5], np.ones(4) / 4])
def test_as_many_shares_as_scores_are_wanted(target: Any) -> None:
    """Protects from `zip`, which would leave the rest out."""
    said = f"3 scores need 3 shares, not {len(target)}"
    with pytest.raises(ValueError, match=f"^{said}$"):
        cross_entropy(THREE, target)


def test_a_network_learns_three_classes() -> None:
    """Protects the loop: scores by `outputs`, a class, the mean."""
    corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]
    model = MLP(2, [3], output=None)
    for _ in range(200):
        losses = [
            cross_entropy(model.outputs(x), y) for y, x in enumerate(corners)
        ]
        loss = sum(losses, Value(0.0)) / 3
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= p.grad
    for y, x in enumerate(corners):
        shares = [share.data for share in softmax(model.outputs(x))]
        assert max(enumerate(shares), key=operator.itemgetter(1))[0] == y
        assert shares[y] > 0.9
