"""The API reference and the glossary say what there is, and where."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
import site_rules
from bs4 import Tag
from site_rules import Page, Site
from sphinx.util.inspect import object_description
from sphinx.util.inventory import InventoryFile

import micrograd
from tangle.chapters import read_chapters
from tangle.package import Package, tangle

pytestmark = pytest.mark.xdist_group("book")

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = ROOT / "book/appendix/glossary.md"


@pytest.fixture(scope="module")
def package() -> Package:
    """The library, as the tangler knows it."""
    return tangle(read_chapters(ROOT))


@pytest.fixture
def reference(site: Site) -> Page:
    """The page of the API reference."""
    return site.pages["book/appendix/api.html"]


def entries(page: Page) -> list[Tag]:
    """Where each entry of the reference begins."""
    return page.select("dl.py > dt[id]")


def meaning(entry: Tag) -> Tag:
    """What an entry says."""
    found = entry.find_next_sibling("dd")
    assert isinstance(found, Tag)
    return found


def public_names(package: Package) -> list[str]:
    """What the library offers, by its full names."""
    return [
        f"{definition.file.removesuffix('.py').replace('/', '.')}."
        f"{definition.name}"
        for definition in package.definitions
        if "__init__" not in definition.file
        and definition.kind != "attribute"
        and not re.search(r"(^|\.)_|\.setter$", definition.name)
    ]


def test_every_public_name_has_one_entry(
    reference: Page, package: Package
) -> None:
    """Protects the reference from leaving something out, or saying it twice.

    Of the special methods, those are there that say something of their own.
    """
    names = [str(entry["id"]) for entry in entries(reference)]
    public = [name for name in names if not re.search(r"\._", name)]
    assert sorted(public) == sorted(public_names(package))
    special = [name for name in names if name not in public]
    assert len(set(special)) == len(special)
    assert "micrograd.engine.Value.__add__" in special
    assert "micrograd.nn.MLP.__call__" in special
    for noise in ("__init__", "__repr__", "__radd__", "__hash__"):
        assert not any(name.endswith(noise) for name in special)


def test_the_front_door_is_described(reference: Page) -> None:
    """Protects what `import micrograd` has from missing on the page."""
    links = reference.select("table.autosummary a")
    described = [str(a["href"]).rpartition("#")[2] for a in links]
    offered = [
        f"{getattr(micrograd, name).__module__}.{name}"
        for name in {*vars(micrograd), *micrograd._LATER} - {"TYPE_CHECKING"}
        if not name.startswith("_")
        and not inspect.ismodule(getattr(micrograd, name))
        and name != "annotations"
    ]
    assert sorted(described) == sorted(offered)


def test_every_module_is_described(reference: Page) -> None:
    """Protects a new module from being forgotten."""
    modules = [
        module.name
        for module in walk_packages(micrograd.__path__, "micrograd.")
    ]
    said = reference.soup.article.get_text().replace("’", "'")
    for name in modules:
        doc = import_module(name).__doc__ or ""
        assert f"module-{name}" in reference.ids
        assert doc.partition("\n")[0].replace("`", "") in said


def test_every_entry_says_something(reference: Page) -> None:
    """Protects the reader from names without a meaning."""
    silent = [
        entry["id"]
        for entry in entries(reference)
        if not meaning(entry).select(":scope > p:not(.defined)")
    ]
    assert silent == []


def test_every_entry_leads_to_its_cell_and_its_line(
    reference: Page, package: Package
) -> None:
    """Protects the way from a name to the reason why it is as it is."""
    last = {
        (definition.file, definition.name): definition.versions[-1].chapter
        for definition in package.definitions
    }
    for entry in entries(reference):
        cell, line = meaning(entry).select(":scope > p.defined a")
        file, name = re.fullmatch(
            r"micrograd\.((?:compiler\.)?\w+)\.(.*)", str(entry["id"])
        ).groups()
        file = file.replace(".", "/")
        chapter = last[f"micrograd/{file}.py", name]
        assert re.match(
            rf"\.\./{chapter}\.html#def-{re.escape(name)}(-\d+)?$",
            cell["href"],
        )
        assert line["href"] == f"../library/{file}.html#{name}"


def test_formulas_in_docstrings_are_set(reference: Page) -> None:
    """Protects the formulas from being shown as they are typed."""
    tanh = reference.soup.find(id="micrograd.engine.Value.tanh")
    assert tanh
    (formula,) = meaning(tanh).select(".katex annotation")
    assert formula.get_text() == r"1 - \tanh^2 x"
    assert list(site_rules.formulas_are_set(reference)) == []
    assert ":math:" not in reference.text


def test_signatures_are_readable(reference: Page) -> None:
    """Protects signatures from addresses, and from names in full."""
    for entry in entries(reference):
        assert " at 0x" not in entry.get_text()
        assert "micrograd.engine.Value" not in entry.get_text()


def test_constants_are_the_librarys(reference: Page) -> None:
    """Protects numbers from losing a point on their way to the page."""
    compared = 0
    for entry in entries(reference):
        said = entry.select(":scope > em.property")
        values = [
            text for s in said if (text := s.get_text().strip())[0] == "="
        ]
        module, _, name = str(entry["id"]).rpartition(".")
        value = getattr(import_module(module), name, None) if values else None
        if isinstance(value, int | float | str | tuple | frozenset):
            assert values == [f"= {object_description(value)}"], entry["id"]
            compared += 1
    assert compared > 10


def test_other_projects_can_link_to_the_library(site: Site) -> None:
    """Protects objects.inv, by which Sphinx links from book to book."""
    with (site.html / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, path: path)
    _, _, place, _ = inventory["py:method"]["micrograd.engine.Value.backward"]
    path, _, anchor = place.partition("#")
    assert anchor in site.pages[path].ids
    assert "micrograd.nn.MLP" in inventory["py:class"]
    assert "micrograd.graph.draw_dot" in inventory["py:function"]


# The glossary and the index of terms


def glossary() -> dict[str, str]:
    """The glossary's entries: their heads, a line each, and what they say."""
    text = GLOSSARY.read_text().partition(":sorted:\n")[2].partition("```")[0]
    parts = re.findall(r"((?:^\S.*\n)+)((?:^(?:  .*)?\n)+)", text, re.M)
    return dict(parts)


@pytest.mark.parametrize(
    ("heads", "says"), glossary().items(), ids=lambda text: text.split("\n")[0]
)
def test_a_term_serves_in_the_chapter_that_it_names(
    heads: str, says: str
) -> None:
    """Protects the reader from being sent where the term isn't."""
    links = re.findall(r"\[([^\]]+)\]\(([\w/.-]+)\)", says)
    assert links
    texts = []
    for label, path in links:
        page = (GLOSSARY.parent / path).resolve()
        texts.append(re.sub(r"\s+", " ", page.read_text().lower()))
        if number := re.search(r"\d+", label):
            assert page.name.startswith(f"{int(number[0]):02}-")
    terms = [head.lower() for head in heads.splitlines()]
    assert any(stem(term) in text for term in terms for text in texts), terms


def stem(term: str) -> str:
    """What plurals and other forms of a term begin with."""
    return re.sub(r"(ing|ion|ive|[ey])$", "", term)


def test_the_index_has_every_term_and_where_it_is_used(site: Site) -> None:
    """Protects the reader who looks a word up."""
    index = site.pages["genindex.html"]
    rows = {
        str(links[0].get_text()): [str(a["href"]) for a in links]
        for row in index.select(".terms li")
        if (links := row.select("a"))
    }
    for heads in glossary():
        for head in heads.splitlines():
            assert rows[head][0].startswith("book/appendix/glossary.html#term")
    used = [
        (page.path, str(a["href"]))
        for page in site.pages.values()
        for a in page.select("a:has(> .std-term)")
        if re.search(r"/\d\d-", page.path)
    ]
    for path, href in used:
        place = href.rpartition("/")[2]
        row = next(row for row in rows.values() if row[0].endswith(place))
        assert any(link.startswith(f"{path}#") for link in row[1:])


def test_glossary_and_index_are_in_the_table_of_contents(site: Site) -> None:
    """Protects them from being there and never found."""
    for page in site.pages.values():
        contents = [a.get_text() for a in page.select(".bd-sidebar nav a")]
        if contents:
            place = contents.index("Glossary")
            assert contents[place + 1] == "Index of terms"
            assert "API reference" in contents
