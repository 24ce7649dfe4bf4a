"""What cells build up in a notebook is what the tangled file defines."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

from hypothesis import given, settings
from hypothesis import strategies as st

AUTOMATIC = {
    *vars(type("Empty", (), {})),
    "__annotations__",
    "__firstlineno__",
    "__static_attributes__",
}
FUNCTIONS = ["f", "g", "h"]
CLASSES = ["A", "B"]
MEMBERS = ["p", "q", "r", "__add__"]
DECORATORS = ["", "@staticmethod\n", "@classmethod\n", "@property\n"]


@dataclass
class Model:
    """A naive account of a file: names, and the text that defines each."""

    top: dict[str, str | dict[str, str]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        lines: list[str] = []
        for name, text in self.top.items():
            if isinstance(text, dict):
                lines += [
                    f"class {name}:",
                    *"".join(text.values()).split("\n"),
                ]
            else:
                lines += text.split("\n")
        return [line for line in lines if line.strip()]


@st.composite
def functions(draw, name: str, decorator: str = "") -> str:
    """A function with some text that must come through as it is."""
    number = draw(st.integers(0, 99))
    above = draw(st.sampled_from(["", "# Above.\n", "# One.\n# Two.\n"]))
    doc = draw(
        st.sampled_from(
            [
                "",
                '    """One line."""\n',
                '    """Two.\n\n    Three: # no comment\n    """\n',
                '    t = """\nclass x:  # no\n\n# no\n"""\n    del t\n\n',
            ]
        )
    )
    end = draw(st.sampled_from(["", "    # ends here\n", "\n    # the end\n"]))
    default = draw(st.sampled_from(["", ", more=1", ", *, more: int = 2"]))
    body = draw(
        st.sampled_from(
            [f"    return {number}\n", f"    return exp({number})\n"]
        )
    )
    head = f"{above}{decorator}def {name}(x=0{default}):\n"
    return f"{head}{doc}{body}{end}"


@st.composite
def members(draw, name: str) -> str:
    """A member of a class, of any kind."""
    if name == "__add__" or draw(st.booleans()):
        above = draw(st.sampled_from(["", "# An attribute.\n"]))
        return f"{above}{name} = {draw(st.integers(0, 99))}  # on it\n"
    decorator = draw(st.sampled_from(DECORATORS))
    text = draw(functions(name, decorator))
    if decorator == "@property\n" and draw(st.booleans()):
        setter = f"def {name}(self, to):\n    self.to = to\n"
        text += f"\n@{name}.setter\n{setter}"
    return text


@st.composite
def books(draw) -> tuple[list[list[str]], Model]:
    """Chapters of cells, and the naive account of what they define."""
    model = Model()
    chapters: list[list[str]] = []
    for _ in range(draw(st.integers(1, 4))):
        chapters.append([])
        for _ in range(draw(st.integers(1, 4))):
            chapters[-1].append(draw(cells(model)))
    return chapters, model


@st.composite
def cells(draw, model: Model) -> str:
    text = draw(
        st.sampled_from(
            ["from math import exp\n\n\n", "from math import pi, exp\n\n\n"]
        )
    )
    names = draw(
        st.lists(
            st.sampled_from([*FUNCTIONS, *CLASSES, "X", "Y"]),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    for name in names:
        if name in FUNCTIONS:
            model.top[name] = draw(functions(name))
            text += f"{model.top[name]}\n\n"
        elif name in CLASSES:
            added = {
                member: indent(draw(members(member)), "    ") + "\n"
                for member in draw(
                    st.lists(
                        st.sampled_from(MEMBERS),
                        min_size=1,
                        max_size=3,
                        unique=True,
                    )
                )
            }
            there = model.top.get(name)
            if isinstance(there, dict) and draw(st.booleans()):
                text += "@reopen\n"
                there |= added
            else:
                model.top[name] = dict(added)
            text += f"class {name}:\n{''.join(added.values())}\n\n"
        else:
            model.top[name] = (
                f"{name} = {draw(st.integers(0, 99))}  # {name}\n"
            )
            text += model.top[name]
    return text


def run_as_cells(chapters: list[list[str]]) -> dict[str, object]:
    """Execute cells one after the other in one namespace."""
    namespace: dict[str, object] = {"__name__": "notebook"}

    def reopen(body: type) -> object:
        original = namespace[body.__name__]
        for name, value in vars(body).items():
            if name not in AUTOMATIC:
                setattr(original, name, value)
        return original

    namespace["reopen"] = reopen
    for cell in (cell for chapter in chapters for cell in chapter):
        exec(compile(cell, "cell", "exec", dont_inherit=True), namespace)
    return namespace


def likeness(thing: object) -> object:
    """What can be seen of a definition, in a form that can be compared."""
    match thing:
        case staticmethod() | classmethod():
            return type(thing), likeness(thing.__func__)
        case property():
            return [likeness(x) for x in (thing.fget, thing.fset, thing.fdel)]
        case type():
            return thing.__name__, {
                name: likeness(value)
                for name, value in vars(thing).items()
                if name not in AUTOMATIC
            }
    if not inspect.isfunction(thing):
        return thing
    seen = str(inspect.signature(thing)), thing.__doc__, thing.__qualname__
    if "to" in inspect.signature(thing).parameters:
        return seen
    return *seen, thing()


@settings(max_examples=150)
@given(books())
def test_cells_and_file_define_the_same(make_book, drawn):
    chapters, model = drawn
    book = make_book()
    for number, codes in enumerate(chapters, 1):
        book.chapter(f"{number:02}-chapter", *codes)
    module = book.package().files["micrograd/m.py"]

    in_file: dict[str, object] = {"__name__": "notebook"}
    exec(compile(module.text, "file", "exec", dont_inherit=True), in_file)
    in_notebook = run_as_cells(chapters)
    defined = set(in_file) - {"__name__", "__builtins__", "exp", "pi"}
    assert defined == set(model.top)
    for name in defined:
        assert likeness(in_file[name]) == likeness(in_notebook[name])

    pages: dict[str, list[str]] = {}
    body = []
    for line in module.lines:
        if not line.source:
            assert not line.text or line.text.startswith("# Tangled from")
            continue
        path, number = line.source
        if path not in pages:
            pages[path] = (book.root / path).read_text().split("\n")
        if line.text.startswith("from math import"):
            assert pages[path][number - 1].startswith("from math import")
        else:
            assert pages[path][number - 1] == line.text
            body.append(line.text)
    assert [line for line in body if line.strip()] == model.lines()


@settings(max_examples=25)
@given(books())
def test_the_file_is_laid_out_as_ruff_wants(make_book, drawn):
    book = make_book()
    for number, codes in enumerate(drawn[0], 1):
        book.chapter(f"{number:02}-chapter", *codes)
    text = book.package().files["micrograd/m.py"].text
    ruff = [Path(sys.executable).with_name("ruff")]
    options = ["--isolated", "--no-cache", "--line-length=79", "-"]
    formatted = subprocess.run(
        [*ruff, "format", *options],
        input=text,
        capture_output=True,
        text=True,
    )
    assert formatted.stdout == text
    select = "--select=I,F401,F811,E3,W"
    subprocess.run(
        [*ruff, "check", select, "--preview", *options],
        input=text,
        check=True,
        text=True,
    )
