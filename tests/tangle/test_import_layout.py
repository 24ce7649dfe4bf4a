"""Imports are laid out as ruff lays them out, whatever they are."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

MODULES = [
    "os",
    "os.path",
    "sys",
    "collections.abc",
    "zlib",
    "numpy",
    "Cython",
    "a10",
    "a9",
    "matplotlib.pyplot",
    "micrograd.engine",
    "micrograd.a_rather_long_name_of_a_module",
    "micrograd",
]
NAMES = [
    "Z",
    "AB",
    "Value",
    "value",
    "_private",
    "log10",
    "log2",
    "log1p",
    "a_name_that_is_long_enough_to_make_it_wrap",
    "ANOTHER_LONG_NAME",
]


@st.composite
def statements(draw) -> str:
    module = draw(st.sampled_from(MODULES))
    comment = draw(st.sampled_from(["", "", "  # why"]))
    above = draw(st.sampled_from(["", "", "# above\n"]))
    if draw(st.booleans()):
        # An alias that no other import has: two of one name are refused.
        alias = draw(
            st.sampled_from(["", f" as as_{module.replace('.', '')}"])
        )
        return f"{above}import {module}{alias}{comment}"
    names = draw(
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)
    )
    tail = module.replace(".", "_")
    said = [f"{name}_{tail}" for name in names]
    if draw(st.booleans()):
        said[0] += f" as as_{said[0]}"
    if len(said) > 1:
        comment = ""
    return f"{above}from {module} import {', '.join(said)}{comment}"


def bound(code: str) -> list[str]:
    """The names that import statements define."""
    return sorted(
        {
            (alias.asname or alias.name).partition(".")[0]
            for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
    )


# What a cell imports, and how it is laid out.
LAID_OUT = {
    "kinds of names": (
        "from m import value, Value, A, BC, Z_, _a, b10, b9, B, bB, bb",
        "from m import BC, Z_, A, B, Value, _a, b9, b10, bB, bb, value",
    ),
    "kinds of modules": (
        "from __future__ import annotations\nfrom a9 import x\n"
        "import os\nimport a10\nimport a9\nimport micrograd\n"
        "import Cython\nimport b\nimport json\nfrom json import dumps",
        "from __future__ import annotations\n\nimport json\nimport os\n"
        "from json import dumps\n\nimport a9\nimport a10\nimport b\n"
        "import Cython\nfrom a9 import x\n\nimport micrograd",
    ),
    "names that differ in their letters' size": (
        "import bb\nimport bB",
        "import bB\nimport bb",
    ),
    "aliases": (
        "from m import a as c, a as b, x\nimport m as k\nimport m as j",
        "import m as j\nimport m as k\n"
        "from m import a as b\nfrom m import a as c\nfrom m import x",
    ),
    "a line that just fits": (
        f"from m import {'a' * 32}, {'b' * 31}",
        f"from m import {'a' * 32}, {'b' * 31}",
    ),
    "a line that is too long": (
        f"from m import {'a' * 32}, {'b' * 32}",
        f"from m import (\n    {'a' * 32},\n    {'b' * 32},\n)",
    ),
    "a line that a comment makes too long": (
        f"from m import {'a' * 50}  # {'b' * 12}",
        f"from m import (\n    {'a' * 50},  # {'b' * 12}\n)",
    ),
    "a module that is too long": (
        f"import {'a' * 40}.{'b' * 40}",
        f"import {'a' * 40}.{'b' * 40}",
    ),
    "comments": (
        "# One.\n# Two.\nfrom m import b  # b\n"
        "# Two.\n# Three.\nfrom m import a\n"
        "from m import b\nimport x  # x\nimport y",
        "import x  # x\nimport y\n\n# Two.\n# Three.\n# One.\n# Two.\n"
        "from m import (\n    a,\n    b,  # b\n)",
    ),
    "a comment first": ("# One.\nimport x", "# One.\nimport x"),
}


@pytest.mark.parametrize("what", LAID_OUT)
def test_imports_are_laid_out(book, what):
    cell, expected = LAID_OUT[what]
    names = ", ".join(bound(cell))
    book.chapter("01-one", f"{cell}\n\nUSES = ({names},)")
    head = book.text().partition("USES")[0]
    assert head.strip("\n") == expected


def test_what_is_imported_twice_is_as_it_was_last(book):
    """With the comments of all, and at run time if one of them is."""
    book.chapter(
        "01-one",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    # One.\n    from m import a  # a\n    from m import b\n"
        "    from m import c",
        "from m import a, c\nx: 'b' = (a, c)",
        "if TYPE_CHECKING:\n    # One.\n    # Two.\n    from m import a",
    )
    assert book.text().strip("\n").split("\n") == [
        "from typing import TYPE_CHECKING",
        "",
        "# One.",
        "# Two.",
        "from m import (",
        "    a,  # a",
        "    c,",
        ")",
        "",
        "if TYPE_CHECKING:",
        "    from m import b",
        "",
        "x: 'b' = (a, c)",
    ]
    lines = book.package().files["micrograd/m.py"].lines
    path = "book/01-one.md"
    sources = {line.text.strip(): line.source for line in lines}
    last = book.line(path, "    from m import a")
    assert sources["from m import ("] == sources[")"] == (path, last)
    assert sources["a,  # a"] == (path, last)
    assert sources["c,"] == (path, book.line(path, "from m import a, c"))
    assert sources["# Two."] == (path, book.line(path, "# Two."))
    typing = book.line(path, "from typing") + 1
    assert sources["if TYPE_CHECKING:"] == (path, typing)


@settings(max_examples=40)
@given(
    cells=st.lists(
        st.lists(statements(), min_size=1, max_size=5), min_size=1, max_size=3
    )
)
def test_ruff_finds_nothing_to_sort(make_book, cells):
    book = make_book()
    codes = ["\n".join(lines) for lines in cells]
    uses = [f"x{n} = ({', '.join(bound(c))},)" for n, c in enumerate(codes)]
    book.chapter(
        "01-one",
        *(f"{c}\n\n{u}" for c, u in zip(codes, uses, strict=True)),
    )
    text = book.package().files["micrograd/m.py"].text
    assert bound(text) == bound("\n".join(codes))
    ruff = [Path(sys.executable).with_name("ruff")]
    options = ["--isolated", "--no-cache", "--line-length=79"]
    ours = "lint.isort.known-first-party=['micrograd']"
    sort = ["check", "--select=I", "--config", ours, "--diff"]
    checked = subprocess.run(
        [*ruff, *sort, *options, "-"],
        input=text,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout
    head = text[: text.index("\nx0")]
    formatted = subprocess.run(
        [*ruff, "format", *options, "-"],
        input=head,
        capture_output=True,
        text=True,
    )
    assert formatted.stdout == head
