"""Books at random, and a judge of them that knows nothing of the tangler's.

The judge runs a book's cells, and imports the modules made of them, in
processes of its own. It compares what a reader could see: values, what calls
return, signatures, docstrings, annotations, the order of bases, attributes.

A program, too: it judges the books in the lines of its input.
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import inspect
import json
import os
import re
import subprocess
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any, NamedTuple

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
AUTOMATIC = {
    *vars(type("Empty", (), {})),
    *("__annotations__", "__firstlineno__", "__static_attributes__"),
    *("__annotate_func__", "__annotations_cache__", "_abc_impl"),
}
ARGUMENTS: list[tuple[object, ...]] = [(), (2,), (2, 3), ("a",)]


class Code(NamedTuple):
    """A cell: its chapter, its file or nothing, its code, what it defines."""

    chapter: int
    file: str
    text: str
    names: tuple[str, ...] = ()


def defined(cell: Code) -> tuple[str, ...]:
    """The names that the statements of a cell define, imports aside."""
    names: list[str] = []
    for node in ast.parse(cell.text).body if cell.file else ():
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.append(node.name)
            case ast.Assign([ast.Name(name)]) | ast.AnnAssign(ast.Name(name)):
                names.append(name)
    return tuple(dict.fromkeys(names))


def page_of(cells: Iterable[Code]) -> str:
    """A page of Markdown with cells of one chapter."""
    text = "# A chapter\n"
    for cell in cells:
        option = f":tangle: {cell.file}\n\n" if cell.file else ""
        text += f"\n```{{code-cell}} python\n{option}{cell.text}\n```\n"
    return text


# What a reader sees of things.


def seen(thing: Any, depth: int = 0) -> str:
    """A value in words, without addresses and names of modules."""
    if isinstance(thing, type):
        return f"class {thing.__qualname__}"
    if inspect.isroutine(thing):
        return f"{type(thing).__name__} {thing.__qualname__}"
    if depth > 4:
        return "..."
    if type(thing) in (list, tuple):
        return f"{type(thing).__name__}{[seen(x, depth + 1) for x in thing]}"
    if type(thing) in (set, frozenset):
        parts = sorted(seen(x, depth + 1) for x in thing)
        return f"{type(thing).__name__}{parts}"
    if type(thing) is dict:
        parts = [
            f"{seen(key, depth + 1)}: {seen(value, depth + 1)}"
            for key, value in thing.items()
            if key != "__module__"
        ]
        return f"dict{parts}"
    words = ADDRESS.sub("", repr(thing))
    modules = {name for name in sys.modules if name.startswith("micrograd")}
    for name in sorted({"__main__", *modules}, key=len, reverse=True):
        words = re.sub(rf"\b{re.escape(name)}\.(?=\w)", "", words)
    attributes = getattr(thing, "__dict__", None)
    if isinstance(attributes, dict) and "object" in words:
        words += seen(attributes, depth + 1)
    return words


def outcome(work: Callable[[], object]) -> str:
    """What comes of it, an exception or not."""
    try:
        return seen(work())
    except Exception as error:
        return seen(f"{type(error).__name__}: {error}")


def said(thing: Any) -> dict[str, Any]:
    """What can be read of a function or class."""
    told = {"name": seen(thing), "doc": thing.__doc__}
    told["signature"] = outcome(lambda: str(inspect.signature(thing)))
    hints = vars(thing).get("__annotations__", {})
    if not isinstance(thing, type):
        hints = thing.__annotations__
    told["annotations"] = seen(dict(hints))
    return told


def looks(thing: Any) -> Any:
    """What can be seen of a thing without using it."""
    match thing:
        case staticmethod() | classmethod():
            return type(thing).__name__, looks(thing.__func__)
        case property():
            parts = (thing.fget, thing.fset, thing.fdel)
            return "property", [looks(x) for x in parts if x], thing.__doc__
        case types.FunctionType():
            return said(thing), seen(dict(vars(thing)))
        case type() if thing.__module__.startswith(("__main__", "micrograd")):
            return {
                **said(thing),
                "kind": seen(type(thing)),
                "order": [seen(base) for base in thing.__mro__],
                "abstract": inspect.isabstract(thing),
                "attributes": {
                    name: looks(value)
                    for name, value in sorted(vars(thing).items())
                    if name not in AUTOMATIC
                },
            }
    return seen(thing)


def behaves(thing: Any) -> Iterator[str]:
    """Use a thing, and yield what comes of it."""
    if not callable(thing):
        return
    for some in ARGUMENTS:
        yield outcome(partial(thing, *some))
        if not isinstance(thing, type):
            continue
        try:
            one = thing(*some)
        except Exception:
            continue
        for name in sorted(vars(thing).keys() | {"__call__", "__add__"}):
            if name.startswith("__") and name not in ("__call__", "__add__"):
                continue
            yield outcome(partial(getattr, one, name))
            method = getattr(one, name, None)
            if callable(method):
                for few in ARGUMENTS[:2]:
                    yield outcome(partial(method, *few))
        yield seen(one)


def report(things: Mapping[str, Any]) -> dict[str, Any]:
    """All that can be seen of things, by name."""
    told: dict[str, Any] = {name: [looks(x)] for name, x in things.items()}
    for name, thing in things.items():
        told[name] += behaves(thing)
    for name, thing in things.items():  # and what the calls have changed
        told[name].append(looks(thing))
    return told


# Cells and modules are run.


def reopen(body: type) -> type:
    original: type = vars(sys.modules[body.__module__])[body.__name__]
    for name, value in vars(body).items():
        if name not in AUTOMATIC:
            setattr(original, name, value)
    return original


class Modules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the library from texts, or else from what cells have made."""

    def __init__(self, files: Mapping[str, str], made: dict[str, Any]) -> None:
        self.files = {module_of(file): text for file, text in files.items()}
        self.made = made
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name.partition(".")[0] != "micrograd":
            return None
        if self.files and name not in self.files:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def exec_module(self, module: types.ModuleType) -> None:
        if self.files:
            text = self.files[module.__name__]
            code = compile(text, module.__name__, "exec", dont_inherit=True)
            exec(code, vars(module))
            return

        def made(name: str) -> object:
            try:
                return self.made[name]
            except KeyError:
                raise AttributeError(name) from None

        vars(module)["__getattr__"] = made


def module_of(file: str) -> str:
    name = file.removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


def run_cells(
    cells: Sequence[Code], before: Mapping[str, str], names: dict[str, str]
) -> dict[str, Any]:
    """Run cells as a notebook does, on a library; report what names are.

    Without a library what cells import from it is what they have made.
    """
    page = types.ModuleType("__main__")
    sys.modules["__main__"] = page
    made = vars(page)
    made["reopen"] = reopen
    Modules(before, made)
    own = set()
    for cell in cells:
        own |= set(cell.names)
        exec(compile(cell.text, "cell", "exec", dont_inherit=True), made)
        if cell.file in before:
            replace(cell.file, {name: made[name] for name in cell.names})
    things = {}
    for name, file in sorted(names.items()):
        if name in own or not before:
            things[name] = made[name]
        elif name not in made:  # else it may be of the page or of the library
            module = importlib.import_module(module_of(file))
            things[name] = vars(module).get(name)
    return report(things)


def replace(file: str, made: Mapping[str, Any]) -> None:
    """Give what is new to all modules that have what was there before."""
    own = vars(importlib.import_module(module_of(file)))
    old = {id(own[name]): name for name in made if callable(own.get(name))}
    for called, module in list(sys.modules.items()):
        if called.startswith("micrograd."):
            for name, thing in list(vars(module).items()):
                if id(thing) in old:
                    setattr(module, name, made[old[id(thing)]])
    own.update(made)


def import_modules(
    files: Mapping[str, str], names: dict[str, str], first: str
) -> dict[str, Any]:
    """Import the modules, one of them first; report what names are."""
    Modules(files, {})
    for file in sorted(files, key=lambda one: one != first):
        importlib.import_module(module_of(file))
    return report(
        {
            name: vars(importlib.import_module(module_of(file))).get(name)
            for name, file in sorted(names.items())
        }
    )


def apart(work: Callable[[], Any]) -> Any:
    """What a function returns in a process of its own, or why it doesn't."""
    pipe, end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            told = json.dumps(work())
        except BaseException as error:
            told = json.dumps(f"{type(error).__name__}: {error}")
        try:
            with os.fdopen(end, "w") as file:
                file.write(told)
        finally:
            os._exit(0)
    os.close(end)
    with os.fdopen(pipe) as file:
        told = file.read()
    os.waitpid(child, 0)
    return json.loads(told or '"nothing"')


def difference(one: Any, other: Any) -> str:
    """Where two reports differ first, or nothing."""
    if one == other:
        return ""
    pairs: Any = ()
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = ((key, one[key], other.get(key)) for key in one)
    elif isinstance(one, list) and isinstance(other, list):
        pairs = zip(map(str, range(len(one))), one, other, strict=False)
    for key, ours, theirs in pairs:
        if found := difference(ours, theirs):
            return f"{key}.{found}"
    return f" {one} | {other}"


def judged(book: dict[str, Any]) -> str:
    """What the library does otherwise than the cells, or nothing."""
    cells = [Code(*cell) for cell in book["cells"]]
    stages: list[dict[str, str]] = book["stages"]
    last = stages[-1]
    owners: dict[str, str] = {}
    shared = False
    for cell in cells:
        for name in cell.names:
            shared |= owners.setdefault(name, cell.file) != cell.file
    ours = None if shared else apart(partial(run_cells, cells, {}, owners))
    for first in last if not shared else ():
        theirs = apart(partial(import_modules, last, owners, first))
        if found := difference(ours, theirs):
            return f"the whole book, {first} first: {found}"
    for number, stage in enumerate(stages):
        chapter = [cell for cell in cells if cell.chapter == number]
        told = [cell for cell in cells if cell.chapter <= number]
        names = {name: cell.file for cell in told for name in cell.names}
        before = stages[number - 1] if number else {}
        ours = apart(partial(run_cells, chapter, before, names))
        alike = {name: names[name] for name in names if name in ours}
        theirs = apart(partial(import_modules, stage, alike, ""))
        if not shared and (found := difference(ours, theirs)):
            return f"chapter {number}: {found}"
    return ""


class Judge:
    """A process that judges books one after the other."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), "judge"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def judge(
        self, cells: Sequence[Code], stages: Sequence[Mapping[str, str]]
    ) -> str:
        assert self.process.stdin and self.process.stdout
        book = {"cells": cells, "stages": stages}
        self.process.stdin.write(json.dumps(book) + "\n")
        self.process.stdin.flush()
        told: str = json.loads(self.process.stdout.readline())
        return told

    def close(self) -> None:
        self.process.communicate()


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(judged(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
    sys.exit()

# Books at random.

from hypothesis import strategies as st  # noqa: E402

FILES = ("micrograd/a.py", "micrograd/b.py", "micrograd/deep/c.py")
NUMBERS = ("0", "1", "2.5", "-0.0", "True", "float('inf')")


@dataclass
class Known:
    """A name that a book defines."""

    name: str
    file: str
    kind: str
    chapter: int


@dataclass
class Writer:
    """Writes one book, drawing what comes next."""

    draw: Callable[[Any], Any]
    known: dict[str, Known] = field(default_factory=dict)
    cells: list[Code] = field(default_factory=list)
    chapter: int = 0
    file: str = ""
    imports: dict[str, None] = field(default_factory=dict)
    """What the cell imports."""
    lent: dict[str, set[str]] = field(default_factory=dict)
    """What the chapter's notebook needs of earlier chapters, by file."""

    def one(self, *things: Any) -> Any:
        return self.draw(st.sampled_from(things))

    def chance(self, percent: int) -> bool:
        return bool(self.draw(st.integers(1, 100)) <= percent)

    def use(self, *kinds: str) -> str:
        """A known name of some kind, imported if need be; or nothing."""
        found = [
            one
            for one in self.known.values()
            if one.kind in kinds
            and (one.file == self.file or one.chapter < self.chapter)
        ]
        if not found:
            return ""
        one = self.one(*found)
        if one.file != self.file:
            module = module_of(one.file)
            if self.chance(80):
                self.imports[f"from {module} import {one.name}"] = None
                return str(one.name)
            self.imports[f"import {module}"] = None
            return f"{module}.{one.name}"
        if one.chapter < self.chapter:
            self.lent.setdefault(one.file, set()).add(one.name)
        return str(one.name)

    def name(self, kind: str, stem: str) -> str:
        """A new name, or sometimes one that is replaced."""
        letter = self.file[-4]
        old = [
            one.name
            for one in self.known.values()
            if one.file == self.file and one.kind == kind
        ]
        if old and self.chance(28):
            return str(self.one(*old))
        return f"{stem}{letter}{len(self.known)}"

    def value(self) -> str:
        """An expression whose value is a number."""
        constant = self.use("number")
        function = self.use("function")
        class_ = self.use("class")
        items = self.use("list")
        choices = [self.one(*NUMBERS)]
        if constant:
            choices += [constant, f"{constant} * 2", f"(lambda: {constant})()"]
            choices += [f"sum({constant} for _ in range(2))"]
        if function:
            choices += [f"{function}(1)", f"len(str({function}(2)))"]
        if class_:
            choices += [f"{class_}(1).total()", f"{class_}.start"]
        if items:
            choices += [f"len({items})"]
        return str(self.one(*choices))

    def hint(self) -> str:
        class_ = self.use("class")
        return str(self.one("int", "'float'", class_ or "object", "int | str"))

    def function(self, name: str, self_: str = "", named: str = "") -> str:
        """A function, or a method, that returns a number."""
        first = f"{self_}, " if self_ else ""
        hint = f": {self.hint()}" if self.chance(25) else ""
        default = self.value() if self.chance(25) else self.one("0", "1")
        gives = f" -> {self.hint()}" if self.chance(20) else ""
        star = ", *, more=1" if self.chance(15) else ""
        text = f"def {name}({first}x{hint}={default}{star}){gives}:\n"
        if self.chance(30):
            text += f'    """{self.one("Add.", "Give x.")}"""\n'
        items = self.use("list")
        counter = self.use("counter")
        if items and self.chance(15):
            text += f"    {items}.append(x)\n"
        if counter and "." not in counter and self.chance(30):
            own = self.known[counter].file == self.file
            text += f"    global {counter}\n" if own else ""
            text += f"    {counter} {'+=' if own else '=='} 1\n"
        extra = self.value() if self.chance(50) else self.one("1", "x", "[x]")
        own = f" + {named}" if named else ""
        if self.chance(15):
            text += f"    if x == {extra}:\n        return 0\n"
        return text + f"    return [x, {extra}]{own}[:0] or {extra}\n"

    def member(self, name: str) -> str:
        """A member of a class."""
        kind = self.one("method", "method", "property", "class", "static", "x")
        if kind == "x":
            hint = ": int" if self.chance(10) else ""
            return f"{name}{hint} = {self.value()}\n"
        if kind == "method":
            return self.function(name, "self")
        if kind == "property":
            text = f"@property\ndef {name}(self):\n    return {self.value()}\n"
            if self.chance(40):
                text += f"\n@{name}.setter\ndef {name}(self, to):\n"
                text += "    self.to = to\n"
            return text
        first = {"class": "cls", "static": ""}[kind]
        return f"@{kind}method\n{self.function(name, first)}"

    def class_(self, name: str) -> str:
        base = self.use("class", "base") if self.chance(40) else ""
        if base == name:
            base = ""
        text = "@dataclass\n" if self.chance(8) else ""
        if text:
            self.imports["from dataclasses import dataclass"] = None
        text += f"class {name}({base}):\n" if base else f"class {name}:\n"
        if self.chance(25):
            text += '    """A class."""\n'
        body = ["start = 1\n"]
        if not base or self.chance(30):
            body.append("def __init__(self, x=0):\n    self.x = x\n")
        body.append("def total(self):\n    return self.start\n")
        for key in ("f", "g", "h"):
            if self.chance(35):
                body.append(self.member(key))
        return text + indent("\n".join(body), "    ")

    def reopened(self) -> tuple[str, str]:
        found = [
            one
            for one in self.known.values()
            if one.file == self.file and one.kind == "class"
        ]
        if not found:
            return "", ""
        one = self.one(*found)
        if one.chapter < self.chapter:
            self.lent.setdefault(one.file, set()).add(one.name)
        body = [
            self.member(key)
            for key in self.draw(
                st.lists(
                    st.sampled_from(("f", "g", "k", "start", "total")),
                    min_size=1,
                    max_size=2,
                    unique=True,
                )
            )
        ]
        return one.name, f"@reopen\nclass {one.name}:\n" + indent(
            "\n".join(body), "    "
        )

    def statement(self) -> tuple[str, str, str]:
        """A definition: its name, its kind, its text."""
        kind = self.one(
            *("number", "number", "function", "function", "function"),
            *("class", "class", "reopened", "reopened", "list", "counter"),
            *("decorator", "decorated", "factory", "made", "base", "special"),
        )
        if kind == "reopened":
            name, text = self.reopened()
            if name:
                return name, "", text
            kind = "class"
        stem = kind[0].upper() if kind in ("number", "class") else kind[0]
        name = self.name(kind, stem)
        match kind:
            case "number":
                hint = self.one("", "", "", ": float")
                text = f"{name}{hint} = {self.value()}\n"
            case "function":
                text = self.function(name)
            case "class":
                text = self.class_(name)
            case "list":
                other = self.use("list")
                choices = ["[]", f"[{self.value()}]"]
                choices += [f"list({other})"] if other else []
                choices += [other] if other and self.chance(20) else []
                text = f"{name} = {self.one(*choices)}\n"
            case "counter":
                text = f"{name} = 0\n"
            case "decorator":
                text = f"def {name}(f):\n"
                items = self.use("list")
                if items and self.chance(60):
                    text += f"    {items}.append(f.__name__)\n"
                if self.chance(40):
                    text += f"    f.n = {self.value()}\n"
                text += "    return f\n"
            case "decorated":
                decorator = self.use("decorator")
                text = f"@{decorator}\n" if decorator else ""
                text += self.function(name)
                kind = "function"
            case "factory":
                text = f"def {name}(x=1):\n    n = {self.value()}\n\n"
                text += "    def inner(y=0):\n        nonlocal n\n"
                text += "        n = n + 1\n        return n\n\n"
                text += "    return inner\n"
            case "made":
                factory = self.use("factory")
                text = f"{name} = {factory or 'len'}"
                text += "()\n" if factory else "\n"
                kind = "number" if not factory else "function"
                if not factory:
                    text = f"{name} = 1\n"
            case "base":
                items = self.use("list")
                text = f"class {name}:\n    start = 2\n\n"
                text += "    def total(self):\n        return 3\n"
                if items and self.chance(60):
                    text += "\n    def __init_subclass__(cls):\n"
                    text += f"        {items}.append(cls.__name__)\n"
            case _:
                text = self.special(name)
        return name, kind, text

    def special(self, name: str) -> str:
        """A statement of a rarer kind."""
        number = self.use("number") or "3"
        function = self.use("function") or "len"
        items = self.use("list") or "[1]"
        modules = {
            "lambda": f"{name} = lambda x=1: {number}\n",
            "chosen": f"{name} = (lambda x=0: x) if {number} else "
            "(lambda x=0: [x])\n",
            "partial": f"{name} = partial({function}, 1)\n",
            "cache": f"@cache\ndef {name}(x=1):\n    return {number}\n",
            "iterator": f"{name} = iter([{number}, 2])\n",
            "generator": f"{name} = (i for i in range(int({number} == 1)))\n",
            "append": f"{name} = {items}.append(1)\n",
            "alias": f"{name} = {function}\n",
            "enum": f"class {name}(Enum):\n    A = {number}\n    B = 7\n",
            "abstract": f"class {name}(ABC):\n    @abstractmethod\n"
            "    def total(self): ...\n",
            "tuple": f"class {name}(NamedTuple):\n    x: int = {number}\n",
            "table": f"{name} = {{i: {function} for i in range(2)}}\n",
            "dispatch": f"@singledispatch\ndef {name}(x=1):\n"
            f"    return {number}\n",
        }
        needed = {
            "partial": "from functools import partial",
            "cache": "from functools import cache",
            "enum": "from enum import Enum",
            "abstract": "from abc import ABC, abstractmethod",
            "tuple": "from typing import NamedTuple",
            "dispatch": "from functools import singledispatch",
        }
        kind = self.one(*modules)
        if kind in needed:
            self.imports[needed[kind]] = None
        return modules[kind]

    def cell(self) -> None:
        """Write a tangled cell of one or two definitions."""
        self.file = self.one(*self.files)
        self.imports = {}
        names: dict[str, str] = {}
        texts: list[str] = []
        for _ in range(self.one(1, 1, 2)):
            name, kind, text = self.statement()
            if name in names:
                continue
            names[name] = text
            texts.append(text)
            known = Known(name, self.file, kind, self.chapter)
            if kind:
                self.known[name] = known
            else:
                self.known[name].chapter = self.chapter
        text = "\n\n".join(["\n".join(self.imports), *texts]).strip()
        number = len(self.cells)
        self.cells.append(
            Code(self.chapter, self.file, marked(text, number), tuple(names))
        )

    def book(self) -> list[Code]:
        self.files = FILES[: self.one(1, 1, 2, 3)]
        for chapter in range(self.one(1, 2, 3)):
            self.chapter = chapter
            self.lent = {}
            first = len(self.cells)
            for _ in range(self.one(1, 2, 3, 4)):
                self.cell()
            if self.lent:
                lines = [
                    f"from {module_of(file)} import {', '.join(sorted(names))}"
                    for file, names in self.lent.items()
                ]
                lender = Code(self.chapter, "", "\n".join(lines))
                self.cells.insert(first, lender)
        return self.cells


def marked(text: str, number: int) -> str:
    """Tell lines apart by a comment at each, where one may stand."""
    lines = text.split("\n")
    reopens = False
    for row, line in enumerate(lines):
        bare = not line or line.startswith(("from ", "import "))
        if not bare and line != "@reopen" and not reopens:
            lines[row] = f"{line}  # {number}.{row}"
        reopens = line == "@reopen"
    return "\n".join(lines)


@st.composite
def books(draw: Callable[[Any], Any]) -> list[Code]:
    """The cells of a book."""
    return Writer(draw).book()
