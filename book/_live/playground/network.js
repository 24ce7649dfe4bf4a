/* The network: a line for every weight, and the numbers of one neuron. */

import { element } from "../shared/element.js";
import { svg } from "../shared/svg.js";

const LAYER = 96; // from one layer to the next
const NEURON = 24; // from one neuron to the next
const THICKEST = 5;
const INPUTS = ["x", "y"];

const HINT =
  "Orange lines are positive, blue ones negative; the thicker, the larger.";

const digits = (number) => number.toFixed(4).replace("-", "−");

function cell(tag, textContent, properties = {}) {
  return element(tag, { textContent, ...properties });
}

function radio(name, value, checked) {
  const input = element("input", { checked, name, type: "radio", value });
  return element("label", {}, input, ` ${value}`);
}

export class Network {
  element = element("div", { className: "playground-network" });
  #drawing = svg("svg", { role: "img" });
  #what = element("fieldset"); // weights or gradients
  #select = element("select");
  #rows = element("tbody");
  #lines = []; // for each layer, neuron and input its line
  #circles = []; // for each layer and neuron its circle
  #network = [];

  constructor() {
    this.#what.append(
      cell("legend", "The lines show"),
      radio("playground-lines", "weights", true),
      radio("playground-lines", "gradients", false),
    );
    this.#what.addEventListener("change", () => this.#draw());
    this.#select.addEventListener("change", () => this.#draw());
    const head = ["Input", "Weight", "Gradient"].map((name) =>
      cell("th", name, { scope: "col" }),
    );
    const table = element(
      "table",
      {},
      element("thead", {}, element("tr", {}, ...head)),
      this.#rows,
    );
    table.setAttribute("aria-label", "The neuron's numbers");
    const frame = element("div", { className: "playground-numbers" }, table);
    frame.tabIndex = 0; // it scrolls
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", "The neuron's numbers");
    this.element.append(
      element(
        "div",
        {},
        this.#what,
        this.#drawing,
        cell("p", HINT, { className: "playground-hint" }),
      ),
      element("div", {}, element("label", {}, "Neuron ", this.#select), frame),
    );
  }

  show(network) {
    const shape = (layers) => layers.map((layer) => layer.length).join();
    const isNew = shape(network) !== shape(this.#network);
    this.#network = network;
    if (isNew) this.#lay();
    this.#draw();
  }

  describe() {
    const sizes = this.#network.map((layer) => layer.length).join(", ");
    this.#drawing.setAttribute(
      "aria-label",
      `The network: 2 inputs and layers of ${sizes}. The table has the ` +
        "numbers of one neuron.",
    );
  }

  /* The shape of a network, with nothing to be seen of its numbers yet. */
  #lay() {
    const sizes = [INPUTS.length, ...this.#network.map((l) => l.length)];
    const height = NEURON * Math.max(...sizes);
    const place = (layer, neuron) => [
      NEURON + LAYER * layer,
      height / 2 + NEURON * (neuron - (sizes[layer] - 1) / 2),
    ];
    this.#drawing.setAttribute(
      "viewBox",
      `0 0 ${LAYER * this.#network.length + 2 * NEURON} ${height}`,
    );
    this.#lines = this.#network.map((layer, l) =>
      layer.map(({ weights }, n) =>
        weights.map((_, i) => {
          const [x1, y1] = place(l, i);
          const [x2, y2] = place(l + 1, n);
          return svg("line", { x1, y1, x2, y2 });
        }),
      ),
    );
    const inputs = INPUTS.map((name, i) => {
      const [x, y] = place(0, i);
      return svg("text", { x: x - 8, y: y + 4, "text-anchor": "end" }, name);
    });
    this.#circles = this.#network.map((layer, l) =>
      layer.map((_, n) => {
        const [cx, cy] = place(l + 1, n);
        const circle = svg("circle", { cx, cy, r: 8 });
        circle.addEventListener("click", () => {
          this.#select.value = `${l} ${n}`;
          this.#draw();
        });
        return circle;
      }),
    );
    this.#drawing.replaceChildren(
      ...this.#lines.flat(2),
      ...inputs,
      ...this.#circles.flat(),
    );
    this.#select.replaceChildren(
      ...this.#network.flatMap((layer, l) =>
        layer.map((_, n) =>
          cell("option", this.#called(l, n), { value: `${l} ${n}` }),
        ),
      ),
    );
  }

  #called(layer, neuron) {
    if (layer < 0) return INPUTS[neuron];
    if (layer === this.#network.length - 1) return "output";
    return `layer ${layer + 1}, neuron ${neuron + 1}`;
  }

  #draw() {
    const shown = this.#what.querySelector(":checked").value;
    const [chosenLayer, chosen] = this.#select.value.split(" ").map(Number);
    const most = this.#network
      .flat()
      .flatMap((neuron) => neuron[shown])
      .reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    for (const [l, layer] of this.#network.entries()) {
      for (const [n, neuron] of layer.entries()) {
        for (const [i, number] of neuron[shown].entries()) {
          const line = this.#lines[l][n][i];
          const part = most ? Math.abs(number) / most : 0;
          line.setAttribute("stroke-width", (part * THICKEST).toFixed(2));
          line.setAttribute("class", number > 0 ? "positive" : "negative");
        }
        const isChosen = l === chosenLayer && n === chosen;
        this.#circles[l][n].classList.toggle("chosen", isChosen);
      }
    }
    this.#fill(chosenLayer, this.#network[chosenLayer][chosen]);
  }

  #fill(layer, { weights, gradients, bias, bias_gradient }) {
    const row = (name, weight, gradient) =>
      element(
        "tr",
        {},
        cell("th", name, { scope: "row" }),
        cell("td", digits(weight)),
        cell("td", digits(gradient)),
      );
    this.#rows.replaceChildren(
      ...weights.map((weight, i) =>
        row(this.#called(layer - 1, i), weight, gradients[i]),
      ),
      row("bias", bias, bias_gradient),
    );
  }
}
