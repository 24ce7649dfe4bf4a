"""What the names in a cell stood for when the cell ran.

Only a running program knows what `loss.backward` is: a method of ours or of
PyTorch's. So the kernel looks, after each cell, and hands what it found to
the build (``book/_ext/run/execute.py``), which makes links of it. Where there
is no value to look at, as inside functions, annotations and assignments tell
what there will be. Looking runs nothing of the chapter's.

(Jedi, which completes names in Jupyter, was tried on the same code: of 671
names it knew only 592 as exactly.)
"""

import ast
import builtins
import inspect
import re
import sys
import types
import typing
from collections import ChainMap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from textwrap import dedent
from typing import Any

LIBRARY = "micrograd"
UNKNOWN: Any = object()

PLAIN = (int, float, complex, bool, str, bytes, object, type(None))
"""Classes whose members nobody looks up in a union, or after arithmetic."""
HOLDERS = (list, tuple, set, frozenset, dict)
DISPLAYS = {ast.Tuple: tuple, ast.List: list, ast.Set: set}
FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
)


class Instance:
    """Some value of a type, where the value itself isn't at hand."""

    def __init__(
        self, of: type, each: Any = UNKNOWN, *, at: Any = None, parts: Any = ()
    ) -> None:
        self.of = of
        self.each = each
        """What iterating over it gives."""
        self.at = each if at is None else at
        """What it has at an index or a key."""
        self.parts = parts
        """What a tuple has at its places, if these are known."""


def names_in(code: str, namespace: dict[str, Any]) -> list[list[Any]]:
    """Every name that a cell uses: line, column, text, what it may be called.

    Lines count from 1, columns from 0, in characters. A thing may be called
    by several dotted names, the likeliest first; the member of something
    unknown is called ``?.member``.
    """
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a cell magic, or an error that a chapter shows
        return []
    finder = Finder(code.split("\n"), namespace)
    finder.visit(tree)
    return finder.found


class Finder(ast.NodeVisitor):
    """Walks through a cell's code and looks at what its names stand for."""

    def __init__(self, lines: list[str], namespace: dict[str, Any]) -> None:
        self.lines = lines
        self.namespace = namespace
        self.names = ChainMap(namespace, vars(builtins))
        """What names stand for, those of the innermost function first."""
        self.owner: Any = UNKNOWN
        """The class that is being defined."""
        self.put: dict[str, Any] = {}
        """What has been assigned to attributes of ``self``."""
        self.returned: list[Any] = []
        """What the function that is being visited returns."""
        self.found: list[list[Any]] = []

    # Names, and where they stand

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            value = self.value(node)
            names = called(value, node.id)
            hidden = any(node.id in local for local in self.own)
            if not names and node.id[0].isupper() and not hidden:
                names = constant_called(value, node.id)
            self.note_end(node, node.id, names)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.generic_visit(node)
        self.note_end(node, node.attr, self.member_called(node))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.note_start(alias, alias.name, [alias.name])
            top = alias.name if alias.asname else alias.name.split(".")[0]
            self.bind_name(alias.asname or top, sys.modules.get(top, UNKNOWN))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or not node.module:
            return  # no notebook can
        module = node.module
        self.note_after(r"from\s+", node, module, [module])
        there = vars(sys.modules.get(module, types))
        for alias in node.names:
            value = there.get(alias.name, UNKNOWN)
            said = f"{module}.{alias.name}"
            self.note_start(alias, alias.name, called(value, said) or [said])
            self.bind_name(alias.asname or alias.name, value)

    def note_end(self, node: ast.expr, text: str, names: list[str]) -> None:
        """Note a name that ends where a node ends."""
        line = node.end_lineno or node.lineno
        end = self.column(line, node.end_col_offset or 0)
        self.note(line, end - len(text), text, names)

    def note_start(self, node: ast.alias, text: str, names: list[str]) -> None:
        """Note a name that begins where a node begins."""
        start = self.column(node.lineno, node.col_offset)
        self.note(node.lineno, start, text, names)

    def note_after(
        self, before: str, node: ast.stmt, text: str, names: list[str]
    ) -> None:
        """Note a name that stands after the words that begin a statement."""
        start = self.column(node.lineno, node.col_offset)
        words = re.compile(before).match(self.lines[node.lineno - 1], start)
        if words:
            self.note(node.lineno, words.end(), text, names)

    def note(self, line: int, start: int, text: str, names: list[str]) -> None:
        """Note a name, if it stands there: in f-strings Python may err."""
        if names and self.lines[line - 1].startswith(text, start):
            self.found.append([line, start, text, names])

    def column(self, line: int, offset: int) -> int:
        """A place that is counted in bytes, counted in characters."""
        return len(self.lines[line - 1].encode()[:offset].decode())

    # Scopes

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Its own names hide the cell's, inside."""
        for outside in (*node.decorator_list, node.args, node.returns):
            if outside is not None:
                self.visit(outside)
        is_method = isinstance(self.owner, type)
        self.visit_body(node, Instance(self.owner) if is_method else UNKNOWN)

    def visit_body(self, node: ast.FunctionDef, *given: Any) -> Any:
        """The statements of a function, whose first arguments are given.

        What it returns, if that is known.
        """
        local = {
            inner.id: UNKNOWN
            for inner in ast.walk(node)
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
        }
        arguments = (*node.args.posonlyargs, *node.args.args)
        for argument in (*arguments, *node.args.kwonlyargs):
            local[argument.arg] = self.hinted(argument.annotation)
        for argument, value in zip(arguments, given, strict=False):
            if local[argument.arg] is UNKNOWN:
                local[argument.arg] = value
        if node.args.vararg:
            each = self.hinted(node.args.vararg.annotation)
            local[node.args.vararg.arg] = Instance(tuple, each)
        if node.args.kwarg:
            at = self.hinted(node.args.kwarg.annotation)
            local[node.args.kwarg.arg] = Instance(dict, Instance(str), at=at)
        outer = self.owner, self.returned
        self.owner, self.returned = UNKNOWN, []
        with self.inside(local):
            for statement in node.body:
                self.visit(statement)
        result = next((r for r in self.returned if r is not UNKNOWN), UNKNOWN)
        self.owner, self.returned = outer
        return result

    def visit_Return(self, node: ast.Return) -> None:
        self.generic_visit(node)
        if node.value:
            self.returned.append(self.value(node.value))

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        inside = (a for a in ast.walk(node.args) if isinstance(a, ast.arg))
        with self.inside({argument.arg: UNKNOWN for argument in inside}):
            self.visit(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class that is reopened is a use of it."""
        known = UNKNOWN if self.own else self.namespace.get(node.name)
        for outside in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(outside)
            if isinstance(outside, ast.Name) and outside.id == "reopen":
                names = called(known, node.name)
                self.note_after(r"class\s+", node, node.name, names)
        outer, self.owner, self.put = self.owner, known, {}
        for statement in node.body:
            self.visit(statement)
        self.owner = outer

    def visit_within(self, node: Any) -> None:
        """Visit a comprehension, whose names are its own."""
        with self.binding(node):
            self.generic_visit(node)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_within
    visit_GeneratorExp = visit_within

    @contextmanager
    def binding(self, node: Any) -> Iterator[None]:
        """Know the names that a comprehension defines."""
        with self.inside({}):
            for part in node.generators:
                self.bind(part.target, element(self.value(part.iter)))
            yield

    @contextmanager
    def inside(self, local: dict[str, Any]) -> Iterator[None]:
        """Know names that hide those outside."""
        outer, self.names = self.names, self.names.new_child(local)
        yield
        self.names = outer

    # Assignments inside functions; elsewhere the values are there

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            self.bind(target, self.value(node.value))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        self.bind(node.target, self.hinted(node.annotation))

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.bind(node.target, element(self.value(node.iter)))
        self.visit(node.target)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def bind(self, target: ast.expr, value: Any) -> None:
        """Keep what a function's own names, or its attributes, stand for."""
        match target:
            case ast.Name():
                self.bind_name(target.id, value)
            case ast.Attribute(ast.Name("self")):
                self.put.setdefault(target.attr, value)
            case ast.Tuple() | ast.List():
                for index, part in enumerate(target.elts):
                    self.bind(part, item(value, index))

    def bind_name(self, name: str, value: Any) -> None:
        """Keep what a name stands for, if it isn't the cell's own."""
        if self.own:
            self.names[name] = value

    @property
    def own(self) -> list[Any]:
        """The names of the functions around, which hide the cell's."""
        return self.names.maps[:-2]

    def hinted(self, annotation: ast.expr | None) -> Any:
        """Some instance of what an annotation says."""
        if annotation is None:
            return UNKNOWN
        return hinted(ast.unparse(annotation), self.namespace)

    # What expressions stand for

    def member_called(self, node: ast.Attribute) -> list[str]:
        """What the member that an expression names is called."""
        base = self.value(node.value)
        if base is UNKNOWN:
            return [f"?.{node.attr}"]
        if isinstance(base, types.ModuleType):
            said = f"{base.__name__}.{node.attr}"
            return called(self.value(node), said) or [said]
        if isinstance(base, FUNCTIONS) and is_named(base):
            return [f"{name}.{node.attr}" for name in full_names(base)]
        names: list[str] = []
        kind = type_of(base)
        for owner in kind.__mro__ if isinstance(kind, type) else ():
            names += (f"{name}.{node.attr}" for name in full_names(owner))
            if node.attr in vars(owner):
                return names
        # Only the instance has it, so the class's own __init__ put it there.
        return names[: len(full_names(kind))]

    def value(self, node: ast.expr) -> Any:
        """What an expression stands for, as far as looking changes nothing."""
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self.names.get(node.id, UNKNOWN)
            case ast.Attribute(ast.Name("self"), attr) if attr in self.put:
                return self.put[attr]
            case ast.Attribute():
                return member(self.value(node.value), node.attr)
            case ast.Call():
                return self.result(node)
            case ast.BinOp():
                # Arithmetic with things of a class gives another of it.
                value = self.first_known(node.left, node.right)
                kind = type_of(value)
                plain = value is UNKNOWN or kind in (list, tuple)
                return value if plain else Instance(kind)
            case ast.IfExp():
                return self.first_known(node.body, node.orelse)
            case ast.Subscript(slice=ast.Slice()):
                return self.value(node.value)
            case ast.Subscript(slice=ast.Constant()):
                return item(self.value(node.value), node.slice.value)
            case ast.Subscript():
                return item(self.value(node.value), UNKNOWN)
            case ast.Tuple() | ast.List() | ast.Set():
                parts = tuple(self.value(part) for part in node.elts)
                kind = DISPLAYS[type(node)]
                return Instance(kind, common(parts), parts=parts)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                kind = set if isinstance(node, ast.SetComp) else list
                with self.binding(node):
                    return Instance(kind, self.value(node.elt))
            case ast.DictComp():
                with self.binding(node):
                    key, value = map(self.value, (node.key, node.value))
                    return Instance(dict, key, at=value)
        return UNKNOWN

    def first_known(self, *nodes: ast.expr) -> Any:
        """The first of several possible values that tells anything."""
        values = [self.value(node) for node in nodes]
        telling = (v for v in values if type_of(v) not in PLAIN)
        return next(telling, UNKNOWN)

    def result(self, node: ast.Call) -> Any:
        """What a call gives."""
        function = self.value(node.func)
        arguments = [self.value(one) for one in node.args]
        elements = [element(one) for one in arguments]
        if function is enumerate:
            elements.insert(0, UNKNOWN)
        if is_one_of(function, (enumerate, zip)):
            return Instance(list, Instance(tuple, parts=elements))
        if isinstance(node.func, ast.Attribute):
            base = self.value(node.func.value)
            if type_of(base) in HOLDERS:
                return from_holder(base, node.func.attr)
        for number, argument in enumerate(node.args):
            if isinstance(argument, ast.Starred):
                each = element(self.value(argument.value))
                arguments[number:] = [each] * 9
        return result_of(function, *arguments)


# What things are called


def full_names(thing: Any) -> list[str]:
    """Where a class or function is found, and where it says it comes from.

    ``torch.nn.Linear`` says that it comes from ``torch.nn.modules.linear``.
    """
    said = f"{thing.__module__}.{thing.__qualname__}"
    parts = str(thing.__module__).split(".")
    for length in range(1, len(parts)):
        package = ".".join(parts[:length])
        public = vars(sys.modules.get(package, types))
        if public.get(thing.__qualname__) is thing:
            return [f"{package}.{thing.__qualname__}", said]
    return [said]


def called(value: Any, said: str) -> list[str]:
    """The dotted names of a module, class or function; none for a value.

    ``said`` is how the code calls it, which may be better known.
    """
    if isinstance(value, types.ModuleType):
        return [value.__name__]
    if not callable(value):
        return []
    names = [said] if "." in said else []
    if is_named(value) and value.__name__ == said.rpartition(".")[2]:
        names += (name for name in full_names(value) if name not in names)
    return names


def constant_called(value: Any, name: str) -> list[str]:
    """The dotted names of a constant: those modules of ours that have it."""
    modules = [m for m in sys.modules if m.split(".")[0] == LIBRARY]
    names = [
        f"{module}.{name}"
        for module in sorted(modules, reverse=True)
        if vars(sys.modules[module]).get(name, UNKNOWN) is value
    ]
    return [] if value is UNKNOWN else [*names, f"__main__.{name}"]


def is_named(value: Any) -> bool:
    """Whether it is a function or class and not a value to be called."""
    own = (getattr(value, name, "") for name in ("__module__", "__qualname__"))
    return all(name and isinstance(name, str) for name in own)


# What there is to be found without running anything


def is_one_of(value: Any, others: Iterable[Any]) -> bool:
    """Whether it is among these; to ask for equality may run something."""
    return any(value is one for one in others)


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
    if isinstance(found, property):
        return result_of(found.fget)
    if isinstance(found, types.GetSetDescriptorType):
        return some_tensor(found)
    if found is UNKNOWN or isinstance(found, types.MemberDescriptorType):
        return put_by(type_of(base)).get(name, UNKNOWN)
    return found


def put_by(kind: type) -> dict[str, Any]:
    """What the ``__init__`` of a class of ours puts on its instances."""
    init = inspect.getattr_static(kind, "__init__", None)
    finder, function = reading(init)
    if finder and function:
        finder.visit_body(function)
        return finder.put
    return {}


def returned_by(function: types.FunctionType, given: tuple[Any, ...]) -> Any:
    """What a function of ours returns for these arguments."""
    finder, node = reading(function)
    if finder is None or node is None or function in FOLLOWED:
        return UNKNOWN
    FOLLOWED.append(function)
    result = finder.visit_body(node, *given)
    FOLLOWED.remove(function)
    return result


FOLLOWED: list[types.FunctionType] = []
"""The functions that are being followed: a recursive one only once."""


def reading(function: Any) -> tuple[Finder | None, ast.FunctionDef | None]:
    """The code of a function of ours, and a finder to visit it with."""
    if isinstance(function, types.FunctionType) and (
        # A function that `exec` has made may be of no module.
        str(function.__module__).split(".")[0] in ("__main__", LIBRARY)
    ):
        try:
            source = dedent(inspect.getsource(function))
            node = ast.parse(source).body[0]
        except (OSError, SyntaxError):
            return None, None
        if isinstance(node, ast.FunctionDef):
            finder = Finder(source.split("\n"), function.__globals__)
            return finder, node
    return None, None


def item(base: Any, key: Any) -> Any:
    """What a list, tuple or dictionary has at a place."""
    if isinstance(base, Instance):
        if isinstance(key, int) and -len(base.parts) <= key < len(base.parts):
            return base.parts[key]
        return base.at
    if type(base) not in HOLDERS:
        return UNKNOWN
    if key is not UNKNOWN:
        try:
            return base[key]
        except (LookupError, TypeError):
            return UNKNOWN
    return common(tuple(base.values() if type(base) is dict else base))


def element(base: Any) -> Any:
    """What iterating over it gives, if that is always the same."""
    if isinstance(base, Instance):
        return base.each
    return common(tuple(base)) if type(base) in HOLDERS else UNKNOWN


def common(items: tuple[Any, ...]) -> Any:
    """One of several things of the same kind; unknown if the kinds differ."""
    kinds = {type_of(one) for one in items}
    known = len(kinds) == 1 and not is_one_of(UNKNOWN, items)
    if known and kinds == {types.FunctionType}:
        return UNKNOWN  # functions, of which any may be meant
    return items[0] if known else UNKNOWN


def from_holder(base: Any, method: str) -> Any:
    """What a method of a list or dictionary gives."""
    match method:
        case "pop" | "get":
            return item(base, UNKNOWN)
        case "values":
            return Instance(list, item(base, UNKNOWN))
        case "items":
            parts = element(base), item(base, UNKNOWN)
            return Instance(list, Instance(tuple, parts=parts))
    return UNKNOWN


def result_of(function: Any, *given: Any) -> Any:
    """What a call gives: of a class, or as annotated, or as it returns."""
    if isinstance(function, type):
        return Instance(function)
    if not isinstance(function, FUNCTIONS):
        given = (function, *given)
        kind = type_of(function)
        function = inspect.getattr_static(kind, "__call__", None)
    if not isinstance(function, FUNCTIONS):
        return UNKNOWN
    hints = inspect.get_annotations(function)
    if "return" in hints:
        return hinted(hints["return"], getattr(function, "__globals__", {}))
    if isinstance(function, types.FunctionType):
        result = returned_by(function, given)
        if result is not UNKNOWN:
            return result
    return some_tensor(function)


def some_tensor(origin: Any) -> Any:
    """What PyTorch gives, which doesn't say so: nearly always tensors."""
    owner = getattr(origin, "__objclass__", origin)
    if str(owner.__module__).split(".")[0] == "torch":
        return Instance(sys.modules["torch"].Tensor)
    return UNKNOWN


def hinted(hint: Any, namespace: dict[str, Any]) -> Any:
    """Some instance of what an annotation says."""
    if isinstance(hint, str):
        try:
            hint = eval(hint, namespace)
        except Exception:  # whatever somebody's annotation has come to
            return UNKNOWN
    if isinstance(hint, type) and not typing.get_args(hint):
        telling = hint not in (object, type(None), Any)
        return Instance(hint) if telling else UNKNOWN
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        kinds = [hinted(one, namespace) for one in inner]
        return next((k for k in kinds if type_of(k) not in PLAIN), UNKNOWN)
    if not isinstance(origin, type):
        return UNKNOWN
    parts = tuple(hinted(one, namespace) for one in inner if one is not ...)
    if origin is tuple and ... not in inner:
        return Instance(tuple, common(parts), parts=parts)
    return Instance(origin, *parts[:1], at=parts[-1] if parts else None)
