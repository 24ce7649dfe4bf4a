"""Whether names mean in a module what they mean in the chapter's notebook.

All cells of a chapter have one namespace, and each file of the library has one
of its own. So a name must not be lent from another file, nor from a cell that
isn't tangled.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tangle.chapters import Chapter
from tangle.errors import TangleError
from tangle.imports import Import, Imported, module_of
from tangle.items import Item, Piece
from tangle.modules import Draft
from tangle.notebook import plain

EVERYWHERE = {*dir(builtins), "__annotations__"} - {"__name__"}
IN_MODULES = {"__file__", "__path__", "__spec__", "__package__"}


class Binding(NamedTuple):
    """What a name stands for, and the line of the page that says so."""

    stands_for: str
    """``micrograd.engine.Value``, or a page for what isn't tangled."""
    line: int
    tangled: bool = True


def problems(
    chapter: Chapter, pieces: Sequence[Piece], drafts: Mapping[str, Draft]
) -> Iterator[TangleError]:
    """Find the names of a chapter's cells that mean something else."""
    modules = {module_of(file): draft for file, draft in drafts.items()}
    if pieces:
        yield from _stars(chapter)
    there = notebook(chapter, pieces, modules)
    names: dict[str, dict[str, str]] = {}
    for file in dict.fromkeys(piece.cell.target for piece in pieces):
        yield from _undefined(file, drafts, there)
        names[file] = namespace(module_of(file), drafts[file], modules)
    for piece in pieces:
        here = names[piece.cell.target]
        for item in _parts(piece.items):
            for name in sorted(item.uses & there.keys() & here.keys()):
                # What a reader does after it, the library knows nothing of.
                if not there[name].tangled and there[name].line > item.span[1]:
                    continue
                if there[name].stands_for != here[name]:
                    yield TangleError(
                        chapter.path,
                        item.span[0],
                        f"`{name}` would be {here[name]} in"
                        f" {piece.cell.target}, and in the notebook"
                        f" {chapter.path}:{there[name].line} makes something"
                        " else of it: give one of them another name",
                    )


def lent(
    chapter: Chapter, pieces: Sequence[Piece], drafts: Mapping[str, Draft]
) -> Iterator[tuple[str, Import]]:
    """Yield what files need of others that the same chapter defines.

    A notebook can't import what it is only about to make; there, the cells
    have one namespace. So a file gets these imports by itself.
    """
    made: dict[str, str] = {}
    for piece in pieces:
        for item in piece.items:
            if item.kind != "reopened":
                made[item.key] = piece.cell.target
    for piece in pieces:
        file = piece.cell.target
        draft = drafts[file]
        known = draft.items.keys() | {one.bound for one in draft.imports}
        parts = list(_parts(piece.items))
        used = {name for item in parts for name in item.uses} - known
        when = max((item.when for item in parts), default=(0, 0))
        for name in sorted(used & made.keys()):
            # The line above the code, which is no line of the library.
            source = chapter.path, max(piece.cell.line - 1, 1)
            module = module_of(made[name])
            yield file, Import(module, name, "", None, when, source, (), "")


def _stars(chapter: Chapter) -> Iterator[TangleError]:
    """Find imports of nobody knows what."""
    for code, line in chapter.code:
        if "*" in code and re.search(r"^from .* import \*", code, re.M):
            message = (
                "name what is imported: `*` may give tangled cells below other"
                " things than their file has"
            )
            yield TangleError(chapter.path, line, message)


def _undefined(
    file: str, drafts: Mapping[str, Draft], there: Mapping[str, Binding]
) -> Iterator[TangleError]:
    """Find what a module uses and doesn't have."""
    draft = drafts[file]
    known = EVERYWHERE | IN_MODULES | draft.items.keys()
    known |= {one.bound for one in draft.imports}
    for item in _parts(draft.items.values()):
        known |= item.sets
    for item in _parts(draft.items.values()):
        for name in sorted(item.uses - known):
            where = (
                f" (as at line {there[name].line})" if name in there else ""
            )
            others = [f for f, one in drafts.items() if name in one.items]
            if others:
                where += f"; {others[0]} has it"
            message = (
                f"`{name}` is used here, and nothing in {file} defines it:"
                f" import or define it in a cell of that file{where}"
            )
            if name == "__name__":
                message = (
                    "`__name__` is `__main__` in a notebook: write it out"
                )
            yield TangleError(item.cell.path, item.span[0], message)


def _parts(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        if item.kind != "reopened":
            yield item
        yield from item.members


def namespace(
    module: str, draft: Draft, modules: Mapping[str, Draft]
) -> dict[str, str]:
    """What every name of a module stands for."""
    found = {one.bound: _origin(one, modules) for one in draft.imports}
    return found | {key: f"{module}.{key}" for key in draft.items}


def _origin(one: Imported, modules: Mapping[str, Draft]) -> str:
    """What an import stands for: where a thing of ours is defined."""
    seen = {one.origin}
    while one.is_ours and one.module in modules:
        following = [
            other
            for other in modules[one.module].imports
            if other.bound == one.name
        ]
        if not following or following[-1].origin in seen:
            break
        one = following[-1]
        seen.add(one.origin)
    return one.origin


def notebook(
    chapter: Chapter, pieces: Sequence[Piece], modules: Mapping[str, Draft]
) -> dict[str, Binding]:
    """What every name of a notebook stands for, when all cells have run."""
    tangled = {piece.cell.index: piece for piece in pieces}
    there: dict[str, Binding] = {}
    for index, (code, line) in enumerate(chapter.code):
        piece = tangled.get(index)
        if piece is None:
            there |= {
                name: Binding(origin or chapter.path, line, False)
                for name, origin in bound_by(code, modules)
            }
            continue
        for one in piece.imports:
            origin = _origin(one, modules)
            there[one.bound] = Binding(origin, one.source[1])
        module = module_of(piece.cell.target)
        for item in piece.items:
            there[item.key] = Binding(f"{module}.{item.key}", item.span[0])
    return there


def bound_by(
    code: str, modules: Mapping[str, Draft]
) -> Iterator[tuple[str, str]]:
    """Yield the names that a cell binds, and what the imported ones are."""
    code = plain(code)
    body = ast.parse(code).body
    table = symtable.symtable(code, "cell", "exec")
    imported = set()
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for one in imports_of(node):
                imported.add(one.bound)
                yield one.bound, _origin(one, modules)
    tables = [table]
    while tables:
        inner = tables.pop()
        tables += inner.get_children()
        for symbol in inner.get_symbols():
            name = symbol.get_name()
            bound = inner is table or symbol.is_declared_global()
            if bound and symbol.is_assigned() and name not in imported:
                yield name, ""


def imports_in(code: str) -> list[str]:
    """Return a cell's statements that import from the library."""
    return [
        ast.unparse(node)
        for node in ast.parse(plain(code)).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(one.is_ours for one in imports_of(node))
    ]


def imports_of(node: ast.Import | ast.ImportFrom) -> Iterator[Imported]:
    """Yield what a statement imports."""
    module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
    for alias in node.names:
        yield Imported(module, alias.name, alias.asname or "")
