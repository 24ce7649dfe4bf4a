"""Shows that the library does what the chapters' cells do, by running both.

The tangled cells of each chapter are run in order, as its kernel does, on the
stage before; the package as tangled is imported. What the two define is
compared, all of it: see likeness.py. What differs is refused.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

from tangle import likeness, runner
from tangle.bindings import imports_in
from tangle.chapters import Chapter
from tangle.errors import TangleError, raise_all
from tangle.imports import module_of
from tangle.items import Item
from tangle.memory import recall, remember
from tangle.modules import Module
from tangle.package import Package, Stage, put_together

KNOWN = Path("_build", "validated.json")
"""Below the root: what has been shown before."""
PROGRAM = [sys.executable, "-P", "-m", "tangle.runner"]
TOOLS = Path(__file__).parents[1]


def validated(
    chapters: Sequence[Chapter], known: Path | None = None
) -> dict[str, Package]:
    """Return the package after each chapter, all of them shown to be right.

    ``known`` is a file that remembers what has been shown before. Raises
    TangleError for the first chapter of which it can't be shown.
    """
    stages = list(put_together(chapters))
    jobs: list[tuple[Stage, str, dict[str, Any]]] = []
    before: dict[str, str] = {}
    shown = recall(known) if known else {}
    for stage in stages:
        after = {
            file: one.text
            for file, one in stage.package.files.items()
            if file.endswith(".py")
        }
        if stage.pieces:
            job = _job(stage, before, after)
            digest = _digest(job)
            if digest not in shown:
                jobs.append((stage, digest, job))
        before = after
    results = _run([job for _, _, job in jobs])
    for (stage, digest, _), result in zip(jobs, results, strict=True):
        problems = sorted(_problems(stage, result), key=lambda e: e.line)
        if problems:
            raise_all([*problems, *stage.package.notes])
        shown[digest] = stage.chapter.name
    if known and jobs:
        names = {stage.chapter.name for stage in stages}
        latest = {name: digest for digest, name in shown.items()}
        remember({d: n for n, d in latest.items() if n in names}, known)
    return {stage.chapter.name: stage.package for stage in stages}


def _job(
    stage: Stage, before: dict[str, str], after: dict[str, str]
) -> dict[str, Any]:
    """What runner.py needs to know of a chapter."""
    pieces = {piece.cell.index: piece for piece in stage.pieces}
    steps: list[dict[str, Any]] = []
    for index, (code, _) in enumerate(stage.chapter.code):
        piece = pieces.get(index)
        if piece is None:
            steps.append({"imports": imports_in(code)})
            continue
        parts = [p for item in piece.items for p in (item, *item.members)]
        file = piece.cell.target
        steps.append(
            {
                "file": file,
                "code": piece.cell.source,
                "uses": sorted({name for part in parts for name in part.uses}),
                "defines": [item.key for item in piece.items],
                "may define": [one.bound for one in piece.imports],
                "postpones": file in stage.postponing,
            }
        )
    defined: dict[str, list[str]] = {}
    for definition in stage.package.definitions:
        if "." not in definition.name:
            defined.setdefault(definition.file, []).append(definition.name)
    return {
        "before": before,
        "after": after,
        "steps": steps,
        "defined": defined,
        "set": _set_by_functions(stage),
        "imported": {
            file: sorted({one.bound for one in imports})
            for file, imports in stage.imports.items()
        },
        "import first": _to_import(stage, before, after),
    }


def _set_by_functions(stage: Stage) -> dict[str, list[str]]:
    """The names of each file that its functions declare global and set."""
    found = {
        file: sorted({name for item in items for name in _sets(item)})
        for file, items in stage.items.items()
    }
    return {file: names for file, names in found.items() if names}


def _sets(item: Item) -> set[str]:
    return {name for part in (item, *item.members) for name in part.sets}


def _to_import(
    stage: Stage, before: Mapping[str, str], after: Mapping[str, str]
) -> list[str]:
    """The files that have changed, and those that import one of them."""
    found = {file for file in after if before.get(file) != after[file]}
    waiting = list(found)
    while waiting:
        module = module_of(waiting.pop())
        for file, imports in stage.imports.items():
            says = {one.module or one.name for one in imports}
            says |= {f"{one.module}.{one.name}" for one in imports}
            if module in says and file not in found:
                found.add(file)
                waiting.append(file)
    return sorted(found)


def _digest(job: dict[str, Any]) -> str:
    how = [
        Path(str(m.__file__)).read_text("utf-8") for m in (likeness, runner)
    ]
    said = json.dumps([job, how, sys.version])
    return sha256(said.encode()).hexdigest()


def _run(jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Have the jobs done, by as many processes as there are processors."""
    if not jobs:
        return []
    count = min(len(jobs), os.cpu_count() or 1)
    env = os.environ | {"PYTHONPATH": str(TOOLS), "PYTHONHASHSEED": "0"}

    def do(some: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        asked = "".join(f"{json.dumps(job)}\n" for job in some)
        ran = subprocess.run(
            PROGRAM,
            input=asked,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        told = [json.loads(line) for line in ran.stdout.splitlines()]
        ended: dict[str, Any] = {
            "what": "it ends all Pythons",
            "frames": [],
            "cell": None,
        }
        return told + [ended] * (len(some) - len(told))

    # Neighbours have modules in common.
    size = -(-len(jobs) // count)
    with ThreadPoolExecutor(count) as pool:
        shares = [jobs[n * size : (n + 1) * size] for n in range(count)]
        return [result for share in pool.map(do, shares) for result in share]


def _problems(stage: Stage, result: dict[str, Any]) -> Iterator[TangleError]:
    """What is wrong with a chapter, by what came of running it."""
    path = stage.chapter.path
    if "module" in result:
        yield _not_imported(stage, result)
        return
    if "what" in result:
        number = result["cell"]
        line = 1
        if number is not None:
            line = next(
                piece.cell.line
                for piece in stage.pieces
                if piece.cell.index == number
            )
            line += _last_row(result["frames"], f"cell {number}") - 1
        message = (
            f"the cell cannot be run on the library so far: {result['what']}"
        )
        yield TangleError(path, line, message)
        return
    for name in result["extra"]:
        message = (
            f"the cells make `{name}` without a definition, and no file would"
            " have it: define it in a statement of its own"
        )
        yield TangleError(path, stage.pieces[0].cell.line, message)
    items = {
        (item.cell.target, item.key): item
        for items in stage.items.values()
        for item in items
    }
    found: list[tuple[Item, str, Item | None]] = []
    for called, inner, ours, theirs in result["different"]:
        file, _, name = called.partition(":")
        item = items.get((file, name)) or next(
            one for one in stage.items[file] if name in _sets(one)
        )
        member = inner.split(".")[1:2]
        part = next((m for m in item.members if [m.key] == member), item)
        what = (
            f"`{name}{inner}` is {ours} when the cells are run in order, and"
            f" would be {theirs} in {file}"
        )
        found.append((part, what, _defined_since(part, item, stage)))
    # What has a cause says more than what follows from it.
    caused = [one for one in found if one[2]]
    for part, what, since in caused or found:
        yield _error(part, what, since)


def _error(item: Item, what: str, since: Item | None) -> TangleError:
    """Tell of an item that the order makes another one."""
    if since is None:
        message = (
            f"{what}: write it so that neither the order nor the time makes"
            " a difference"
        )
        return TangleError(item.cell.path, item.span[0], message)
    message = (
        f"`{item.key}` ({item.place}) was made before this"
        f" definition of `{since.key}`, and {what}: define `{item.key}` again"
        " after it"
    )
    return TangleError(since.cell.path, since.span[0], message)


def _last_row(frames: Sequence[tuple[str, int]], file: str) -> int:
    return next((row for name, row in reversed(frames) if name == file), 1)


def _not_imported(stage: Stage, result: dict[str, Any]) -> TangleError:
    """A module that is not to be imported, by the line of the chapter."""
    what = f"cannot be imported: {result['what']}"
    for file, row in reversed(result["frames"]):
        module = stage.package.files.get(file, Module())
        source = module.source(row) if row <= len(module.lines) else None
        if not source:
            continue
        what = f"{file} {what}"
        items = {(file, item.key): item for item in stage.items[file]}
        name = re.search(r"name '(\w+)' is not defined", what)
        below = items.get((file, name[1])) if name else None
        if below:
            what += (
                f"; it comes from {below.place}, and isn't"
                " complete at this place of the file: use it inside a"
                " function, or if this is an annotation begin the file's"
                " first cell with `from __future__ import annotations`"
            )
            return TangleError(*source, what)
        for item in items.values():
            first, last = item.span
            if item.cell.path == source[0] and first <= source[1] <= last:
                since = _defined_since(item, item, stage)
                if since:
                    return _error(item, what, since)
        return TangleError(*source, what)
    return TangleError(stage.chapter.path, 1, f"the library {what}")


def _defined_since(part: Item, item: Item, stage: Stage) -> Item | None:
    """What an item, or a member of it, has to do with and is younger."""
    seen: list[Item] = []
    waiting = [part]
    while waiting:
        one = waiting.pop()
        for name in {name for x in (one, *one.members) for name in x.uses}:
            other = _named(name, one.cell.target, stage)
            if other and other not in seen:
                seen.append(other)
                waiting.append(other)
    parts = [inner for other in seen for inner in (other, *other.members)]
    for some in (parts, item.members):
        later = [x for x in some if x.when[0] > part.when[0] and x.key]
        if later:
            return min(later, key=lambda one: one.when)
    return None


def _named(name: str, file: str, stage: Stage) -> Item | None:
    """What a name of a file's stands for, if it is ours."""
    for item in stage.items.get(file, ()):
        if item.key == name:
            return item
    for one in stage.imports.get(file, ()):
        if one.bound == name and one.is_ours:
            stem = one.module.replace(".", "/")
            for place in (f"{stem}.py", f"{stem}/__init__.py"):
                for item in stage.items.get(place, ()):
                    if item.key == one.name:
                        return item
    return None
