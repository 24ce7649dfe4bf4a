/* Lets the reader step through a figure. The steps stand in the table under
   it, where book/_ext/weave/steppers.py has put them; nothing is computed here. */

import { button, element } from "../shared/element.js";
import { FROM_DISK } from "../shared/this_page.js";
import { light, textIn } from "./lit.js";

const { src } = document.currentScript;
const PACE = 1200; // milliseconds for a step, when it plays
const BEFORE =
  "Only the numbers we start from are there. Nothing is computed yet.";

const asRow = ({ text }, index) =>
  element(
    "tr",
    {},
    element("td", { textContent: index + 1 }),
    element("td", {}, element("code", { textContent: text })),
  );

class Stepper {
  #box; // the drawing's, which scrolls
  #body; // the table's
  #book; // the drawing, the steps and the rows as the book has them
  #steps;
  #shown; // the drawing that is stepped through
  #prefix; // of its ids
  #at;
  #count = element("span", { className: "stepper-count" });
  #equation = element("p", { className: "stepper-equation" });
  #slider = element("input", { type: "range", min: 0 });
  #play = button("Play", () => this.#toggle());
  #timer; // while it plays

  constructor(root) {
    this.root = root;
    this.#box = root.querySelector(".drawing");
    this.#body = root.querySelector("tbody");
    const rows = [...this.#body.rows];
    const steps = rows.map(({ dataset, lastElementChild }) => ({
      ...dataset,
      text: lastElementChild.textContent,
    }));
    this.#shown = this.#box.firstElementChild;
    const drawn = this.#shown.cloneNode(true);
    this.#book = { svg: drawn, rows, steps, prefix: root.dataset.prefix };
    this.#steps = steps;
    this.#prefix = root.dataset.prefix;
    this.#at = Number(root.dataset.start);
    this.#addControls();
    this.#light();
    this.#say();
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
    let isComing = false;
    const change = button("Change the numbers", async () => {
      if (isComing) return;
      if (location.protocol === "file:") {
        this.#equation.textContent = FROM_DISK;
        return;
      }
      isComing = true;
      try {
        const { changeLeaves } = await import(
          src.replace("stepper.js", "recompute.js")
        );
        await changeLeaves(this);
        change.remove();
      } catch (problem) {
        this.#equation.textContent = `This could not be fetched: ${problem.message}.`;
      }
      isComing = false;
    });
    const bar = element(
      "div",
      { className: "stepper-bar" },
      button("Previous", go.ArrowLeft),
      button("Next", go.ArrowRight),
      this.#play,
      this.#slider,
      this.#count,
      change,
    );
    this.controls = element("div", { className: "stepper-controls" });
    this.controls.append(this.#equation, bar);
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
      const { altKey, ctrlKey, metaKey, target } = event;
      if (!step || altKey || ctrlKey || metaKey) return;
      if (target.matches("input:not([type=range])")) return;
      event.preventDefault();
      step();
    });
    this.#box.after(this.controls);
  }

  /* Step through another drawing; `prefix` is what its ids begin with. */
  load({ svg: drawn, steps, prefix, rows = steps.map(asRow) }) {
    this.#steps = steps;
    this.#prefix = prefix;
    this.#shown = drawn;
    this.#box.replaceChildren(drawn);
    this.#body.replaceChildren(...rows);
    this.show(this.#at);
  }

  restore() {
    this.load({ ...this.#book, svg: this.#book.svg.cloneNode(true) });
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
    this.#fill();
    this.#light();
    this.#bringIntoView();
    this.#say();
    this.#shown.setAttribute("role", "img");
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
    for (const [index, row] of [...this.#body.rows].entries()) {
      if (index + 1 === this.#at) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    }
  }
}

for (const root of document.querySelectorAll(".stepper")) new Stepper(root);
