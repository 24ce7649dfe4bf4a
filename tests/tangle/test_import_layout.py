"""Imports are laid out as ruff lays them out, whatever they are."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

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
