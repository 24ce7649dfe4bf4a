# Tangled from book/20-loops.md: edit there, not here.
"""Loops: what a program does over and over again, written once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import sub
from typing import Any, TypeAlias

from micrograd.compiler.place import Line, Operand, Place, Run
from micrograd.compiler.program import Program, factors, names_of
from micrograd.compiler.recording import Products

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
        while end < len(rows) and rows[end][:2] == (what, loops):
            numbers = rows[end][2]
            step = tuple(map(sub, numbers, before))
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

    ``name`` is its name on the tape. A sum adds up the products of its
    ``lefts`` and ``rights``.
    """

    name: str
    operation: str
    operands: Sequence[Any]
    varies: bool
    lefts: Sequence[Any] = ()
    rights: Sequence[Any] = ()


class Chains:
    """Finds what is part of a larger instruction, from the end backwards."""

    def __init__(self, program: Program) -> None:
        instructions = [*program.shared, *program.varying]
        reads = Counter(
            names_of(factors([*program.to_average, *program.to_add]))
        )
        for x in instructions:
            reads.update(names_of(x.operands))
        self.read_once = {name for name, count in reads.items() if count == 1}
        self.swallowed: set[str] = set()
        self.nodes: list[Node] = []
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
            return Node(x.name, "sum", (bias,), x.varies, rest[:n], rest[n:])
        goes_on = x.operation == "+"
        if not (goes_on and self.is_part(x.operands[0], "+", x.varies)):
            return Node(x.name, x.operation, x.operands, x.varies)
        first, terms = x, []
        while first is x or self.is_part(first, "+", x.varies):
            self.swallowed.add(first.name)
            first, term = first.operands
            terms.append(term)
        if self.is_part(first, "*", x.varies):
            terms.append(first)
            first = 0.0
        pairs = [self.factors(term, x.varies) for term in reversed(terms)]
        return Node(x.name, "sum", (first,), x.varies, *zip(*pairs))


class Layout:
    """Gives each number of a program its place, so that lines make loops."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.places: dict[str, tuple[str, tuple[int, ...]]] = {}
        self.levels: dict[str, int] = {}
        self.constants: list[float] = []
        self.sizes = {"r": 0, "s": 0, "g": 1 + len(program.parameters)}
        for buffer, given in ("p", program.parameters), ("x", program.inputs):
            self.sizes[buffer] = len(given)
            for i, symbol in enumerate(given):
                self.places[symbol.name] = buffer, (i,)
                self.levels[symbol.name] = 0

    def alike(self, nodes: Sequence[Node]) -> dict[Any, list[Node]]:
        """The nodes in groups: of one level, with one operation and kind."""
        groups: dict[Any, list[Node]] = {}
        for node in nodes:
            read = [*node.operands, *node.lefts, *node.rights]
            below = [self.levels[name] for name in names_of(read)]
            level = 1 + max(below, default=0)
            self.levels[node.name] = level
            self.places[node.name] = ("r" if node.varies else "s"), ()
            kinds = [
                "c" if type(x) is float else self.place(x)[0]
                for x in node.operands
            ]
            runs = groupby(kind for kind, _, _ in self.products(node))
            counts = [(kind, len(list(run))) for kind, run in runs]
            key = node.varies, level, node.operation, *kinds, *counts
            groups.setdefault(key, []).append(node)
        return dict(sorted(groups.items(), key=lambda group: group[0][:2]))

    def place(self, x: Any) -> tuple[Any, tuple[int, ...]]:
        """The buffer that x is in, and its number; a number by itself."""
        return (x, ()) if type(x) is float else self.places[x.name]

    def products(self, node: Node) -> list[Row]:
        """The products that a sum adds up, as rows."""
        lefts, rights = (
            list(map(self.place, x)) for x in (node.lefts, node.rights)
        )
        return [((a, b), (), i + j) for (a, i), (b, j) in zip(lefts, rights)]

    def lines(self, group: list[Node]) -> list[Line]:
        """The lines of a group, whose results get the next places."""
        operation = group[0].operation
        buffer, _ = self.place(group[0])
        first = self.sizes[buffer]
        self.sizes[buffer] += len(group)
        numbers: list[Sequence[int]] = [range(first, self.sizes[buffer])]
        for node, number in zip(group, numbers[0]):
            self.places[node.name] = buffer, (number,)
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

    def column(
        self, operands: Sequence[Any]
    ) -> tuple[Any, list[Sequence[int]]]:
        """Where the same operand of all the nodes of a group is.

        Numbers that differ from node to node are put into a buffer, too.
        """
        if type(operands[0]) is not float:
            found = [self.places[x.name] for x in operands]
            return found[0][0], [[number for _, (number,) in found]]
        if len(set(map(repr, operands))) == 1:
            return operands[0], []
        start = len(self.constants)
        self.constants += operands
        return "c", [range(start, len(self.constants))]

    def additions(self, given: Iterable[Products], mean: bool) -> list[Line]:
        """The lines that add products to results, or to means."""
        groups: dict[Any, list[tuple[int, Any, Any]]] = {}
        times: Counter[int] = Counter()
        for row in given:
            [last] = self.sorts([row.right])
            for i, left, sort in zip(
                row.results, row.lefts, self.sorts(row.lefts)
            ):
                times[i] += 1
                key = times[i], sort, last
                groups.setdefault(key, []).append((i, left, row.right))
        return [
            line
            for group in groups.values()
            for line in self.adding(group, mean)
        ]

    def sorts(self, operands: Iterable[Any]) -> list[tuple[str, int]]:
        """The buffer and the level of each operand."""
        return [
            ("c", 0)
            if type(x) is float
            else (self.places[x.name][0], self.levels[x.name])
            for x in operands
        ]

    def adding(
        self, group: list[tuple[int, Any, Any]], mean: bool
    ) -> Iterator[Line]:
        """The lines that add products of one kind."""
        group.sort(key=lambda product: product[0])
        results, lefts, rights = zip(*group)
        (a, left), (b, right) = self.column(lefts), self.column(rights)
        what: Any = "mean", ("g", a, b), ()
        columns = [results, *left, *right]
        if not mean:
            what = "sum", ("g", "g"), (((a, b), ()),)
            columns = [results, *columns]
        rows: list[Row] = [(what, (), numbers) for numbers in zip(*columns)]
        return map(as_line, roll(rows))


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
    shared: list[Line] = []
    varying: list[Line] = []
    for key, group in layout.alike(Chains(program).nodes).items():
        (varying if key[0] else shared).extend(layout.lines(group))
    to_add = layout.additions(program.to_add, mean=False)
    to_average = layout.additions(program.to_average, mean=True)
    layout.sizes["c"] = len(layout.constants)
    return Loops(
        shared=shared,
        to_add=to_add,
        varying=varying,
        to_average=to_average,
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
