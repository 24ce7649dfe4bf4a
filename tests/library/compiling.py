"""The mean of a function over a batch: by the eager engine, and compiled."""

import itertools
import math
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import assume
from hypothesis import strategies as st

from micrograd.compiler import backends, jit
from micrograd.engine import Value
from micrograd.nn import Neuron
from operations import FUNCTIONS, NEGATE, OPERATIONS, Operation
from oracle import TOLERANCE, all_same, by_torch, same
from programs import NUMBERS, Program, is_well_conditioned, programs

Batch = Sequence[Sequence[Any]]

# "native" comes some chapters later than the first two, "portable" later yet.
BACKENDS = list(backends.BACKENDS)


def eager_terms(
    function: Callable[..., Value], parameters: Sequence[Value], batch: Batch
) -> list[list[float]]:
    """For each example, the function's value and then its gradients."""
    terms = []
    for example in zip(*batch, strict=True):
        zero(parameters)
        result = function(*example)
        result.backward()
        terms.append([result.data, *(p.grad for p in parameters)])
    zero(parameters)
    return terms


def zero(parameters: Sequence[Value]) -> None:
    """Forget the gradients."""
    for parameter in parameters:
        parameter.grad = 0.0


def eager(
    function: Callable[..., Value], parameters: Sequence[Value], batch: Batch
) -> list[float]:
    """The mean of the function's value and gradients over the batch."""
    terms = eager_terms(function, parameters, batch)
    return [sum(column) / len(terms) for column in zip(*terms, strict=True)]


def compiled(
    mean: Callable[..., Value], parameters: Sequence[Value], batch: Batch
) -> list[float]:
    """The same by a compiled function, through `Value.backward`."""
    zero(parameters)
    loss = mean(*batch)
    loss.backward()
    found = [loss.data, *(p.grad for p in parameters)]
    zero(parameters)
    return found


def assert_as_eager(
    mean: Callable[..., Value],
    function: Callable[..., Value],
    parameters: Sequence[Value],
    *batch: Sequence[Any],
) -> None:
    """A compiled function's loss and gradients are the eager engine's.

    Up to the tolerance of the oracle, relative to the mean of the examples'
    absolute values: where they cancel, the last bits are nobody's.
    """
    terms = eager_terms(function, parameters, batch)
    expected = eager(function, parameters, batch)
    found = compiled(mean, parameters, batch)
    scales = [sum(map(abs, c)) / len(terms) for c in zip(*terms, strict=True)]
    wrong = [
        f"number {i}: {a!r}, not {b!r}"
        for i, (a, b, scale) in enumerate(
            zip(found, expected, scales, strict=True)
        )
        if not same(a, b) and not abs(a - b) <= TOLERANCE * finite(scale)
    ]
    assert not wrong, "\n".join(["loss (0) and gradients", *wrong])


def finite(scale: float) -> float:
    """The scale, where it is one: infinities must be equal as they are."""
    return scale if math.isfinite(scale) else 0.0


def identical(found: Sequence[float], expected: Sequence[float]) -> bool:
    """Whether two lists are equal to the last bit, signs of zero aside."""
    return all_same(found, expected, tolerance=0.0)


def small_task(backend: str) -> tuple[Any, list[Value], Any]:
    """A neuron's squared error, compiled; its parameters; a batch."""
    rng = random.Random(7)
    neuron = Neuron(2, rng=rng)
    neuron.b.data = 0.25
    batch = [
        [(rng.gauss(0, 1), rng.gauss(0, 1)) for _ in range(6)],
        [rng.gauss(0, 1) for _ in range(6)],
    ]

    def function(point: Any, label: Any) -> Value:
        return (neuron(point) - label) ** 2

    mean = jit(function, neuron, backend=backend)
    return mean, neuron.parameters(), batch


def held(parameters: list[Value]) -> list[float]:
    """What training may change."""
    return [x for p in parameters for x in (p.data, p.grad)]


def numbered(*cases: Any) -> dict[str, Any]:
    """What `parametrize` wants, for cases that have no short names."""
    return {"argvalues": cases, "ids": [str(i) for i in range(len(cases))]}


# Random programs some of whose inputs are parameters.


@dataclass(frozen=True)
class Task:
    """A program, which of its inputs are parameters, and examples.

    Every example has one number for each of the other inputs. They reach
    the function as they are, and may be combined with each other before
    they meet a Value.
    """

    program: Program
    trained: tuple[bool, ...]
    together: bool
    examples: tuple[tuple[float, ...], ...]

    def parameters(self) -> list[Value]:
        """New parameters, at the program's inputs."""
        pairs = zip(self.program.inputs, self.trained, strict=True)
        return [Value(x) for x, trained in pairs if trained]

    def batch(self, count: int | None = None) -> list[list[Any]]:
        """The first examples as arguments: one tuple, or number by number."""
        examples = list(self.examples[:count])
        if self.together or not examples[0]:
            return [[example or 0.0 for example in examples]]
        return [list(column) for column in zip(*examples, strict=True)]

    def function(self, parameters: Sequence[Value]) -> Callable[..., Value]:
        """The program as a function of one example."""

        def run(*arguments: Any) -> Value:
            inputs = iter(arguments)
            if isinstance(arguments[0], Sequence):
                inputs = iter(arguments[0])
            knobs = iter(parameters)
            nodes: list[Any] = [
                next(knobs) if trained else next(inputs)
                for trained in self.trained
            ]
            for operation, operands in self.program.steps:
                nodes.append(applied(operation, [nodes[i] for i in operands]))
            last = nodes[-1]
            return last if isinstance(last, Value) else Value(last)

        return run


# Python's own numbers have no method `exp`; where Values give inf or nan they
# raise an exception, or become complex.
OF_VALUES_ONLY = {
    operation
    for operation in OPERATIONS
    if (operation in FUNCTIONS and operation is not NEGATE)
    or re.fullmatch(r"a / 0|(-.*|0) \*\* a", operation.name)
}


def applied(operation: Operation, operands: Sequence[Any]) -> Any:
    """The operation, of plain numbers as they are wherever it can be."""
    if operation in OF_VALUES_ONLY:
        operands = [x if isinstance(x, Value) else Value(x) for x in operands]
    return operation.apply(*operands)


def is_ordinary(program: Program) -> bool:
    """Whether every step is within the ordinary inputs of its operation."""
    nodes = program.nodes(
        [torch.tensor(x, dtype=torch.float64) for x in program.inputs]
    )
    return all(
        low <= nodes[i] <= high
        for operation, operands in program.steps
        for i, (low, high) in zip(operands, operation.domains, strict=True)
    )


@st.composite
def tasks(
    draw: st.DrawFn,
    operations: Sequence[Operation] = OPERATIONS,
    longest: int = 15,
) -> Task:
    """Well-conditioned programs, with up to nine examples."""
    program = draw(programs(operations, longest))
    assume(is_well_conditioned(program))
    assume(math.isfinite(by_torch(program, program.inputs)[0]))
    count = len(program.inputs)
    trained = tuple(draw(st.tuples(*[st.booleans()] * count)))
    examples = [()] if all(trained) else []
    for inputs in [
        program.inputs,
        *draw(st.lists(st.tuples(*[NUMBERS] * count), max_size=8)),
    ]:
        own = tuple(
            x if fixed else new
            for x, fixed, new in zip(
                program.inputs, trained, inputs, strict=True
            )
        )
        one = Program(own, program.steps)
        if not all(trained) and is_ordinary(one) and is_well_conditioned(one):
            pairs = zip(own, trained, strict=True)
            examples.append(tuple(x for x, fixed in pairs if not fixed))
    return Task(program, trained, draw(st.booleans()), tuple(examples))


# Every operation at once.


class Table:
    """The sum of every operation, each times a weight of its own.

    So the gradient of a weight is an operation's value, and the gradients
    of its operands its slopes, times the weight. Every operation is there
    with operands of all kinds: "p" is a parameter, its own each time, "v" is
    an input made a Value, "r" is an input as it comes. If it is ``plain`` at
    least one operand comes so, and otherwise none.
    """

    def __init__(self, plain: bool) -> None:
        self.terms = [
            (operation, "".join(kind))
            for operation in OPERATIONS
            for kind in itertools.product("pvr", repeat=len(operation.domains))
            if ("r" in kind) == plain
        ]
        self.weights = [Value(1.0) for _ in self.terms]
        self.operands = [(Value(1.0), Value(1.0)) for _ in self.terms]
        self.parameters = [
            *self.weights,
            *(p for pair in self.operands for p in pair),
        ]

    def __call__(self, *inputs: Any) -> Value:
        """All the operations at one example: two numbers."""
        total = Value(0.0)
        rows = zip(self.terms, self.weights, self.operands, strict=True)
        for (operation, kinds), weight, own in rows:
            operands = [
                p if kind == "p" else x if kind == "r" else Value(x)
                for kind, p, x in zip(kinds, own, inputs)
            ]
            total = total + weight * applied(operation, operands)
        return total

    def put(self, operands: tuple[float, float]) -> None:
        """Set the parameters that are operands."""
        for pair in self.operands:
            for p, x in zip(pair, operands, strict=True):
                p.data = x

    def weigh(self, weights: Sequence[float], first: int) -> None:
        """Set the weights, which are the gradients from upstream."""
        for i, weight in enumerate(self.weights, first):
            weight.data = weights[i % len(weights)]

    def told(
        self, found: Sequence[float], expected: Sequence[float]
    ) -> Iterator[str]:
        """Where two lists of the loss and all gradients differ."""
        n = len(self.terms)
        for i, (a, b) in enumerate(zip(found, expected, strict=True)):
            if not same(a, b):
                term = (i - 1) if i <= n else (i - 1 - n) // 2
                what = "value" if i <= n else f"slope {(i - 1 - n) % 2}"
                operation, kind = self.terms[term]
                yield f"{operation} of {kind}: {what} {a!r}, not {b!r}"
