/* The reader's own data: points by hand, and a table that is pasted. */

import { counted } from "../shared/counted.js";
import { button, element, folded } from "../shared/element.js";
import { examplesOf } from "./table.js";

function colour(name, value) {
  const input = element("input", { name: "label", type: "radio", value });
  input.checked = value === 1;
  return element("label", {}, input, ` ${name}`);
}

function coordinate(name) {
  const input = element("input", {
    autocomplete: "off",
    inputMode: "decimal",
    name,
    type: "text",
    value: 0,
  });
  return element("label", {}, `${name} `, input);
}

const alert = () =>
  element("p", { className: "playground-error", role: "alert" });

export class Adding {
  element = element("form", {
    ariaLabel: "Add a point",
    className: "playground-adding",
  });
  #error = alert();
  #forget;

  /* `onAdd` gets what is written for x and y, and says what is wrong. */
  constructor({ onAdd, onForget }) {
    this.#forget = button("Remove", onForget);
    this.#forget.ariaLabel = "Remove added points";
    this.element.append(
      element("span", {}, "Click to add"),
      colour("orange", 1),
      colour("blue", -1),
      coordinate("x"),
      coordinate("y"),
      element("button", { textContent: "Add", type: "submit" }),
      this.#forget,
      this.#error,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      const { x, y } = this.element.elements;
      onAdd(x.value, y.value);
    });
  }

  /* That of the colour which is chosen. */
  get label() {
    return Number(this.element.elements.label.value);
  }

  show(added) {
    this.#forget.hidden = !added;
  }

  refuse(words) {
    this.#error.textContent = words;
  }
}

export class Table {
  element;
  #text = element("textarea", {
    id: "playground-table",
    placeholder: "1.5, 2.0, yes\n0.3, 0.8, no",
    rows: 7,
    spellcheck: false,
    wrap: "off",
  });
  #error = alert();
  #said = element("p", { className: "playground-hint", role: "status" });

  /* `onUse` gets the examples. */
  constructor(onUse) {
    this.element = folded(
      "playground-table",
      "Your own data, as CSV",
      element("label", {
        htmlFor: this.#text.id,
        textContent: "Two numbers and one of two classes a line:",
      }),
      this.#text,
      this.#error,
      button("Use this data", () => this.#use(onUse)),
      this.#said,
    );
  }

  #use(onUse) {
    this.refuse("");
    this.#said.textContent = "";
    try {
      const { examples, classes } = examplesOf(this.#text.value);
      onUse(examples.map((example) => example.join()).join(";"));
      this.#said.textContent =
        `${counted(examples.length, "line")}. Orange circles: ` +
        `${classes[1]}; blue squares: ${classes[-1]}. Both columns are scaled ` +
        "to the mean 0 and the standard deviation 1.";
    } catch (problem) {
      this.refuse(problem.message);
    }
  }

  open() {
    this.element.open = true;
    this.#text.focus();
  }

  refuse(words) {
    this.#error.textContent = words;
    this.#text.ariaInvalid = words !== "";
  }
}
