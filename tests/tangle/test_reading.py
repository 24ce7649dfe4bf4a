"""Which pages are chapters, and which cells are theirs."""

from __future__ import annotations

import pytest

from tangle.chapters import read_chapters

CELL = "```{code-cell} python\n:tangle: micrograd/m.py\n\nx = 1\n```\n"
NESTED = {
    "in a note": f"````{{note}}\n{CELL}````\n",
    "in a note of colons": f":::{{note}}\n{CELL}:::\n",
    "two directives deep": f"`````{{a}}\n````{{b}}\n{CELL}````\n`````\n",
    "in a note with options": f"````{{note}}\n:class: x\n\n{CELL}````\n",
    "in an exercise": f"````{{exercise}}\n:label: x\n\n{CELL}````\n",
    "in a list": "- a\n\n" + "".join(f"  {x}\n" for x in CELL.split("\n")),
    "in a quote": "".join(f"> {x}\n" for x in CELL.split("\n")),
    "in a footnote": "[^a]: a\n\n    " + CELL.replace("\n", "\n    ") + "\n",
    "in HTML": f"<details>\n{CELL}</details>\n",
    "of colons": CELL.replace("```", ":::"),
}


@pytest.mark.parametrize("kind", NESTED)
@pytest.mark.parametrize("tangled", [True, False])
def test_a_nested_cell_is_refused(book, kind, tangled):
    markdown = NESTED[kind].replace("tangle", "tangle" if tangled else "name")
    book.page("book/01-one", f"# One\n\n{markdown}")
    error = book.refusal()
    assert "move it out" in error.message
    assert error.line == book.line("book/01-one.md", "{code-cell}")
    assert not error.also


@pytest.mark.parametrize(
    "markdown",
    [
        f"````markdown\n{CELL}````\n",
        f"````\n{CELL}````\n",
        f"````{{code-block}} markdown\n{CELL}````\n",
        f"`````{{note}}\n````markdown\n{CELL}````\n`````\n",
        f"<!--\n{CELL}-->\n",
        "    ```{code-cell}\n    x\n    ```\n",
        "`{code-cell}`\n",
    ],
)
def test_a_cell_shown_as_text_is_text(book, markdown):
    book.page("book/01-one", f"# One\n\n{markdown}")
    assert [chapter.cells for chapter in read_chapters(book.root)] == [(), ()]


@pytest.mark.parametrize(
    "name",
    """
    code code-block eval-rst literalinclude math mermaid parsed-literal raw
    raw-cell sourcecode
    """.split(),
)
def test_a_cell_in_a_directive_that_shows_text_is_text(book, name):
    book.page("book/01-one", f"# One\n\n````{{{name}}}\n{CELL}````\n")
    assert [chapter.cells for chapter in read_chapters(book.root)] == [(), ()]


def test_cells_between_the_gates_of_an_exercise_are_the_page_s(book):
    book.page(
        "book/01-one",
        "```{exercise-start}\n:label: x\n```\nDo it.\n```{exercise-end}\n```\n"
        f"```{{solution-start}} x\n```\n\n{CELL}\n```{{solution-end}}\n```\n",
    )
    assert book.text() == "\nx = 1\n"


@pytest.mark.parametrize(
    "cell",
    [
        CELL,
        CELL.replace("```", "~~~~"),
        "```{code-cell} python\n---\ntags: [hide-input]\n"
        "tangle: micrograd/m.py\n---\nx = 1\n```\n",
        "```{code-cell}\n:tags: [a]\n:tangle: micrograd/m.py\nx = 1\n\n```\n",
    ],
)
def test_options_are_read_as_myst_nb_reads_them(book, cell):
    plain = "```{code-cell} python\nprint(1)\n```\n"
    book.page("book/01-one", f"# One\n\n{plain}\nAnd.\n\n{cell}\n{plain}")
    chapters = read_chapters(book.root)
    assert len(set(chapters)) == 2
    notebook = chapters[1].notebook
    assert len(notebook.metadata["source_map"]) == len(notebook.cells)
    (found,) = chapters[1].cells
    assert found.target == "micrograd/m.py"
    assert found.source.strip() == "x = 1"
    assert found.line == book.line("book/01-one.md", "x = 1")
    assert (found.path, found.index) == ("book/01-one.md", 1)
    assert found.after_in("A") == ""


def test_a_page_may_have_a_mark_and_line_ends_of_windows(book):
    book.page("book/01-one", CELL.replace("\n", "\r\n"), front="")
    file = book.root / "book/01-one.md"
    front = b"---\r\nfile_format: mystnb\r\n---\r\n"
    file.write_bytes(b"\xef\xbb\xbf" + front + file.read_bytes())
    assert book.text() == "\nx = 1\n"


def test_chapters_come_in_the_order_of_the_contents(book):
    for path in ("book/b", "book/appendix/z", "book/a", "book/c"):
        book.page(path, "# A page\n")
    (book.root / "book/data.ipynb").write_text("{}")
    (book.root / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nparts:\n"
        "  - caption: One\n    chapters:\n"
        "      - sections:\n          - file: book/a.md\n"
        "        file: book/b\n"
        "      - file: book/data\n      - url: https://example.org\n"
        "  - caption: Two\n    chapters: [{file: book/appendix/z}]\n"
    )
    chapters = read_chapters(book.root)
    assert [(one.name, one.path) for one in chapters] == [
        ("index", "book/index.md"),
        ("b", "book/b.md"),
        ("a", "book/a.md"),
        ("z", "book/appendix/z.md"),
    ]


def test_an_entry_without_a_page_is_refused(book):
    book.page("book/01-one", "")
    (book.root / "book/01-one.md").unlink()
    assert str(book.refusal()).startswith(
        "_toc.yml:4: no such page: book/01-one.md; "
    )


def test_two_chapters_of_one_name_are_refused(book):
    book.page("book/intro", "")
    book.page("book/appendix/intro", "")
    error = book.refusal()
    assert (error.path, error.line) == ("_toc.yml", 5)
    assert "book/appendix/intro.md and book/intro.md" in error.message


def test_a_tangled_cell_of_an_unlisted_page_is_refused(book):
    book.page("book/extra/notes", CELL, listed=False)
    book.page("book/extra/plain", "`tangle:` in prose", listed=False)
    book.page("book/_drafts/x", CELL, listed=False)
    error = book.refusal()
    assert error.path == "book/extra/notes.md"
    assert error.line == book.line(error.path, "x = 1")
    assert "_toc.yml" in error.message
    assert not error.also


@pytest.mark.parametrize("contents", [None, "a: [", "\xff"])
def test_contents_that_cannot_be_read_are_refused(book, contents):
    file = book.root / "_toc.yml"
    if contents is None:
        file.unlink()
    else:
        file.write_bytes(contents.encode("latin-1"))
    assert book.refusal().path == "_toc.yml"


def test_a_page_that_is_no_notebook_is_refused(book):
    book.page("book/01-one", CELL, front="---\ntitle: x\n---\n")
    error = book.refusal()
    assert "file_format: mystnb" in error.message
    assert error.line == book.line("book/01-one.md", "{code-cell}")


def test_a_page_that_is_no_text_is_refused(book):
    book.page("book/01-one", "")
    (book.root / "book/01-one.md").write_bytes(b"\xff\xfe")
    assert "UTF-8" in str(book.refusal())


def test_options_that_cannot_be_read_are_refused(book):
    book.page("book/01-one", "One.\n\n```{code-cell}\n:a: [\n\nx = 1\n```\n")
    error = book.refusal()
    assert error.line == book.line("book/01-one.md", ":a: [")


@pytest.mark.parametrize(
    "target",
    [
        "/etc/x.py",
        "micrograd/../x.py",
        "micrograd/x.txt",
        "micrograd/py.typed",
        "micrograd",
        "tests/x.py",
        "micrograd/a-b.py",
        "../micrograd/x.py",
        "yes",
        "",
        "[1, 2]",
    ],
)
def test_a_target_that_is_no_module_of_ours_is_refused(book, target):
    book.page("book/01-one", CELL.replace("micrograd/m.py", target))
    error = book.refusal()
    assert "write one such as `:tangle: micrograd/engine.py`" in error.message
    assert error.line == book.line("book/01-one.md", "{code-cell}")


@pytest.mark.parametrize("tag", ["skip-execution", "raises-exception"])
def test_a_cell_that_is_not_sure_to_work_is_refused(book, tag):
    book.page("book/01-one", CELL.replace("\n\n", f"\n:tags: [{tag}]\n\n", 1))
    assert f"`{tag}`" in book.refusal().message


@pytest.mark.parametrize(
    "cell",
    [
        " " + CELL.replace("\n", "\n "),
        CELL.replace("x = 1", "x = '\x0c'"),
        CELL.replace("x = 1\n", "").replace("\n\n", "\n:load: x.py\n"),
    ],
)
def test_a_cell_that_is_not_read_as_it_stands_is_refused(book, cell):
    (book.root / "book/x.py").write_text("y = 1\n")
    book.page("book/01-one", cell)
    error = book.refusal()
    assert "as it stands" in error.message
    assert error.line == book.line("book/01-one.md", "{code-cell}")


def test_the_extensions_of_the_configuration_count(book):
    book.page("book/01-one", f":::{{note}}\n:::\n\n{CELL}")
    (book.root / "_config.yml").write_text(
        "parse:\n  myst_enable_extensions: [amsmath]\n"
    )
    assert book.text() == "\nx = 1\n"
    (book.root / "_config.yml").write_text("parse: [")
    assert book.refusal().path == "_config.yml"


def test_all_that_is_wrong_is_told_at_once(book):
    book.page("book/01-one", NESTED["in a note"])
    book.page("book/02-two", NESTED["in a quote"])
    assert str(book.refusal()).count("\n") == 1
