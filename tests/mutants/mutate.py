"""The mutants of a Python module: its text, with one small fault put in.

Each mutant replaces the text of one expression or statement, so that all other
lines stay as they are. What is no code is left alone: docstrings, annotations,
imports, and what is there for type checkers.
"""

from __future__ import annotations

import ast
import random
from collections import defaultdict
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
}
# An order is moved at its border, and turned round.
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
REMOVED = (
    *(ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Raise),
    *(ast.Assert, ast.Delete, ast.Continue, ast.Break, ast.Return),
)
# What binds less than anything that may stand beside it.
LOOSE = ast.BinOp | ast.BoolOp | ast.Compare | ast.UnaryOp
DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Mutant:
    """One fault in a file."""

    file: str
    text: bytes
    start: int
    end: int
    now: str
    within: str
    """The function that it is in; none, if it is run on import."""
    lines: range
    """The lines of its statement, without those inside of it."""

    @cached_property
    def was(self) -> str:
        return self.text[self.start : self.end].decode()

    @cached_property
    def line(self) -> int:
        return self.text.count(b"\n", 0, self.start) + 1

    @cached_property
    def source(self) -> str:
        """The line that it begins in, without its indentation."""
        return self.text.split(b"\n")[self.line - 1].decode().strip()

    @cached_property
    def mutated(self) -> bytes:
        """The text of the file with the fault in it."""
        return (
            self.text[: self.start] + self.now.encode() + self.text[self.end :]
        )

    def __str__(self) -> str:
        was = " ".join(self.was.split())
        return f"{self.file}:{self.line}: {was} -> {self.now}"


def mutants(file: str, text: bytes) -> list[Mutant]:
    """All mutants of a file, from top to bottom."""
    found = {
        (one.start, one.end, one.now): one
        for one in _Finder(file, text).inside(ast.parse(text), "")
        if one.was != one.now
    }
    return sorted(found.values(), key=lambda one: (one.start, one.end))


def of_each_line(
    candidates: list[Mutant], count: int, seed: int
) -> list[Mutant]:
    """So many mutants of each line, drawn by a seed."""
    lines = defaultdict(list)
    for one in candidates:
        lines[one.file, one.line].append(one)
    return [
        one
        for place, there in lines.items()
        for one in of_all(there, count, f"{seed} {place}")
    ]


def of_all(
    candidates: list[Mutant], count: int, seed: int | str
) -> list[Mutant]:
    """So many mutants, or all that there are, drawn by a seed, in order."""
    rng = random.Random(seed)
    places = rng.sample(range(len(candidates)), min(count, len(candidates)))
    return [candidates[place] for place in sorted(places)]


class _Finder:
    def __init__(self, file: str, text: bytes) -> None:
        self.file = file
        self.text = text
        self.starts = [0]
        for line in text.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.names: list[str] = []
        self.lines = range(0)

    def inside(
        self,
        node: ast.AST,
        within: str,
        whole: ast.AST | None = None,
    ) -> Iterator[Mutant]:
        """The mutants of what a node is made of.

        ``whole`` is the f-string that it stands in: only the text of all of
        it can be replaced.
        """
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_params"):
                continue
            inner = within
            if isinstance(node, DEFINITION) and name == "body":
                self.names.append(node.name)
                if not isinstance(node, ast.ClassDef):
                    inner = ".".join(self.names)
            children = value if isinstance(value, list) else [value]
            for child in children:
                if isinstance(child, ast.AST) and not _is_no_code(child):
                    yield from self.of(child, inner, node, name, whole)
            if isinstance(node, DEFINITION) and name == "body":
                self.names.pop()

    def of(
        self,
        node: ast.AST,
        within: str,
        parent: ast.AST,
        field: str,
        whole: ast.AST | None,
    ) -> Iterator[Mutant]:
        """The mutants of a node, and of what it is made of."""
        outer = self.lines
        if isinstance(node, ast.stmt | ast.match_case | ast.excepthandler):
            self.lines = _lines(node)
        for variant in _variants(node, parent, field):
            site = whole or node
            now = _unparsed(site, node, variant)
            if now is not None:
                yield self.mutant(site, now, within)
        if isinstance(node, ast.JoinedStr):
            whole = whole or node
        yield from self.inside(node, within, whole)
        self.lines = outer

    def mutant(self, site: ast.AST, now: str, within: str) -> Mutant:
        start = self.starts[site.lineno - 1] + site.col_offset
        end = self.starts[site.end_lineno - 1] + site.end_col_offset
        return Mutant(
            self.file, self.text, start, end, now, within, self.lines
        )


def _lines(node: ast.AST) -> range:
    """The lines of a statement, without those of the statements inside."""
    first = node.pattern if isinstance(node, ast.match_case) else node
    match node:
        case ast.Match():
            end = node.subject.end_lineno
        case _ if hasattr(node, "body"):
            end = max(first.lineno, node.body[0].lineno - 1)
        case _:
            end = node.end_lineno
    return range(first.lineno, end + 1)


def _is_no_code(node: ast.AST) -> bool:
    """Whether a node is a docstring, an import or for type checkers."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Import() | ast.ImportFrom() | ast.Global() | ast.Nonlocal():
            return True
    return False


def _variants(node: ast.AST, parent: ast.AST, field: str) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in BINARY:
            yield _with(node, op=BINARY[type(op)]())
        case ast.UnaryOp():
            yield node.operand
        case ast.BoolOp(op=op):
            other = ast.Or if isinstance(op, ast.And) else ast.And
            yield _with(node, op=other())
        case ast.Compare(ops=ops):
            for i, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield _with(node, ops=[*ops[:i], other(), *ops[i + 1 :]])
        case ast.Constant(value=value):
            yield from map(ast.Constant, _other(value))
        case ast.Slice():
            for bound in ("lower", "upper", "step"):
                if getattr(node, bound):
                    yield _with(node, **{bound: None})
        case ast.Call(args=args):
            for i, (one, other) in enumerate(pairwise(args)):
                starred = isinstance(one, ast.Starred) or isinstance(
                    other, ast.Starred
                )
                if not starred:
                    yield _with(
                        node, args=[*args[:i], other, one, *args[i + 2 :]]
                    )
    if field == "type" and isinstance(parent, ast.ExceptHandler):
        names = node.elts if isinstance(node, ast.Tuple) else [node]
        for name in names:
            others = [one for one in names if one is not name]
            yield ast.Tuple(others, ast.Load())
    if field == "iter" and isinstance(parent, ast.For):
        yield ast.Tuple([], ast.Load())
    if field in ("test", "ifs", "guard") and not isinstance(
        node, ast.Compare | ast.BoolOp | ast.UnaryOp
    ):
        yield ast.UnaryOp(ast.Not(), node)
    match node:
        case ast.Return(value=ast.expr()):
            yield ast.Return(ast.Constant(None))
        case ast.AnnAssign(value=None):
            pass
        case _ if isinstance(node, REMOVED):
            yield ast.Pass()


def _with(node: ast.AST, **changes: object) -> ast.AST:
    other = copy(node)
    for name, value in changes.items():
        setattr(other, name, value)
    return other


def _other(value: object) -> list[object]:
    """Another constant of the same kind."""
    match value:
        case bool():
            return [not value]
        case int() | float():
            return [value + 1]
        case str():
            return [f"XX{value}XX"]
        case bytes():
            return [b"XX" + value + b"XX"]
    return []


def _unparsed(site: ast.AST, node: ast.AST, variant: ast.AST) -> str | None:
    """The text of a site in which a variant stands in for a node."""
    if site is node:
        text = ast.unparse(variant)
        return f"({text})" if isinstance(variant, LOOSE) else text

    try:
        return ast.unparse(_replaced(site, node, variant))
    except ValueError:  # no f-string can say it
        return None


def _replaced(part: Any, node: ast.AST, variant: ast.AST) -> Any:
    """A part of the tree with a variant in the place of a node."""
    if part is node:
        return variant
    if isinstance(part, list):
        return [_replaced(one, node, variant) for one in part]
    if isinstance(part, ast.AST):
        inner = ast.iter_fields(part)
        return _with(
            part,
            **{name: _replaced(one, node, variant) for name, one in inner},
        )
    return part
