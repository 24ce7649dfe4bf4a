"""Cells run as in a notebook, and say in words what has gone wrong.

In CPython; tests/browser/test_live.py sees it on the page.
"""

from __future__ import annotations

import sys
from textwrap import dedent
from types import ModuleType

import pytest

from session import Output, Session


class Notebook:
    """A page without a number, of which one cell is run again and again."""

    def __init__(self) -> None:
        self.session = Session(None)
        self.outputs: list[Output] = []

    def run(self, code: str) -> str:
        """All that a cell says."""
        self.outputs.clear()
        self.session.run(dedent(code).strip(), 3, self.outputs.append)
        return "".join(output["text"] for output in self.outputs)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    return Notebook()


def test_a_stream_is_a_text_stream(notebook: Notebook) -> None:
    """Protects programs that ask where they print to, such as doctest."""
    said = notebook.run(
        """
        import doctest, sys

        def half(x):
            '''
            >>> half(6)
            3.0
            '''
            return x / 2

        print(sys.stdout.isatty(), sys.stderr.encoding, sys.stdout.writable())
        print(sys.stdout.write("four"), file=sys.stderr, flush=True)
        print(doctest.testmod())
        """
    )
    assert said == (
        "False utf-8 True\nfour4\nTestResults(failed=0, attempted=1)\n"
    )
    assert notebook.run("sys.stdout.write(1)").endswith(
        "TypeError: write() argument must be str, not int"
    )
    assert notebook.run(r"print('\ud800')").endswith("surrogates not allowed")
    assert notebook.run(r"print('\ud800', file=sys.stderr)") == "\\ud800\n"


def test_what_is_told_on_the_side_is_seen(notebook: Notebook) -> None:
    """Protects logging from being seen in the first run only, or too late."""
    notebook.run(
        """
        import contextlib, io, logging

        logger = logging.getLogger("notebook")
        logger.propagate = False
        logger.addHandler(logging.StreamHandler())
        """
    )
    said = notebook.run(
        """
        logger.warning("one")
        print("two")
        with contextlib.redirect_stdout(io.StringIO()) as kept:
            print("kept")
        display(3, kept.getvalue())
        """
    )
    assert said == "one\ntwo\n3\n'kept\\n'\n"


@pytest.mark.parametrize(
    "code", ["name = input('Who? ')", "import sys\nfor line in sys.stdin: 1"]
)
def test_a_question_is_answered_in_words(
    notebook: Notebook, code: str
) -> None:
    """Protects readers from an OSError about a device."""
    assert "Write the answer into the code" in notebook.run(code)


@pytest.mark.parametrize(
    ("code", "line", "mark", "said"),
    [
        ("a = 5\nreturn a", 2, "return a", "'return' outside function"),
        ("if 1:\n    break", 2, "    break", "'break' outside loop"),
        (
            "é = 'é'; return é",
            1,
            "         return é",
            "'return' outside function",
        ),
        (
            "def twice(n, n):\n    return n",
            1,
            "             n):",
            "duplicate argument 'n' in function definition",
        ),
    ],
)
def test_what_the_compiler_refuses_is_shown(
    notebook: Notebook, code: str, line: int, mark: str, said: str
) -> None:
    """Protects the way to the place: the parser alone gives the line."""
    place, text, caret, error = notebook.run(code).splitlines()
    assert place == f"Code cell 3, line {line}"
    assert text == "    " + code.splitlines()[line - 1]
    assert caret.index("^") == 4 + len(mark) - len(mark.lstrip())
    assert error == f"SyntaxError: {said}"


def test_names_are_told_as_they_are_written(notebook: Notebook) -> None:
    """Protects names with capitals; and the parts of a group."""
    said = notebook.run(
        """
        class MyNet:
            def stepOnce(self):
                raise ExceptionGroup("two", [KeyError("A"), OSError("B")])
        MyNet().stepOnce()
        """
    )
    assert said.splitlines() == [
        "Code cell 3, line 4",
        "    MyNet().stepOnce()",
        "Code cell 3, line 3, in MyNet.stepOnce",
        '    raise ExceptionGroup("two", [KeyError("A"), OSError("B")])',
        "ExceptionGroup: two (2 sub-exceptions)",
        "    KeyError: 'A'",
        "    OSError: B",
    ]
