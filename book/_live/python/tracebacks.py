"""Tells where an error comes from, in the words of the book.

``Chapter 3, code cell 16, line 1`` is a place that a reader can find on the
page, and ``micrograd/engine.py, line 42 (chapter 5)`` one in the library. The
kernels that the book is built with tell it so, and Python in the page, too.
"""

from __future__ import annotations

import json
import linecache
import traceback
from functools import cache
from pathlib import Path
from textwrap import indent

CHAPTERS = "chapters.json"
"""Beside the library: for each of its files, the chapter of every line."""

RUNNER = Path(__file__).parent
"""What runs the cells, or stands for something that Python has built in."""

SHOWN = 16
"""So many calls are shown at most: endless recursion has a thousand."""


def told(
    error: BaseException, cells: dict[str, int], chapter: int | None
) -> str:
    """What happened and where: a traceback, the last call last.

    ``cells`` has the numbers of the cells by their files' names. What ran
    the cells isn't told.
    """
    lines = [*places(error, cells, chapter), said(error, cells)]
    for part in getattr(error, "exceptions", ()):  # of an ExceptionGroup
        lines.append(indent(told(part, cells, chapter), "    "))
    before, why = error.__cause__, "This was the cause of:"
    if before is None and not error.__suppress_context__:
        before, why = error.__context__, "While this was dealt with:"
    if before:
        return "\n".join([told(before, cells, chapter), "", why, "", *lines])
    return "\n".join(lines)


def places(
    error: BaseException, cells: dict[str, int], chapter: int | None
) -> list[str]:
    """Each call from a cell on, with the line that it stands in."""
    if isinstance(error, SyntaxError) and error.filename in cells:
        where = place(error.filename, error.lineno or 1, "", cells, chapter)
        text, before = wrong_line(error)
        return [where, f"    {text}", f"    {' ' * before}^"]
    found: list[str] = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        file, name = frame.f_code.co_filename, frame.f_code.co_qualname
        if file in cells or (found and Path(file).parent != RUNNER):
            name = "" if name == "<module>" else name
            where = place(file, line, name, cells, chapter)
            code = linecache.getline(file, line).strip()
            found.append(f"{where}\n    {code}" if code else where)
    if len(found) > SHOWN:
        left_out = f"… {len(found) - SHOWN} more calls …"
        half = SHOWN // 2
        return [*found[:half], left_out, *found[-half:]]
    return found


def wrong_line(error: SyntaxError) -> tuple[str, int]:
    """A line that can't be compiled, and how much of it stands before that.

    The parser says both. What only the compiler finds comes without the line,
    and it counts bytes.
    """
    before = (error.offset or 1) - 1
    if error.text is not None:
        return error.text.rstrip("\n"), before
    text = linecache.getline(error.filename or "", error.lineno or 1)
    return text.rstrip("\n"), len(text.encode()[:before].decode())


def place(
    file: str, line: int, name: str, cells: dict[str, int], chapter: int | None
) -> str:
    """Where a line stands, in words."""
    within = f", in {name}" if name else ""
    if file in cells:
        where = f"code cell {cells[file]}, line {line}{within}"
        if chapter:
            return f"Chapter {chapter}, {where}"
        return where[0].upper() + where[1:]
    if taught := chapter_of(file, line):
        name = "/".join(Path(file).parts[-2:])
        return f"{name}, line {line}{within} (chapter {taught})"
    return f"{Path(file).name}, line {line}{within}"


def said(error: BaseException, cells: dict[str, int]) -> str:
    """The error's type and message, as Python writes them."""
    if isinstance(error, SyntaxError) and error.filename in cells:
        return f"{type(error).__name__}: {error.msg}"
    told = traceback.TracebackException.from_exception(
        error, limit=0, lookup_lines=False
    )
    return "".join(told.format_exception_only()).strip()


@cache
def chapters(stage: str) -> dict[str, list[int | None]]:
    """For each file of a stage, the chapter of every line."""
    try:
        text = Path(stage, CHAPTERS).read_text("utf-8")
    except OSError:
        return {}
    found: dict[str, list[int | None]] = json.loads(text)
    return found


def chapter_of(file: str, line: int) -> int | None:
    """The chapter that teaches a line of the library, if it is one."""
    package = Path(file).parent
    lines = chapters(str(package.parent)).get(
        f"{package.name}/{Path(file).name}"
    )
    return lines[line - 1] if lines else None
