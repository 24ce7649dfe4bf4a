"""Works the live cells of a page, as a reader does."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

LONG = 240_000
"""Milliseconds that the cells of a page may take, on a busy machine."""
ENDED = re.compile(r"Done|ended|failed|Stopped|have run|check|Right|Not")

# Tells at once that a cell has ended; `expect` looks only now and then.
END = """([box, ended, most]) => new Promise(resolve => {
    const look = () => {
        const status = box.querySelector(":scope > .live-bar [role=status]");
        if (new RegExp(ended).test(status?.textContent)) resolve();
    };
    const changes = {childList: true, characterData: true, subtree: true};
    new MutationObserver(look).observe(box, changes);
    setTimeout(resolve, most);
    look();
})"""


class Cell:
    """A code cell of a page that is open."""

    def __init__(self, page: Page, number: int) -> None:
        self.page = page
        self.number = number
        self.group = page.get_by_role(
            "group", name=f"Code cell {number}", exact=True
        )
        self.box = page.locator(f"#cell-{number}")

    def button(self, name: str) -> Locator:
        return self.group.get_by_role("button", name=name, exact=True)

    @property
    def editor(self) -> Locator:
        return self.group.get_by_role("textbox")

    @property
    def output(self) -> Locator:
        return self.box.locator("[data-live-output]")

    @property
    def status(self) -> Locator:
        return self.box.locator(":scope > .live-bar").get_by_role("status")

    def open(self) -> Cell:
        """Have it run as the book has it, and be an editor."""
        self.page.evaluate(UNFOLD)
        if self.button("Reset").count():
            self.button("Reset").click()
        self.edit()
        return self.press("Run")

    def edit(self) -> Cell:
        """Have it be an editor."""
        if self.button("Edit").count():
            self.button("Edit").click()
            expect(self.editor).to_be_focused()
        return self

    def close(self) -> Cell:
        """Have it be an editor no more."""
        self.button("Close").click()
        expect(self.button("Edit")).to_be_focused()
        return self

    def wait(self) -> Cell:
        box = self.box.element_handle()
        self.page.evaluate(END, [box, ENDED.pattern, LONG])
        expect(self.status).to_have_text(ENDED)
        return self

    def run(self, code: str | None = None) -> Cell:
        """Click on "Run", with other code if it is given."""
        if code is not None:
            self.write(code)
        return self.press("Run")

    def press(self, name: str) -> Cell:
        self.page.evaluate(
            "status => { status.textContent = '' }",
            self.status.element_handle(),
        )
        self.button(name).click()
        return self.wait()

    def write(self, code: str) -> None:
        """Replace what is in the editor."""
        self.edit().editor.click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(code)

    def code(self) -> str:
        """What is in the editor; or, of one that is closed, the code."""
        if self.editor.count():
            lines = self.box.locator(".cm-line").all_inner_texts()
            return "\n".join(lines)
        closed = self.box.locator(".cell_input > :not([hidden]) pre")
        return (closed.text_content() or "").strip()

    @property
    def mark(self) -> Locator:
        """Says that what is seen doesn't come from the code, if so."""
        return self.group.get_by_text("Not run yet", exact=True)

    def said(self) -> str:
        """The text of the live output."""
        return text_of(self.output)

    def built(self) -> str:
        """The text that the book's build put there."""
        return text_of(self.box.locator(".cell_output"))


UNFOLD = "document.querySelectorAll('details').forEach(d => d.open = true)"


def text_of(outputs: Locator) -> str:
    """The text in output boxes that aren't inside of one another."""
    return outputs.evaluate_all(
        """boxes => boxes.flatMap(box => [...box.querySelectorAll(
            ":scope > .output pre")]).map(pre => pre.textContent).join("")"""
    ).strip()


# Of each cell: its output's text, the words of its drawings, and its status.
# A stepper names what has no label, as v7; a drawing made anew has no stepper.
SEEN = """selector => [...document.querySelectorAll(".cell[id^=cell-]")].map(
    cell => {
        const boxes = [...cell.querySelectorAll(selector)];
        const within = inner => boxes.flatMap(
            box => [...box.querySelectorAll(inner)]);
        const status = cell.querySelector(":scope > .live-bar [role=status]");
        return {
            text: within(":scope > .output pre")
                .map(pre => pre.textContent).join("").trim(),
            graphs: within(".drawing.graph > svg").map(svg =>
                [...svg.querySelectorAll("text")].map(t => t.textContent)
                    .filter(text => !/^v\\d+$/.test(text))),
            plots: within(".drawing.plot > svg").map(svg =>
                [...svg.querySelectorAll("text")]
                    .map(t => t.textContent.replace(/\\s/g, "")).sort()),
            status: status?.textContent,
        };
    })"""


def seen(page: Page, selector: str) -> dict[int, dict[str, Any]]:
    """What is seen of the cells: by their numbers, in boxes of a kind."""
    return dict(enumerate(page.evaluate(SEEN, selector), 1))


def reasons(page: Page) -> list[str]:
    """For each cell of a page, why it can't be run here; or nothing."""
    told = json.loads(page.locator("#live").text_content() or "")
    why: list[str] = told["why_not"]
    return why


NUMBER = re.compile(r"[-+]?(?:\d[\d,]*\.?\d*(?:e[-+]?\d+)?|inf|nan)")


def alike(one: str, other: str, tolerance: float = 1e-9) -> bool:
    """Whether texts say the same, but for the last digits of numbers.

    The functions of C libraries, such as tanh, differ there.
    """
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(a == b or near(a, b, tolerance) for a, b in pairs)


def near(one: str, other: str, tolerance: float) -> bool:
    a, b = float(one.replace(",", "")), float(other.replace(",", ""))
    return abs(a - b) <= tolerance * max(1e-3, abs(a), abs(b))
