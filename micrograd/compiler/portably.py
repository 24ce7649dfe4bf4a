# Tangled from book/23-alive.md: edit there, not here.
"""Programs in Python whose last digits are the same on every computer."""

from __future__ import annotations

from micrograd import portable
from micrograd.compiler.backends import Backend
from micrograd.compiler.program import Program
from micrograd.compiler.python import PythonBackend, function_from, source


class PortableBackend(PythonBackend):
    """Runs a program with functions that are the same on every computer."""

    def __init__(self, program: Program) -> None:
        Backend.__init__(self, program)
        self.run = function_from(source(program), portable)
