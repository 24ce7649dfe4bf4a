"""Gives the pages what they need to run their cells where they are read.

What is asked for when a reader first runs something: for every page what is
to know of its cells, for every stage the library, the data that cells read,
and the Python that runs the cells (``book/_live/python``), with the packages
that it draws with. The JavaScript and Python itself come from ``_build/live``,
where the Makefile puts them; without them the pages are as they would be on
paper.

(sphinx-thebe runs cells on somebody's server, and JupyterLite shows notebooks,
not the pages of a book.)
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

import graphviz

import absent
import figures
import verdict
from figures import graph_text, palette, svg_element
from pages import snapshot
from run import execute
from run.datasets import DATASETS, dataset
from tangle.chapters import chapter_number
from weave import digit_pad, exercises, hero, nudge, playground
from weave.containers import has_place
from weave.library_so_far import pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docutils import nodes
    from nbformat import NotebookNode
    from sphinx.application import Sphinx
    from sphinx.config import Config

MADE = "_build/live"
"""In it is the folder ``live``, which becomes ``_static/live``."""
FOLDER = "_live"
"""Among the pages: what is fetched beside that."""
NOT_LIVE = "not-live"
"""In a cell's metadata: why it can't be run in the page."""
RUNNER = Path(__file__).parents[2] / "_live" / "python"
SNAPSHOT = "python.snapshot"
"""Not named for how it is compressed: some servers take back what is."""
AT_ONCE = {
    "pad": digit_pad.PLACE,
    "hero": hero.PLACE,
    "nudge": nudge.PLACE,
    "playground": playground.PLACE,
}
"""Scripts that make a place alive as the page opens, and that place."""
FETCHED = ("pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
"""What Python's loader fetches, and readers wait for."""


def is_there(app: Sphinx) -> bool:
    """Whether the live parts are to be had, and this is the kind of book."""
    worker = Path(app.srcdir, MADE, "live", "worker.js")
    return app.builder.name == "html" and worker.exists()


def publish(app: Sphinx, config: Config) -> None:
    """Have Sphinx copy what the Makefile has made, if it could.

    Sphinx only ever adds, and the scripts' names change with what they say.
    """
    rmtree(Path(app.outdir, "_static", "live"), ignore_errors=True)
    if Path(app.srcdir, MADE).exists():
        config.html_static_path.append(MADE)


def write_archives(app: Sphinx) -> None:
    """Pack the stages, and what runs the cells."""
    if not is_there(app):
        return
    folder = Path(app.outdir, FOLDER)
    for stage in Path(app.srcdir, "_build", "stages").iterdir():
        pack(folder / "stages" / f"{stage.name}.zip", files_below(stage))
    for name in DATASETS:
        if file := dataset(name):
            pack(folder / "data" / f"{name}.zip", {name: file})
    package = Path(graphviz.__file__).parent
    contents: dict[str, str | Path] = {
        file.name: file for file in RUNNER.glob("*.py")
    }
    # What stands for Matplotlib has its name there.
    contents |= {
        f"{absent.PLOTS}/{file.name}": file
        for file in (RUNNER / "plots").glob("*.py")
    }
    for module in (figures, graph_text, palette, svg_element):
        file = Path(str(module.__file__))
        contents[f"figures/{file.name}"] = file
    contents[palette.FILE.name] = palette.FILE
    # The finished library's, beside the one of the page's stage.
    last = list(app.stage_packages)[-1]  # type: ignore[attr-defined]
    library = Path(app.srcdir, "_build", "stages", last, "micrograd")
    for name in ("floats", "engine", "graph"):
        if (file := library / f"{name}.py").exists():
            # They find each other, and not those of the page's stage.
            text = file.read_text("utf-8")
            text = re.sub(r"\bmicrograd\.(?=floats|engine)", "finished_", text)
            contents[f"finished_{name}.py"] = text
    contents |= {
        f"graphviz/{name}": file for name, file in files_below(package).items()
    }
    pack(folder / "python.zip", contents)
    pyodide = Path(app.srcdir, MADE, "live", "pyodide")
    snapshot.make(folder / SNAPSHOT, pyodide, folder / "python.zip")


def files_below(folder: Path) -> dict[str, Path]:
    """The files that Python needs of a folder, by their names in it."""
    return {
        str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".py", ".json")
    }


def bring_to_life(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Load on a page with cells what makes them live, and describe them."""
    if doctree is None or not is_there(app):
        return
    if has_place(doctree, playground.PLACE):
        app.add_js_file("live/start.js", loading_method="defer")
        context["live"] = {"page": pagename, "why_not": []}
        context["wide"] = True
        stage = list(app.stage_packages)[-1]  # type: ignore[attr-defined]
        files = files_fetched(app, stage)
        needs = {"chapter": None, "stage": stage, "files": files}
        write_page(app, pagename, needs)
    for name, place in AT_ONCE.items():
        if has_place(doctree, place):
            app.add_js_file(f"live/{name}.js", loading_method="defer")
            app.add_css_file(f"live/{name}.css")
    notebook = execute.executed(app, pagename)
    if notebook is None:
        return
    data = list(execute.files_read(Path(pagename), notebook.metadata))
    if not set(data) <= set(DATASETS):
        return
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    why = absent.reasons(
        (cell.source, cell.metadata.get(NOT_LIVE, "")) for cell in cells
    )
    context["live"] = {"page": pagename, "why_not": why}
    app.add_js_file("live/start.js", loading_method="defer")
    app.add_css_file("live/live.css")
    if any("graph" in cell.metadata for cell in cells):
        app.add_js_file("live/stepper.js", loading_method="defer")
        app.add_css_file("live/stepper.css")
    stage = app.stage_of(pagename)  # type: ignore[attr-defined]
    page = {
        "chapter": chapter_number(pagename),
        "stage": stage,
        "data": data,
        "files": files_fetched(app, stage, data),
        "cells": list(described(notebook, cells, why)),
    }
    write_page(app, pagename, page)


def write_page(app: Sphinx, pagename: str, page: dict[str, Any]) -> None:
    """Write what is known of a page, for when its Python starts."""
    path = Path(app.outdir, FOLDER, "pages", f"{pagename}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(page), "utf-8")


def described(
    notebook: NotebookNode, cells: list[NotebookNode], why_not: list[str]
) -> Iterator[dict[str, object]]:
    """What the page must know of each cell to run it, and to check it.

    What checks a starter is the asserts of its exercise's solution, unless
    something in that can't be run in the page.
    """
    solving = exercises.solutions(notebook)
    for number, cell in enumerate(cells):
        told: dict[str, object] = {"code": cell.source}
        told["fails"] = "raises-exception" in cell.metadata.get("tags", [])
        if number in solving:
            reasons = [why_not[i] for i in solving[number] if why_not[i]]
            told["why_unchecked"] = reasons[0] if reasons else ""
            told["asserts"] = verdict.asserts_in(
                cells[i].source for i in solving[number]
            )
        told["stepped"] = "graph" in cell.metadata
        yield told


def files_fetched(
    app: Sphinx, stage: str, data: Iterable[str] = ()
) -> dict[str, int]:
    """What is fetched before the first cell runs, and how many bytes."""
    python = Path(app.srcdir, MADE, "live", "pyodide")
    ours = Path(app.outdir, FOLDER)
    names = [SNAPSHOT, "python.zip", f"stages/{stage}.zip"]
    names += [f"data/{name}.zip" for name in data]
    files = {f"_static/live/pyodide/{name}": python / name for name in FETCHED}
    files |= {f"{FOLDER}/{name}": ours / name for name in names}
    return {name: file.stat().st_size for name, file in files.items()}


def setup(app: Sphinx) -> None:
    app.connect("config-inited", publish)
    app.connect("builder-inited", write_archives)
    app.connect("html-page-context", bring_to_life)
