# Tangled from book/20-loops.md: edit there, not here.
"""Updates: a step of an optimiser, as lines."""

from __future__ import annotations

from typing import Any

from micrograd.compiler.place import Line, Operand, Place
from micrograd.compiler.program import without_dead_code
from micrograd.compiler.tape import Symbol, Tape
from micrograd.optim import SGD


def update_lines(optimiser: SGD, count: int) -> list[Line]:
    """Lines that move ``count`` parameters once.

    Besides p and g, which has the mean first, they work on h, the
    optimiser's settings in this step; on its states k0, k1, …; and on d,
    which is theirs: ``count`` numbers for each line.
    """
    tape = Tape()
    moving = ["p", *(f"k{i}" for i in range(len(optimiser.states)))]
    given = [
        Symbol(tape, name, varies=True) for name in ["p", "g", *moving[1:]]
    ]
    settings = [
        Symbol(tape, f"h{i}") for i in range(len(optimiser.settings()))
    ]
    places = {x.name: Place(x.name, 0, (1,)) for x in given}
    places["g"] = Place("g", 1, (1,))
    places |= {x.name: Place("h", i) for i, x in enumerate(settings)}
    results = optimiser.update(*given, *settings)
    following = optimiser.next_settings(*settings)

    lines = []
    alive = without_dead_code(tape, [*results, *following])
    for i, x in enumerate(sorted(alive, key=lambda x: x.varies)):
        operands = tuple(operand_of(y, places) for y in x.operands)
        counts, steps = ((count,), (1,)) if x.varies else ((), ())
        places[x.name] = Place("d", i * count, steps)
        lines.append(Line(x.operation, counts, places[x.name], operands))
    for name, result in zip(moving, results):
        copied = (operand_of(result, places),)
        lines.append(Line("copy", (count,), places[name], copied))
    for old, new in zip(settings, following):
        if new is not old:
            copied = (operand_of(new, places),)
            lines.append(Line("copy", (), places[old.name], copied))
    # A tape and its symbols hold each other: this lets them go.
    tape.instructions.clear()
    return lines


def operand_of(x: Any, places: dict[str, Place]) -> Operand:
    """Where a symbol is; a number stays what it is."""
    return x if type(x) is float else places[x.name]
