"""What the chapters' cells build up is what the library's files define.

tests/tangle shows it for books that are made up; here it is the book itself.
"""

from __future__ import annotations

import ast
import codeop
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import pytest

from tangle.chapters import read_chapters
from tangle.disk import write
from tangle.package import tangle

CHAPTERS = read_chapters(Path(__file__).resolve().parents[2])
PACKAGE = tangle(CHAPTERS)
# ``micrograd/engine.py`` holds the module ``micrograd.engine``.
MODULES = {
    file: file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    for file in PACKAGE.files
    if file.endswith(".py")
}
# What every class has by itself, or what only says how it was written.
AUTOMATIC = {
    *("__dict__", "__weakref__", "__annotations__"),
    *("__firstlineno__", "__static_attributes__"),
}


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    """In the end `micrograd` is again what it was for other tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in MODULES.values():
            patch.setitem(sys.modules, name, ModuleType(name))
        yield patch


def imported_by(file: str) -> Iterator[tuple[str, str]]:
    """What a file imports of others in the library: the name, and which."""
    files = {name: other for other, name in MODULES.items()}
    text = "\n".join(line.text for line in PACKAGE.files[file].lines)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module in files:
            for alias in node.names:
                yield alias.asname or alias.name, files[node.module]


@pytest.fixture(scope="module")
def from_cells(patch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """The modules as the cells build them up, one after the other."""
    modules = {file: sys.modules[name] for file, name in MODULES.items()}
    for chapter in CHAPTERS:
        # Like a kernel, it remembers what came from __future__.
        compile_cell = codeop.Compile()
        for cell in chapter.cells:
            namespace = vars(modules[cell.target])
            place = f"{cell.path}:{cell.line}"
            # A notebook has one namespace; a file imports what it needs.
            for name, source in imported_by(cell.target):
                if hasattr(modules[source], name):
                    namespace[name] = getattr(modules[source], name)
            exec(compile_cell(cell.source, place, "exec"), namespace)
            if cell.target == "micrograd/literate.py":
                # Chapters import it in cells that aren't tangled.
                for module in modules.values():
                    vars(module)["reopen"] = namespace["reopen"]
    return modules


@pytest.fixture(scope="module")
def from_files(
    from_cells: dict[str, ModuleType],
    patch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, ModuleType]:
    """The modules as the tangled files define them."""
    folder = tmp_path_factory.mktemp("tangled")
    write(PACKAGE, folder)
    for name in MODULES.values():
        patch.delitem(sys.modules, name)
    patch.syspath_prepend(folder)
    return {f: importlib.import_module(name) for f, name in MODULES.items()}


def likeness(thing: object) -> object:
    """What makes up a definition, in a form that can be compared.

    Annotations are left out, for ``from __future__ import annotations``
    makes texts of them; so is bytecode, in which ``math.tanh(x)`` is another
    instruction where the same text has imported ``math``.
    """
    match thing:
        case type():
            attributes = {
                name: likeness(value)
                for name, value in vars(thing).items()
                if name not in AUTOMATIC
            }
            bases = [base.__qualname__ for base in thing.__bases__]
            return thing.__qualname__, bases, attributes
        case FunctionType():
            parameters = [
                (p.name, p.kind, likeness(p.default))
                for p in inspect.signature(thing).parameters.values()
            ]
            code = likeness(thing.__code__)
            return thing.__qualname__, thing.__doc__, parameters, code
        case CodeType():
            constants = [likeness(constant) for constant in thing.co_consts]
            return thing.co_names, thing.co_varnames, constants
        case staticmethod() | classmethod():
            return type(thing), likeness(thing.__func__)
        case property():
            return [likeness(f) for f in (thing.fget, thing.fset, thing.fdel)]
        case ModuleType():
            return thing.__name__
    # An address would make any two things differ.
    return type(thing), repr(thing).partition(" at 0x")[0]


def test_the_book_builds_up_several_modules(
    from_cells: dict[str, ModuleType],
) -> None:
    """Protects the tests below from comparing nothing."""
    value = from_cells["micrograd/engine.py"].Value
    assert value(2.0).tanh().backward() is None
    assert len(from_cells) > 5


@pytest.mark.parametrize("file", MODULES)
def test_cells_and_file_define_the_same(
    file: str,
    from_cells: dict[str, ModuleType],
    from_files: dict[str, ModuleType],
) -> None:
    """Protects readers who build the library by hand from another one."""
    names = [d.name for d in PACKAGE.definitions if d.file == file]
    top = [name for name in names if "." not in name]
    for name in top:
        in_cells = vars(from_cells[file])[name]
        in_file = vars(from_files[file])[name]
        if isinstance(in_cells, type | FunctionType):
            assert in_cells is not in_file
        assert likeness(in_cells) == likeness(in_file), name
    assert from_cells[file].__doc__ == from_files[file].__doc__


@pytest.mark.parametrize("file", MODULES)
def test_a_file_defines_nothing_that_the_cells_do_not(
    file: str,
    from_cells: dict[str, ModuleType],
    from_files: dict[str, ModuleType],
) -> None:
    """Protects the library from leftovers, and from losing a definition."""
    own = [
        {
            name
            for name, thing in vars(modules[file]).items()
            if getattr(thing, "__module__", None) == MODULES[file]
        }
        for modules in (from_cells, from_files)
    ]
    assert own[0] == own[1]


def test_every_line_stands_where_it_is_said_to_stand() -> None:
    """Protects who follows a line of the library to its chapter."""
    root = Path(__file__).resolve().parents[2]
    pages = {
        chapter.path: (root / chapter.path).read_text("utf-8").split("\n")
        for chapter in CHAPTERS
    }
    for file, module in PACKAGE.files.items():
        for line in filter(lambda line: line.source, module.lines):
            path, number = line.source
            there = pages[path][number - 1]
            if line.text and not there:
                # What another file has of the same chapter stands nowhere:
                # it is said to come from the line above the cell's code.
                options = pages[path][max(0, number - 6) : number]
                assert f":tangle: {file}" in options, (file, line)
                assert re.match(r"from micrograd\.|\s+\w+,|\)", line.text)
                continue
            # Imports are merged, name by name.
            if there != line.text and line.text.strip() != ")":
                names = set(re.findall(r"\w+", line.text))
                if line.text.endswith("import ("):
                    # It is said to stand where one of its names does.
                    after = module.lines[module.lines.index(line) + 1 :]
                    texts = [one.text for one in after]
                    listed = texts[: texts.index(")")]
                    names |= {text.strip(" ,") for text in listed}
                assert names & set(re.findall(r"\w+", there)), (file, line)
                assert re.match(r"\s*(from|import|\w+,)", line.text)
