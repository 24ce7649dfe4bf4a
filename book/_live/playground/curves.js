/* What becomes of the loss: on the examples to learn from, and on the tests. */

import { counted } from "../shared/counted.js";
import { element } from "../shared/element.js";
import { svg } from "../shared/svg.js";

const WIDTH = 300;
const HEIGHT = 100;
const MOST = 400; // looks that are kept: of more, every other one

export const written = (loss) =>
  loss < 1000 ? loss.toFixed(4) : loss.toExponential(1);

export class Curves {
  element;
  #looks = []; // [steps, loss on the examples, loss on the tests or undefined]
  #numbers = ["training", "test"].map((name) =>
    element("b", { className: `playground-${name}` }),
  );
  #top = element("span");
  #last = element("span");
  #lines = ["training", "test"].map((name) =>
    svg("polyline", {
      class: `playground-${name}`,
      "vector-effect": "non-scaling-stroke",
    }),
  );
  #drawing = svg("svg", {
    viewBox: `0 -2 ${WIDTH} ${HEIGHT + 4}`,
    preserveAspectRatio: "none",
    role: "img",
  });

  constructor() {
    this.#drawing.append(...this.#lines);
    const [training, test] = this.#numbers;
    const axis = element("div", { className: "playground-axis" });
    axis.setAttribute("aria-hidden", "true");
    axis.append(this.#top, this.#last);
    this.element = element(
      "figure",
      { className: "playground-curves" },
      element(
        "figcaption",
        {},
        element("span", {}, "Loss, training ", training),
        element("span", {}, "test ", test),
      ),
      this.#drawing,
      axis,
    );
  }

  start() {
    this.#looks = [];
  }

  look(steps, ...losses) {
    if (this.#looks.at(-1)?.[0] === steps) this.#looks.pop();
    this.#looks.push([steps, ...losses]);
    if (this.#looks.length > MOST) {
      const last = this.#looks.length - 1;
      this.#looks = this.#looks.filter((_, i) => i % 2 === 0 || i === last);
    }
    const top = Math.max(...this.#looks.flatMap(([, a, b = 0]) => [a, b]));
    this.#top.textContent = `0 to ${written(top)}`;
    this.#last.textContent = counted(steps, "step");
    for (const [i, line] of this.#lines.entries()) {
      const now = losses[i];
      this.#numbers[i].textContent = now === undefined ? "–" : written(now);
      const points = this.#looks
        .filter((look) => look[i + 1] !== undefined)
        .map((look) => {
          const x = (look[0] / (steps || 1)) * WIDTH;
          const y = HEIGHT - (look[i + 1] / (top || 1)) * HEIGHT;
          return `${x.toFixed(1)},${y.toFixed(1)}`;
        });
      line.setAttribute("points", points.join(" "));
    }
  }

  describe() {
    const [steps, training, test] = this.#looks.at(-1);
    const [, first] = this.#looks[0];
    const tested = test === undefined ? "" : `, on the tests ${written(test)}`;
    this.#drawing.ariaLabel =
      `The loss: ${written(first)} at first, ${written(training)} after ` +
      `${counted(steps, "step")}${tested}`;
  }
}
