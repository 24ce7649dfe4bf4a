"""The four rules: order, imports, reopened classes, last definitions."""

from __future__ import annotations

from dataclasses import is_dataclass
from importlib import import_module
from pkgutil import iter_modules
from textwrap import dedent

import pytest

import tangle
from tangle.chapters import read_chapters
from tangle.validation import validated


def same(text: str, expected: str) -> bool:
    assert text.strip("\n") == dedent(expected).strip("\n")
    return True


def test_what_is_made_of_a_book_is_not_changed():
    found = {
        thing.__name__: thing.__dataclass_params__.frozen
        for module in iter_modules(tangle.__path__, "tangle.")
        for thing in vars(import_module(module.name)).values()
        if isinstance(thing, type) and is_dataclass(thing)
    }
    assert [name for name, frozen in found.items() if not frozen] == ["Draft"]


def test_cells_follow_in_the_order_of_the_contents_and_the_page(book):
    book.chapter("02-two", "def a():\n    return 1", "def c():\n    return 3")
    book.chapter("01-one", "def b():\n    return 2")
    assert same(
        book.text(),
        """
        def a():
            return 1


        def c():
            return 3


        def b():
            return 2
        """,
    )


def test_a_cell_goes_to_its_own_file_only(book):
    book.chapter("01-one", "x = 1", file="micrograd/a.py")
    book.chapter("02-two", "y = 2", file="micrograd/b.py")
    assert "y" not in book.text("micrograd/a.py")
    assert "x = 1" in book.text("micrograd/a.py")


def test_imports_rise_and_merge_and_are_sorted(book):
    book.chapter(
        "01-one",
        """
        import zlib
        from math import tanh, exp
        use = (zlib, tanh, exp, Value)
        """,
        """
        from micrograd.engine import Value
        from math import log10, log2, E
        import numpy as np
        import math

        def f():
            return math, np, log10, log2, E
        """,
    )
    assert same(
        book.text(),
        """
        import math
        import zlib
        from math import E, exp, log2, log10, tanh

        import numpy as np

        from micrograd.engine import Value

        use = (zlib, tanh, exp, Value)


        def f():
            return math, np, log10, log2, E
        """,
    )


def test_a_long_import_is_wrapped(book):
    names = [f"quite_a_long_name_{i}" for i in range(5)]
    book.chapter(
        "01-one",
        f"from micrograd.x import {', '.join(names)}\nx = {names}".replace(
            "'", ""
        ),
    )
    head = "from micrograd.x import (\n    quite_a_long_name_0,\n"
    assert book.text().lstrip("\n").startswith(head)


def test_an_import_whose_user_was_replaced_goes_with_it(book):
    book.chapter("01-one", "import math\n\ndef f(x):\n    return math.exp(x)")
    assert "import math" in book.text()
    book.chapter("02-two", "def f(x):\n    math = x\n    return math")
    assert "import" not in book.text()


def test_imports_for_others_stay_without_being_used(book):
    book.chapter(
        "01-one",
        """
        from __future__ import annotations
        from typing import Literal
        from micrograd.engine import Value as Value
        from micrograd.nn import MLP, Layer, Module

        __all__ = ["MLP"]


        def f(x: "Layer", y: Literal["not a name"] = 1):
            return x
        """,
        file="micrograd/__init__.py",
    )
    text = book.text("micrograd/__init__.py")
    assert "from __future__ import annotations\n\nfrom typing" in text
    assert "import Value as Value\n" in text
    assert "from micrograd.nn import MLP, Layer\n" in text


def test_imports_for_typing_rise_in_one_block(book):
    book.chapter(
        "01-one",
        """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from graphviz import Digraph

        def f() -> Digraph: ...
        """,
        """
        # Only for the checker.
        if TYPE_CHECKING:
            from collections.abc import Iterable
            from collections.abc import Sequence
            import unused

        def g(x: Iterable[int], y: Sequence[int]) -> None: ...
        """,
        "from collections.abc import Sequence\ny = Sequence",
    )
    assert same(
        book.text().partition("\n\n\n")[0],
        """
        from __future__ import annotations

        from collections.abc import Sequence
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            # Only for the checker.
            from collections.abc import Iterable

            from graphviz import Digraph
        """,
    )


def test_a_name_for_others_may_be_for_typing_alone(book):
    book.chapter(
        "01-one",
        """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from fractions import Fraction as Fraction
        """,
    )
    assert same(
        book.text(),
        """
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from fractions import Fraction as Fraction
        """,
    )


def test_comments_of_imports_stay_with_them(book):
    book.chapter(
        "01-one",
        """
        # Why graphviz.
        import graphviz  # type: ignore
        from math import (
            tanh,  # the squash
        )

        x = graphviz, tanh
        """,
        "# and exp\nfrom math import exp\ny = exp",
    )
    assert same(
        book.text(),
        """
        # and exp
        from math import (
            exp,
            tanh,  # the squash
        )

        # Why graphviz.
        import graphviz  # type: ignore

        x = graphviz, tanh

        y = exp
        """,
    )


def test_a_reopened_class_goes_on_in_its_place(book):
    book.chapter(
        "01-one",
        '''
        class Value:
            """A number."""

            def __init__(self, data):
                self.data = data

            # ends the body of the class
        ''',
        "def later():\n    return 1",
        """
        @reopen
        class Value:
            # Goes with the method below.
            def double(self):
                return 2 * self.data

            half = 0.5
            one = 1
        """,
    )
    assert same(
        book.text(),
        '''
        class Value:
            """A number."""

            def __init__(self, data):
                self.data = data

            # ends the body of the class

            # Goes with the method below.
            def double(self):
                return 2 * self.data

            half = 0.5
            one = 1


        def later():
            return 1
        ''',
    )


def test_the_placeholder_of_an_empty_class_makes_room(book):
    book.chapter(
        "01-one",
        "class Value:\n    pass",
        "@reopen\nclass Value:\n    def f(self):\n        return 1",
    )
    assert same(
        book.text(),
        """
        class Value:
            def f(self):
                return 1
        """,
    )


def test_the_last_definition_wins_where_the_first_stood(book):
    book.chapter(
        "01-one",
        """
        A = 1
        B = 2


        def f():
            return 1


        class Value:
            x = 1

            def g(self):
                return 1

            def h(self):
                return 1
        """,
        "def last():\n    return 0",
        """
        # B for better.
        B = 3

        # f too.
        def f():
            return 2

        @reopen
        class Value:
            def g(self):
                return 2

            x = 2
        """,
    )
    assert same(
        book.text(),
        """
        A = 1
        # B for better.
        B = 3


        # f too.
        def f():
            return 2


        class Value:
            x = 2

            def g(self):
                return 2

            def h(self):
                return 1


        def last():
            return 0
        """,
    )


def test_a_class_defined_again_replaces_all_of_it(book):
    book.chapter(
        "01-one",
        "class Value:\n    def f(self):\n        return 1",
        "x = 1",
        "class Value:\n    def g(self):\n        return 1",
    )
    assert same(
        book.text(),
        """
        class Value:
            def g(self):
                return 1


        x = 1
        """,
    )


def test_a_property_keeps_its_setter_beside_it(book):
    first = """
        class Value:
            @property
            def x(self):
                return 1

            @x.setter
            def x(self, to):
                self.to = to

            def f(self):
                return 1
        """
    again = """
        @reopen
        class Value:
            @property
            def x(self):
                return 2
        """
    setter = """
            @x.setter
            def x(self, to):
                self.two = to
        """
    book.chapter("01-one", first)
    book.chapter("02-two", again)
    # A getter alone makes a property without a setter, as in the notebook.
    assert "setter" not in book.text()
    both = again.rstrip() + "\n" + setter
    book.chapter("03-three", both.replace("2", "3").replace("two", "three"))
    book.chapter("04-four", both)
    assert same(
        book.text(),
        """
        class Value:
            @property
            def x(self):
                return 2

            @x.setter
            def x(self, to):
                self.two = to

            def f(self):
                return 1
        """,
    )
    definitions = book.package().definitions
    assert [(one.name, one.kind) for one in definitions] == [
        ("Value", "class"),
        ("Value.x", "property"),
        ("Value.x.setter", "property"),
        ("Value.f", "method"),
    ]


def test_the_last_docstring_is_the_module_s(book):
    book.chapter("01-one", '"""One."""\n\nimport os\n\nx = os')
    book.chapter("02-two", '# Said better.\n"""Two.\n\nMore.\n"""')
    assert same(
        book.text(),
        '''
        # Said better.
        """Two.

        More.
        """

        import os

        x = os
        ''',
    )


def test_comments_go_with_what_is_below_or_with_the_body_above(book):
    code = """
        # Floats above f.

        # Right above f.
        @staticmethod  # a decorator
        # between
        def f():  # on f
            return 1
            # ends f


        # about X
        X = 1  # on X
        """
    book.chapter("01-one", code)
    assert same(book.text(), code)
    book.chapter("02-two", "def f():\n    return 2")
    assert "about X" in book.text()
    assert "f." not in book.text()


def test_every_line_knows_the_line_that_it_comes_from(book):
    book.chapter("01-one", "import os\n\n\nclass A:\n    x = os")
    book.chapter("02-two", "import os\n\n\n@reopen\nclass A:\n    y = 1")
    module = book.package().files["micrograd/m.py"]
    one, two = "book/01-one.md", "book/02-two.md"
    assert module.lines[0].source is None
    assert [(line.text, line.source) for line in module.lines[1:]] == [
        ("", None),
        ("import os", (two, book.line(two, "import os"))),
        ("", None),
        ("", None),
        ("class A:", (one, book.line(one, "class A:"))),
        ("    x = os", (one, book.line(one, "x = os"))),
        ("", None),
        ("    y = 1", (two, book.line(two, "y = 1"))),
    ]
    assert module.source(1) == (two, book.line(two, "import os"))
    assert module.source(4) == (one, book.line(one, "class A:"))


def test_every_definition_remembers_what_it_was(book):
    book.chapter("01-one", "x = 1", "class V:\n    def f(self):\n        pass")
    book.chapter(
        "02-two",
        """
        @reopen
        class V:
            # a comment
            @property
            def f(self):
                return 1
        """,
    )
    package = book.package()
    names = [(one.name, one.kind, one.file) for one in package.definitions]
    assert names == [
        ("x", "data", "micrograd/m.py"),
        ("V", "class", "micrograd/m.py"),
        ("V.f", "property", "micrograd/m.py"),
    ]
    old, new = package.definitions[-1].versions
    assert (old.chapter, old.path) == ("01-one", "book/01-one.md")
    assert (old.line, old.end_line) == (
        book.line(old.path, "def f"),
        book.line(old.path, "pass"),
    )
    assert old.cell_index == 1
    assert (new.line, new.end_line) == (
        book.line(new.path, "@property"),
        book.line(new.path, "return 1"),
    )


def test_the_header_names_every_page(book):
    book.chapter("01-one", "def f():\n    return 1")

    def header():
        lines = book.package().files["micrograd/m.py"].text.split("\n")
        return [line for line in lines if line.startswith("#")]

    assert header() == ["# Tangled from book/01-one.md: edit there, not here."]
    book.chapter("02-two", "x = 1")
    book.chapter("03-three", "y = 1")
    assert header() == [
        "# Tangled from chapters 1, 2 and 3 in book/: edit there, not here."
    ]
    book.chapter("04-all", "def f():\n    return 2")
    assert header() == [
        "# Tangled from chapters 2, 3 and 4 in book/: edit there, not here."
    ]
    book.chapter("a-page-without-a-number", "z = 1")
    assert header() == [
        "# Tangled from book/02-two.md, book/03-three.md, book/04-all.md,",
        "# book/a-page-without-a-number.md: edit there, not here.",
    ]
    long = "x" * 80
    book.chapter(long, "y = 2")
    assert header() == [
        "# Tangled from book/02-two.md, book/04-all.md,"
        " book/a-page-without-a-number.md,",
        f"# book/{long}.md:",
        "# edit there, not here.",
    ]


def test_the_header_names_pages_in_the_order_of_the_contents(book):
    book.chapter("03-three", "def f():\n    return 1")
    book.chapter("02-two", "# Why.\nimport math as math")
    book.chapter("01-one", "x = 1")
    assert book.package().files["micrograd/m.py"].lines[0].text == (
        "# Tangled from chapters 3, 2 and 1 in book/: edit there, not here."
    )


def test_the_package_is_one_even_before_the_first_cell(book):
    book.chapter("01-one", "x = 1", file="micrograd/deep/m.py")
    stage = book.package("index")
    assert list(stage.files) == ["micrograd/__init__.py", "micrograd/py.typed"]
    assert stage.files["micrograd/__init__.py"].text == (
        "# Tangled from the chapters in book/: edit there, not here.\n"
    )
    assert "micrograd/deep/__init__.py" in book.package().files


def test_a_chapter_that_is_not_there_has_no_stage(book):
    with pytest.raises(KeyError):
        book.package("no-chapter")


def test_each_stage_holds_what_was_told_by_then(book):
    from tangle.chapters import read_chapters
    from tangle.package import stages

    book.chapter("01-one", "x = 1")
    book.chapter("02-two", "x = 2")
    texts = {
        name: package.files["micrograd/m.py"].text
        for name, package in stages(read_chapters(book.root))
        if "micrograd/m.py" in package.files
    }
    assert list(texts) == ["01-one", "02-two"]
    assert "x = 1\n" in texts["01-one"]
    assert "x = 2\n" in texts["02-two"]


def test_a_one_line_class_is_left_as_it_is(book):
    book.chapter("01-one", "class Oops(Exception): ...", "class Oops2: ...")
    assert "class Oops(Exception): ...\n\n\nclass Oops2: ..." in book.text()


def test_blank_lines_at_the_head_of_a_body_are_dropped(book):
    book.chapter("01-one", "class A:\n\n    # on x\n    x = 1")
    assert book.text().strip() == "class A:\n    # on x\n    x = 1"


def test_a_blank_line_follows_a_docstring_and_no_other_text(book):
    book.chapter(
        "01-one",
        'class A:\n    """Of A."""\n    x = 1\n    """Of x."""\n    y = 2',
    )
    assert same(
        book.text(),
        '''
        class A:
            """Of A."""

            x = 1
            """Of x."""
            y = 2
        ''',
    )


def test_members_are_of_all_kinds(book):
    code = """
        class A(B, C):
            x: int

            y: int = 1
            z = 2

            class Inner:
                a = 1

            async def f(self):
                return 1

            @staticmethod
            def g():
                return 1

            if y:
                z = 3
            del y
    """
    book.chapter("01-one", "class B:\n    pass\n\n\nC = 1", code)
    assert same(book.text().partition("C = 1\n")[2], code)
    definitions = [(one.name, one.kind) for one in book.package().definitions]
    assert definitions == [
        ("B", "class"),
        ("C", "data"),
        ("A", "class"),
        ("A.x", "attribute"),
        ("A.y", "attribute"),
        ("A.z", "attribute"),
        ("A.Inner", "class"),
        ("A.f", "method"),
        ("A.g", "method"),
    ]


def test_a_cell_may_say_where_in_the_file_it_goes(book):
    def cell(code, *options):
        lines = ["```{code-cell}", ":tangle: micrograd/m.py", *options, ""]
        return "\n".join([*lines, code, "```", ""])

    book.page(
        "book/01-one",
        "\n".join(
            [
                "# One\n",
                cell("class A:\n    x = 1\n\n    def last(self): ..."),
                cell("def f(): ..."),
                cell("@reopen\nclass A:\n    y = 2", ":after: A.x"),
                cell("B = 3\nC = 4", ":after: A"),
                cell(
                    "@reopen\nclass A:\n    z = 5\n\n\nD = 6",
                    ":after: [A.y, C]",
                ),
                cell("B = 7\nE = 8", ":after: B"),
            ]
        ),
    )
    assert book.text() == (
        "\n\nclass A:\n    x = 1\n\n    y = 2\n\n    z = 5\n\n"
        "    def last(self): ...\n\n\n"
        "B = 7\nE = 8\nC = 4\n\n\nD = 6\n\n\ndef f(): ...\n"
    )
    validated(read_chapters(book.root))


@pytest.mark.parametrize(
    ("after", "message"),
    [
        ("g", "there is no such definition yet"),
        ("fun", "did you mean `func`?"),
        ("A.x", "does not go on with a class `A`"),
        ("func.x", "does not go on with a class `func`"),
    ],
)
def test_a_place_that_is_not_there_is_refused(book, after, message):
    book.page(
        "book/01-one",
        "```{code-cell}\n:tangle: micrograd/m.py\n\nclass A:\n    x = 1\n\n\n"
        "def func(): ...\n```\n\n```{code-cell}\n:tangle: micrograd/m.py\n"
        f":after: {after}\n\ny = 1\n```\n",
    )
    error = book.refusal()
    assert error.line == book.line("book/01-one.md", "y = 1")
    assert message in error.message


@pytest.mark.parametrize("after", ["A.lst", "A.nothing"])
def test_a_place_in_a_class_that_is_not_there_is_refused(book, after):
    book.page(
        "book/01-one",
        "```{code-cell}\n:tangle: micrograd/m.py\n\nclass A:\n    last = 1\n"
        "    list = 2\n\n```\n\n```{code-cell}\n:tangle: micrograd/m.py\n"
        f":after: {after}\n\n@reopen\nclass A:\n    y = 1\n```\n",
    )
    assert book.refusal().line == book.line("book/01-one.md", "@reopen")


@pytest.mark.parametrize("first", ["x = 1\ny = 2", "y = 2\nx = 1", "x = 1"])
def test_a_place_for_nothing_new_is_refused(book, first):
    after = first[-5]
    book.page(
        "book/01-one",
        f"```{{code-cell}}\n:tangle: micrograd/m.py\n\n{first}\n```\n\n"
        "```{code-cell}\n:tangle: micrograd/m.py\n"
        f":after: {after}\n\nx = 3\n```\n",
    )
    assert "nothing here is new" in book.refusal().message


@pytest.mark.parametrize(
    "options", [":after: y", ":tangle: micrograd/m.py\n:after: {y: 1}"]
)
def test_a_place_of_what_has_none_is_refused(book, options):
    book.page("book/01-one", f"```{{code-cell}}\n{options}\n\nx = 1\n```\n")
    error = book.refusal()
    assert error.line == book.line("book/01-one.md", ":after:")
