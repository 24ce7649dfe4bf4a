# Tangled from book/22-in-the-page.md: edit there, not here.
"""An assembler: it writes the bytes of a WebAssembly module."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import groupby

#: The byte of each instruction.
OPCODES = {
    "loop": 0x03,
    "end": 0x0B,
    "br_if": 0x0D,
    "call": 0x10,
    "select": 0x1B,
    "local.get": 0x20,
    "local.set": 0x21,
    "f64.load": 0x2B,
    "f64.store": 0x39,
    "i32.const": 0x41,
    "i64.const": 0x42,
    "f64.const": 0x44,
    "i32.ne": 0x47,
    "f64.eq": 0x61,
    "f64.ne": 0x62,
    "f64.lt": 0x63,
    "f64.gt": 0x64,
    "f64.le": 0x65,
    "f64.ge": 0x66,
    "i32.add": 0x6A,
    "i32.mul": 0x6C,
    "i64.sub": 0x7D,
    "i64.and": 0x83,
    "i64.shl": 0x86,
    "i64.shr_u": 0x88,
    "f64.neg": 0x9A,
    "f64.floor": 0x9C,
    "f64.sqrt": 0x9F,
    "f64.add": 0xA0,
    "f64.sub": 0xA1,
    "f64.mul": 0xA2,
    "f64.div": 0xA3,
    "f64.convert_i32_u": 0xB8,
    "f64.convert_i64_s": 0xB9,
    "i64.reinterpret_f64": 0xBD,
    "f64.reinterpret_i64": 0xBF,
}

#: The types of numbers: whole ones of 32 and of 64 bits, and floats.
KINDS = {"i32": 0x7F, "i64": 0x7E, "f64": 0x7C}


def unsigned(number: int) -> bytes:
    """A whole number from 0 on, seven bits in each byte (LEB128)."""
    if number < 128:
        return bytes([number])
    return bytes([number % 128 + 128]) + unsigned(number // 128)


def signed(number: int) -> bytes:
    """A whole number that may be negative, seven bits in each byte."""
    if -64 <= number < 64:
        return bytes([number % 128])
    return bytes([number % 128 + 128]) + signed(number // 128)


def listed(items: Sequence[bytes]) -> bytes:
    """How many items there are, and then all of them."""
    return unsigned(len(items)) + b"".join(items)


def sized(content: bytes) -> bytes:
    """How many bytes there are, and then all of them."""
    return unsigned(len(content)) + content


def number(instruction: str, text: str) -> bytes:
    """The number that is part of an instruction."""
    if instruction == "f64.const":
        return struct.pack("<d", float(text))
    if instruction.endswith(".const"):
        return signed(int(text))
    if instruction in {"f64.load", "f64.store"}:
        # All addresses are multiples of 2 ** 3.
        return unsigned(3) + unsigned(int(text))
    return unsigned(int(text))


def assembled(text: str) -> bytes:
    """The bytes of instructions, such as ``f64.const 0.5 f64.mul``."""
    code = b""
    instruction = ""
    for word in text.split():
        if word in OPCODES:
            instruction = word
            code += bytes([OPCODES[word]])
            if word == "loop":
                code += bytes([0x40])  # it leaves nothing on the stack
        else:
            code += number(instruction, word)
    return code


class Function:
    """A function on its way: its locals, and the bytes of its code.

    ``arguments`` are its first locals: their kinds, by name. Calling it with
    instructions appends them; in these, locals have their names.
    """

    def __init__(self, arguments: dict[str, str], gives: str = "") -> None:
        self.arguments = list(arguments.values())
        self.gives = [gives] if gives else []
        self.locals: dict[str, int] = {}
        self.kinds: list[str] = []
        self.code = bytearray()
        for name, kind in arguments.items():
            self.local(name, kind)

    def __call__(self, text: str) -> None:
        """Append instructions."""
        words = [str(self.locals.get(x, x)) for x in text.split()]
        self.code += assembled(" ".join(words))

    def local(self, name: str, kind: str) -> str:
        """See to it that there is a local of this name."""
        if name not in self.locals:
            self.locals[name] = len(self.kinds)
            self.kinds.append(kind)
        return name

    def type(self) -> bytes:
        """What goes in, and what comes out."""
        lists = (self.arguments, self.gives)
        return bytes([0x60]) + b"".join(
            [listed([bytes([KINDS[kind]]) for kind in x]) for x in lists]
        )

    def body(self) -> bytes:
        """Its own locals, then its code."""
        own = groupby(self.kinds[len(self.arguments) :])
        declared = [
            unsigned(len(list(run))) + bytes([KINDS[kind]])
            for kind, run in own
        ]
        return sized(listed(declared) + self.code + assembled("end"))


def module(
    functions: dict[str, Function],
    pages: int = 0,
    numbers: dict[str, int] | None = None,
    data: bytes = b"",
) -> bytes:
    """The bytes of a module, which exports all that is in it.

    It has ``functions`` by name; so many ``pages`` of memory, of 65,536
    bytes, which begin with ``data``; and whole ``numbers`` by name.
    """
    exports = [
        *(named(name, 0, i) for i, name in enumerate(functions)),
        named("memory", 2, 0),
        *(named(name, 3, i) for i, name in enumerate(numbers or {})),
    ]
    constants = [
        bytes([KINDS["i32"], 0]) + assembled(f"i32.const {value} end")
        for value in (numbers or {}).values()
    ]
    sections = {
        1: [function.type() for function in functions.values()],
        3: [unsigned(i) for i in range(len(functions))],
        5: [bytes([0]) + unsigned(pages)],
        6: constants,
        7: exports,
        10: [function.body() for function in functions.values()],
        11: [bytes([0]) + assembled("i32.const 0 end") + sized(data)],
    }
    head = b"\0asm" + struct.pack("<I", 1)
    return head + b"".join(
        [bytes([i]) + sized(listed(x)) for i, x in sections.items() if x]
    )


def named(name: str, kind: int, i: int) -> bytes:
    """An export: number ``i`` of its kind, under a name."""
    return sized(name.encode()) + bytes([kind]) + unsigned(i)
