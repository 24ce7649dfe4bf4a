"""Executes the cells of the pages, unless it is known what they say.

What cells say is known while nothing that it depends on has changed: the code
of the page's cells, the stage that they import, the files that they read, the
settings of their kernels, and the versions of Python and of its packages.
(jupyter-cache looks at the page's own code alone.) So a change of prose, or of
what makes the pages, costs no execution. The outputs are kept where myst-nb
leaves every executed notebook, in ``_build/jupyter_execute``.

Pages are executed side by side, while Sphinx reads them one after another. One
that measures time says so in its front matter, ``measures_time: true``: it is
executed when all others have been.

Cells run in an empty folder. A page whose cells read files names them in its
front matter: data sets (see datasets.py), as ``reads: digits.csv``, or others
as seen from the page, ``reads: ../measurements.json``. One whose cells write
files that others need names these, too: ``writes: network.json``. They are
kept beside its executed notebook, and what its cells say isn't known where one
of them is missing. If no cell has written it, the build fails.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import re
import shutil
import sys
from concurrent.futures import Future, ThreadPoolExecutor, wait
from copy import deepcopy
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import nbformat
from myst_nb import sphinx_
from myst_nb.core.execute import ExecutionError, NotebookClientBase
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from sphinx.util import logging
from sphinx.util.console import strip_colors

from run import kernels
from run.datasets import dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from docutils import nodes
    from nbformat import NotebookNode
    from sphinx.application import Sphinx

CONSTRAINTS = Path(__file__).parents[3] / "constraints.txt"
KEY = "executed_as"
"""In a notebook's metadata: the digest of all that its outputs depend on."""
TOOK = "executed_in"
"""In a notebook's metadata: the seconds that it took."""
READS = "reads"
"""In a page's front matter: the files that its cells read."""
WRITES = "writes"
"""In a page's front matter: the files that its cells write for others."""
MEASURES_TIME = "measures_time"
"""In a page's front matter: nothing else is to run beside its cells."""
STEPS = "steps"
"""A cell's tag: the graph that it draws can be stepped through."""

# As the book tells errors, and as IPython those of syntax.
ROW = re.compile(
    r"^ *(?:Cell In\[\d+\]|(?:Chapter \d+, c|C)ode cell \d+), line (\d+)",
    re.MULTILINE,
)

LOGGER = logging.getLogger(__name__)


@cache
def surroundings() -> str:
    """Everything that outputs depend on beside the page and the library."""
    files = (CONSTRAINTS, *kernels.SOURCES)
    return "\n".join([sys.version, *(f.read_text("utf-8") for f in files)])


class Page(NamedTuple):
    """A page with cells, and all that they run with."""

    path: Path
    notebook: NotebookNode
    library: str
    """The digest of the stage that its cells import."""
    env: dict[str, str]
    """What their kernel finds in its environment, beside what there is."""
    kept: Path
    """Where the executed notebook is, if there is one."""

    @property
    def reads(self) -> dict[str, Path]:
        """The files that its cells read, as they name them."""
        return files_read(self.path, self.notebook.metadata)

    @property
    def writes(self) -> dict[str, Path]:
        """The files that its cells write, and where they are kept."""
        return files_written(self.kept, self.notebook.metadata)

    @property
    def measures_time(self) -> bool:
        """Whether nothing else is to run beside its cells."""
        return bool(self.notebook.metadata.get(MEASURES_TIME))

    @property
    def key(self) -> str:
        """The digest of all that the outputs depend on."""
        cells = [
            (cell.cell_type, cell.source, cell.metadata.get("tags", []))
            if cell.cell_type == "code"
            else cell.cell_type
            for cell in self.notebook.cells
        ]
        settings = self.notebook.metadata.get("kernelspec", {}).get("name")
        parts = [cells, settings, self.library, surroundings()]
        parts += [file.read_text("utf-8") for file in self.reads.values()]
        return sha256(json.dumps(parts).encode()).hexdigest()


def files_read(page: Path, front_matter: dict[str, Any]) -> dict[str, Path]:
    """The files that a page's cells read, as they name them."""
    names = str(front_matter.get(READS, "")).split()
    return {name: dataset(name) or page.parent / name for name in names}


def files_written(kept: Path, front_matter: dict[str, Any]) -> dict[str, Path]:
    """The files that a page's cells write, and where they are kept.

    `kept` is where its executed notebook is.
    """
    names = str(front_matter.get(WRITES, "")).split()
    return {name: kept.parent / name for name in names}


class Executions:
    """The pages that are executed in a build, and what has come of it."""

    def __init__(self, pages: Iterable[Page], timeout: int) -> None:
        """Begin to execute those of which it isn't known what they say."""
        self.timeout = timeout
        self.kept = {page.path: page.kept for page in pages}
        self.running: list[NotebookClient] = []
        self.is_stopped = False
        self.futures: dict[Path, Future[None]] = {}
        self.seconds: dict[Path, float | None] = {}
        """How long the pages still take, as far as that is known."""
        # One more than there are processors, for a kernel that starts waits.
        side_by_side = ThreadPoolExecutor(1 + (os.cpu_count() or 1))
        alone = ThreadPoolExecutor(1)
        self.pools = (side_by_side, alone)
        for page in sorted(pages, key=lambda page: page.measures_time):
            known, key = read_notebook(page.kept), page.key
            is_whole = all(file.exists() for file in page.writes.values())
            if known and known.metadata.get(KEY) == key and is_whole:
                continue
            self.seconds[page.path] = (
                known.metadata.get(TOOK) if known else None
            )
            pool = alone if page.measures_time else side_by_side
            before = list(self.futures.values())
            self.futures[page.path] = pool.submit(
                self.execute, page, key, before
            )
        self.count = len(self.futures)

    def execute(
        self, page: Page, key: str, before: Iterable[Future[None]]
    ) -> None:
        """Run the cells in a kernel of their own, in an empty folder."""
        if page.measures_time:
            wait(before)
        self.check()
        name = page.path.stem
        LOGGER.info("executing %s", name)
        started = perf_counter()
        notebook = deepcopy(page.notebook)
        with TemporaryDirectory() as temporary:
            folder = Path(temporary, "page")  # so that there is a ".."
            folder.mkdir()
            for file, path in page.reads.items():
                shutil.copy(path, folder / file)
            client = NotebookClient(
                notebook,
                resources={"metadata": {"path": str(folder)}},
                timeout=self.timeout,
                record_timing=False,
                coalesce_streams=True,  # and what is written over is gone
                on_cell_start=self.check,
                on_cell_executed=finish,
            )
            self.running.append(client)
            try:
                env = os.environ | page.env
                asyncio.run(client.async_execute(env=env))
            except (CellExecutionError, CellTimeoutError) as error:
                told = what_failed(page.path, notebook) or str(error)
                raise ExecutionError(told) from error
            finally:
                self.running.remove(client)
                # It would be cleaned up again, if that has failed once.
                atexit.unregister(client._cleanup_kernel)
            keep_what_is_written(page, folder)
        took = perf_counter() - started
        notebook.metadata |= {KEY: key, TOOK: took}
        write_notebook(notebook, page.kept)
        del self.seconds[page.path]
        LOGGER.info("executed %s in %.2f seconds; %s", name, took, self.rest())

    def rest(self) -> str:
        """How many of the pages have been executed, and what is to come."""
        done = f"{self.count - len(self.seconds)} of {self.count}"
        known = [took for took in self.seconds.values() if took]
        if not self.seconds or len(known) < len(self.seconds):
            return done
        return f"{done}, some {sum(known) / (os.cpu_count() or 1):.0f} s left"

    def outputs_of(self, path: Path) -> NotebookNode:
        """The executed notebook of a page, once there is one."""
        if path in self.futures:
            self.futures[path].result()
        known = read_notebook(self.kept[path])
        assert known is not None
        return known

    def check(self, **about: object) -> None:
        """Go on only if somebody still waits for it."""
        if self.is_stopped:
            raise InterruptedError

    def stop(self) -> None:
        """End all that is still being executed."""
        self.is_stopped = True
        for pool in self.pools:
            pool.shutdown(wait=False, cancel_futures=True)
        for client in list(self.running):
            kernel = client.km and client.km.provisioner
            if process := getattr(kernel, "process", None):
                process.kill()


def keep_what_is_written(page: Page, folder: Path) -> None:
    """Keep the files that the cells have written; never half a one."""
    for name, kept in page.writes.items():
        if not (folder / name).is_file():
            raise ExecutionError(
                f"{page.path}:1: its front matter says `{WRITES}: {name}`, "
                "but no cell has written it"
            )
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_name(f"{kept.name}.part")
        shutil.copyfile(folder / name, half)
        half.replace(kept)


class Client(NotebookClientBase):  # type: ignore[misc]
    """Gives a page's cells their outputs, as myst-nb asks."""

    executions: ClassVar[Executions | None] = None

    def start_client(self) -> None:
        """Put the outputs into the cells."""
        assert self.executions and self.path
        known = self.executions.outputs_of(self.path)
        for cell, old in zip(self.notebook.cells, known.cells, strict=True):
            if cell.cell_type == "code":
                cell.outputs = old.outputs
                cell.execution_count = old.execution_count
                for told in ("names", "graph", "rule"):
                    if told in old.metadata:
                        cell.metadata[told] = old.metadata[told]
        for told in ("language_info", KEY, TOOK):
            self.notebook.metadata[told] = known.metadata.get(told)


def what_failed(path: Path, notebook: NotebookNode) -> str:
    """The error of a notebook that ended with one, and where it was made."""
    lines = path.read_text("utf-8").split("\n")
    starts = notebook.metadata["source_map"]
    for start, cell in reversed(
        list(zip(starts, notebook.cells, strict=True))
    ):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                traceback = strip_colors("\n".join(output.traceback)).strip()
                code = cell.source.split("\n")
                first = next(
                    row
                    for row in range(start, len(lines))
                    if lines[row : row + len(code)] == code
                )
                told = ROW.search(traceback)
                line = first + int(told[1] if told else 1)
                last = traceback.split("\n")[-1]
                return f"{path}:{line}: {last}\n\n{traceback}"
    return ""


def finish(
    cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]
) -> None:
    """Keep what the kernel says about a cell with the cell."""
    for payload in execute_reply["content"].get("payload", ()):
        match payload:
            case {"source": "names", "found": found}:
                cell.metadata["names"] = found
            case {"source": "graph", "found": graph, "rule": rule} if (
                has_steps(cell)
            ):
                cell.metadata |= {"graph": graph, "rule": rule}


def has_steps(cell: NotebookNode) -> bool:
    """Whether the graph that a cell draws is to be stepped through."""
    return STEPS in cell.metadata.get("tags", [])


def read_notebook(path: Path) -> NotebookNode | None:
    """A notebook, if there is a whole one."""
    try:
        notebook: NotebookNode = nbformat.reads(  # type: ignore[no-untyped-call]
            path.read_text("utf-8"), as_version=4
        )
    except (OSError, ValueError):
        return None
    return notebook


def executed(app: Sphinx, docname: str) -> NotebookNode | None:
    """The executed notebook of a page, if it has cells."""
    return read_notebook(kept(app, docname))


def kept(app: Sphinx, docname: str) -> Path:
    """Where the executed notebook of a page is, where myst-nb leaves it."""
    return Path(app.srcdir, "_build", "jupyter_execute", f"{docname}.ipynb")


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook, of which there never is half a one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    nbformat.write(notebook, half)  # type: ignore[no-untyped-call]
    half.replace(path)


def executes_so(
    create_client: Callable[..., NotebookClientBase],
) -> Callable[..., NotebookClientBase]:
    """What myst-nb gets its clients from, with ours for what it executes."""

    def create(
        notebook: NotebookNode, source: str, config: Any, *more: Any
    ) -> NotebookClientBase:
        if config.execution_mode == "force":
            return Client(notebook, Path(source), config, more[0])
        return create_client(notebook, source, config, *more)

    return create


def depend_on_files(app: Sphinx, doctree: nodes.document) -> None:
    """Have a page read again when a file that its cells read has changed.

    Or when one is gone that they have written.
    """
    docname = app.env.docname
    front_matter = app.env.metadata[docname]
    page = Path(app.env.doc2path(docname))
    for files in (
        files_read(page, front_matter),
        files_written(kept(app, docname), front_matter),
    ):
        for file in files.values():
            app.env.note_dependency(str(file))


def begin(app: Sphinx, pages: list[Page]) -> None:
    """Begin to execute pages, which are read soon."""
    Client.executions = Executions(pages, app.config.nb_execution_timeout)


def stop() -> None:
    """End what is still being executed when a build is over."""
    if Client.executions:
        Client.executions.stop()


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", depend_on_files)
    sphinx_.create_client = executes_so(sphinx_.create_client)
