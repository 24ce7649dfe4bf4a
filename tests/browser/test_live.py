"""Cells are edited and run where they are read, by Python in the page."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

import pytest
from browsing import Site, Window
from living import UNFOLD, Cell, alike, reasons
from playwright.sync_api import Browser, Page, Route, expect
from reading import ROOT, code_cells, exercises, is_starter
from test_accessible import look

Opener = Callable[..., AbstractContextManager[Window]]

CHAPTER = "book/06-backward.html"
PAGES = (
    *("index", "01-derivative", "02-by-hand", "03-value", "04-graph"),
    *("05-local-gradients", "06-backward", "07-operations", "08-pytorch"),
    *("09-neuron", "10-mlp", "11-training", "12-moons"),
    *("13-same-in-pytorch", "14-where-time-goes", "15-straight-line"),
    *("16-machine-code", "17-alive"),
)

# What a later Python says in other words than the one that builds the book.
LATER_WORDS = (
    ("float division by zero", "division by zero"),
    (" and no __dict__ for setting new attributes", ""),
)

# Cells that measure the machine, or its C library, say something else there.
MEASURES = re.compile(
    r"\b(seconds|memory|getsizeof|show_profile|gc\.callbacks|Elsewhere|ulp)\b"
)


@pytest.fixture
def page(window: Opener) -> Iterator[Page]:
    """A window with a chapter."""
    with window() as opened:
        yield opened.open(CHAPTER)
        assert opened.troubles == []


def test_every_page_with_cells_that_run_is_tried(served: Site) -> None:
    """Protects the next test from leaving out a chapter."""
    live = [
        path
        for path in served.pages
        if 'id="live"' in (served.html / path).read_text("utf-8")
    ]
    assert sorted(live) == sorted(f"book/{name}.html" for name in PAGES)


def same_words(text: str) -> str:
    for here, there in LATER_WORDS:
        text = text.replace(here, there)
    return text


@pytest.mark.parametrize("name", PAGES)
def test_a_page_s_cells_and_exercises_work(window: Opener, name: str) -> None:
    """Protects readers from code that runs differently where they read it.

    And from a check that refuses the book's own solution. Both on one visit,
    because some chapters' cells take minutes.
    """
    with window() as opened:
        page = opened.open(f"book/{name}.html")
        assert list(differences(page, name)) == []
        check_exercises(page, name)
        assert opened.troubles == []


def differences(page: Page, name: str) -> Iterator[str]:
    """Where a live cell doesn't say what the book says."""
    codes = code_cells(ROOT / "book" / f"{name}.md")
    starters = [n for n, cell in enumerate(codes, 1) if is_starter(cell)]
    live = [n for n, why in enumerate(reasons(page), 1) if not why]
    assert live
    for number in live:
        cell = Cell(page, number)
        built = same_words(cell.built())
        drawn = cell.graphs(".cell_output")
        code = cell.open().code()
        said = same_words(cell.said())
        if MEASURES.search(code):
            good = bool(said) == bool(built)
        else:
            good = alike(built, said)
        if not good:
            yield f"cell {number}: {built!r}, but live: {said!r}"
        status = cell.status.inner_text()
        unfinished = number in starters and "ended with an error" in status
        if status != "Done." and not unfinished:
            yield f"cell {number}: {status}"
        again = cell.graphs("[data-live-output]")
        if not alike(repr(drawn), repr(again)):
            yield f"cell {number}: {drawn}, but live: {again}"


def check_exercises(page: Page, name: str) -> None:
    """Have each exercise of a page checked, unanswered and then answered."""
    source = ROOT / "book" / f"{name}.md"
    codes = [cell.source for cell in code_cells(source)]
    why = reasons(page)
    for exercise in exercises(source):
        (asked,) = exercise.asked
        if why[asked]:
            continue
        cell = Cell(page, asked + 1).press("Check")
        if any(why[number] for number in exercise.solved):
            expect(cell.status).to_contain_text("can't be checked here")
            continue
        expect(cell.status).to_contain_text("Not yet")
        cell.write("\n\n".join(codes[n] for n in exercise.solved))
        cell.press("Check")
        expect(cell.status).to_contain_text("Right")


def test_a_cell_is_a_group_with_buttons(page: Page) -> None:
    """Protects readers who listen: what there is has a name."""
    cell = Cell(page, 4)
    assert cell.group.get_by_role("button").all_inner_texts() == [
        "Copy",
        "Edit and run",
    ]
    cell.open()
    names = cell.group.get_by_role("button").all_inner_texts()
    assert names == ["Run", "Run all above", "Stop", "Reset"]
    expect(cell.editor).to_have_accessible_name("Code of cell 4")
    expect(cell.editor).to_be_focused()


def test_a_number_is_changed_and_the_output_follows(page: Page) -> None:
    """Protects what all of this is for; and the way back."""
    cell = Cell(page, 5)
    built = cell.built()
    code = cell.open().code()
    assert cell.said() == built == "2.0"
    cell.run(code.replace("a.grad = 0.0", "a.grad = 40.0"))
    assert "AssertionError" in cell.said()
    cell.run("print(a.grad)")
    assert cell.said() == "42.0"
    expect(cell.box.locator(".cell_output > .output")).to_be_hidden()
    cell.button("Reset").click()
    assert cell.code() == code
    expect(cell.output).to_be_hidden()
    expect(cell.box.locator(".cell_output > .output").first).to_be_visible()


def test_built_outputs_stay_until_they_are_replaced(page: Page) -> None:
    """Protects the page from going empty while Python is fetched."""
    held: list[Route] = []
    page.route("**/python_stdlib.zip", lambda route: held.append(route))
    cell = Cell(page, 4)
    expect(cell.box.locator(".cell_output > .output")).to_be_visible()
    cell.button("Edit and run").click()
    expect(cell.status).to_have_text(re.compile("Fetching"))
    expect(cell.box.locator(".cell_output > .output")).to_be_visible()
    expect(cell.group.get_by_role("progressbar")).to_be_visible()
    for route in held:
        route.continue_()
    cell.wait()
    expect(cell.box.locator(".cell_output > .output")).to_be_hidden()
    expect(cell.group.get_by_role("progressbar")).to_be_hidden()


def test_all_above_are_run_again(page: Page) -> None:
    """Protects readers whose state has become a muddle."""
    third = Cell(page, 3).open()
    fourth = Cell(page, 4).open()
    third.run("a = 'something else'")
    fourth.run()
    assert "AttributeError" in fourth.said()
    third.button("Reset").click()
    fourth.press("Run all above").run()
    assert fourth.said() == fourth.built()


def test_an_endless_loop_is_stopped(page: Page) -> None:
    """Protects the page from freezing, and says that the state is lost."""
    cell = Cell(page, 2).open()
    cell.write("while True:\n    print('again')")
    cell.button("Run").click()
    expect(cell.status).to_have_text("Running…")
    expect(cell.output).to_contain_text("again")
    assert page.evaluate("1 + 1") == 2
    cell.button("Stop").click()
    expect(cell.status).to_have_text(re.compile("Stopped.* lost"))
    cell.button("Reset").click()
    assert Cell(page, 4).open().said() == "graph 1.0   nudge 2.00000"


def test_what_is_printed_without_end_is_cut_off(page: Page) -> None:
    """Protects the page from more text than it can show."""
    cell = Cell(page, 1).open()
    cell.run("for i in range(1_000_000):\n    print(i)")
    assert cell.said().endswith("… cut off after 100,000 characters")


def test_edits_survive_a_reload_until_they_are_reset(page: Page) -> None:
    """Protects what readers have written."""
    cell = Cell(page, 2).open()
    mine = "def pass_on(node):\n    pass  # mine"
    cell.write(mine)
    page.reload()
    expect(cell.status).to_have_text(re.compile("your code from last time"))
    assert cell.code() == mine
    expect(Cell(page, 4).button("Edit and run")).to_be_visible()
    cell.button("Reset").click()
    page.reload()
    expect(cell.button("Edit and run")).to_be_visible()
    assert (
        page.evaluate(
            "Object.keys(localStorage).filter(key => key.startsWith('live'))"
        )
        == []
    )


def test_an_error_names_chapter_and_line(window: Opener) -> None:
    """Protects the way from an error to the line that is to blame."""
    with window() as opened:
        cell = Cell(opened.open("book/10-mlp.html"), 1).open()
        cell.run("from micrograd.nn import Neuron\n\nNeuron(2)([1.0])")
        lines = cell.said().splitlines()
        assert lines[0] == "Chapter 10, code cell 1, line 3"
        assert re.fullmatch(
            r"micrograd/nn\.py, line \d+, in Neuron\.__call__ \(chapter 9\)",
            lines[2],
        )
        assert lines[-1] == "ValueError: this Neuron takes 2 inputs, but got 1"
        cell.run("print(1")
        assert cell.said().splitlines() == [
            "Chapter 10, code cell 1, line 1",
            "    print(1",
            "         ^",
            "SyntaxError: '(' was never closed",
        ]
        assert opened.troubles == []


def test_cells_that_cannot_run_here_say_why(window: Opener) -> None:
    """Protects readers from waiting for PyTorch."""
    with window() as opened:
        page = opened.open("book/08-pytorch.html")
        cell = page.locator("#cell-2")
        expect(cell).to_contain_text("needs PyTorch, which Python on this")
        assert not cell.get_by_role("button", name="run").count()
        # The first imports it beside other things, and runs without.
        first = Cell(page, 1).open()
        first.run("import torch\n\ntorch.tensor(1.0)")
        assert "needs PyTorch" in first.said()


def test_what_python_has_lost_it_gets_anew(page: Page) -> None:
    """Protects readers from a page that is dead until it is loaded again."""
    cell = Cell(page, 2).open()
    cell.run("import os\nos._exit(0)")
    expect(cell.status).to_have_text(re.compile("failed.* lost"))
    cell.button("Reset").click()
    assert Cell(page, 4).open().said() == "graph 1.0   nudge 2.00000"


def test_what_is_printed_at_once_does_not_freeze_the_page(page: Page) -> None:
    """Protects the way to "Stop" from a flood of messages."""
    cell = Cell(page, 1).open()
    cell.write("while True:\n    print(1, flush=True)")
    cell.button("Run").click()
    expect(cell.output).to_contain_text("1")
    cell.button("Stop").click()
    expect(cell.status).to_have_text(re.compile("Stopped"))


def test_cells_with_the_same_code_have_their_own_edits(
    window: Opener,
) -> None:
    """Protects an edit from turning up in another cell."""
    with window() as opened:
        page = opened.open("book/05-local-gradients.html")
        same = [11, 13, 15]
        second = Cell(page, same[1]).open()
        assert second.code() == "draw_dot(L)"
        second.write("L.grad")
        page.reload()
        expect(second.editor).to_have_text("L.grad")
        for number in (same[0], same[2]):
            expect(Cell(page, number).button("Edit and run")).to_be_attached()


def test_what_was_written_for_an_older_page_is_not_lost(page: Page) -> None:
    """Protects answers from a book that corrects a comment."""
    mine = "answer = 42  # <b>mine</b>"
    cell = Cell(page, 2).open()
    cell.write(mine)
    page.evaluate(
        """() => {
            const [key] = Object.keys(localStorage)
                .filter(key => key.startsWith("live"));
            localStorage.setItem(`${key}older`, localStorage.getItem(key));
            localStorage.removeItem(key);
        }"""
    )
    page.reload()
    old = page.get_by_role("group").filter(has_text="Code of yours")
    old.locator("summary").click()
    expect(old.locator("pre")).to_have_text(mine)
    expect(Cell(page, 2).button("Edit and run")).to_be_visible()
    old.get_by_role("button", name="Remove").click()
    expect(old).to_have_count(0)
    page.reload()
    expect(Cell(page, 2).button("Edit and run")).to_be_visible()
    expect(old).to_have_count(0)


def test_an_edit_that_cannot_be_kept_is_told(page: Page) -> None:
    """Protects readers whose browser is full, or keeps nothing."""
    page.evaluate(
        """() => {
            Storage.prototype.setItem = () => {
                throw new DOMException("full", "QuotaExceededError");
            };
        }"""
    )
    cell = Cell(page, 2).open()
    cell.write("a = 1")
    expect(cell.status).to_contain_text("Your browser doesn't keep this")
    cell.run()
    expect(cell.status).to_have_text("Done.")


# Stop, again and in between


def test_fetching_is_stopped_and_begun_again(page: Page) -> None:
    """Protects readers who don't want to wait, and then do."""
    held: list[Route] = []
    page.route("**/python_stdlib.zip", lambda route: held.append(route))
    cell = Cell(page, 4)
    cell.button("Edit and run").click()
    expect(cell.status).to_have_text(re.compile("Fetching"))
    cell.button("Stop").click()
    expect(cell.status).to_have_text(re.compile("Stopped"))
    page.unroute("**/python_stdlib.zip")
    assert cell.press("Run").said() == cell.built()


def test_what_waits_for_a_cell_is_dropped_with_it(page: Page) -> None:
    """Protects readers from cells that begin after they have said "Stop"."""
    waiting = Cell(page, 4).open()
    cell = Cell(page, 2).open()
    cell.write("while True:\n    pass")
    cell.button("Run").click()
    expect(cell.status).to_have_text("Running…")
    waiting.button("Run").click()
    expect(waiting.status).to_contain_text("Waiting")
    cell.button("Stop").click()
    expect(cell.status).to_have_text(re.compile("Stopped"))
    expect(waiting.status).to_contain_text("Not run: Python was stopped.")
    cell.button("Reset").click()
    assert waiting.press("Run").said() == waiting.built()


def test_a_cell_above_that_has_failed_is_run_again(page: Page) -> None:
    """Protects what is below from going on with half of what it needs."""
    cell = Cell(page, 2).open()
    cell.write("1 / 0")
    below = Cell(page, 4).open()
    for _ in range(2):
        expect(below.status).to_have_text("Code cell 2, above, has failed.")
        below.press("Run")
    below.status.get_by_role("link", name="Code cell 2").click()
    assert page.url.endswith("#cell-2")
    assert "ZeroDivisionError" in cell.said()
    cell.button("Reset").click()
    assert below.press("Run").said() == below.built()


def test_what_is_to_be_seen_above_is_what_runs(page: Page) -> None:
    """Protects readers who change a number above, and look below."""
    below = Cell(page, 5).open()
    assert below.said() == below.built() == "2.0"
    above = Cell(page, 3).open()
    above.write(f"{above.code()}\nmine = 30")
    below.run("print(mine)")
    assert below.said() == "30"


def test_a_verdict_is_about_what_is_to_be_seen(page: Page) -> None:
    """Protects the starter from being called right."""
    page.evaluate(UNFOLD)
    group = page.get_by_role("group").filter(has_text="dc_da = ...")
    name = group.get_attribute("aria-label") or ""
    cell = Cell(page, int(name.rpartition(" ")[2])).open()
    right = cell.code().replace("...", "8 * a.data")
    cell.write(f"import time\ntime.sleep(1)\n{right}\nc.backward()")
    cell.button("Check").click()
    expect(cell.status).to_have_text("Running…")
    cell.button("Reset").click()
    cell.press("Run")  # which waits until the check is over
    expect(cell.status).to_have_text("Done.")
    cell.press("Check")
    expect(cell.status).to_contain_text("Not yet")


def test_what_could_not_be_fetched_is_fetched_again(window: Opener) -> None:
    """Protects readers on a bad line from having to start anew."""
    with window() as opened:
        page = opened.open(CHAPTER)
        name = "**/06-backward.json"
        page.route(name, lambda route: route.abort())
        first = page.locator("#cell-1")
        first.get_by_role("button", name="Edit and run").click()
        expect(first).to_contain_text("could not be fetched")
        page.unroute(name)
        cell = Cell(page, 2).open()
        expect(cell.status).to_have_text("Done.")


# The editor


def test_the_editor_is_one_by_the_keys(page: Page) -> None:
    """Protects those who write code from fighting with the page."""
    cell = Cell(page, 1).open()
    cell.write("for i in range(3):")
    keys = page.keyboard
    keys.press("Enter")
    keys.type("print(6 / 3)")
    assert cell.code() == "for i in range(3):\n    print(6 / 3)"
    expect(cell.editor).to_be_focused()
    assert cell.box.locator(".tok-keyword").all_inner_texts() == ["for", "in"]
    keys.press("Shift+Enter")
    expect(cell.output).to_have_text(re.compile(r"2\.0\s+2\.0\s+2\.0"))
    keys.press("Tab")
    assert cell.code() == "for i in range(3):\n        print(6 / 3)"
    keys.press("ControlOrMeta+z")
    assert cell.code() == "for i in range(3):\n    print(6 / 3)"
    keys.press("Escape")
    keys.press("Tab")
    expect(cell.button("Run")).to_be_focused()


# Exercises


def test_an_answer_is_checked_in_words(page: Page) -> None:
    """Protects the reader who wants to know: right, or what is missing?"""
    page.evaluate(UNFOLD)
    group = page.get_by_role("group").filter(has_text="dc_da = ...")
    name = group.get_attribute("aria-label") or ""
    cell = Cell(page, int(name.rpartition(" ")[2])).open()
    code = cell.code()
    cell.press("Check")
    expect(cell.status).to_contain_text("Not yet")
    expect(cell.status).to_contain_text("dc_da is still ...")
    cell.write(code.replace("dc_da = ...", "c.backward()\ndc_da = 12.0"))
    cell.press("Check")
    expect(cell.status).to_contain_text("Not yet")
    cell.write(code.replace("dc_da = ...", "c.backward()\ndc_da = 8 * a.data"))
    cell.press("Check")
    expect(cell.status).to_contain_text("Right")
    page.reload()
    expect(cell.editor).to_contain_text("8 * a.data")


# Nothing gets out of the worker, and nothing comes in from it


HOSTILE = """
import page
print("<script>window.harmed = 1</script><img src=x onerror=harmed=2>")

class Drawing:
    def _repr_mimebundle_(self):
        return {"image/svg+xml": '''<svg xmlns="http://www.w3.org/2000/svg"
            onload="window.harmed = 3"><script>window.harmed = 4</script>
            <a href="javascript:harmed=5"><text>here</text></a>
            <foreignObject><img src="x" onerror="harmed=6"/></foreignObject>
            </svg>'''}

page.emit({"kind": "svg", "steps": ["<img src=x onerror=harmed=7>"],
    "svg": '''<svg onload="harmed=8"><style>@import "//evil.org"</style>
    <script>harmed=9</script><image href="https://evil.org/x.png"/>
    <animate onbegin="harmed=10" attributeName="x" dur="1s"/></svg>'''})
page.emit({"kind": "error", "text": "<img src=x onerror=harmed=11>"})
Drawing()
"""

OUTWARDS = """
from pyodide.code import run_js
for ask in ["fetch('https://example.org/')", "self.fetch('http://[::1]:1/')"]:
    try:
        run_js(ask)
        print("asked")
    except BaseException as error:
        print(type(error).__name__)
import urllib.request
try:
    urllib.request.urlopen("https://example.org/")
except BaseException as error:
    print(type(error).__name__)
import js
outwards = ["fetch", "importScripts", "postMessage", "self", "WebSocket"]
print([name for name in outwards if hasattr(js, name)])
"""


def test_code_cannot_harm_the_page(window: Opener) -> None:
    """Protects readers who run what somebody has sent them."""
    with window() as opened:
        page = opened.open(CHAPTER)
        cell = Cell(page, 1).open()
        cell.run(HOSTILE)
        page.wait_for_timeout(500)
        assert page.evaluate("window.harmed") is None
        expect(cell.output).to_contain_text("<script>window.harmed")
        risky = "script, style, image, foreignObject, animate, img, a"
        assert not cell.output.locator(risky).count()
        assert not any("other origin" in one for one in opened.troubles)


def test_code_cannot_ask_anybody(window: Opener) -> None:
    """Protects readers from code that tells others about them."""
    with window() as opened:
        page = opened.open(CHAPTER)
        cell = Cell(page, 1).open()
        cell.run(OUTWARDS)
        assert "asked" not in cell.said()
        assert cell.said().endswith("[]")  # it has come to its end
        (worker,) = page.workers
        for address in ("https://example.org/", "http://[::1]:1/"):
            said = worker.evaluate(
                "a => fetch(a).then(() => 'asked', e => e.name)", address
            )
            assert said == "TypeError"
        opened.page.wait_for_timeout(500)
        assert not any("other origin" in one for one in opened.troubles)


# The other ways in which a page can be


def test_from_the_disk_the_page_says_what_to_do(
    browser: Browser, on_disk: Site
) -> None:
    """Protects those who have opened the file: browsers refuse workers."""
    page = browser.new_page()
    page.goto(on_disk.address(CHAPTER))
    cell = page.locator("#cell-2")
    cell.get_by_role("button", name="Edit and run").click()
    expect(cell).to_contain_text("make serve")
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_where_cells_are_live(
    window: Opener, width: int
) -> None:
    """Protects readers who see little, or use the keys, or listen."""
    wrong = []
    with window(width=width) as opened:
        page = opened.open(CHAPTER)
        for number in (3, 4, 5):
            Cell(page, number).open()
        Cell(page, 5).run("print('x' * 300)\n1 / 0")
        for colours in ("light", "dark"):
            page.emulate_media(color_scheme=colours)
            expect(page.locator("html")).to_have_attribute(
                "data-theme", colours
            )
            wrong += [
                f"{one['rule']}: {one['where']} {one['what'][:200]}"
                for one in look(page)
            ]
        assert page.evaluate(
            "document.documentElement.scrollWidth <= innerWidth"
        )
    assert wrong == []


def test_it_is_told_how_long_readers_wait(
    window: Opener, served: Site, reported: Callable[[str, str], None]
) -> None:
    """Reports the time to a first result, and what is fetched for it."""
    with window() as opened:
        page = opened.open(CHAPTER)
        asked_for: list[str] = []
        opened.page.context.on(
            "request",
            lambda request: asked_for.append(urlsplit(request.url).path[1:]),
        )
        asked = time.perf_counter()
        Cell(page, 1).open()
        took = time.perf_counter() - asked
        reported("time to a first result", f"{took:.1f} s")
    files = [served.html / name for name in asked_for if "live/" in name]
    raw = [file.read_bytes() for file in files]
    zipped = sum(len(gzip.compress(data, 6)) for data in raw)
    reported("fetched for it", f"{sum(map(len, raw)):,} bytes")
    reported("fetched for it, compressed", f"{zipped:,} bytes")
