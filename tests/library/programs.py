"""Random programs: straight-line computations whose nodes are shared."""

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import assume
from hypothesis import strategies as st

from operations import Operation
from oracle import TOLERANCE, all_same, by_torch, tensor


@dataclass(frozen=True)
class Program:
    """Steps that each apply an operation to nodes made before.

    The inputs are the first nodes; the last node is the result. Calling the
    program runs it on Values or on torch's tensors.
    """

    inputs: tuple[float, ...]
    steps: tuple[tuple[Operation, tuple[int, ...]], ...]

    def nodes(self, leaves: Sequence[Any]) -> list[Any]:
        """Every node of one run."""
        nodes = list(leaves)
        for operation, operands in self.steps:
            nodes.append(operation.apply(*(nodes[i] for i in operands)))
        return nodes

    def __call__(self, *leaves: Any) -> Any:
        return self.nodes(leaves)[-1]

    def __repr__(self) -> str:
        lines = [f"n{i} = {x!r}" for i, x in enumerate(self.inputs)]
        for operation, operands in self.steps:
            names = ", ".join(f"n{i}" for i in operands)
            lines.append(f"n{len(lines)} = {operation} of {names}")
        return "\n".join(lines)


# Short decimals: easy to read in a failure, and no rounding is too good.
NUMBERS = st.integers(-2000, 2000).map(lambda k: k / 1000)


@st.composite
def programs(
    draw: st.DrawFn, operations: Sequence[Operation], longest: int = 15
) -> Program:
    """Programs of ``operations``, each step within its ordinary inputs."""
    inputs = draw(st.lists(NUMBERS, min_size=1, max_size=4))
    data = [torch.tensor(x, dtype=torch.float64) for x in inputs]
    steps = []
    for _ in range(draw(st.integers(1, longest))):
        fitting = {
            operation: [
                [i for i, x in enumerate(data) if low <= x <= high]
                for low, high in operation.domains
            ]
            for operation in operations
        }
        operation = draw(
            st.sampled_from([o for o in operations if all(fitting[o])])
        )
        operands = tuple(
            draw(st.sampled_from(candidates))
            for candidates in fitting[operation]
        )
        steps.append((operation, operands))
        data.append(operation.apply(*(data[i] for i in operands)))
    return Program(tuple(inputs), tuple(steps))


def assume_well_conditioned(program: Program) -> None:
    """Drop a program that makes much of the last bit of a number."""
    assume(is_well_conditioned(program))


def is_well_conditioned(program: Program) -> bool:
    """Whether no number in a program hangs on the last bit of another.

    Two good libraries may differ in the last bit of an ``exp``; where
    nearly equal numbers cancel, all that is left is such bits, and no digit
    of the result is anyone's to be right about. So that the comparison can
    be strict (relative to the gradient itself), programs in which that
    happens are found out first, without our library: torch runs the program
    again with every operand of every step off by a few bits, and when that
    alone moves a number by a tenth of the tolerance, the program is none to
    compare by.
    """
    bits = 4 * sys.float_info.epsilon
    exact = by_torch(program, program.inputs)
    for seed in range(4):
        rng = random.Random(seed)

        def shaken(apply: Any, rng: random.Random = rng) -> Any:
            return lambda *xs: apply(
                *(x * (1 + bits * rng.uniform(-1, 1)) for x in xs)
            )

        steps = tuple(
            (Operation(o.name, shaken(o.apply), o.domains), operands)
            for o, operands in program.steps
        )
        moved = by_torch(Program(program.inputs, steps), program.inputs)
        if not all_same(exact, moved, TOLERANCE / 10):
            return False
    return True


def path_sums(
    program: Program, data: Sequence[float]
) -> list[tuple[float, float]]:
    """The gradient of each input by the definition, and its scale.

    The chain rule, read naively: a gradient is the sum, over all paths from
    the result down to the input, of the product of the local gradients on
    the path. Exponentially slow, and too simple to be wrong. Each local
    gradient is torch's for that one operation at ``data``, the numbers that
    the nodes held. The scale is the same sum of absolute values: what the
    rounding errors of any correct program are relative to.
    """
    slopes = []
    for operation, operands in program.steps:
        leaves = [tensor(data[i]) for i in operands]
        slopes.append(
            [
                0.0 if slope is None else slope.item()
                for slope in torch.autograd.grad(
                    operation.apply(*leaves), leaves, allow_unused=True
                )
            ]
        )

    def paths(node: int) -> Iterator[tuple[int, float]]:
        if node < len(program.inputs):
            yield node, 1.0
            return
        step = node - len(program.inputs)
        operands = program.steps[step][1]
        for operand, slope in zip(operands, slopes[step], strict=True):
            for leaf, product in paths(operand):
                yield leaf, slope * product

    sums = [[0.0, 0.0] for _ in program.inputs]
    for leaf, product in paths(len(data) - 1):
        sums[leaf][0] += product
        sums[leaf][1] += abs(product)
    return [(total, scale) for total, scale in sums]
