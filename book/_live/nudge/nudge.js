/* A plot in which a point is dragged along a curve, and another one, a nudge
   away from it. The lines are those that the figure's cell has drawn; what
   there is to know of them comes from book/_ext/weave/nudge.py. */

import { Computed } from "../shared/computed.js";
import { drag } from "../shared/drag.js";
import { button, element } from "../shared/element.js";
import { equation, written } from "../shared/numbers.js";
import { svg } from "../shared/svg.js";

const STEP = 0.1;
const FARTHEST = 2; // of the nudges
const FINGER = 14; // around a point, in the drawing's units
const YOURS = "These are your numbers; the caption describes the book's.";

class Nudge {
  #drawing;
  #program;
  #computed;
  #points; // in the drawing
  #place; // of numbers in it
  #handles;
  #knobs = {};
  #equations = [0, 1].map(() => element("p", { className: "nudge-equation" }));
  #note = element("span", { role: "status" });
  #restore = button("Back to the book's numbers", () => this.#goBack());

  constructor(figure, program) {
    this.#drawing = figure.querySelector(".drawing > svg");
    this.#program = program;
    this.#computed = new Computed(program);
    this.#points = this.#part("points").querySelectorAll("use");
    this.#measure();
    this.#addKnobs();
    this.#addHandles();
    figure
      .querySelector(".drawing")
      .after(
        element(
          "div",
          { className: "figure-controls nudge-controls" },
          ...this.#equations,
          ...Object.values(this.#knobs).map((knob) => knob.parentNode),
          element("p", {}, this.#note, " ", this.#restore),
        ),
      );
    this.#goBack();
  }

  /* Of the plot, by the name that the figure's cell has given it. */
  #part(id) {
    return this.#drawing.querySelector(`[id$="-${id}"]`);
  }

  /* The drawing has two points, and we know which. */
  #measure() {
    const { x, h, here, there } = this.#program;
    const numbers = this.#computed.of([x, h]);
    const [a, b] = [...this.#points].map((use) => ({
      x: Number(use.getAttribute("x")),
      y: Number(use.getAttribute("y")),
    }));
    const slope = (b.y - a.y) / (numbers[there] - numbers[here]);
    this.#place = {
      x: (number) => a.x + ((number - x) / h) * (b.x - a.x),
      y: (number) => a.y + (number - numbers[here]) * slope,
      number: (place) => x + ((place - a.x) / (b.x - a.x)) * h,
    };
  }

  #addKnobs() {
    const curve = this.#part("curve").querySelector("path").getBBox();
    const tidy = (place) => Number(this.#place.number(place).toFixed(6));
    const bounds = {
      x: [tidy(curve.x), tidy(curve.x + curve.width)],
      h: [-FARTHEST, FARTHEST],
    };
    for (const [name, [min, max]] of Object.entries(bounds)) {
      const knob = element("input", { type: "range", min, max, step: STEP });
      element("label", {}, element("code"), knob);
      knob.setAttribute("aria-label", name);
      knob.addEventListener("input", () => this.#change());
      this.#knobs[name] = knob;
    }
  }

  /* A point is dragged, and a knob follows. */
  #addHandles() {
    const { x: point, h: nudge } = this.#knobs;
    const turns = [
      (number) => [point, number],
      (number) => [nudge, number - point.valueAsNumber],
    ];
    this.#handles = turns.map((turn) => {
      const handle = svg("circle", { class: "nudge-handle", r: FINGER });
      drag(
        handle,
        () => {},
        ({ clientX, clientY }) => {
          const map = this.#drawing.getScreenCTM().inverse();
          const at = new DOMPoint(clientX, clientY).matrixTransform(map);
          const [knob, number] = turn(this.#place.number(at.x));
          knob.value = number;
          this.#change();
        },
      );
      return handle;
    });
    this.#drawing.append(...this.#handles.toReversed());
  }

  #change() {
    this.#show();
    this.#note.textContent = YOURS;
    this.#restore.hidden = false;
  }

  #goBack() {
    for (const [name, knob] of Object.entries(this.#knobs)) {
      knob.value = this.#program[name];
    }
    this.#show();
    this.#note.textContent = "";
    this.#restore.hidden = true;
  }

  #show() {
    const { here, there, terms } = this.#program;
    const [x, h] = ["x", "h"].map((name) => this.#knobs[name].valueAsNumber);
    const numbers = this.#computed.of([x, h]);
    for (const [i, term] of terms.entries()) {
      this.#equations[i].textContent = equation(term, numbers);
    }
    for (const [name, knob] of Object.entries(this.#knobs)) {
      const text = written(knob.valueAsNumber);
      knob.previousSibling.textContent = `${name} = ${text}`;
      knob.setAttribute("aria-valuetext", text);
    }
    const places = [
      { x: this.#place.x(x), y: this.#place.y(numbers[here]) },
      { x: this.#place.x(x + h), y: this.#place.y(numbers[there]) },
    ];
    for (const [i, { x: cx, y: cy }] of places.entries()) {
      this.#points[i].setAttribute("x", cx);
      this.#points[i].setAttribute("y", cy);
      this.#handles[i].setAttribute("cx", cx);
      this.#handles[i].setAttribute("cy", cy);
    }
    const slopes = terms.map(({ result }) => numbers[result]);
    this.#draw("secant", x, numbers[here], slopes[0]);
    this.#draw("tangent", x, numbers[here], slopes[1]);
    const named = [...this.#drawing.querySelectorAll("text")].filter((text) =>
      text.textContent.startsWith("slope "),
    );
    for (const [i, text] of named.entries()) {
      text.textContent = `slope ${written(slopes[i])}`;
    }
  }

  /* A line through a point; without a slope there is none. */
  #draw(id, x, y, slope) {
    const { min, max } = this.#knobs.x;
    const ends = [Number(min), Number(max)].map(
      (end) => `${this.#place.x(end)},${this.#place.y(y + slope * (end - x))}`,
    );
    const path = this.#part(id).querySelector("path");
    path.setAttribute("d", Number.isNaN(slope) ? "" : `M${ends.join("L")}`);
  }
}

if (typeof WebAssembly === "object") {
  for (const place of document.querySelectorAll("[data-figure]")) {
    const program = JSON.parse(place.querySelector("script").textContent);
    new Nudge(document.getElementById(place.dataset.figure), program);
  }
}
