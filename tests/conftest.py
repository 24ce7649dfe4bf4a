"""The whole book, built once in a run of the tests, by whoever needs it first.

Some tests change the book and build it again, and others look at it in a
browser at the same time: these have a copy of its pages for themselves.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from hypothesis import Phase, settings
from project import ROOT, Project

sys.path.insert(0, str(Path(__file__).parent))
import quick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _pytest.terminal import TerminalReporter
    from site_rules import Page, Site


# Where every second counts, fewer examples of random programs do: at the
# stages, and in a quick run.
for name, examples in {"few": 20, "quick": 5}.items():
    settings.register_profile(
        name, settings.get_profile("ci"), max_examples=examples
    )
# Whoever only asks whether a test fails needs no smallest example.
settings.register_profile(
    "mutants",
    settings.get_profile("few"),
    phases=(Phase.explicit, Phase.generate),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let those who work on the pages do without a build from nothing."""
    parser.addoption(
        "--site",
        type=Path,
        metavar="FOLDER",
        help="have the browser's tests look at these pages: _build/html",
    )
    parser.addoption(
        "--quick",
        action="store_true",
        help="run the tests of what is being edited: see tests/quick.py",
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Build the whole book first; what needs its pages comes last."""
    if config.getoption("quick"):
        chosen = set(filter(quick.belongs, items))
        left_out = [item for item in items if item not in chosen]
        items[:] = [item for item in items if item in chosen]
        config.hook.pytest_deselected(items=left_out)

    def order(item: pytest.Item) -> int:
        group = item.get_closest_marker("xdist_group")
        if group and "book" in group.args:
            return 0
        needs = {"whole", "site", "html", "browser"} & quick.fixtures(item)
        return 2 if needs else 1

    items.sort(key=order)


@pytest.fixture
def reported(
    record_property: Callable[[str, object], None],
) -> Callable[[str, str], None]:
    """Puts a line into the table that the tests end with: what, how much."""
    return lambda what, much: record_property("reported", (what, much))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Tell what the tests have cost, have measured, and have left out."""
    show(terminalreporter, "measured", list(measured(terminalreporter)))
    costs = ["area                   tests  seconds", *cost(terminalreporter)]
    show(terminalreporter, "seconds of a worker", costs)
    show(terminalreporter, "skipped", list(skipped(terminalreporter)))


def show(reporter: TerminalReporter, title: str, lines: list[str]) -> None:
    if lines:
        reporter.section(title)
        for line in lines:
            reporter.write_line(line)


def measured(reporter: TerminalReporter) -> Iterator[str]:
    """What tests have reported: nothing depends on it."""
    for report in reporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "reported":
                yield "{:<44} {:>20}".format(*value)


def cost(reporter: TerminalReporter) -> Iterator[str]:
    """For each folder of tests, how many there are and how long they took."""
    tests: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for report in chain.from_iterable(reporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            area = Path(report.nodeid.partition("::")[0]).parent.name
            tests[area] += report.when == "call"
            seconds[area] += report.duration
    for area, took in [*seconds.most_common(), ("all", seconds.total())]:
        count = tests[area] if area in tests else tests.total()
        yield f"{area:<20} {count:7,} {took:8.0f}"


def skipped(reporter: TerminalReporter) -> Iterator[str]:
    """Every test that was skipped, with its reason."""
    for report in reporter.getreports("skipped"):
        *_, reason = report.longrepr
        yield f"{report.nodeid}: {reason}"


REFUSED = "this machine doesn't allow"


@pytest.fixture
def skip_without() -> Callable[[str], None]:
    """Skips a test for the lack of what a machine may refuse."""
    return lambda what: pytest.skip(f"{REFUSED} {what}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where all that is needed should be there, let no test be skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    lines = skipped(reporter) if reporter else ()
    if os.environ.get("CI") and any(REFUSED not in line for line in lines):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


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
def site(request: pytest.FixtureRequest) -> Site:
    """The pages of the whole book, each of which is parsed only once."""
    from site_rules import Site

    if request.config.getoption("quick"):
        return Site(request.getfixturevalue("html").parent)
    book: Project = request.getfixturevalue("book")
    return Site(book.path / "_build")


@pytest.fixture(scope="session")
def looked_at(site: Site, request: pytest.FixtureRequest) -> list[Page]:
    """The pages of the book, or those that a quick run looks at."""
    wanted = site.pages
    if request.config.getoption("quick"):
        wanted = [f"{page}.html" for page in quick.looked_at()]
    return [site.pages[path] for path in wanted]


@pytest.fixture(scope="session")
def html(request: pytest.FixtureRequest) -> Path:
    """The folder of the book's pages, which nobody changes."""
    given: Path | None = request.config.getoption("site")
    if given:
        return given.resolve()
    if request.config.getoption("quick"):
        good, said = Project.at(ROOT).make("book")
        if not good:
            pytest.fail(said, pytrace=False)
        return ROOT / "_build/html"
    folder: Path = request.getfixturevalue("whole") / "html"
    if not folder.exists():
        pytest.fail("there is no book: see tests/book", pytrace=False)
    return folder
