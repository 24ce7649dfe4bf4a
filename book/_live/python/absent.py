"""The packages that Python in the page doesn't have.

A cell that imports one beside other things can be run; only where the package
is used, it can't.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NoReturn

ABSENT = {
    "torch": "PyTorch",
    "matplotlib": "Matplotlib",
    "numpy": "NumPy",
    "llvmlite": "LLVM (llvmlite)",
    "sklearn": "scikit-learn",
}
"""What it would take too long to fetch, or what no browser can run."""


class NotHereError(Exception):
    """A cell has used a package that isn't there."""


def why_not(package: str) -> str:
    """What readers are told instead of an output."""
    return (
        f"This needs {ABSENT[package]}, which Python on this page doesn't "
        "have. It runs in Jupyter, on your machine."
    )


class Absent:
    """Stands for a package that isn't there, until it is used."""

    def __init__(self, package: str) -> None:
        self._package = package

    def __getattr__(self, name: str) -> NoReturn:
        raise NotHereError(why_not(self._package))

    def __call__(self, *arguments: object, **named: object) -> NoReturn:
        raise NotHereError(why_not(self._package))


def package_of(module: str) -> str:
    """``matplotlib.pyplot`` is in the package ``matplotlib``."""
    return module.partition(".")[0]


def bound_by(statement: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that an import of absent packages binds, and the packages."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            package = package_of(alias.name)
            if package in ABSENT:
                yield alias.asname or package, package
    elif isinstance(statement, ast.ImportFrom) and not statement.level:
        package = package_of(statement.module or "")
        if package in ABSENT:
            for alias in statement.names:
                yield alias.asname or alias.name, package


class _Replacer(ast.NodeTransformer):
    """Replaces imports, also those in functions."""

    def visit_Import(self, node: ast.Import) -> ast.stmt | list[ast.stmt]:
        kept = [a for a in node.names if package_of(a.name) not in ABSENT]
        placed = placeholders(node)
        if not placed:
            return node
        if kept:
            node.names = kept
            return [node, *placed]
        return placed

    def visit_ImportFrom(
        self, node: ast.ImportFrom
    ) -> ast.stmt | list[ast.stmt]:
        return placeholders(node) or node


def placeholders(statement: ast.stmt) -> list[ast.stmt]:
    """Assignments that stand for an import of what isn't there."""
    found: list[ast.stmt] = []
    for name, package in bound_by(statement):
        maker = f"__import__('absent').Absent({package!r})"
        source = f"{maker}()" if name == "*" else f"{name} = {maker}"
        (made,) = ast.parse(source).body
        for node in ast.walk(made):
            ast.copy_location(node, statement)
        found.append(made)
    return found


def without_absent(tree: ast.Module) -> ast.Module:
    """A cell's code in which nothing absent is imported."""
    replaced = _Replacer().visit(tree)
    assert isinstance(replaced, ast.Module)
    return replaced


def reasons(cells: Iterable[tuple[str, str]]) -> list[str]:
    """For each cell of a page, why it can't be run here; nothing if it can.

    Of a cell its code is given, and the reason if it is known already. A
    cell needs the packages that it uses, and whatever those cells need that
    alone have defined a name which it uses.
    """
    needing: dict[str, str] = {}
    found = []
    for code, reason in cells:
        uses, stores, imports = names(code)
        needing |= {name: why_not(pack) for name, pack in imports.items()}
        missing = (needing[name] for name in sorted(uses) if name in needing)
        reason = reason or next(missing, "")
        for name in stores:
            if reason:
                needing[name] = reason
            else:
                needing.pop(name, None)
        found.append(reason)
    return found


def names(code: str) -> tuple[set[str], set[str], dict[str, str]]:
    """The names a cell takes from others, assigns, and imports in vain."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # which a chapter shows
        return set(), set(), {}
    uses: set[str] = set()
    stores: set[str] = set()
    imports: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Name(name, ast.Load()):
                uses.add(name)
            case ast.Name(name) | ast.arg(name):
                stores.add(name)
            case ast.FunctionDef(name) | ast.ClassDef(name):
                stores.add(name)
            case ast.Import(aliases) | ast.ImportFrom(names=aliases):
                imports |= dict(bound_by(node))
                stores |= {a.asname or package_of(a.name) for a in aliases}
    return uses - (stores - set(imports)), stores - set(imports), imports
