# Tangled from book/22-in-the-page.md: edit there, not here.
"""What runs WebAssembly for Python: wasmtime, or the page that it is in."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from micrograd.flat import Buffer

#: Whether this Python runs in a page.
IN_PAGE = sys.platform == "emscripten"

# The package, which is not in a page.
_wasmtime: Any = None if IN_PAGE else import_module("wasmtime")

# What JavaScript has in a page.
_js: Any = import_module("js") if IN_PAGE else None


class Module:
    """A module, made ready to run."""

    def __init__(self, code: bytes) -> None:
        if IN_PAGE:
            content = _js.Uint8Array.new(len(code))
            content.assign(code)
            self.module = _js.WebAssembly.Module.new(content)
        else:
            self.engine = _wasmtime.Engine()
            self.module = _wasmtime.Module(self.engine, code)

    def start(self) -> Instance:
        """The module at work, with a memory of its own."""
        if IN_PAGE:
            return InPage(self.module)
        return ByWasmtime(self.engine, self.module)


#: Memory grows by pages of so many bytes.
PAGE = 65536


class Instance:
    """A module at work: what is the same wherever that is."""

    def call(self, name: str, *arguments: float) -> Any:
        """Call one of its functions."""
        raise NotImplementedError

    def number(self, name: str) -> int:
        """One of its numbers."""
        raise NotImplementedError

    def size(self, pages: int = 0) -> int:
        """How many bytes of memory there are, with so many new pages."""
        raise NotImplementedError

    def put(self, content: bytes, start: int) -> None:
        """Put bytes into memory."""
        raise NotImplementedError

    def take(self, start: int, count: int) -> bytes:
        """So many bytes of memory."""
        raise NotImplementedError

    def write(self, name: str, numbers: Sequence[float]) -> None:
        """Write a buffer. If need be, memory grows."""
        start, content = self.number(name), packed(numbers)
        missing = start + len(content) - self.size()
        if missing > 0:
            self.size(-(-missing // PAGE))
        self.put(content, start)

    def read(self, name: str, count: int) -> Buffer:
        """So many numbers of a buffer."""
        content = self.take(self.number(name), 8 * count)
        return array("d", struct.unpack(f"<{count}d", content))


def packed(numbers: Sequence[float]) -> bytes:
    """Floats as WebAssembly has them in memory."""
    return struct.pack(f"<{len(numbers)}d", *numbers)


class ByWasmtime(Instance):
    """A module at work in wasmtime."""

    def __init__(self, engine: Any, module: Any) -> None:
        self.store = _wasmtime.Store(engine)
        instance = _wasmtime.Instance(self.store, module, [])
        self.exports: Any = instance.exports(self.store)

    def call(self, name: str, *arguments: float) -> Any:
        """Call one of its functions."""
        return self.exports[name](self.store, *arguments)

    def number(self, name: str) -> int:
        """One of its numbers."""
        number: int = self.exports[name].value(self.store)
        return number

    def size(self, pages: int = 0) -> int:
        """How many bytes of memory there are, with so many new pages."""
        memory = self.exports["memory"]
        if pages:
            memory.grow(self.store, pages)
        size: int = memory.data_len(self.store)
        return size

    def put(self, content: bytes, start: int) -> None:
        """Put bytes into memory."""
        self.exports["memory"].write(self.store, content, start)

    def take(self, start: int, count: int) -> bytes:
        """So many bytes of memory."""
        memory = self.exports["memory"]
        return bytes(memory.read(self.store, start, start + count))


class InPage(Instance):
    """A module at work in the page that this Python is in.

    To ask JavaScript takes longer than to move the bytes: what it has said
    is kept.
    """

    def __init__(self, module: Any) -> None:
        self.exports: Any = _js.WebAssembly.Instance.new(module).exports
        self.numbers: dict[str, int] = {}
        self.bytes = 0
        self.windows: dict[tuple[int, int], Any] = {}

    def call(self, name: str, *arguments: float) -> Any:
        """Call one of its functions."""
        return getattr(self.exports, name)(*arguments)

    def number(self, name: str) -> int:
        """One of its numbers."""
        if name not in self.numbers:
            self.numbers[name] = getattr(self.exports, name).value
        return self.numbers[name]

    def size(self, pages: int = 0) -> int:
        """How many bytes of memory there are, with so many new pages."""
        if pages:
            self.exports.memory.grow(pages)
            self.windows.clear()  # they are into the memory before
        if pages or not self.bytes:
            self.bytes = self.exports.memory.buffer.byteLength
        return self.bytes

    def window(self, start: int, count: int) -> Any:
        """So many bytes of memory, as JavaScript has them."""
        if (start, count) not in self.windows:
            self.windows[start, count] = _js.Uint8Array.new(
                self.exports.memory.buffer, start, count
            )
        return self.windows[start, count]

    def put(self, content: bytes, start: int) -> None:
        """Put bytes into memory."""
        self.window(start, len(content)).assign(content)

    def take(self, start: int, count: int) -> bytes:
        """So many bytes of memory."""
        return bytes(self.window(start, count).to_bytes())
