# Tangled from chapters 18 and 19 in book/: edit there, not here.
"""Compiling: a function of one example becomes a program for many."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from micrograd.compiler.backends import Backend as Backend
    from micrograd.compiler.compiled import Compiled as Compiled
    from micrograd.compiler.compiled import compile as compile
    from micrograd.compiler.compiled import jit as jit
    from micrograd.compiler.program import Program as Program
    from micrograd.compiler.program import straighten as straighten
    from micrograd.compiler.recording import Recording as Recording
    from micrograd.compiler.recording import record as record
    from micrograd.compiler.tape import Symbol as Symbol
    from micrograd.compiler.tape import Tape as Tape

_HOMES = {
    "Backend": "backends",
    "Compiled": "compiled",
    "compile": "compiled",
    "jit": "compiled",
    "Program": "program",
    "straighten": "program",
    "Recording": "recording",
    "record": "recording",
    "Symbol": "tape",
    "Tape": "tape",
}


def __getattr__(name: str) -> object:
    """What the package offers is in its modules."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(
            f"module 'micrograd.compiler' has no attribute {name!r}"
        )
    return getattr(import_module(f"micrograd.compiler.{_HOMES[name]}"), name)
