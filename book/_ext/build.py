"""Builds the book: tangles the library, and weaves the pages.

`_build/html` is always the last good book: the next is woven in a copy, which
takes its place if all goes well, with what Sphinx remembers of it. (Jupyter
Book's own program works in place: as Sphinx remembers which pages it has read
and forgets their warnings, a second run would pass.)
"""

from __future__ import annotations

import argparse
import fcntl
import gc
import io
import json
import os
import re
import shutil
import sys
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "_build"
HTML = BUILD / "html"
LOG = BUILD / "book.log"
BUILT_FROM = BUILD / "built-from.json"
"""When each of the sources of the last good book was changed."""

# The pages, and what Sphinx remembers of making them, each with the copy that
# a build works in. (What cells say is known by all that it depends on, and
# stays: see execute.py.)
NEW = BUILD / "html.new"
NEW_DOCTREES = BUILD / ".doctrees.new"
COPIES = {HTML: NEW, BUILD / ".doctrees": NEW_DOCTREES}

# What kernels and Sphinx say about themselves, not about the book.
NOISE = re.compile(
    r".*(IPKernelApp\]|full traceback has been saved|Please also report"
    r"|A bug report can be filed).*\n"
)


def sources() -> dict[str, int]:
    """When each file that the book is made from was last changed."""
    files = [ROOT / "_config.yml", ROOT / "_toc.yml", ROOT / "constraints.txt"]
    files += [BUILD / "live/live/worker.js", BUILD / "vendor/katex"]
    for folder in (ROOT / "book", ROOT / "micrograd"):
        files += folder.rglob("*[!~]")
    return {
        str(file.relative_to(ROOT)): file.stat().st_mtime_ns
        for file in files
        # A file may vanish between being listed and being looked at.
        if file.suffix != ".pyc" and file.is_file()
    }


def build() -> bool:
    """Tangle the library and weave the book; say whether all went well."""
    BUILD.mkdir(exist_ok=True)
    # Two builds at once (`make book` beside `make serve`) take turns.
    with (BUILD / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_built():
            print("Nothing has changed.")
            return True
        if not tangle():
            return False
        built_from = sources()
        good = weave_copy()
        if good:
            BUILT_FROM.write_text(json.dumps(built_from), "utf-8")
    return good


def is_built() -> bool:
    """Whether the last good book was made from the sources as they are."""
    if not BUILT_FROM.exists() or not HTML.exists():
        return False
    built_from: dict[str, int] = json.loads(BUILT_FROM.read_text("utf-8"))
    return built_from == sources()


def tangle() -> bool:
    """Write the library; say whether the chapters make one."""
    print("Tangling the library…", flush=True)
    from run.stages import stages_of
    from tangle.errors import TangleError

    try:
        stages = stages_of(ROOT)
    except (TangleError, OSError) as error:
        print(error, file=sys.stderr)
        return False
    for file in stages.changed:
        print(f"  {file}")
    for file in stages.kept:
        print(f"  {file} has what was edited by hand: see `make stitch`")
    for note in stages.packages[stages.last].notes:
        print(f"  note: {note}")
    for file in stages.strangers:
        print(f"  {file} is left alone: no chapter has written it")
    return True


def weave_copy() -> bool:
    """Weave in a copy of the last good book, which is the next one if good."""
    for folder, copy in COPIES.items():
        shutil.rmtree(copy, ignore_errors=True)
        if folder.exists():
            shutil.copytree(folder, copy)
    good = weave()
    for folder, copy in COPIES.items():
        if good:
            shutil.rmtree(folder, ignore_errors=True)
            copy.rename(folder)
        shutil.rmtree(copy, ignore_errors=True)
    return good


def weave() -> bool:
    """Run Jupyter Book; show how far it is, and in the end what failed."""
    from jupyter_book.sphinx import build_sphinx

    from run import execute

    # Of what Sphinx makes by the million, most is needed to the end.
    gc.freeze()
    gc.set_threshold(100_000)
    try:
        with LOG.open("w+", encoding="utf-8", errors="replace") as log:
            with output_in(log):
                result = build_sphinx(
                    ROOT,
                    NEW,
                    doctreedir=NEW_DOCTREES,
                    path_config=ROOT / "_config.yml",
                    noconfig=True,
                    confoverrides={
                        "external_toc_path": str(ROOT / "_toc.yml"),
                        "latex_individualpages": False,
                        "nitpicky": True,
                    },
                    warningiserror=True,
                    keep_going=True,
                )
            log.seek(0)
            errors = log.read()
    finally:
        execute.stop()
    if isinstance(result, KeyboardInterrupt):
        raise result
    if result != 0:
        print(f"\n{what_failed(result, errors)}\n", file=sys.stderr)
        print(f"The book failed. All the messages: {LOG}", file=sys.stderr)
    return bool(result == 0)


@contextmanager
def output_in(log: TextIO) -> Iterator[None]:
    """Write to a file what this process says, and those that it starts.

    What tells how far the build is, is shown as well.
    """
    terminal, errors = os.dup(1), os.dup(2)
    with os.fdopen(terminal, "w", encoding="utf-8") as shown:
        sys.stdout.flush()
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            with redirect_stdout(Progress(shown)):
                yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 1)
            os.dup2(errors, 2)
            os.close(errors)


class Progress(io.TextIOBase):
    """Shows what matters of Sphinx's messages: what runs, and how far it is.

    On a terminal the last line is written over.
    """

    LINE = re.compile(
        r"(?P<kept>execut(?:ing|ed) .*)"
        r"|(?P<phase>(?:reading sources|writing output)\.{3} )"
        r"\[ *(?P<done>\d+)%\]"
    )

    def __init__(self, terminal: TextIO) -> None:
        self.terminal = terminal
        self.is_over = ""

    def write(self, text: str) -> int:
        from sphinx.util.console import strip_colors

        for line in re.split(r"[\r\n]", strip_colors(text)):
            if found := self.LINE.match(line):
                self.show(found)
        return len(text)

    def show(self, found: re.Match[str]) -> None:
        if found["kept"]:
            self.terminal.write(f"{self.is_over}  {found['kept']}\n")
            self.is_over = ""
        elif self.terminal.isatty():
            self.terminal.write(f"\r{found['phase']}{found['done']}%")
            self.is_over = "\r\x1b[K"
        self.terminal.flush()


def what_failed(result: int | Exception, errors: str) -> str:
    """What Sphinx's messages say about the book, and how the build ended."""
    from myst_nb.core.execute import ExecutionError
    from sphinx.util.console import strip_colors

    errors = NOISE.sub("", strip_colors(errors))
    warnings, _, told = errors.partition("\nException occurred:")
    if isinstance(result, ExecutionError):
        told = str(result)
    return f"{warnings}{told}".strip().replace(f"{ROOT}/", "")


def main() -> int:
    """Run the command line; the result is its exit code."""
    argparse.ArgumentParser(
        description=__doc__.partition("\n")[0]
    ).parse_args()
    try:
        if not build():
            return 1
    except KeyboardInterrupt:
        return 130
    print(f"The book: {HTML / 'index.html'}\n      or: make serve")
    return 0


if __name__ == "__main__":
    sys.exit(main())
