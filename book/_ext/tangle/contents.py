"""Reads what the book consists of, and how its pages are read.

``_toc.yml`` lists the pages and ``_config.yml`` has the settings, as Jupyter
Book reads them. Its own reader tells no lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from textwrap import shorten
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped, unused-ignore]

from tangle.errors import TangleError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C's is faster
DEEPEST = 50
RUNNING = ("auto", "cache", "force", "inline")
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
    not_run: tuple[tuple[str, int], ...]
    """Patterns of pages that are not run, and the lines that say so."""

    def line_that_excludes(self, path: str) -> int | None:
        """The line by which a page isn't run, if there is one."""
        for pattern, line in self.not_run:
            if PurePosixPath(path).match(pattern):
                return line
        return None


def read_yaml(text: str, path: str, first: int = 1) -> Any:
    """Return the nodes of a text, which know their lines.

    It is line ``first`` of a page at which the text begins. Raises TangleError
    if it isn't YAML, or no end of it is seen.
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
    if _depth(node, {}) > DEEPEST:
        raise TangleError(path, first, "is nested too deeply, or in itself")
    return node


def _depth(node: Any, known: dict[int, int], above: int = 0) -> int:
    """How deep a node is nested; no further than ``DEEPEST``."""
    if above > DEEPEST or not isinstance(node, yaml.CollectionNode):
        return above
    if id(node) not in known:
        known[id(node)] = DEEPEST  # so that it is too deep in itself
        inner: list[Any] = node.value
        if isinstance(node, yaml.MappingNode):
            inner = [one for pair in node.value for one in pair]
        depths = [_depth(one, known, above + 1) - above for one in inner]
        known[id(node)] = max(depths, default=0)
    return above + known[id(node)]


def pairs(node: Any) -> Iterator[tuple[str, Any, int]]:
    """Yield the keys of a mapping, their values, and their rows from 0."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), value, key.start_mark.line


def unmade(node: Any) -> Iterator[tuple[str, int]]:
    """Yield the keys of which YAML can't make the values, and their rows."""
    for name, value, row in pairs(node):
        try:
            yaml.SafeLoader("").construct_object(value, deep=True)
        except (yaml.YAMLError, AttributeError, TypeError, ValueError):
            yield name, row


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
    for entry, line in _entries(contents, problems, set()):
        names = [entry + suffix for suffix in ("", ".md", ".ipynb", ".rst")]
        path = next((name for name in names if _is_file(root / name)), None)
        if path is None:
            said = shorten(entry, 60, placeholder="…")
            message = f"no such page: {said}.md; write it, or drop the entry"
            problems.append(TangleError(CONTENTS, line, message))
        else:
            yield path, line


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # such as a name that is too long
        return False


def _entries(
    node: Any, problems: list[TangleError], seen: set[int]
) -> Iterator[tuple[str, int]]:
    """Yield what names a page; a page comes before its sections."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _entries(child, problems, seen)
    for key in ("root", "file"):
        for name, value, row in pairs(node):
            if name == key and is_kind(value, "str"):
                yield value.value, row + 1
            elif name == key:
                message = f"`{key}` names one page, such as book/01-value"
                problems.append(TangleError(CONTENTS, row + 1, message))
    for name, value, _ in pairs(node):
        if name not in ("root", "file"):
            yield from _entries(value, problems, seen)


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
    not_run = []
    for keys in (
        ("execute", "execute_notebooks"),
        ("sphinx", "config", "nb_execution_mode"),
    ):
        mode, at = get(config, *keys)
        if mode is not None and not runs(mode):
            not_run.append(("*", at + 1))
    excluded, at = get(config, "execute", "exclude_patterns")
    if is_kind(excluded, "seq"):
        not_run += [(one.value, at + 1) for one in excluded.value]
    return Settings(extensions, row + 1, tuple(not_run))


def runs(mode: Any) -> bool:
    """Whether a setting says that cells are run."""
    return is_kind(mode, "str") and mode.value in RUNNING
