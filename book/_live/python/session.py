"""Runs the cells of a page as a notebook does, in the page.

What a cell prints and shows goes to the page piece by piece, by ``emit``.
"""

from __future__ import annotations

import ast
import linecache
import sys
import time
from collections.abc import Callable
from typing import Any

import absent
import drawing
import tracebacks

Output = dict[str, Any]
Emit = Callable[[Output], None]

MOST = 100_000
"""So many characters of a run are shown, and no more."""
CUT_OFF = f"\n… cut off after {MOST:,} characters"
PAUSE = 0.05
"""Seconds between two pieces of text, so that the page keeps up."""


class Printed:
    """What a cell prints, on its way to the page."""

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self.waiting: list[str] = []
        self.left = MOST
        self.last = 0.0

    def write(self, text: str) -> int:
        """Take some text; the page gets it soon."""
        if self.left > 0:
            self.waiting.append(text[: self.left])
            self.left -= len(text)
            if self.left <= 0:
                self.waiting.append(CUT_OFF)
        self.flush()
        return len(text)

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


class Session:
    """The cells of one page, and what they have defined."""

    def __init__(self, chapter: int | None) -> None:
        self.chapter = chapter
        # As in a notebook, what the cells define is in the main module.
        self.namespace: dict[str, Any] = vars(sys.modules["__main__"])
        self.cells: dict[str, int] = {}

    def run(self, code: str, number: int, emit: Emit) -> bool:
        """Run a cell; whether it came to its end."""
        printed = Printed(emit)
        before = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = printed
        try:
            self.execute(code, number, emit, printed)
        except BaseException as error:
            printed.send()
            emit({"kind": "error", "text": cut(self.told(error))})
            return False
        finally:
            sys.stdout, sys.stderr = before
        printed.send()
        return True

    def told(self, error: BaseException) -> str:
        """Why a cell has failed."""
        if isinstance(error, absent.NotHereError):
            return str(error)
        return tracebacks.told(error, self.cells, self.chapter)

    def execute(
        self, code: str, number: int, emit: Emit, printed: Printed
    ) -> None:
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
                output = shown(value)
                printed.send()
                emit(output)


def shown(value: Any) -> Output:
    """A value as it is seen under a cell: drawn, or as text."""
    if (svg := drawing.drawn(value)) is not None:
        return {"kind": "svg", **svg}
    return {"kind": "text", "text": cut(repr(value)) + "\n"}


def cut(text: str) -> str:
    """As much of a text as a page can show."""
    return text if len(text) <= MOST else text[:MOST] + CUT_OFF
