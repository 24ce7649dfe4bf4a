/* The network: a picture in every feature and neuron, a line for every weight,
   and what makes more of them or less. */

import { element } from "../shared/element.js";
import { svg } from "../shared/svg.js";

const FEATURES = {
  x: "x",
  y: "y",
  xx: "x²",
  yy: "y²",
  xy: "xy",
  sinx: "sin x",
  siny: "sin y",
};
const LAYERS = 4;
const NEURONS = 16;
const THICKEST = 5;

const digits = (number) => number.toFixed(4).replace("-", "−");

const neurons = (count) => `${count} neuron${count === 1 ? "" : "s"}`;

function cell(tag, textContent, properties = {}) {
  return element(tag, { textContent, ...properties });
}

/* A knob that is pulled, pressed or moved by keys; what it says, follows. */
function slider(name, most, value, words, onChange) {
  const input = element("input", { max: most, min: 1, type: "range", value });
  const said = element("span");
  const say = () => {
    said.textContent = words(input.valueAsNumber);
    input.setAttribute("aria-valuetext", said.textContent);
  };
  input.setAttribute("aria-label", name);
  input.addEventListener("input", say);
  input.addEventListener("change", () => onChange(input.valueAsNumber));
  say();
  return element("label", { className: "playground-slider" }, said, input);
}

export class Network {
  element = element("div", { className: "playground-network" });
  numbers; // of one neuron
  #drawing = element("div", { className: "playground-drawing" });
  #lines = svg("svg", { "aria-hidden": "true" });
  #layers = element("div", { className: "playground-layers" });
  #boxes = new Map(); // a feature's name -> its checkbox
  #features = []; // the names of those that are chosen
  #columns = []; // for the features and each layer: the canvases
  #weights = []; // for each layer, neuron and input its line
  #select = element("select");
  #rows = element("tbody");
  #shown = [];
  #onChoose;
  #onHidden;
  #onFeatures;

  constructor({ onChoose, onHidden, onFeatures }) {
    this.#onChoose = onChoose;
    this.#onHidden = onHidden;
    this.#onFeatures = onFeatures;
    this.element.append(this.#layers, this.#drawing);
    this.#select.addEventListener("change", () => this.#choose());
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
    this.numbers = element(
      "div",
      { className: "playground-numbers" },
      element("label", {}, "Shown: ", this.#select),
      table,
    );
    new ResizeObserver(() => this.#connect()).observe(this.#drawing);
  }

  /* The number of what is chosen, as the experiment says them: output first. */
  get chosen() {
    return Number(this.#select.value || 0);
  }

  #choose() {
    this.#mark();
    this.#onChoose();
  }

  #mark() {
    for (const [i, canvas] of this.#all.entries()) {
      canvas.classList.toggle("chosen", i === this.chosen);
    }
  }

  /* All canvases, in the order in which the experiment says their numbers. */
  get #all() {
    const output = this.#columns.at(-1)[0];
    return [output, ...this.#columns.slice(0, -1).flat()];
  }

  /* Another shape: the names of its features, and its hidden layers' widths. */
  lay(features, hidden) {
    this.#features = features;
    const focused = document.activeElement?.getAttribute("aria-label");
    const before = this.#select.value;
    const picture = () =>
      element("canvas", { className: "playground-picture" });
    const choose = (canvas) => {
      canvas.addEventListener("click", () => {
        this.#select.value = this.#all.indexOf(canvas);
        this.#choose();
      });
      return canvas;
    };
    const seen = [];
    const tiles = Object.entries(FEATURES).map(([name, words]) => {
      const isChosen = features.includes(name);
      const box = element("input", { checked: isChosen, type: "checkbox" });
      box.addEventListener("change", () => this.#toggle());
      box.setAttribute("aria-label", `Feature ${words}`);
      this.#boxes.set(name, box);
      const canvas = picture();
      if (isChosen) seen.push(canvas);
      return element("label", {}, box, element("span", {}, words), canvas);
    });
    this.#columns = [
      seen,
      ...hidden.map((count) =>
        Array.from({ length: count }, () => choose(picture())),
      ),
      [choose(picture())],
    ];
    const sliders = hidden.map((width, layer) =>
      slider(
        `Neurons in layer ${layer + 1}`,
        NEURONS,
        width,
        neurons,
        (count) => this.#onHidden(hidden.with(layer, count).join("-")),
      ),
    );
    const column = (className, head, parts) =>
      element(
        "div",
        { className },
        element("div", { className: "playground-head" }, head),
        element("div", { className: "playground-column" }, ...parts),
      );
    this.#drawing.replaceChildren(
      this.#lines,
      column("playground-features", "Features", tiles),
      ...sliders.map((knob, i) => column("", knob, this.#columns[i + 1])),
      column("", "Output", this.#columns.at(-1)),
    );
    const most = Math.max(7, ...hidden);
    this.#drawing.style.setProperty("--most", most);
    this.#layers.replaceChildren(
      slider(
        "Hidden layers",
        LAYERS,
        hidden.length,
        (count) => `${count} hidden layer${count === 1 ? "" : "s"}`,
        (count) => {
          const widths = Array.from(
            { length: count },
            (_, i) => hidden[i] ?? hidden.at(-1),
          );
          this.#onHidden(widths.join("-"));
        },
      ),
    );
    this.#weights = this.#columns
      .slice(1)
      .map((layer, l) =>
        layer.map(() => this.#columns[l].map(() => svg("line"))),
      );
    this.#lines.replaceChildren(...this.#weights.flat(2));
    this.#select.replaceChildren(...this.#options());
    this.#select.value = before;
    if (this.#select.selectedIndex < 0) this.#select.value = 0;
    for (const input of this.element.querySelectorAll("input")) {
      if (input.getAttribute("aria-label") === focused) input.focus();
    }
    this.#mark();
    this.#connect();
  }

  *#options() {
    yield cell("option", "output", { value: 0 });
    let number = 1 + this.#features.length;
    for (const [l, layer] of this.#columns.slice(1, -1).entries()) {
      for (const n of layer.keys()) {
        yield cell("option", this.#called(l, n), { value: number });
        number += 1;
      }
    }
  }

  #toggle() {
    const chosen = [...this.#boxes]
      .filter(([, box]) => box.checked)
      .map(([name]) => name);
    this.#onFeatures(chosen.join());
  }

  /* Draw the lines from where the pictures are to where the next ones are. */
  #connect() {
    const { left, top, width, height } = this.#drawing.getBoundingClientRect();
    if (!width || !this.#columns.length) return;
    this.#lines.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const sides = (canvas) => {
      const box = canvas.getBoundingClientRect();
      const y = (box.top + box.bottom) / 2 - top;
      return { from: [box.right - left, y], to: [box.left - left, y] };
    };
    const places = this.#columns.map((layer) => layer.map(sides));
    for (const [l, layer] of this.#weights.entries()) {
      for (const [n, lines] of layer.entries()) {
        for (const [i, line] of lines.entries()) {
          const [x1, y1] = places[l][i].from;
          const [x2, y2] = places[l + 1][n].to;
          for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) {
            line.setAttribute(name, value.toFixed(1));
          }
        }
      }
    }
  }

  /* `layers` has the neurons' weights, `said` what all of them say of places in
     so many columns. */
  show(layers, said, columns) {
    this.#shown = layers;
    const style = getComputedStyle(this.element);
    const colour = (name) => {
      const rgb = Number.parseInt(
        style.getPropertyValue(`--book-${name}`).trim().slice(1),
        16,
      );
      return [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
    };
    const colours = [colour("data"), colour("gradient")];
    for (const [i, canvas] of this.#all.entries()) {
      paint(canvas, said[i], columns, colours);
    }
    for (const [l, layer] of layers.entries()) {
      const most = layer
        .flatMap(({ weights }) => weights)
        .reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      for (const [n, { weights }] of layer.entries()) {
        for (const [i, weight] of weights.entries()) {
          const line = this.#weights[l][n][i];
          const part = most ? Math.abs(weight) / most : 0;
          line.setAttribute("stroke-width", (part * THICKEST).toFixed(2));
          line.setAttribute("class", weight > 0 ? "positive" : "negative");
        }
      }
    }
    this.#fill();
  }

  #called(layer, neuron) {
    if (layer < 0) return FEATURES[this.#features[neuron]];
    return `layer ${layer + 1}, neuron ${neuron + 1}`;
  }

  #fill() {
    if (!this.numbers.offsetParent) return; // it is folded away
    let number = this.chosen - 1 - this.#features.length;
    let layer = 0;
    if (this.chosen === 0) {
      layer = this.#shown.length - 1;
      number = 0;
    } else {
      while (number >= this.#shown[layer].length) {
        number -= this.#shown[layer].length;
        layer += 1;
      }
    }
    const neuron = this.#shown[layer][number];
    const row = (name, weight, gradient) =>
      element(
        "tr",
        {},
        cell("th", name, { scope: "row" }),
        cell("td", digits(weight)),
        cell("td", digits(gradient)),
      );
    this.#rows.replaceChildren(
      ...neuron.weights.map((weight, i) =>
        row(this.#called(layer - 1, i), weight, neuron.gradients[i]),
      ),
      row("bias", neuron.bias, neuron.biasGradient),
    );
  }
}

/* What one of them says of all places: the stronger, the larger. */
function paint(canvas, said, columns, [negative, positive]) {
  const rows = said.length / columns;
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (const [i, number] of said.entries()) {
    // Places come from the lowest row up.
    const row = rows - 1 - Math.floor(i / columns);
    const at = 4 * (row * columns + (i % columns));
    const [r, g, b] = number > 0 ? positive : negative;
    image.data[at] = r;
    image.data[at + 1] = g;
    image.data[at + 2] = b;
    image.data[at + 3] = 255 * Math.min(Math.abs(number), 1);
  }
  context.putImageData(image, 0, 0);
}
