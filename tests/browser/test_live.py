"""Cells are edited and run where they are read, by Python in the page."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import browsing
import pytest
import small_programs
from browsing import Opener, Site, Window
from bs4 import BeautifulSoup
from living import UNFOLD, Cell, alike, reasons, seen
from playwright.sync_api import Browser, Page, Route, expect
from reading import ROOT, code_cells, exercises, is_starter
from sharing import Shared
from test_accessible import COLOURS, look

from figures import palette

CHAPTER = "book/06-backward.html"
SHARED = CHAPTER
"""See sharing.py."""
PAGES = (
    # What takes long comes first, so that no worker ends with it.
    *("15-not-memorising", "16-using-it", "14-ten-digits"),
    *("12-moons", "23-alive", "03-value", "13-same-in-pytorch"),
    *("18-straight-line", "19-writing-programs", "20-loops", "10-mlp"),
    *("06-backward", "24-many-machines"),
    *("11-training", "07-operations", "17-where-time-goes"),
    *("21-machine-code", "22-in-the-page", "09-neuron"),
    *("05-local-gradients", "02-by-hand", "01-derivative", "04-graph"),
    *("08-pytorch", "index", "appendix/coming-from-micrograd"),
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


def start(opened: Window) -> None:
    Cell(opened.page, 1).open()


KEPT = """Object.entries(localStorage)
    .filter(([key]) => key.startsWith("live")).map(([, text]) => text)"""

# Nothing that the cells have defined is left, but what Python itself needs.
FORGET = """
for name in [name for name in globals() if not name.startswith("_")]:
    del globals()[name]
"""


AS_BUILT = """() => {
    const buttons = [...document.querySelectorAll(".live-bar button")];
    for (const name of ["Reset", "Close"])
        buttons.filter(b => !b.hidden && b.textContent == name)
            .forEach(b => b.click());
}"""


def restore(opened: Window) -> None:
    """Have the page say what the book says, and forget what has run."""
    page = opened.page
    first = Cell(page, 1).run(FORGET)
    first.press("Run all above")  # of which there are none; all are to run
    page.evaluate(AS_BUILT)
    for name in ("Reset", "Close"):
        button = page.get_by_role("button", name=name, exact=True)
        expect(button).to_have_count(0)
    page.evaluate("scrollTo(0, 0)")
    assert page.evaluate(KEPT) == []


@pytest.fixture
def fresh(window: Opener) -> Iterator[Page]:
    """A window with the chapter, where nothing has been started."""
    with window() as opened:
        yield opened.open(CHAPTER)
        assert opened.troubles == []


def test_every_page_with_cells_that_run_is_tried(served: Site) -> None:
    """Protects the next test from leaving out a chapter."""
    live = []
    for path in served.pages:
        text = (served.html / path).read_text("utf-8")
        page = BeautifulSoup(text, "html.parser")
        if page.select("#live") and page.select(".cell"):
            live.append(path)
    assert sorted(live) == sorted(f"book/{name}.html" for name in PAGES)


def same_words(text: str) -> str:
    for here, there in LATER_WORDS:
        text = text.replace(here, there)
    return text


@pytest.mark.parametrize("name", PAGES)
def test_a_page_s_cells_and_exercises_work(window: Opener, name: str) -> None:
    """Protects readers from code that runs differently where they read it.

    And from a check that refuses the book's own solution. All on one visit,
    because Python takes seconds to start, and some chapters' cells minutes.
    """
    with window() as opened:
        page = opened.open(f"book/{name}.html")
        assert list(differences(page, name)) == []
        check_exercises(page, name)
        assert opened.troubles == []


def differences(page: Page, name: str) -> Iterator[str]:
    """Where a live cell doesn't say what the book says."""
    codes = code_cells(ROOT / "book" / f"{name}.md")
    live = [n for n, why in enumerate(reasons(page), 1) if not why]
    assert live
    built = seen(page, ".cell_output")
    page.evaluate(UNFOLD)
    # They run in the order in which they are asked for.
    for number in live:
        Cell(page, number).button("Run").click()
    for number in live:
        Cell(page, number).wait()
    said = seen(page, "[data-live-output]")
    for number in live:
        cell, here, there = codes[number - 1], built[number], said[number]
        text, live_text = same_words(here["text"]), same_words(there["text"])
        if MEASURES.search(cell.source):
            good = bool(live_text) == bool(text)
        else:
            good = alike(text, live_text)
        if not good:
            yield f"cell {number}: {text!r}, but live: {live_text!r}"
        status = there["status"]
        unfinished = is_starter(cell) and "ended with an error" in status
        if status != "Done." and not unfinished:
            yield f"cell {number}: {status}"
        for kind in "graphs", "plots":
            drawn, again = here[kind], there[kind]
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


def test_a_cell_is_a_group_with_buttons(fresh: Page) -> None:
    """Protects readers who listen: what there is has a name."""
    cell = Cell(fresh, 4)
    assert cell.group.get_by_role("button").all_inner_texts() == [
        "Copy",
        "Run",
        "Edit",
    ]
    cell.edit()
    names = cell.group.get_by_role("button").all_inner_texts()
    assert names == ["Run", "Close", "Run all above"]
    expect(cell.editor).to_have_accessible_name("Code of cell 4")


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


def test_running_opens_no_editor(page: Page) -> None:
    """Protects the view of those whose keyboard lies over half the page.

    And the focus of those who have no mouse.
    """
    cell = Cell(page, 4)
    cell.button("Run").press("Enter")
    assert cell.wait().said() == cell.built()
    expect(cell.editor).to_have_count(0)
    expect(cell.button("Run")).to_be_focused()
    cell.button("Reset").press("Enter")
    expect(cell.button("Run")).to_be_focused()


LEFT = """box => {
    const text = document.createRange();
    text.selectNodeContents(box.querySelector("pre"));
    return [text.getBoundingClientRect().left,
        box.getBoundingClientRect().left,
        getComputedStyle(box).borderLeftWidth];
}"""


def test_live_output_stands_where_the_book_s_stands(page: Page) -> None:
    """Protects the eye, which compares the two."""
    cell = Cell(page, 4)
    built = cell.box.locator(".cell_output > .output").evaluate(LEFT)
    cell.press("Run")
    assert cell.output.locator(".output").evaluate(LEFT) == built


def test_an_editor_is_closed_and_the_links_are_back(page: Page) -> None:
    """Protects the way from a name to what it is."""
    cell = Cell(page, 4)
    links = cell.box.locator(".cell_input a.name")
    count, code = links.count(), cell.code()
    assert count
    cell.edit().close()
    assert [links.nth(n).is_visible() for n in range(count)] == [True] * count
    assert cell.code() == code
    cell.write("print('mine')  # for now")
    cell.close()
    expect(links.first).to_be_hidden()
    assert cell.code() == "print('mine')  # for now"
    colours = cell.box.locator(".cell_input pre:visible :is(.s, .c)")
    assert colours.all_inner_texts() == ["'mine'", "# for now"]
    assert cell.press("Run").said() == "mine"
    cell.button("Reset").click()
    expect(links.first).to_be_visible()


def marked(page: Page, number: int) -> int:
    """Whether a cell is marked as not run yet, and what is below it grey."""
    cell = Cell(page, number)
    count = cell.mark.count()
    grey = cell.box.evaluate("cell => cell.matches('.live-stale')")
    assert grey == bool(count)
    return count


def test_what_does_not_come_from_the_code_is_marked(page: Page) -> None:
    """Protects readers from taking an old output for a new one.

    An output comes from the code of its cell and of those above.
    """
    third, fourth, fifth = (Cell(page, number) for number in (3, 4, 5))
    built = fifth.built()
    third.edit()
    third.editor.press("ControlOrMeta+End")
    page.keyboard.insert_text("\na.grad = 5.0")
    assert [marked(page, n) for n in (2, 3, 4, 5)] == [0, 1, 1, 1]
    third.run()
    assert [marked(page, n) for n in (2, 3, 4, 5)] == [0, 0, 1, 1]
    expect(third.button("Run stale cells")).to_be_hidden()
    fourth.press("Run stale cells")
    expect(fourth.status).to_contain_text("Code cell 4 has failed")
    assert "AssertionError" in fourth.said()
    assert [marked(page, n) for n in (3, 4, 5)] == [0, 0, 1]
    third.button("Reset").click()
    assert [marked(page, n) for n in (3, 4, 5)] == [0, 1, 0]
    fourth.press("Run stale cells")
    assert fourth.said() == fourth.built()
    assert fifth.built() == built
    expect(page.locator(".live-stale")).to_have_count(0)


def test_fetching_fails_is_stopped_and_begun_again(window: Opener) -> None:
    """Protects readers on a bad line, and those who don't want to wait.

    What the build has put there stays until it is replaced.
    """
    with window() as opened:
        page = opened.open(CHAPTER)
        name = "**/06-backward.json"
        page.route(name, lambda route: route.abort())
        first = page.locator("#cell-1")
        first.get_by_role("button", name="Run").click()
        expect(first).to_contain_text("could not be fetched")
        page.unroute(name)
        opened.troubles.clear()

        held: list[Route] = []
        page.route("**/python_stdlib.zip", lambda route: held.append(route))
        cell = Cell(page, 4)
        built = cell.box.locator(".cell_output > .output")
        progress = cell.group.get_by_role("progressbar")
        expect(built).to_be_visible()
        cell.button("Run").click()
        expect(cell.status).to_have_text(re.compile("Fetching"))
        expect(built).to_be_visible()
        expect(progress).to_be_visible()
        cell.button("Stop").click()
        expect(cell.status).to_have_text(re.compile("Stopped"))
        expect(progress).to_be_hidden()
        with page.expect_request("**/python_stdlib.zip"):
            cell.button("Run").click()
        expect(cell.status).to_have_text(re.compile("Fetching"))
        expect(built).to_be_visible()
        expect(progress).to_be_visible()
        held[-1].continue_()
        cell.wait()
        assert cell.said() == cell.built()
        expect(built).to_be_hidden()
        expect(progress).to_be_hidden()
        assert opened.troubles == []


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
    """Protects the page from freezing, and says that the state is lost.

    What waits for the loop doesn't begin after the reader has said "Stop".
    """
    waiting = Cell(page, 4).open()
    cell = Cell(page, 2).open()
    cell.write("while True:\n    print('again')")
    cell.button("Run").click()
    expect(cell.status).to_have_text("Running…")
    expect(cell.output).to_contain_text("again")
    assert page.evaluate("1 + 1") == 2
    waiting.button("Run").click()
    expect(waiting.status).to_contain_text("Waiting")
    cell.button("Stop").click()
    expect(cell.status).to_have_text(re.compile("Stopped.* lost"))
    expect(waiting.status).to_contain_text("Not run: Python was stopped.")
    cell.button("Reset").click()
    assert waiting.press("Run").said() == "graph 1.0   nudge 2.00000"
    assert waiting.said() == waiting.built()


def test_what_is_printed_at_once_does_not_freeze_the_page(page: Page) -> None:
    """Protects the way to "Stop" from a flood of messages."""
    cell = Cell(page, 1).open()
    cell.write("while True:\n    print(1, flush=True)")
    cell.button("Run").click()
    expect(cell.output).to_contain_text("1")
    cell.button("Stop").click()
    expect(cell.status).to_have_text(re.compile("Stopped"))


# Compared, one in another, so deeply that the browser's stack is full.
DEADLY = """
one, other = [], []
for _ in range(100_000):
    one, other = [one], [other]
print("before")
one == other
"""


def test_the_page_lives_on_when_python_has_ended(shared: Window) -> None:
    """Protects what readers have written from a cell that ends Python.

    It is named, and doesn't end the next Python before it is changed.
    """
    page = shared.page
    mine = Cell(page, 3).open()
    mine.write("a = 1  # mine")
    deadly = Cell(page, 2).open()
    deadly.run(DEADLY)
    expect(deadly.status).to_have_text(
        re.compile("Code cell 2 ended Python: Maximum call stack .* lost")
    )
    shared.troubles.clear()  # Pyodide says so, too
    assert deadly.said() == "before"
    assert mine.code() == "a = 1  # mine"
    below = Cell(page, 4).open()
    expect(below.status).to_contain_text("Code cell 2, above, ended")
    mine.button("Reset").click()
    deadly.button("Reset").click()
    assert below.run().said() == below.built()


MANY = """
for step in range(3):
    print(f"\\rstep {step}", end="")
print()
for line in range(200_000):
    print("line", line)
"""


def test_much_text_is_shown_in_part_and_saved_whole(page: Page) -> None:
    """Protects the page from more text than it can show.

    And a progress bar, which writes its line anew, from filling the page.
    """
    cell = Cell(page, 1).open().run(MANY)
    lines = cell.said().splitlines()
    assert lines[:2] == ["step 2", "line 0"]
    assert lines[-1] == "line 199999"
    assert len(lines) == 1000
    box = cell.output.bounding_box()
    assert box
    assert box["height"] < browsing.HEIGHT
    expect(cell.output).to_contain_text("199,001 lines are left out here")
    with page.expect_download() as download:
        cell.output.get_by_role("button", name="Save all").click()
    saved = download.value.path().read_text("utf-8").splitlines()
    assert saved[-200_000:] == [f"line {i}" for i in range(200_000)]


DRAWINGS = """
from micrograd.engine import Value
from micrograd.graph import draw_dot

for number in (1.0, 2.0):
    print("before", number)
    display(draw_dot(Value(number) * 3))
display(number)
"""


def test_what_is_displayed_stands_where_it_was_made(page: Page) -> None:
    """Protects cells that draw more than once, as they do in Jupyter."""
    cell = Cell(page, 1).open().run(DRAWINGS)
    parts = cell.output.locator(":scope > *")
    texts = ["before 1.0", "data 3", "before 2.0", "data 6", "2.0"]
    expect(parts).to_contain_text(texts)
    assert cell.output.locator(".drawing svg").count() == 2


PLOT = """
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
ax.plot([0, 1, 4], label="squares")
ax.set(xlabel="x")
ax.legend()
"""

STROKES = """drawing => [...drawing.querySelectorAll("path")]
    .map(path => getComputedStyle(path).stroke)"""


def test_a_plot_has_the_colours_of_the_page(shared: Window) -> None:
    """Protects readers in the dark from a plot for the day."""
    cell = Cell(shared.page, 1).open().run(PLOT)
    plot = cell.output.locator(".drawing.plot svg")
    expect(plot).to_be_visible()
    expect(plot).to_have_role("img")
    expect(plot.locator("desc")).to_contain_text("squares from 0 to 4")
    expect(plot.get_by_text("squares", exact=True)).to_be_visible()
    for theme, palette_of in ("light", palette.LIGHT), ("dark", palette.DARK):
        shared.turn(theme)
        value = palette_of["data"].removeprefix("#")
        red, green, blue = bytes.fromhex(value)
        assert f"rgb({red}, {green}, {blue})" in plot.evaluate(STROKES)
    shared.turn("light")


DEEP = """
from micrograd.engine import Value

total = Value(0.0)
for _ in range(100_000):
    total = total + 1.0

nested = []
for _ in range(1_000_000):
    nested = [nested]

class Node:
    def __init__(self, data, before=()):
        self.data, self.before = data, set(before)

    def __add__(self, other):
        return Node(self.data + other, [self])

    def __repr__(self):
        return f"{self!r}"

node = Node(0.0)
for _ in range(100_000):
    node = node + 1.0
total.data, node.data
"""


def test_depth_does_not_end_python(page: Page) -> None:
    """Protects what readers have computed from a graph that is freed.

    And from endless recursion, also where it goes through what is built in.
    """
    cell = Cell(page, 1).open()
    for _ in range(2):  # the second time frees what the first has made
        assert cell.run(DEEP).said() == "(100000.0, 100000.0)"
    assert "RecursionError: Stack overflow" in cell.run("repr(node)").said()
    assert cell.run("total.data").said() == "100000.0"


RUN_ALL = """
def run_all(programs):
    import json
    from session import Session

    before, said = dict(globals()), []
    for code in json.loads(programs):
        outputs = []
        globals().clear()
        globals().update({"__name__": "__main__"})
        Session(None).run(code, 1, outputs.append)
        said.append("".join(output["text"] for output in outputs))
    globals().update(before)
    return json.dumps(said)

"""


def test_programs_say_what_they_say_elsewhere(page: Page) -> None:
    """Protects readers from a Python that isn't quite Python."""
    programs = small_programs.programs()
    codes = json.dumps([program.code for program in programs])
    cell = Cell(page, 1).open().run(f"{RUN_ALL}print(run_all({codes!r}))")
    different = []
    for program, expected, said in zip(
        programs,
        small_programs.said_by_cpython(),
        json.loads(cell.said()),
        strict=True,
    ):
        expected = small_programs.in_the_page_s_words(expected)
        said = small_programs.comparable(said)
        if said != (program.differs or expected):
            different.append((program.name, said, expected))
    assert different == []


def test_edits_survive_a_reload_until_they_are_reset(fresh: Page) -> None:
    """Protects what readers have written."""
    page = fresh
    cell = Cell(page, 2).edit()
    mine = "def pass_on(node):\n    pass  # mine"
    cell.write(mine)
    page.reload()
    expect(cell.status).to_have_text(re.compile("your code from last time"))
    assert cell.code() == mine
    assert [marked(page, number) for number in (1, 2, 3)] == [0, 1, 1]
    cell.button("Reset").click()
    page.reload()
    expect(cell.button("Run")).to_be_visible()
    expect(cell.button("Reset")).to_be_hidden()
    assert page.evaluate(KEPT) == []


def test_an_error_names_chapter_and_line(page: Page) -> None:
    """Protects the way from an error to the line that is to blame."""
    cell = Cell(page, 1).open()
    cell.run("from micrograd.engine import Value\n\nValue('one')")
    lines = cell.said().splitlines()
    assert lines[0] == "Chapter 6, code cell 1, line 3"
    assert re.fullmatch(
        r"micrograd/engine\.py, line \d+, in Value\.__init__ \(chapter 5\)",
        lines[2],
    )
    assert lines[-1] == (
        "TypeError: a Value holds one real number, not 'one' (str)"
    )
    expect(cell.output.locator(".ne")).to_have_text("TypeError")
    cell.run("print(1")
    assert cell.said().splitlines() == [
        "Chapter 6, code cell 1, line 1",
        "    print(1",
        "         ^",
        "SyntaxError: '(' was never closed",
    ]


def test_cells_that_cannot_run_here_say_why(window: Opener) -> None:
    """Protects readers from waiting for PyTorch."""
    with window() as opened:
        cell = opened.open("book/08-pytorch.html").locator("#cell-2")
        expect(cell).to_contain_text("needs PyTorch, which Python on this")
        assert not cell.get_by_role("button", name="run").count()


def test_what_is_not_here_is_told_when_it_is_used(page: Page) -> None:
    """Protects cells that import PyTorch beside other things."""
    cell = Cell(page, 1).run("import torch")
    expect(cell.status).to_have_text("Done.")
    cell.run("import torch\n\ntorch.tensor(1.0)")
    assert "needs PyTorch" in cell.said()


def test_cells_with_the_same_code_have_their_own_edits(
    window: Opener,
) -> None:
    """Protects an edit from turning up in another cell."""
    with window() as opened:
        page = opened.open("book/05-local-gradients.html")
        same = [12, 14, 16]
        second = Cell(page, same[1]).edit()
        assert second.code() == "draw_dot(L)"
        second.write("L.grad")
        page.reload()
        expect(second.button("Reset")).to_be_visible()
        assert second.code() == "L.grad"
        for number in (same[0], same[2]):
            assert Cell(page, number).code() == "draw_dot(L)"


def test_what_was_written_for_an_older_page_is_not_lost(fresh: Page) -> None:
    """Protects answers from a book that corrects a comment."""
    page = fresh
    mine = "answer = 42  # <b>mine</b>"
    cell = Cell(page, 2).edit()
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
    expect(Cell(page, 2).button("Reset")).to_be_hidden()
    old.get_by_role("button", name="Remove").click()
    expect(old).to_have_count(0)
    page.reload()
    expect(Cell(page, 2).button("Run")).to_be_visible()
    expect(old).to_have_count(0)


def test_an_edit_that_cannot_be_kept_is_told(page: Page) -> None:
    """Protects readers whose browser is full, or keeps nothing."""
    page.evaluate(
        """() => {
            window.setItem = Storage.prototype.setItem;
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
    page.evaluate("() => { Storage.prototype.setItem = window.setItem; }")


# The cells above


def test_a_cell_above_that_has_failed_is_run_again(page: Page) -> None:
    """Protects what is below from going on with half of what it needs."""
    cell = Cell(page, 2).open()
    cell.write("1 / 0")
    below = Cell(page, 4).open()
    for _ in range(2):
        expect(below.status).to_have_text("Code cell 2, above, has failed.")
        below.press("Run")
    below.status.get_by_role("link", name="Code cell 2").click()
    expect(page).to_have_url(re.compile("#cell-2$"))
    assert "ZeroDivisionError" in cell.said()
    cell.button("Reset").click()
    assert below.press("Run").said() == below.built()


def test_what_is_to_be_seen_above_is_what_runs(page: Page) -> None:
    """Protects readers who change a number above, and look below."""
    below = Cell(page, 4).open()
    assert below.said() == below.built() != "30"
    above = Cell(page, 3).open()
    above.write(f"{above.code()}\nmine = 30")
    below.run("print(mine)")
    assert below.said() == "30"


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
    assert cell.box.locator(".k:visible").all_inner_texts() == ["for", "in"]
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


@pytest.fixture
def exercise(page: Page) -> Cell:
    """The first exercise's cell."""
    page.evaluate(UNFOLD)
    group = page.get_by_role("group").filter(has_text="dc_da = ...")
    name = group.get_attribute("aria-label") or ""
    return Cell(page, int(name.rpartition(" ")[2])).open()


def test_an_answer_is_checked_in_words(exercise: Cell) -> None:
    """Protects the reader who wants to know: right, or what is missing?"""
    cell, code = exercise, exercise.code()
    cell.press("Check")
    expect(cell.status).to_contain_text("Not yet")
    expect(cell.status).to_contain_text("dc_da is still ...")
    cell.write(code.replace("...", "12.0"))
    cell.press("Check")
    expect(cell.status).to_contain_text("Not yet")
    expect(cell.status).to_contain_text("What is its square?")
    value = cell.group.get_by_text("dc_da == 24.0 isn't true: dc_da is 12.0.")
    expect(value).to_be_hidden()
    cell.group.get_by_text("Show what was checked").click()
    expect(value).to_be_visible()
    cell.write(
        code.replace("dc_da = ...", "dc_da = 8 * a.data").replace(
            "overwritten = ...", "overwritten = 6.0"
        )
    )
    cell.press("Check")
    expect(cell.status).to_contain_text("Right")
    assert cell.page.evaluate(KEPT) == [cell.code()]


def test_a_verdict_is_about_what_is_to_be_seen(exercise: Cell) -> None:
    """Protects the starter from being called right."""
    cell = exercise
    right = cell.code().replace("...", "8 * a.data")
    cell.write(f"import time\ntime.sleep(1)\n{right}\nc.backward()")
    cell.button("Check").click()
    expect(cell.status).to_have_text("Running…")
    cell.button("Reset").click()
    cell.press("Run")  # which waits until the check is over
    expect(cell.status).to_have_text("Done.")
    cell.press("Check")
    expect(cell.status).to_contain_text("Not yet")


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


def test_code_cannot_harm_the_page(shared: Window) -> None:
    """Protects readers who run what somebody has sent them."""
    page = shared.page
    cell = Cell(page, 1).open()
    cell.run(HOSTILE)
    page.wait_for_timeout(300)
    assert page.evaluate("window.harmed") is None
    expect(cell.output).to_contain_text("<script>window.harmed")
    risky = "script, style, image, foreignObject, animate, img, a"
    assert not cell.output.locator(risky).count()


def test_code_cannot_ask_anybody(shared: Window) -> None:
    """Protects readers from code that tells others about them."""
    page = shared.page
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
    page.wait_for_timeout(300)
    assert not any("other origin" in one for one in shared.troubles)
    shared.troubles.clear()  # the browser says that it has refused


# The other ways in which a page can be


def test_from_the_disk_the_page_says_what_to_do(
    browser: Browser, on_disk: Site
) -> None:
    """Protects those who have opened the file: browsers refuse workers."""
    page = browser.new_page()
    page.goto(on_disk.address(CHAPTER))
    cell = page.locator("#cell-2")
    cell.get_by_role("button", name="Run").click()
    expect(cell).to_contain_text("make serve")
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_where_cells_are_live(
    page: Page, width: int
) -> None:
    """Protects readers who see little, or use the keys, or listen."""
    page.set_viewport_size({"width": width, "height": browsing.HEIGHT})
    for number in (3, 4, 5):
        Cell(page, number).open()
    Cell(page, 5).run("print('x' * 300)\n1 / 0")
    found = look(page)
    # In the dark nothing is different but the colours.
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    found += look(page, runOnly=COLOURS)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert found == []


def test_it_is_told_how_long_readers_wait(
    started: Shared,
    page: Page,
    served: Site,
    reported: Callable[[str, str], None],
) -> None:
    """Reports the time to a first result, and what is fetched for it."""
    reported("time to a first result", f"{started.took:.1f} s")
    asked_for = [urlsplit(url).path[1:] for url in started.requests]
    files = [served.html / name for name in asked_for if "live/" in name]
    raw = [file.read_bytes() for file in files]
    zipped = sum(len(gzip.compress(data, 6)) for data in raw)
    reported("fetched for it", f"{sum(map(len, raw)):,} bytes")
    reported("fetched for it, compressed", f"{zipped:,} bytes")
