# Tangled from chapters 19, 20 and 22 in book/: edit there, not here.
"""Backends: what runs a program, and where they are found."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from micrograd.compiler.loops import Loops
from micrograd.flat import Buffer, Flat
from micrograd.optim import SGD


@dataclass
class Buffers:
    """What a program reads and writes.

    The ``examples`` are as the backend's ``load`` has made them. ``results``
    receives the mean and its derivative for each parameter. ``states`` are
    those of an optimiser, if there is one.
    """

    examples: Any
    parameters: Buffer
    results: Buffer
    states: list[Buffer] = field(default_factory=list)


def zeros(count: int) -> Buffer:
    """So many zeros, side by side."""
    return array("d", bytes(8 * count))


class Backend:
    """Runs a program: the part that all ways to do so have in common."""

    def __init__(self, loops: Loops) -> None:
        self.loops = loops

    def load(self, columns: list[Buffer]) -> Any:
        """The examples, in the form that this backend works on."""
        raise NotImplementedError

    def evaluate(self, buffers: Buffers) -> None:
        """Fill in the results."""
        raise NotImplementedError

    def descent(
        self, buffers: Buffers, optimiser: SGD
    ) -> Callable[[int], None]:
        """What makes so many steps of an optimiser, in the buffers."""
        moving = [buffers.parameters, *buffers.states]

        def make(steps: int) -> None:
            settings = tuple(optimiser.settings())
            for _ in range(steps):
                self.evaluate(buffers)
                slopes = buffers.results[1:]
                old = zip(buffers.parameters, slopes, *buffers.states)
                for i, numbers in enumerate(old):
                    new = optimiser.update(*numbers, *settings)
                    for buffer, number in zip(moving, new):
                        buffer[i] = number
                settings = optimiser.next_settings(*settings)
            optimiser.steps += steps

        return make

    def update(
        self, optimiser: SGD, flat: Flat
    ) -> Callable[[SGD], bool] | None:
        """What makes one step with the gradients that are there.

        It is given the optimiser, and says whether all stays finite; else
        nothing is moved. None, if the optimiser itself is as quick.
        """
        return None


#: By name: the module and the class, and the package that it needs, if any.
BACKENDS: dict[str, tuple[str, str, str | None]] = {
    "python": ("micrograd.compiler.python", "PythonBackend", None),
    "portable": ("micrograd.compiler.portably", "PortableBackend", None),
    "wasm": (
        "micrograd.compiler.wasm",
        "WasmBackend",
        None if sys.platform == "emscripten" else "wasmtime",
    ),
    "columns": ("micrograd.compiler.columns", "ColumnsBackend", "numpy"),
    "native": ("micrograd.compiler.native", "NativeBackend", "llvmlite"),
}


def find_backend(name: str) -> type[Backend]:
    """The backend of this name; an error says what is missing for it."""
    if name not in BACKENDS:
        names = ", ".join(map(repr, BACKENDS))
        raise ValueError(f"no backend is called {name!r}; there are {names}")
    module, kind, package = BACKENDS[name]
    if package and find_spec(package) is None:
        raise ModuleNotFoundError(
            f"the backend {name!r} needs {package}: pip install {package}",
            name=package,
        )
    backend: type[Backend] = getattr(import_module(module), kind)
    return backend
