"""The playground: a network that trains on the page."""

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
from micrograd.experiment import ACTIVATIONS, DATA, Experiment, Settings

PAGE = "book/23-alive.html"
SHARED = PAGE
"""See sharing.py."""
READY = "Ready. Press Play."
ENDED = re.compile(r"^[\d,]+ steps?: loss .*, accuracy .*%\.$")


# A link to the playground, as the prose has them.
FOLLOW = """(box, query) => {
    box.querySelector("[role=status]").textContent = "";
    const link = document.createElement("a");
    link.href = `?${query}#playground`;
    box.after(link);
    link.click();
    link.remove();
}"""

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
        self.status = self.box.get_by_role("status")
        self.plane = self.box.locator("canvas")

    def button(self, name: str) -> Locator:
        return self.box.get_by_role("button", name=name, exact=True)

    def field(self, name: str) -> Locator:
        """What is called so, for those who listen to the page."""
        combobox, textbox, spinbutton, radio = (
            self.box.get_by_role(role, name=name, exact=True)
            for role in ("combobox", "textbox", "spinbutton", "radio")
        )
        return combobox.or_(textbox).or_(spinbutton).or_(radio)

    def wait(self, words: str | re.Pattern[str]) -> None:
        expect(self.status).to_have_text(words)

    @property
    def steps(self) -> int:
        text = self.box.locator(".playground-bar").text_content()
        found = re.search(r"([\d,]+) step", text or "")
        assert found
        return int(found[1].replace(",", ""))

    def follow(
        self, query: str, words: str | re.Pattern[str] = READY
    ) -> Playground:
        """Follow a link to a playground with other settings."""
        self.box.evaluate(FOLLOW, query)
        self.wait(words)
        return self

    def wait_for_step(self, number: int) -> None:
        self.box.evaluate(COUNT, number)
        assert self.steps >= number, "it doesn't train"

    def play(self, steps: int) -> None:
        """Let it train for some steps, more or less, and pause."""
        wanted = self.steps + steps
        self.button("Play").click()
        self.wait_for_step(wanted)
        self.button("Pause").click()
        self.wait(ENDED)

    def step(self) -> None:
        wanted = self.steps + 1
        self.button("Step").click()
        self.wait(re.compile(rf"^{wanted:,} steps?: loss "))

    @property
    def program(self) -> str:
        """The program that leads to the same numbers."""
        told = self.box.locator("details")
        box = told.get_by_role("textbox", name="Program")
        # What it has said before isn't what it is asked for now.
        told.evaluate(
            """told => {
                told.querySelector("textarea").value = "";
                told.open = false;
            }"""
        )
        told.locator("summary").click()
        expect(box).to_have_value(re.compile("assert"))
        return box.input_value()


WORKERS = """() => {
    window.workers = [];
    window.Worker = class extends Worker {
        constructor(...given) { super(...given); workers.push(this); }
    };
}"""


def start(opened: Window) -> None:
    opened.page.evaluate(WORKERS)
    playground = Playground(opened.page)
    playground.button("Open the playground").click()
    playground.wait(READY)


def restore(opened: Window) -> None:
    """Have all but the settings as it was: a link brings these."""
    playground = Playground(opened.page)
    playground.box.evaluate(
        """box => {
            delete document.hidden;
            box.querySelector("details").open = false;
            const form = box.querySelector(".playground-adding form");
            form.noValidate = false;
            form.elements.x.value = form.elements.y.value = 0;
        }"""
    )
    for name in ("weights", "orange"):
        playground.field(name).check()


Playing = Callable[[str], Playground]
"""Follows a link to settings."""


@pytest.fixture
def playing(page: Page) -> Playing:
    """The playground as a link shows it; nothing goes wrong there."""
    return Playground(page).follow


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
def in_python(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Experiment]:
    """The experiment behind a query, in Python without WebAssembly."""
    monkeypatch.setattr(experiments, "BACKEND", "portable")
    return lambda query: Experiment(Settings.from_query(query))


def drawn(seed: int) -> str:
    """A query with settings drawn at random."""
    rng = random.Random(seed)
    coordinates = [round(rng.uniform(-2.0, 2.0), 2) + 0.0 for _ in "xyxy"]
    x0, y0, x1, y1 = coordinates
    return Settings(
        data=rng.choice(list(DATA)),
        points=rng.randint(2, 60),
        noise=rng.random(),
        hidden=tuple(rng.randint(1, 8) for _ in range(rng.randint(1, 3))),
        activation=rng.choice(list(ACTIVATIONS)),
        rate=rng.uniform(0.0, 3.0),
        decay=rng.choice([0.0, rng.uniform(0.0, 0.01)]),
        seed=rng.randrange(2**64),
        added=((x0, y0, 1), (x1, y1, -1)),
    ).query()


@pytest.mark.parametrize("query", ["", *map(drawn, range(8))])
def test_the_numbers_are_the_library_s(
    playing: Playing, query: str, in_python: Callable[[str], Experiment]
) -> None:
    """Protects what is seen: to the last digit it is what Python computes."""
    playground = playing(query)
    playground.play(20)
    playground.step()
    said = numbers(playground.program)
    experiment = in_python(query)
    experiment.step(playground.steps)
    parameters = experiment.model.parameters()
    assert said == {
        "experiment.losses[-1]": experiment.losses[-1],
        "experiment.accuracy": experiment.accuracy,
        "[p.data for p in parameters]": [p.data for p in parameters],
        "[p.grad for p in parameters]": [p.grad for p in parameters],
    }
    box = playground.box
    curves = box.locator("figcaption").all_text_contents()
    assert curves == [
        f"Loss {experiment.losses[-1]:.4f}",
        f"Accuracy {round(experiment.accuracy * 100)}%",
    ]
    layer = len(experiment.settings.hidden)
    playground.field("Neuron").select_option(f"layer {layer}, neuron 1")
    neuron = experiment.network()[layer - 1][0]
    rows = box.locator("tbody tr")
    wanted = zip(
        [*neuron["weights"], neuron["bias"]],
        [*neuron["gradients"], neuron["bias_gradient"]],
    )
    assert [row.locator("td").all_text_contents() for row in rows.all()] == [
        [f"{x:.4f}".replace("-", "−") for x in pair] for pair in wanted
    ]


def test_play_pause_step_and_restart(playing: Playing) -> None:
    """Protects the reader's word, and the battery when nobody looks."""
    playground = playing("")
    assert playground.steps == 0
    playground.step()
    playground.step()
    playground.play(1)
    playground.step()  # one, and nothing goes on besides
    playground.button("Restart").click()
    playground.wait(READY)
    assert playground.steps == 0
    playground.button("Play").click()
    playground.wait("Training.")
    playground.page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", {value: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    playground.wait(ENDED)


def test_it_runs_as_it_opens_and_while_it_is_seen(window: Opener) -> None:
    """Protects the first look, and the battery when nobody looks.

    And readers for whom nothing shall move unless they say so.
    """
    with window() as opened:
        page = opened.page
        page.emulate_media(reduced_motion="no-preference")
        opened.open(f"{PAGE}?points=20#playground")
        playground = Playground(page)
        playground.wait("Training.")
        playground.wait_for_step(1)
        page.get_by_role(
            "heading", name="Exercises"
        ).scroll_into_view_if_needed()
        playground.wait(ENDED)
        page.get_by_role("link", name="Only two neurons").click()
        playground.wait("Training.")
        playground.button("Pause").click()
        playground.wait(ENDED)
        page.emulate_media(reduced_motion="reduce")
        playground.follow("points=20&seed=3")
        expect(playground.button("Play")).to_be_visible()
        assert playground.steps == 0
        assert opened.troubles == []


def test_training_that_runs_away_is_over(
    playing: Playing, in_python: Callable[[str], Experiment]
) -> None:
    """Protects readers from waiting for what will not come.

    After the same step as in Python.
    """
    playground = playing("rate=10&decay=1")
    playground.button("Play").click()
    playground.wait(re.compile("Training has run away"))
    expect(playground.button("Play")).to_be_visible()
    experiment = in_python("rate=10&decay=1")
    experiment.step(100)
    assert playground.steps == experiment.steps
    said = numbers(playground.program)
    assert said["experiment.losses[-1]"] == experiment.losses[-1]


def test_points_are_added_by_a_click(playing: Playing) -> None:
    """Protects the plane: a point is where the reader has clicked."""
    playground = playing("points=20")
    box = playground.plane.bounding_box()
    assert box
    playground.field("blue").check()
    place = {"x": box["width"] / 4, "y": box["height"] / 3}
    playground.plane.click(position=place)
    playground.wait("A point was added.")
    x0, x1, y0, y1 = Experiment(Settings(points=20)).bounds
    added = playground.page.url.partition("added=")[2]
    x, y, label = map(float, added.removesuffix("#playground").split(","))
    assert abs(x - (x0 + (x1 - x0) / 4)) < 0.03
    assert abs(y - (y1 - (y1 - y0) / 3)) < 0.03
    assert label == -1
    experiment = Experiment(
        Settings.from_query(f"points=20&added={added[:-11]}")
    )
    said = numbers(playground.program)
    assert said["experiment.accuracy"] == experiment.accuracy


def test_points_are_added_by_the_keyboard(playing: Playing) -> None:
    """Protects readers without a mouse; training goes on with the point."""
    playground = playing("points=20")
    playground.step()
    playground.field("x").fill("1.5")
    playground.field("y").fill("-0.25")
    playground.field("y").press("Enter")
    playground.wait(re.compile("^A point was added. The link has it"))
    assert playground.page.url.endswith(
        "?points=20&added=1.5,-0.25,1#playground"
    )
    playground.step()
    experiment = Experiment(Settings(points=20))
    experiment.step()
    experiment.add(1.5, -0.25, 1)
    experiment.step()
    said = numbers(playground.program)
    assert said["experiment.losses[-1]"] == experiment.losses[-1]
    exec(playground.program, {})
    playground.field("x").fill("99")
    playground.box.locator("form").last.evaluate(
        "form => { form.noValidate = true; }"
    )
    playground.button("Add").click()
    playground.wait(re.compile("^added must be at most 100 points"))
    playground.button("Remove added points").click()
    playground.wait(READY)
    assert playground.page.url.endswith("?points=20#playground")
    expect(playground.button("Remove added points")).to_be_hidden()


def test_the_address_leads_back(window: Opener) -> None:
    """Protects links: what a reader sees, another reader sees.

    Also links that have passed through other sites, which add to them.
    """
    with window() as opened:
        query = "seed=3&utm_source=%3Cb%3E&data=circles"
        page = opened.open(f"{PAGE}?{query}#playground")
        playground = Playground(page)
        playground.wait(f"{READY} (The link has no settings in “utm_source”.)")
        assert page.url.endswith("?data=circles&seed=3#playground")
        expect(playground.field("Data")).to_have_value("circles")
        expect(playground.field("Seed")).to_have_value("3")
        playground.field("Neurons in each hidden layer").fill("4-3")
        playground.field("Activation").select_option("relu")
        playground.wait(READY)
        wanted = "?data=circles&hidden=4-3&activation=relu&seed=3#playground"
        expect(page).to_have_url(re.compile(re.escape(wanted) + "$"))
        playground.field("Points").fill("30")
        playground.field("Points").press("Enter")
        expect(page).to_have_url(re.compile("points=30"))
        page.goto(page.url.partition("/book/")[0] + "/book/12-moons.html")
        page.go_back()
        playground.wait(READY)
        expect(playground.field("Points")).to_have_value("30")
        expect(playground.field("Activation")).to_have_value("relu")
        label = re.compile("^The plane with 15 orange circles and 15 blue")
        expect(playground.plane).to_have_attribute("aria-label", label)
        assert opened.troubles == []


def test_links_in_the_prose_open_it(window: Opener) -> None:
    """Protects 'this network, this seed', also when another is there.

    And the link to the defaults, that says what the 300th step will find.
    """
    with window() as opened:
        page = opened.open(PAGE)
        defaults = page.get_by_role("link", name="behind this link")
        defaults.click()
        playground = Playground(page)
        playground.wait(READY)
        for _ in range(3):
            playground.step()
        assert page.url.endswith(f"{PAGE}#playground")
        rate = playground.field("Learning rate")
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.get_by_role("link", name="Too large a rate").click()
        expect(rate).to_have_value("10")
        playground.wait(READY)
        assert playground.steps == 0
        expect(playground.button("Play")).to_be_focused()
        assert page.url.endswith("?rate=10#playground")
        page.go_back()
        expect(rate).to_have_value("0.5")
        playground.wait(READY)
        defaults.click()
        playground.wait(READY)
        assert not [url for url in requests if "live/" in url]  # it is there
        assert opened.troubles == []


def test_what_can_t_be_is_said_in_words(playing: Playing) -> None:
    """Protects what has been learnt from a typing error."""
    playground = playing("")
    playground.step()
    url = playground.page.url
    playground.field("Noise").fill("3")
    playground.field("Noise").press("Enter")
    playground.wait("Noise must be a number from 0 to 1, not '3'.")
    assert playground.page.url == url
    assert playground.steps == 1


AT_ONCE = """(box, [name, value, press]) => {
    const input = box.querySelector(`[name=${name}]`);
    input.value = value;
    input.dispatchEvent(new Event("change", {bubbles: true}));
    const buttons = [...box.querySelectorAll("button")];
    for (const words of press) {
        buttons.find((button) => button.textContent === words).click();
    }
}"""
"""Changes a setting and presses buttons, before Python can have answered."""


FORGET = """box => {
    box.querySelector(".playground-bar span").textContent = "0 steps";
}"""


def agree(playground: Playground, experiment: Experiment) -> None:
    """All that the page says is what the library says."""
    program = playground.program
    exec(program, {})
    said = numbers(program)
    assert said["experiment.accuracy"] == experiment.accuracy
    query = experiment.settings.query()
    address = playground.page.url.partition("?")[2]
    assert address.removesuffix("#playground") == query
    assert playground.steps == experiment.steps
    curves = playground.box.locator("figcaption")
    loss = f"{experiment.losses[-1]:.4f}" if experiment.losses else "–"
    expect(curves.first).to_have_text(f"Loss {loss}")


@pytest.mark.parametrize("plays", [False, True])
def test_play_at_once_after_a_setting(playing: Playing, plays: bool) -> None:
    """Protects the count and the curves: no step gets lost on the way."""
    playground = playing("points=20")
    if plays:
        playground.button("Play").click()
        playground.wait("Training.")
    playground.box.evaluate(AT_ONCE, ["data", "xor", ["Play"]])
    playground.box.evaluate(FORGET)  # what was counted before
    expect(playground.field("Data")).to_have_value("xor")
    playground.wait("Training.")
    expect(playground.button("Step")).to_be_disabled()
    playground.wait_for_step(1)
    playground.button("Pause").click()
    playground.wait(ENDED)
    assert playground.steps > 0
    expect(playground.button("Step")).to_be_enabled()
    experiment = Experiment(Settings(data="xor", points=20))
    experiment.step(playground.steps)
    agree(playground, experiment)


def test_other_buttons_at_once_after_a_setting(playing: Playing) -> None:
    """Protects what was asked for early: it is done, and shown."""
    playground = playing("points=20")
    press = ["Step", "Step"]
    playground.box.evaluate(AT_ONCE, ["data", "xor", press])
    playground.wait(re.compile("^2 steps: "))
    experiment = Experiment(Settings(data="xor", points=20))
    experiment.step(2)
    agree(playground, experiment)
    playground.box.evaluate(AT_ONCE, ["seed", "3", ["Add"]])
    playground.wait("A point was added.")
    added = ((0.0, 0.0, 1),)
    settings = Settings(data="xor", points=20, seed=3, added=added)
    agree(playground, Experiment(settings))
    playground.box.evaluate(AT_ONCE, ["seed", "4", ["Play", "Pause"]])
    playground.wait(READY)
    assert playground.steps == 0
    playground.box.evaluate(AT_ONCE, ["seed", "5", ["Step", "Restart"]])
    expect(playground.field("Seed")).to_have_value("5")
    playground.wait(READY)
    assert playground.steps == 0


@pytest.mark.parametrize("press", ["Play", "Step", "Add"])
def test_nothing_is_done_at_once_after_a_typing_error(
    playing: Playing, press: str
) -> None:
    """Protects the words about it, and the run that was there."""
    playground = playing("points=20")
    playground.step()
    playground.box.evaluate(AT_ONCE, ["noise", "3", [press]])
    words = "Noise must be a number from 0 to 1, not '3'."
    playground.wait(words)
    experiment = Experiment(Settings(points=20))
    experiment.step()
    agree(playground, experiment)  # Python has answered again
    playground.wait(words)
    expect(playground.button("Play")).to_be_visible()
    playground.step()  # with the settings that were right


def test_what_is_being_typed_is_left_alone(playing: Playing) -> None:
    """Protects readers who are faster than Python."""
    playground = playing("points=20")
    decay = playground.field("Weight decay")
    decay.focus()
    playground.box.evaluate(
        """box => {
            const [rate, decay] = ["rate", "decay"].map(
                (name) => box.querySelector(`[name=${name}]`));
            rate.value = "1.0";
            rate.dispatchEvent(new Event("change", {bubbles: true}));
            decay.value = "0.0";
        }"""
    )
    expect(playground.field("Learning rate")).to_have_value("1")
    playground.wait(READY)
    expect(decay).to_have_value("0.0")
    decay.press("End")
    decay.press_sequentially("10")
    decay.press("Enter")
    expect(decay).to_have_value("0.01")
    playground.wait(READY)
    assert playground.page.url.endswith(
        "?points=20&rate=1&decay=0.01#playground"
    )


def test_python_that_is_lost_comes_anew(playing: Playing) -> None:
    """Protects readers whose browser has taken Python's memory away."""
    playground = playing("points=20")
    page = playground.page
    playground.step()
    kill = "() => workers.at(-1).onerror({message: 'no memory'})"
    before = page.evaluate("workers.length")
    page.evaluate(kill)
    playground.plane.click()
    lost = "The trained network is lost. Press Restart."
    playground.wait(lost)
    playground.box.locator("summary").click()
    playground.wait(lost)
    assert page.evaluate("workers.length") == before
    for name in ("Play", "Step"):
        expect(playground.button(name)).to_be_disabled()
    playground.box.evaluate(AT_ONCE, ["noise", "3", []])
    playground.wait("Fetching Python…")
    playground.wait(re.compile("^Noise must be"))
    playground.plane.click()  # there is no experiment yet
    playground.wait(lost)
    playground.box.evaluate(AT_ONCE, ["noise", "0.1", []])
    playground.wait(READY)
    page.evaluate(kill)
    playground.button("Restart").click()
    playground.wait("Fetching Python…")
    playground.wait(READY)
    playground.step()
    experiment = Experiment(Settings(points=20))
    experiment.step()
    agree(playground, experiment)


def test_the_focus_is_never_lost(window: Opener) -> None:
    """Protects readers without a mouse while Python comes, or doesn't."""
    with window() as opened:
        page = opened.page
        playground = Playground(page)
        page.route("**/python_stdlib.zip", lambda route: route.abort())
        opened.open(PAGE)
        playground.button("Open the playground").focus()
        page.keyboard.press("Enter")
        expect(playground.status).to_be_focused()
        playground.wait(re.compile("^Python has failed: "))
        expect(playground.button("Restart")).to_be_focused()
        page.unroute("**/python_stdlib.zip")
        page.evaluate("() => history.replaceState(null, '', '?noise=3')")
        page.keyboard.press("Enter")
        playground.wait(re.compile("^This link can't be followed: "))
        expect(playground.button("Start with the defaults")).to_be_focused()
        page.keyboard.press("Enter")
        playground.wait(READY)
        expect(playground.button("Play")).to_be_focused()
        # A link from elsewhere leaves the focus where it is.
        page.route("**/python_stdlib.zip", lambda route: route.abort())
        opened.open(f"{PAGE}?seed=3#playground")
        playground.wait(re.compile("^Python has failed: "))
        assert page.evaluate("document.activeElement === document.body")
        page.unroute("**/python_stdlib.zip")
        playground.button("Restart").evaluate("button => button.click()")
        playground.wait(READY)
        assert page.evaluate("document.activeElement === document.body")


def test_links_to_other_sites_are_theirs(playing: Playing) -> None:
    """Protects links to this page as others have it."""
    playground = playing("points=20")
    page = playground.page
    page.evaluate(
        """() => {
            const link = document.createElement("a");
            link.href = `https://elsewhere.example${location.pathname}`
                + "?seed=3#playground";
            link.target = "_blank";
            document.querySelector("#playground").after(link);
            link.textContent = "elsewhere";
        }"""
    )
    prevented = page.evaluate(
        """() => new Promise((resolve) => {
            const link = document.querySelector("a[target=_blank]");
            const note = (event) => {
                resolve(event.defaultPrevented);
                event.preventDefault();
                link.remove();
            };
            addEventListener("click", note, {once: true});
            link.click();
        })"""
    )
    assert prevented is False


def test_a_link_can_t_do_harm(window: Opener) -> None:
    """Protects readers from links: they say numbers, or nothing."""
    with window() as opened:
        query = 'hidden="><img src=x onerror="document.title=\'harm\'">'
        page = opened.open(f"{PAGE}?{query}#playground")
        title = page.title()
        playground = Playground(page)
        playground.wait(re.compile("^This link can't be followed: "))
        assert playground.box.locator("img, script, svg").count() == 0
        playground.button("Start with the defaults").click()
        playground.wait(READY)
        assert page.url.endswith(f"{PAGE}#playground")
        for query, words in (
            ("data=<script>document.title='harm'</script>", "^Data must be"),
            ("seed=%3Csvg/onload=alert(1)%3E", "^Seed must be"),
        ):
            playground.follow(query, re.compile(words))
            assert playground.status.locator("*").count() == 0
            assert playground.box.locator("img, script").count() == 0
        assert page.title() == title
        assert opened.troubles == []


def test_nothing_is_loaded_before_it_is_asked_for(window: Opener) -> None:
    """Protects those who only read, also by a link to another place."""
    for address in (PAGE, f"{PAGE}#playground", f"{PAGE}?from=somewhere"):
        with window() as opened:
            requests: list[str] = []
            opened.page.on("request", lambda r, s=requests: s.append(r.url))
            page = opened.open(address)
            page.wait_for_timeout(300)
            expect(
                Playground(page).button("Open the playground")
            ).to_be_visible()
            assert not [
                url
                for url in requests
                if re.search(r"playground\.|worker|pyodide|_live/", url)
            ]


def test_from_the_disk_it_says_why_not(
    browser: Browser, on_disk: Site
) -> None:
    """Protects readers from a button that does nothing."""
    with browsing.window(browser, on_disk) as opened:
        page = opened.open(f"{PAGE}?seed=3#playground")
        box = page.locator("#playground")
        expect(box).to_contain_text("Python can't run in a page that")
        assert opened.troubles == []


def test_it_works_by_the_keyboard(playing: Playing) -> None:
    """Protects readers without a mouse: each part is reached in turn."""
    playground = playing("")
    page = playground.page
    expect(playground.button("Play")).to_be_focused()
    page.keyboard.press("Space")
    expect(playground.button("Pause")).to_be_focused()
    page.keyboard.press("Space")
    playground.wait(re.compile(f"{ENDED.pattern}|^{READY}$"))
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                    const {activeElement: e} = document;
                    return e.closest("#playground")
                        && (e.labels?.[0]?.textContent || e.textContent);
                }"""
            )
        )
    names = [" ".join(name.split()) for name in reached if name]
    for name in ("Step", "Restart", "weights", "Noise", "orange", "x"):
        assert [n for n in names if n.startswith(name)], name
    assert "This run as a Python program, to the last digit" in names


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
        cell = Cell(opened.open(PAGE), 1).open()
        assert cell.run(MANY).said() == "True 1"


IMAGE = "canvas => canvas.toDataURL()"


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(playing: Playing, width: int, page: Page) -> None:
    """Protects readers who see little, or listen; and those on a phone."""
    page.set_viewport_size({"width": width, "height": browsing.HEIGHT})
    playground = playing("points=20&added=0,0,1")
    playground.step()
    assert "assert" in playground.program
    for select in ("weights", "gradients"):
        playground.field(select).check()
    found = look(page)
    plane = playground.plane.evaluate(IMAGE)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    found += look(page, runOnly=COLOURS)
    assert found == []
    assert playground.plane.evaluate(IMAGE) != plane  # it is dark, too
    wide = "() => document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= width


def test_how_fast_it_trains(
    playing: Playing, page: Page, reported: Callable[[str, str], None]
) -> None:
    """Measures the steps a second: a number, for machines differ."""
    playground = playing("")
    page.emulate_media(reduced_motion="no-preference")
    playground.button("Play").click()
    playground.wait_for_step(1)
    began, before = time.perf_counter(), playground.steps
    playground.wait_for_step(before + 2_000)
    pace = (playground.steps - before) / (time.perf_counter() - began)
    playground.button("Pause").click()
    playground.wait(ENDED)
    reported("steps of the playground", f"{pace:,.0f} a second")
