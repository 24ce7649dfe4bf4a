"""What cannot be tangled: told with its line, and with what to do instead."""

from __future__ import annotations

import pytest

CLASS = "class Value:\n    def f(self):\n        return 1\n"
REOPEN = "@reopen\nclass Value:\n"
POSTPONED = "from __future__ import annotations\n"

# what: (cells, a text on the line that is named, a part of the message)
REFUSED = {
    # plain Python
    "a syntax error": (["x = 1\ndef f(:\n    pass"], "def f(:", "not plain"),
    "a magic": (["import os\n%timeit os"], "%timeit", "not plain Python"),
    "a cell magic": (["%%time\nx = 1"], "%%time", "not plain Python"),
    "a command": (["x = 1\n\n!ls"], "!ls", "a cell of their own"),
    "a return outside of a function": (["return 1"], "return", "not plain"),
    "an unfinished cell": (["x = (1,"], "x = (1,", "not plain Python"),
    # what may stand in a tangled cell
    "an expression": (["x = 1\nprint(x)"], "print", "a cell of its own"),
    "a loop": (["for i in []:\n    pass"], "for", "a cell of its own"),
    "a docstring below code": (['x = 1\n"""Doc."""'], "Doc", "of its own"),
    "two targets": (["a = b = 1"], "a = b", "a cell of its own"),
    "an unpacking": (["a, b = 1, 2"], "a, b", "a cell of its own"),
    "an attribute set": ([CLASS, "Value.x = 1"], "Value.x", "of its own"),
    "an addition": (["x = 1", "x += 1"], "x += 1", "a cell of its own"),
    "a name without value": (["x: int"], "x: int", "a cell of its own"),
    "a main block": (["if __name__ == 'x':\n    y = 1"], "if", "of its own"),
    "code for typing": (
        ["if TYPE_CHECKING:\n    import a\n    x = 1"],
        "x = 1",
        "a cell of its own",
    ),
    "typing or not": (
        ["if TYPE_CHECKING:\n    import a\nelse:\n    a = 1"],
        "if TYPE",
        "a cell of its own",
    ),
    "two statements on a line": (["a = 1; b = 2"], "a = 1", "line of its"),
    "a comment at the end": (["x = 1\n\n# end"], "# end", "move it above"),
    "nothing but a comment": (["# only"], "# only", "no code to tangle"),
    "tabs": (["class A:\n\tx = 1"], "x = 1", "by 4 spaces"),
    "overloads": (
        ["@overload\ndef f(x: int) -> int: ..."],
        "def f",
        "a union",
    ),
    "overloads of a method": (
        ["class A:\n    @typing.overload\n    def f(self): ..."],
        "def f",
        "a union",
    ),
    "a name of Python's": (["__file__ = 'x'"], "__file__", "drop it"),
    "a docstring that is set": (
        ["__doc__ = 'x'"],
        "__doc__",
        "begin the cell with the docstring itself",
    ),
    # imports
    "a star": (["from math import *"], "math", "name what is imported"),
    "a relative import": (["from . import engine"], "from .", "in full"),
    "a comment among imports": (
        ["from math import (\n    # why\n    exp,\n)\nx = exp"],
        "# why",
        "above the statement",
    ),
    "a comment after two imports": (
        ["from math import exp, log  # two\nx = exp, log"],
        "# two",
        "above the statement",
    ),
    "a comment on a typing block": (
        ["if TYPE_CHECKING:  # why\n    import a"],
        "# why",
        "above the statement",
    ),
    "two imports of one name": (
        ["from math import exp\nx = exp", "from cmath import exp\ny = exp"],
        "cmath",
        "another name",
    ),
    "an import and a definition of one name": (
        ["from math import exp\nx = exp", "def exp(x):\n    return x"],
        "def exp",
        "another name",
    ),
    # one name twice
    "a name twice in a cell": (
        ["def f():\n    return 1\n\ndef f():\n    return 2"],
        "def f",
        "already defined",
    ),
    "a class reopened where it is defined": (
        [f"{CLASS}\n{REOPEN}    x = 1"],
        "@reopen",
        "already defined",
    ),
    "a method twice in a reopened body": (
        [CLASS, f"{REOPEN}    def g(self): ...\n    g = 1"],
        "g = 1",
        "already defined",
    ),
    # reopening
    "a class that isn't there": (
        ["@reopen\nclass Nothing:\n    x = 1"],
        "@reopen",
        "no class `Nothing` in micrograd/m.py yet",
    ),
    "a class that isn't one": (
        ["def Value(): ...", f"{REOPEN}    x = 1"],
        "@reopen",
        "no class `Value`",
    ),
    "bases": (
        [CLASS, "@reopen\nclass Value(Base):\n    x = 1"],
        "class Value(Base)",
        "bases and keywords already",
    ),
    "keywords": (
        [CLASS, "@reopen\nclass Value(metaclass=M):\n    x = 1"],
        "metaclass",
        "bases and keywords already",
    ),
    "another decorator": (
        [CLASS, "@final\n@reopen\nclass Value:\n    x = 1"],
        "class Value",
        "and no other",
    ),
    "a reopen from elsewhere": (
        [CLASS, "@literate.reopen\nclass Value:\n    x = 1"],
        "class Value",
        "and no other",
    ),
    "a comment above reopen": (
        [CLASS, f"# why\n{REOPEN}    x = 1"],
        "# why",
        "into the class body",
    ),
    "a comment on the class line": (
        [CLASS, "@reopen\nclass Value:  # why\n    x = 1"],
        "# why",
        "into the class body",
    ),
    "a body on the class line": (
        [CLASS, "@reopen\nclass Value: x = 1"],
        "class Value: x",
        "lines of its own",
    ),
    "a class of one line": (
        ["class Value: x = 1", f"{REOPEN}    y = 1"],
        "@reopen",
        "on its first line",
    ),
    "another depth": ([CLASS, f"{REOPEN}  x = 1"], "x = 1", "by 4 spaces"),
    "super()": (
        [CLASS, f"{REOPEN}    def g(self):\n        super().g()"],
        "super()",
        "super(Value, self)",
    ),
    "__class__": (
        [CLASS, f"{REOPEN}    def g(self):\n        return __class__"],
        "__class__",
        "type(self)",
    ),
    "a private name": (
        [CLASS, f"{REOPEN}    def __g(self):\n        return 1"],
        "__g",
        "one underscore, `_g`",
    ),
    "a private attribute": (
        [CLASS, f"{REOPEN}    def g(self):\n        self.__x = 1"],
        "self.__x",
        "one underscore, `_x`",
    ),
    "a private parameter": (
        [CLASS, f"{REOPEN}    def g(self, __x):\n        return 1"],
        "def g",
        "one underscore",
    ),
    "slots": (
        [CLASS, f"{REOPEN}    __slots__ = ()"],
        "__slots__",
        "the whole class",
    ),
    "a bare __eq__": (
        [CLASS, f"{REOPEN}    def __eq__(self, other):\n        return 1"],
        "__eq__",
        "define `__hash__` beside it",
    ),
    "__init_subclass__": (
        [CLASS, f"{REOPEN}    def __init_subclass__(cls):\n        cls.x = 1"],
        "__init_subclass__",
        "the whole class",
    ),
    "a decorator that sees the class": (
        [CLASS, f"{REOPEN}    @cached_property\n    def g(self): ..."],
        "@cached_property",
        "the whole class",
    ),
    "a setter alone": (
        [CLASS, f"{REOPEN}    @g.setter\n    def g(self, x): ..."],
        "@g.setter",
        "its getter here too",
    ),
    "a descriptor": (
        [CLASS, f"{REOPEN}    g = Descriptor()"],
        "Descriptor",
        "the whole class",
    ),
    "a docstring": ([CLASS, f'{REOPEN}    """Doc."""'], "Doc", "a comment"),
    "an annotation alone": ([CLASS, f"{REOPEN}    x: int"], "x: int", "value"),
    "a class inside": (
        [CLASS, f"{REOPEN}    class Inner:\n        x = 1"],
        "class Inner",
        "functions and assignments",
    ),
    "a statement": (
        [CLASS, f"{REOPEN}    if True:\n        x = 1"],
        "if True",
        "functions and assignments",
    ),
    "pass": ([CLASS, f"{REOPEN}    pass"], "pass", "functions and assign"),
    "a read of what another body defined": (
        [CLASS, f"{REOPEN}    g = f"],
        "g = f",
        "not defined above in this body",
    ),
    "a default that another body defined": (
        [CLASS, f"{REOPEN}    def g(self, to=f): ..."],
        "def g",
        "not defined above in this body",
    ),
    "a decorated class": (
        [f"@dataclass\n{CLASS}", f"{REOPEN}    x = 1"],
        "@reopen",
        "a decorator has seen its body",
    ),
    "a class with a metaclass": (
        [CLASS.replace(":", "(metaclass=M):", 1), f"{REOPEN}    x = 1"],
        "@reopen",
        "keywords",
    ),
    "a class with a base that may see its body": (
        [
            "import enum\n\n\n" + CLASS.replace(":", "(enum.Enum):", 1),
            f"{REOPEN}    x = 1",
        ],
        "x = 1",
        "`Value._member_map_` is",
    ),
    # meaning that the fold would change
    "an alias of what is replaced": (
        ["def f(): ...", "g = f", "def f():\n    return 2"],
        "def f",
        "define `g` again after it",
    ),
    "an alias in a class of what is replaced": (
        [f"{CLASS}\n    g = f", f"{REOPEN}    def f(self):\n        return 2"],
        "def f",
        "define `g` again after it",
    ),
    "a decorator that is replaced": (
        ["def deco(f):\n    return f", "@deco\ndef g(): ...", "deco = 2"],
        "deco = 2",
        "define `g` again after it",
    ),
    "a default that is replaced": (
        ["X = 1", "def g(x=X): ...", "X = 2"],
        "X = 2",
        "define `g` again after it",
    ),
    "a base that is replaced": (
        [CLASS, "class B(Value):\n    x = 1", CLASS],
        "class Value",
        "define `B` again after it",
    ),
    "a method's default that is replaced": (
        ["X = 1", "class B:\n    def g(x=X): ...", "X = 2"],
        "X = 2",
        "define `g` again after it",
    ),
    "a method that was read from outside": (
        [CLASS, "g = Value.f", f"{REOPEN}    def f(self):\n        return 2"],
        "def f",
        "define `g` again after it",
    ),
    "an annotation that is replaced": (
        [CLASS, "def g(x: Value): ...", CLASS],
        "class Value",
        "define `g` again after it",
    ),
    "a read of what then stands below": (
        ["X = 1", "Y = 2", "X = Y + 1"],
        "X = Y + 1",
        "use it inside a function",
    ),
    "a read of the name itself": (
        ["X = 1", "X = X + 1"],
        "X = X + 1",
        "use it inside a function",
    ),
    "a read of the class that is being made": (
        [CLASS, f"{REOPEN}    one = [Value]"],
        "one = ",
        "use it inside a function",
    ),
    "an annotation of what is being made": (
        [CLASS, f"{REOPEN}    def g(self) -> Value: ..."],
        "def g",
        "from __future__ import annotations",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused(book, what):
    codes, at, message = REFUSED[what]
    book.chapter("01-one", *codes)
    error = book.refusal()
    assert message in error.message
    assert error.path == "book/01-one.md"
    assert error.line == book.line(error.path, at)
    assert str(error).startswith(f"book/01-one.md:{error.line}: ")


@pytest.mark.parametrize(
    "name",
    """
    __annotations__ __builtins__ __class__ __dict__ __loader__ __name__
    __package__ __path__ __spec__
    """.split(),
)
def test_what_is_python_s_to_set_is_refused(book, name):
    book.chapter("01-one", f"{name} = 1")
    assert book.refusal().message == f"`{name}` is Python's to set: drop it"


def test_what_is_nested_beyond_measure_is_refused(book, monkeypatch):
    def too_deep(_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("tangle.cells._Parser.piece", too_deep)
    book.chapter("01-one", "x = 1")
    assert book.refusal().line == book.line("book/01-one.md", "x = 1")


@pytest.mark.parametrize(
    "error", [SyntaxError, ValueError, RecursionError, MemoryError]
)
def test_what_python_does_not_compile_is_refused(book, monkeypatch, error):
    def fails(*_: object, **__: object) -> None:
        raise error("told")

    monkeypatch.setattr("tangle.cells.compile", fails, raising=False)
    book.chapter("01-one", "\nx = 1")
    refused = book.refusal()
    assert refused.message.startswith("not plain Python (told): correct it")
    assert refused.line == book.line("book/01-one.md", "x = 1")


def test_a_base_of_another_file_that_is_replaced_is_refused(book):
    book.chapter("01-one", CLASS, file="micrograd/engine.py")
    book.chapter(
        "02-two",
        "from micrograd.engine import Value\n\n\nclass B(Value):\n    x = 1",
        file="micrograd/nn.py",
    )
    book.chapter("03-three", CLASS, file="micrograd/engine.py")
    error = book.refusal()
    assert error.path == "book/03-three.md"
    line = book.line("book/02-two.md", "class B")
    assert f"`B` (book/02-two.md:{line}) was made before" in error.message


def test_a_name_that_another_file_has_is_told_with_that_file(book):
    book.chapter("01-one", "X = 1", file="micrograd/a.py")
    book.chapter("02-two", "X = 2", file="micrograd/b.py")
    book.chapter("03-three", "def f(): return X", file="micrograd/c.py")
    assert book.refusal().message.endswith("; micrograd/a.py has it")


def test_an_annotation_of_another_file_may_be_of_what_is_replaced(book):
    book.chapter("01-one", CLASS, file="micrograd/engine.py")
    book.chapter(
        "02-two",
        "from micrograd.engine import Value\n\n\ndef f(x: Value): ...",
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING: import os\nx: 'os' = 1",
        file="micrograd/nn.py",
    )
    book.chapter("03-three", CLASS, file="micrograd/engine.py")
    assert "if TYPE_CHECKING:\n    import os" in book.text("micrograd/nn.py")


@pytest.mark.parametrize(
    "codes",
    [
        ["x = 1\n\n\ndef f():\n    return g()", "def g(): ...", "g = 2"],
        [CLASS + "\n    g = f", REOPEN + "    def f(self): ...\n    g = f"],
        ["f = 1", "g = f", "f = 2\ng = f"],
        [CLASS, f"{REOPEN}    def __eq__(s, o): ...\n    __hash__ = None"],
        [CLASS, f"{REOPEN}    x = float('inf')\n    y = [i for i in (x,)]"],
        [CLASS, f"{REOPEN}    def g(self):\n        super(Value, self).g()"],
        [CLASS, f"{REOPEN}    def g(self):\n        return '__x'"],
        [CLASS, "class B(Value):\n    x = 1", "@reopen\nclass B:\n    y = 1"],
        [POSTPONED + CLASS, f"{REOPEN}    def g(self) -> Value: ..."],
        [
            "def f():\n    return __file__, __path__, __spec__, __package__",
            "def g():\n    return __annotations__",
        ],
        ["f = 1", "g = [f for f in ()]", "f = 2"],
        ["f = 1", "g = lambda: f", "f = 2"],
        ["def f(): ...", "def g():\n    @f\n    def h(): ...", "f = 2"],
    ],
)
def test_what_means_the_same_is_not_refused(book, codes):
    book.chapter("01-one", *codes)
    assert book.text()


def test_a_cell_that_is_not_tangled_may_do_what_it_likes_below(book):
    book.chapter("01-one", "def g(): ...", "def f():\n    return g()")
    page = book.root / "book/01-one.md"
    page.write_text(page.read_text() + "```{code-cell}\ng = 5\n```\n")
    assert "return g()" in book.text()


def test_all_cells_that_do_not_go_on_are_told_at_once(book):
    book.chapter(
        "01-one", *(REOPEN.replace("Value", x) + "    x = 1" for x in "AB")
    )
    assert len(book.refusal().also) == 1


def test_what_may_follow_from_a_fault_is_not_told(book):
    clash = "from math import exp\nx = exp", "def exp(): ..."
    book.chapter("01-one", f"{REOPEN}    x = 1", *clash)
    assert "no class `Value`" in book.refusal().message
    assert "\n" not in book.told[-1]


def test_the_faults_of_all_cells_are_told_at_once(book):
    book.chapter("01-one", "print()", "%magic")
    book.chapter("02-two", "x = 1", "for")
    error = book.refusal()
    faults = [(one.path, one.line) for one in (error, *error.also)]
    assert faults == [
        (path, book.line(path, text))
        for path, text in [
            ("book/01-one.md", "print()"),
            ("book/01-one.md", "%magic"),
            ("book/02-two.md", "for"),
        ]
    ]
    assert len(str(error).splitlines()) == 3
