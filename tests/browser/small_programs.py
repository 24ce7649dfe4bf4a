"""Small programs, and what CPython says when it runs them.

They are in ``small_programs.txt``: a line with ``=`` and a name, and then the
program. Where Python in the page may say something else than the one that runs
the tests, a line with ``--`` and the reason follows, and what the page says.
"""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import sys
import traceback
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import ModuleType
from typing import NamedTuple


class Program(NamedTuple):
    name: str
    code: str
    differs: str
    """What the page says, if CPython may say something else."""


def programs() -> list[Program]:
    """All of them."""
    text = Path(__file__).with_suffix(".txt").read_text("utf-8")
    found = []
    for part in re.split(r"^= ", text, flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        code, _, differs = rest.partition("\n-- ")
        said = differs.partition("\n")[2]
        found.append(Program(name, code.rstrip("\n"), comparable(said)))
    return found


def said_by_cpython() -> list[str]:
    """What each program says, in a process of their own."""
    ran = subprocess.run(
        [sys.executable, "-W", "default", __file__],
        capture_output=True,
        check=True,
        text=True,
    )
    said: list[str] = json.loads(ran.stdout)
    return said


def said_by(code: str) -> str:
    """What a program says that stands in a file, with its last value."""
    out = io.BytesIO()
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.StringIO()
    sys.stdout = io.TextIOWrapper(out, "utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(
        out, "utf-8", "backslashreplace", write_through=True
    )
    main = sys.modules["__main__"] = ModuleType("__main__")
    try:
        with NamedTemporaryFile("w", encoding="utf-8", suffix=".py") as file:
            file.write(code + "\n")
            file.flush()
            error = run(code, file.name, vars(main))
            name = file.name
        said = out.getvalue().decode()
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    return (said + error).replace(name, "ipykernel/code cell 1")


def run(code: str, file: str, namespace: dict[str, object]) -> str:
    """Run a program, show its last value, and tell the error if it fails."""
    try:
        tree = compile(code + "\n", file, "exec", ast.PyCF_ONLY_AST)
        assert isinstance(tree, ast.Module)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body[-1].value)
            del tree.body[-1]
        exec(compile(tree, file, "exec", dont_inherit=True), namespace)
        if last:
            end = compile(last, file, "eval", dont_inherit=True)
            namespace["_"] = value = eval(end, namespace)
            if value is not None and not code.endswith(";"):
                print(repr(value))
    except BaseException as error:
        trace = error.__traceback__ and error.__traceback__.tb_next
        return "".join(traceback.format_exception(error.with_traceback(trace)))
    return ""


NAMES = re.compile(r"(?<=, in )\S*\.(?=\S+$)", re.MULTILINE)
ELSEWHERE = re.compile(r"^(?!Code cell)\S+\.py, line .*\n(?:    .*\n)*", re.M)
MARKS = re.compile(r"^ *[\^~]+\n", re.MULTILINE)
WORDS = (
    (r"^Traceback \(most recent call last\):\n", ""),
    (r'^  File "ipykernel/code cell 1", ', "Code cell 1, "),
    (r'^  File "[^"]*?([^/"]+\.py)", ', r"\1, "),
    (r'^  File "(<.*?>)"', r"\1"),
    (r", in <module>$", ""),
    ("^The above exception was the direct cause .*", "This was the cause of:"),
    ("^During handling of the above .*", "While this was dealt with:"),
)


def in_the_page_s_words(said: str) -> str:
    """What CPython says of an error, as the page says it."""
    for theirs, ours in WORDS:
        said = re.sub(theirs, ours, said, flags=re.MULTILINE)
    return comparable(said)


def comparable(said: str) -> str:
    """Without the library's own lines, which differ with the version.

    And without marks below a line, and the classes of methods, which are told
    by some versions only.
    """
    said = said.strip().replace('File "<string>"', "<string>")
    said = ELSEWHERE.sub("", NAMES.sub("", said + "\n"))
    return re.sub(" +", " ", MARKS.sub("", said)).strip()


if __name__ == "__main__":
    page = [said_by(program.code) for program in programs()]
    print(json.dumps(page))
