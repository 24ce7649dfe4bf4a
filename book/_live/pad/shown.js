/* What is seen of a reading: the 8×8, the shares, and the first layer. */

import { svg } from "../shared/svg.js";
import { hundredths } from "./words.js";

const SIDE = 8;
const DARKEST = 16;
const FAINT = 0.3; // so much of a neuron's picture is seen while it is silent

const field = (i) =>
  svg("rect", { height: 1, width: 1, x: i % SIDE, y: Math.floor(i / SIDE) });

/* The 64 numbers that the network gets, as fields of grey. */
export class Pixels {
  #element;
  #fields = Array.from({ length: SIDE * SIDE }, (_, i) => field(i));

  constructor(element) {
    this.#element = element;
    element.firstElementChild.append(...this.#fields);
    this.show(this.#fields.map(() => 0));
  }

  show(pixels) {
    for (const [i, number] of pixels.entries()) {
      this.#fields[i].setAttribute("fill-opacity", number / DARKEST);
    }
  }

  /* Row by row, for those who listen. */
  describe(pixels) {
    const rows = pixels.some(Boolean)
      ? Array.from({ length: SIDE }, (_, row) =>
          pixels.slice(SIDE * row, SIDE * (row + 1)).join(" "),
        ).join("; ")
      : "all 0";
    this.#element.setAttribute(
      "aria-label",
      `What the network gets: 8 rows of 8 numbers from 0 to 16, ${rows}.`,
    );
  }
}

/* The share of each class, as bars. */
export class Shares {
  #bars;
  #numbers;

  constructor(table) {
    this.#bars = [...table.querySelectorAll("span")];
    this.#numbers = [...table.rows[0].querySelectorAll("td")];
  }

  show(shares) {
    const best = Math.max(...shares);
    for (const [digit, share] of shares.entries()) {
      this.#bars[digit].style.transform = `scaleY(${share})`;
      const number = this.#numbers[digit];
      number.textContent = hundredths(share);
      number.classList.toggle("digit-pad-best", share === best);
    }
  }

  clear() {
    for (const bar of this.#bars) bar.style.transform = "scaleY(0)";
    for (const number of this.#numbers) {
      number.textContent = "–";
      number.classList.remove("digit-pad-best");
    }
  }
}

/* The first layer: of each neuron a picture of its weights, which is lit by
   what the neuron says. */
export class Neurons {
  #element;
  #pictures;

  constructor(element, { neurons }) {
    this.#element = element;
    this.#pictures = [...element.querySelectorAll("svg")];
    for (const [n, { weights }] of neurons.entries()) {
      const most = Math.max(...weights.map(Math.abs)) || 1;
      this.#pictures[n].replaceChildren(
        ...weights.map((weight, i) => {
          const part = field(i);
          part.setAttribute("class", weight > 0 ? "positive" : "negative");
          const opacity = (Math.abs(weight) / most).toFixed(2);
          part.setAttribute("fill-opacity", opacity);
          return part;
        }),
      );
    }
    this.clear();
  }

  show(said) {
    const most = Math.max(...said, Number.MIN_VALUE);
    for (const [n, number] of said.entries()) {
      const lit = FAINT + (1 - FAINT) * (Math.max(number, 0) / most);
      this.#pictures[n].style.opacity = lit.toFixed(2);
      this.#pictures[n].classList.toggle("lit", number > 0);
    }
  }

  clear() {
    this.show(this.#pictures.map(() => 0));
  }

  describe(said) {
    const lit = said.filter((number) => number > 0).length;
    this.#element.setAttribute(
      "aria-label",
      `The ${this.#pictures.length} neurons of the first layer, each as a ` +
        `picture of its weights. ${lit} of them say something.`,
    );
  }
}
