"""How a class goes on in a later cell, and when that means the same.

In a notebook ``reopen`` puts the attributes of a finished body on a class that
is finished too; in the library the body is part of the class from the start.
What could tell the two apart is refused here.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Set
from dataclasses import replace
from typing import TypeAlias

from tangle.errors import TangleError
from tangle.items import Item, placed

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

ACCESSORS = ("getter", "setter", "deleter")
DECORATORS = ("property", "staticmethod", "classmethod")
INSTEAD = "define the whole class again"


def decorators(node: Function | ast.ClassDef) -> list[str]:
    """Return a definition's decorators as they are written."""
    return [ast.unparse(decorator) for decorator in node.decorator_list]


def is_reopened(node: ast.ClassDef) -> bool:
    """Whether a class statement goes on with a class."""
    return any(
        name.rpartition(".")[2] == "reopen" for name in decorators(node)
    )


def defined(statement: ast.stmt) -> str:
    """Return the name that a statement of a class defines, or nothing."""
    match statement:
        case (
            ast.FunctionDef(name)
            | ast.AsyncFunctionDef(name)
            | ast.ClassDef(name)
            | ast.Assign([ast.Name(name)])
            | ast.AnnAssign(ast.Name(name))
        ):
            return name
    return ""


def accessor(node: Function) -> str:
    """Return "setter" for a property's setter and so on, else nothing."""
    for name in decorators(node):
        owner, _, part = name.rpartition(".")
        if owner == node.name and part in ACCESSORS:
            return part
    return ""


def why_fixed(node: ast.ClassDef) -> str:
    """Say why this class cannot be reopened; nothing if it can."""
    if node.decorator_list:
        return "a decorator has seen its body"
    if node.keywords:
        return "its keywords may say how its body is read"
    return ""


def problems(node: ast.ClassDef) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    """Find what a reopened class must not hold, and say what to do."""
    if decorators(node) != ["reopen"]:
        yield node, "a reopened class has the decorator `@reopen` and no other"
    for extra in (*node.bases, *(word.value for word in node.keywords)):
        message = f"the class has its bases and keywords already: {INSTEAD}"
        yield extra, message
    names = [defined(statement) for statement in node.body]
    for index, statement in enumerate(node.body):
        yield from _problems_of(statement, names[:index], names)
        inside = list(ast.walk(statement))
        called = {id(one.func) for one in inside if isinstance(one, ast.Call)}
        for inner in inside:
            yield from _differences(inner, statement, called)


def _problems_of(
    statement: ast.stmt, above: list[str], names: list[str]
) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    """Find what is wrong with one statement of a reopened body."""
    match statement:
        case ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
            if name == "__init_subclass__":
                yield statement, f"`{name}` is for the first body: {INSTEAD}"
            if name == "__eq__" and "__hash__" not in names:
                message = (
                    "`__eq__` alone would take the class's `__hash__` away:"
                    " define `__hash__` beside it"
                )
                yield statement, message
            for decorator in statement.decorator_list:
                written = ast.unparse(decorator)
                if accessor(statement) and name not in above:
                    message = (
                        f"the property `{name}` is not in this body: define"
                        " its getter here too, above"
                    )
                    yield decorator, message
                if written not in DECORATORS and not accessor(statement):
                    message = (
                        f"`@{written}` may look at the class, which is not"
                        f" there yet in a reopened body: {INSTEAD}"
                    )
                    yield decorator, message
        case ast.Assign([ast.Name("__slots__")]) | ast.AnnAssign(
            ast.Name("__slots__")
        ):
            yield statement, f"slots are made with the class: {INSTEAD}"
        case ast.AnnAssign(ast.Name(name), value=None):
            message = (
                f"`{name}` has no value, so nothing would be added to the"
                f" class: give it one, or {INSTEAD}"
            )
            yield statement, message
        case ast.AnnAssign(ast.Name(name)):
            message = (
                "a notebook forgets this annotation as the class goes on:"
                f" write `{name} = ...`, or {INSTEAD}"
            )
            yield statement, message
        case ast.Assign([ast.Name()], value):
            if isinstance(value, ast.Call) and not _is_builtin(value.func):
                message = (
                    "what this call makes may look at the class, which is not"
                    f" there yet in a reopened body: {INSTEAD}"
                )
                yield value, message
        case ast.Expr(ast.Constant(str())):
            message = (
                "the class has its docstring already: make this a comment, or"
                f" {INSTEAD}"
            )
            yield statement, message
        case _:
            message = (
                "a reopened body holds functions and assignments to one name:"
                f" {INSTEAD}"
            )
            yield statement, message


def _is_builtin(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and hasattr(builtins, function.id)


def _differences(
    node: ast.AST, statement: ast.stmt, called: Set[int]
) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    """Find what means another class in the notebook than in the library."""
    where = node if isinstance(node, ast.stmt | ast.expr) else statement
    match node:
        case ast.Call(ast.Name("super"), [], []):
            message = (
                "`super()` would mean the class of this body alone: name the"
                " class, as in `super(Value, self)`"
            )
            yield where, message
        case ast.Name("super") if id(node) not in called:
            message = (
                "`super` must be seen to be called: name the class, as in"
                " `super(Value, self)`"
            )
            yield where, message
        case ast.Name("__class__"):
            message = (
                "`__class__` would mean the class of this body alone: write"
                " `type(self)`"
            )
            yield where, message
    for name in _identifiers(node):
        if name.startswith("__") and not name.endswith("__"):
            message = (
                f"`{name}` is renamed by Python for the class it stands in:"
                f" begin it with one underscore, `{name[1:]}`"
            )
            yield where, message


def _identifiers(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node itself spells."""
    if isinstance(node, ast.Constant):
        return
    for _, value in ast.iter_fields(node):
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str):
                yield name


def put_into(class_: Item, body: Item) -> Item:
    """Return a class with the members of a reopened body."""
    old = (one for one in class_.members if one.kind != "placeholder")
    after = body.cell.after_in(class_.key)
    return replace(class_, members=placed(body.members, old, after))


def why_not(body: Item, target: Item | None) -> Iterator[TangleError]:
    """Find why a body cannot be put into the class of its name."""

    def problem(item: Item, message: str) -> TangleError:
        return TangleError(body.cell.path, item.span[0], message)

    if not target or target.kind != "class":
        message = (
            f"there is no class `{body.key}` in {body.cell.target} yet: define"
            " it in an earlier cell of that file, or correct the name"
        )
        yield problem(body, message)
        return
    if target.fixed:
        message = (
            f"`{body.key}` ({target.place}) cannot be reopened, because"
            f" {target.fixed}: define the whole class again instead"
        )
        yield problem(body, message)
    members = {one.key for one in target.members if "." not in one.key}
    above: set[str] = set()
    for member in body.members:
        for name in sorted(member.reads & members - above):
            message = (
                f"`{name}` is not defined above in this body, so a notebook"
                f" would not look for it in `{body.key}` as the library does:"
                " define it above, or use it inside a method"
            )
            yield problem(member, message)
        above.add(member.key)
