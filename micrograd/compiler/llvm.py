# Tangled from book/21-machine-code.md: edit there, not here.
"""LLVM: what turns a text in its language into machine code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

#: A float of 64 bits.
DOUBLE = ir.DoubleType()
#: A whole number of 64 bits.
INDEX = ir.IntType(64)
#: Where doubles stand in memory, side by side.
BUFFER = DOUBLE.as_pointer()


def processor() -> Any:
    """The processor at hand and what it can do, as LLVM knows it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=2,  # from 0 to 3: how hard LLVM tries
    )


def machine_code(module: ir.Module) -> Any:
    """The machine code of a module, in memory, ready to be called."""
    checked = llvm.parse_assembly(str(module))
    checked.verify()
    target = processor()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_unrolling = False  # we have written out what pays
    passes = llvm.create_pass_builder(target, options)
    passes.getModulePassManager().run(checked, passes)
    code = llvm.create_mcjit_compiler(checked, target)
    code.finalize_object()
    return code


@dataclass
class Round:
    """A round of a loop: its counter ``i``, and values it begins with.

    What they are for the next round goes into ``after``. After the loop,
    ``values`` are what the last round has left.
    """

    i: ir.Value
    values: list[ir.Value]
    after: list[ir.Value]


@contextmanager
def loop(
    builder: ir.IRBuilder,
    stop: ir.Value,
    step: int = 1,
    start: ir.Value | None = None,
    values: Sequence[ir.Value] = (),
) -> Iterator[Round]:
    """Write a loop: its body is for each ``i`` in range(start, stop, step)."""
    before = builder.block
    head, body, after = (builder.append_basic_block() for _ in range(3))
    builder.branch(head)
    builder.position_at_end(head)
    firsts = [start or INDEX(0), *values]
    i, *now = phis = [builder.phi(first.type) for first in firsts]
    for phi, first in zip(phis, firsts):
        phi.add_incoming(first, before)
    builder.cbranch(builder.icmp_signed("<", i, stop), body, after)
    builder.position_at_end(body)
    around = Round(i, now, [])
    yield around
    again = [builder.add(i, INDEX(step)), *around.after]
    for phi, last in zip(phis, again, strict=True):
        phi.add_incoming(last, builder.block)
    builder.branch(head)
    builder.position_at_end(after)


@contextmanager
def new_function(
    module: ir.Module, name: str, kinds: list[ir.Type]
) -> Iterator[tuple[ir.IRBuilder, list[ir.Value]]]:
    """Write a function: gives what builds its body, and its arguments."""
    kind = ir.FunctionType(ir.VoidType(), kinds)
    f = ir.Function(module, kind, name)
    for argument in f.args:
        if argument.type == BUFFER:
            argument.add_attribute("noalias")  # no buffer is part of another
    builder = ir.IRBuilder(f.append_basic_block())
    yield builder, list(f.args)
    builder.ret_void()
