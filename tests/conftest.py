"""The whole book, built once in a run of the tests, by whoever needs it first.

Some tests change the book and build it again, and others look at it in a
browser at the same time: these have a copy of its pages for themselves.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from project import Project

if TYPE_CHECKING:
    from collections.abc import Callable

    from _pytest.terminal import TerminalReporter
    from site_rules import Site


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let those who work on the pages do without a build from nothing."""
    parser.addoption(
        "--site",
        type=Path,
        metavar="FOLDER",
        help="have the browser's tests look at these pages: _build/html",
    )


@pytest.fixture
def reported(
    record_property: Callable[[str, object], None],
) -> Callable[[str, str], None]:
    """Puts a line into the table that the tests end with: what, how much."""
    return lambda what, much: record_property("reported", (what, much))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Tell what was measured: as a table, for nothing depends on it."""
    rows = [
        value
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "reported"
    ]
    if rows:
        terminalreporter.section("measured")
        for what, much in sorted(rows):
            terminalreporter.write_line(f"{what:<44} {much:>20}")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the book's project, its pages, and what was said."""
    temporary = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        temporary = temporary.parent  # what all workers have in common
    folder = temporary / "whole"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if not (folder / "said").exists():
            project = Project(folder / "the book")
            good, said = project.make("book")
            if good:
                shutil.copytree(project.path / "_build/html", folder / "html")
            (folder / "said").write_text(said)
    return folder


@pytest.fixture(scope="session")
def making(whole: Path) -> tuple[Project, bool, str]:
    """A project, whether its book could be made, and what was said."""
    project = Project.at(whole / "the book")
    return project, (whole / "html").exists(), (whole / "said").read_text()


@pytest.fixture(scope="session")
def book(making: tuple[Project, bool, str]) -> Project:
    """The whole book, built from nothing."""
    project, good, _ = making
    if not good:
        pytest.fail("there is no book: see the first test", pytrace=False)
    return project


@pytest.fixture(scope="session")
def site(book: Project) -> Site:
    """The pages of the whole book, each of which is parsed only once."""
    from site_rules import Site

    return Site(book.path / "_build")


@pytest.fixture(scope="session")
def html(request: pytest.FixtureRequest) -> Path:
    """The folder of the book's pages, which nobody changes."""
    given: Path | None = request.config.getoption("site")
    if given:
        return given.resolve()
    folder: Path = request.getfixturevalue("whole") / "html"
    if not folder.exists():
        pytest.fail("there is no book: see tests/book", pytrace=False)
    return folder
