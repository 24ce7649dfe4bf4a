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
    "numpy": "NumPy",
    "llvmlite": "LLVM (llvmlite)",
    "sklearn": "scikit-learn",
}
"""What it would take too long to fetch, or what no browser can run."""
PLOTS = "matplotlib"
PLOTTING = {PLOTS, f"{PLOTS}.pyplot", f"{PLOTS}.colors"}
"""The parts of Matplotlib that something stands for: see `plots`."""


class NotHereError(Exception):
    """A cell has used a package that isn't there."""


def why_not(package: str) -> str:
    """What readers are told instead of an output."""
    if package not in ABSENT:
        return more_than_here(package)
    return (
        f"This needs {ABSENT[package]}, which Python on this page doesn't "
        "have. It runs in Jupyter, on your machine."
    )


def more_than_here(what: str) -> str:
    """What they are told of a part of Matplotlib that isn't there."""
    return (
        f"This needs {what}: more of Matplotlib than Python on this page "
        "has. It runs in Jupyter, on your machine."
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
    """``torch.nn`` is in the package ``torch``."""
    return module.partition(".")[0]


def missing(module: str) -> str | None:
    """What isn't there for a module: its package, or that part of one."""
    package = package_of(module)
    if package == PLOTS and module not in PLOTTING:
        return module
    return package if package in ABSENT else None


def in_vain(statement: ast.AST) -> Iterator[tuple[ast.alias, str, str]]:
    """What an import asks for that isn't there: the name, and what it is."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            if package := missing(alias.name):
                yield alias, alias.asname or package_of(alias.name), package
    elif isinstance(statement, ast.ImportFrom) and not statement.level:
        module = statement.module or ""
        for alias in statement.names:
            inner = f"{module}.{alias.name}" if module == PLOTS else module
            if package := missing(inner):
                yield alias, alias.asname or alias.name, package


class _Replacer(ast.NodeTransformer):
    """Replaces imports, also those in functions."""

    def visit_Import(
        self, node: ast.Import | ast.ImportFrom
    ) -> ast.stmt | list[ast.stmt]:
        vain = dict.fromkeys(alias for alias, _, _ in in_vain(node))
        if not vain:
            return node
        placed = placeholders(node)
        node.names = [alias for alias in node.names if alias not in vain]
        return [node, *placed] if node.names else placed

    visit_ImportFrom = visit_Import


def placeholders(statement: ast.stmt) -> list[ast.stmt]:
    """Assignments that stand for an import of what isn't there."""
    found: list[ast.stmt] = []
    for _, name, package in in_vain(statement):
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
                imports |= {name: what for _, name, what in in_vain(node)}
                stores |= {a.asname or package_of(a.name) for a in aliases}
    return uses - (stores - set(imports)), stores - set(imports), imports
