"""The Sphinx side of the book: every chapter runs on the library so far.

A page is out of date when its own text changed, which Sphinx sees to, or when
the stage that it imports did, which is seen to here.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.errors import ExtensionError

from editions import downloads
from figures import inline_svg
from pages import (
    accessible,
    assets,
    bundles,
    every_page,
    formula_breaks,
    licences,
    light_code,
    live,
    offline,
    policy,
    published,
    search,
)
from run import execute, kernels
from run.stages import stages_of
from tangle.chapters import chapter_number
from tangle.errors import TangleError
from weave import (
    api,
    captions,
    coloured,
    digit_pad,
    exercises,
    hero,
    identifiers,
    library_so_far,
    listing,
    names_in_code,
    nudge,
    places,
    playground,
    plumbing,
    previews,
    steppers,
    terms,
)

if TYPE_CHECKING:
    from docutils import nodes
    from nbformat import NotebookNode
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

HERE = Path(__file__).parent
STAGE = "executed_on"
"""In Sphinx's metadata of a page: the digest of the stage that it imports."""

# The parts of weaving, a module each; in this order they are set up.
PARTS = (
    api,
    accessible,
    assets,
    bundles,
    captions,
    coloured,
    digit_pad,
    downloads,
    execute,
    every_page,
    exercises,
    hero,
    identifiers,
    inline_svg,
    library_so_far,
    licences,
    light_code,
    listing,
    live,
    names_in_code,
    nudge,
    offline,
    policy,
    published,
    search,
    places,
    playground,
    plumbing,
    previews,
    steppers,
    terms,
    formula_breaks,
)


class Weaver:
    """Gives each page its stage, and knows which pages are out of date."""

    def prepare(self, app: Sphinx) -> None:
        """Tangle the stages before any page is read."""
        try:
            self.stages = stages_of(Path(app.srcdir))
        except TangleError as error:
            raise ExtensionError(str(error)) from error
        app.stage_packages = self.stages.packages  # type: ignore[attr-defined]
        app.stage_of = self.stages.imported_by  # type: ignore[attr-defined]
        # The API reference is made from the whole library.
        sys.path.insert(0, str(self.stages.folder / self.stages.last))
        self.settings = kernels.environment(Path(app.srcdir))

    def outdated(
        self, app: Sphinx, env: BuildEnvironment, *_: object
    ) -> list[str]:
        """The pages whose stage isn't the one they were executed on."""
        return [
            docname
            for docname in self.stages.pages
            if docname in env.all_docs
            and env.metadata[docname].get(STAGE) != self.stages.digest(docname)
        ]

    def before_reading(
        self, app: Sphinx, env: BuildEnvironment, docnames: list[str]
    ) -> None:
        """Begin to execute the pages that will be read, on their stages."""
        pages = []
        for docname in filter(self.stages.pages.__contains__, docnames):
            digest = self.stages.digest(docname)
            if notebook := self.stages.pages[docname].notebook:
                pages.append(self.page(app, docname, notebook, digest))
        execute.begin(app, pages)
        # Nothing else is to do while a page is executed that measures time.
        last = {str(page.path) for page in pages if page.measures_time}
        docnames.sort(key=lambda docname: env.doc2path(docname) in last)

    def keep_stage(self, app: Sphinx, doctree: nodes.document) -> None:
        """Note on which stage a page was executed."""
        docname = app.env.docname
        if docname in self.stages.pages:
            app.env.metadata[docname][STAGE] = self.stages.digest(docname)

    def page(
        self, app: Sphinx, docname: str, notebook: NotebookNode, digest: str
    ) -> execute.Page:
        """A page to execute, and the environment of its kernel."""
        chapter = self.stages.pages[docname]
        stage = self.stages.folder / self.stages.imported_by(docname)
        return execute.Page(
            Path(app.srcdir, chapter.path),
            notebook,
            digest,
            self.settings
            | {
                "PYTHONPATH": str(stage),
                "BOOK_CHAPTER": str(chapter_number(docname) or ""),
            },
            execute.kept(app, docname),
        )


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx's entry point."""
    weaver = Weaver()
    app.connect("builder-inited", weaver.prepare)
    app.connect("env-get-outdated", weaver.outdated)
    app.connect("doctree-read", weaver.keep_stage)
    # Last, when others have said what is to be read.
    app.connect("env-before-read-docs", weaver.before_reading, priority=900)
    for part in PARTS:
        part.setup(app)
    tools = sorted(path for path in HERE.rglob("*") if path.suffix != ".pyc")
    tools += sorted(live.RUNNER.glob("*.py"))
    own_code = b"".join(path.read_bytes() for path in tools if path.is_file())
    own_code += execute.surroundings().encode()
    return {
        # When what makes the pages changes, every page is out of date.
        "env_version": sha256(own_code).hexdigest(),
        # One process reads the pages, and others execute them.
        "parallel_read_safe": False,
        "parallel_write_safe": True,
    }
