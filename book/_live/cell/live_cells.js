/* The cells of a page, when they are edited and run. */

import { page, python } from "../python/python.js";
import { button, element } from "../shared/element.js";
import { LiveOutput } from "../shared/output.js";
import { whyNot } from "../shared/this_page.js";
import { edit } from "./editor.js";
import { edits, places } from "./edits.js";
import { showOlder } from "./orphaned_edits.js";
import { enqueue } from "./queue.js";

const BOOKS = "This is the book's code again.";
const NOT_KEPT =
  "Your browser doesn't keep this: it will be gone when the page is left.";
const YOURS = "This is your code from last time. Reset brings the book's back.";
const LOST =
  "All results are lost; the next run begins at the top of the page.";

const open = new Map(); // a number -> the cell, once it has been opened
const ran = new Set(); // the numbers of those that Python has run
const deadly = new Map(); // the numbers of those that have ended it -> the code

python.addEventListener("lost", () => ran.clear());

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
        ran.delete(this.#number); // what is run below is to see the change
        if (text === this.#book.code) edits.forget(this.#place);
        else if (!edits.keep(this.#place, text)) this.#say(NOT_KEPT);
      },
      run: () => this.run(),
    });
  }

  #addBar() {
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
      const { code } = this;
      const good = await this.#runNow();
      if (resets !== this.#resets) return;
      const shallFail = this.#book.fails && code === this.#book.code;
      this.#say(good || shallFail ? "Done." : "It ended with an error.");
    });
  }

  runAllAbove() {
    return this.#whenFree(async () => {
      ran.clear();
      if (await this.#prepare()) this.#say("The cells above have run again.");
    });
  }

  check() {
    return this.#whenFree(async () => {
      if (!(await this.#prepare())) return;
      const resets = this.#resets;
      const said = await this.#checkNow();
      if (resets === this.#resets) this.#say(said);
    });
  }

  async #checkNow() {
    if (!(await this.#runNow()))
      return "It ended with an error, before anything could be checked.";
    const { asserts, why_unchecked: why } = this.#book;
    if (why) return `This can't be checked here. ${why}`;
    return (await python.call("check", { asserts })).join("\n");
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
    const run = async () => {
      const stop = this.#withProgress();
      try {
        await action();
      } catch (problem) {
        this.#say(`${wordsOf(problem)} ${LOST}`);
      } finally {
        stop();
      }
    };
    return enqueue(run, {
      onWait: () => this.#say("Waiting for what is running…"),
      onDrop: () => this.#say(`Not run: Python was stopped. ${LOST}`),
    });
  }

  /* Show how much has been fetched, and let it be stopped. */
  #withProgress() {
    const stopProgress = python.showProgress(this.#progress);
    this.#stop.disabled = false;
    return () => {
      stopProgress();
      if (document.activeElement === this.#stop) this.focus();
      this.#stop.disabled = true;
    };
  }

  /* Start Python, and run the cells above that it hasn't run. */
  async #prepare() {
    if (!python.isStarted) this.#say("Fetching Python…");
    await python.start();
    const { cells } = await page();
    // It is said once that they run; which one it is, is only to be seen.
    const which = element("span", { ariaHidden: "true" });
    for (let above = 1; above < this.#number; above += 1) {
      if (whyNot[above - 1] || ran.has(above)) continue;
      if (!which.isConnected)
        this.#status.replaceChildren("Running the cells above…", which);
      which.textContent = ` (cell ${above})`;
      if (deadly.get(above) === codeOf(above, cells[above - 1])) {
        this.#sayOf(above, ", above, ended Python. Change it first.");
        return false;
      }
      const good = await runNow(above, cells[above - 1]);
      if (!good && !mayFail(cells[above - 1])) {
        this.#sayOf(above, ", above, has failed.");
        return false;
      }
    }
    return true;
  }

  #sayOf(above, words) {
    const there = element("a", {
      href: `#cell-${above}`,
      textContent: `Code cell ${above}`,
    });
    this.#status.replaceChildren(there, words);
  }
}

function wordsOf({ message, cell }) {
  if (message === "stopped") return "Stopped.";
  if (cell) return `Code cell ${cell} ended Python: ${message}.`;
  return `Python has failed: ${message}.`;
}

const codeOf = (number, book) => open.get(number)?.code ?? book.code;

/* Run a cell now; whether it has come to its end. What it says is shown if
   the reader has opened it, or if it fails. */
async function runNow(number, book) {
  const code = codeOf(number, book);
  const area = open.get(number)?.output;
  const unseen = [];
  area?.clear();
  const show = (output) => {
    if (area) area.add(output);
    else unseen.push(output);
  };
  const good = await python
    .call("run", { code, number, stepped: book.stepped }, show)
    .catch((problem) => {
      if (problem.message !== "stopped") deadly.set(number, code);
      throw Object.assign(problem, { cell: number });
    });
  deadly.delete(number);
  // A cell that has failed, or that says something else now, is to run again.
  const isAsRun = codeOf(number, book) === code;
  if (isAsRun && (good || mayFail(book))) ran.add(number);
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
    const { cells } = await page();
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
  const { cells } = await page();
  const all = places(cells.map(({ code }) => code));
  const older = edits.besides(all);
  if (older.length) showOlder(older);
  for (const [index, place] of all.entries()) {
    if (edits.at(place) !== null && !whyNot[index]) await openCell(index + 1);
  }
}
