"""Executes the cells of a page, unless it is known what they say.

What a cell says depends on the code of the page, on the library it imports
and on the versions of everything else; a page is executed when one of these
has changed. (jupyter-cache looks at the page's own code alone.) So a change
of prose, or of what makes the pages, costs no execution. The outputs are kept
where myst-nb leaves every executed notebook, in ``_build/jupyter_execute``.

Cells run in an empty folder. A page whose cells read a file names it in its
front matter, as seen from the page: ``reads: ../measurements.json``.
"""

from __future__ import annotations

import json
import shutil
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

import nbformat
from myst_nb import sphinx_
from myst_nb.core.execute import ExecutionError, NotebookClientBase
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

import graphs
import tracebacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from docutils import nodes
    from nbformat import NotebookNode
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
KEY = "executed_as"
"""In a notebook's metadata: the digest of all that its outputs depend on."""
READS = "reads"
"""In a page's front matter: the files that its cells read."""
STEPS = "steps"
"""A cell's tag: the graph that it draws can be stepped through."""


def surroundings() -> str:
    """Everything that outputs depend on beside the page and the library."""
    files = [HERE.parents[1] / "constraints.txt", HERE / "matplotlibrc"]
    files += sorted((HERE / "ipython").rglob("*.py"))
    files += [Path(graphs.__file__), Path(tracebacks.__file__)]
    return "\n".join([sys.version, *(f.read_text("utf-8") for f in files)])


class Client(NotebookClientBase):  # type: ignore[misc]
    """Gives a page's cells their outputs, as myst-nb asks."""

    library = ""
    """The digest of the stage that the next page imports; weave.py says it."""
    kept = Path()
    """Where the executed notebook of the next page is, if there is one."""

    def start_client(self) -> None:
        """Execute the cells, or take the outputs they are known to have."""
        key = self.key()
        known = read_notebook(self.kept)
        if known and known.metadata.get(KEY) == key:
            for cell, old in zip(
                self.notebook.cells, known.cells, strict=True
            ):
                if cell.cell_type == "code":
                    cell.outputs = old.outputs
                    cell.execution_count = old.execution_count
                    for told in ("names", "graph"):
                        if told in old.metadata:
                            cell.metadata[told] = old.metadata[told]
            self.notebook.metadata["language_info"] = known.metadata.get(
                "language_info"
            )
        else:
            self.execute()
        self.notebook.metadata[KEY] = key

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
        parts += [file.read_text("utf-8") for file in self.reads().values()]
        return sha256(json.dumps(parts).encode()).hexdigest()

    def reads(self) -> dict[str, Path]:
        """The files that the page's cells read, as it names them."""
        names = str(self.notebook.metadata.get(READS, "")).split()
        return {name: self.path.parent / name for name in names}

    def execute(self) -> None:
        """Run the cells in a kernel of their own, in an empty folder."""
        self.logger.info("Executing notebook")
        started = perf_counter()
        with TemporaryDirectory() as temporary:
            folder = Path(temporary, "page")  # so that there is a ".."
            folder.mkdir()
            for name, file in self.reads().items():
                shutil.copy(file, folder / name)
            client = NotebookClient(
                self.notebook,
                resources={"metadata": {"path": str(folder)}},
                timeout=self.nb_config.execution_timeout,
                record_timing=False,
                on_cell_executed=finish,
            )
            try:
                client.execute()
            except (CellExecutionError, CellTimeoutError) as error:
                raise ExecutionError(str(self.path)) from error
        took = perf_counter() - started
        self.logger.info(f"Executed notebook in {took:.2f} seconds")


def finish(
    cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]
) -> None:
    """Keep what the kernel says about a cell with the cell."""
    for payload in execute_reply["content"].get("payload", ()):
        match payload:
            case {"source": "names", "found": found}:
                cell.metadata["names"] = found
            case {"source": "graph", "found": graph} if has_steps(cell):
                cell.metadata["graph"] = graph


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


def executes_so(
    create_client: Callable[..., NotebookClientBase],
) -> Callable[..., NotebookClientBase]:
    """What myst-nb gets its clients from, with ours for what it executes."""

    def create(
        notebook: NotebookNode,
        source: str,
        nb_config: Any,
        logger: Any,
        read_fmt: dict[str, Any] | None = None,
    ) -> NotebookClientBase:
        if nb_config.execution_mode == "force":
            return Client(notebook, Path(source), nb_config, logger)
        return create_client(notebook, source, nb_config, logger, read_fmt)

    return create


def depend_on_what_is_read(app: Sphinx, doctree: nodes.document) -> None:
    """Have a page read again when a file that its cells read has changed."""
    page = Path(app.env.doc2path(app.env.docname))
    for name in app.env.metadata[app.env.docname].get(READS, "").split():
        app.env.note_dependency(str(page.parent / name))


def setup(app: Sphinx) -> None:
    """Called by weave.py."""
    app.connect("doctree-read", depend_on_what_is_read)
    sphinx_.create_client = executes_so(sphinx_.create_client)
