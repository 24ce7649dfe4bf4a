/* The cells of a page, when they are run and edited. */

import { fetchAhead, page, python } from "../python/python.js";
import { coloured } from "../shared/coloured.js";
import { button, element } from "../shared/element.js";
import { LiveOutput } from "../shared/output.js";
import { whyNot } from "../shared/this_page.js";
import { edits, places } from "./edits.js";
import { Notebook } from "./notebook.js";
import { showOlder } from "./orphaned_edits.js";
import { enqueue } from "./queue.js";

const BOOKS = "This is the book's code again.";
const NOT_KEPT =
  "Your browser doesn't keep this: it will be gone when the page is left.";
const YOURS = "This is your code from last time. Reset brings the book's back.";
const LOST =
  "All results are lost; the next run begins at the top of the page.";

let notebook = null; // what the cells say, once that is known
const live = new Map(); // a number -> the cell, of those that run here
const deadly = new Map(); // the numbers of those that have ended Python -> the code

python.addEventListener("lost", () => notebook?.forget());

class LiveCell {
  #number;
  #book; // the cell as the book has it
  #place; // where its edit is kept
  #cell;
  #parts; // the book's code, with its links
  #mine = element("div", { className: "highlight live-code", hidden: true });
  #editor = null; // while it is open
  #latest = null; // the run that goes on, unless it was reset since
  #output;
  #run;
  #edit;
  #stop = button("Stop", () => python.stop());
  #reset = button("Reset", () => this.reset());
  #runStale = button("Run stale cells", () => this.#runAllStale());
  #runAbove = button("Run all above", () => this.#runAllAbove());
  #mark = element("span", { className: "live-mark" });
  #progress = element("progress", { max: 1, hidden: true });
  #status;
  #more = element("details", { className: "live-more", hidden: true });

  constructor(number, book, place) {
    this.#number = number;
    this.#book = book;
    this.#place = place;
    this.#cell = document.getElementById(`cell-${number}`);
    const input = this.#cell.querySelector(".cell_input");
    this.#parts = [...input.children];
    input.append(this.#mine);
    this.#output = new LiveOutput(this.#cell, number);
    this.#fillBar(this.#cell.querySelector(":scope > .live-bar"));
    const kept = edits.at(place);
    if (kept === null) return;
    notebook.write(number, kept);
    this.#showCode();
    this.#say(YOURS);
  }

  /* It has what book/_live/start.js has put there already. */
  #fillBar(bar) {
    [this.#run, this.#edit] = bar.querySelectorAll("button");
    this.#status = bar.querySelector("[role=status]");
    this.#stop.hidden = true;
    this.#progress.setAttribute("aria-label", "Starting Python");
    if (this.#book.asserts) {
      this.#edit.after(button("Check", () => this.#check()));
    }
    this.#status.before(
      ...[this.#stop, this.#reset, this.#runStale, this.#runAbove],
      ...[this.#mark, this.#progress],
    );
    bar.append(this.#more);
  }

  get code() {
    return notebook.code(this.#number);
  }

  get isStale() {
    return notebook.isStale(this.#number);
  }

  /* Some cells show an error; and an answer may be unfinished. */
  get mayFail() {
    return this.#book.fails || "asserts" in this.#book;
  }

  /* What stands between backticks is code. */
  #say(words) {
    this.#status.replaceChildren(...told(words));
    this.#more.hidden = true;
  }

  /* What isn't to be seen before the reader asks for it. */
  #sayOnAClick(lines) {
    const items = lines.map((line) => element("li", {}, ...told(line)));
    this.#more.replaceChildren(
      element("summary", { textContent: "Show what was checked" }),
      element("ul", {}, ...items),
    );
    this.#more.open = false;
    this.#more.hidden = !lines.length;
  }

  /* Show which state it is in. */
  showState(isFirstStale) {
    const isStale = this.isStale && !this.#latest;
    const isBooks = !notebook.isEdited(this.#number) && !this.#output.isSeen;
    this.#cell.classList.toggle("live-stale", isStale);
    this.#mark.textContent = isStale ? "Not run yet" : "";
    this.#hide(this.#runStale, !isFirstStale);
    this.#hide(this.#runAbove, !this.#editor);
    this.#hide(this.#reset, isBooks);
  }

  /* If the button that goes has the focus, another gets it. */
  #hide(button, isHidden) {
    if (isHidden && document.activeElement === button) this.#run.focus();
    button.hidden = isHidden;
  }

  /* The editor, the reader's code, or the book's, which has links. */
  #showCode() {
    const isBooks = !this.#editor && !notebook.isEdited(this.#number);
    for (const part of this.#parts) part.hidden = !isBooks;
    this.#mine.hidden = isBooks;
    this.#edit.textContent = this.#editor ? "Close" : "Edit";
    if (this.#editor || isBooks) return;
    const pre = element("pre", {}, ...coloured(this.code));
    this.#mine.replaceChildren(pre);
    if (pre.scrollWidth > pre.clientWidth) pre.tabIndex = 0;
  }

  /* Open the editor, or close it. */
  async edit() {
    if (this.#editor) this.#close();
    else await this.#open();
    showStates();
  }

  async #open() {
    const { edit } = await import("./editor.js");
    if (this.#editor) return; // since
    const details = this.#mine.closest("details.hide");
    if (details) details.open = true;
    this.#mine.replaceChildren();
    this.#editor = edit(this.#mine, {
      code: this.code,
      number: this.#number,
      onChange: (text) => this.#write(text),
      run: () => this.run(),
    });
    this.#showCode();
    this.#editor.focus();
  }

  #close() {
    this.#editor.close();
    this.#editor = null;
    this.#showCode();
  }

  #write(text) {
    if (text === this.code) return;
    notebook.write(this.#number, text);
    this.#forgetWords();
    if (!notebook.isEdited(this.#number)) edits.forget(this.#place);
    else if (!edits.keep(this.#place, text)) this.#say(NOT_KEPT);
    showStates();
  }

  run() {
    return this.#whenFree(async () => {
      if (!(await this.#prepare())) return;
      const { code } = this;
      const { good, isReset } = await this.#runNow();
      if (isReset) return;
      const shallFail = this.#book.fails && code === this.#book.code;
      this.#say(good || shallFail ? "Done." : "It ended with an error.");
    });
  }

  #runAllAbove() {
    return this.#whenFree(async () => {
      notebook.forget();
      if (await this.#prepare()) this.#say("The cells above have run again.");
    });
  }

  #runAllStale() {
    return this.#whenFree(async () => {
      const last = Math.max(...stale());
      const words = "Running the stale cells…";
      if (await this.#runThrough(last, words))
        this.#say("Done: no cell is stale.");
    });
  }

  #check() {
    return this.#whenFree(async () => {
      if (!(await this.#prepare())) return;
      const { good, isReset } = await this.#runNow();
      if (isReset) return;
      const { asserts, why_unchecked: why } = this.#book;
      if (!good) {
        this.#say("It ended with an error, before anything could be checked.");
      } else if (why) {
        this.#say(`This can't be checked here. ${why}`);
      } else {
        const { said, checked } = await python.call("check", { asserts });
        this.#say(said.join("\n"));
        this.#sayOnAClick(checked);
      }
    });
  }

  #runNow() {
    this.#say("Running…");
    return this.runNow(true);
  }

  /* Run it now: whether it has come to its end, and whether it was reset
     meanwhile. If it only makes ready for another, what it says is shown where
     what is there is stale, and if it fails. */
  async runNow(isWanted) {
    const { code } = this;
    const history = notebook.history(this.#number);
    const isShown = isWanted || this.isStale;
    const run = {};
    const unseen = [];
    this.#latest = run;
    if (isShown) this.#output.clear();
    showStates();
    const show = (output) => {
      if (this.#latest !== run) return;
      if (isShown) this.#output.add(output);
      else unseen.push(output);
    };
    let good;
    try {
      const { stepped } = this.#book;
      const call = { code, number: this.#number, stepped };
      good = await python.call("run", call, show);
    } catch (problem) {
      if (problem.message !== "stopped") deadly.set(this.#number, code);
      // What is seen now comes from no code that has come to its end.
      if (isShown && this.#latest === run) notebook.show(this.#number, []);
      this.#end(run);
      throw Object.assign(problem, { cell: this.#number });
    }
    deadly.delete(this.#number);
    const isReset = this.#latest !== run;
    if (!isReset) {
      const isGood = good || this.mayFail;
      if (isGood) notebook.run(this.#number, history);
      if (!isShown && !isGood) {
        this.#output.clear();
        for (const one of unseen) this.#output.add(one);
      }
      if (isShown || !isGood) notebook.show(this.#number, history);
    }
    this.#end(run);
    return { good, isReset };
  }

  #end(run) {
    if (this.#latest === run) this.#latest = null;
    showStates();
  }

  reset() {
    this.#latest = null;
    notebook.reset(this.#number);
    edits.forget(this.#place);
    if (this.#editor) this.#editor.code = this.#book.code;
    this.#output.restore();
    this.#showCode();
    this.#forgetWords();
    this.#say(BOOKS);
    showStates();
  }

  /* What was said of it and of those below isn't so any more. */
  #forgetWords() {
    for (const [number, cell] of live) {
      if (number >= this.#number) cell.#say("");
    }
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
    const stopProgress = python.showProgress(this.#progress, (words) =>
      this.#say(words),
    );
    this.#stop.hidden = false;
    return () => {
      stopProgress();
      this.#hide(this.#stop, true);
    };
  }

  /* Run the cells above that Python hasn't run as they are now. */
  #prepare() {
    return this.#runThrough(this.#number - 1, "Running the cells above…");
  }

  /* Start Python, and run the cells up to one that are to be run. */
  async #runThrough(last, words) {
    await python.start();
    // It is said once that they run; which one it is, is only to be seen.
    const which = element("span", { ariaHidden: "true" });
    const next = () =>
      [...live.keys()].find((n) => n <= last && !notebook.hasRun(n));
    for (let number = next(); number; number = next()) {
      const cell = live.get(number);
      if (!which.isConnected) this.#status.replaceChildren(words, which);
      which.textContent = ` (cell ${number})`;
      if (deadly.get(number) === cell.code) {
        this.#sayOf(number, " ended Python. Change it first.");
        return false;
      }
      const { good } = await cell.runNow(false);
      if (!good && !cell.mayFail) {
        this.#sayOf(number, " has failed.");
        return false;
      }
    }
    return true;
  }

  #sayOf(number, words) {
    const there = element("a", {
      href: `#cell-${number}`,
      textContent: `Code cell ${number}`,
    });
    const above = number < this.#number ? ", above," : "";
    this.#status.replaceChildren(there, above, words);
  }
}

const told = (words) =>
  words
    .split("`")
    .map((textContent, i) =>
      i % 2 ? element("code", { textContent }) : textContent,
    );

function wordsOf({ message, cell }) {
  if (message === "stopped") return "Stopped.";
  if (cell) return `Code cell ${cell} ended Python: ${message}.`;
  return `Python has failed: ${message}.`;
}

const stale = () =>
  [...live].filter(([, cell]) => cell.isStale).map(([number]) => number);

function showStates() {
  const [first] = stale();
  for (const [number, cell] of live) cell.showState(number === first);
}

/* The cell of a number, once the page's cells are known. */
async function cellOf(number) {
  const { cells } = await page();
  if (!notebook) {
    const codes = cells.map(({ code }) => code);
    const kept = places(codes);
    notebook = new Notebook(codes);
    for (const [index, book] of cells.entries()) {
      if (whyNot[index]) continue;
      live.set(index + 1, new LiveCell(index + 1, book, kept[index]));
    }
    showStates();
    const older = edits.besides(kept);
    if (older.length) showOlder(older);
  }
  return live.get(number);
}

export const run = async (number) => (await cellOf(number)).run();
export const edit = async (number) => (await cellOf(number)).edit();

/* Show what the reader has written before. */
export const bringBack = () => cellOf(1);

/* What can come before anybody has clicked. A click asks again for what fails,
   and says so. */
export const ahead = {
  start: () => python.start().catch(() => {}),
  fetch: () => fetchAhead().catch(() => {}),
};
