"""Lines of text and code: compared, and with other names in them."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Sequence
from difflib import SequenceMatcher

from tangle.imports import Source


def says(name: str, line: str) -> bool:
    return re.search(rf"\b{name}\b", line) is not None


def with_word(text: str, name: str, other: str) -> str:
    return re.sub(rf"\b{name}\b", other, text)


def with_name(code: str, name: str, other: str) -> str:
    """Return code with a name become another, but for strings and comments."""
    starts = [0]
    for row in code.split("\n"):
        starts.append(starts[-1] + len(row) + 1)
    made, done = "", 0
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        text = token.string
        if token.type == tokenize.NAME and text == name:
            text = other
        # Up to Python 3.11, the names in it are no tokens.
        elif token.type == tokenize.STRING and re.match("[Rr]?[Ff]", text):
            text = re.sub(
                r"\{[^{}]*\}",
                lambda found: with_word(found[0], name, other),
                text,
            )
        if text != token.string:
            made += code[done : starts[token.start[0] - 1] + token.start[1]]
            made += text
            done = starts[token.end[0] - 1] + token.end[1]
    return made + code[done:]


def matcher(old: Sequence[str], new: Sequence[str]) -> SequenceMatcher[str]:
    """Return what finds the rows that are in both, however many are equal."""
    return SequenceMatcher(None, old, new, autojunk=False)


def changes(
    old: Sequence[str], new: Sequence[str]
) -> list[tuple[int, int, int, int]]:
    """Return what differs: rows from 0 of the old, and of the new."""
    return [
        (i, i_end, j, j_end)
        for tag, i, i_end, j, j_end in matcher(old, new).get_opcodes()
        if tag != "equal"
    ]


def place(source: Source) -> str:
    return "{}:{}".format(*source)
