"""What the names in a cell stood for when the cell ran.

Only a running program knows what `loss.backward` is: a method of ours or of
PyTorch's. So the kernel looks, after each cell, and hands what it found to
the build (``book/_ext/execute.py``), which makes links of it.
"""

import ast
import builtins
import inspect
import types
from typing import Any

UNKNOWN: Any = object()


class Instance:
    """Some value of a type, where the value itself isn't at hand."""

    def __init__(self, of: type) -> None:
        self.of = of


def names_in(code: str, namespace: dict[str, Any]) -> list[list[Any]]:
    """Every name that a cell uses: line, column, text, what it may be called.

    Lines count from 1, columns from 0, in characters. A thing may be called
    by several dotted names, the likeliest first.
    """
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a cell magic, or an error that a chapter shows
        return []
    finder = Finder(code.splitlines(), namespace)
    finder.visit(tree)
    return finder.found


class Finder(ast.NodeVisitor):
    """Walks through a cell's code and looks at what its names stand for."""

    def __init__(self, lines: list[str], namespace: dict[str, Any]) -> None:
        self.lines = lines
        self.namespace = namespace
        self.local: list[dict[str, Any]] = []
        self.found: list[list[Any]] = []

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.note(node, node.id, called(self.value(node), node.id))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.generic_visit(node)
        self.note(node, node.attr, self.member_called(node))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.note_start(alias, alias.name, [alias.name])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        column = self.lines[node.lineno - 1].index(module, node.col_offset)
        self.found.append([node.lineno, column, module, [module]])
        for alias in node.names:
            value = self.namespace.get(alias.asname or alias.name, UNKNOWN)
            names = called(value, f"{module}.{alias.name}")
            self.note_start(alias, alias.name, names)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Its own names hide the cell's, inside."""
        for outside in (*node.decorator_list, node.args, node.returns):
            if outside is not None:
                self.visit(outside)
        local: dict[str, Any] = {
            inner.id: UNKNOWN
            for inner in ast.walk(node)
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
        }
        arguments = (*node.args.posonlyargs, *node.args.args)
        for argument in (*arguments, *node.args.kwonlyargs):
            local[argument.arg] = self.annotated(argument.annotation)
        self.local.append(local)
        for statement in node.body:
            self.visit(statement)
        self.local.pop()

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self.local.append({a.arg: UNKNOWN for a in node.args.args})
        self.visit(node.body)
        self.local.pop()

    def annotated(self, annotation: ast.expr | None) -> Any:
        """Some instance of the class that a parameter is said to be of."""
        if isinstance(annotation, ast.Name):
            kind = self.value(annotation)
            if isinstance(kind, type):
                return Instance(kind)
        return UNKNOWN

    def member_called(self, node: ast.Attribute) -> list[str]:
        """What the member that an expression names is called."""
        base = self.value(node.value)
        if base is UNKNOWN:
            return [f"?.{node.attr}"]
        if isinstance(base, types.ModuleType):
            return called(self.value(node), f"{base.__name__}.{node.attr}")
        names = []
        kind = type_of(base)
        for owner in kind.__mro__ if isinstance(kind, type) else ():
            if node.attr in vars(owner):
                names.append(f"{full_name(owner)}.{node.attr}")
        return names

    def value(self, node: ast.expr) -> Any:
        """What an expression stands for, as far as looking changes nothing."""
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                for local in reversed(self.local):
                    if node.id in local:
                        return local[node.id]
                known = self.namespace.get(node.id, UNKNOWN)
                return (
                    getattr(builtins, node.id, UNKNOWN)
                    if known is UNKNOWN
                    else known
                )
            case ast.Attribute():
                return member(self.value(node.value), node.attr)
            case ast.Call():
                return result_of(self.value(node.func))
            case ast.BinOp():
                return self.operated(node.left, node.right)
            case ast.UnaryOp():
                return self.operated(node.operand)
            case ast.Subscript(slice=ast.Constant()):
                return item(self.value(node.value), node.slice.value)
        return UNKNOWN

    def operated(self, *operands: ast.expr) -> Any:
        """Arithmetic with things of a class gives another of that class."""
        for operand in operands:
            kind = type_of(self.value(operand))
            if kind not in (int, float, bool, str, type, object):
                return Instance(kind)
        return UNKNOWN

    def note(self, node: ast.expr, text: str, names: list[str]) -> None:
        """Note a name that ends where a node ends."""
        if names:
            line = node.end_lineno or node.lineno
            end = self.column(line, node.end_col_offset or 0)
            self.found.append([line, end - len(text), text, names])

    def note_start(self, node: ast.alias, text: str, names: list[str]) -> None:
        """Note a name that begins where a node begins."""
        start = self.column(node.lineno, node.col_offset)
        self.found.append([node.lineno, start, text, names])

    def column(self, line: int, offset: int) -> int:
        """A place that is counted in bytes, counted in characters."""
        return len(self.lines[line - 1].encode()[:offset].decode())


def full_name(thing: Any) -> str:
    """Where a class or function says that it comes from."""
    return f"{thing.__module__}.{thing.__qualname__}"


def called(value: Any, said: str) -> list[str]:
    """The dotted names of a module, class or function; none for a value.

    ``said`` is how the code calls it, which may be better known.
    """
    if isinstance(value, types.ModuleType):
        return [value.__name__]
    if not callable(value):
        return []
    names = [said] if "." in said else []
    if is_named(value) and full_name(value) not in names:
        names.append(full_name(value))
    return names


def is_named(value: Any) -> bool:
    """Whether it is a function or class and not a value to be called."""
    own = (getattr(value, name, "") for name in ("__module__", "__qualname__"))
    return all(name and isinstance(name, str) for name in own)


def type_of(value: Any) -> Any:
    """The class of a value, or the class itself."""
    if isinstance(value, Instance):
        return value.of
    return value if isinstance(value, type) else type(value)


def member(base: Any, name: str) -> Any:
    """A member that can be looked at without running anything."""
    if base is UNKNOWN:
        return UNKNOWN
    if isinstance(base, types.ModuleType):
        return vars(base).get(name, UNKNOWN)
    holder = base.of if isinstance(base, Instance) else base
    found = inspect.getattr_static(holder, name, UNKNOWN)
    if isinstance(found, types.MemberDescriptorType) and holder is base:
        return getattr(base, name, UNKNOWN)  # a slot
    if isinstance(found, (staticmethod, classmethod)):
        return found.__func__
    return UNKNOWN if isinstance(found, property) else found


def item(base: Any, key: Any) -> Any:
    """An item of a plain list, tuple or dictionary."""
    if type(base) in (list, tuple, dict):
        try:
            return base[key]
        except (LookupError, TypeError):
            pass
    return UNKNOWN


def result_of(function: Any) -> Any:
    """What a call gives, if a class is called or a result is annotated."""
    if isinstance(function, type):
        return Instance(function)
    try:
        kind = inspect.get_annotations(function, eval_str=True)["return"]
    except Exception:  # whatever somebody's annotation has come to
        return UNKNOWN
    return Instance(kind) if isinstance(kind, type) else UNKNOWN
