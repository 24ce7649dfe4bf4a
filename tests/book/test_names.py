"""Names in code lead to what defines them; all else in it stays the same."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from json import JSONDecoder
from typing import Any
from urllib.parse import urljoin

import pytest
import yaml
from bs4 import BeautifulSoup, Tag
from nbformat import NotebookNode
from project import ROOT, Project
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers.python import PythonLexer
from site_rules import Page, Site, tags
from sphinx.util.inventory import InventoryFile

from tangle.chapters import read_chapters
from tangle.imports import Line
from tangle.modules import Module
from tangle.package import Definition, Package, Version, stages, tangle
from weave.names_in_code import (
    Library,
    Link,
    Target,
    Use,
    elsewhere,
    targets_in,
    with_links,
)
from weave.places import listing_of

# What the names stood for: the recorder, which runs in the kernels


def recorder() -> Any:
    """``noted_names.py``, which isn't on the path."""
    file = ROOT / "book/_ext/run/ipython/profile_default/noted_names.py"
    spec = importlib.util.spec_from_file_location("recorded_names", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


names_in = recorder().names_in


class Part:
    """Something with a member."""

    __slots__ = ("inner", "size")

    def __init__(self, inner: tuple[Part, ...] = ()) -> None:
        self.inner = inner
        self.size = 0

    def __add__(self, other: object) -> Part:
        return self

    def __call__(self) -> list[Part]:
        return [self]

    @property
    def same(self) -> Part:
        raise RuntimeError("looked at by running it")

    def go(self) -> None:
        pass


class Whole(Part):
    """Something that inherits it."""


def make() -> Part | None:
    raise RuntimeError("looked at by running it")


PART = "test_names.Part"
NAMESPACE = {
    "Part": Part,
    "Whole": Whole,
    "make": make,
    "part": Part((Part(),)),
    "parts": [Part((Part(),)), Part((Part(),))],
    "named": {"a": Part()},
    "mixed": [Part(), 1],
}
for one in (Part, Whole, make):
    one.__module__ = "test_names"


def called(code: str, text: str) -> list[str]:
    """What the last place of a text in a cell is called first."""
    found = names_in(code, dict(NAMESPACE))
    return [names[0] for *_, what, names in found if what == text][-1:]


@pytest.mark.parametrize(
    "code",
    [
        "part.go",
        "(part + 1).go",
        "Part().go",
        "make().go",
        "part().pop().go",
        "part.same.go",
        "part.inner[0].go",
        "parts[0].go",
        "parts[0:1][0].go",
        "[Part() for _ in 'ab'][0].go",
        "[Part(), Part()][1].go",
        "named['a'].go",
        "[p.go for p in parts]",
        "{k: p.go for k, p in named.items()}",
        "[q.go for p in parts for q in p.inner]",
        "[p.go for i, p in enumerate(parts)]",
        "[p.go for i, p in zip('ab', parts)]",
        "def f(p: Part): p.go",
        "def f(p: Part | float): p.go",
        "def f(ps: list[Part]):\n    for p in ps:\n        p.go",
        "def f(*ps: Part):\n    ps[0].go",
        "def f():\n    p = Part()\n    p.go",
        "def f(p):\n    p = p if p else Part()\n    p.go",
        "f'{part.go}'",
        "(part\n    .go)",
        "é = 1; part.go",
    ],
)
def test_a_member_is_known_wherever_its_thing_is(code: str) -> None:
    """Protects the links of members from depending on how code is put."""
    assert called(code, "go") == [f"{PART}.go"]


@pytest.mark.parametrize(
    "code",
    [
        "x.go",
        "def f(part): part.go",
        "[part.go for part in 'ab']",
        "mixed[n].go",
        "lambda part: part.go",
        "part.nothing().go",
    ],
)
def test_what_is_not_known_is_not_guessed(code: str) -> None:
    """Protects the reader from links to something else of the same name."""
    assert called(code, "go") in ([], ["?.go"], ["builtins.str.go"])


def test_an_inherited_member_has_the_names_of_both_classes() -> None:
    """Protects inherited members from leading nowhere."""
    ((*_, names),) = names_in("Whole.go", dict(NAMESPACE))[1:]
    assert names == ["test_names.Whole.go", f"{PART}.go"]


def test_what_init_puts_on_an_instance_is_known() -> None:
    """Protects attributes in methods, where there is no instance to see."""
    code = "class New:\n    def __init__(self):\n        self.p = Part()\n\n"
    code += "    def f(self):\n        self.p.go"
    assert called(code, "go") == [f"{PART}.go"]


def test_imports_are_named_where_they_stand() -> None:
    """Protects the links of imports, also of those in functions."""
    code = (
        "import math, collections.abc as abc\nfrom random import (\n"
        "    Random as R,\n    uniform)\ndef f():\n    from o import r\n"
        "from .here import there"  # which no notebook can
    )
    found = [(*use[:3], use[3][0]) for use in names_in(code, {})]
    assert found == [
        (1, 7, "math", "math"),
        (1, 13, "collections.abc", "collections.abc"),
        (2, 5, "random", "random"),
        (3, 4, "Random", "random.Random"),
        (4, 4, "uniform", "random.uniform"),
        (6, 9, "o", "o"),
        (6, 18, "r", "o.r"),
    ]


def test_a_thing_is_called_by_its_public_name() -> None:
    """Protects links to documentation, which hides where things live."""
    namespace = {"JSONDecoder": JSONDecoder, "Coder": JSONDecoder}
    ((*_, names),) = names_in("JSONDecoder", namespace)
    assert names == ["json.JSONDecoder", "json.decoder.JSONDecoder"]
    ((*_, names),) = names_in("Coder", namespace)
    assert names == ["__main__.Coder"]


def test_reopening_a_class_uses_it() -> None:
    """Protects the way from a class's continuation to its beginning."""
    code = "@reopen\nclass Part:\n    def other(self):\n        self.go"
    uses = {(use[2], use[3][0]) for use in names_in(code, dict(NAMESPACE))}
    assert {("Part", PART), ("go", f"{PART}.go")} <= uses


def test_a_cell_that_is_not_python_has_no_names() -> None:
    """Protects chapters that show an error, or use a magic."""
    assert names_in("%time x\nx +", {}) == []


# What they lead to


@cache
def documented() -> dict[str, Any]:
    """What others have documented, as intersphinx knows it."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    found: dict[str, Any] = {}
    places = config["sphinx"]["config"]["intersphinx_mapping"].values()
    for address, file in places:
        with (ROOT / file).open("rb") as inventory:
            kinds = InventoryFile.load(inventory, address, joined)
        for kind, names in kinds.items():
            found.setdefault(kind, {}).update(names)
    return found


def joined(base: str, path: str) -> str:
    return f"{base}/{path}"


def version(chapter: str, cell: int) -> Version:
    return Version(chapter, f"book/{chapter}.md", 1, 2, cell)


CODE = """
class Base:
    def reset(self):
        pass

class Value(Base):
    def __init__(self):
        self.grad = 0.0

    def reset(self):
        pass

    def exp(self):
        pass

class Other:
    def exp(self):
        pass
"""
FILE = "micrograd/a.py"
LINES = tuple(Line(line, None) for line in CODE.split("\n"))
FIRST, SECOND, THIRD = (
    version("03-one", 2),
    version("05-two", 1),
    version("05-two", 4),
)
PACKAGE = Package(
    {FILE: Module(LINES)},
    [
        Definition("Base", FILE, "class", (FIRST,)),
        Definition("Base.reset", FILE, "method", (FIRST,)),
        Definition("Value", FILE, "class", (FIRST, SECOND, THIRD)),
        Definition("Value.__init__", FILE, "method", (FIRST, SECOND, THIRD)),
        Definition("Value.reset", FILE, "method", (FIRST,)),
        Definition("Value.exp", FILE, "method", (FIRST,)),
        Definition("Other.exp", FILE, "method", (FIRST,)),
        Definition("LIMIT", FILE, "data", (FIRST,)),
    ],
)


def leads(
    *names: str, page: str = "09-last", cell: int = 0, guess: bool = True
) -> str:
    """Where a name leads from a cell of a page."""
    library = Library(PACKAGE, f"book/{page}", documented())
    found = library.target(names, cell, guess=guess)
    return f"{found.page}#{found.place}" if found else ""


@pytest.mark.parametrize(
    ("page", "cell", "place"),
    [
        ("04-between", 9, "05-two#def-Value-2"),  # of the stage given here
        ("05-two", 0, "03-one#def-Value"),
        ("05-two", 1, "05-two#def-Value"),
        ("05-two", 3, "05-two#def-Value"),
        ("05-two", 4, "05-two#def-Value-2"),
        ("09-last", 0, "05-two#def-Value-2"),
    ],
)
def test_a_use_leads_to_the_version_the_reader_has_met(
    page: str, cell: int, place: str
) -> None:
    """Protects the reader from code that comes only later."""
    assert leads("micrograd.a.Value", page=page, cell=cell) == f"book/{place}"


def test_a_use_before_the_first_version_leads_there() -> None:
    """Protects what is used above its definition on the same page."""
    there = "book/03-one#def-Value.exp"
    assert leads("micrograd.a.Value.exp", page="03-one", cell=0) == there


@pytest.mark.parametrize(
    ("names", "place"),
    [
        (["micrograd.a"], "book/library/a#"),
        (["micrograd.Value", "micrograd.a.Value"], "book/05-two#def-Value-2"),
        (["__main__.Value"], "book/05-two#def-Value-2"),
        (["__main__.Value.exp"], "book/03-one#def-Value.exp"),
        (["micrograd.a.Value.grad"], "book/05-two#def-Value.__init__-2"),
        (["?.grad"], "book/05-two#def-Value.__init__-2"),
        (["?.reset"], "book/03-one#def-Base.reset"),
        (
            ["math.exp"],
            "#https://docs.python.org/3/library/math.html#math.exp",
        ),
        (["?.exp"], ""),  # of which class?
        (["__main__.LIMIT"], ""),  # an experiment's own
        (["__main__.neuron"], ""),
        (["micrograd.a.Value.gard"], ""),
        (["numpy.array"], ""),
    ],
)
def test_a_name_leads_to_what_it_stands_for(
    names: list[str], place: str
) -> None:
    """Protects each kind of name; and what is nobody's from being linked."""
    assert leads(*names) == place


def test_nothing_is_guessed_beside_pytorch_but_in_the_library() -> None:
    """Protects ``x.grad`` from leading to ours where it may be a tensor's."""
    unknown = Use(1, 0, "grad", ["?.grad"])
    torch = Use(1, 0, "torch", ["torch"])
    library = Library(PACKAGE, "book/09-last", documented())

    def linked(uses: dict[int, list[Use]], tangled: set[int]) -> list[str]:
        found = targets_in(library, uses, tangled)
        return [use.text for _, use, _ in found]

    assert linked({0: [unknown]}, set()) == ["grad"]
    assert linked({0: [unknown], 1: [torch]}, set()) == ["torch"]
    assert linked({0: [unknown], 1: [torch]}, {0}) == ["grad", "torch"]


# Links in highlighted code


def linked_code(code: str, *links: tuple[int, int, str]) -> str:
    """Code as it is on a page, with links at these places."""
    plain = highlight(code, PythonLexer(), HtmlFormatter())
    found = [Link(*link, f'href="#{link[2]}"') for link in links]
    return with_links(plain, found)


@pytest.mark.parametrize(
    ("code", "link"),
    [
        ("Value", (1, 0, "Value")),
        ("a.Value.b", (1, 2, "Value")),
        ("@a.b\ndef f(): 0", (1, 3, "b")),
        ("import a.b", (1, 7, "a.b")),
        ('"""Value\n<Value> & Value"""; Value', (2, 20, "Value")),
        ("'é' < ∂ & Value", (1, 10, "Value")),
        ("x = '&lt;'; Value  # Value", (1, 12, "Value")),
        ('f"{Value}"', (1, 3, "Value")),
        ("f('''\n\n''',\n  Value)", (4, 2, "Value")),
    ],
)
def test_a_link_is_around_the_characters_of_its_name(
    code: str, link: tuple[int, int, str]
) -> None:
    """Protects strings, comments and operators from being in a link."""
    (tag,) = BeautifulSoup(linked_code(code, link), "html.parser").select("a")
    assert tag.get_text() == link[2]
    line = code.split("\n")[link[0] - 1]
    before = "".join(reversed(tag.find_all_previous(string=True)))
    assert before.split("\n")[-1] == line[: link[1]]


@pytest.mark.parametrize(
    "code",
    ["x\n\n\ny = '<&>'", 'f"""\n{x}"""', "é = '∂'  # x", "x;y\n\tx", ""],
)
def test_the_text_of_the_code_stays_what_it_was(code: str) -> None:
    """Protects what is copied: it is the cell, to the letter."""
    plain = highlight(code, PythonLexer(), HtmlFormatter())
    lines = code.split("\n")
    links = [
        (number, found.start(), found[0])
        for number, line in enumerate(lines, 1)
        for found in re.finditer(r"\w+", line)
    ]
    linked = BeautifulSoup(linked_code(code, *links), "html.parser")
    assert linked.get_text() == BeautifulSoup(plain, "html.parser").get_text()
    assert re.sub("</?a[^>]*>", "", linked_code(code, *links)) == plain


@pytest.mark.parametrize(
    "link", [(1, 1, "Value"), (1, 0, "Valu e"), (2, 0, "Value"), (9, 9, "x")]
)
def test_a_name_that_is_not_there_is_left_alone(
    link: tuple[int, int, str],
) -> None:
    """Protects the page from links at the wrong place."""
    assert "<a" not in linked_code("Value.grad", link)


def test_several_names_of_a_token_are_linked_in_any_order() -> None:
    """Protects decorators and dotted modules, which are one token."""
    linked = linked_code("@ab.cd\ndef f(): 0", (1, 4, "cd"), (1, 1, "ab"))
    assert re.findall(r">(\w+)</a>", linked) == ["ab", "cd"]


# The documentation of others


def test_inventories_say_where_and_by_whom() -> None:
    """Protects links that leave the book, and what is said of them."""
    found = elsewhere("torch.Tensor.backward", documented())
    assert found
    assert found.title == "PyTorch: torch.Tensor.backward"
    assert found.place.startswith("https://docs.pytorch.org/docs/stable/")
    known = elsewhere("builtins.print", documented())
    place = "https://docs.python.org/3/library/functions.html#print"
    assert known == Target("", "", place)
    assert elsewhere("str.format", documented()) is not None
    assert elsewhere("list.append", documented()) is not None


# The whole book

in_the_book = pytest.mark.xdist_group("book")

CHECKED = {"Value", "backward", "draw_dot", "MLP"}
POLYMORPHIC = {
    # Random expressions of Values and of tensors, in one loop.
    ("book/08-pytorch.html", "backward"): 1,
    ("book/14-ten-digits.html", "backward"): 2,
    ("book/15-not-memorising.html", "backward"): 2,
    ("book/16-using-it.html", "backward"): 1,
    # Loops that run in other processes.
    ("book/24-many-machines.html", "backward"): 3,
}
UNDOCUMENTED = {
    "_operator.getitem",
    "_operator.index",
    "_operator.is_",
    "_operator.sub",
    "_weakrefset.WeakSet",
    "_weakrefset.WeakSet.add",
    "builtins.NoneType.Uint8Array",  # of what JavaScript has in a page
    "builtins.NoneType.WebAssembly",
    "builtins.float.name",  # of what stands for a number while compiling
    "builtins.list.index",
    "builtins.member_descriptor.__get__",  # of a slot
    "builtins.member_descriptor.__set__",
    "builtins.set.isdisjoint",
    "builtins.set.union",
    "builtins.super.__call__",
    "builtins.super.__init__",
    "builtins.type.__module__",
    "builtins.type.__new__",
    "collections.abc.Callable.__name__",
    "inspect.findsource",
    "llvmlite.binding.create_pass_builder",
    "llvmlite.binding.create_pipeline_tuning_options",
    "llvmlite.ir.IRBuilder.udiv",
    "llvmlite.ir.IRBuilder.urem",
    "llvmlite.ir.Module.get_global",
    "matplotlib.axes.Axes.axline",
    "matplotlib.axes.Axes.set_axis_off",
    "matplotlib.axes.Axes.set_axis_on",
    "matplotlib.colors",
    "matplotlib.colors.LinearSegmentedColormap",
    "matplotlib.colors.LinearSegmentedColormap.from_list",
    "os._Environ.get",
    "pstats.Stats.stats",
    "sys.float_info.max",
    "torch.Tensor.argmax",
    "torch.Tensor.double",
    "torch.Tensor.float",
    "torch.Tensor.split",
    "torch.distributed",
    "torch.distributed.all_reduce",
    "torch.distributed.broadcast_object_list",
    "torch.nn.functional",
    "torch.nn.functional.cross_entropy",
    "torch.nn.parallel",
    "torch.nn.parallel.DistributedDataParallel",
    "torch.optim.SGD.param_groups",
    "torch.randperm",
    "torch.set_num_threads",
    "weakref.WeakKeyDictionary.get",
}


def cells(site: Site) -> Iterator[tuple[Page, NotebookNode, Tag]]:
    """All code cells as they were executed, and as they are shown."""
    for page in site.pages.values():
        run = [c for c in page.cells if "remove-cell" not in tags(c)]
        for cell, tag in zip(run, page.select(".cell"), strict=True):
            yield page, cell, tag.select(".cell_input pre")[0]


def used(code: str) -> Counter[str]:
    """How often each name is used, as the syntax has it."""
    found: Counter[str] = Counter()
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return found
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(ast.Name("ir")):  # LLVM has values, too
                pass
            case ast.Name(name, ast.Load()) | ast.Attribute(_, name):
                found[name] += 1
            case ast.ImportFrom(_, names):
                found.update(alias.name for alias in names)
            case ast.ClassDef(name, decorator_list=[ast.Name("reopen")]):
                found[name] += 1
    return found


@in_the_book
def test_every_use_of_a_name_of_the_library_is_a_link(site: Site) -> None:
    """Protects "every use": a name that is found by the syntax alone."""
    missing: Counter[tuple[str, str]] = Counter()
    seen: Counter[str] = Counter()
    for page, cell, code in cells(site):
        links = Counter(link.get_text() for link in code.select("a.name"))
        for name, times in used(cell.source).items():
            if name in CHECKED:
                seen[name] += times
                missing[page.path, name] += times - links[name]
    assert min(seen[name] for name in CHECKED) > 10
    assert {at: n for at, n in missing.items() if n} == POLYMORPHIC


@in_the_book
def test_a_link_leads_to_the_cell_that_defines_the_name(site: Site) -> None:
    """Protects "to the cell that defines it", by what the cell says."""
    wrong = []
    leading = 0
    for page, _, code in cells(site):
        for link in code.select("a.name[href*='#def-']"):
            leading += 1
            path, _, place = str(link["href"]).partition("#")
            there = site.pages[urljoin(page.path, path)].soup.find(id=place)
            cell = there.find_parent(class_="cell") if there else None
            defining = re.compile(rf"\b{re.escape(link.get_text())}\b")
            if not cell or not defining.search(cell.get_text()):
                wrong.append(f"{page.path}: {link}")
    assert leading > 1000
    assert wrong == []


@in_the_book
def test_value_leads_to_the_class_as_it_was_taught_last(site: Site) -> None:
    """Protects the way back from a late chapter, at a plain example."""
    for chapter, place in [
        ("04-graph", "03-value.html#def-Value"),
        ("09-neuron", "05-local-gradients.html#def-Value"),
    ]:
        page = site.pages[f"book/{chapter}.html"]
        links = page.select("a.name[title^='class Value ']")
        assert links
        assert {link["href"] for link in links} == {place}


@in_the_book
def test_a_cell_with_links_has_the_text_of_the_cell(site: Site) -> None:
    """Protects what is copied from a page."""
    for page, cell, code in cells(site):
        assert code.get_text() == f"{cell.source}\n", page.path


@in_the_book
def test_what_others_have_documented_is_linked(site: Site) -> None:
    """Protects new chapters from names that the inventories don't have."""
    others = {"builtins", "torch", "matplotlib", "llvmlite"}
    others |= sys.stdlib_module_names
    unknown = {
        names[0]
        for _, cell, _ in cells(site)
        for *_, names in cell.metadata.get("names", ())
        if names[0].partition(".")[0] in others - {"__main__"}
        and not any(elsewhere(name, documented()) for name in names)
    }
    assert unknown == UNDOCUMENTED


# The index of identifiers


def rows(site: Site) -> dict[str, list[Tag]]:
    """The rows of the index, by their place in the listing."""
    page = site.pages["book/appendix/identifiers.html"]
    return {
        str(row.select("td:nth-child(2) a")[0]["href"]): row.select("td")
        for row in page.select("table.identifiers tbody tr")
    }


@in_the_book
def test_the_index_has_every_identifier(site: Site) -> None:
    """Protects the index from gaps, in what it lists and where it leads."""
    package = tangle(read_chapters(ROOT))
    found = rows(site)
    assert len(found) > len(package.definitions) > 50
    for one in package.definitions:
        page = listing_of(one.file).removeprefix("book/")
        row = found[f"../{page}.html#{one.name}"]
        name = one.name.rpartition(".")[2]
        assert row[0].get_text().strip() == name
        chapters = [str(int(v.chapter[:2])) for v in one.versions]
        links = [link.get_text() for link in row[2].select("a")]
        assert links[: len(chapters)] == chapters, one.name
        assert row[0].a["href"] == row[2].a["href"]
    index = site.pages["book/appendix/identifiers.html"]
    listed = index.select("table.identifiers tbody td:first-child")
    names = [cell.get_text().strip(" _\n").lower() for cell in listed]
    assert names == sorted(names)


ATTRIBUTES = {
    "engine": "Value.data Value.grad Value.label Value._prev Value._op "
    "Value._local",
    "nn": "Neuron.w Neuron.b Layer.neurons MLP.layers",
    "optim": "SGD.learning_rate",
}


@in_the_book
def test_the_index_has_attributes(site: Site) -> None:
    """Protects ``L.grad``, which no ``def`` defines, from being left out.

    They lead to the cell that sets them first, and to the line in the file.
    """

    def cell_at(address: str) -> str:
        path, _, place = address.partition("#")
        page = site.pages[urljoin("book/appendix/", path)]
        cell = page.soup.find(id=place).find_parent(class_="cell")
        return str(cell.select_one("pre").get_text())

    packages = dict(stages(read_chapters(ROOT)))
    for module, names in ATTRIBUTES.items():
        file = f"micrograd/{module}.py"
        for owner, name in (one.split(".") for one in names.split()):
            setting = re.compile(rf"self\.{name}\b[^=\n]*=[^=]")
            ((address, row),) = (
                (address, row)
                for address, row in rows(site).items()
                if row[0].get_text().strip() == name
                and f"attribute of {owner} " in row[1].get_text()
            )
            first = next(
                page
                for page, package in packages.items()
                if file in package.files
                and setting.search(package.files[file].text)
            )
            (chapter,) = row[2].select("a")
            assert chapter.get_text() == str(int(first[:2]))
            assert setting.search(cell_at(row[0].a["href"]))
            line = int(address.rpartition("-")[2])
            code = list(packages.values())[-1].files[file].text.split("\n")
            assert setting.search(code[line - 1])


@in_the_book
def test_backward_leads_first_to_where_it_is_taught(site: Site) -> None:
    """Protects the reader from a late namesake, or a late version."""
    addresses = [
        str(row[0].a["href"])
        for row in rows(site).values()
        if row[0].get_text().strip() == "backward"
    ]
    assert addresses[0] == "../06-backward.html#def-Value.backward"


@in_the_book
def test_the_index_leads_to_cells_that_use_the_identifier(site: Site) -> None:
    """Protects "used in", by the syntax of the cell it leads to."""
    leading = 0
    for row in rows(site).values():
        name = row[0].get_text().strip()
        for link in row[3].select("a"):
            path, _, place = str(link["href"]).partition("#")
            page = site.pages[urljoin("book/appendix/", path)]
            code = page.cells[int(place.removeprefix("cell-")) - 1].source
            assert used(code)[name], f"{path}#{place} does not use {name}"
            leading += 1
    assert leading > 100
    (value,) = (
        row
        for address, row in rows(site).items()
        if address.endswith("engine.html#Value")
    )
    assert value[2].get_text().strip() == (
        "3, replaced in 5, continued in 3, 5, 6, 7, 10, 14, 18"
    )
    assert [a.get_text() for a in value[3].select("a")][:3] == ["3", "4", "5"]


@in_the_book
def test_a_new_use_reaches_the_index(book: Project) -> None:
    """Protects the index from telling of an older book, without reading it.

    (The listings are read, whose cells have other numbers now.)
    """
    with book.put_back():
        code = "from micrograd.literate import reopen"
        book.add_cell("book/04-graph.md", code)
        before = rows(Site(book.path / "_build"))
        with book.reads() as read:
            book.build()
        after = rows(Site(book.path / "_build"))
    assert {name for name in read if name[0].isdigit()} == {"04-graph"}
    assert "identifiers" not in read
    (at,) = (address for address in after if address.endswith("#reopen"))
    assert "4" not in [a.get_text() for a in before[at][3].select("a")]
    assert "4" in [a.get_text() for a in after[at][3].select("a")]
