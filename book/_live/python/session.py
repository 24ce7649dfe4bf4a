"""Runs the cells of a page as a notebook does, in the page.

What a cell prints and shows goes to the page piece by piece, by ``emit``.
"""

from __future__ import annotations

import ast
import builtins
import io
import linecache
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

import absent
import drawing
import tracebacks

Output = dict[str, Any]
Emit = Callable[[Output], None]

MOST = 20_000_000
"""So many characters of a run go to the page, and no more."""
CUT_OFF = f"\n… cut off after {MOST:,} characters\n"
PAUSE = 0.05
"""Seconds between two pieces of text, so that the page keeps up."""
NO_INPUT = (
    "input() gets no answer here: a page can't ask while a cell is running. "
    'Write the answer into the code, as in `name = "Ada"`; or run this in '
    "Jupyter, on your machine."
)


class Printed:
    """What cells print, on its way to the page."""

    def __init__(self) -> None:
        self.emit: Emit = lambda output: None
        self.waiting: list[str] = []
        self.left = MOST
        self.last = 0.0

    def begin(self, emit: Emit) -> None:
        """Send what is printed from here on to the output of a run."""
        self.emit, self.left, self.last = emit, MOST, 0.0

    def add(self, text: str) -> None:
        """Take some text; the page gets it soon."""
        if self.left > 0:
            self.waiting.append(text[: self.left])
            self.left -= len(text)
            if self.left <= 0:
                self.waiting.append(CUT_OFF)
        self.flush()

    def flush(self) -> None:
        """Send what is waiting, if not too soon: `print` may ask for it."""
        if time.monotonic() - self.last > PAUSE:
            self.send()

    def send(self) -> None:
        """Send what is waiting."""
        if self.waiting:
            self.emit({"kind": "text", "text": "".join(self.waiting)})
            self.waiting.clear()
            self.last = time.monotonic()

    def show(self, output: Output) -> None:
        """Send something else, after what was printed before."""
        self.send()
        self.emit(output)


class Stream(io.TextIOBase):
    """A cell's `sys.stdout` or `sys.stderr`."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, printed: Printed, name: str, errors: str) -> None:
        self.printed = printed
        self.name = name
        self.errors = errors

    def writable(self) -> bool:
        return True

    def write(self, text: object, /) -> int:
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        if not isinstance(text, str):
            kind = type(text).__name__
            raise TypeError(f"write() argument must be str, not {kind}")
        sent = text.encode(self.encoding, self.errors).decode(self.encoding)
        self.printed.add(sent)
        return len(text)

    def flush(self) -> None:
        if not self.closed:
            self.printed.flush()


class Unanswered(io.TextIOBase):
    """A cell's `sys.stdin`: whoever reads it is told what to do instead."""

    encoding = "utf-8"

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> NoReturn:
        raise absent.NotHereError(NO_INPUT)

    readline = read


class Session:
    """The cells of one page, and what they have defined."""

    def __init__(self, chapter: int | None) -> None:
        self.chapter = chapter
        # As in a notebook, what the cells define is in the main module.
        self.namespace: dict[str, Any] = vars(sys.modules["__main__"])
        self.cells: dict[str, int] = {}
        self.printed = Printed()

    def run(self, code: str, number: int, emit: Emit) -> bool:
        """Run a cell; whether it came to its end."""
        self.printed.begin(emit)
        before = sys.stdin, sys.stdout, sys.stderr
        sys.stdin = Unanswered()
        sys.stdout = Stream(self.printed, "<stdout>", "strict")
        sys.stderr = Stream(self.printed, "<stderr>", "backslashreplace")
        vars(builtins)["display"] = self.display  # as there, without an import
        # A warning is shown once for each line: of this run, not of all.
        self.namespace.pop("__warningregistry__", None)
        drawing.unshown.clear()
        try:
            self.execute(code, number)
            self.display(*drawing.unshown)
        except BaseException as error:
            text = cut(self.told(error))
            self.printed.show({"kind": "error", "text": text})
            return False
        finally:
            sys.stdin, sys.stdout, sys.stderr = before
        self.printed.send()
        return True

    def display(self, *values: object) -> None:
        """Show values where the running cell has come to."""
        for value in values:
            self.printed.show(shown(value))

    def told(self, error: BaseException) -> str:
        """Why a cell has failed."""
        if isinstance(error, absent.NotHereError):
            return str(error)
        return tracebacks.told(error, self.cells, self.chapter)

    def execute(self, code: str, number: int) -> None:
        """Run the statements, and show the value of the last one."""
        file = f"ipykernel/code cell {number}"  # as one in a notebook
        self.cells[file] = number
        lines = code.splitlines(keepends=True)
        linecache.cache[file] = (len(code), None, lines, file)
        tree = absent.without_absent(ast.parse(code, file))
        last: ast.Expression | None = None
        if tree.body and isinstance(statement := tree.body[-1], ast.Expr):
            tree.body.pop()
            last = ast.Expression(statement.value)
        # `dont_inherit`: what this module imports from __future__ isn't there.
        body = compile(tree, file, "exec", dont_inherit=True)
        exec(body, self.namespace)
        if last:
            end = compile(last, file, "eval", dont_inherit=True)
            value = eval(end, self.namespace)
            if value is not None and not code.rstrip().endswith(";"):
                self.namespace["_"] = value
                self.display(value)


def shown(value: Any) -> Output:
    """A value as it is seen under a cell: drawn, or as text."""
    if (drawn := drawing.drawn(value)) is not None:
        return {"kind": "svg", **drawn}
    return {"kind": "text", "text": cut(repr(value)) + "\n"}


def cut(text: str) -> str:
    """As much of a text as a page can show."""
    return text if len(text) <= MOST else text[:MOST] + CUT_OFF
