# Tangled from book/20-loops.md: edit there, not here.
"""Loops: what a program does over and over again, written once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter, sub
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
    for (what, loops), same in groupby(rows, itemgetter(0, 1)):
        numbers = zip(*[numbers for _, _, numbers in same])
        for count, steps, first in progressions(list(numbers)):
            yield what, ((count, steps), *loops) if steps else loops, first


def progressions(
    columns: Sequence[Sequence[int]],
) -> Iterator[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    """Arithmetic progressions, side by side in columns of numbers.

    Gives how many there are, the steps, none if it is one alone, and the
    numbers of the first.
    """
    steps = zip(*[map(sub, column[1:], column) for column in columns])
    first = last = 0
    for step, same in groupby(steps):
        last += len(list(same))
        if first < last:
            yield last + 1 - first, step, tuple([x[first] for x in columns])
            first = last + 1
    if first == last:
        yield 1, (), tuple([x[first] for x in columns])


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

    ``name`` is its name on the tape, and ``reads`` are those of what has to
    be run before. A sum adds up the products of its ``lefts`` and ``rights``.
    """

    name: str
    reads: Sequence[str]
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
            reads.update(x.reads)
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
            both = rest[:n], rest[n:]
            return Node(x.name, x.reads, "sum", (bias,), x.varies, *both)
        goes_on = x.operation == "+"
        if not (goes_on and self.is_part(x.operands[0], "+", x.varies)):
            return Node(x.name, x.reads, x.operation, x.operands, x.varies)
        first, terms = x, []
        while first is x or self.is_part(first, "+", x.varies):
            self.swallowed.add(first.name)
            first, term = first.operands
            terms.append(term)
        if self.is_part(first, "*", x.varies):
            terms.append(first)
            first = 0.0
        pairs = [self.factors(term, x.varies) for term in reversed(terms)]
        reads = names_of([first, *chain(*pairs)])
        return Node(x.name, reads, "sum", (first,), x.varies, *zip(*pairs))


class Layout:
    """Gives each number of a program its place, so that lines make loops."""

    def __init__(self, program: Program) -> None:
        self.places: dict[str, tuple[Any, int]] = {}
        self.levels: defaultdict[str, int] = defaultdict(int)
        self.constants: list[float] = []
        self.sizes = {"r": 0, "s": 0, "g": 1 + len(program.parameters)}
        for buffer, given in ("p", program.parameters), ("x", program.inputs):
            self.sizes[buffer] = len(given)
            for i, symbol in enumerate(given):
                self.places[symbol.name] = buffer, i

    def alike(self, nodes: Sequence[Node]) -> dict[Any, list[Node]]:
        """The nodes in groups: of one level, with one operation."""
        groups: defaultdict[Any, list[Node]] = defaultdict(list)
        for node in nodes:
            levels = [self.levels[name] for name in node.reads]
            level = 1 + max(levels, default=0)
            self.levels[node.name] = level
            groups[node.varies, level, node.operation].append(node)
        return dict(sorted(groups.items(), key=lambda group: group[0][:2]))

    def places_of(self, operands: Iterable[Any]) -> Any:
        """The buffers that they are in, and their numbers there.

        A float stands for its own buffer.
        """
        known = self.places
        places = [
            (x, 0) if type(x) is float else known[x.name] for x in operands
        ]
        return list(zip(*places)) or ((), ())

    def lines(self, group: list[Node]) -> Iterator[Line]:
        """The lines of a group, whose results get the next places."""
        alike: defaultdict[Any, list[Any]] = defaultdict(list)
        for node in group:
            buffers, _ = self.places_of(node.operands)
            runs, starts = self.runs(node)
            alike[tuple(map(name_of, buffers)), runs].append((node, starts))
        for (_, runs), some in alike.items():
            nodes, firsts = zip(*some)
            where, numbers = zip(self.given(nodes), *self.read(nodes))
            what = nodes[0].operation, where, runs
            rows = [
                (what, (), (*start, *first))
                for *start, first in zip(*numbers, firsts)
            ]
            yield from map(as_line, roll(rows))

    def given(self, nodes: Sequence[Node]) -> tuple[str, Sequence[int]]:
        """The next places in their buffer, for the results of nodes."""
        buffer = "r" if nodes[0].varies else "s"
        numbers = range(self.sizes[buffer], self.sizes[buffer] + len(nodes))
        self.sizes[buffer] = numbers.stop
        for node, number in zip(nodes, numbers):
            self.places[node.name] = buffer, number
        return buffer, numbers

    def read(self, nodes: Sequence[Node]) -> Iterator[Any]:
        """Where the operands of nodes are: the first of all, the second, …"""
        for operands in zip(*[node.operands for node in nodes]):
            yield self.column(*self.places_of(operands))

    def runs(self, node: Node) -> tuple[tuple[Any, ...], tuple[int, ...]]:
        """The runs of the products that a sum adds up, and their starts."""
        runs: list[Any] = []
        starts: list[int] = []
        a, lefts = self.places_of(node.lefts)
        b, rights = self.places_of(node.rights)
        for what, part in stretches(zip(a, b)):
            columns = lefts[part], rights[part]
            for count, steps, first in progressions(columns):
                runs.append((what, count, steps or (0, 0)))
                starts += first
        return tuple(runs), tuple(starts)

    def column(
        self, buffers: Sequence[Any], numbers: Sequence[int]
    ) -> tuple[Any, Sequence[int]]:
        """The one buffer that places are in, and their numbers there.

        Floats that differ from node to node are put into a buffer, too.
        """
        if type(buffers[0]) is not float or len({*map(repr, buffers)}) == 1:
            return buffers[0], numbers
        start = len(self.constants)
        self.constants += buffers
        return "c", range(start, len(self.constants))

    def additions(
        self, given: Iterable[Products], mean: bool
    ) -> Iterator[Line]:
        """The lines that add products to results, or to means."""
        groups: defaultdict[Any, list[Any]] = defaultdict(list)
        times: defaultdict[int, int] = defaultdict(int)
        for row in sorted(given, key=lambda row: row.results[0]):
            lefts = self.places_of(row.lefts)
            rights = self.places_of([row.right])
            last = name_of(*rights[0]), self.levels[str(row.right)]
            turns = []
            for i in row.results:
                turns.append(times[i])
                times[i] += 1
            kinds = zip(turns, map(name_of, lefts[0]))
            for kind, part in stretches(kinds):
                results = row.results[part]
                columns = [x[part] for x in lefts]
                columns += [x * len(results) for x in rights]
                groups[kind, last].append((results, *columns))
        for group in groups.values():
            results, *columns = ([*chain(*x)] for x in zip(*group))
            a, left_numbers = self.column(*columns[:2])
            b, right_numbers = self.column(*columns[2:])
            what: Any = "mean", ("g", a, b), ()
            columns = [results, left_numbers, right_numbers]
            if not mean:
                what = "sum", ("g", "g"), (((a, b), 1, (0, 0)),)
                columns = [results, *columns]
            rows = [
                (what, ((count, steps),) if steps else (), first)
                for count, steps, first in progressions(columns)
            ]
            yield from map(as_line, roll(rows))


def name_of(buffer: Any) -> str:
    """The name of a buffer, and c for a float that stands for its own."""
    return "c" if type(buffer) is float else str(buffer)


def stretches(kinds: Iterable[Any]) -> Iterator[tuple[Any, slice]]:
    """Where neighbours are of the same kind: the kind, and from where on."""
    start = 0
    for kind, same in groupby(kinds):
        end = start + len(list(same))
        yield kind, slice(start, end)
        start = end


def as_line(row: Row) -> Line:
    """A row with its numbers put in their places."""
    (operation, kinds, runs), loops, numbers = row
    rest = zip(numbers, *[steps for _, steps in loops])

    def operand(kind: Any, *own: int) -> Operand:
        start, *steps = next(rest)
        if type(kind) is float:
            return kind
        return Place(kind, start, (*steps, *own))

    result, *operands = map(operand, kinds)
    assert isinstance(result, Place)
    sums = [
        Run(count, operand(left, one), operand(right, other))
        for (left, right), count, (one, other) in runs
    ]
    counts = tuple([count for count, _ in loops])
    return Line(operation, counts, result, tuple(operands), tuple(sums))


def rolled(program: Program) -> Loops:
    """The program with loops: the same instructions in another order."""
    layout = Layout(program)
    shared: list[Line] = []
    varying: list[Line] = []
    for key, group in layout.alike(Chains(program).nodes).items():
        (varying if key[0] else shared).extend(layout.lines(group))
    to_add = list(layout.additions(program.to_add, mean=False))
    to_average = list(layout.additions(program.to_average, mean=True))
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
