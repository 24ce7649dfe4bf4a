"""The Sphinx side of the book: every chapter runs on the library so far.

A page named ``NN-title`` is a chapter, and its kernel imports the *stage* of
the page before it in ``_toc.yml``: the package as tangled from all earlier
chapters. So a chapter that uses what hasn't been taught yet fails the build.
Every other page (the landing page, the appendices) imports the whole library.

A page is out of date when its own text changed, which Sphinx sees to, or when
the stage that it imports did, which is seen to here.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.errors import ExtensionError

import accessible
import api
import assets
import captions
import downloads
import every_page
import execute
import exercises
import graphs
import identifiers
import inline_svg
import library_so_far
import light_code
import listing
import live
import names_in_code
import offline
import palette
import places
import playground
import policy
import previews
import published
import search_index
import search_page
import steppers
import terms
import tracebacks
import unbroken
from tangle import TangleError, read_chapters, stages, write

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from tangle import Package

HERE = Path(__file__).parent

# The parts of weaving, a module each; in this order they are set up.
PARTS = (
    api,
    accessible,
    assets,
    captions,
    downloads,
    execute,
    every_page,
    exercises,
    identifiers,
    inline_svg,
    library_so_far,
    light_code,
    listing,
    live,
    names_in_code,
    offline,
    palette,
    policy,
    published,
    search_index,
    search_page,
    places,
    playground,
    previews,
    steppers,
    terms,
    unbroken,
)


class Stages:
    """The library as it stood after each page, on disk and importable."""

    def __init__(self, root: Path) -> None:
        """Tangle every stage; `TangleError` when a chapter is wrong."""
        chapters = read_chapters(root)
        self.folder = root / "_build" / "stages"
        self.packages: dict[str, Package] = dict(stages(chapters))
        self.page_names = {
            c.path.removesuffix(".md"): c.name for c in chapters
        }
        for name, package in self.packages.items():
            write(package, self.folder / name)
            # Where tracebacks find who teaches a line.
            who = json.dumps(chapters_of_lines(package))
            place = self.folder / name / tracebacks.CHAPTERS
            place.write_text(who, "utf-8")

    def imported_by(self, docname: str) -> str:
        """The name of the stage that a page's kernel imports."""
        names = list(self.packages)
        name = self.page_names[docname]
        if places.chapter_number(name):
            return names[names.index(name) - 1]
        return names[-1]

    def digest(self, name: str) -> str:
        """A text that is equal for two stages exactly when their code is."""
        files = self.packages[name].files
        code = "".join(
            f"{path}\n{files[path].text}\n" for path in sorted(files)
        )
        return sha256(code.encode()).hexdigest()


def chapters_of_lines(package: Package) -> dict[str, list[int | None]]:
    """For each file of the library, the chapter of every line."""
    found: dict[str, list[int | None]] = {}
    for file, module in package.files.items():
        sources = map(module.source, range(1, len(module.lines) + 1))
        found[file] = [
            places.chapter_number(source[0]) if source else None
            for source in sources
        ]
    return found


class Weaver:
    """Gives each page its stage, and knows which pages are out of date."""

    def prepare(self, app: Sphinx) -> None:
        """Tangle the stages before any page is read."""
        try:
            self.stages = Stages(Path(app.srcdir))
        except TangleError as error:
            raise ExtensionError(str(error)) from error
        app.stage_packages = self.stages.packages  # type: ignore[attr-defined]
        app.stage_of = self.stages.imported_by  # type: ignore[attr-defined]
        # The API reference is made from the whole library.
        last = list(self.stages.packages)[-1]
        sys.path.insert(0, str(self.stages.folder / last))
        # Kernels and plots are the same in every chapter, without a line in
        # any of them. (A copy, since IPython writes into this folder.)
        settings = Path(app.srcdir) / "_build" / "ipython"
        shutil.copytree(HERE / "ipython", settings, dirs_exist_ok=True)
        for module in (graphs, tracebacks):
            shutil.copy(str(module.__file__), settings / "profile_default")
        os.environ["IPYTHONDIR"] = str(settings)
        os.environ["MATPLOTLIBRC"] = str(HERE / "matplotlibrc")

    def outdated(
        self,
        app: Sphinx,
        env: BuildEnvironment,
        added: set[str],
        changed: set[str],
        removed: set[str],
    ) -> list[str]:
        """The pages whose stage isn't the one they were executed on."""
        executed_on: dict[str, str] = getattr(env, "executed_on", {})
        return [
            docname
            for docname in self.stages.page_names
            if docname in env.all_docs
            and executed_on.get(docname) != self.digest_for(docname)
        ]

    def before_reading(
        self, app: Sphinx, docname: str, source: list[str]
    ) -> None:
        """Point the kernel that is about to start to its page's stage."""
        if docname not in self.stages.page_names:
            return
        stage = self.stages.folder / self.stages.imported_by(docname)
        os.environ["PYTHONPATH"] = str(stage)
        number = places.chapter_number(docname)
        os.environ["BOOK_CHAPTER"] = str(number or "")
        execute.Client.library = self.digest_for(docname)
        executed = Path(app.srcdir) / "_build" / "jupyter_execute"
        execute.Client.kept = executed / f"{docname}.ipynb"
        if not hasattr(app.env, "executed_on"):
            app.env.executed_on = {}  # type: ignore[attr-defined]
        app.env.executed_on[docname] = self.digest_for(docname)  # type: ignore[attr-defined]

    def digest_for(self, docname: str) -> str:
        """What the library that a page imports looks like."""
        return self.stages.digest(self.stages.imported_by(docname))


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx's entry point."""
    weaver = Weaver()
    app.connect("builder-inited", weaver.prepare)
    app.connect("env-get-outdated", weaver.outdated)
    app.connect("source-read", weaver.before_reading)
    for part in PARTS:
        part.setup(app)
    tools = sorted(path for path in HERE.rglob("*") if path.suffix != ".pyc")
    tools += sorted(live.RUNNER.glob("*.py"))
    own_code = b"".join(path.read_bytes() for path in tools if path.is_file())
    own_code += execute.surroundings().encode()
    return {
        # When what makes the pages changes, every page is out of date.
        "env_version": sha256(own_code).hexdigest(),
        # Kernels find their stage in the environment of this one process.
        "parallel_read_safe": False,
        "parallel_write_safe": True,
    }
