"""A small book, made by the project's own tools and settings.

Each of its chapters puts a module of its own into the library.
"""

from __future__ import annotations

from pathlib import Path

from project import Project

# What a page's kernel can import, and what the modules say of themselves.
LOOK = """
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import micrograd

print("stage:", Path(micrograd.__file__).parents[1].name)
for module in iter_modules(micrograd.__path__):
    doc = import_module(f"micrograd.{module.name}").__doc__
    print(f"{module.name}: {doc}")
"""

# As bad an SVG as a cell could draw.
DRAW = """
from IPython.display import SVG

SVG('''<?xml version="1.0"?><!-- by hand -->
<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">
<style>p { display: none }</style><script>alert("drawn")</script>
<defs><clipPath id="box"><rect width="9" height="9"/></clipPath></defs>
<circle r="5" fill="#0b5fa5" clip-path="url(#box)"/></svg>''')
"""

PLOT = """
import matplotlib
from matplotlib import pyplot

print("settings:", Path(matplotlib.matplotlib_fname()).parent.name)
figure, axes = pyplot.subplots()
axes.plot([1, 2]);
"""


def page(title: str, *cells: str) -> str:
    """A page of cells, with a line of prose before each."""
    front = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n"
    return f"{front}\n# {title}\n" + "".join(
        f"\nProse.\n\n```{{code-cell}} python\n{cell.strip()}\n```\n"
        for cell in cells
    )


def tangled(module: str) -> str:
    return f':tangle: micrograd/{module}.py\n\n"""As {module} was."""'


FIGURE = """
---
mystnb:
  image:
    alt: 'A {0} & its "quotes" <b>'
  figure:
    name: fig-{0}
    caption: A {0}.
---
"""


PAGES = {
    "index": page("A small book", LOOK),
    "01-one": page("One", LOOK, tangled("one")),
    "02-two": page("Two", LOOK, tangled("two")),
    "03-three": page(
        "Three",
        LOOK,
        tangled("three"),
        FIGURE.format("drawing") + DRAW,
        FIGURE.format("second") + DRAW,
        FIGURE.format("plot") + PLOT,
    ),
    "appendix/notes": page("Notes", LOOK),
}


def list_pages(project: Project, *names: str) -> None:
    """Have the book consist of these pages, in this order."""
    first, *others = (f"file: book/{name}\n" for name in names)
    root = first.replace("file", "root")
    chapters = "".join(f"  - {other}" for other in others)
    toc = f"format: jb-book\n{root}chapters:\n{chapters}"
    (project.path / "_toc.yml").write_text(toc)


def small_book(path: Path) -> Project:
    """Put the small book into a folder, not built yet."""
    project = Project(path)
    for file in (project.path / "book").rglob("*.md"):
        file.unlink()
    for name, text in PAGES.items():
        (project.path / f"book/{name}.md").write_text(text)
    list_pages(project, *PAGES)
    return project
