"""From chapter 6 on: backward() fills in every gradient."""

import copy
import gc
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from micrograd.engine import Value
from operations import ADD, MULTIPLY
from oracle import TOLERANCE, assert_agree, by_us, tensor
from programs import Program, assume_well_conditioned, path_sums, programs


def test_every_node_gets_its_gradient() -> None:
    """Protects the book's first example, worked by hand there."""
    a, b, c, f = Value(2.0), Value(-3.0), Value(10.0), Value(-2.0)
    e = a * b
    d = e + c
    result = d * f
    result.backward()
    gradients = [node.grad for node in (result, d, f, e, c, a, b)]
    assert gradients == [1.0, -2.0, 4.0, -2.0, -2.0, 6.0, -4.0]


def test_backward_returns_nothing() -> None:
    """Protects the last line of a notebook cell from noise."""
    assert Value(1.0).backward() is None  # type: ignore[func-returns-value]


REUSED = [
    lambda a: a + a,
    lambda a: a * a,
    lambda a: (a + a) * (a + a),
    lambda a: (b := a + a) * b,
    lambda a: (b := a + a) + b,
    lambda a: (b := a * a) * (b + a),
    lambda a: ((b := a * a) + a) * (b + b * a),
]


@pytest.mark.parametrize("function", REUSED, ids=range(len(REUSED)))
def test_a_node_used_more_than_once_adds_up_its_gradients(
    function: Callable[[object], object],
) -> None:
    """Protects accumulation, which an assignment would break."""
    assert_agree(function, [3.0])


def test_an_operand_first_met_deep_down_waits_for_all_its_results() -> None:
    """Protects the order: `a` here is both near the root and far below."""
    assert_agree(lambda a, b: a * ((a * b) * (b + a)), [2.0, -3.0])
    assert_agree(lambda a, b: ((a * b) * (b + a)) * a, [2.0, -3.0])


def test_backward_twice_doubles_the_leaves_as_torch_does() -> None:
    """Protects from counting interior gradients again: 3x, not 2x."""
    a, t = Value(3.0), tensor(3.0)
    ours, theirs = (a * a) * (a + 2.0), (t * t) * (t + 2.0)
    for times in (1, 2, 3):
        ours.backward()
        theirs.backward(retain_graph=True)
        assert a.grad == t.grad.item() == times * (3 * 9.0 + 4 * 3.0)


def test_interior_gradients_start_over_on_every_call() -> None:
    """Protects the reading of `grad`: of the last call's result."""
    a = Value(3.0)
    b = a * a
    c = b + b
    c.backward()
    c.backward()
    assert (c.grad, b.grad, a.grad) == (1.0, 2.0, 24.0)
    (b * a).backward()
    assert b.grad == 3.0


def test_leaves_accumulate_over_different_results() -> None:
    """Protects gradients that are summed over several losses."""
    a, b = Value(2.0), Value(5.0)
    shared = a * b
    (shared + a).backward()
    (shared * b).backward()
    assert a.grad == (5.0 + 1.0) + 25.0
    assert b.grad == 2.0 + 2 * 2.0 * 5.0


def test_a_gradient_set_to_zero_is_forgotten() -> None:
    """Protects the training loop's `zero_grad`."""
    a = Value(3.0)
    result = a * a
    result.backward()
    a.grad = 0.0
    result.backward()
    assert a.grad == 6.0


def test_a_leaf_is_the_root_of_its_own_graph() -> None:
    """Protects the smallest graph; it accumulates, as leaves do."""
    a, t = Value(3.0), tensor(3.0)
    for _ in range(2):
        a.backward()
        t.backward()
    assert a.grad == t.grad.item() == 2.0


def test_backward_may_begin_at_any_node() -> None:
    """Protects nodes above the one asked about: they don't take part."""
    a = Value(3.0)
    b = a * a
    c = b * a
    b.backward()
    assert (a.grad, b.grad, c.grad) == (6.0, 1.0, 0.0)


def test_backward_uses_the_numbers_that_forward_saw() -> None:
    """Protects a graph whose leaves have been changed since."""
    a, b = Value(2.0), Value(5.0)
    result = a * b
    a.data = b.data = 100.0
    result.backward()
    assert (result.data, a.grad, b.grad) == (10.0, 5.0, 2.0)


@given(programs([ADD, MULTIPLY]))
def test_random_graphs_have_torchs_gradients(program: Program) -> None:
    """Protects the whole walk, on graphs that nobody chose."""
    assume_well_conditioned(program)
    assert_agree(program, program.inputs)


@given(programs([ADD, MULTIPLY], longest=8))
def test_a_gradient_is_the_sum_over_all_paths(program: Program) -> None:
    """Protects the chain rule itself, by the definition."""
    nodes = program.nodes([Value(x) for x in program.inputs])
    nodes[-1].backward()
    sums = path_sums(program, [node.data for node in nodes])
    for leaf, (total, scale) in zip(nodes, sums, strict=False):
        assert abs(leaf.grad - total) <= TOLERANCE * scale


def test_a_doubling_chain_takes_linear_time() -> None:
    """Protects against walking paths: here there are 2**500 of them."""
    a = Value(1.0)
    node = a
    for _ in range(500):
        node = node + node
    node.backward()
    assert a.grad == 2.0**500


DEEP = """
import sys
from micrograd.engine import Value

depth = int(sys.argv[1])
x = Value(1.0)
node = x
for step in range(depth):
    node = node + x if step % 2 else node * Value(0.5)
node.backward()
print(x.grad)
del node
print("freed")
"""


def test_a_deep_chain_runs_forward_and_backward_and_is_freed(
    python: Callable[..., str], many: int
) -> None:
    """Protects deep graphs from recursion, Python's and C's."""
    x, slope = 1.0, 1.0
    for step in range(many):
        x, slope = (x + 1, slope + 1) if step % 2 else (x / 2, slope / 2)
    assert python(DEEP, many).split() == [str(slope), "freed"]


def test_a_graph_is_freed_without_the_garbage_collector() -> None:
    """Protects speed and memory: no reference cycles, so nothing waits."""
    gc.collect()
    gc.disable()
    try:
        by_us(lambda a, b: (a * b + a) * (b + 2.0), [2.0, 3.0])
        assert gc.collect() == 0
    finally:
        gc.enable()


def pickled(x: Any) -> Any:
    return pickle.loads(pickle.dumps(x))


class Own(Value):
    """A value with attributes of its own, as a user may have it."""

    def __init__(self, data: float) -> None:
        Value.__init__(self, data, label="own")
        self.history = [data]


@pytest.mark.parametrize("twin_of", [copy.deepcopy, pickled])
@given(program=programs([ADD, MULTIPLY]))
def test_a_copy_of_a_graph_has_its_shape_and_its_gradients(
    twin_of: Callable[[Any], Any], program: Program
) -> None:
    """Protects copies: every use of a node is a use of one copied node."""
    leaves = [Value(x) for x in program.inputs]
    result = program(*leaves)
    twin_leaves, twin = twin_of((leaves, result))
    for one, other in zip(leaves, twin_leaves, strict=True):
        assert other is not one
        assert (other.data, other.label) == (one.data, one.label)
    for root in (result, twin):
        root.backward()
    assert repr(twin) == repr(result)
    assert list(map(repr, twin_leaves)) == list(map(repr, leaves))
    assert shape(twin) == shape(result)


def shape(root: Value) -> list[Any]:
    """Operations, and which node each operand is, in the order of a walk."""
    nodes = [root]
    for node in nodes:
        nodes += [o for o in node._prev if not any(o is n for n in nodes)]
    number = {id(node): i for i, node in enumerate(nodes)}
    return [(n._op, [number[id(o)] for o in n._prev]) for n in nodes]


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, pickled])
def test_a_copy_keeps_its_class_and_what_it_was_given(
    twin_of: Callable[[Any], Any],
) -> None:
    """Protects subclasses, whose attributes are their own."""
    own = Own(3.0)
    product = own * 2.0
    twin = twin_of(product)
    own_twin = twin._prev[0]
    assert type(own_twin) is Own
    assert (own_twin is own) == (twin_of is copy.copy)
    assert (own_twin.data, own_twin.label) == (3.0, "own")
    assert own_twin.history == [3.0]
    assert (twin.data, twin.grad, twin._op) == (6.0, 0.0, "*")
    assert type(twin_of(own)) is Own


def test_a_copy_of_a_leaf_is_independent() -> None:
    """Protects a network from training its copy."""
    a = Value(3.0)
    for twin in (copy.copy(a), copy.deepcopy(a), pickled(a)):
        twin.data, twin.grad = 5.0, 1.0
        assert (a.data, a.grad) == (3.0, 0.0)


@pytest.mark.parametrize("twin_of", [copy.deepcopy, pickled])
def test_a_copy_of_two_results_is_one_graph(
    twin_of: Callable[[Any], Any],
) -> None:
    """Protects what two results have in common, whichever comes first."""
    a = Value(3.0)
    b = a * a
    c = b + a
    for results in ([b, c], [c, b], [b, c, c * b, a]):
        twins = twin_of(results)
        result, root = twins[results.index(b)], twins[results.index(c)]
        assert root._prev[0] is result
        assert root._prev[1] is result._prev[0] is not a


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_any_protocol_will_do(protocol: int) -> None:
    """Protects old programs, which ask for an old one."""
    a = Value(3.0)
    twin = pickle.loads(pickle.dumps(a * a, protocol))
    twin.backward()
    assert (twin.data, twin._prev[0].grad) == (9.0, 6.0)


COPIES = """
import copy, pickle
from micrograd.engine import Value, topological_order
total = leaf = Value(1.0)
for _ in range(100_000):
    total = total + leaf
for twin in copy.deepcopy(total), pickle.loads(pickle.dumps(total)):
    twin.backward()
    print(len(topological_order(twin)), twin._prev[1].grad)
"""


def test_a_deep_chain_is_copied(python: Callable[..., str]) -> None:
    """Protects graphs that are deeper than Python's stack."""
    assert python(COPIES).split() == ["100000", "100001.0"] * 2
