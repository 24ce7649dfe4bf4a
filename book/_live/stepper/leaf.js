/* A leaf of a figure, whose number the reader changes: by dragging it to and
   fro, with the arrow keys, or by typing another. */

import { drag } from "../shared/drag.js";
import { shown } from "../shared/numbers.js";
import { svg } from "../shared/svg.js";
import { textIn } from "./lit.js";

const PIXELS = 6; // to drag it by, for a step

/* A tenth of a number's first digit's worth, and of small ones a tenth. */
const stepFor = (x) =>
  10 ** (Math.max(0, Math.floor(Math.log10(Math.abs(x)))) - 1);

export class Leaf {
  #node;
  #text;
  #value;
  #step;
  #typed = "";
  #onChange;

  constructor(node, { name, data }, onChange) {
    this.#node = node;
    this.#text = textIn(node, "data");
    this.#step = stepFor(data);
    this.#onChange = onChange;
    node.classList.add("leaf");
    node.setAttribute("tabindex", 0);
    node.setAttribute("role", "spinbutton");
    node.setAttribute("aria-label", name);
    this.#addArrows();
    this.#followPointer();
    node.addEventListener("keydown", (event) => this.#press(event));
    node.addEventListener("blur", () => this.#type(""));
    this.value = data;
  }

  get value() {
    return this.#value;
  }

  set value(number) {
    this.#value = number;
    this.#node.setAttribute("aria-valuenow", number);
    this.#write();
  }

  #write() {
    this.#text.textContent = `data ${this.#typed || shown(this.#value)}`;
  }

  /* To the left and to the right of the number. */
  #addArrows() {
    const { points } = this.#text.previousElementSibling; // the cell
    const [left, right] = [points[0].x, points[2].x];
    const y = (points[0].y + points[1].y) / 2;
    const d = `M${left + 5},${y - 2.5}l-3,2.5l3,2.5zM${right - 5},${y - 2.5}l3,2.5l-3,2.5z`;
    this.#node.append(svg("path", { class: "arrows", d, stroke: "none" }));
  }

  /* So many steps further. */
  #move(from, steps) {
    const number = from + steps * this.#step;
    this.#change(Number(number.toPrecision(12))); // 0.3, not 0.30000000000000004
  }

  #change(number) {
    this.value = number;
    this.#onChange();
  }

  #followPointer() {
    const start = {};
    drag(
      this.#node,
      () => {
        this.#node.focus({ preventScroll: true });
        this.#type("");
        Object.assign(start, { from: this.#value, steps: 0 });
      },
      (_, pixels) => {
        const steps = Math.round(pixels / PIXELS);
        if (steps === start.steps) return;
        start.steps = steps;
        this.#move(start.from, steps);
      },
    );
  }

  #press(event) {
    const { altKey, ctrlKey, key, metaKey } = event;
    if (altKey || ctrlKey || metaKey) return;
    const steps = {
      ArrowUp: 1,
      ArrowRight: 1,
      ArrowDown: -1,
      ArrowLeft: -1,
      PageUp: 10,
      PageDown: -10,
    }[key];
    if (steps) {
      this.#typed = "";
      this.#move(this.#value, steps);
    } else if (/^[-.\de]$/.test(key)) {
      this.#type(this.#typed + key);
    } else if (key === "Backspace" && this.#typed) {
      this.#type(this.#typed.slice(0, -1));
    } else if (key === "Enter" || key === "Escape") {
      this.#type("");
    } else {
      return;
    }
    event.preventDefault();
  }

  /* What has been typed so far counts once it is a number. */
  #type(text) {
    this.#typed = text;
    const number = Number(text);
    if (text && Number.isFinite(number)) this.#change(number);
    else this.#write();
  }
}
