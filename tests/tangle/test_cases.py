"""Books that were told wrong once, or might be: refused, or tangled right.

`cases/code.txt` has the cells of one after the other. `=== what` begins a
book, `---` a cell, `--- 2 b.py` one of chapter 2 that goes to that file. A
line that ends with `<<<` is one of those at which the book may be refused;
without any, it is to be tangled, and the library to do what the cells do.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from random_books import Code, Judge, defined, page_of
from tangle.__main__ import main
from tangle.chapters import read_chapters
from tangle.errors import TangleError
from tangle.validation import validated

MARK = "  <<<"
CASES = (Path(__file__).parent / "cases/code.txt").read_text("utf-8")
CELL = re.compile(r"^---(?: (\d) (\S+))?\n", re.MULTILINE)


def read(text: str) -> list[Code]:
    """The cells of a book, marks and all."""
    first = text if text.startswith("---") else f"---\n{text}"
    parts = CELL.split(first)[1:]
    cells = []
    chapter, file = "1", "m.py"
    for number, name, code in zip(*[iter(parts)] * 3, strict=True):
        chapter, file = number or chapter, name or file
        target = "" if file == "untangled" else f"micrograd/{file}"
        cells.append(Code(int(chapter) - 1, target, code.strip("\n")))
    return cells


BOOKS = dict(
    block.split("\n", 1) for block in re.split(r"^=== ", CASES, flags=re.M)[1:]
)


@pytest.fixture(scope="module")
def judge():
    judge = Judge()
    yield judge
    judge.close()


@pytest.mark.parametrize("what", BOOKS)
def test_it_is_refused_at_the_line_or_tangled_right(book, judge, what):
    marked = read(BOOKS[what])
    cells = [c._replace(text=c.text.replace(MARK, "")) for c in marked]
    wanted = set()
    for chapter in sorted({cell.chapter for cell in cells}):
        name = f"{chapter + 1:02}-chapter"
        book.page(f"book/{name}", page_of(c for c in cells if c[0] == chapter))
        with_marks = page_of(c for c in marked if c[0] == chapter)
        page = (book.root / f"book/{name}.md").read_text().split("\n")
        below = len(page) - len(with_marks.split("\n"))
        for number, line in enumerate(with_marks.split("\n"), below + 1):
            if line.endswith(MARK):
                wanted.add((f"book/{name}.md", number))
    try:
        packages = validated(read_chapters(book.root))
    except TangleError as error:
        assert wanted, str(error)
        assert (error.path, error.line) in wanted
        book.told.append(str(error))
        return
    assert not wanted
    stages = [
        {f: m.text for f, m in one.files.items() if f.endswith(".py")}
        for name, one in packages.items()
        if name != "index"
    ]
    named = [c._replace(names=defined(c)) for c in cells]
    assert judge.judge(named, stages) == ""


# What a kernel makes something else of: the cell, and its line that is told.
REWRITTEN = {
    "prompts in a string": ('X = """\n>>> a\n... b\nc"""', 2),
    "prompts in a call": ('X = str("""\n>>> a\n... b\nc""")', 2),
    "a prompt for more": ('X = """\n    ....: x\n"""', 2),
    "a prompt with a number": ('X = """\nIn [1]: a\n"""', 2),
    "blanks in a string": ('X = """a\n    \nb"""', 2),
    "blanks in a docstring": (
        'def f():\n    """A.\n\n    \n    B.\n    """',
        4,
    ),
}


@pytest.mark.parametrize("what", REWRITTEN)
def test_what_a_notebook_rewrites_is_refused(book, what):
    code, row = REWRITTEN[what]
    cell = Code(0, "micrograd/m.py", code)
    book.page("book/01-one", page_of([cell]))
    error = book.refusal()
    first = book.line("book/01-one.md", code.split("\n")[0])
    assert (error.path, error.line) == ("book/01-one.md", first + row - 1)


# Cells that may be refused or not: no more is asked than that it is told.
EXTREME = {
    "attributes": "X = a" + ".b" * 900,
    "signs": "X = " + "-" * 900 + "1",
    "signs beyond measure": "X = " + "-" * 5000 + "1",
    "terms": "X = " + " + ".join(["1"] * 900),
    "terms beyond measure": "X = " + " + ".join(["1"] * 5000),
    "brackets": "X = " + "[" * 90 + "]" * 90,
    "a long line": f"X = {'a' * 100_000!r}",
    "a large number": "X = 10**5000",
    "a tab in a body": "class A:\n\t\t\t\tx = 1",
    "blanks and a tab": "class A:\n   \tx = 1",
    "a lone half of a character": 'X = "\\ud800"',
    "Python's end": "import os\nX = os._exit(0)",
    "output": "def p():\n    print('x' * 10**6)\n\n\nX = p()",
}


@pytest.mark.parametrize("what", EXTREME)
def test_what_is_extreme_is_told_with_its_place(book, what):
    book.page(
        "book/01-one", page_of([Code(0, "micrograd/m.py", EXTREME[what])])
    )
    try:
        validated(read_chapters(book.root))
    except TangleError as error:
        first = book.line("book/01-one.md", ":tangle:")
        assert error.path == "book/01-one.md"
        assert error.line > first


def test_the_end_of_what_runs_cells_is_told(book):
    book.chapter("01-one", "import os\nX = os.kill(os.getppid(), 15)")
    assert book.refusal().path == "book/01-one.md"


def test_what_was_shown_before_the_end_is_kept(book, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    book.chapter("01-one", "X = 1")
    book.chapter("02-two", "import os\nY = os.kill(os.getppid(), 15)")
    assert book.refusal().path == "book/02-two.md"


FRONT = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n"
CELL_TEXT = "```{code-cell} python\n:tangle: micrograd/m.py\n\nx = 1\n```\n"
PAGE = f"{FRONT}# One\n\n{CELL_TEXT}"
ONE = "book/01-one.md"
TOC = "root: book/index\nchapters:\n  - file: book/01-one\n"
MANY = "".join(
    f"{c}: &{c} [{f'*{p},' * 9}]\n" for p, c in zip("abcdefgh", "bcdefghi")
)


def front(text: str) -> dict[str, str]:
    return {ONE: f"---\n{text}\n---\n# One\n\n{CELL_TEXT}"}


def options(text: str) -> dict[str, str]:
    return {ONE: PAGE.replace(":tangle: micrograd/m.py", text)}


# What: (files in place of a sound book's, the place that is told). No place
# where it may be tangled as well.
NAMED = "file_format: mystnb\nkernelspec:\n  name: "
PAGES: dict[str, tuple[dict[str, str], str]] = {
    "jupytext is empty": (
        front("jupytext:\nkernelspec:\n  name: python3"),
        "",
    ),
    "a kernel in one word": (front("kernelspec: python3"), f"{ONE}:2"),
    "a kernel that is a number": (front(f"{NAMED}5"), f"{ONE}:4"),
    "front matter that holds itself": (front("x: &a [*a]"), f"{ONE}:2"),
    "front matter that is deep": (
        front(f"{NAMED}python3\nx: {'[' * 400}{']' * 400}"),
        "",
    ),
    "a time that is none": (front("x: !!timestamp 'z'"), f"{ONE}:3|{ONE}:2"),
    "a key that is a list": (
        options(":tangle: micrograd/m.py\n:? [a]\n::  b"),
        f"{ONE}:8|{ONE}:10",
    ),
    "front matter that is not YAML": (front("a: ["), f"{ONE}:3"),
    "cells that are not run": (
        front(f"{NAMED}python3\nmystnb:\n  execution_mode: 'off'"),
        f"{ONE}:6",
    ),
    "a blank in the fence": ({ONE: PAGE.replace("```{", "``` {")}, f"{ONE}:8"),
    "a tab in the fence": ({ONE: PAGE.replace("```{", "```\t{")}, f"{ONE}:8"),
    "tags that are a number": (
        options(":tangle: micrograd/m.py\n:tags: 5"),
        f"{ONE}:10",
    ),
    "tags that are a word": (
        options(":tangle: micrograd/m.py\n:tags: skip-execution"),
        f"{ONE}:10",
    ),
    "two targets": (
        options(":tangle: micrograd/m.py\n:tangle: micrograd/n.py"),
        f"{ONE}:10",
    ),
    "an option that is misspelt": (
        options(":tangel: micrograd/m.py"),
        f"{ONE}:9",
    ),
    "an option that is nearly one": (
        options(":tangle: micrograd/m.py\n:aftr: x"),
        f"{ONE}:10",
    ),
    "another that is nearly one": (
        options(":tangle: micrograd/m.py\n:tag: x"),
        f"{ONE}:10",
    ),
    "a third that is nearly one": (
        options(":tangle: micrograd/m.py\n:LODE: x"),
        f"{ONE}:10",
    ),
    "an option that is nearly two": (
        options(":tangle: micrograd/m.py\n:tagsle: x"),
        f"{ONE}:10",
    ),
    "an option that is far from any": (
        options(":tangle: micrograd/m.py\n:name: x"),
        "",
    ),
    "an option that is no YAML": (
        options(":tangle: micrograd/m.py\n:x: ["),
        f"{ONE}:10",
    ),
    "an option of an unknown kind": (
        options(":tangle: micrograd/m.py\n:x: !foo 1"),
        f"{ONE}:8|{ONE}:10",
    ),
    "an option that is no date": (
        options(":tangle: micrograd/m.py\n:x: 2020-99-99"),
        f"{ONE}:8|{ONE}:10",
    ),
    "code of a file that isn't there": (
        options(":tangle: micrograd/m.py\n:load: none.py"),
        f"{ONE}:8|{ONE}:10",
    ),
    "a target that Python keeps": (
        options(":tangle: micrograd/__pycache__/x.py"),
        f"{ONE}:8",
    ),
    "a target that is a keyword": (
        options(":tangle: micrograd/class.py"),
        f"{ONE}:8",
    ),
    "a target elsewhere": (options(":tangle: micrograd/../x.py"), f"{ONE}:8"),
    "a page that is not UTF-8": ({ONE: PAGE + "\udce9"}, f"{ONE}:1"),
    "contents that hold themselves": (
        {"_toc.yml": f"{TOC}x: &a [*a]\n"},
        "_toc.yml:1",
    ),
    "contents that name a list": (
        {"_toc.yml": TOC.replace("book/01-one", "[a]")},
        "_toc.yml:3",
    ),
    "contents that are deep": (
        {"_toc.yml": f"{TOC}x: {'[' * 600}{']' * 600}\n"},
        "_toc.yml:1|",
    ),
    "contents that multiply": (
        {"_toc.yml": f"{TOC}a: &a [x,x]\n{MANY}"},
        "_toc.yml:1|",
    ),
    "contents that are not UTF-8": (
        {"_toc.yml": f"{TOC}\udcff"},
        "_toc.yml:1",
    ),
    "two chapters of one number": (
        {
            "_toc.yml": f"{TOC}  - file: book/01-two\n",
            "book/01-two.md": "# Two\n",
        },
        "_toc.yml:4",
    ),
    "a page that is not there": (
        {"_toc.yml": f"{TOC}  - file: book/02-two\n"},
        "_toc.yml:4",
    ),
    "a page that is listed twice": (
        {"_toc.yml": f"{TOC}  - file: book/01-one.md\n"},
        "_toc.yml:4",
    ),
    "a notebook that has tangled cells": (
        {
            "_toc.yml": f"{TOC}  - file: book/02\n",
            "book/02.ipynb": '{"cells": [{"metadata": {"tangle": 1}}]}',
        },
        "book/02.ipynb:1",
    ),
    "a notebook that is a list": (
        {"_toc.yml": f"{TOC}  - file: book/02\n", "book/02.ipynb": "[]"},
        "book/02.ipynb:1",
    ),
    "a notebook of numbers": (
        {
            "_toc.yml": f"{TOC}  - file: book/02\n",
            "book/02.ipynb": '{"cells": [5]}',
        },
        "book/02.ipynb:1",
    ),
    "a notebook without what each cell has": (
        {
            "_toc.yml": f"{TOC}  - file: book/02\n",
            "book/02.ipynb": '{"cells": [{}]}',
        },
        "book/02.ipynb:1",
    ),
    "a notebook that is no JSON": (
        {"_toc.yml": f"{TOC}  - file: book/02\n", "book/02.ipynb": "{"},
        "book/02.ipynb:1",
    ),
    "an option below a gap": (
        options(":tangle: micrograd/m.py\n\n:after: x"),
        f"{ONE}:11",
    ),
    "a file that is a folder, too": (
        {ONE: PAGE + CELL_TEXT.replace("m.py", "m/n.py")},
        f"{ONE}:16",
    ),
    "files that are folders of others, too": (
        {
            ONE: PAGE
            + CELL_TEXT.replace("m.py", "m/n.py")
            + CELL_TEXT.replace("m.py", "m/n/o.py")
        },
        f"{ONE}:16",
    ),
    "a page of a name that is too long": (
        {"_toc.yml": f"{TOC}  - file: book/{'x ' * 300}\n"},
        "_toc.yml:4",
    ),
    "a page of a name that is none": (
        {"_toc.yml": f'{TOC}  - file: "a\\0b"\n'},
        "_toc.yml:4",
    ),
    "pages that are not listed and say nothing": (
        {
            "a.md": PAGE.replace("tangle", "name").replace("```", ":::"),
            "b.md": "tangle: \udcff",
            ".c.md": PAGE,
            "_d.md": PAGE,
            "e.txt": PAGE,
        },
        "",
    ),
    "a text representation in one word": (
        front(f"{NAMED}python3\njupytext:\n  text_representation: 5"),
        f"{ONE}:6",
    ),
    "mystnb in one word": (
        front(f"{NAMED}python3\nmystnb: 5"),
        f"{ONE}:5",
    ),
    "front matter that ends in dots": (
        {ONE: PAGE.replace("\n---\n#", "\nmystnb: 5\n... \n#")},
        f"{ONE}:5",
    ),
    "a cell without an end of its options": (
        {ONE: PAGE.replace(":tangle: micrograd/m.py\n\nx = 1", "---\nx: [")},
        f"{ONE}:11",
    ),
    "files that are one on some disks": (
        {ONE: PAGE + CELL_TEXT.replace("m.py", "M.py")},
        f"{ONE}:16",
    ),
    "a page that is not listed": (
        {"_toc.yml": "root: book/index\n"},
        f"{ONE}:11",
    ),
    "settings that are a list": ({"_config.yml": "- a\n"}, "_config.yml:1"),
    "execution in one word": (
        {"_config.yml": "a: 1\nexecute: a\n"},
        "_config.yml:2",
    ),
    "extensions that are numbers": (
        {"_config.yml": "parse:\n  myst_enable_extensions: [1]\n"},
        "_config.yml:2",
    ),
    "an extension that there isn't": (
        {"_config.yml": "parse:\n  myst_enable_extensions: [x]\n"},
        "_config.yml:2",
    ),
    "a book that Sphinx doesn't run": (
        {"_config.yml": "sphinx:\n config:\n  nb_execution_mode: 'off'\n"},
        "_config.yml:3",
    ),
    "a page that is not run": (
        {"_config.yml": "execute:\n  exclude_patterns: [x, book/*]\n"},
        "_config.yml:2",
    ),
    "settings that are a word": (
        {"_config.yml": "parse: a\n"},
        "_config.yml:1",
    ),
    "settings that are not UTF-8": (
        {"_config.yml": "a: \udce9\n"},
        "_config.yml:1",
    ),
    "extensions in one word": (
        {"_config.yml": "parse:\n  myst_enable_extensions: smart\n"},
        "_config.yml:2",
    ),
    "a book that is not run": (
        {"_config.yml": "execute:\n  execute_notebooks: 'off'\n"},
        "_config.yml:2",
    ),
    "an end of line of its own": ({ONE: PAGE.replace("\n", "\r\n")}, ""),
    "a mark at the head": ({ONE: "\ufeff" + PAGE}, ""),
    "a form feed in a cell": (
        {ONE: PAGE.replace("x = 1", "x = 1\n\f\ny = 2")},
        f"{ONE}:8",
    ),
    "a line that others read as two": (
        {ONE: PAGE.replace("x = 1", "x = 'a\u2028b'")},
        f"{ONE}:8",
    ),
}


@pytest.mark.parametrize("what", PAGES)
def test_what_is_odd_in_pages_is_told_with_its_place(book, what, capsys):
    files, places = PAGES[what]
    for path, text in {"_toc.yml": TOC, ONE: PAGE, **files}.items():
        (book.root / path).write_bytes(text.encode("utf-8", "surrogateescape"))
    status = main(["--root", str(book.root)])
    told = capsys.readouterr().err
    book.told.append(told)
    if status == 0:
        assert not places or places.endswith("|")
        assert (book.root / "micrograd/m.py").exists()
        return
    assert status == 2
    place = ":".join(told.split(":")[:2])
    assert re.fullmatch(r"(_toc|_config)\.yml:\d+|book/\S+:\d+", place)
    assert not places.strip("|") or place in places.split("|")
    assert not (book.root / "micrograd/m.py").exists()


@pytest.mark.parametrize("error", [AttributeError, TypeError, ValueError])
def test_a_page_that_cannot_be_a_notebook_is_told_of(book, monkeypatch, error):
    def fails(_: str) -> bool:
        raise error

    monkeypatch.setattr("myst_nb.core.read.is_myst_markdown_notebook", fails)
    book.page("book/01-one", CELL_TEXT)
    assert book.refusal().line == book.line("book/01-one.md", "{code-cell}")


READ = "myst_nb.core.read.read_myst_markdown_notebook"


@pytest.mark.parametrize("said", ["oh\nno", "oh at line 7: no\nat line 8", ""])
def test_what_stops_the_reader_is_told(book, monkeypatch, said):
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError(said)

    monkeypatch.setattr(READ, fails)
    book.page("book/01-one", CELL_TEXT)
    assert book.refusal().line == (7 if "7" in said else 1)


@pytest.mark.parametrize("error", [TypeError, ValueError])
def test_settings_that_stop_the_reader_are_told(book, monkeypatch, error):
    def fails(**_: object) -> None:
        raise error("no such setting")

    monkeypatch.setattr("myst_parser.config.main.MdParserConfig", fails)
    assert str(book.refusal()) == "_config.yml:1: no such setting"


def test_cells_that_are_read_otherwise_are_refused(book, monkeypatch):
    empty = SimpleNamespace(cells=[SimpleNamespace(cell_type="markdown")])
    monkeypatch.setattr(READ, lambda *_, **__: empty)
    book.page("book/01-one", CELL_TEXT)
    assert book.refusal().line == book.line("book/01-one.md", "{code-cell}")


def test_a_folder_above_is_a_package_too(book):
    book.chapter("01-one", "X = 1", file="micrograd/sub/deep/y.py")
    assert "micrograd/sub/__init__.py" in book.package().files
    assert book.text("micrograd/sub/deep/y.py") == "\nX = 1\n"


@pytest.mark.parametrize("remembered", ["[1]", "5", '{"a": [1]}', "x"])
def test_a_memory_that_is_spoilt_does_no_harm(book, remembered, capsys):
    book.chapter("01-one", "x = 1")
    memory = book.root / "_build/validated.json"
    memory.parent.mkdir()
    memory.write_text(remembered)
    assert main(["--root", str(book.root)]) == 0
    assert "x = 1" in (book.root / "micrograd/m.py").read_text()
