# Tangled from book/20-loops.md: edit there, not here.
"""Loops: what a program does over and over again, written once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any, TypeAlias

from micrograd.compiler.place import Line, Operand, Place, Run
from micrograd.compiler.program import Program
from micrograd.compiler.tape import Unknown

#: What a line does; its loops, each with a count and steps, outermost first;
#: and the numbers of its places, in the first round.
Row: TypeAlias = tuple[
    Any, tuple[tuple[int, tuple[int, ...]], ...], tuple[int, ...]
]


def in_loops(rows: Sequence[Row]) -> Iterator[Row]:
    """Make a loop of neighbours that differ by the same steps."""
    i = 0
    while i < len(rows):
        what, loops, first = rows[i]
        steps: tuple[int, ...] | None = None
        before, end = first, i + 1
        while end < len(rows) and rows[end][:2] == rows[i][:2]:
            numbers = rows[end][2]
            step = tuple([b - a for a, b in zip(before, numbers)])
            if steps is not None and steps != step:
                break
            steps, before, end = step, numbers, end + 1
        if steps is not None:
            loops = ((end - i, steps), *loops)
        yield what, loops, first
        i = end


def roll(rows: Sequence[Row]) -> list[Row]:
    """Write what repeats once: in loops, and in loops of loops."""
    shorter = list(in_loops(rows))
    return shorter if len(shorter) == len(rows) else roll(shorter)


@dataclass
class Loops:
    """A program in which a line may stand for many.

    The ``shared`` lines are run once, and those ``to_add`` put what is the
    same for all examples into the results. Then each example runs the
    ``varying`` lines, and those ``to_average`` add to the results.

    Of the buffers, p has the parameters, x the inputs of an example, s and
    r what shared and varying lines leave, c the ``constants`` and g the
    results. ``sizes`` says how many numbers each of them has.
    """

    shared: list[Line]
    to_add: list[Line]
    varying: list[Line]
    to_average: list[Line]
    constants: list[float]
    sizes: dict[str, int]
    program: Program


@dataclass
class Node:
    """An instruction with all that it has swallowed.

    ``name`` is its name on the tape, or the number of a result; ``pairs``
    are the products that a sum adds up.
    """

    name: Any
    operation: str
    operands: tuple[Any, ...]
    pairs: list[tuple[Any, Any]]
    varies: bool

    def names(self) -> list[str]:
        """What it reads."""
        flat = [*self.operands, *(x for pair in self.pairs for x in pair)]
        return [x.name for x in flat if type(x) is not float]


class Chains:
    """Finds what is part of a larger instruction, from the end backwards."""

    def __init__(self, program: Program) -> None:
        instructions = [*program.shared, *program.varying]
        reads: Counter[str] = Counter()
        for x in instructions:
            reads.update([o.name for o in x.operands if type(o) is not float])
        ends = [*program.to_average.values(), *program.to_add]
        reads.update([x.name for x in ends if type(x) is not float])
        self.read_once = {name for name, count in reads.items() if count == 1}
        self.swallowed: set[str] = set()
        self.nodes = [
            Node(i, "copy", (x,), [], False)
            for i, x in enumerate(program.to_add)
            if type(x) is not float or x != 0.0
        ]
        self.nodes += [
            Node(i, "mean", self.factors(x, True), [], True)
            for i, x in program.to_average.items()
        ]
        for x in reversed(instructions):
            if x.name not in self.swallowed:
                self.nodes.append(self.node(x))
        self.nodes.reverse()

    def is_part(self, x: Any, operation: str, varies: bool) -> bool:
        """Whether x does this, and nobody else needs it."""
        return (
            type(x) is not float
            and x.operation == operation
            and x.varies == varies
            and x.name in self.read_once
        )

    def factors(self, x: Any, varies: bool) -> tuple[Any, Any]:
        """The two factors of a product, or 1 and x."""
        if not self.is_part(x, "*", varies):
            return 1.0, x
        self.swallowed.add(x.name)
        a, b = x.operands
        return a, b

    def node(self, x: Any) -> Node:
        """An instruction, and all of its chain if it is the end of one."""
        if x.operation == "dot":
            bias, *rest = x.operands
            n = len(rest) // 2
            pairs = list(zip(rest[:n], rest[n:]))
            return Node(x.name, "sum", (bias,), pairs, x.varies)
        goes_on = x.operation == "+"
        if not (goes_on and self.is_part(x.operands[0], "+", x.varies)):
            return Node(x.name, x.operation, x.operands, [], x.varies)
        first, terms = x, []
        while first is x or self.is_part(first, "+", x.varies):
            self.swallowed.add(first.name)
            first, term = first.operands
            terms.append(term)
        if self.is_part(first, "*", x.varies):
            terms.append(first)
            first = 0.0
        pairs = [self.factors(term, x.varies) for term in reversed(terms)]
        return Node(x.name, "sum", (first,), pairs, x.varies)


#: The level of the results: above everything.
LAST = math.inf


class Layout:
    """Gives each number of a program its place, so that lines make loops."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.places: dict[Any, tuple[str, int]] = {}
        self.levels: dict[Any, float] = {}
        self.constants: list[float] = []
        self.sizes = {"r": 0, "s": 0, "g": 1 + len(program.parameters)}
        for buffer, given in ("p", program.parameters), ("x", program.inputs):
            self.sizes[buffer] = len(given)
            for i, symbol in enumerate(given):
                self.places[symbol.name] = buffer, i
                self.levels[symbol.name] = 0

    def alike(self, nodes: Sequence[Node]) -> dict[Any, list[Node]]:
        """The nodes in groups: of one level, with one operation and kind."""
        groups: dict[Any, list[Node]] = {}
        for node in nodes:
            below = [self.levels[name] for name in node.names()]
            level = LAST
            if node.operation not in {"mean", "copy"}:
                level = 1 + max(below, default=0)
                below = []
                self.levels[node.name] = level
                self.places[node.name] = ("r" if node.varies else "s"), 0
            kinds = [
                self.kind(x) if isinstance(x, Unknown) else "c"
                for x in node.operands
            ]
            runs = groupby((self.kind(a), self.kind(b)) for a, b in node.pairs)
            counts = [(kind, len(list(run))) for kind, run in runs]
            key = node.varies, level, node.operation, *below, *kinds, *counts
            groups.setdefault(key, []).append(node)
        return dict(sorted(groups.items(), key=lambda group: group[0][:2]))

    def kind(self, x: Any) -> Any:
        """The buffer that x is in, or x itself if it is a number."""
        return x if type(x) is float else self.places[x.name][0]

    def lines(self, group: list[Node]) -> list[Line]:
        """The lines of a group, whose results get the next places."""
        operation = group[0].operation
        if operation in {"mean", "copy"}:
            group.sort(key=lambda node: int(node.name))
            buffer = "g"
            numbers = [[node.name for node in group]]
        else:
            buffer, _ = self.places[group[0].name]
            first = self.sizes[buffer]
            self.sizes[buffer] += len(group)
            numbers = [list(range(first, self.sizes[buffer]))]
            for node, number in zip(group, numbers[0]):
                self.places[node.name] = buffer, number
        kinds: list[Any] = [buffer]
        for operands in zip(*[node.operands for node in group]):
            kind, places = self.column(operands)
            kinds.append(kind)
            numbers += places
        rows: list[Row] = []
        for node, start in zip(group, zip(*numbers)):
            runs = []
            for what, loops, more in in_loops(self.products(node)):
                runs.append((what, loops))
                start += more
            rows.append(((operation, tuple(kinds), tuple(runs)), (), start))
        return list(map(as_line, roll(rows)))

    def column(self, operands: Sequence[Any]) -> tuple[Any, list[list[int]]]:
        """Where the same operand of all the nodes of a group is.

        Numbers that differ from node to node are put into a buffer, too.
        """
        if type(operands[0]) is not float:
            found = [self.places[x.name] for x in operands]
            return found[0][0], [[number for _, number in found]]
        if len(set(map(repr, operands))) == 1:
            return operands[0], []
        start = len(self.constants)
        self.constants += operands
        return "c", [list(range(start, len(self.constants)))]

    def products(self, node: Node) -> list[Row]:
        """The products that a sum adds up, as rows."""
        return [
            (
                (self.kind(a), self.kind(b)),
                (),
                tuple(
                    [
                        self.places[x.name][1]
                        for x in (a, b)
                        if type(x) is not float
                    ]
                ),
            )
            for a, b in node.pairs
        ]


def as_line(row: Row) -> Line:
    """A row with its numbers put in their places."""
    (operation, kinds, runs), loops, numbers = row
    rest = zip(numbers, *[steps for _, steps in loops])

    def operand(kind: Any, own: Iterator[int] | None = None) -> Operand:
        if type(kind) is float:
            return kind
        start, *steps = next(rest)
        return Place(kind, start, (*steps, *islice(own or (), 1)))

    result, *operands = map(operand, kinds)
    assert isinstance(result, Place)
    sums = []
    for (left, right), inner in runs:
        count, steps = inner[0] if inner else (1, (0, 0))
        own = iter(steps)
        sums.append(Run(count, operand(left, own), operand(right, own)))
    counts = tuple([count for count, _ in loops])
    return Line(operation, counts, result, tuple(operands), tuple(sums))


def rolled(program: Program) -> Loops:
    """The program with loops: the same instructions in another order."""
    layout = Layout(program)
    lines: dict[str, list[Line]] = {"s": [], "copy": [], "r": [], "mean": []}
    for key, group in layout.alike(Chains(program).nodes).items():
        part = ("r" if key[0] else "s") if key[1] < LAST else key[2]
        lines[part] += layout.lines(group)
    layout.sizes["c"] = len(layout.constants)
    return Loops(
        shared=lines["s"],
        to_add=lines["copy"],
        varying=lines["r"],
        to_average=lines["mean"],
        constants=layout.constants,
        sizes=layout.sizes,
        program=program,
    )


def nests(lines: Iterable[Line]) -> list[list[Line]]:
    """Neighbouring lines that can stand in the same loops, together."""
    groups: list[list[Line]] = []
    for line in lines:
        if groups and groups[-1][0].counts == line.counts:
            written = [other.result for other in groups[-1]]
            if all(
                here == place or not meets(line.counts, here, counts, place)
                for counts, place in reads(line)
                for here in written
            ):
                groups[-1].append(line)
                continue
        groups.append([line])
    return groups


def reads(line: Line) -> Iterator[tuple[tuple[int, ...], Place]]:
    """The places that a line reads, each with the counts of its loops."""
    for operand in line.operands:
        if isinstance(operand, Place):
            yield line.counts, operand
    for run in line.runs:
        for operand in (run.left, run.right):
            if isinstance(operand, Place):
                yield (*line.counts, run.count), operand


def meets(
    counts: tuple[int, ...],
    place: Place,
    others: tuple[int, ...],
    other: Place,
) -> bool:
    """Whether two places may have a number in common, by their ends."""
    first, last = ends(counts, place)
    start, stop = ends(others, other)
    return place.buffer == other.buffer and first <= stop and start <= last


def ends(counts: tuple[int, ...], place: Place) -> tuple[int, int]:
    """The lowest and the highest number that a place gets to."""
    far = [step * (n - 1) for step, n in zip(place.steps, counts)]
    low, high = (sum(f(0, x) for x in far) for f in (min, max))
    return place.start + low, place.start + high
