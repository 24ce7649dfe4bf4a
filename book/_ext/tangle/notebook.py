"""What a notebook does otherwise than Python with the text of a cell."""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from IPython.core import magics
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.magic import Magics

# What is looked for has one of these in it; most cells have none.
DYNAMIC = re.compile(r"\b(globals|vars|dir|eval|exec)\b")
REWRITTEN = re.compile(
    r"[%!?]|^[ \t]*([.,;/]|>>>|In *\[)|^[ \t]+$|\A\s", re.MULTILINE
)


@cache
def ipython() -> TransformerManager:
    """What rewrites a cell before a notebook runs it."""
    return TransformerManager()  # type: ignore[no-untyped-call]


def plain(code: str) -> str:
    """Return a cell as Python runs it, without its magics.

    Of a cell that no Python comes of, nothing.
    """
    code = re.sub(r"\A%%(?:time|timeit|capture|prun)\b.*", "", code)
    for text in (code, ipython().transform_cell(code)):
        try:
            compile(text, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return text
    return ""


def differences(
    source: str, tree: ast.Module, module: symtable.SymbolTable
) -> Iterator[tuple[int, str]]:
    """Find what would mean something else: its row, and what to do."""
    if "\n" not in source.strip():
        yield from _taken_for_a_command(tree)
    if REWRITTEN.search(source):
        yield from _rewritten(source, tree)
    if ":=" in source:
        yield from _set_on_the_way(tree, module)
    if DYNAMIC.search(source):
        yield from _looked_up(tree)


def _taken_for_a_command(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find a cell of one line that begins with a command of IPython's."""
    match tree.body:
        case [ast.AnnAssign(ast.Name(name))] if name in commands():
            pass
        case [ast.Assign([ast.Name("exit" | "quit" as name)])]:
            pass
        case _:
            return
    yield (
        1,
        f"a notebook would take this line for its command `{name}`: give it"
        " another name",
    )


@cache
def commands() -> set[str]:
    """The words at which a line alone is no Python to IPython."""
    names = {"exit", "quit"}
    for module in iter_modules(magics.__path__, f"{magics.__name__}."):
        for holder in vars(import_module(module.name)).values():
            if isinstance(holder, type) and issubclass(holder, Magics):
                names |= holder.magics.get("line", {}).keys()
    return names


def _rewritten(source: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find what IPython makes something else of before it runs it.

    It takes prompts away, and blanks from empty lines, in strings too.
    """
    code = ipython().transform_cell(source)
    try:
        if ast.dump(ast.parse(code)) == ast.dump(tree):
            return
    except SyntaxError:
        pass
    both = zip(source.split("\n"), code.split("\n"), strict=False)
    rows = (n for n, (old, new) in enumerate(both, 1) if old != new)
    yield (
        next(rows, 1),
        "a notebook would change this line before it runs it, as if it held a"
        " prompt, a magic or stray blanks: write it otherwise, in a string"
        " with `\\n` or `\\x20`",
    )


def _set_on_the_way(
    tree: ast.Module, module: symtable.SymbolTable
) -> Iterator[tuple[int, str]]:
    """Find names that are set not by a definition."""
    assigned = {s.get_name() for s in module.get_symbols() if s.is_assigned()}
    for node in ast.walk(tree):
        if isinstance(node, ast.NamedExpr) and node.target.id in assigned:
            yield (
                node.lineno,
                f"`{node.target.id} :=` is a definition, too: give it a line"
                " of its own",
            )


def _looked_up(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find what looks for names where a notebook has others."""
    for node in ast.walk(tree):
        match node:
            case ast.Name("globals"):
                name = "globals"
            case ast.Call(ast.Name("vars" | "dir" as name), [], []):
                pass
            case ast.Call(ast.Name("eval" | "exec" as name), [_], []):
                pass
            case _:
                continue
        yield (
            node.lineno,
            f"`{name}` sees the names of the whole notebook here, and of one"
            " file in the library: say which names are meant",
        )
