/* The network: a picture in every feature and neuron, a line for every weight,
   and what makes more of them or less. */

import { counted } from "../shared/counted.js";
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

function cell(tag, textContent, properties = {}) {
  return element(tag, { textContent, ...properties });
}

/* A knob that is pulled, pressed or moved by keys; it says how many there are. */
function slider(name, most, value, noun, onChange) {
  const input = element("input", {
    ariaLabel: name,
    max: most,
    min: 1,
    type: "range",
    value,
  });
  const said = element("span");
  const say = () => {
    said.textContent = counted(input.valueAsNumber, noun);
    input.ariaValueText = said.textContent;
  };
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
      { ariaLabel: "The neuron's numbers" },
      element("thead", {}, element("tr", {}, ...head)),
      this.#rows,
    );
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
    const focused = document.activeElement?.ariaLabel;
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
      const box = element("input", {
        ariaLabel: `Feature ${words}`,
        checked: isChosen,
        type: "checkbox",
      });
      box.addEventListener("change", () => this.#toggle());
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
        "neuron",
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
        "hidden layer",
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
      if (input.ariaLabel === focused) input.focus();
    }
    this.#mark();
    this.#connect();
  }

  *#options() {
    yield cell("option", "output", { value: 0 });
    let number = this.#features.length;
    for (const [l, layer] of this.#columns.slice(1, -1).entries()) {
      for (const n of layer.keys()) {
        number += 1;
        yield cell("option", this.#called(l, n), { value: number });
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

  /* `layers` has the neurons' parameters, `said` what all of them say of places in
     so many columns. */
  show(layers, said, columns) {
    const style = getComputedStyle(this.element);
    const colour = (name) =>
      style
        .getPropertyValue(`--book-${name}`)
        .match(/\w\w/g)
        .map((hex) => Number.parseInt(hex, 16));
    const colours = [colour("data"), colour("gradient")];
    for (const [i, canvas] of this.#all.entries()) {
      paint(canvas, said[i], columns, colours);
    }
    for (const [l, layer] of layers.entries()) {
      const weights = layer.map(({ parameters }) => parameters.slice(0, -1));
      const most = Math.max(
        ...weights.flatMap((row) => [...row]).map(Math.abs),
      );
      for (const [n, lines] of this.#weights[l].entries()) {
        for (const [i, line] of lines.entries()) {
          const weight = weights[n][i];
          const part = Math.abs(weight) / (most || 1);
          line.setAttribute("stroke-width", (part * THICKEST).toFixed(2));
          line.setAttribute("class", weight > 0 ? "positive" : "negative");
        }
      }
    }
    this.#fill(layers);
  }

  #called(layer, neuron) {
    if (neuron === this.#columns[layer + 1].length) return "bias";
    if (layer < 0) return FEATURES[this.#features[neuron]];
    return `layer ${layer + 1}, neuron ${neuron + 1}`;
  }

  #fill(layers) {
    if (!this.numbers.offsetParent) return; // it is folded away
    const { chosen } = this;
    const first = 1 + this.#features.length; // before the neurons
    const neuron = layers.flat().at(chosen ? chosen - first : -1);
    const layer = layers.findIndex((all) => all.includes(neuron));
    const rows = [...neuron.parameters].map((number, i) =>
      element(
        "tr",
        {},
        cell("th", this.#called(layer - 1, i), { scope: "row" }),
        cell("td", digits(number)),
        cell("td", digits(neuron.gradients[i])),
      ),
    );
    this.#rows.replaceChildren(...rows);
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
