"""From chapter 19 on: losses that decide by numbers can be compiled."""

import itertools
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from compiling import BACKENDS, assert_as_eager, compiled, small_task
from micrograd.compiler import jit
from micrograd.engine import Value
from micrograd.losses import cross_entropy, hinge, mean_squared_error, softmax
from micrograd.nn import MLP
from micrograd.optim import SGD
from oracle import same

EACH = pytest.mark.parametrize("backend", BACKENDS)
ACTIVATIONS: list[Callable[[Value], Value]] = [Value.relu, Value.tanh]


def classifier(rng: random.Random) -> tuple[MLP, list[list[float]]]:
    """A random network for several classes, and inputs for it."""
    nin, hidden, classes = (rng.randint(1, 5) for _ in range(3))
    model = MLP(
        nin,
        [hidden, classes + 1],
        activation=rng.choice(ACTIVATIONS),
        output=None,
        rng=rng,
    )
    count = rng.randint(1, 8)
    rows = [[rng.gauss(0, 2) for _ in range(nin)] for _ in range(count)]
    return model, rows


@pytest.mark.parametrize("seed", range(4))
@EACH
def test_a_classifiers_loss_is_the_eager_engines(
    backend: str, seed: int
) -> None:
    """Protects class numbers and shares alike, which vary by example."""
    rng = random.Random(seed)
    model, rows = classifier(rng)
    classes = len(model.outputs(rows[0]))

    def surprise(x: Any, target: Any) -> Value:
        return cross_entropy(model.outputs(x), target)

    numbers = [rng.randrange(classes) for _ in rows]
    shares = [[rng.random() for _ in range(classes)] for _ in rows]
    mean = jit(surprise, model, backend=backend)
    for targets in (numbers, shares):
        assert_as_eager(mean, surprise, model.parameters(), rows, targets)


@EACH
def test_shares_are_the_eager_engines(backend: str) -> None:
    """Protects softmax in a loss of one's own."""
    model, rows = classifier(random.Random(5))

    def of_one(x: Any) -> Value:
        first, *others = softmax(model.outputs(x))
        return first * first - sum(others, Value(0.0)).log()

    mean = jit(of_one, model, backend=backend)
    assert_as_eager(mean, of_one, model.parameters(), rows)


EDGES = [0.0, -1.0, 800.0, 1e308, -1e308, math.inf, -math.inf, math.nan]


@EACH
def test_edges_are_the_eager_engines(backend: str) -> None:
    """Protects large scores, inf and nan, in all orders: the highest one."""
    scores = [Value(0.0) for _ in range(3)]

    def by_class(target: Any) -> Value:
        return cross_entropy(scores, target)

    by_number = jit(by_class, scores, backend=backend)
    by_shares = jit(by_class, scores, backend=backend)
    for numbers in itertools.product(EDGES, repeat=3):
        for score, number in zip(scores, numbers, strict=True):
            score.data = number
        for place in (0, 2):
            assert_as_eager(by_number, by_class, scores, [place])
        assert_as_eager(by_shares, by_class, scores, [(0.5, 0.25, 0.25)])


@pytest.mark.parametrize("target", [3, -1, 0.5, math.nan])
@EACH
def test_a_class_that_isnt_there_gives_nan(
    backend: str, target: float
) -> None:
    """Protects from a loss of 0: and from steps, which the gradients stop."""
    model = MLP(2, [3], output=None, rng=random.Random(0))
    mean = jit(
        lambda x, y: cross_entropy(model.outputs(x), y), model, backend=backend
    )
    found = compiled(mean, model.parameters(), [[(1.0, 2.0)], [target]])
    assert all(map(math.isnan, found))
    before = [p.data for p in model.parameters()]
    mean([(1.0, 2.0), (0.0, 1.0)], [0, target]).backward()
    with pytest.raises(FloatingPointError):
        SGD(model.parameters(), 0.1).step()
    assert [p.data for p in model.parameters()] == before


@EACH
def test_steps_on_a_compiled_loss_are_the_eager_steps(backend: str) -> None:
    """Protects training, by an optimiser and by `descent`."""
    rng = random.Random(1)
    rows = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(12)]
    labels = [rng.randrange(4) for _ in rows]

    def trained(steps: Callable[[MLP], None]) -> list[float]:
        model = MLP(3, [5, 4], output=None, rng=random.Random(2))
        steps(model)
        return [p.data for p in model.parameters()]

    def by(loss_of: Callable[[MLP], Callable[[], Value]]) -> list[float]:
        def steps(model: MLP) -> None:
            loss, optimiser = loss_of(model), SGD(model.parameters(), 0.5, 0.9)
            for _ in range(20):
                result = loss()
                optimiser.zero_grad()
                result.backward()
                optimiser.step()

        return trained(steps)

    def eager(model: MLP) -> Callable[[], Value]:
        def loss() -> Value:
            pairs = zip(rows, labels, strict=True)
            losses = [cross_entropy(model.outputs(x), y) for x, y in pairs]
            return sum(losses, Value(0.0)) / len(losses)

        return loss

    def mean_of(model: MLP) -> Any:
        return jit(
            lambda x, y: cross_entropy(model.outputs(x), y),
            model,
            backend=backend,
        )

    def in_batches(model: MLP) -> Callable[[], Value]:
        mean = mean_of(model)
        return lambda: mean(rows, labels)

    assert by(in_batches) == pytest.approx(by(eager), rel=1e-9)

    def descend(model: MLP) -> None:
        with mean_of(model).descent(rows, labels) as step:
            step(0.5, 20)

    def plainly(model: MLP) -> None:
        loss, optimiser = eager(model), SGD(model.parameters(), 0.5)
        for _ in range(20):
            result = loss()
            optimiser.zero_grad()
            result.backward()
            optimiser.step()

    assert trained(descend) == pytest.approx(trained(plainly), rel=1e-9)


def test_the_score_of_a_class_has_its_name() -> None:
    """Protects who looks at what is traced: a node that says what it is."""
    scores = [Value(0.5), Value(-1.0)]
    seen = []

    def of_one(y: Any) -> Value:
        loss = cross_entropy(scores, y)
        seen.append((loss._op, loss._prev[1]._op, len(loss._prev[1]._prev)))
        return loss

    jit(of_one, scores)([1])
    assert set(seen) == {("-", "score of", 2)}


def test_a_condition_is_a_class_as_it_is_for_python() -> None:
    """Protects classes that are decided by a number: 1 where it holds."""
    scores = [Value(0.5), Value(-1.0)]

    def of_one(x: Any) -> Value:
        return cross_entropy(scores, x > 0.0)

    mean = jit(of_one, scores)
    assert_as_eager(mean, of_one, scores, [1.0, -1.0, 2.0])


def test_a_wrong_target_is_refused_when_it_is_traced() -> None:
    """Protects the words: those of the eager loss."""
    model = MLP(2, [3], output=None)
    mean = jit(lambda x, y: cross_entropy(model.outputs(x), y), model)
    rows = [(1.0, 2.0)]
    with pytest.raises(ValueError, match="3 scores need 3 shares, not 2"):
        mean(rows, [(0.5, 0.5)])
    with pytest.raises(TypeError, match="a Value holds one real number"):
        mean(rows, ["two"])
    fixed = jit(lambda x: cross_entropy(model.outputs(x), 3), model)
    with pytest.raises(ValueError, match="there is no class 3"):
        fixed(rows)


def test_a_table_as_an_example_is_refused_when_it_is_traced() -> None:
    """Protects who compiles a function of all examples."""
    model = MLP(2, [1])
    mean = jit(lambda x: model([x, x]), model)
    with pytest.raises(TypeError, match="one example at a time"):
        mean([(1.0, 2.0)])
    with pytest.raises(TypeError, match="a list of 2 inputs is wanted"):
        jit(lambda x: model(x), model)([1.0])


@pytest.mark.parametrize("loss", [hinge, mean_squared_error])
def test_losses_of_one_number_still_take_symbols(loss: Any) -> None:
    """Protects the check for lists: a symbol is none."""
    _, parameters, (points, labels) = small_task("python")
    first, second, bias = parameters
    labels = [1.0 if y > 0 else -1.0 for y in labels]

    def of_one(x: Any, y: Any) -> Value:
        result = loss([first * x[0] + second * x[1] + bias], [y])
        assert isinstance(result, Value)
        return result

    mean = jit(of_one, parameters)
    assert_as_eager(mean, of_one, parameters, points, labels)
    assert same(mean(points, labels).data, mean(points, labels).data)
