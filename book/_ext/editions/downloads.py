"""Lets readers take a chapter along: as a notebook, and as its source.

The notebook holds what was executed for the page, outputs included, between
texts in plain Markdown, which every Jupyter reads. It runs on the finished
library, of which it says where to get it. The source is the chapter's own
file, as Sphinx lays it down; Jupyter with jupytext opens it as a notebook.

Both lie in ``_sources``, as does what its cells read, and each chapter links
to its own under its title.
(The theme's button for this offers the text in MyST alone.)
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import nbformat
from docutils import nodes
from nbformat import v4

from editions.markdown import Writer
from run.execute import executed, files_read
from tangle.chapters import chapter_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbformat import NotebookNode
    from sphinx.application import Sphinx

# What cells import that a plain Python hasn't got, and how it is called.
PACKAGES = {
    "matplotlib": "Matplotlib",
    "sklearn": "scikit-learn",
    "torch": "PyTorch",
}

# The formulas' colours are the book's own: see its style sheets.
OUR_MACROS = re.compile(r"\\(?:data|gradient|operation|parameter)(?![a-zA-Z])")

LINKS = '<p class="along">Take this chapter along: {links}</p>'
LINK = '<a href="{file}" download>{name}</a>'


def take_along(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write a chapter's notebook; put the links under the chapter's title."""
    if app.builder.name != "html" or not chapter_number(docname):
        return
    executed_page = executed(app, docname)
    if executed_page is None:  # the page has no code
        return
    place = Path(app.outdir) / "_sources" / f"{docname}.ipynb"
    place.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(  # type: ignore[no-untyped-call]
        for_jupyter(app, doctree, docname, executed_page), place
    )
    data = files_read(Path(docname), executed_page.metadata)
    for name, file in data.items():
        shutil.copy(file, place.parent / name)
    # What a chapter reads lies beside it.
    files = {"notebook": f"{place.stem}.ipynb", "source": f"{place.stem}.md"}
    files |= {name: name for name in data}
    folder = "../" * docname.count("/") + f"_sources/{Path(docname).parent}"
    links = ", ".join(
        LINK.format(file=f"{folder}/{file}", name=name)
        for name, file in files.items()
    )
    title = next(doctree.findall(nodes.title))
    title.parent.insert(
        1, nodes.raw("", LINKS.format(links=links), format="html")
    )


def for_jupyter(
    app: Sphinx,
    doctree: nodes.document,
    docname: str,
    executed: NotebookNode,
) -> NotebookNode:
    """The notebook of a page: its code cells, and plain Markdown between."""
    writer = Writer(address_from(app, docname), label_in(app, docname))
    cells: list[NotebookNode] = []
    text: list[str] = []

    def finish_text() -> None:
        if text:
            source = OUR_MACROS.sub("", "\n\n".join(text))
            cells.append(v4.new_markdown_cell(source))  # type: ignore[no-untyped-call]
            text.clear()

    for block in writer.blocks(doctree):
        if not isinstance(block, str):
            finish_text()
            cells.append(code_cell(executed.cells[block["cell_index"]]))
        else:
            text.append(block)
            if len(text) == 1 and not cells:  # the title
                text.append(where_it_comes_from(app, docname, executed))
    finish_text()
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"  # else a new one in each build
    kept = ("kernelspec", "language_info")
    metadata = {name: executed.metadata[name] for name in kept}
    notebook: NotebookNode = v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=cells, metadata=metadata
    )
    return notebook


def code_cell(executed: NotebookNode) -> NotebookNode:
    """A cell as it was executed, without what only the book understands."""
    tags = executed.metadata.get("tags", [])
    metadata: dict[str, object] = {"tags": tags} if tags else {}
    if "hide-input" in tags:
        metadata["jupyter"] = {"source_hidden": True}
    alt = executed.metadata.get("mystnb", {}).get("image", {}).get("alt")
    for output in executed.outputs:
        # Where it isn't drawn it is told, not as `<Digraph at 0x7f…>`.
        if "image/svg+xml" in output.get("data", {}):
            output.data["text/plain"] = alt or "a picture"
    cell: NotebookNode = v4.new_code_cell(  # type: ignore[no-untyped-call]
        executed.source,
        execution_count=executed.execution_count,
        metadata=metadata,
        outputs=executed.outputs,
    )
    return cell


def where_it_comes_from(
    app: Sphinx, docname: str, executed: NotebookNode
) -> str:
    """A note on the book, and on what the notebook needs."""
    options = app.config.html_theme_options
    repository = options.get("repository_url", "")
    base = app.config.html_baseurl
    book = f"*{app.config.html_title}*"
    if base:
        book = f"[{book}]({urljoin(base, docname)}.html)"
    code = "\n".join(
        cell.source for cell in executed.cells if cell.cell_type == "code"
    )
    imported = set(re.findall(r"(?m)^(?:import|from) (\w+)", code))
    extra = "[graph]" if "draw_dot" in code else ""
    if repository:
        install = f'`pip install "micrograd{extra} @ git+{repository}"`'
    else:
        # Quoted, since to zsh brackets are a pattern of names of files.
        install = f'`pip install ".{extra}"` in the folder of the book'
    needs = [f"the library that the book builds ({install})"]
    if extra:
        needs.append("Graphviz's program `dot`")
    needs += [name for module, name in PACKAGES.items() if module in imported]
    needs += files_read(Path(docname), executed.metadata)
    *others, last = needs
    listed = f"{', '.join(others)} and {last}" if others else last
    return (
        f"> Chapter {chapter_number(docname)} of {book}, as a notebook."
        f" It needs {listed}.\n>\n"
        "> The `micrograd` on PyPI is Andrej Karpathy's, another library.\n>\n"
        "> The library is the finished one. So a cell that fails here because"
        " something has not been written yet will work when you run it."
    )


def address_from(
    app: Sphinx, docname: str
) -> Callable[[nodes.reference], str]:
    """Where references lead from a notebook that may lie anywhere.

    To the book if it is known where that is published; else only those
    lead somewhere that lead out of the book.
    """
    base = app.config.html_baseurl

    def address(reference: nodes.reference) -> str:
        uri: str = reference.get("refuri", "")
        if not uri and "refid" in reference:
            uri = f"#{reference['refid']}"
        if urlsplit(uri).scheme:
            return uri
        page = urljoin(base, f"{docname}.html")
        return urljoin(page, uri) if base and uri else ""

    return address


def label_in(app: Sphinx, docname: str) -> Callable[[nodes.Element], str]:
    """What the numbered things on a page are referred to as."""
    numbers = app.env.toc_fignumbers.get(docname, {})
    formats = {"displaymath": "(%s)"} | app.config.numfig_format
    domain = app.env.get_domain("std")

    def label(node: nodes.Element) -> str:
        kind = domain.get_enumerable_node_type(node) or ""
        if isinstance(node, nodes.math_block):
            kind = "displaymath"
        for name in node["ids"]:
            if number := numbers.get(kind, {}).get(name):
                return str(formats[kind] % ".".join(map(str, number)))
        return ""

    return label


def setup(app: Sphinx) -> None:
    # After all that changes the page; before its ids are made unique.
    app.connect("doctree-resolved", take_along, priority=900)
