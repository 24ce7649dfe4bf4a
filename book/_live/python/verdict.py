"""Says in words which checks of an exercise a reader's answer passes.

The checks are the solution's own asserts: `asserts_in` collects them when the
book is built, and `judge` runs them on what the reader's code has defined.
Standard library only, for this runs in the browser as well.
"""

from __future__ import annotations

import ast
import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FILE = "<check>"
NOTE, BEGIN = "__note__", "__begin__"
DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What stands in these has many values, or is written otherwise.
APART = (
    *DEFINES,
    *(ast.Lambda, ast.JoinedStr),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
# Of these the values of their arguments say more.
PLAIN = {"abs", "all", "any", "isinstance", "set"}
LONGEST = 60  # characters of a value
MOST = 6  # values for a check


def asserts_in(sources: Iterable[str]) -> list[str]:
    """The statements of a solution's cells that are, or contain, asserts.

    A function that asserts something is no check: nothing has called it.
    """
    return [
        ast.get_source_segment(source, statement) or ""
        for source in sources
        for statement in ast.parse(source).body
        if not isinstance(statement, DEFINES)
        and any(isinstance(part, ast.Assert) for part in ast.walk(statement))
    ]


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and what there is to say about it."""

    right: bool
    lines: tuple[str, ...]
    """What is said at once. It doesn't give the answer away."""
    checked: tuple[str, ...] = ()
    """What doesn't hold, with its values: for who wants to know."""


def judge(asserts: Sequence[str], namespace: dict[str, object]) -> Verdict:
    """Run the checks where the reader's code has run.

    The namespace stays as it is, and what the checks print is not seen.
    """
    copy = dict(namespace)
    failures = [told for source in asserts if (told := failure(source, copy))]
    count, passing = len(asserts), len(asserts) - len(failures)
    if not failures:
        every = {1: "the check passes", 2: "both checks pass"}
        said = every.get(count, f"all {count} checks pass")
        return Verdict(True, (f"Right: {said}.",))
    if count == 1:
        first = "Not yet: the check doesn't pass."
    else:
        passes = "pass" if passing > 1 else "passes"
        first = f"Not yet: {passing or 'none'} of {count} checks {passes}."
    # What isn't written yet makes other checks fail in ways of no interest.
    told_of = [told for told in failures if not told.checked] or failures
    hints = dict.fromkeys(hint for told in told_of for hint in told.hints)
    checked = dict.fromkeys(told.checked for told in told_of if told.checked)
    return Verdict(False, (first, *hints), tuple(checked))


@dataclass(frozen=True)
class Failure:
    """What is to be said about a check that doesn't hold."""

    hints: list[str]
    checked: str = ""
    """The check and its values; none if something isn't written yet."""


def failure(source: str, namespace: dict[str, object]) -> Failure | None:
    """Why a check doesn't hold, if it doesn't."""
    notes = Notes()
    namespace |= {NOTE: notes.note, BEGIN: notes.begin}
    tree = ast.fix_missing_locations(Noting(source).visit(ast.parse(source)))
    code = compile(tree, FILE, "exec", dont_inherit=True)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            exec(code, namespace)
    except (Exception, SystemExit) as error:
        return in_words(error, notes)
    return None


class Notes:
    """The statement of a check that runs now, and the values in it so far."""

    def __init__(self) -> None:
        self.statement = ""
        self.values: dict[str, object] = {}

    def begin(self, statement: str) -> None:
        self.statement = statement
        self.values = {}

    def note(self, text: str, value: Any) -> Any:
        self.values[text] = value
        return value


class Noting(ast.NodeTransformer):
    """Has a check note the values of its names and expressions.

    They are noted as they come up, so nothing is evaluated twice.
    """

    def __init__(self, source: str) -> None:
        self.source = source

    def text(self, node: ast.AST) -> str:
        """How it is written, on one line."""
        written = ast.get_source_segment(self.source, node) or ""
        return " ".join(written.split())

    def visit(self, node: ast.AST) -> Any:
        match node:
            case ast.Assert():
                text = self.text(node.test)
                node.test = self.visit(node.test)  # its message stays
                return [self.begin(node, text), node]
            case ast.Assign() | ast.AugAssign() | ast.Expr():
                text = self.text(node)
                return [self.begin(node, text), self.generic_visit(node)]
            case (
                ast.Name(ctx=ast.Load())
                | ast.Attribute(ctx=ast.Load())
                | ast.Subscript(ctx=ast.Load())
                | ast.Call()
                | ast.BinOp()
            ):
                text = self.text(node)
                return called(node, NOTE, text, self.generic_visit(node))
        return node if isinstance(node, APART) else self.generic_visit(node)

    def begin(self, node: ast.stmt, text: str) -> ast.stmt:
        return ast.copy_location(ast.Expr(called(node, BEGIN, text)), node)


def called(
    place: ast.stmt | ast.expr, name: str, text: str, *rest: Any
) -> ast.Call:
    """A call of one of the functions that take notes."""
    function = ast.Name(name, ast.Load())
    call = ast.Call(function, [ast.Constant(text), *rest], [])
    return ast.copy_location(call, place)


def in_words(error: BaseException, notes: Notes) -> Failure:
    """Why a check doesn't hold, the simplest reason first."""
    ours = raised_in(error.__traceback__) == FILE
    if ours and isinstance(error, NameError):
        said = f"`{error.name}`, which your code doesn't define"
        return Failure([f"The check looks for {said}."])
    if hints := list(still_to_write(notes.values)):
        return Failure(hints)
    if ours and isinstance(error, AssertionError):
        said = "isn't true"
        hint = str(error) or "A value isn't right yet."
    else:
        said = f"stops with {type(error).__name__}"
        said += f" ({error})" if str(error) else ""
        hint = f"The check {said}."
    said = f"`{notes.statement}` {said}"
    values = ", ".join(telling(notes.values)[:MOST])
    return Failure([hint], f"{said}: {values}." if values else f"{said}.")


def raised_in(traceback: TracebackType | None) -> str:
    """The file of the code that raised an exception."""
    file = ""
    while traceback:
        file = traceback.tb_frame.f_code.co_filename
        traceback = traceback.tb_next
    return file


def still_to_write(values: dict[str, object]) -> Iterator[str]:
    """What a reader has left as the starter has it."""
    for text, value in values.items():
        named = text.replace(".", "").isidentifier()
        if value is ...:
            yield f"`{text}` is still `...`."
        elif named and isinstance(value, list | tuple | set):
            if any(item is ... for item in value):
                yield f"There is still a `...` in `{text}`."
        elif value is None and not named:
            yield f"`{text}` returns None: is a `return` missing?"


def telling(values: dict[str, object]) -> list[str]:
    """The values that say something, each with what has it."""
    return [
        f"`{text}` is {shown(value)}"
        for text, value in values.items()
        if not (callable(value) or isinstance(value, ModuleType))
        and not computed_from_others(text)
        # Of `a` and `a.grad` the second.
        and not any(
            other.startswith((f"{text}.", f"{text}[")) for other in values
        )
    ]


def computed_from_others(text: str) -> bool:
    """Whether the values in an expression say more than its own does."""
    match ast.parse(text, mode="eval").body:
        case ast.Call(ast.Name(name)):
            return name in PLAIN
        case ast.BinOp():
            return True
    return False


def shown(value: object) -> str:
    """A value as Python writes it, cut when it is long."""
    try:
        text = " ".join(repr(value).split())
    except Exception as error:  # of an answer that isn't finished
        kind = type(value).__name__
        return f"a {kind} whose repr stops with {type(error).__name__}"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
