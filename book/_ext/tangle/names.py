"""Which names a statement reads, needs, sets and calls."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator


class Reads(ast.NodeVisitor):
    """Collects the names that a statement reads when it is run.

    The body of a function is not run with it; its decorators, defaults and
    annotations are.
    """

    def __init__(self) -> None:
        self.now: set[str] = set()
        self.calls: set[str] = set()
        self.annotations: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.now.add(node.id)

    def visit_Call(self, node: ast.Call) -> None:
        self.called(node.func)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.called(decorator)
        self.generic_visit(node)

    def called(self, function: ast.expr) -> None:
        """Note a call of something that has a name, or is found in it."""
        named = function
        while isinstance(named, ast.Attribute | ast.Subscript | ast.Call):
            named = named.func if isinstance(named, ast.Call) else named.value
        if isinstance(named, ast.Name):
            plain = all(
                isinstance(one, ast.Attribute | ast.Name | ast.expr_context)
                for one in ast.walk(function)
            )
            self.calls.add(ast.unparse(function) if plain else named.id)

    def visit_FunctionDef(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> None:
        for decorator in node.decorator_list:
            self.called(decorator)
            self.visit(decorator)
        self.visit_defaults(node.args)
        hints = (arg.annotation for arg in _parameters(node.args))
        for hint in (*hints, node.returns):
            self.visit_annotation(hint)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit_defaults(node.args)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit_annotation(node.annotation)
        if node.value:
            self.visit(node.value)

    def visit_defaults(self, args: ast.arguments) -> None:
        for default in (*args.defaults, *args.kw_defaults):
            if default:
                self.visit(default)

    def visit_annotation(self, hint: ast.expr | None) -> None:
        if hint:
            inner = Reads()
            inner.visit(hint)
            self.annotations |= inner.now

    def visit_comprehension_of(self, node: ast.AST) -> None:
        inner = Reads()
        inner.generic_visit(node)
        self.calls |= inner.calls
        self.now |= inner.now - {
            name.id
            for name in ast.walk(node)
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        }

    visit_ListComp = visit_SetComp = visit_comprehension_of
    visit_DictComp = visit_GeneratorExp = visit_comprehension_of


def _parameters(args: ast.arguments) -> Iterator[ast.arg]:
    yield from (*args.posonlyargs, *args.args, *args.kwonlyargs)
    yield from (arg for arg in (args.vararg, args.kwarg) if arg)


def bound_in(body: list[ast.stmt]) -> frozenset[str]:
    """Return the names that a class has by its body."""
    names = set()
    for node in body:
        match node:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
                names.add(name)
            case ast.ClassDef(name):
                names.add(name)
            case _:
                names |= {
                    inner.id
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Name)
                    and isinstance(inner.ctx, ast.Store)
                }
    return frozenset(names)


def scopes(module: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """Yield the scopes of functions; Python is asked, whose business it is.

    What stands in a class or module itself is read where it stands.
    """
    tables = [module]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        if table.get_type() not in ("module", "class"):
            yield table


def names_in_strings(node: ast.stmt) -> Iterator[str]:
    """Yield the names of quoted annotations and of ``__all__``."""
    match node:
        case ast.Assign([ast.Name("__all__")], value) | ast.AnnAssign(
            ast.Name("__all__"), value=ast.expr() as value
        ):
            yield from _strings(value)
    for inner in ast.walk(node):
        for field in ("annotation", "returns"):
            hint = getattr(inner, field, None)
            if not isinstance(hint, ast.expr):
                continue
            for text in _strings(hint):
                try:
                    quoted = ast.parse(text, mode="eval")
                except SyntaxError:
                    continue  # a string of Literal[...]
                for name in ast.walk(quoted):
                    if isinstance(name, ast.Name):
                        yield name.id


def _strings(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value
