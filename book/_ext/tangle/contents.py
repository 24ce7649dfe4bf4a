"""Reads what the book consists of, and how its pages are read.

``_toc.yml`` lists the pages and ``_config.yml`` has the settings, as Jupyter
Book reads them. Its own reader tells no lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped, unused-ignore]

from tangle.errors import TangleError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C's is faster
CONTENTS = "_toc.yml"
SETTINGS = "_config.yml"
# What Jupyter Book enables when nothing else is said.
EXTENSIONS = [
    "colon_fence",
    "dollarmath",
    "linkify",
    "substitution",
    "tasklist",
]


class Settings(NamedTuple):
    """What the settings of the book say of its cells."""

    extensions: list[str]
    """Those of MyST."""
    extensions_line: int
    not_run_line: int | None
    """The line by which no cell is run, if there is one."""


def read_yaml(text: str, path: str, first: int = 1) -> Any:
    """Return the nodes of a text, which know their lines.

    It is line ``first`` of a page at which the text begins. Raises TangleError
    if it isn't YAML, or holds itself.
    """
    try:
        try:
            node = yaml.compose(text, LOADER)
        except yaml.YAMLError:
            node = yaml.compose(text, yaml.SafeLoader)  # which knows the line
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or error
        line = mark.line if mark else 0
        raise TangleError(path, first + line, f"is not YAML: {what}") from None
    except (ValueError, RecursionError) as error:
        raise TangleError(path, first, f"is not YAML: {error}") from None
    if _holds_itself(node, ()):
        raise TangleError(path, first, "holds an alias of itself")
    return node


def _holds_itself(node: Any, above: tuple[Any, ...]) -> bool:
    if any(node is one for one in above):
        return True
    inner: list[Any] = []
    if isinstance(node, yaml.SequenceNode):
        inner = node.value
    elif isinstance(node, yaml.MappingNode):
        inner = [one for pair in node.value for one in pair]
    return any(_holds_itself(one, (*above, node)) for one in inner)


def pairs(node: Any) -> Iterator[tuple[str, Any, int]]:
    """Yield the keys of a mapping, their values, and their rows from 0."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), value, key.start_mark.line


def get(node: Any, *keys: str) -> tuple[Any, int]:
    """Return what a mapping has under keys, one in the other, and its row."""
    row = 0
    for key in keys:
        found = [(v, r) for name, v, r in pairs(node) if name == key]
        node, row = found[-1] if found else (None, row)
    return node, row


def is_kind(node: Any, kind: str) -> bool:
    """Whether a node is a "str", "bool", "int", "null", "map" or "seq"."""
    return node is not None and node.tag == f"tag:yaml.org,2002:{kind}"


def read(root: Path, file: str) -> str:
    """Return a file's text. Raises TangleError if there is none."""
    try:
        return (root / file).read_text("utf-8-sig")
    except OSError as error:
        raise TangleError(file, 1, f"cannot be read: {error}") from None
    except UnicodeDecodeError as error:
        raise TangleError(file, 1, f"is not UTF-8 text: {error}") from None


def listed_pages(
    root: Path, problems: list[TangleError]
) -> Iterator[tuple[str, int]]:
    """Yield the files of the listed pages, and the line that lists each."""
    contents = read_yaml(read(root, CONTENTS), CONTENTS)
    for entry, line in _entries(contents, problems):
        names = [entry + suffix for suffix in ("", ".md", ".ipynb", ".rst")]
        path = next((name for name in names if (root / name).is_file()), None)
        if path is None:
            message = f"no such page: {entry}.md; write it, or drop the entry"
            problems.append(TangleError(CONTENTS, line, message))
        else:
            yield path, line


def _entries(
    node: Any, problems: list[TangleError]
) -> Iterator[tuple[str, int]]:
    """Yield what names a page; a page comes before its sections."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _entries(child, problems)
    for key in ("root", "file"):
        for name, value, row in pairs(node):
            if name == key and is_kind(value, "str"):
                yield value.value, row + 1
            elif name == key:
                message = f"`{key}` names one page, such as book/01-value"
                problems.append(TangleError(CONTENTS, row + 1, message))
    for name, value, _ in pairs(node):
        if name not in ("root", "file"):
            yield from _entries(value, problems)


def settings(root: Path) -> Settings:
    """Return what ``_config.yml`` says; Jupyter Book's defaults without it."""
    text = read(root, SETTINGS) if (root / SETTINGS).exists() else ""
    config = read_yaml(text, SETTINGS)
    if config is not None and not isinstance(config, yaml.MappingNode):
        raise TangleError(SETTINGS, 1, "holds no settings: write `key: value`")
    for section in ("parse", "execute"):
        node, row = get(config, section)
        if not (node is None or is_kind(node, "map") or is_kind(node, "null")):
            message = f"`{section}` holds settings: write `key: value` below"
            raise TangleError(SETTINGS, row + 1, message)
    named, row = get(config, "parse", "myst_enable_extensions")
    extensions = EXTENSIONS
    if named is not None and not is_kind(named, "null"):
        if not is_kind(named, "seq") or not all(
            is_kind(one, "str") for one in named.value
        ):
            message = "`myst_enable_extensions` is a list of words"
            raise TangleError(SETTINGS, row + 1, message)
        extensions = [one.value for one in named.value] or EXTENSIONS
    mode, at = get(config, "execute", "execute_notebooks")
    return Settings(extensions, row + 1, at + 1 if is_off(mode) else None)


def is_off(mode: Any) -> bool:
    """Whether a setting says that nothing is to be run."""
    return mode is not None and (
        mode.value == "off"
        or (is_kind(mode, "bool") and mode.value.lower() in ("off", "false"))
    )
