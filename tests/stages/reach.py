"""Which code of the library a module of tests reaches."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1] / "library"

# With these a module can reach what its imports don't name: `python` is the
# fixture that runs programs, whose imports stand in strings.
UNSEEN = {
    *("__import__", "eval", "exec", "importlib", "pkgutil"),
    *("python", "runpy", "subprocess"),
}
# A module with no other statements changes none of those beside it, which is
# why it counts for those only that import it. (The package itself imports
# nearly all of its modules, whichever is asked for.)
HARMLESS = (
    *(ast.Import, ast.ImportFrom, ast.If, ast.Expr),
    *(ast.Assign, ast.AnnAssign, ast.ClassDef, ast.FunctionDef),
)


def reached(module: str, files: Mapping[str, str]) -> dict[str, str]:
    """Those of a package's files that the tests of a module depend on.

    They are what it imports, and what that imports, the tests' helpers
    included; or all files, wherever imports might not tell everything.
    """
    if not all(map(_is_harmless, files.values())):
        return dict(files)
    found: dict[str, str] = {}
    names: set[str] = set()
    texts = [(TESTS / module).read_text()]
    while texts:
        imports = _imports(texts.pop())
        if imports is None:
            return dict(files)
        for name in imports - names:
            path = name.replace(".", "/")
            if (TESTS / f"{path}.py").exists():
                texts.append((TESTS / f"{path}.py").read_text())
            for file in {f"{path}.py", f"{path}/__init__.py"} & set(files):
                found[file] = files[file]
                texts.append(files[file])
        names |= imports
    return found


@cache
def _is_harmless(text: str) -> bool:
    return all(isinstance(node, HARMLESS) for node in ast.parse(text).body)


@cache
def _imports(text: str) -> frozenset[str] | None:
    """What may be modules among the names that are imported, anywhere.

    None if there is a way to import others.
    """
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Name(id=used) | ast.arg(arg=used):
                if used in UNSEEN:
                    return None
            case ast.Attribute(attr=used):
                if used in UNSEEN:
                    return None
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom(level=0, module=str(module)):
                names |= {module}
                names |= {f"{module}.{alias.name}" for alias in node.names}
            case ast.ImportFrom():
                return None
    if UNSEEN & {part for name in names for part in name.split(".")}:
        return None
    return frozenset(names)
