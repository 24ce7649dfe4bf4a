# Tangled from chapters 19 and 20 in book/: edit there, not here.
"""Programs: what is left of a tape, sorted by what has to be run how often."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress
from typing import Any

from micrograd.compiler.recording import Products, Recording, weighted_sum
from micrograd.compiler.tape import Tape, Unknown, is_varying


def names_of(operands: Iterable[Any]) -> list[str]:
    """The names of the instructions whose results are among operands."""
    return [x.name for x in operands if type(x) is not float and x.operation]


def without_dead_code(tape: Tape, results: Iterable[Any]) -> list[Unknown]:
    """The instructions of a tape that some result needs, in their order."""
    needed = set(names_of(results))
    alive = []
    for x in reversed(tape.instructions.values()):
        if x.name in needed:
            alive.append(x)
            needed.update(x.reads)
    return alive[::-1]


def parted(result: Any) -> tuple[Unknown | None, Any]:
    """The two parts of a sum: what varies with the example, and the rest.

    The rest is added up first, so it may be rounded in another way.
    """
    shared: Any = 0.0
    while is_varying(result) and result.operation == "+":
        a, b = result.operands
        if is_varying(a) and is_varying(b):
            break
        result, term = (a, b) if is_varying(a) else (b, a)
        shared = shared + term
    return (result, shared) if is_varying(result) else (None, result)


def chosen(row: Products, keep: Sequence[bool]) -> Iterator[Products]:
    """The products that are to be kept, if there are any."""
    if keep and all(keep):
        yield row
    elif any(keep):
        results, lefts = (
            list(compress(x, keep)) for x in (row.results, row.lefts)
        )
        yield Products(results, lefts, row.right)


def one_each(rows: Sequence[Products]) -> list[Products]:
    """The same, but what several products go to gets one: their sum."""
    times = Counter(i for row in rows for i in row.results)
    once: list[Products] = []
    terms: defaultdict[int, list[tuple[Any, Any]]] = defaultdict(list)
    for row in rows:
        keep = [times[i] == 1 for i in row.results]
        once += chosen(row, keep)
        for i, left, alone in zip(row.results, row.lefts, keep):
            if not alone:
                terms[i].append((left, row.right))
    sums = {i: weighted_sum(some) for i, some in terms.items()}
    return [*once, *(Products([i], [1.0], x) for i, x in sums.items())]


def factors(rows: Iterable[Products]) -> Iterator[Any]:
    """All that rows of products multiply."""
    return chain.from_iterable([*row.lefts, row.right] for row in rows)


@dataclass
class Program:
    """Straight-line code for a function of one example and its gradients.

    The ``shared`` instructions, which depend on the parameters alone, are
    run once; then each example runs the ``varying`` ones. A result is the
    sum of its products among those ``to_add``, plus the mean over the
    examples of its products among those ``to_average``.
    """

    inputs: Sequence[Unknown]
    parameters: Sequence[Unknown]
    shared: Sequence[Unknown]
    varying: Sequence[Unknown]
    to_average: list[Products]
    to_add: list[Products]

    def __len__(self) -> int:
        rows = [*self.to_average, *self.to_add]
        products = sum(len(row.results) for row in rows)
        return len(self.shared) + len(self.varying) + products


def straighten(recording: Recording) -> Program:
    """Leave out what no result needs, and sort the rest by what varies."""
    value, *slopes = recording.results
    parts = [x for x in parted(value.right) if str(x) not in {"None", "0.0"}]
    rows = [*(replace(value, right=x) for x in parts), *slopes]
    to_average: list[Products] = []
    to_add: list[Products] = []
    for row in rows:
        if is_varying(row.right):
            to_average.append(row)
            continue
        varies = [is_varying(x) for x in row.lefts]
        to_average += chosen(row, varies)
        to_add += chosen(row, [not x for x in varies])
    to_average = one_each(to_average)
    needed = factors([*to_average, *to_add])
    alive = without_dead_code(recording.tape, needed)
    return Program(
        recording.inputs,
        recording.parameters,
        [x for x in alive if not x.varies],
        [x for x in alive if x.varies],
        to_average,
        to_add,
    )
