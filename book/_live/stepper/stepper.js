/* Lets the reader step through a figure. The steps stand in the table under
   it, where book/_ext/weave/steppers.py has put them. */

import { button, element, folded } from "../shared/element.js";
import { Leaves } from "./leaves.js";
import { light, textIn } from "./lit.js";

const PACE = 1200; // milliseconds for a step, when it plays
const MARGIN = 6; // beside a text in its box
const BEFORE =
  "Only the numbers we start from are there. Nothing is computed yet.";

const YOUR_GRAPH = "This is your graph; the caption describes the book's.";
const YOURS = "These are your numbers; the caption describes the book's.";

class Stepper {
  #box; // the drawing's, which scrolls
  #rows; // of the table
  #steps;
  #shown; // the drawing
  #prefix; // of its ids
  #at;
  #count = element("span", { className: "stepper-count" });
  #equation = element("p", { className: "stepper-equation" });
  #slider = element("input", { type: "range", min: 0 });
  #play = button("Play", () => this.#toggle());
  #timer; // while it plays
  #restore = button("Back to the book's numbers", () => this.#goBack());
  #note = element("p", { className: "stepper-note", role: "status" });
  #leaves;

  constructor(root, note = "") {
    this.root = root;
    this.#note.textContent = note;
    this.#box = root.querySelector(".drawing");
    this.#rows = [...root.querySelector("tbody").rows];
    this.#steps = this.#rows.map(({ dataset, lastElementChild }) => ({
      ...dataset,
      text: lastElementChild.textContent,
    }));
    this.#shown = this.#box.firstElementChild;
    this.#prefix = root.dataset.prefix;
    this.#at = Number(root.dataset.start);
    this.#addControls();
    this.#addLeaves();
    this.#light();
    this.#say();
  }

  /* They can be changed, if there is what computes the rest anew. */
  #addLeaves() {
    const program = this.root.querySelector(".stepper-program");
    if (!program || typeof WebAssembly !== "object") return;
    this.#shown.setAttribute("role", "group"); // an image has no parts
    this.#leaves = new Leaves(
      JSON.parse(program.textContent),
      (id) => this.#part(id),
      (told) => {
        this.#change(told);
        this.#restore.hidden = false;
        this.#note.textContent = YOURS;
      },
    );
  }

  /* Other numbers, in all that the steps say and show. */
  #change(told) {
    this.#steps = this.#steps.map((step, i) => ({ ...step, ...told[i] }));
    for (const [i, { text }] of told.entries()) {
      this.#rows[i].querySelector("code").textContent = text;
    }
    this.#display();
  }

  #goBack() {
    this.#change(this.#leaves.restore());
    this.#restore.hidden = true;
    this.#note.textContent = "";
    this.#slider.focus(); // the button is gone
  }

  #addControls() {
    const go = {
      Home: () => this.#goTo(0),
      ArrowLeft: () => this.#goTo(this.#at - 1),
      ArrowRight: () => this.#goTo(this.#at + 1),
      End: () => this.#goTo(this.#steps.length),
    };
    this.#slider.setAttribute("aria-label", "Step");
    this.#slider.addEventListener("input", () =>
      this.#goTo(Number(this.#slider.value)),
    );
    this.#equation.setAttribute("role", "status");
    this.#restore.hidden = true;
    const bar = element(
      "div",
      { className: "stepper-bar" },
      button("Previous", go.ArrowLeft),
      button("Next", go.ArrowRight),
      this.#play,
      this.#slider,
      this.#count,
      this.#restore,
    );
    this.controls = element("div", {
      className: "figure-controls stepper-controls",
    });
    this.controls.append(this.#equation, bar, this.#note);
    this.controls.setAttribute("role", "group");
    const number = this.root
      .closest("figure")
      ?.querySelector(".caption-number")
      ?.textContent.trim();
    this.controls.setAttribute(
      "aria-label",
      `Steps of ${number ?? "the figure"}`.replace(/\.$/, ""),
    );
    /* Not on the drawing itself: there the arrows scroll. */
    this.controls.addEventListener("keydown", (event) => {
      const step = go[event.key];
      const { altKey, ctrlKey, metaKey } = event;
      if (!step || altKey || ctrlKey || metaKey) return;
      event.preventDefault();
      step();
    });
    this.#box.after(this.controls);
  }

  /* The reader goes somewhere, and playing is over. */
  #goTo(step) {
    this.#pause();
    this.show(step);
  }

  /* Play to the end, or from the beginning if it is there already. */
  #toggle() {
    if (this.#timer) {
      this.#pause();
      return;
    }
    const isOver = () => this.#at === this.#steps.length;
    if (isOver()) this.show(0);
    this.#timer = setInterval(() => {
      this.show(this.#at + 1);
      if (isOver()) this.#pause();
    }, PACE);
    this.#play.textContent = "Pause";
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#play.textContent = "Play";
  }

  show(step) {
    this.#at = Math.min(Math.max(step, 0), this.#steps.length);
    this.#display();
    this.#bringIntoView();
  }

  #display() {
    this.#fill();
    this.#light();
    this.#say();
    if (!this.#leaves) this.#shown.setAttribute("role", "img");
    const count = this.#count.textContent;
    this.#shown.setAttribute("aria-label", `The graph at ${count}.`);
    this.#shown.removeAttribute("aria-describedby");
  }

  #part(id) {
    return this.#shown.querySelector(`#${this.#prefix}${id}`);
  }

  /* What is known after this step stands in the boxes. */
  #fill() {
    const write = (text, words, isKnown) => {
      text.textContent = words;
      text.classList.toggle("unknown", !isKnown);
    };
    for (const text of this.#shown.querySelectorAll("text")) {
      if (text.textContent.startsWith("grad ")) write(text, "grad 0");
    }
    for (const { kind, node } of this.#steps) {
      if (kind === "forward") write(textIn(this.#part(node), "data"), "data");
    }
    for (const { kind, node, shows } of this.#steps.slice(0, this.#at)) {
      const which = kind === "forward" ? "data" : "grad";
      write(textIn(this.#part(node), which), shows, true);
    }
    if (this.#leaves) this.#fit();
  }

  /* What is too long for its box is squeezed. */
  #fit() {
    const texts = [...this.#shown.querySelectorAll("polygon + text")];
    for (const text of texts) text.removeAttribute("textLength");
    const rooms = texts.map((text) => {
      const { points } = text.previousElementSibling;
      const room = points[2].x - points[0].x - 2 * MARGIN;
      return text.getComputedTextLength() > room ? room : null;
    });
    for (const [i, room] of rooms.entries()) {
      if (room === null) continue;
      texts[i].setAttribute("textLength", room);
      texts[i].setAttribute("lengthAdjust", "spacingAndGlyphs");
    }
  }

  #light() {
    const step = this.#steps[this.#at - 1];
    light(this.#shown, step, (id) => this.#part(id));
  }

  #bringIntoView() {
    const lit = [...this.#shown.querySelectorAll(".lit, .factor")];
    if (!lit.length) return;
    const box = this.#box.getBoundingClientRect();
    const places = lit.map((part) => part.getBoundingClientRect());
    const missing = (start, end, size) => {
      const from = Math.min(...places.map((place) => place[start]));
      const to = Math.max(...places.map((place) => place[end]));
      const isSeen = from >= box[start] && to <= box[end];
      return isSeen ? 0 : (from + to) / 2 - box[start] - box[size] / 2;
    };
    this.#box.scrollBy(
      missing("left", "right", "width"),
      missing("top", "bottom", "height"),
    );
  }

  #say() {
    const equation = this.#steps[this.#at - 1]?.text ?? BEFORE;
    const count = `step ${this.#at} of ${this.#steps.length}`;
    this.#equation.textContent = equation;
    this.#count.textContent = count;
    this.#slider.max = this.#steps.length;
    this.#slider.value = this.#at;
    // The equation is a status, and is told as one.
    this.#slider.setAttribute("aria-valuetext", count);
    for (const [index, row] of this.#rows.entries()) {
      if (index + 1 === this.#at) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    }
  }
}

function row({ text, ...about }, index) {
  const made = element(
    "tr",
    {},
    element("td", { textContent: index + 1 }),
    element("td", {}, element("code", { textContent: text })),
  );
  Object.assign(made.dataset, about);
  return made;
}

for (const root of document.querySelectorAll(".stepper")) new Stepper(root);

/* A cell has been run, and has drawn a graph: as the book's, or another. */
document.addEventListener("graph", ({ target: box, detail }) => {
  const { prefix, start, steps } = detail;
  const root = element("div", { className: "stepper" });
  Object.assign(root.dataset, { prefix, start });
  box.replaceWith(root);
  const rows = element("tbody", {}, ...steps.map(row));
  root.append(
    box,
    folded("steps", "The steps, one by one", element("table", {}, rows)),
  );
  const [book, own] = [root.closest(".cell").querySelector(".stepper"), root]
    .map((one) => [...one.querySelectorAll("tbody code")])
    .map((codes) => codes.map(({ textContent }) => textContent).join());
  new Stepper(root, own === book ? "" : YOUR_GRAPH).show(start);
});
