/* What has become of a number, step by step. */

import { element } from "../shared/element.js";
import { svg } from "../shared/svg.js";

const WIDTH = 300;
const HEIGHT = 100;

/* So many steps, in words. */
export const counted = (steps) =>
  `${steps.toLocaleString("en")} step${steps === 1 ? "" : "s"}`;

export class Curve {
  element;
  #name;
  #value = element("span", { className: "playground-number" });
  #top = element("span");
  #last = element("span", { textContent: "0" });
  #line = svg("polyline", { "vector-effect": "non-scaling-stroke" });
  #drawing = svg("svg", {
    viewBox: `0 -2 ${WIDTH} ${HEIGHT + 4}`,
    preserveAspectRatio: "none",
    role: "img",
  });
  #highest; // at the top of the drawing; without it, what has been highest
  #written;

  /* `written` makes words of a number. */
  constructor(name, written, highest = null) {
    this.#name = name;
    this.#written = written;
    this.#highest = highest;
    this.#drawing.append(this.#line);
    const axis = (...ends) => {
      const made = element("div", { className: "playground-axis" }, ...ends);
      made.setAttribute("aria-hidden", "true");
      return made;
    };
    this.element = element(
      "figure",
      { className: "playground-curve" },
      element("figcaption", {}, `${name} `, this.#value),
      axis(this.#top),
      this.#drawing,
      axis(element("span", { textContent: "0" }), this.#last),
    );
  }

  /* `now` is the number to be told, where the last one isn't it. */
  show(numbers, now = numbers.at(-1)) {
    this.#value.textContent = now === undefined ? "–" : this.#written(now);
    const top = this.#highest ?? numbers.reduce((a, b) => Math.max(a, b), 0);
    this.#top.textContent = top ? this.#written(top) : "";
    this.#last.textContent = numbers.length ? counted(numbers.length) : "steps";
    // No more of them than there is room for: of many, the ends.
    const stride = Math.ceil(numbers.length / WIDTH);
    const points = [];
    for (let step = 0; step < numbers.length; step += stride) {
      const x = (step / Math.max(numbers.length - 1, 1)) * WIDTH;
      const many = numbers.slice(step, step + stride);
      for (const number of new Set([Math.max(...many), Math.min(...many)])) {
        const y = HEIGHT - (number / (top || 1)) * HEIGHT;
        points.push(`${x.toFixed(1)},${y.toFixed(1)}`);
      }
    }
    this.#line.setAttribute("points", points.join(" "));
  }

  /* The number that is told, in words. */
  get now() {
    return this.#value.textContent;
  }

  describe(numbers) {
    const said = numbers.length
      ? `${this.#name}: from ${this.#written(numbers[0])} to ` +
        `${this.#written(numbers.at(-1))} in ${counted(numbers.length)}`
      : `${this.#name}: no steps yet`;
    this.#drawing.setAttribute("aria-label", said);
  }
}
