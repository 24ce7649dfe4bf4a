"""The playground: a network that trains on a page of its own."""

from __future__ import annotations

import ast
import random
import re
import time
from collections.abc import Callable

import browsing
import pytest
from browsing import Opener, Site, Window
from living import Cell
from playwright.sync_api import Browser, Locator, Page, expect
from test_accessible import COLOURS, look

from micrograd import experiment as experiments
from micrograd.experiment import (
    ACTIVATIONS,
    DATA,
    FEATURES,
    Experiment,
    Settings,
)

PAGE = "book/playground.html"
OLD = "book/23-alive.html"
ENDED = re.compile(r"^[\d,]+ steps?: loss ")

# Tells when it has made so many steps, or when a minute is over.
COUNT = """(box, steps) => new Promise(resolve => {
    const bar = box.querySelector(".playground-bar");
    const look = () => {
        const [count] = bar.textContent.match(/[\\d,]+(?= step)/);
        if (Number(count.replaceAll(",", "")) >= steps) resolve();
    };
    const changes = {childList: true, characterData: true, subtree: true};
    new MutationObserver(look).observe(bar, changes);
    setTimeout(resolve, 60_000);
    look();
})"""


class Playground:
    """The playground of a page, as its reader sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.locator("#playground")
        self.status = self.box.locator(".playground-status")
        self.plane = self.box.locator(".playground-plane")

    def button(self, name: str) -> Locator:
        return self.box.get_by_role("button", name=name, exact=True)

    def field(self, name: str) -> Locator:
        """What is called so, for those who listen to the page."""
        return self.box.get_by_label(name, exact=True)

    def wait(self, words: str | re.Pattern[str]) -> None:
        expect(self.status).to_have_text(words)

    @property
    def steps(self) -> int:
        count = self.box.locator(".playground-bar .playground-number")
        found = re.search(r"([\d,]+) step", count.text_content() or "")
        assert found
        return int(found[1].replace(",", ""))

    def wait_for_step(self, number: int) -> None:
        self.box.evaluate(COUNT, number)
        assert self.steps >= number, "it doesn't train"

    def turn(self, name: str, value: str) -> None:
        """Write into a field, and leave it."""
        self.field(name).fill(value)
        self.field(name).press("Enter")

    @property
    def program(self) -> str:
        """The program that leads to the same numbers."""
        told = self.box.locator(".playground-told")
        told.evaluate("told => { told.open = false; }")
        told.locator("summary").click()
        box = told.get_by_role("textbox", name="Program")
        expect(box).to_have_value(re.compile("assert"))
        return box.input_value()


Playing = Callable[[str], Playground]
"""Opens a link with settings."""


@pytest.fixture
def playing(window: Opener) -> object:
    """The playground as a link shows it; nothing goes wrong there.

    Nothing moves there unless somebody says so.
    """
    with window() as opened:
        opened.page.emulate_media(reduced_motion="reduce")

        def follow(query: str, words: object = ENDED) -> Playground:
            opened.page.goto("about:blank")
            opened.open(f"{PAGE}?{query}" if query else PAGE)
            playground = Playground(opened.page)
            playground.wait(words)  # type: ignore[arg-type]
            return playground

        yield follow
        assert opened.troubles == []


def numbers(program: str) -> dict[str, object]:
    """What the page's program asserts: an expression -> its value."""
    return {
        ast.unparse(statement.test.left): ast.literal_eval(
            statement.test.comparators[0]
        )
        for statement in ast.parse(program).body
        if isinstance(statement, ast.Assert)
        and isinstance(statement.test, ast.Compare)
    }


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Experiment]:
    """Runs a page's program, in Python without WebAssembly."""
    monkeypatch.setattr(experiments, "BACKEND", "portable")

    def ran(program: str) -> Experiment:
        names: dict[str, Experiment] = {}
        exec(program, names)
        return names["experiment"]

    return ran


def drawn(seed: int) -> str:
    """A query with settings drawn at random."""
    rng = random.Random(seed)
    points = [round(rng.uniform(-2.0, 2.0), 2) + 0.0 for _ in range(40)]
    examples = [
        (x, y, rng.choice([1, -1])) for x, y in zip(points[::2], points[1::2])
    ]
    features = [name for name in FEATURES if rng.random() < 0.5]
    return Settings(
        data="own" if seed % 4 == 3 else rng.choice(list(DATA)),
        points=rng.randint(2, 60),
        test=rng.choice([0, rng.randint(0, 90)]),
        noise=rng.random(),
        features=tuple(features) or ("xy",),
        hidden=tuple(rng.randint(1, 8) for _ in range(rng.randint(1, 3))),
        activation=rng.choice(list(ACTIVATIONS)),
        rate=rng.uniform(0.00001, 3.0),
        decay=rng.choice([0.0, rng.uniform(0.0, 0.01)]),
        batch=rng.choice([0, rng.randint(1, 30)]),
        seed=rng.randrange(10**15),
        added=tuple(examples[:2]),
        own=tuple(examples[2:]) if seed % 4 == 3 else (),
    ).query()


@pytest.mark.parametrize("query", ["", *map(drawn, range(8))])
def test_the_numbers_are_the_library_s(
    playing: Playing, query: str, run: Callable[[str], Experiment]
) -> None:
    """Protects what is seen: to the last digit it is what Python computes."""
    playground = playing(query)
    for _ in range(7):
        playground.button("Step").click()
    program = playground.program
    experiment = run(program)
    assert experiment.settings == Settings.from_query(query)
    assert playground.steps == experiment.steps <= 7
    said = numbers(program)
    parameters = experiment.model.parameters()
    wanted = {
        "experiment.loss": experiment.loss,
        "experiment.accuracy": experiment.accuracy,
        "[p.data for p in parameters]": [p.data for p in parameters],
        "[p.grad for p in parameters]": [p.grad for p in parameters],
    }
    if experiment.tests:
        wanted["experiment.test_loss"] = experiment.test_loss
    assert said == wanted
    losses = playground.box.locator(".playground-curves b")
    if experiment.loss < 1000:
        expect(losses.first).to_have_text(f"{experiment.loss:.4f}")
    if not experiment.tests:
        expect(losses.last).to_have_text("–")


def test_another_learning_rate_is_one_for_the_steps_that_follow(
    playing: Playing, run: Callable[[str], Experiment]
) -> None:
    """Protects what was learned from a knob that is turned to see more.

    The program knows when it was turned. A link has one rate, the last one.
    """
    playground = playing("")
    playground.turn("Learning rate", "0.25")
    playground.wait("It goes on at this learning rate.")
    for text in "0.3", "1e9", "0.00001", "2":
        playground.button("Step").click()
        playground.turn("Learning rate", text)
    playground.button("Step").click()
    assert playground.steps == 5
    program = playground.program
    for steps, rate in (1, "0.3"), (2, "0.00001"), (1, "2"):
        lines = f"experiment.step({steps})\nexperiment.rate = {rate}\n"
        assert lines in program
    assert "rate=0.25" in program
    experiment = run(program)
    assert experiment.rate == 2.0
    parameters = [p.data for p in experiment.model.parameters()]
    assert numbers(program)["[p.data for p in parameters]"] == parameters
    assert "rate=2" in playground.page.url


def test_it_runs_as_it_opens_without_python(window: Opener) -> None:
    """Protects the first look: nothing more is fetched for it."""
    with window() as opened:
        page = opened.page
        page.emulate_media(reduced_motion="no-preference")
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        opened.open(PAGE)
        playground = Playground(page)
        playground.wait_for_step(20)
        playground.button("Pause").click()
        playground.wait(ENDED)
        assert not [url for url in requests if "pyodide" in url]
        assert opened.troubles == []


def test_it_trains_where_nobody_can_fetch_python(
    browser: Browser, on_disk: Site
) -> None:
    """Protects readers of the files: only what needs Python can't be."""
    with browsing.window(browser, on_disk) as opened:
        opened.page.emulate_media(reduced_motion="reduce")
        opened.open(PAGE)
        playground = Playground(opened.page)
        playground.button("Step").click()
        playground.wait(re.compile("^1 step: "))
        playground.turn("Batch (0: all)", "10")
        playground.button("Step").click()
        playground.wait(re.compile("^1 step: "))
        playground.turn("Noise", "0.3")
        error = playground.box.locator("#playground-noise-error")
        expect(error).to_contain_text("Python can't run in a page that")
        assert playground.steps == 1
        expect(playground.field("Noise")).to_have_value("0.3")
        assert opened.troubles == []


def test_without_a_network_nothing_is_lost(window: Opener) -> None:
    """Protects what was learnt before the line was cut."""
    with window() as opened:
        page = opened.page
        page.emulate_media(reduced_motion="reduce")
        opened.open(PAGE)
        playground = Playground(page)
        playground.button("Step").click()
        page.route("**/_live/pages/**", lambda route: route.abort())
        playground.field("Activation").select_option("relu")
        error = playground.box.locator("#playground-activation-error")
        expect(error).not_to_be_empty()
        assert playground.steps == 1
        playground.button("Step").click()
        playground.wait(re.compile("^2 steps: "))
        page.unroute("**/_live/pages/**")
        playground.button("Restart").click()
        playground.wait(re.compile("^0 steps: "))
        playground.field("Activation").select_option("sigmoid")
        page.wait_for_url(re.compile(r"\?activation=sigmoid$"))
        playground.wait(ENDED)
        expect(error).to_be_empty()


def test_old_links_lead_here(window: Opener) -> None:
    """Protects links that were kept: they have all their settings."""
    with window() as opened:
        page = opened.page
        page.emulate_media(reduced_motion="reduce")
        page.goto(opened.site.address(f"{OLD}?rate=2&batch=10#playground"))
        page.wait_for_url(f"**/{PAGE}?rate=2&batch=10")
        expect(Playground(page).field("Learning rate")).to_have_value("2")


def test_each_setting_has_its_error(playing: Playing) -> None:
    """Protects readers from a slip, and their run from being lost."""
    playground = playing("")
    playground.button("Step").click()
    url = playground.page.url
    for name, field, text in (
        ("Points to learn from", "points", "1"),
        ("Held back for the test, %", "test", "91"),
        ("Noise", "noise", "much"),
        ("Seed", "seed", "0.5"),
        ("Learning rate", "rate", "1e9"),
        ("Weight decay", "decay", "-1"),
        ("Batch (0: all)", "batch", ""),
    ):
        playground.turn(name, text)
        error = playground.box.locator(f"#playground-{field}-error")
        expect(error).to_have_text(re.compile(r"^It must be a .*, not “"))
        expect(playground.field(name)).to_have_value(text)
    assert playground.page.url == url
    assert playground.steps == 1


def test_a_link_can_t_do_harm(playing: Playing) -> None:
    """Protects readers from links: they say numbers, or nothing."""
    harm = "<img src=x onerror=\"document.title='harm'\">"
    playground = playing(
        f"noise=3&rate=2&hidden={harm}&ponits={harm}",
        re.compile("^hidden: It must be .* The link has no settings in"),
    )
    error = playground.box.locator("#playground-noise-error")
    expect(error).to_have_text("It must be a number from 0 to 1, not “3”.")
    expect(playground.field("Learning rate")).to_have_value("2")
    assert playground.box.locator("img").count() == 0
    assert playground.page.title() != "harm"
    playground.button("Step").click()
    playground.wait(re.compile("^1 step: "))


def test_points_are_added(
    playing: Playing, run: Callable[[str], Experiment]
) -> None:
    """Protects the plane, and readers without a mouse; training goes on."""
    playground = playing("")
    playground.field("blue").check()
    box = playground.plane.bounding_box()
    assert box
    place = {"x": box["width"] / 4, "y": box["height"] / 3}
    playground.plane.click(position=place)
    playground.wait("A point was added.")
    x0, x1, y0, y1 = Experiment(Settings()).bounds
    added = playground.page.url.partition("added=")[2]
    x, y, label = map(float, added.split(","))
    assert abs(x - (x0 + (x1 - x0) / 4)) < 0.03
    assert abs(y - (y1 - (y1 - y0) / 3)) < 0.03
    assert label == -1
    playground.button("Step").click()
    playground.field("x").fill("1.5")
    playground.field("y").fill("9")
    playground.field("y").press("Enter")
    playground.wait(re.compile("^A point was added. The link has it"))
    playground.button("Step").click()
    assert run(playground.program).steps == 2
    playground.field("x").fill("99")
    playground.button("Add").click()
    expect(playground.box).to_contain_text("It must be at most 100 points")
    playground.button("Remove added points").click()
    expect(playground.button("Remove added points")).to_be_hidden()
    assert playground.page.url.endswith(PAGE)


def paste(playground: Playground, text: str) -> None:
    table = playground.box.locator(".playground-table")
    table.evaluate("table => { table.open = true; }")
    # (To have as much typed as is pasted takes a browser a minute.)
    table.locator("textarea").evaluate(
        "(e, text) => { e.value = text; }", text
    )
    table.get_by_role("button", name="Use this data").click()


def test_a_table_is_pasted(
    playing: Playing, run: Callable[[str], Experiment], window: Opener
) -> None:
    """Protects the reader's own data: 5,000 lines, scaled, and linked."""
    playground = playing("batch=30")
    rng = random.Random(5)
    rows = [
        (rng.gauss(100.0, 7.0), rng.gauss(-1e-3, 1e-4)) for _ in range(5000)
    ]
    lines = [f"{x},{y},{'ab'[x > 100.0]}\r\n" for x, y in rows]
    paste(playground, "length,width,kind\r\n" + "".join(lines))
    said = playground.box.locator(".playground-table [role=status]")
    expect(said).to_contain_text("5,000 lines. Orange circles: b; blue")
    playground.button("Step").click()
    experiment = run(playground.program)
    assert len(experiment.examples) == len(experiment.tests) == 2500
    everyone = [*experiment.examples, *experiment.tests]
    for i in range(2):
        column = [row[i] for row in rows]
        mean = sum(column) / 5000
        spread = (sum((x - mean) ** 2 for x in column) / 5000) ** 0.5
        scaled = sorted(round((x - mean) / spread, 4) for x in column)
        found = sorted(example[i] for example in everyone)
        assert found == pytest.approx(scaled, abs=1.01e-4)
    loss = experiment.loss
    with window() as opened:
        opened.page.emulate_media(reduced_motion="reduce")
        opened.page.goto(playground.page.url)
        friend = Playground(opened.page)
        friend.wait(ENDED)
        friend.button("Step").click()
        assert numbers(friend.program)["experiment.loss"] == loss


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "There is no line with data."),
        ("What is this?\nA poem.", "Line 2 has 2 columns"),
        ("1,2,a\n3,four,b", "Line 2: “four” isn't a number."),
        ("1;2;a\n3;4;a", "must have two classes, and has 1: “a”"),
        ("1,2,a\n3,4,b\n5,6,c", "must have two classes, and has 3"),
        ("1,2,a\n3,4,", "Line 2 has no class."),
        ("1,2,3,a\n", "Line 1 has 4 columns"),
        ("1 2 a\n" * 10_001, "At most 10000 lines fit, not 10001."),
        ("1,2,<b>a</b>\n", "has 1: “<b>a</b>”"),
    ],
)
def test_a_table_that_can_t_be_is_refused(
    playing: Playing, text: str, words: str
) -> None:
    """Protects readers from guessing; what was there stays."""
    playground = playing("")
    playground.button("Step").click()
    paste(playground, text)
    error = playground.box.locator(".playground-table [role=alert]")
    expect(error).to_contain_text(words)
    assert error.locator("*").count() == 0
    assert playground.steps == 1
    assert playground.page.url.endswith(PAGE)


def test_the_network_grows_by_hand(
    playing: Playing, run: Callable[[str], Experiment]
) -> None:
    """Protects layers, neurons and features, here by the keyboard."""
    playground = playing("")
    page = playground.page
    playground.field("Hidden layers").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"\?hidden=8-8-8$"))
    expect(playground.field("Hidden layers")).to_be_focused()
    playground.field("Neurons in layer 3").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"\?hidden=8-8-7$"))
    playground.field("Feature sin x").focus()
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile(r"\?features=x,y,sinx&hidden=8-8-7$"))
    playground.wait(ENDED)
    pictures = playground.box.locator(".playground-column > canvas")
    expect(pictures).to_have_count(8 + 8 + 7 + 1)
    playground.button("Step").click()
    assert run(playground.program).settings.hidden == (8, 8, 7)
    for name in ("x", "y", "sin x"):
        playground.field(f"Feature {name}").click()
        if name != "sin x":
            playground.wait(ENDED)
    playground.wait(re.compile("^It must be some of"))
    expect(playground.field("Feature sin x")).to_be_checked()


MANY = """
import random
from micrograd.compiler.program import straighten
from micrograd.compiler.recording import record
from micrograd.compiler.running import Module
from micrograd.compiler.wasm import forward_module
from micrograd.nn import MLP

model = MLP(2, [3, 1], output=None, rng=random.Random(12))
program = straighten(record(model, model.parameters(), (2,)))
machine = Module(forward_module(program)).start()

def answers(count, scale):
    machine.write("p", [scale * p.data for p in model.parameters()])
    machine.write("x", [0.5, 0.25] * count)
    machine.call("answer", count)
    return set(machine.read("x", 2 * count)[::2])

few, many, other = answers(2, 1), answers(100_000, 1), answers(2, 3)
print(few == many != other, len(many))"""


def test_a_memory_grows_while_it_is_used(window: Opener) -> None:
    """Protects planes of many points: what is written arrives."""
    with window() as opened:
        cell = Cell(opened.open(OLD), 1).open()
        assert cell.run(MANY).said() == "True 1"


IMAGE = "canvas => canvas.toDataURL()"


def test_a_picture_is_shown_in_large(playing: Playing) -> None:
    """Protects the look into one neuron, and its numbers."""
    playground = playing("")
    whole = playground.plane.evaluate(IMAGE)
    playground.box.locator(".playground-column > canvas").nth(9).click()
    assert playground.plane.evaluate(IMAGE) != whole
    playground.box.get_by_text("The numbers of a neuron").click()
    select = playground.box.get_by_label("Shown:")
    expect(select.locator("option:checked")).to_have_text("layer 2, neuron 2")
    neuron = Experiment(Settings()).model.layers[1].neurons[1]
    rows = playground.box.locator("tbody tr td:nth-child(2)")
    assert rows.all_text_contents() == [
        f"{p.data:.4f}".replace("-", "−") for p in neuron.parameters()
    ]
    select.select_option("output")
    assert playground.plane.evaluate(IMAGE) == whole


def test_training_that_runs_away_is_over(
    playing: Playing, run: Callable[[str], Experiment]
) -> None:
    """Protects readers from waiting for what will not come."""
    playground = playing("rate=10&decay=1")
    playground.button("Play").click()
    playground.wait(re.compile("Training has run away"))
    experiment = run(playground.program)
    experiment.step(100)
    assert playground.steps == experiment.steps


def fits(opened: Window, width: int, height: int) -> None:
    opened.page.set_viewport_size({"width": width, "height": height})
    opened.page.wait_for_timeout(300)
    wide = "() => document.documentElement.scrollWidth"
    assert opened.page.evaluate(wide) <= width


def test_it_is_on_one_screen(window: Opener) -> None:
    """Protects the overview; on a phone the plane stays in sight."""
    with window() as opened:
        opened.page.emulate_media(reduced_motion="reduce")
        opened.open(PAGE)
        playground = Playground(opened.page)
        fits(opened, 1280, 800)
        for part in ("bar", "desk", "plane", "curves", "drawing", "knobs"):
            box = playground.box.locator(f".playground-{part}").bounding_box()
            assert box and box["y"] + box["height"] <= 800, part
        fits(opened, 390, 844)
        for name in ("Learning rate", "Noise", "Neurons in layer 1"):
            playground.field(name).scroll_into_view_if_needed()
            box = playground.plane.bounding_box()
            assert box and 0 <= box["y"] < 400, name
            assert box["height"] > 150


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(playing: Playing, width: int) -> None:
    """Protects readers who see little, or listen; and those on a phone."""
    playground = playing("added=0,0,1")
    page = playground.page
    page.set_viewport_size({"width": width, "height": browsing.HEIGHT})
    playground.turn("Noise", "3")
    paste(playground, "no")
    playground.box.get_by_text("The numbers of a neuron").click()
    assert "assert" in playground.program
    found = look(page)
    plane = playground.plane.evaluate(IMAGE)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    found += look(page, runOnly=COLOURS)
    assert found == []
    assert playground.plane.evaluate(IMAGE) != plane  # it is dark, too


def test_how_fast_it_trains(
    playing: Playing, reported: Callable[[str, str], None]
) -> None:
    """Measures the steps a second: a number, for machines differ."""
    playground = playing("")
    playground.page.emulate_media(reduced_motion="no-preference")
    playground.field("Speed").select_option("as fast as it can")
    playground.button("Play").click()
    playground.wait_for_step(1)
    began, before = time.perf_counter(), playground.steps
    playground.wait_for_step(before + 2_000)
    pace = (playground.steps - before) / (time.perf_counter() - began)
    playground.button("Pause").click()
    playground.wait(ENDED)
    reported("steps of the playground", f"{pace:,.0f} a second")
