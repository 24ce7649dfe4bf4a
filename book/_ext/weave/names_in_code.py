"""Links each name in a cell to the cell that defines it.

The kernel has noted what the names stood for (``noted_names.py`` beside its
settings; ``execute.py`` keeps it in the executed notebooks). A name of the
library leads to the cell that the reader has met; one of Python's, PyTorch's,
matplotlib's or llvmlite's to its documentation, which intersphinx knows of the
inventories in ``documented/``. (sphinx-codeautolink would know them too, but
it reads code without running it: it can't know what ``L.backward()`` is when
``L = d * f``.)

`_config.yml` says whose inventories these are. Python's is the one in Debian's
``python3-doc``, with some names that it lacks (``list.append``); the others
have the names that the book uses. To edit one, ``pipx run sphobjinv convert
plain`` makes a text of it, and ``convert zlib`` the inventory again.

Hundreds of links would drown the Tab key: in the browser it stops once in each
cell, and the arrows lead from name to name (``_static/keys.js``).
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes
from sphinx.ext.intersphinx import InventoryAdapter
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

from run.execute import executed
from tangle.chapters import chapter_number, page_name
from weave.places import (
    anchor_of,
    cells_of,
    chapter_of,
    has_changed,
    listing_of,
    package_after,
    page_of,
    whole_package,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import Inventory

    from tangle.modules import Module
    from tangle.package import Definition, Package, Version

NAMED = ("class", "function")
"""What an experiment may call by the library's name. A constant may not."""
WORDS = {"data": "constant"}
"""Of Sphinx's kinds of definitions, those with a better word."""
USES = "uses_of_names"
"""In Sphinx's metadata of a page: what the names in its cells stand for."""
PIECE = re.compile(r"<[^>]*>|&[^;]*;|\n|[^<&\n]+")


class Use(NamedTuple):
    """A name in a cell, as ``noted_names.py`` has it."""

    line: int
    column: int
    text: str
    names: list[str]


class Link(NamedTuple):
    """Where a piece of code is, and the attributes of the link around it."""

    line: int
    column: int
    text: str
    attributes: str


@dataclass(frozen=True)
class Target:
    """What a name stands for, and where the reader learns of it."""

    title: str
    page: str = ""
    """A page of the book, or nothing if it is elsewhere."""
    place: str = ""
    """A place on that page, or the whole address."""
    name: str = ""
    """If the library defines it: its name there, such as ``Value.tanh``."""
    file: str = ""


class Library:
    """The library as a page knows it: what its names stand for there."""

    def __init__(
        self, package: Package, docname: str, documented: Inventory
    ) -> None:
        self.docname = docname
        self.documented = documented
        """What others have documented, by intersphinx."""
        self.modules = {module_of(file): file for file in package.files}
        self.defined = {
            (one.file, one.name): one for one in package.definitions
        }
        self.attributes: dict[tuple[str, str], Definition] = {}
        """Those that a class's methods put on ``self``, and which method."""
        self.bases: dict[str, set[str]] = {}
        for file, module in package.files.items():
            for node in classes_in(file, module):
                self.bases[node.name] = {ast.unparse(b) for b in node.bases}
                for name, (method, _) in attributes_of(node).items():
                    if definition := self.defined.get((file, method)):
                        self.attributes[file, name] = definition

    def target(
        self, names: Sequence[str], cell: int, *, guess: bool
    ) -> Target | None:
        """What the first of these names that is known stands for.

        ``cell`` counts the code cells of the page from 0. With ``guess`` the
        member of something unknown is taken for the library's, if only one
        class there has it.
        """
        for name in names:
            match name.partition("."):
                case "?", _, rest:
                    found = self.member(rest, cell) if guess else None
                case "__main__", _, rest:
                    found = self.own(rest, cell)
                case "micrograd", _, _:
                    found = self.imported(name, cell)
                case _:
                    found = elsewhere(name, self.documented)
            if found:
                return found
        return None

    def imported(self, name: str, cell: int) -> Target | None:
        """What a dotted name says: a module, or what one defines."""
        if name in self.modules:
            file = self.modules[name]
            return Target(f"module {name}", listing_of(file))
        module, _, rest = name.rpartition(".")
        while module and module not in self.modules:
            module, _, owner = module.rpartition(".")
            rest = f"{owner}.{rest}"
        return self.place(self.modules[module], rest, cell) if module else None

    def own(self, name: str, cell: int) -> Target | None:
        """What a page defines under a name of the library."""
        for (file, known), definition in self.defined.items():
            pages = [page_of(version) for version in definition.versions]
            if known == name.partition(".")[0] and (
                definition.kind in NAMED or self.docname in pages
            ):
                return self.place(file, name, cell)
        return None

    def member(self, name: str, cell: int) -> Target | None:
        """The member of the one class that has such a member.

        What a class inherits and defines again counts as the base's.
        """
        owners = {
            (file, whole.removesuffix(f".{name}"))
            for file, whole in (*self.defined, *self.attributes)
            if whole.endswith(f".{name}") and whole.count(".") == 1
        }
        classes = {owner for _, owner in owners}
        first = [
            (file, owner)
            for file, owner in owners
            if not self.bases.get(owner, set()) & classes
        ]
        if len(first) != 1:
            return None
        file, owner = first[0]
        return self.place(file, f"{owner}.{name}", cell)

    def place(self, file: str, name: str, cell: int) -> Target | None:
        """The latest version that the reader has met, else the first."""
        definition = self.defined.get((file, name))
        if definition:
            kind = WORDS.get(definition.kind, definition.kind)
        elif (file, name) in self.attributes:
            definition, kind = self.attributes[file, name], "attribute"
        else:
            return None
        version = self.met(definition, cell)
        return Target(
            f"{kind} {name} · {chapter_of(version)}",
            page_of(version),
            anchor_of(definition, version),
            name,
            file,
        )

    def met(self, definition: Definition, cell: int) -> Version:
        """The version of a definition that holds in a cell."""
        met = [
            version
            for version in definition.versions
            if page_of(version) != self.docname or version.cell_index <= cell
        ]
        return met[-1] if met else definition.versions[0]


def classes_in(file: str, module: Module) -> Iterator[ast.ClassDef]:
    """The classes of a file, as the syntax has them."""
    if file.endswith(".py"):
        for node in ast.parse(module.text).body:
            if isinstance(node, ast.ClassDef):
                yield node


def attributes_of(node: ast.ClassDef) -> dict[str, tuple[str, int]]:
    """What a class's methods put on ``self``: which method, at which line."""
    found: dict[str, tuple[str, int]] = {}
    for method in node.body:
        if isinstance(method, ast.FunctionDef):
            for inner in ast.walk(method):
                match inner:
                    case ast.Attribute(ast.Name("self"), name, ast.Store()):
                        where = f"{node.name}.{method.name}", inner.lineno
                        found.setdefault(f"{node.name}.{name}", where)
    return found


def module_of(file: str) -> str:
    """``micrograd/engine.py`` is the module micrograd.engine."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def elsewhere(name: str, documented: Inventory) -> Target | None:
    """Where others have documented a dotted name.

    Of Python's own names everybody knows what they are: no words.
    """
    plain = name.removeprefix("builtins.")
    for kind, found in documented.items():
        if plain in found and kind.startswith("py:"):
            project, _, address, _ = found[plain]
            title = f"{project}: {name}" if plain == name else ""
            return Target(title, "", address)
    return None


def targets_in(
    library: Library, uses: dict[int, list[Use]], tangled: set[int]
) -> Iterator[tuple[int, Use, Target]]:
    """What all the names of a page's cells stand for.

    A page with PyTorch has members of two kinds of things; but the library
    itself doesn't know PyTorch.
    """
    torch = any(
        name.startswith("torch")
        for found in uses.values()
        for use in found
        for name in use.names
    )
    for cell, found in uses.items():
        guess = not torch or cell in tangled
        for use in found:
            target = library.target(use.names, cell, guess=guess)
            if target:
                yield cell, use, target


# Reading a page


def keep_uses(app: Sphinx, doctree: nodes.document) -> None:
    """Give each cell a place on the page, and keep what its names are."""
    notebook = executed(app, app.env.docname)
    cells = list(cells_of(doctree))
    if notebook is None or not cells:
        return
    code = [i for i, c in enumerate(notebook.cells) if c.cell_type == "code"]
    uses: dict[int, list[Use]] = {}
    tangled: set[int] = set()
    for cell in cells:
        index = code.index(cell["cell_index"])
        cell["ids"].append(f"cell-{index + 1}")
        metadata = notebook.cells[cell["cell_index"]].metadata
        uses[index] = [Use(*use) for use in metadata.get("names", ())]
        if "tangle" in metadata:
            tangled.add(index)
        for block in cell.findall(nodes.literal_block):
            if block.parent.get("nb_element") == "cell_code_source":
                block["cell"] = index
    app.env.metadata[app.env.docname][USES] = uses, tangled


def pages_with_uses(env: BuildEnvironment) -> list[str]:
    """The pages with cells."""
    return sorted(page for page, told in env.metadata.items() if USES in told)


def all_targets(
    app: Sphinx, docname: str
) -> Iterator[tuple[int, Use, Target]]:
    """What all the names in the code of a page stand for.

    That is, for its reader: with the library as the page leaves it.
    """
    package = whole_package(app)
    if chapter_number(docname):
        package = package_after(app, page_name(docname))
    documented = InventoryAdapter(app.env).main_inventory
    library = Library(package, docname, documented)
    return targets_in(library, *app.env.metadata[docname][USES])


# Writing it


class LinkNames(SphinxPostTransform):
    """Finds the links that `visit_code` puts around the names."""

    formats = ("html",)
    default_priority = 500

    def run(self, **kwargs: Any) -> None:
        """Do so for each cell of the page."""
        blocks = {
            block["cell"]: block
            for block in self.document.findall(nodes.literal_block)
            if "cell" in block
        }
        if not blocks:
            return
        docname = self.env.docname
        for cell, use, target in all_targets(self.app, docname):
            if cell not in blocks or not self.leads_somewhere(target):
                continue
            attributes = f'href="{escape(self.address(target))}"'
            if target.title:
                attributes += f' title="{escape(target.title)}"'
            link = Link(use.line, use.column, use.text, attributes)
            blocks[cell].setdefault("links", []).append(link)

    def leads_somewhere(self, target: Target) -> bool:
        """Whether what a name stands for is explained in this book, or out."""
        return not target.page or target.page in self.env.all_docs

    def address(self, target: Target) -> str:
        """The address, as seen from this page."""
        if not target.page:
            return target.place
        page = self.app.builder.get_relative_uri(self.env.docname, target.page)
        return f"{page}#{target.place}" if target.place else page


def visit_code(self: HTML5Translator, node: nodes.literal_block) -> None:
    """Write a block of code as always, then put the links into it."""
    try:
        type(self).visit_literal_block(self, node)
    except nodes.SkipNode:
        if "links" in node:
            self.body[-1] = with_links(self.body[-1], node["links"])
        raise


def with_links(html: str, links: Sequence[Link]) -> str:
    """Highlighted code, with links around names.

    Only the characters of a name are in its link; one that isn't where it is
    said to be, or not in one piece, is left alone.
    """
    before, opening, code = html.partition("<pre>")
    code, closing, after = code.partition("</pre>")
    waiting: dict[int, list[Link]] = {}
    for link in sorted(links, reverse=True):
        waiting.setdefault(link.line, []).append(link)
    written: list[str] = []
    line, column = 1, 0
    for piece in PIECE.findall(code):
        if piece == "\n":
            line, column = line + 1, 0
        elif piece.startswith("&"):
            column += 1
        elif not piece.startswith("<"):
            here = waiting.get(line, [])
            done = 0
            while here and here[-1].column < column + len(piece):
                link = here.pop()
                at = link.column - column
                if at >= done and piece.startswith(link.text, at):
                    opened = f'<a class="name" {link.attributes}>'
                    written += piece[done:at], opened, link.text, "</a>"
                    done = at + len(link.text)
            column += len(piece)
            piece = piece[done:]
        written.append(piece)
    return "".join([before, opening, *written, closing, after])


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """All pages with code, if names may lead elsewhere than before."""
    now = [
        (one.file, one.name, one.kind, [page_of(v) for v in one.versions])
        for one in whole_package(app).definitions
    ]
    changed = has_changed(env, "names_led_to", now)
    return pages_with_uses(env) if changed else []


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", keep_uses)
    app.connect("env-updated", pages_to_write)
    app.add_post_transform(LinkNames)
    depart = HTML5Translator.depart_literal_block
    app.add_node(nodes.literal_block, override=True, html=(visit_code, depart))
