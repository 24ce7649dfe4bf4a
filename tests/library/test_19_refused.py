"""From chapter 19 on: what can't be compiled is refused, with the reason."""

import copy
import itertools
import math
import pickle
import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from compiling import BACKENDS, assert_as_eager, held, numbered
from micrograd.compiler import jit
from micrograd.engine import Value
from micrograd.floats import where
from micrograd.nn import Module, Neuron


def while_positive(x: Any) -> Any:
    """Count down, a number of times that depends on the number."""
    while x > 0:
        x = x - 1
    return x


DECIDED: dict[str, Callable[[Any], Any]] = {
    "if": lambda x: 1.0 if x > 0 else 2.0,
    "while": while_positive,
    "max": lambda x: max(x, 0.5),
    "min of it and itself": lambda x: min(x, x + 1.0),
    "sorted": lambda x: sorted([x, 1.0, x + 1.0])[0],
    "equal": lambda x: 1.0 if x == 0 else 2.0,
    "not equal": lambda x: 1.0 if x != 0 else 2.0,
    "not": lambda x: 1.0 if not x else 2.0,
    "and": lambda x: x and 1.0,
    "in": lambda x: 1.0 if x in (0.5, 1.0) else 2.0,
    "between": lambda x: 1.0 if 0 < x < 1 else 2.0,
    "float": lambda x: float(x),
    "int": lambda x: int(x),
    "sin": lambda x: math.sin(x),
    "range": lambda x: len(range(x)),
    "index": lambda x: [1.0, 2.0][x],
    "lookup": lambda x: {1.0: 2.0}[x],
    "set": lambda x: len({x}),
    "two of them": lambda x: Value((x > 0) == (x > 1)),
    "is it true": lambda x: 1.0 if (x > 0) == True else 2.0,  # noqa: E712
    "are they not": lambda x: Value((x > 0) != (x > 1)),
    "lookup of it": lambda x: {True: 1.0, False: 2.0}[x > 0],
    "index of it": lambda x: [1.0, 2.0][x > 0],
}
SUBJECTS: dict[str, Callable[[Any, Value], Any]] = {
    "an input": lambda x, p: x,
    "a parameter's data": lambda x, p: p.data,
    "a value's data": lambda x, p: (p * x).data,
    "a parameter's data, computed with": lambda x, p: 2.0 * p.data,
}


@pytest.mark.parametrize("decision", DECIDED)
def test_what_asks_for_the_number_itself_is_refused(decision: str) -> None:
    """Protects from a compiled function that knows only one case."""
    p = Value(2.0)
    p.grad = 7.0
    for subject in SUBJECTS.values():
        with pytest.raises(TypeError, match="compil"):
            jit(lambda x, s=subject: p * DECIDED[decision](s(x, p)), [p])(
                [1.0, 2.0]
            )
        assert (p.data, p.grad) == (2.0, 7.0)
        assert type(p.data) is float


@pytest.mark.parametrize(
    "function",
    **numbered(
        lambda p, x: where(x > 0.0, p, p * x) * 2.0,
        lambda p, x: p * where(x > 0.0, Value(1.0), 2.0),
        lambda p, x: p * where(x > 0.0, 1.0, "2"),
    ),
)
def test_where_is_for_numbers_while_compiling(
    function: Callable[[Value, Any], Value],
) -> None:
    """Protects generated code from things that aren't numbers."""
    p = Value(2.0)
    with pytest.raises(TypeError, match="one real number"):
        jit(lambda x: function(p, x), [p])([1.0])


@pytest.mark.parametrize(
    "returned", [None, 3.0, [Value(1.0)], "loss"], ids=repr
)
def test_a_function_must_return_one_value(returned: Any) -> None:
    """Protects who forgets `return`, or returns all of a layer's outputs.

    An input is a number, and no Value.
    """
    p = Value(2.0)
    p.grad = 7.0
    for function in (lambda x: returned, lambda x: x, lambda x: p.data * x):
        with pytest.raises(TypeError, match="Value"):
            jit(function, [p])([1.0])
        assert (p.data, p.grad) == (2.0, 7.0)


def unsteady() -> dict[str, Callable[[Value, Any], Value]]:
    """Functions that do something else when they are run again."""
    rng = random.Random(0)
    count = itertools.count()
    ever_more: list[Value] = []

    def adds_up(p: Value, x: Any) -> Value:
        ever_more.append(p)
        return sum(ever_more, Value(0.0)) * x

    return {
        "random number": lambda p, x: p * x * rng.random(),
        "dropout": lambda p, x: p * x if next(count) % 2 else p + x,
        "dropped": lambda p, x: p * x + p if next(count) else p * x,
        "dropped later": lambda p, x: p * x if next(count) else p * x + p,
        "counter": lambda p, x: p * x * next(count),
        "counter alone": lambda p, x: p * x + next(count),
        "new exponent": lambda p, x: (p * x) ** next(count),
        "adds up": adds_up,
        "alone": lambda p, x: Value(next(count)),
        "swapped": lambda p, x: p - x if next(count) % 2 else x - p,
    }


@pytest.mark.parametrize("kind", unsteady())
def test_a_function_that_differs_from_call_to_call_is_refused(
    kind: str,
) -> None:
    """Protects from one random number that is used for ever."""
    p = Value(2.0)
    p.grad = 7.0
    function = unsteady()[kind]
    with pytest.raises(ValueError, match="again"):
        jit(lambda x: function(p, x), [p])([1.0])
    assert (p.data, p.grad) == (2.0, 7.0)


@pytest.mark.parametrize(
    "function",
    **numbered(
        lambda p, q, x: p * x * q,
        lambda p, q, x: p * x + q,
        lambda p, q, x: q,
        lambda p, q, x: p * x + 0.0 * q,
        lambda p, q, x: p * x + (q * 2.0).tanh(),
        lambda p, q, x: (p * x) ** q,
    ),
)
def test_a_value_from_outside_must_be_a_parameter(
    function: Callable[..., Value],
) -> None:
    """Protects a weight that was forgotten: it would never change."""
    p, q = Value(2.0), Value(3.0)
    for forgotten in (q, q * p):
        with pytest.raises(ValueError, match="among the parameters"):
            jit(lambda x, q=forgotten: function(p, q, x), [p])([1.0])
    assert (p.data, p.grad, q.data, q.grad) == (2.0, 0.0, 3.0, 0.0)
    mean = jit(lambda x: function(p, q, x), [p, q])
    assert_as_eager(mean, lambda x: function(p, q, x), [p, q], [1.0, 2.0])


@pytest.mark.parametrize("bad", [2.0, None, [Value(1.0)]], ids=repr)
def test_parameters_must_be_values_each_of_them_once(bad: Any) -> None:
    """Protects from flat numbers, and from gradients that count twice."""
    p = Value(2.0)
    with pytest.raises(TypeError, match="Value"):
        jit(lambda x: p * x, [p, bad])
    with pytest.raises(ValueError, match="more than once"):
        jit(lambda x: p * x, [p, Value(1.0), p])


def test_a_refusal_leaves_everything_usable() -> None:
    """Protects what comes after: a traceback is no reason to start over.

    What a model refuses comes through as it is.
    """
    neuron = Neuron(2)
    p = neuron.b
    mean = jit(neuron, neuron)
    with pytest.raises(ValueError, match="takes 2 inputs, but got 3"):
        mean([(1.0, 2.0, 3.0)])
    assert {type(x) for x in held(neuron.parameters())} == {float}
    assert_as_eager(mean, neuron, neuron.parameters(), [(1.0, 2.0)])
    p.data = 5.0
    assert_as_eager(mean, neuron, neuron.parameters(), [(1.0, 2.0)])


REFUSED: dict[str, tuple[type[Exception], str, list[Any]]] = {
    "no arguments": (ValueError, "argument", []),
    "empty": (ValueError, "example|empty", [[], []]),
    "no numbers": (ValueError, "number", [[()], [()]]),
    "one empty": (ValueError, "1.*0", [[(1.0, 2.0)], []]),
    "lengths": (ValueError, "2.*1", [[(1.0, 2.0)] * 2, [1.0]]),
    "lengths, numpy's": (ValueError, "3.*2", [np.ones((3, 2)), np.ones(2)]),
    "ragged": (
        ValueError,
        "argument 1.* 3",
        [[(1.0, 2.0)] * 3 + [(1.0,)] + [(1.0, 2.0)], [1.0] * 5],
    ),
    "ragged later": (
        ValueError,
        "argument 2.* 1",
        [[(1.0, 2.0)] * 2, [1.0, (1.0,)]],
    ),
    "bare among tuples": (ValueError, "1.* 1", [[(1.0, 2.0), 1.0], [1.0, 2]]),
    "text": (TypeError, "1.* 0.*'3'", [[(1.0, "3")], [1.0]]),
    "bare text": (TypeError, "'3'", [[(1.0, 2.0)], ["3"]]),
    "two letters": (TypeError, "'1'", [["12"], [1.0]]),
    "None": (TypeError, "None", [[(1.0, None)], [1.0]]),
    "bare None": (TypeError, "None", [[(1.0, 2.0)], [None]]),
    "complex": (TypeError, "2j", [[(1.0, 2j)], [1.0]]),
    "nested": (TypeError, "number", [[((1.0,), (2.0,))], [1.0]]),
    "a Value": (TypeError, "Value", [[(1.0, Value(1.0))], [1.0]]),
    "a zip": (TypeError, "2.*zip.*list", [[(1.0, 2.0)], zip([1.0])]),
    "a generator": (TypeError, "1.*list", [(x for x in [(1.0, 2.0)]), [1.0]]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_batch_that_makes_no_sense_is_refused(case: str) -> None:
    """Protects from crashes, and from means over the wrong examples."""
    kind, message, batch = REFUSED[case]
    p = Value(2.0)
    p.grad = 7.0
    mean = jit(lambda x, y: p * x[0] * x[1] + y, [p])
    for _ in range(2):
        with pytest.raises(kind, match=message):
            mean(*batch)
        descent = pytest.raises(kind, match=message)
        with descent, mean.descent(*batch) as step:
            step(0.1)
        assert (p.data, p.grad) == (2.0, 7.0)
        # The second time it has been compiled.
        assert mean([(1.0, 2.0)], [3.0]).data == 7.0


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, pickle.dumps])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_compiled_function_is_not_copied(
    backend: str, twin_of: Callable[[Any], Any]
) -> None:
    """Protects from a copy that goes on with the parameters it came from."""
    p = Value(2.0)
    mean = jit(lambda x: p * x, [p], backend=backend)
    assert mean([3.0]).data == 6.0
    with pytest.raises(TypeError, match="compile the function"):
        twin_of(mean)


class Sum(Module):
    """A module whose parameters may become more, or others."""

    def __init__(self) -> None:
        self.values = [Value(1.0), Value(2.0)]

    def parameters(self) -> list[Value]:
        """All of them."""
        return list(self.values)


@pytest.mark.parametrize(
    "change",
    **numbered(
        lambda values: values.append(Value(3.0)),
        lambda values: values.pop(),
        lambda values: values.reverse(),
        lambda values: values.__setitem__(0, Value(1.0)),
    ),
)
def test_a_module_with_other_parameters_must_be_compiled_again(
    change: Callable[[list[Value]], object],
) -> None:
    """Protects from training what is no longer in the model."""
    module = Sum()

    def function(x: Any) -> Value:
        return sum(module.values, Value(0.0)) * x

    mean = jit(function, module)
    assert mean([1.0]).data == 3.0
    change(module.values)
    with pytest.raises(ValueError, match="compile it again"):
        mean([1.0])
    refused = pytest.raises(ValueError, match="compile it again")
    with refused, mean.descent([1.0]):
        pass
    again = jit(function, module)
    assert_as_eager(again, function, module.values, [1.0, 2.0])


@pytest.mark.parametrize("backend", ["fortran", "", "Python"])
def test_an_unknown_backend_is_refused_and_the_known_ones_named(
    backend: str,
) -> None:
    """Protects from typing mistakes, before anything is computed."""
    with pytest.raises(ValueError) as found:
        jit(lambda x: Value(x), [Value(1.0)], backend=backend)
    for name in BACKENDS:
        assert re.search(rf"\b{name}\b", str(found.value)), name


LOADED = """
import sys
import micrograd
from micrograd.compiler import jit
p = micrograd.Value(2.0)
jit(lambda x: p * x, [p])([1.0])
wanted = {"numpy", "llvmlite", "micrograd.compiler.native"}
print(*sorted(wanted & set(sys.modules)))
"""


def test_packages_are_loaded_by_backends_and_not_before(
    python: Callable[..., str],
) -> None:
    """Protects users who have Python and nothing else."""
    assert python(LOADED).split() == []


@pytest.mark.parametrize(
    "labels", [[[1.0], [-1.0]], np.array([[1.0], [-1.0]])]
)
def test_a_column_of_labels_is_told(labels: Any) -> None:
    """Protects whoever brings an array of shape (N, 1) from searching."""
    p = Value(2.0)
    mean = jit(lambda x, y: (p * x - y) ** 2, [p])
    with pytest.raises(TypeError) as caught:
        mean([1.0, 2.0], labels)
    [note] = caught.value.__notes__
    assert "argument 2" in note
    assert "(N, 1)" in note
    assert mean([1.0, 2.0], [y for [y] in labels]).data == pytest.approx(13.0)


@pytest.mark.parametrize("batch", [[Value(1.0)], [(0.5, Value(1.0))]])
def test_a_value_in_a_batch_is_told(batch: Any) -> None:
    """Protects from searching the one number that isn't plain."""
    p = Value(2.0)
    with pytest.raises(TypeError, match=r"argument 1, example 0: .* its data"):
        jit(lambda x: p * 1.0, [p])(batch)


def test_a_frozen_layer_is_told() -> None:
    """Protects who trains a part of a network: all of it is to be named."""
    first, last = Neuron(1), Neuron(1)
    with pytest.raises(ValueError, match="leave it out where the optimizer"):
        jit(lambda x: last([first([x])]), last.parameters())([1.0])


def test_a_batch_is_loaded_once_and_used_many_times() -> None:
    """Protects the loop that readers write from reading examples anew."""
    p = Value(2.0)
    for backend in BACKENDS:
        mean = jit(lambda x: p * x, [p], backend=backend)
        column = [1.0, 2.0, 6.0]
        batch = mean.load(column)
        column[0] = 100.0
        assert [mean(batch).data, mean(batch).data] == [6.0, 6.0]
        with mean.descent(batch) as step:
            assert step(0.0) == 6.0
        other = jit(lambda x: p + x, [p], backend=backend)
        with pytest.raises(ValueError, match="loaded for another"):
            other(batch)
