/* The cells of a page, when they are edited and run. */

import { edit } from "./editor.js";
import { edits, places } from "./edits.js";
import { element } from "./element.js";
import { whyNot } from "./here.js";
import { LiveOutput } from "./output.js";
import { page, python } from "./python.js";

const BOOKS = "This is the book's code again.";
const YOURS = "This is your code from last time. Reset brings the book's back.";
const LOST =
  "All results are lost; the next run begins at the top of the page.";

const open = new Map(); // a number -> the cell, once it has been opened
const ran = new Set(); // the numbers of those that Python has run
let waiting = Promise.resolve(); // for what has been asked for before
let asked = 0; // how much of it there is
let stopped = 0; // how often: what was asked for before doesn't begin

python.addEventListener("lost", () => {
  ran.clear();
  stopped += 1;
});

class LiveCell {
  #number;
  #book; // the cell as the book has it
  #place; // where its edit is kept
  #editor;
  #bar;
  #resets = 0;
  #status = element("span", { className: "live-status", role: "status" });
  #progress = element("progress", { max: 1, hidden: true });
  #stop;

  constructor(cell, number, book, place) {
    this.#number = number;
    this.#book = book;
    this.#place = place;
    this.#bar = cell.querySelector(":scope > .live-bar");
    this.output = new LiveOutput(cell, number);
    this.#addEditor(cell);
    this.#addBar();
    if (this.code !== book.code) this.#say(YOURS);
  }

  #addEditor(cell) {
    const input = cell.querySelector(".cell_input");
    const details = input.closest("details.hide");
    if (details) details.open = true;
    (details ?? input).after(this.#bar);
    for (const part of input.children) part.hidden = true;
    const box = element("div", { className: "live-editor" });
    input.append(box);
    this.#editor = edit(box, {
      code: edits.at(this.#place) ?? this.#book.code,
      number: this.#number,
      onChange: (text) => {
        if (text === this.#book.code) edits.forget(this.#place);
        else edits.keep(this.#place, text);
      },
      run: () => this.run(),
    });
  }

  #addBar() {
    const button = (textContent, action) => {
      const made = element("button", { textContent, type: "button" });
      made.addEventListener("click", action);
      return made;
    };
    this.#stop = button("Stop", () => python.stop());
    this.#stop.disabled = true;
    this.#progress.setAttribute("aria-label", "Fetching Python");
    const buttons = [
      button("Run", () => this.run()),
      button("Run all above", () => this.runAllAbove()),
      this.#stop,
      button("Reset", () => this.reset()),
    ];
    if (this.#book.asserts) {
      buttons.splice(
        1,
        0,
        button("Check", () => this.check()),
      );
    }
    this.#bar.replaceChildren(...buttons, this.#progress, this.#status);
  }

  get code() {
    return this.#editor.code;
  }

  /* What stands between backticks is code. */
  #say(words) {
    const parts = words
      .split("`")
      .map((textContent, i) =>
        i % 2 ? element("code", { textContent }) : textContent,
      );
    this.#status.replaceChildren(...parts);
  }

  focus() {
    this.#editor.focus();
  }

  run() {
    return this.#whenFree(async () => {
      if (!(await this.#prepare())) return;
      const resets = this.#resets;
      const good = await this.#runNow();
      if (resets !== this.#resets) return;
      this.#say(good || this.#book.fails ? "Done." : "It ended with an error.");
    });
  }

  runAllAbove() {
    return this.#whenFree(async () => {
      ran.clear();
      if (await this.#prepare({ shown: true }))
        this.#say("The cells above have run again.");
    });
  }

  check() {
    return this.#whenFree(async () => {
      if (!(await this.#prepare())) return;
      if (!(await this.#runNow())) {
        this.#say("It ended with an error, before anything could be checked.");
        return;
      }
      const { asserts, why_unchecked: why } = this.#book;
      if (why) this.#say(`This can't be checked here. ${why}`);
      else this.#say((await python.call("check", { asserts })).join("\n"));
    });
  }

  async #runNow() {
    const resets = this.#resets;
    this.#say("Running…");
    const good = await runNow(this.#number, this.#book);
    if (resets !== this.#resets) this.reset(); // what was said since goes, too
    return good;
  }

  reset() {
    this.#resets += 1;
    this.#editor.code = this.#book.code;
    this.output.restore();
    ran.delete(this.#number); // what is run below needs what the book says
    this.#say(BOOKS);
  }

  /* Do something when all that was asked for before has been done. */
  #whenFree(action) {
    const before = stopped;
    asked += 1;
    if (asked > 1) this.#say("Waiting for what is running…");
    const run = async () => {
      if (before !== stopped) {
        asked -= 1;
        this.#say(`Not run: Python was stopped. ${LOST}`);
        return;
      }
      const stop = this.#withProgress();
      try {
        await action();
      } catch (problem) {
        this.#say(
          problem.message === "stopped"
            ? `Stopped. ${LOST}`
            : `Python has failed: ${problem.message}. ${LOST}`,
        );
      } finally {
        asked -= 1;
        stop();
      }
    };
    waiting = waiting.then(run);
    return waiting;
  }

  /* Show how much has been fetched, and let it be stopped. */
  #withProgress() {
    const show = ({ detail }) => {
      this.#progress.hidden = detail.fetched >= detail.of;
      this.#progress.value = detail.fetched / detail.of;
    };
    this.#stop.disabled = false;
    python.addEventListener("progress", show);
    return () => {
      python.removeEventListener("progress", show);
      this.#progress.hidden = true;
      if (document.activeElement === this.#stop) this.focus();
      this.#stop.disabled = true;
    };
  }

  /* Start Python, and run the cells above that it hasn't run. */
  async #prepare({ shown = false } = {}) {
    if (!python.isStarted) this.#say("Fetching Python…");
    await python.start();
    const { cells } = await page;
    for (let above = 1; above < this.#number; above += 1) {
      if (whyNot[above - 1] || ran.has(above)) continue;
      this.#say(`Running cell ${above} of those above…`);
      const good = await runNow(above, cells[above - 1], { shown });
      if (!good && !mayFail(cells[above - 1])) {
        const there = element("a", {
          href: `#cell-${above}`,
          textContent: `Code cell ${above}`,
        });
        this.#status.replaceChildren(there, ", above, has failed.");
        return false;
      }
    }
    return true;
  }
}

/* Run a cell now; whether it has come to its end. What it says is shown if
   the reader has opened it and asked for it, or changed it, or if it fails. */
async function runNow(number, book, { shown = true } = {}) {
  const cell = open.get(number);
  const code = cell?.code ?? book.code;
  const area = shown || code !== book.code ? cell?.output : null;
  const unseen = [];
  area?.clear();
  const good = await python.call("run", { code, number }, (output) => {
    if (area) area.add(output);
    else unseen.push(output);
  });
  ran.add(number);
  if (!good && !area && !mayFail(book)) {
    const { output } = await openCell(number);
    output.clear();
    for (const one of unseen) output.add(one);
  }
  return good;
}

/* Some cells show an error; and an answer may be unfinished. */
const mayFail = (book) => book.fails || "asserts" in book;

async function openCell(number) {
  if (!open.has(number)) {
    const { cells } = await page;
    if (open.has(number)) return open.get(number); // since
    const book = cells[number - 1];
    const place = places(cells.map(({ code }) => code))[number - 1];
    const cell = document.getElementById(`cell-${number}`);
    open.set(number, new LiveCell(cell, number, book, place));
  }
  return open.get(number);
}

/* Make a cell an editor, and run it. */
export async function openAndRun(number) {
  const cell = await openCell(number);
  cell.focus();
  return cell.run();
}

/* Open all the cells that the reader has edited before. */
export async function reopen() {
  const { cells } = await page;
  const all = places(cells.map(({ code }) => code));
  edits.forgetAllBut(all);
  for (const [index, place] of all.entries()) {
    if (edits.at(place) !== null && !whyNot[index]) await openCell(index + 1);
  }
}
