"""Has Python in the page free what is nested deeply, instead of dying of it.

An object that is freed frees what only it has held, which frees what only that
has held. CPython looks how much of its stack is left, and puts off the rest
when that becomes little. Compiled to WebAssembly it looks at the wrong stack:
calls use the browser's own, and `_Py_Dealloc` none of the one in its memory,
so some thousand objects, one in another, end in "Maximum call stack size
exceeded". Here `_Py_Dealloc` is made to use `BYTES` of that on each call, by
five instructions more. (How much there is to use is said in
``book/_live/python/worker.js``. Pyodide has no setting for this.)
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BYTES = 96
FUNCTION, POINTER = b"_Py_Dealloc", b"__stack_pointer"

# The format's own numbers: https://webassembly.github.io/spec/core/binary/
IMPORTS, EXPORTS, CODE = 2, 7, 10
GET_LOCAL, TEE_LOCAL = b"\x20", b"\x22"
GET_GLOBAL, SET_GLOBAL = b"\x23", b"\x24"
RETURN, CONSTANT, SUBTRACT = b"\x0f", b"\x41", b"\x6b"


class Reader:
    """Reads a part of a module, from its beginning on."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def number(self) -> int:
        """A number without a sign, in seven bits a byte (LEB128)."""
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def sized(self) -> bytes:
        """As many bytes as are announced."""
        size = self.number()
        self.at += size
        return self.data[self.at - size : self.at]


def number(value: int) -> bytes:
    """A number as `Reader.number` reads it."""
    *rest, last = (value >> shift & 0x7F for shift in range(0, 35, 7))
    while not last and rest:
        last = rest.pop()
    return bytes([*(byte | 0x80 for byte in rest), last])


def signed(value: int) -> bytes:
    """A positive number where it could be a negative one."""
    assert 0 <= value < 1 << 13
    return bytes([value & 0x7F | 0x80, value >> 7])


def sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    """The numbered parts of a module."""
    reader = Reader(module, at=8)
    while reader.at < len(module):
        reader.at += 1
        yield module[reader.at - 1], reader.sized()


def count_imported(section: bytes) -> int:
    """How many functions a module imports: they are numbered first."""
    reader, functions = Reader(section), 0
    for _ in range(reader.number()):
        reader.sized(), reader.sized()
        kind = reader.number()
        functions += kind == 0
        if kind == 3:  # a global: its type, and whether it changes
            reader.at += 2
        elif kind in (1, 2):  # a table or a memory: from which size, to which
            reader.at += kind == 1
            for _ in range(1 + (reader.number() & 1)):
                reader.number()
        else:  # a function, or a tag, which has an attribute: of which type
            reader.at += kind == 4
            reader.number()
    return functions


def exported(section: bytes) -> dict[bytes, int]:
    """The numbers of what a module exports, by the names."""
    reader, found = Reader(section), {}
    for _ in range(reader.number()):
        name = reader.sized()
        reader.at += 1
        found[name] = reader.number()
    return found


def using_stack(body: bytes, pointer: bytes) -> bytes:
    """A function that lowers the stack's pointer before all that it calls.

    It reads the pointer once and keeps it, and restores it wherever it ends.
    """
    before, read, after = body.partition(GET_GLOBAL + pointer)
    kept = after[1:2]
    restored = after.count(GET_LOCAL + kept + SET_GLOBAL + pointer)
    ends = after.count(SET_GLOBAL + pointer + RETURN) + 1
    if not after.startswith(TEE_LOCAL) or restored != ends:
        raise ValueError(f"another {FUNCTION.decode()} than expected")
    lower = GET_LOCAL + kept + CONSTANT + signed(BYTES)
    lower += SUBTRACT + SET_GLOBAL + pointer
    return before + read + after[:2] + lower + after[2:]


def patched(module: bytes) -> bytes:
    """The module of Python, in which freeing uses the stack."""
    parts = dict(sections(module))
    names = exported(parts[EXPORTS])
    index = names[FUNCTION] - count_imported(parts[IMPORTS])
    code = Reader(parts[CODE])
    bodies = [code.sized() for _ in range(code.number())]
    bodies[index] = using_stack(bodies[index], number(names[POINTER]))
    written = [number(len(bodies))]
    written += [number(len(body)) + body for body in bodies]
    done = [
        bytes([part]) + number(len(content)) + content
        for part, old in sections(module)
        for content in [b"".join(written) if part == CODE else old]
    ]
    return module[:8] + b"".join(done)


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_bytes(patched(file.read_bytes()))
