"""Edits of the package go back into the cells that they come from."""

from __future__ import annotations

import ast
import os
import re
import shutil
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangle.__main__ import main
from tangle.chapters import Chapter, read_chapters
from tangle.contents import CONTENTS, SETTINGS, listed_pages
from tangle.disk import TANGLED, UNFINISHED, drift, write
from tangle.errors import TangleError
from tangle.package import Package, tangle
from tangle.stitch import Stitched, stitch

ROOT = Path(__file__).resolve().parents[2]
M = "micrograd/m.py"
SHAPES = '''
    """Shapes."""

    import math


    # How many.
    SIDES = 4


    class Shape:
        """A shape."""

        def area(self):
            """How much it covers."""
            side = self.side  # a length
            whole = side * side

            # It is what it is.
            return whole

        def twice(self):
            return 2 * self.area()


    def both(a, b):
        total = math.fsum([a.area(), b.area()])
        return total
'''
GROWN = """
    @reopen
    class Shape:
        @property
        def small(self):
            return self.area() < 1
"""
AGAIN = """
    @reopen
    class Shape:
        def twice(self):
            area = self.area()
            return area + area
"""


@pytest.fixture
def shapes(book):
    """A class that grows over three chapters, tangled."""
    book.chapter("01-one", SHAPES)
    imports = "```{code-cell}\nfrom micrograd.m import Shape\n```\n\n"
    for name, *codes in (
        ("02-two", GROWN, "def last():\n    return 1"),
        ("03-three", AGAIN),
    ):
        book.chapter(name, *codes)
        page = book.root / f"book/{name}.md"
        text = page.read_text("utf-8")
        page.write_text(text.replace("A cell.\n\n", imports, 1), "utf-8")
    tangled(book)
    return book


def tangled(book) -> None:
    write(book.package(), book.root)


def edit(book, old: str, new: str, file: str = M) -> int:
    """Put a text in the place of another; return its line in the package."""
    path = book.root / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def pages(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {
        file.relative_to(root).as_posix(): file.read_bytes()
        for file in files
        if "_build" not in file.parts
    }


def is_stitched(book) -> Stitched:
    """Stitch, and see that tangling gives what was edited."""
    library = pages(book.root / "micrograd")
    result = stitch(book.root)
    assert drift(book.package(), book.root) == {}
    assert pages(book.root / "micrograd") == library
    assert stitch(book.root) == Stitched()
    return result


def refusal(book) -> str:
    """Stitch, and see that nothing changes."""
    before = pages(book.root)
    with pytest.raises(TangleError) as caught:
        stitch(book.root)
    assert pages(book.root) == before
    book.told.append(str(caught.value))
    return str(caught.value)


def at(book, page: str, text: str) -> str:
    path = f"book/{page}.md"
    return f"{path}:{book.line(path, text)}"


@pytest.fixture
def unproven(monkeypatch) -> None:
    """Save the time in which the edited chapters are run."""
    monkeypatch.setattr(
        "tangle.stitch.validated", lambda pages, _: {"": tangle(pages)}
    )


WITHIN = {
    "a word": ("side * side", "side**2"),
    "a comment": ("# It is what it is.", "# It is more."),
    "a comment that grows": ("# How many.\n", "# How many\n# there are.\n"),
    "a comment that goes": ("# How many.\n", ""),
    "a value": ("SIDES = 4", "SIDES = 6"),
    "a docstring": ('"""How much it', '"""How much\n\n        it'),
    "a docstring that goes": ('        """How much it covers."""\n', ""),
    "a docstring that comes": ("total =", '"""Area."""\n    total ='),
    "a line more": ("  # a length\n", "\n        side = abs(side)\n"),
    "a line above": (
        "        return whole",
        "        whole\n        return 1",
    ),
    "a last line": (
        "        return whole\n",
        "        return 0\n        # 1\n",
    ),
    "a last comment": ("    return total\n", "    return 1\n    # 2\n"),
    "blank lines": (
        "        return whole",
        "\n        return whole\n\n        # a",
    ),
    "a blank line that goes": ("* side\n\n", "* side\n"),
    "more for less": ("total = math.fsum([", "x = 1\n    total = math.fsum(["),
    "a decorator": ("    def area", "    @property\n    def area"),
    "a comment above": ("    def area", "    # Above.\n    def area"),
    "a comment far above": ("def both", "# Above.\n\n\n# There.\ndef both"),
    "a parameter": ("def both(a, b)", "def both(a, b=None)"),
    "the head of a class": ("class Shape:", "class Shape(object):"),
    "the docstring of a class": ('"""A shape."""', '"""A shape\n    """'),
    "of a module": ('"""Shapes."""', '"""Shapes.\n\nAnd more.\n"""'),
    "another script": (
        "        whole = side * side",
        "        whole = side  # élan λ",
    ),
    "two lines": ("side * side\n\n        # It", "side\n\n        # Hm"),
}


@pytest.mark.parametrize(("old", "new"), WITHIN.values(), ids=WITHIN)
def test_an_edit_goes_to_the_lines_around_it(shapes, unproven, old, new):
    """The page is what it would be if it had been edited by hand."""
    before = pages(shapes.root)
    by_hand = before["book/01-one.md"].decode()
    assert by_hand.count(old) == 1
    edit(shapes, old, new)
    result = is_stitched(shapes)
    assert {path for path, _ in result.changed} == {"book/01-one.md"}
    now = pages(shapes.root)
    assert now["book/01-one.md"].decode() == by_hand.replace(old, new)
    for file in {*now} - {"book/01-one.md", M}:
        assert now[file] == before[file]


def test_each_line_of_a_class_goes_to_its_own_chapter(shapes):
    """Also from members that chapters have added or defined again."""
    edit(shapes, "side * side", "side**2")
    edit(shapes, "self.area() < 1", "self.area() < 2")
    edit(shapes, "return area + area", "return area * 2")
    result = is_stitched(shapes)
    assert [f"{path}:{line}" for path, line in result.changed] == [
        at(shapes, "01-one", "side**2"),
        at(shapes, "02-two", "self.area() < 2"),
        at(shapes, "03-three", "return area * 2"),
    ]
    one = (shapes.root / "book/01-one.md").read_text()
    assert "return 2 * self.area()" in one  # the earlier version


def test_only_the_tangled_line_of_many_that_are_equal_changes(book):
    g = "def g():\n    return 1"
    book.chapter("01-one", "def f():\n    return 1", g)
    page = book.root / "book/01-one.md"
    shown = f"```{{code-cell}}\n{g}\n```\n\n{g}\n"
    page.write_text(page.read_text() + shown)
    book.chapter("02-two", "def f():\n    return 1")
    tangled(book)
    text = page.read_text()
    edit(book, g, g.replace("1", "2"))
    is_stitched(book)
    assert page.read_text() == text.replace(g, g.replace("1", "2"), 1)


def test_a_method_comes_and_goes_with_its_blank_lines(shapes, unproven):
    page = shapes.root / "book/01-one.md"
    before = page.read_text()
    more = "    def more(self):\n        return 1\n\n"
    edit(shapes, "    def area", f"{more}    def area")
    is_stitched(shapes)
    by_hand = before.replace("    def area", f"{more}    def area")
    assert page.read_text() == by_hand
    edit(shapes, more, "")
    is_stitched(shapes)
    assert page.read_text() == before


def test_a_definition_goes_with_its_blank_lines(book, unproven):
    cells = "A = 1", "B = 1\n\n\nC = 1\n\n\nD = 1\n\n\nE = 1"
    book.chapter("01-one", *cells)
    tangled(book)
    page = book.root / "book/01-one.md"
    before = page.read_text()
    edit(book, "B = 1\n\n\n", "")
    edit(book, "D = 1\n\n\n", "")
    is_stitched(book)
    gone = before.replace("B = 1\n\n\n", "").replace("D = 1\n\n\n", "")
    assert page.read_text() == gone


@pytest.mark.parametrize("gone", ["\n\n\nC = 1", "\nB = 1\n", "D = 1\n\n\n"])
def test_the_blank_lines_above_go_rather_than_those_below(
    book, unproven, gone
):
    code = "A = 1\n\nB = 1\n\n\nC = 1"
    if "D" in gone:
        code = f"A = 1\n{gone}E = 1"
    book.chapter("01-one", code)
    tangled(book)
    page = book.root / "book/01-one.md"
    by_hand = page.read_text().replace(gone, "")
    edit(book, gone, "")
    is_stitched(book)
    assert page.read_text() == by_hand


def test_a_class_goes_with_all_that_is_in_it(book, unproven):
    a = "# Of A.\nclass A:\n    x = 1\n\n    def f(self):\n        return 1\n"
    book.chapter("01-one", f"{a}\n\nB = 1")
    tangled(book)
    edit(book, f"\n{a}\n\n", "")
    is_stitched(book)
    page = (book.root / "book/01-one.md").read_text()
    assert page.partition(M)[2].split() == ["B", "=", "1", "```"]


def test_the_last_class_of_a_file_may_go_on(book):
    book.chapter("01-one", "class A:\n    def f(self):\n        return 1")
    tangled(book)
    more = "        return 1\n\n    def g(self):\n        return 2\n"
    edit(book, "        return 1\n", more)
    is_stitched(book)
    assert f"{more}```" in (book.root / "book/01-one.md").read_text()


def test_comments_that_end_a_class_stay_with_what_is_above_them(
    book, unproven
):
    """In the file they stand above the next member, of another chapter."""
    book.chapter("01-one", "class A:\n    x = 1\n    # More\n    # later.")
    book.chapter("02-two", "@reopen\nclass A:\n    y = 1")
    tangled(book)
    edit(book, "    # later.", "    # afterwards.\n    # Soon.")
    edit(book, "    y = 1", "    y = 2")
    is_stitched(book)
    edit(book, "    y = 2", "    # Yes.\n    y = 2")
    is_stitched(book)
    one, two = (
        (book.root / f"book/{name}.md").read_text()
        for name in ("01-one", "02-two")
    )
    assert "    # More\n    # afterwards.\n    # Soon.\n```" in one
    assert "class A:\n    # Yes.\n    y = 2\n```" in two


def test_comments_that_end_a_class_go_with_what_is_below_them(book, unproven):
    book.chapter("01-one", "class A:\n    x = 1\n    # More\n    # later.")
    book.chapter("02-two", "@reopen\nclass A:\n    y = 1\n    z = 1")
    tangled(book)
    edit(book, "\n    # More\n    # later.\n\n    y = 1\n", "\n\n")
    is_stitched(book)
    one, two = (
        (book.root / f"book/{name}.md").read_text()
        for name in ("01-one", "02-two")
    )
    assert one.endswith("class A:\n    x = 1\n```\n")
    assert two.endswith("class A:\n    z = 1\n```\n")


MEASURED = '''
    from micrograd.m import measure


    def measured(x):
        """What `measure` says."""
        measure_of = f"{measure(x)!r}"  # measure it
        return measure_of
'''
LATER = """Here we measure.

```{code-cell}
# measure
1 + 1
```

```{code-cell}
:tangle: micrograd/m.py
:after: measure

def later():
    pass
```
"""


@pytest.fixture
def measures(book):
    """A function of two versions that all sorts of lines speak of."""
    book.chapter("01-one", "def measure(x):\n    return x\n\n\nLAST = 1")
    book.chapter("02-two", MEASURED, file="micrograd/n.py")
    again = "def measure(x):\n    # Doubly.\n    return 2 * x"
    book.chapter("03-three", again, "def other(x):\n    return measure(x)")
    book.page("book/04-four", LATER)
    tangled(book)
    return book


def rename(book, pattern: str, other: str, files=(M, "micrograd/n.py")):
    """Replace a pattern in whole files."""
    for file in files:
        path = book.root / file
        path.write_text(re.sub(pattern, other, path.read_text()))


IN_CODE = r"measure(?=\()|(?<=import )measure"


def test_a_rename_arrives_in_all_chapters(measures):
    """Earlier versions among them; what else says the name is told."""
    before = pages(measures.root)
    rename(measures, IN_CODE, "gauge")
    result = is_stitched(measures)
    assert result.renamed == {"measure": "gauge"}
    now = pages(measures.root)
    for number in ("01-one", "02-two", "03-three", "04-four"):
        page = f"book/{number}.md"
        by_hand = re.sub(
            rf"{IN_CODE}|(?<=:after: )measure", "gauge", before[page].decode()
        )
        assert now[page].decode() == by_hand
    assert [f"{path}:{line}" for (path, line), _ in result.left] == [
        at(measures, "02-two", "What `measure`"),
        at(measures, "02-two", "# measure it"),
        at(measures, "04-four", "Here we"),
        at(measures, "04-four", "# measure"),
    ]


def test_a_rename_in_strings_arrives_in_all_strings(measures):
    """If the package has the old name in no string and no comment."""
    page = measures.root / "book/01-one.md"
    text = page.read_text().replace("return x", "return x  # measure")
    page.write_text(text)
    rename(measures, r"\bmeasure\b", "gauge")
    result = is_stitched(measures)
    assert "return x  # gauge" in page.read_text()
    two = (measures.root / "book/02-two.md").read_text()
    assert "What `gauge` says" in two
    assert "measure_of" in two
    assert {path for (path, _), _ in result.left} == {"book/04-four.md"}


def test_a_rename_and_other_edits_come_together(measures):
    rename(measures, IN_CODE, "gauge")
    edit(measures, "    # Doubly.\n", "    x = x or 0\n    # Thrice.\n")
    edit(measures, "return 2 * x", "return 3 * x")
    assert is_stitched(measures).renamed == {"measure": "gauge"}


def test_methods_parameters_and_attributes_are_renamed_everywhere(shapes):
    """Not so what the library has from others, or calls so in one place."""
    old = "return 2 * self.area()"
    page = shapes.root / "book/01-one.md"
    new = "total = self.area()\n        return 2 * total"
    page.write_text(page.read_text().replace(old, new))
    tangled(shapes)
    for name in ("area", "total", "fsum", "b"):
        rename(shapes, rf"\b{name}\b", f"{name[:1]}___", [M])
    edit(shapes, "math.f___", "math.dist")
    result = is_stitched(shapes)
    assert result.renamed == {"area": "a___", "b": "b___"}
    assert new.replace("area", "a___") in page.read_text()


def test_texts_of_all_kinds_are_looked_through_for_the_old_name(measures):
    root = measures.root
    measures.page("book/deep/er/05-five", "# Five\n")
    for folder in ("", ".git", "_build", "__pycache__", "build", "dist", "a"):
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "x.py").write_text("remeasure\n\nmeasure")
    for end in ("md", "js", "toml", "yml", "txt"):
        (root / f"a/y.{end}").write_bytes(b"\xff measure\nmeasured\n")
    rename(measures, IN_CODE, "gauge")
    left = [
        (f"{path}:{line}", name)
        for (path, line), name in is_stitched(measures).left
        if not path.startswith("book")
    ]
    assert left == [
        (place, "measure")
        for place in (
            *("x.py:3", "a/x.py:3", "a/y.js:1"),
            *("a/y.md:1", "a/y.toml:1", "a/y.yml:1"),
        )
    ]


def test_two_names_do_not_become_one(measures):
    rename(measures, "later", "gauge", [M])
    rename(measures, r"\bmeasured\b", "gauge", ["micrograd/n.py"])
    assert is_stitched(measures).renamed == {}


def test_a_name_does_not_become_two(measures):
    rename(measures, IN_CODE, "gauge", [M])
    rename(measures, IN_CODE, "gage", ["micrograd/n.py"])
    assert "gage" in refusal(measures)


# What is edited, and how; the line that is refused, and why; the lines of the
# chapters that are named.
REFUSED = {
    "a new definition between two chapters'": (
        "def both",
        "def more():\n    return 1\n\n\ndef both",
        "def more",
        "`more` is new here, and no one cell is its home",
        [("02-two", "return self.area() < 1"), ("01-one", "def both")],
    ),
    "a new definition in one cell": (
        "class Shape:",
        "MORE = 1\n\n\nclass Shape:",
        "MORE",
        "`MORE` is new here, and no one cell is its home",
        [("01-one", "SIDES"), ("01-one", "class Shape:")],
    ),
    "a new definition at the end": (
        "    return 1\n",
        "    return 1\n\n\nMORE = 1\n",
        "MORE",
        "`MORE` is new here, and no one cell is its home",
        [("02-two", "return 1")],
    ),
    "a new method between two chapters'": (
        "    @property\n",
        "    def more(self):\n        pass\n\n    @property\n",
        "def more",
        "no one cell is the home of this",
        [("03-three", "return area + area"), ("02-two", "@property")],
    ),
    "a new method at the end of a class": (
        "        return self.area() < 1\n",
        "        return self.area() < 1\n\n    more = 1\n",
        "more = 1",
        "no one cell is the home of this",
        [("02-two", "return self.area() < 1"), ("01-one", "def both")],
    ),
    "a statement between two chapters'": (
        "def both",
        "print(Shape)\n\n\ndef both",
        "print",
        "only imports, functions, classes,",
        [("02-two", "return self.area() < 1"), ("01-one", "def both")],
    ),
    "a new import": (
        "import math\n",
        "import math\nimport os\n",
        "import os",
        "imports come from all the cells",
        [("01-one", "import math"), ("01-one", "# How many")],
    ),
    "another import": (
        "import math\n",
        "import cmath as math\n",
        "import cmath",
        "imports come from all the cells",
        [("01-one", "import math"), ("04-four", "import math")],
    ),
    "an import inside of the file": (
        "def both",
        "import os\n\n\ndef both",
        "import os",
        "imports come from all the cells",
        [("02-two", "return self.area() < 1"), ("01-one", "def both")],
    ),
    "where to edit": (
        "edit there, not here",
        "edit here",
        "edit here",
        "the head, with the chapters to edit, is made by tangling",
        [("01-one", '"""Shapes."""')],
    ),
    "what isn't Python": (
        "return area + area",
        "return area +",
        "return area +",
        "not plain Python (invalid syntax)",
        [("03-three", "area = self.area()"), ("02-two", "@property")],
    ),
    "no head": (
        "# Tangled from chapters 1, 2 and 3 in book/: edit there, not here.\n",
        "",
        "",
        "the head, with the chapters to edit, is made by tangling",
        [("01-one", "import math")],
    ),
    "another definition of a name": (
        "def last",
        "class last: ...\n\n\ndef last",
        "def last",
        "`last` is already defined at line",
        [("01-one", "return total"), ("02-two", "return 1")],
    ),
    "an end that is a comment": (
        "    return 1\n",
        "    return 1\n\n\n# The end.\n",
        "# The end.",
        "this comment has nothing below it",
        [("02-two", "return 1")],
    ),
}


@pytest.mark.parametrize(
    ("old", "new", "text", "why", "places"), REFUSED.values(), ids=REFUSED
)
def test_what_has_no_one_home_is_refused_with_the_places(
    shapes, unproven, old, new, text, why, places
):
    if old.startswith("import math") and "cmath" in new:
        shapes.chapter("04-four", "import math\n\n\ndef e():\n    math.e")
        tangled(shapes)
    edit(shapes, old, new)
    lines = (shapes.root / M).read_text().split("\n")
    number = next(n for n, line in enumerate(lines, 1) if text in line)
    said = refusal(shapes)
    assert said.startswith(f"{M}:{number}: {why}")
    named = re.findall(r"book/\S+\.md:\d+", said)
    assert named == [at(shapes, *place) for place in places]


def test_all_that_is_wrong_is_told_together(shapes):
    edit(shapes, "def both", "A = 1\n\n\ndef both")
    edit(shapes, "def last", "B = 1\n\n\ndef last")
    assert len(refusal(shapes).split("\n")) == 2


def test_a_name_that_an_earlier_version_has_is_refused(measures):
    page = measures.root / "book/01-one.md"
    text = page.read_text().replace("return x", "gauge = x\n    return gauge")
    page.write_text(text)
    rename(measures, r"\bmeasure\b", "gauge")
    said = refusal(measures)
    place = at(measures, "01-one", "gauge = x")
    assert said.startswith(f"{place}: `gauge` has a meaning in an earlier")
    assert re.search(r"micrograd/\w\.py:\d+", said)


def test_blank_lines_between_definitions_are_not_the_edits_business(shapes):
    number = edit(shapes, "SIDES = 4\n", "SIDES = 4\n\n") + 1
    why = "blank lines between definitions are laid out by tangling"
    assert refusal(shapes).startswith(f"{M}:{number}: {why}")


def test_an_earlier_version_that_would_come_back_is_named(book):
    book.chapter("01-one", "def f():\n    return 1\n\n\nX = 1")
    book.chapter("02-two", "def f():\n    return 2\n\n\nY = 1")
    tangled(book)
    edit(book, "def f():\n    return 2\n\n\n", "")
    said = refusal(book)
    assert re.match(f"{M}:\\d+: other lines of the chapters make it", said)
    assert "tangling would give `def f():` here" in said
    assert at(book, "01-one", "def f") in said


def test_what_would_come_back_at_the_end_is_named(book):
    book.chapter("01-one", "Y = 0\n\n\ndef f():\n    return 1")
    book.chapter("02-two", "Y = 1\n\n\ndef f():\n    return 2")
    tangled(book)
    edit(book, "\n\n\ndef f():\n    return 2", "")
    assert at(book, "01-one", "def f") in refusal(book)


def test_a_cell_of_which_nothing_would_be_left_is_refused(shapes):
    edit(shapes, "\n\n\ndef last():\n    return 1", "")
    said = refusal(shapes)
    assert said.startswith("book/02-two.md:")
    assert "with the edits of the package, there is no code to tangle" in said


def test_an_import_is_refused_also_where_it_is_needed(shapes):
    number = edit(shapes, "import math\n", "import math\nimport os\n") + 1
    edit(shapes, "side * side", "side * os.side")
    said = refusal(shapes).split("\n")
    assert said[0].startswith(f"{M}:{number}: imports come from all the cells")
    assert at(shapes, "01-one", "import math") in said[0]
    assert said[1].startswith(at(shapes, "01-one", "def area"))
    assert "`os` is used here" in said[1]


def test_what_the_chapters_can_t_do_in_order_is_refused_as_it_stands(shapes):
    """By the lines as they are, before the edits."""
    edit(shapes, "SIDES = 4", "# One.\n# Two.\nSIDES = nothing()")
    said = refusal(shapes)
    assert said.startswith(at(shapes, "01-one", "SIDES = 4"))
    assert "with the edits of the package, " in said


def test_each_line_is_told_as_it_was(shapes):
    edit(shapes, "# How many.\nSIDES = 4", "# How much.\nSIDES = nothing()")
    assert refusal(shapes).startswith(at(shapes, "01-one", "SIDES = 4"))


def test_files_that_no_chapter_writes_are_refused_by_name(shapes):
    folder = shapes.root / "micrograd"
    (folder / "mine.py").write_text("x = 1\n")
    (folder / "old.py").write_text("# Tangled from book/00-gone.md: edit\n")
    (folder / "__init__.py").write_text("x = 1\n")
    (folder / "py.typed").unlink()
    said = refusal(shapes).split("\n")
    assert [line.partition(";")[0].partition(": ")[::2] for line in said] == [
        (
            "micrograd/mine.py:1",
            "no chapter has written it: move it, or tangle it",
        ),
        (
            "micrograd/__init__.py:1",
            "no cell goes to this file: give one a `:tangle:`",
        ),
        (
            "micrograd/old.py:1",
            "no chapter writes it any more: move it, or tangle it",
        ),
        (
            "micrograd/py.typed:1",
            "is not there, and no cell can say so: drop its cells",
        ),
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace(b"\n", b"\r\n"), "end each line with a"),
        (lambda text: text.rstrip(b"\n"), "end each line with a line feed"),
        (lambda text: text + b"# \xff\n", "is not UTF-8 text"),
    ],
)
def test_text_that_tangling_never_writes_is_refused(shapes, change, why):
    path = shapes.root / M
    path.write_bytes(change(path.read_bytes()))
    assert refusal(shapes).startswith(f"{M}:1: {why}")


def test_the_other_bytes_of_a_page_are_kept(shapes):
    """Line ends, a mark at the beginning, tabs; an end without line end."""
    page = shapes.root / "book/01-one.md"
    text = page.read_text().replace("# 01-one\n", "# é\t \x0c\u2028 \n")
    text = text.replace("\n", "\r\n").replace("A cell.\r\n", "A cell.\r")
    text = "\ufeff" + text + "the end  "
    page.write_bytes(text.encode())
    tangled(shapes)
    edit(shapes, "side * side", "side**2\n        print()")
    edit(shapes, "  # a length", "")
    is_stitched(shapes)
    by_hand = text.replace("side * side", "side**2\r\n        print()")
    by_hand = by_hand.replace("  # a length", "")
    assert page.read_bytes() == by_hand.encode()


def test_a_page_that_cannot_be_written_leaves_all_as_it_was(
    shapes, monkeypatch
):
    edit(shapes, "side * side", "side**2")
    edit(shapes, "return area + area", "return 2 * area")
    before = pages(shapes.root)
    replace = Path.replace

    def fails(path: Path, target: Path) -> Path:
        if path.name == f"03-three.md{UNFINISHED}":
            raise OSError("disk full")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OSError, match="disk full"):
        stitch(shapes.root)
    assert pages(shapes.root) == before


def test_a_page_that_is_edited_meanwhile_is_let_be(shapes, monkeypatch):
    edit(shapes, "side * side", "side**2")
    page = shapes.root / "book/01-one.md"
    text = page.read_text() + "More prose.\n"

    def edited(chapters: list[Chapter], _: Path) -> dict[str, Package]:
        page.write_text(text)
        return {"": tangle(chapters)}

    monkeypatch.setattr("tangle.stitch.validated", edited)
    with pytest.raises(TangleError) as caught:
        stitch(shapes.root)
    assert str(caught.value) == (
        "book/01-one.md:1: has changed in the meantime: stitch again"
    )
    assert page.read_text() == text


def test_pages_keep_their_modes_and_links(shapes, tmp_path):
    page, other = (
        shapes.root / f"book/{name}.md" for name in ("01-one", "02-two")
    )
    page.chmod(0o640)
    page.rename(tmp_path / "one.md")
    page.symlink_to(tmp_path / "one.md")
    os.utime(other, (1, 1))
    edit(shapes, "side * side", "side**2")
    is_stitched(shapes)
    assert page.is_symlink()
    assert page.stat().st_mode & 0o777 == 0o640
    assert other.stat().st_mtime == 1


def test_the_command_line_tells_places(measures, capsys):
    arguments = ["--root", str(measures.root), "--stitch"]
    rename(measures, IN_CODE, "gauge")
    (measures.root / "tool.py").write_text("import os\n\nmeasure()\n")
    assert main(arguments) == 0
    output = capsys.readouterr().out
    measures.told.append(output)
    said = output.split("\n")
    assert said[0] == at(measures, "01-one", "def gauge") + " is changed"
    assert "measure is gauge in all tangled cells" in said
    prose = at(measures, "04-four", "Here we measure")
    assert f"{prose} still says measure" in said
    assert "tool.py:3 still says measure" in said
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("the chapters say what")
    edit(measures, "def other", "A = 1\n\n\ndef other")
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"{M}:")
    with pytest.raises(SystemExit):
        main([*arguments, "--check"])


@dataclass(frozen=True)
class Library:
    """A copy of this book, and what is in it."""

    root: Path
    pages: dict[str, bytes]
    texts: dict[str, str]
    files: list[str]
    """Those with functions."""
    outside: dict[str, str]
    """What its pages say outside of tangled cells."""

    def put_back(self) -> None:
        for path, page in self.pages.items():
            (self.root / path).write_bytes(page)
        (self.root / TANGLED).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    root = tmp_path_factory.mktemp("library")
    listed = [path for path, _ in listed_pages(ROOT, [])]
    for path in (CONTENTS, SETTINGS, *listed):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, root / path)
    assert main(["--root", str(root)]) == 0
    texts = {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for path in (root / "micrograd").rglob("*.py")
    }
    pages = {path: (root / path).read_bytes() for path in listed}
    files = sorted(file for file, text in texts.items() if functions(text))
    outside = outside_cells(root, read_chapters(root))
    return Library(root, pages, texts, files, outside)


def is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def functions(text: str) -> list[ast.FunctionDef]:
    """Those with something below the docstring, on lines of its own."""
    return [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and len(node.body) > bool(ast.get_docstring(node))
        and node.body[0].lineno > node.lineno
    ]


def statements(function: ast.FunctionDef, lines: list[str]) -> list[int]:
    """The rows, from 0, above which a line may come."""
    body = function.body[bool(ast.get_docstring(function)) :]
    inner = (one for node in body for one in ast.walk(node))
    rows = {one.lineno - 1 for one in inner if isinstance(one, ast.stmt)}
    return [
        row
        for row in sorted(rows)
        if not re.match(r"\s*(elif|@|def|class)\b", lines[row])
        and row > function.lineno - 1
        and not lines[row - 1].lstrip().startswith("@")
    ]


def add_line(draw, text: str) -> str:
    lines = text.split("\n")
    function = draw(st.sampled_from(functions(text)))
    row = draw(st.sampled_from(statements(function, lines)))
    new = draw(st.sampled_from(["pass", "# Edited: `x`.", "assert True\n"]))
    indent = re.match(r"\s*", lines[row])
    lines.insert(row, f"{indent[0]}{new}" if indent else new)
    return "\n".join(lines)


def add_last_line(draw, text: str) -> str:
    lines = text.split("\n")
    function = draw(st.sampled_from(functions(text)))
    new = draw(st.sampled_from(["pass", "# The end.", "pass\n", "\npass"]))
    indented = textwrap.indent(new, " " * (function.col_offset + 4))
    lines.insert(function.end_lineno or 0, indented.rstrip("\n"))
    return "\n".join(lines)


def change_docstring(draw, text: str) -> str:
    lines = text.split("\n")
    rows = [
        row
        for node in functions(text)
        if ast.get_docstring(node)
        for row in range(node.body[0].lineno - 1, node.body[0].end_lineno or 0)
        if re.search(r"\b[a-z]{3,}\b", lines[row])
    ]
    if rows:
        row = draw(st.sampled_from(rows))
        new = draw(st.sampled_from(["edited", "two words", "été"]))
        lines[row] = re.sub(r"\b[a-z]{3,}\b", new, lines[row], count=1)
    return "\n".join(lines)


def change_comment(draw, text: str) -> str:
    """Double, drop or change one that stands in a function's body."""
    lines = text.split("\n")
    rows = [
        row
        for node in functions(text)
        for row in range(statements(node, lines)[0], node.end_lineno or 0)
        if re.match(r"\s+# ", lines[row])
    ]
    if rows:
        row = draw(st.sampled_from(rows))
        line = lines[row]
        new = draw(st.sampled_from([[], [line, line], [f"{line} Edited."]]))
        lines[row : row + 1] = new
    return "\n".join(lines)


def rename_local(draw, text: str) -> str:
    function = draw(st.sampled_from(functions(text)))
    nodes = list(ast.walk(function))
    named = [node for node in nodes if isinstance(node, ast.Name)]
    # The places of names in f-strings are others in other Pythons.
    other = {
        one.id
        for node in nodes
        if isinstance(node, ast.JoinedStr)
        for one in ast.walk(node)
        if isinstance(one, ast.Name)
    }
    other |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    for node in nodes:
        if isinstance(node, ast.Global | ast.Nonlocal):
            other |= set(node.names)
    names = {one.id for one in named if isinstance(one.ctx, ast.Store)}
    if not names - other:
        return text
    name = draw(st.sampled_from(sorted(names - other)))
    lines = [line.encode() for line in text.split("\n")]
    for one in sorted(named, key=lambda n: (n.lineno, -n.col_offset)):
        if one.id == name:
            line, at = lines[one.lineno - 1], one.col_offset
            new = name.encode() + b"_edited"
            lines[one.lineno - 1] = (
                line[:at] + new + line[at + len(name.encode()) :]
            )
    return b"\n".join(lines).decode()


WITHIN_FUNCTIONS = [
    add_line,
    add_last_line,
    change_docstring,
    change_comment,
    rename_local,
]


def rename_everywhere(draw, texts: dict[str, str]) -> dict[str, str]:
    nodes = [n for text in texts.values() for n in ast.walk(ast.parse(text))]
    ours = (ast.FunctionDef, ast.ClassDef)
    names = {node.name for node in nodes if isinstance(node, ours)}
    names |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    names = {name for name in names if not name.startswith("__")}
    name = draw(st.sampled_from(sorted(names)))
    return {
        file: re.sub(rf"\b{name}\b", f"{name}_x", text)
        for file, text in texts.items()
    }


def change_any_line(draw, text: str) -> str:
    lines = text.split("\n")
    row = draw(st.integers(0, len(lines) - 2))
    line = lines[row]
    new = [[], [line, line], [f"{line}  # edited"], [line, ""], ["x = 1"]]
    lines[row : row + 1] = draw(st.sampled_from(new))
    return "\n".join(lines)


def outside_cells(root: Path, chapters: list[Chapter]) -> dict[str, str]:
    """What each page says where nothing is tangled, options aside."""
    said = {}
    for chapter in chapters:
        page = (root / chapter.path).read_text("utf-8")
        lines = page.splitlines(keepends=True)
        for cell in chapter.cells:
            rows = range(cell.source.count("\n") + 1)
            for row in (cell.line - 1 + row for row in rows):
                lines[row] = ""
        kept = (one for one in lines if not one.startswith(":after:"))
        said[chapter.path] = "".join(kept)
    return said


@settings(max_examples=min(6, settings.default.max_examples))
@given(st.data())
def test_the_library_is_edited_and_tangling_gives_just_that(library, data):
    """Or nothing changes; what is edited in functions is never refused."""
    texts = dict(library.texts)
    within = True
    for _ in range(data.draw(st.integers(1, 4))):
        kind = data.draw(st.integers(0, 9))
        if kind == 9:
            within = False
            texts = rename_everywhere(data.draw, texts)
            continue
        file = data.draw(st.sampled_from(library.files))
        change = change_any_line
        if kind < 8:
            change = data.draw(st.sampled_from(WITHIN_FUNCTIONS))
        new = change(data.draw, texts[file])
        if change is change_any_line:
            within = False
            if not is_python(new):
                continue
        texts[file] = new
    for file, text in texts.items():
        (library.root / file).write_text(text, "utf-8")
    library.put_back()
    try:
        stitch(library.root)
    except TangleError as error:
        assert not within, str(error)
        for path, page in library.pages.items():
            assert (library.root / path).read_bytes() == page
    else:
        chapters = read_chapters(library.root)
        files = tangle(chapters).files
        made = {file: module.text for file, module in files.items()}
        assert made == texts | {"micrograd/py.typed": ""}
        assert outside_cells(library.root, chapters) == library.outside
    for file, text in texts.items():
        assert (library.root / file).read_text("utf-8") == text
