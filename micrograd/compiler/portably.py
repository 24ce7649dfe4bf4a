# Tangled from book/22-in-the-page.md: edit there, not here.
"""Programs in Python whose last digits are the same on every computer."""

from __future__ import annotations

from typing import Any

from micrograd import portable
from micrograd.compiler.python import PythonBackend


class PortableBackend(PythonBackend):
    """Runs a program with functions that are the same on every computer."""

    functions: Any = portable
