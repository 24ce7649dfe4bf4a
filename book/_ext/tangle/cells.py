"""Take a tangled cell apart: its docstring, imports and definitions."""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from types import EllipsisType

from tangle import reopened
from tangle.chapters import Cell
from tangle.errors import TangleError, raise_all
from tangle.imports import Import, Line, Source
from tangle.items import Item, Piece
from tangle.names import Reads, bound_in, names_in_strings, scopes
from tangle.notebook import differences

INDENT = 4
# A string that may be an annotation; most cells have none.
QUOTED = re.compile(r"(:|->)[^\n\"'#]*[\"']|__all__")
ALLOWED = (
    "only imports, functions, classes, assignments to one name and a leading"
    " docstring can be tangled: put this in a cell of its own"
)
OF_MODULES = {
    *("__annotations__", "__builtins__", "__class__", "__dict__", "__doc__"),
    *("__file__", "__loader__", "__name__", "__package__", "__path__"),
    "__spec__",
}
STRAY_COMMENT = (
    "the imports will be sorted, and this comment has no place among them: put"
    " it above the statement, or after a name that has the line to itself"
)


def take_apart(cell: Cell, number: int) -> Piece:
    """Read a cell, the ``number``-th of the book.

    Raises TangleError if it holds what cannot be tangled.
    """
    parser = _Parser(cell, number)
    try:
        piece = parser.piece()
    except RecursionError:
        message = "an expression is nested too deeply: write it in parts"
        raise TangleError(cell.path, cell.line, message) from None
    raise_all(parser.problems)
    return piece


@dataclass(frozen=True)
class _Part:
    """A statement and the rows of the cell that go with it, from 1."""

    node: ast.stmt
    first: int
    last: int
    gap: int

    @property
    def row(self) -> int:
        """The row at which the statement itself begins."""
        return _first_row(self.node)


class _Parser:
    """Reads one cell; rows are its own lines from 1."""

    def __init__(self, cell: Cell, number: int) -> None:
        self.cell = cell
        self.number = number
        self.rows = cell.source.split("\n")
        self.problems: list[TangleError] = []
        self.imports: list[Import] = []
        self.own_names: frozenset[str] = frozenset()
        """Those of the class that is taken apart."""

    def problem(self, row: int, message: str) -> None:
        path, line = self.source(row)
        self.problems.append(TangleError(path, line, message))

    def source(self, row: int) -> Source:
        return self.cell.path, self.cell.line + row - 1

    def cut(self, first: int, last: int) -> tuple[Line, ...]:
        return tuple(
            Line(self.rows[row - 1], self.source(row))
            for row in range(first, last + 1)
        )

    def piece(self) -> Piece:
        body = self.statements()
        self.scopes = list(scopes(self.module))
        docstring = None
        items: list[Item] = []
        for part in self.parts(body, 1, len(self.rows), 0):
            match part.node:
                case ast.Expr(ast.Constant(str())) if part.node is body[0]:
                    docstring = self.item(part, "", "docstring")
                case ast.Import() | ast.ImportFrom() as node:
                    self.take_imports(node, part)
                case ast.If(ast.Name("TYPE_CHECKING"), _, []) as node:
                    self.take_typing_imports(node, part)
                case ast.ClassDef() as node:
                    items.append(self.class_item(node, part))
                case ast.FunctionDef() | ast.AsyncFunctionDef() as node:
                    self.refuse_overload(node)
                    items.append(self.item(part, node.name, "function"))
                case ast.Assign([ast.Name(name)]) | ast.AnnAssign(
                    ast.Name(name), value=ast.expr()
                ):
                    items.append(self.item(part, name, "data"))
                case _:
                    self.problem(part.row, ALLOWED)
        if items:  # what stands above it in the module is another cell's
            items[0] = replace(items[0], gap=1)
        self.refuse_repeated(items, "in one cell: leave one")
        for item in items:
            if item.key in OF_MODULES:
                message = f"`{item.key}` is Python's to set: drop it"
                if item.key == "__doc__":
                    message = "begin the cell with the docstring itself"
                self.problem(item.span[0] - self.cell.line + 1, message)
        return Piece(self.cell, docstring, tuple(self.imports), tuple(items))

    def statements(self) -> list[ast.stmt]:
        """Return the cell's statements, or raise for what isn't Python."""
        try:
            tree = ast.parse(self.cell.source)
            compile(tree, self.cell.path, "exec", dont_inherit=True)
        # What is nested too deeply for Python has no line.
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            row = getattr(error, "lineno", None) or 1
            message = (
                f"not plain Python ({getattr(error, 'msg', error)}): correct"
                " it, or put magics and commands in a cell of their own"
            )
            path, line = self.source(min(row, len(self.rows)))
            raise TangleError(path, line, message) from None
        self.module = symtable.symtable(self.cell.source, "cell", "exec")
        for row, message in differences(self.cell.source, tree, self.module):
            self.problem(row, message)
        if not tree.body:
            self.problem(1, "there is no code to tangle: write it, or drop it")
        return tree.body

    def parts(
        self, body: list[ast.stmt], first: int, last: int, indent: int
    ) -> list[_Part]:
        """Share rows ``first`` to ``last`` out among the statements.

        A comment goes with the statement below it, unless it is indented
        deeper: then it ends the body above. The last comments of a class go
        with its last statement; at the end of a cell they are refused.
        """
        parts: list[_Part] = []
        begin = first
        while begin < last and not self.rows[begin - 1].strip():
            begin += 1
        gap = 1
        for node, following in zip(
            body, [*map(_first_row, body[1:]), last + 1], strict=False
        ):
            end = _last_row(node)
            if following <= end:
                self.problem(end, "put each statement on a line of its own")
            stop = next(
                (r for r in range(end + 1, following) if self.ends(r, indent)),
                following,
            )
            if stop < following == last + 1:
                if indent == 0:
                    message = (
                        "this comment has nothing below it to belong to: move"
                        " it above a definition, or into its body"
                    )
                    self.problem(stop, message)
                stop = following
            close = stop - 1
            while not self.rows[close - 1].strip():
                close -= 1
            parts.append(_Part(node, begin, close, gap))
            begin = stop
            gap = stop - close - 1
        return parts

    def ends(self, row: int, indent: int) -> bool:
        """Whether a row between statements is a comment for the next one."""
        text = self.rows[row - 1]
        depth = len(text) - len(text.lstrip())
        return bool(text.strip()) and depth <= indent

    def item(self, part: _Part, key: str, kind: str, last: int = 0) -> Item:
        """Make an item of a statement and the rows that go with it.

        Of a class the statement ends for now with the row ``last``.
        """
        last = last or _last_row(part.node)
        reads = Reads()
        reads.visit(part.node)
        uses = (reads.now | reads.annotations) - self.own_names
        sets: set[str] = set()
        for scope in self.scopes:
            if part.row <= scope.get_lineno() <= last:
                for symbol in scope.get_symbols():
                    if symbol.is_global() and symbol.is_referenced():
                        uses.add(symbol.get_name())
                    if symbol.is_global() and symbol.is_assigned():
                        sets.add(symbol.get_name())
        return Item(
            key,
            kind,
            self.cut(part.first, part.last),
            (self.source(part.row)[1], self.source(_last_row(part.node))[1]),
            part.gap,
            self.cell,
            (self.number, part.row),
            frozenset(reads.now),
            frozenset(uses.union(self.quoted(part.node))),
            frozenset(sets),
            frozenset(reads.calls),
            bool(reads.annotations),
        )

    def quoted(self, node: ast.stmt) -> Iterable[str]:
        """Return the names in strings that Python reads as code."""
        if QUOTED.search(self.cell.source):
            return names_in_strings(node)
        return ()

    def take_imports(
        self,
        node: ast.Import | ast.ImportFrom,
        part: _Part,
        above: tuple[Line, ...] = (),
        typing: Source | None = None,
    ) -> None:
        """Note the names that a statement imports, with its comments."""
        module = ""
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                message = (
                    "a notebook is in no package to import from: name the"
                    " module in full, as in `from micrograd.engine import ...`"
                )
                self.problem(part.row, message)
        rows = [alias.lineno for alias in node.names]
        comments = self.comments(part.row, part.last)
        for row in comments:
            if rows.count(row) != 1:
                self.problem(row, STRAY_COMMENT)
        above += self.cut(part.first, part.row - 1)
        for alias in node.names:
            if alias.name == "*":
                self.problem(part.row, "name what is imported instead of `*`")
            self.imports.append(
                Import(
                    module,
                    alias.name,
                    alias.asname or "",
                    typing,
                    (self.number, alias.lineno),
                    self.source(alias.lineno),
                    tuple(line for line in above if line.text.strip()),
                    comments.get(alias.lineno, ""),
                )
            )

    def take_typing_imports(self, node: ast.If, part: _Part) -> None:
        """Note the imports of an ``if TYPE_CHECKING:`` block."""
        # What stands above the block goes with the first import in it.
        above = self.cut(part.first, part.row - 1)
        if self.comments(part.row, part.row):
            self.problem(part.row, STRAY_COMMENT)
        for inner in self.parts(
            node.body, part.row + 1, part.last, node.body[0].col_offset
        ):
            if isinstance(inner.node, ast.Import | ast.ImportFrom):
                self.take_imports(
                    inner.node, inner, above, self.source(part.row)
                )
            else:
                self.problem(inner.row, ALLOWED)
            above = ()

    def comments(self, first: int, last: int) -> dict[int, str]:
        """Return the comments of rows in which no string can stand."""
        return {
            row: mark + comment
            for row in range(first, last + 1)
            for _, mark, comment in [self.rows[row - 1].partition("#")]
            if mark
        }

    def class_item(self, node: ast.ClassDef, part: _Part) -> Item:
        """Take a class apart into its header and its members."""
        kind = "reopened" if reopened.is_reopened(node) else "class"
        first = _first_row(node.body[0])
        if self.rows[first - 1][: node.body[0].col_offset].strip():
            if kind == "reopened":
                self.problem(first, "put the body on lines of its own")
            whole = self.item(part, node.name, kind)
            return replace(whole, fixed="its body stands on its first line")
        header = first - 1
        while _is_bare(self.rows[header - 1]):
            header -= 1
        if node.body[0].col_offset != INDENT:
            self.problem(first, f"indent the class body by {INDENT} spaces")
        if kind == "reopened":
            for where, message in reopened.problems(node):
                self.problem(where.lineno, message)
            for row in self.comments(part.first, header):
                message = (
                    "these lines vanish when the class is put together: move"
                    " the comment into the class body"
                )
                self.problem(row, message)
        self.own_names = bound_in(node.body)
        members = tuple(
            self.member(inner, inner.node is node.body[0])
            for inner in self.parts(node.body, header + 1, part.last, INDENT)
        )
        self.own_names = frozenset()
        self.refuse_repeated(members, "in one class body: leave one")
        head = replace(part, node=_without_body(node), last=header)
        return replace(
            self.item(head, node.name, kind, header),
            members=members,
            bases=tuple(ast.unparse(base) for base in node.bases),
            fixed=reopened.why_fixed(node),
        )

    def member(self, part: _Part, leads: bool) -> Item:
        """Make an item of a statement of a class body."""
        match part.node:
            case ast.Expr(ast.Constant(str())) if leads:
                return self.item(part, "", "docstring")
            case ast.Pass() | ast.Expr(ast.Constant(EllipsisType())):
                return self.item(part, "", "placeholder")
            case ast.FunctionDef() | ast.AsyncFunctionDef() as node:
                self.refuse_overload(node)
                accessor = reopened.accessor(node)
                if accessor:
                    return self.item(
                        part, f"{node.name}.{accessor}", "property"
                    )
                names = reopened.decorators(node)
                kind = "property" if "property" in names else "method"
                return self.item(part, node.name, kind)
            case ast.ClassDef(name):
                return self.item(part, name, "class")
            case ast.Assign([ast.Name(name)]) | ast.AnnAssign(ast.Name(name)):
                return self.item(part, name, "attribute")
        return self.item(part, "", "statement")

    def refuse_overload(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> None:
        """Refuse a definition of which only a later one would be left."""
        for name in reopened.decorators(node):
            if name.rpartition(".")[2] == "overload":
                message = (
                    "overloads are definitions of one name, of which the last"
                    " would replace the others: annotate with a union"
                )
                self.problem(node.lineno, message)

    def refuse_repeated(self, items: Iterable[Item], where: str) -> None:
        """Refuse a name that is defined twice."""
        lines: dict[str, int] = {}
        for item in items:
            if item.key in lines:
                message = (
                    f"`{item.key}` is already defined at line"
                    f" {lines[item.key]}, {where}"
                )
                path = self.cell.path
                error = TangleError(path, item.span[0], message)
                self.problems.append(error)
            elif item.key:
                lines[item.key] = item.span[0]


def _without_body(node: ast.ClassDef) -> ast.ClassDef:
    """Return the class statement as if nothing followed its colon."""
    head = copy(node)
    head.body = [ast.Pass()]
    return head


def _first_row(node: ast.stmt) -> int:
    """Return the row at which a statement begins, decorators included."""
    nodes: list[ast.stmt | ast.expr] = [node]
    nodes += getattr(node, "decorator_list", [])
    return min(one.lineno for one in nodes)


def _last_row(node: ast.stmt) -> int:
    assert node.end_lineno is not None  # as for all that ast.parse returns
    return node.end_lineno


def _is_bare(row: str) -> bool:
    """Whether a row outside of any statement is blank or a comment."""
    return not row.strip() or row.lstrip().startswith("#")
