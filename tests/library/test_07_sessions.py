"""From chapter 7 on: long sessions end with the gradients torch has.

What `backward` must keep straight isn't one expression's business: graphs
that share nodes, calls that follow calls, gradients zeroed or not, leaves
changed in between. Here hypothesis makes up whole sessions, for us and for
torch with ``retain_graph=True``. The numbers are small multiples of 1/2 and
the operations exact on them, so the gradients must be equal to the bit.
"""

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from micrograd.engine import Value
from operations import ADD, MULTIPLY, NEGATE, RELU, SUBTRACT, Operation
from oracle import grad, tensor

EXACT = [ADD, SUBTRACT, MULTIPLY, NEGATE, RELU]
SMALL = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
PICK = st.integers(0, 10**6)


def pickled(x: Any) -> Any:
    """A copy by way of bytes, as between two programs."""
    return pickle.loads(pickle.dumps(x))


@dataclass(eq=False)
class Node:
    """One node, twice: ours, and torch's."""

    ours: Value
    # A leaf whose data change is a new tensor to torch, which refuses to go
    # back through a graph whose numbers have changed: one tensor for each
    # number the leaf has held, the last one the present.
    theirs: list[torch.Tensor]
    operands: list["Node"] = field(default_factory=list)

    def below(self) -> set["Node"]:
        """This node and all that it depends on."""
        found = {self}
        waiting = [self]
        while waiting:
            for operand in waiting.pop().operands:
                if operand not in found:
                    found.add(operand)
                    waiting.append(operand)
        return found


class Session(RuleBasedStateMachine):
    """What a user may do, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.leaves: list[Node] = []
        self.results: list[Node] = []

    def pick(self, nodes: list[Node], number: int) -> Node:
        """Any of the nodes, the latest first."""
        return nodes[-1 - number % len(nodes)]

    @initialize(x=SMALL, y=SMALL)
    def begin(self, x: float, y: float) -> None:
        """Start with two leaves: a session without is none."""
        self.make_a_leaf(x)
        self.make_a_leaf(y)

    @rule(x=SMALL)
    def make_a_leaf(self, x: float) -> None:
        """Make a value from a number."""
        self.leaves.append(Node(Value(x), [tensor(x)]))

    @rule(operation=st.sampled_from(EXACT), first=PICK, second=PICK)
    def compute(self, operation: Operation, first: int, second: int) -> None:
        """Make a value from values, old or new."""
        nodes = self.leaves + self.results
        picked = [self.pick(nodes, first), self.pick(nodes, second)]
        operands = picked[: len(operation.domains)]
        ours = operation.apply(*(node.ours for node in operands))
        theirs = operation.apply(*(node.theirs[-1] for node in operands))
        if abs(ours.data) <= 64.0:
            theirs.retain_grad()
            self.results.append(Node(ours, [theirs], operands))

    @rule(node=PICK)
    def go_backward(self, node: int) -> None:
        """Ask any node for gradients, for the first time or again."""
        root = self.pick(self.results + self.leaves, node)
        # Torch adds up the gradients of interior nodes over calls when asked
        # to keep them; ours are those of the last call.
        for reached in root.below():
            if reached.operands:
                reached.theirs[-1].grad = None
        root.ours.backward()
        root.theirs[-1].backward(retain_graph=True)

    @rule()
    def zero_the_gradients(self) -> None:
        """Forget the gradients of all leaves."""
        for leaf in self.leaves:
            leaf.ours.grad = 0.0
            for version in leaf.theirs:
                version.grad = None

    @rule(leaf=PICK, x=SMALL)
    def change_a_leaf(self, leaf: int, x: float) -> None:
        """Give a leaf another number; graphs made before keep the old."""
        changed = self.pick(self.leaves, leaf)
        changed.ours.data = x
        changed.theirs.append(tensor(x))

    @precondition(lambda self: self.results)
    @rule(node=PICK)
    def forget_a_result(self, node: int) -> None:
        """Drop a node, which may live on within others."""
        self.results.remove(self.pick(self.results, node))

    @rule(twin_of=st.sampled_from([copy.deepcopy, pickled]))
    def go_on_with_a_copy(self, twin_of: Callable[[Any], Any]) -> None:
        """Put everything away, and go on with what comes back."""
        nodes = self.leaves + self.results
        twins = twin_of([node.ours for node in nodes])
        for node, twin in zip(nodes, twins, strict=True):
            node.ours = twin

    @invariant()
    def all_gradients_are_torchs(self) -> None:
        """Compare every node that can be reached, to the last bit."""
        for node in self.leaves + self.results:
            assert node.ours.data == node.theirs[-1].item()
            assert node.ours.grad == sum(map(grad, node.theirs))


TestSession = Session.TestCase
