"""The measurements that are kept are whole, and the page shows them."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from site_rules import Page, Site

from micrograd import trace

ROOT = Path(__file__).resolve().parents[2]
KEPT: dict[str, Any] = json.loads(
    (ROOT / "book/measurements.json").read_text("utf-8")
)
MEASURED = {
    *("micrograd", "torch-scalar", "torch-batched", "torch-compile"),
    *("jax-step", "jax-loop", "numpy"),
    *("eager", "eager-dot", "python", "columns", "native", "native-loop"),
}
LIMITS = {"flop-a-cycle", "fma-peak"}
GROWTH = {"chain", "mlp", "examples", "width"}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the modules of `make bench` importable."""
    monkeypatch.syspath_prepend(ROOT / "tests/bench")


@pytest.fixture
def page(site: Site) -> Page:
    return site.pages["book/appendix/measurements.html"]


def test_they_say_when_and_on_what() -> None:
    """Protects numbers from being shown without what they depend on."""
    assert date.fromisoformat(KEPT["date"]) <= date.today()
    assert KEPT["machine"]["cpu"] and KEPT["machine"]["cores"] > 0
    assert {"python", "micrograd", "torch", "jax"} <= KEPT["versions"].keys()


def test_every_variant_was_measured() -> None:
    """Protects the comparison from losing those who look good in it."""
    rows = {row["variant"]: row for row in KEPT["moons"]}
    assert rows.keys() == MEASURED | LIMITS
    for name, row in rows.items():
        assert 0.0 < row["min_s"] <= row["median_s"] <= row["max_s"], name
        assert row["times_faster"] > 0.0
        if name in LIMITS:
            assert row["peak_mb"] is None
        else:
            assert 5.0 < row["peak_mb"] < 5000.0, name


def test_every_size_has_a_time_or_a_reason() -> None:
    """Protects lines of a plot from ending without a word."""
    assert {row["what"] for row in KEPT["growth"]} == GROWTH
    for row in KEPT["growth"]:
        assert row["size"] > 0
        assert row["failed"] or row["median_s"] > 0.0, row


def test_every_first_call_was_measured() -> None:
    """Protects the time before the first step from being left untold."""
    for row in KEPT["first_calls"]:
        assert row["first_s"] > 0.0 and row["grown_mb"] > 0.0, row
    shapes = {row["shape"] for row in KEPT["first_calls"]}
    assert {"2-256-256-1", "64-32-10", "784-50-10"} <= shapes


def test_the_page_shows_them(page: Page) -> None:
    """Protects the page from showing another file, or a part of it."""
    text = page.soup.get_text()
    assert KEPT["date"] in text
    assert KEPT["machine"]["cpu"] in text
    names = {code.get_text() for code in page.select("table code")}
    assert names >= MEASURED | LIMITS
    measured, *_ = page.select("table:has(#tab-measured), #tab-measured")
    assert len(measured.select("tbody tr")) == len(KEPT["moons"])
    (calls,) = page.select("#tab-first-calls")
    assert len(calls.select("tbody tr")) == len(KEPT["first_calls"])


def test_the_mutants_are_shown(site: Site) -> None:
    """Protects the score of the tests from being that of other code."""
    page = site.pages["book/appendix/how-this-book-is-made.html"]
    kept = json.loads((ROOT / "book/mutants.json").read_text("utf-8"))
    (table,) = page.select("#tab-mutants")
    rows = {
        row.select("td")[0].get_text(strip=True): row.select("td")[1:]
        for row in table.select("tbody tr")
    }
    library, *others = kept
    assert len(rows) == len(library["files"]) + 1 + len(others)
    for file, counts in library["files"].items():
        assert (ROOT / file).exists()
        numbers = [c.get_text(strip=True) for c in rows[Path(file).stem]]
        assert numbers[0] == f"{counts['mutants']:,}"
    for part in kept:
        assert part["killed"] + part["equivalent"] <= part["mutants"]


@pytest.mark.usefixtures("bench")
def test_the_work_is_counted_right() -> None:
    """Protects times per operation, and limits, from a wrong number."""
    import ours
    from task import Work, make_task

    work = Work(width=3, examples=2)
    task = make_task(work)
    assert len(task.weights) == work.parameters
    assert len(ours.model_of(task).parameters()) == work.parameters
    nodes, _ = trace(ours.eager(task).loss())
    operations = sum(bool(node._op) for node in nodes)
    assert operations == work.operations


@pytest.mark.usefixtures("bench")
def test_our_variants_do_the_same() -> None:
    """Protects the bench from changes of the library's."""
    import ours
    from task import Work, make_task

    task = make_task(Work(width=3, examples=6))
    makers = ours.eager, ours.eager_dot, ours.python, ours.columns
    losses = [[make(task)(n) for n in (1, 2)] for make in makers]
    for one, other in pairwise(losses):
        assert one == pytest.approx(other, abs=1e-12)
    assert losses[0][1] < losses[0][0]
