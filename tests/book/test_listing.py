"""The library, woven: what the pages tell of it is what it is."""

from __future__ import annotations

import ast
import itertools
import os
import re
import subprocess
import sys
from collections import Counter
from copy import copy
from pathlib import Path
from urllib.parse import urljoin

import pytest
from bs4 import Tag
from project import ROOT, Project
from site_rules import Site

from tangle.chapters import read_chapters
from tangle.package import Definition, Package, Version
from tangle.package import stages as tangled_stages
from weave.places import anchor_of, listing_of, page_of

pytestmark = pytest.mark.xdist_group("book")

NAMED = ("class", "function", "method", "property")


@pytest.fixture(scope="module")
def stages() -> dict[str, Package]:
    """The library after each page."""
    return dict(tangled_stages(read_chapters(ROOT)))


@pytest.fixture(scope="module")
def package(stages: dict[str, Package]) -> Package:
    """The whole library."""
    return list(stages.values())[-1]


def listing(site: Site, file: str) -> Tag:
    """The part of a page that shows a file."""
    (shown,) = site.pages[f"{listing_of(file)}.html"].select("pre.listing")
    return shown


def test_every_line_shown_is_the_librarys(
    site: Site, package: Package
) -> None:
    """Protects "this is the code" from being a likeness of it."""
    for file in package.files:
        if file.endswith(".py"):
            code = copy(listing(site, file))
            for note in code.select(".taught"):
                note.decompose()
            assert code.get_text() == (ROOT / file).read_text("utf-8"), file


def test_every_definition_leads_to_the_cell_that_teaches_it(
    site: Site, package: Package
) -> None:
    """Protects the way from the library to the prose."""
    for definition in package.definitions:
        shown = listing(site, definition.file)
        assert shown.select(f'[id="{definition.name}"]')
        last = definition.versions[-1]
        *_, name = definition.name.split(".")
        (link,) = (
            a
            for a in shown.select("a:not(:has(> .name))")
            if a.get_text() == name
            and str(a["href"]).endswith(f"#{anchor_of(definition, last)}")
        )
        page, _, anchor = str(link["href"]).partition("#")
        chapter = site.pages[f"book/{Path(page).name}"]
        assert chapter.path == f"book/{definition.versions[-1].chapter}.html"
        (caption,) = (
            tag.find_parent("p") or tag
            for tag in chapter.select(f'[id="{anchor}"]')
        )
        cell = caption.find_parent("div", class_="cell")
        assert cell is not None
        assert re.search(rf"\b{name}\b", cell.select_one("pre").get_text())


def test_a_file_leads_to_all_the_chapters_that_it_comes_from(
    site: Site, package: Package
) -> None:
    """Protects the way from a file, also to a chapter that only imports."""
    for file, module in package.files.items():
        if file.endswith(".py"):
            (line,) = listing(site, file).select(".line:first-child")
            links = [str(a["href"]) for a in line.select("a")]
            sources = {one.source[0] for one in module.lines if one.source}
            assert [
                f"book/{Path(link.partition('#')[0]).stem}.md"
                for link in links
            ] == sorted(sources)


@pytest.mark.parametrize(
    ("file", "place", "name", "address"),
    [
        ("nn", "Neuron.__init__", "Value", "book/05-"),
        ("engine", "Value.__add__", "data", "book/05-"),
        ("engine", "Value.tanh", "tanh", "book/"),
        ("floats", "tanh", "tanh", "https://docs.python.org/3/library/math"),
    ],
)
def test_names_in_a_file_lead_to_what_they_stand_for(
    site: Site, file: str, place: str, name: str, address: str
) -> None:
    """Protects the reader of a file from having to know who defines what."""
    page = site.pages[f"book/library/{file}.html"]
    line = page.soup.find(id=place).find_parent(class_="line")
    code = [line, *line.find_next_siblings(class_="line", limit=12)]
    found = {
        urljoin(page.path, str(a["href"]))
        for one in code
        for a in one.select("a:has(> .name)")
        if a.get_text() == name
    }
    assert any(one.startswith(address) for one in found), found


def test_every_use_of_a_class_in_the_files_is_a_link(
    site: Site, package: Package
) -> None:
    """Protects "names are links", by the syntax."""
    missing = []
    seen = 0
    for file in ("micrograd/nn.py", "micrograd/losses.py"):
        shown = listing(site, file)
        for node in ast.walk(ast.parse(package.files[file].text)):
            match node:
                case ast.Name("Value" | "Module" | "Neuron" | "Layer" as name):
                    (line,) = shown.select(
                        f"[id='{Path(file).stem}-{node.lineno}']"
                    )
                    seen += 1
                    links = [a.get_text() for a in line.select("a")]
                    if name not in links:
                        missing.append(line.get_text())
    assert seen > 20
    assert missing == []


def test_whatever_was_replaced_has_all_its_versions_in_order(
    site: Site, package: Package
) -> None:
    """Protects the history of the library from gaps."""
    replaced = [d for d in package.definitions if len(d.versions) > 1]
    assert "Value.__add__" in [d.name for d in replaced]
    for definition in replaced:
        page = listing(site, definition.file).find_parent("article")
        assert page is not None
        (history,) = page.select(f'[id="history-{definition.name}"]')
        lines = [line.get_text() for line in history.select("p.version")]
        assert [int(re.findall(r"hapter (\d+)", one)[0]) for one in lines] == [
            int(version.chapter[:2]) for version in definition.versions
        ]
        codes = [code.get_text() for code in history.select("pre")]
        for code, version in zip(codes, definition.versions, strict=True):
            text = (ROOT / version.path).read_text("utf-8").split("\n")
            there = text[version.line - 1 : version.end_line]
            indent = re.match(" *", there[0])[0]
            assert code.split("\n")[:-1] == [
                line.removeprefix(indent) for line in there
            ]


def test_each_version_is_linked_both_ways(
    site: Site, package: Package
) -> None:
    """Protects the reader of one version from not finding the others."""
    classes = {
        (definition.name, version.path, version.cell_index)
        for definition in package.definitions
        if definition.kind == "class"
        for version in definition.versions
    }

    def leads_to(there: str, definition: Definition, version: Version) -> bool:
        """Whether the caption over a version's cell leads to an anchor.

        What stands in a class that is written there whole goes unsaid.
        """
        owner = definition.name.rpartition(".")[0]
        if (owner, version.path, version.cell_index) in classes:
            return True
        page = site.pages[f"{page_of(version)}.html"]
        (place,) = page.select(f'[id="{anchor_of(definition, version)}"]')
        line = place if place.name == "p" else place.find_parent("p")
        assert line is not None
        links = [str(link["href"]) for link in line.select("a")]
        return any(link.endswith(f"#{there}") for link in links)

    checked = 0
    for definition in package.definitions:
        if definition.kind in NAMED:
            versions = definition.versions
            for old, new in itertools.pairwise(versions):
                to_new = anchor_of(definition, new)
                to_old = anchor_of(definition, old)
                assert leads_to(to_new, definition, old), (definition, old)
                assert leads_to(to_old, definition, new), (definition, new)
                checked += 1
    assert checked > 10


def test_the_difference_is_what_the_chapter_has_changed(
    site: Site, stages: dict[str, Package]
) -> None:
    """Protects the summary at the end of a chapter.

    Without the lines with a minus and with those with a plus, the lines of a
    file are those of the next stage.
    """
    shown = 0
    names = [name for name in stages if name[0].isdigit()]
    before = stages["index"].files
    for name in names:
        package = stages[name]
        block = site.pages[f"book/{name}.html"].soup.select_one(
            "details.stage-diff pre"
        )
        file = ""
        lines = {
            file: Counter(module.text.split("\n"))
            for file, module in before.items()
        }
        for line in block.get_text().split("\n") if block else ():
            if line.startswith("+++ "):
                file = line[4:]
                lines.setdefault(file, Counter([""]))
            elif line.startswith("+"):
                lines[file][line[1:]] += 1
                shown += 1
            elif line.startswith("-") and not line.startswith("--- "):
                lines[file][line[1:]] -= 1
        for file, module in package.files.items():
            wanted = Counter(module.text.split("\n"))
            assert lines.get(file, Counter([""])) == wanted, (name, file)
        before = package.files
    assert shown > 500


def test_each_stage_can_be_taken_along_and_imported(
    book: Project, site: Site, stages: dict[str, Package]
) -> None:
    """Protects who wants the library as of some chapter, and no more."""
    for name, package in stages.items():
        if not name[0].isdigit():
            continue
        page = site.pages[f"book/{name}.html"]
        (link,) = page.select("p.stage-zip a")
        packed = (site.html / page.path).parent / str(link["href"])
        modules = [
            file.removesuffix(".py").replace("/", ".")
            for file in package.files
            if file.endswith(".py") and "__init__" not in file
        ]
        code = "import micrograd; print(micrograd.__file__)\n"
        code += "".join(f"import {module}\n" for module in modules)
        ran = subprocess.run(
            [sys.executable, "-P", "-c", code],
            env=os.environ | {"PYTHONPATH": str(packed.resolve())},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert ran.returncode == 0, ran.stdout
        assert packed.name in ran.stdout
        assert packed.name == f"micrograd-after-{name[:2]}.zip"


def test_every_file_has_its_page(site: Site, package: Package) -> None:
    """Protects a new module from being left out of the book."""
    for file in package.files:
        if file.endswith(".py"):
            assert listing(site, file)
