"""Runs cells, and imports the modules made of them, in processes of their own.

A program: `validation.py` gives it chapters to run, a line of JSON each, and
gets a line of JSON for each that says what is different, if anything is. It
knows nothing of the rest of the tangler, so that it starts at once.
"""

from __future__ import annotations
import __future__

import gc
import importlib
import importlib.util
import json
import marshal
import os
import select
import signal
import sys
import time
import traceback
import types
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from io import DEFAULT_BUFFER_SIZE, BytesIO
from tempfile import TemporaryDirectory
from typing import Any

from tangle.imports import module_of
from tangle.likeness import Likeness, difference

POSTPONED = __future__.annotations.compiler_flag
OF_MODULES = {
    *("__annotate__", "__annotations__", "__conditional_annotations__"),
    "__builtins__",
}
"""What Python puts into a namespace by itself."""
PATIENCE = 60
"""Seconds that the cells of a chapter may take."""


class Package(MetaPathFinder, Loader):
    """Imports the package from texts; there is no other of its name."""

    def __init__(
        self, files: dict[str, str], imported: dict[str, list[str]]
    ) -> None:
        self.files = files
        self.imported = imported
        self.modules = {module_of(file): file for file in files}

    def find_spec(
        self, name: str, path: Any, target: Any = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] != "micrograd":
            return None
        if name not in self.modules:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        file = self.modules[name]
        spec = ModuleSpec(
            name, self, origin=file, is_package=file.endswith("__init__.py")
        )
        spec.has_location = True
        return spec

    def exec_module(self, module: types.ModuleType) -> None:
        file = self.modules[module.__name__]
        code = compiled(self.files[file], file, tail(self.imported, file))
        exec(code, vars(module))

    def install(self) -> None:
        sys.meta_path.insert(0, self)
        sys.path_importer_cache.clear()

    def get_source(self, name: str) -> str:
        return self.files[self.modules[name]]


@cache
def compiled(text: str, file: str, end: str) -> types.CodeType:
    """The code of a module, from bytes: a comment may tell their encoding."""
    return compile((text + end).encode(), file, "exec", dont_inherit=True)


def tail(imported: dict[str, list[str]], file: str) -> str:
    """A file's imports once more, where they do nothing.

    Python compiles ``math.exp(x)`` to other instructions where ``math`` is
    imported in the same text. With this the cells of a file are like it.
    """
    names = imported.get(file)
    return f"\nif 0:\n import {', '.join(names)}\n" if names else ""


def module_for(name: str) -> types.ModuleType:
    """The module of a name, a new one if the stage has none."""
    if name not in sys.modules:
        sys.modules[name] = types.ModuleType(name)
        parent, _, own = name.rpartition(".")
        if parent:
            setattr(module_for(parent), own, sys.modules[name])
    return sys.modules[name]


def forget() -> None:
    """Have the package imported anew."""
    for name in list(sys.modules):
        if name.partition(".")[0] == "micrograd":
            del sys.modules[name]


def reopen(body: type) -> type:
    """What chapters import of micrograd/literate.py, where there is one."""
    module = vars(sys.modules[body.__module__])
    if body.__name__ not in module:
        raise NameError(f"there is no class {body.__name__} to reopen yet")
    original: type = module[body.__name__]
    automatic = vars(type("Empty", (), {})).keys() | {
        *("__annotations__", "__annotate__", "__annotate_func__"),
        *("__annotations_cache__", "__firstlineno__", "__static_attributes__"),
    }
    for name, attribute in vars(body).items():
        if name not in automatic:
            setattr(original, name, attribute)
    return original


def run_cells(job: dict[str, Any], tell: Callable[[Any], None]) -> Any:
    """Run a chapter's tangled cells as a kernel does, on the stage before.

    Returns what every definition of the package is then: what the cells have
    made, and of the rest what the stage has.
    """
    before = job["before"]
    Package(before, job["imported"]).install()
    for file in before:
        importlib.import_module(module_of(file))
    page = types.ModuleType("__main__")
    sys.modules["__main__"] = page
    namespace = vars(page)
    made_for: dict[str, str] = {}
    seeded: set[str] = set()
    known = set(namespace) | OF_MODULES
    for number, step in enumerate(job["steps"]):
        if "file" not in step:
            for line in step["imports"]:
                # A chapter may show one that fails.
                with suppress(ImportError):
                    exec(line, namespace)
            known |= namespace.keys() if step["imports"] else set()
            continue
        tell({"at": number})
        file = step["file"]
        stage = vars(sys.modules[module_of(file)]) if file in before else {}
        literate = sys.modules.get("micrograd.literate")
        for name in step["uses"]:
            if name in namespace:
                continue
            if name in stage:
                namespace[name] = stage[name]
                seeded.add(name)
            elif name == "reopen":
                namespace[name] = getattr(literate, name, reopen)
        flags = POSTPONED if step["postpones"] else 0
        source = step["code"] + tail(job["imported"], file)
        code = compile(source, f"cell {number}", "exec", flags, True)
        exec(code, namespace)
        # Later cells import what this one has made; the stage's own functions
        # find it, too.
        made = {name: namespace[name] for name in step["defines"]}
        vars(module_for(module_of(file))).update(made)
        known |= {*made, *step["may define"], "reopen"}
        for name in (*step["may define"], *made):
            made_for[name] = file
    definitions = {}
    for file, names in job["defined"].items():
        stage = vars(sys.modules[module_of(file)])
        for name in names:
            if made_for.get(name) == file:
                definitions[f"{file}:{name}"] = namespace[name]
            elif name in stage:
                definitions[f"{file}:{name}"] = stage[name]
    for file, names in job["set"].items():
        stage = vars(module_for(module_of(file)))
        for name in names:
            if name in namespace and name not in seeded:
                definitions[f"{file}:{name}"] = namespace[name]
            elif name in stage:
                definitions[f"{file}:{name}"] = stage[name]
    known |= {name for names in job["set"].values() for name in names}
    extra = sorted(namespace.keys() - known - seeded)
    return {"extra": extra, "described": described(definitions, "cells")}


def import_modules(job: dict[str, Any], tell: Callable[[Any], None]) -> Any:
    """Import the modules, each of them first once; return what they define."""
    after = job["after"]
    # So that addresses are others than those that the cells have seen.
    padding = [bytearray(size) for size in range(1, 4096, 7)]
    Package(after, job["imported"]).install()
    for file in job["import first"]:
        forget()
        importlib.import_module(module_of(file))
    forget()
    modules = {f: importlib.import_module(module_of(f)) for f in after}
    definitions = {
        f"{file}:{name}": vars(modules[file])[name]
        for what in ("defined", "set")
        for file, names in job[what].items()
        for name in names
        if name in vars(modules[file])
    }
    del padding
    return {"described": described(definitions, "file")}


def described(definitions: dict[str, Any], side: str) -> dict[str, Any]:
    definitions = dict(sorted(definitions.items()))
    likeness = Likeness(definitions, side)
    return {
        name: likeness.of_named(name, value)
        for name, value in definitions.items()
    }


class Child:
    """A process that runs a function, and tells what came of it."""

    def __init__(self, work: Callable[[Any, Any], Any], job: Any) -> None:
        self.data: list[bytes] = []
        self.pipe, end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.run(work, job, end)
            finally:
                os._exit(0)
        os.close(end)

    @staticmethod
    def run(work: Callable[[Any, Any], Any], job: Any, end: int) -> None:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nowhere, number)
        os.mkdir(str(os.getpid()))  # as a kernel, in an empty folder
        os.chdir(str(os.getpid()))
        with os.fdopen(end, "wb") as pipe:

            def tell(what: Any) -> None:
                marshal.dump(what, pipe)
                pipe.flush()

            try:
                tell({"result": work(job, tell)})
            except BaseException as error:
                tell({"failed": said(error)})

    def read(self) -> bool:
        """Take what it tells; whether there may be more."""
        self.data.append(os.read(self.pipe, DEFAULT_BUFFER_SIZE))
        return bool(self.data[-1])

    def end(self, stopped: bool) -> list[Any]:
        """Return what it has told; the last of it is how it ended."""
        os.close(self.pipe)
        if stopped:
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        data = BytesIO(b"".join(self.data))
        told = []
        with suppress(EOFError, ValueError, TypeError):  # where it was cut off
            while True:
                told.append(marshal.load(data))
        if not told or not told[-1].keys() & {"result", "failed"}:
            what = f"does not end within {PATIENCE} seconds"
            if not stopped:
                what = f"ends Python ({os.waitstatus_to_exitcode(status)})"
            told.append({"failed": {"what": what, "frames": []}})
        return told


def said(error: BaseException) -> dict[str, Any]:
    """An exception in words, and the places that it came through."""
    what = traceback.format_exception_only(error)[-1].strip()
    frames = [
        [frame.filename, frame.lineno]
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        what = f"{type(error).__name__}: {error.msg}"
        frames.append([error.filename, error.lineno])
    return {"what": what.split("\n")[-1], "frames": frames}


def compare(job: dict[str, Any]) -> dict[str, Any]:
    """What a chapter's cells and the modules made of them differ in."""
    for file, text in job["after"].items():
        # Here, for the next chapter as well; the children tell what is wrong.
        with suppress(SyntaxError, ValueError):
            compiled(text, file, tail(job["imported"], file))
    children = [Child(run_cells, job), Child(import_modules, job)]
    until = time.monotonic() + PATIENCE
    reading = {child.pipe: child for child in children}
    while reading and (left := until - time.monotonic()) > 0:
        for pipe in select.select(list(reading), [], [], left)[0]:
            if not reading[pipe].read():
                del reading[pipe]
    told = [child.end(child.pipe in reading) for child in children]
    cells, modules = (one[-1] for one in told)
    if "failed" in cells:
        at = [one["at"] for one in told[0] if "at" in one]
        return {"cell": at[-1] if at else None, **cells["failed"]}
    if "failed" in modules:
        return {"module": True, **modules["failed"]}
    ours, theirs = cells["result"]["described"], modules["result"]["described"]
    found = []
    for name in sorted(ours.keys() | theirs.keys()):
        different = difference(ours.get(name), theirs.get(name))
        if different:
            found.append([name, *different])
    return {"extra": cells["result"]["extra"], "different": found}


def main() -> None:
    """Answer each line of the input."""
    warnings.simplefilter("ignore")
    gc.disable()  # what is made is looked at, and is gone
    sys.setrecursionlimit(3000)
    sys.set_int_max_str_digits(0)
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        for line in sys.stdin.buffer:
            print(json.dumps(compare(json.loads(line))), flush=True)
        os.chdir("/")


if __name__ == "__main__":
    main()
