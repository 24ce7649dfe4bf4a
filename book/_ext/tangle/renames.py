"""Names of the library that were given other ones, everywhere."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tangle.chapters import Chapter
from tangle.errors import TangleError
from tangle.lines import changes, says
from tangle.package import Package


def renames(
    package: Package, texts: Mapping[str, str], chapters: Iterable[Chapter]
) -> dict[str, str]:
    """Find the library's own names that have become others everywhere.

    What only a function calls so is its own affair.
    """
    old = {file: module.text for file, module in package.files.items()}
    before, after = identifiers(old.values()), identifiers(texts.values())
    became: dict[str, set[str]] = defaultdict(set)
    for file, text in texts.items():
        rows, new = old[file].split("\n"), text.split("\n")
        for i, i_end, j, j_end in changes(rows, new):
            if i_end - i != j_end - j:
                continue
            for pair in zip(rows[i:i_end], new[j:j_end], strict=True):
                was, now = (re.findall(r"\w+", line) for line in pair)
                if len(was) == len(now):
                    for name, other in zip(was, now, strict=True):
                        if other in after - before:
                            became[name].add(other)
    ours = set(given(old.values())) - after
    for definition in package.definitions:
        ours |= set(definition.name.split(".")) - after
    found = {
        name: other
        for name, (other, *more) in became.items()
        if name in ours and not more
    }
    others = list(found.values())
    found = {n: other for n, other in found.items() if others.count(other) < 2}
    for cell in (cell for chapter in chapters for cell in chapter.cells):
        for name in set(found.values()) & identifiers([cell.source]):
            rows = cell.source.split("\n")
            row = next(n for n, row in enumerate(rows) if says(name, row))
            file, at = next(
                (file, n)
                for file, text in texts.items()
                for n, line in enumerate(text.split("\n"), 1)
                if says(name, line)
            )
            message = (
                f"`{name}` has a meaning in an earlier version, here, so"
                f" nothing can be renamed to it ({file}:{at}) in all chapters"
            )
            raise TangleError(cell.path, cell.line + row, message)
    return found


def identifiers(texts: Iterable[str]) -> set[str]:
    """Return the names in code, those in strings aside."""
    return {
        part
        for text in texts
        for node in ast.walk(ast.parse(text))
        for key, value in ast.iter_fields(node)
        if key not in ("value", "kind")
        for name in (value if isinstance(value, list) else [value])
        if isinstance(name, str)
        for part in name.split(".")
    }


def given(texts: Iterable[str]) -> Iterator[str]:
    """Yield the names of parameters and of the attributes that are set."""
    for node in (node for text in texts for node in ast.walk(ast.parse(text))):
        match node:
            case ast.arg(name) | ast.Attribute(_, name, ast.Store()):
                yield name
