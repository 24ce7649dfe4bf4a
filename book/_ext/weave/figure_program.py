"""What a figure shows for other numbers in its leaves, as machine code.

The steps of a figure (``steps.py``) are taken once more, with symbols in the
place of the leaves. So the library's compiler gets to know every number that
they speak of, and writes a module of WebAssembly that computes them all. The
page puts it to work: ``book/_live/shared/computed.js``.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import steps

if TYPE_CHECKING:
    from graphs import Graph
    from micrograd.compiler import Program, Symbol, Tape


@dataclass
class Numbers:
    """The numbers that the page puts in, and those that it gets.

    Into the module go a zero, the leaves, and what a reader sees of results,
    in four digits. Results are told by their places; after them come the
    ``constants``, which no leaf changes.
    """

    tape: Tape
    inputs: list[Symbol] = field(default_factory=list)
    seen: dict[str, Symbol] = field(default_factory=dict)
    results: dict[str, Symbol] = field(default_factory=dict)
    constants: list[float] = field(default_factory=list)

    def new(self) -> Symbol:
        """One more that is put in."""
        from micrograd.compiler import Symbol

        name = f"x{len(self.inputs)}"
        self.inputs.append(Symbol(self.tape, name, varies=True))
        return self.inputs[-1]

    def as_shown(self, number: Any) -> Any:
        """What is seen of a number."""
        if type(number) is float:
            return steps.as_shown(number)
        if number.name not in self.seen:
            self.seen[number.name] = self.new()
            self.results.setdefault(number.name, number)
        return self.seen[number.name]

    def note(self, *numbers: Any) -> None:
        """Have the page get these."""
        for number in numbers:
            if type(number) is not float:
                self.results.setdefault(number.name, number)
            elif number not in self.constants:
                self.constants.append(number)

    def note_all(self, term: steps.Term) -> None:
        """Have the page get all numbers of an equation."""
        self.note(*term.operands, term.result)
        if term.form:
            self.note(term.again)

    def place(self, number: Any) -> int:
        """Where the page finds a number."""
        if type(number) is float:
            return len(self.results) + self.constants.index(number)
        return list(self.results).index(number.name)


def program_of(
    graph: Graph, rule: str, ids: dict[str, str]
) -> dict[str, Any] | None:
    """All that a page needs for a figure's leaves to be changed.

    ``ids`` are those of the parts of its drawing. None where it depends on
    the numbers which steps there are, as with a `relu`.
    """
    from micrograd import engine
    from micrograd.compiler.tape import Gate, Tape

    numbers = Numbers(Tape())
    zero = numbers.new()
    leaves = [i for i, node in enumerate(graph) if not node["operands"]]
    symbols = {i: numbers.new() for i in leaves}
    unknown = steps.recomputed(graph, symbols, engine)
    if any(isinstance(x, Gate) for node in unknown for x in node["local"]):
        numbers.tape.instructions.clear()
        return None
    found = steps.steps_of(
        unknown, engine, rule, numbers.as_shown, lambda x: zero + x
    )
    for step in found:
        numbers.note(step.new)
        for term in step.terms:
            numbers.note_all(term)
    program = compiled(numbers)
    names = steps.named(graph)
    draggable = steps.leaves(graph)
    return program | {
        "leaves": [
            {
                "data": graph[i]["data"],
                "name": names[i],
                "node": ids[f"value{i}"] if i in draggable else "",
            }
            for i in leaves
        ],
        "steps": [
            {
                "kind": step.kind,
                "shows": numbers.place(step.new),
                "terms": [placed(term, numbers) for term in step.terms],
            }
            for step in found
        ],
    }


def placed(term: steps.Term, numbers: Numbers) -> dict[str, Any]:
    """An equation, with the places of its numbers."""
    told: dict[str, Any] = {
        "says": term.says,
        "result": numbers.place(term.result),
    }
    if term.form:
        told |= {
            "form": term.form,
            "operands": [numbers.place(x) for x in term.operands],
            "again": numbers.place(term.again),
            "wraps": term.wraps,
        }
    return told


def compiled(numbers: Numbers) -> dict[str, Any]:
    """The module that computes numbers, and where the page finds them."""
    from micrograd.compiler import Recording, straighten
    from micrograd.compiler.recording import Products

    results = [
        Products([i], [1.0], symbol)
        for i, symbol in enumerate(numbers.results.values())
    ]
    recording = Recording(numbers.tape, numbers.inputs, [], results)
    code = module_of(straighten(recording), len(results))
    numbers.tape.instructions.clear()  # they know each other in a circle
    return {
        "code": b64encode(code).decode(),
        "count": len(results),
        "constants": numbers.constants,
        "seen": [
            numbers.place(numbers.results[name]) for name in numbers.seen
        ],
    }


def module_of(program: Program, count: int) -> bytes:
    """A module with the function ``evaluate``, which fills in the results.

    There are so many of them, and not one for each parameter.
    """
    from micrograd.compiler.expanding import expand
    from micrograd.compiler.loops import rolled
    from micrograd.compiler.wasm import (
        Parts,
        over_examples,
        starts_of,
        with_memory,
    )

    loops = rolled(expand(program))
    loops.sizes["g"] = count
    starts = starts_of(loops)
    # Of one example, the mean is the product itself, also if that is -0.0.
    results = [replace(line, operation="*") for line in loops.to_average]
    parts = Parts([], [*loops.varying, *results], [])
    evaluate = over_examples(parts, starts, 8 * loops.sizes["x"])
    return with_memory({"evaluate": evaluate}, loops, starts)


def as_json(program: dict[str, Any]) -> str:
    """A program as it can stand in a page."""
    text = json.dumps(program, separators=(",", ":"))
    return text.replace("<", "\\u003c")
