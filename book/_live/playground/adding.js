/* How the reader adds points: of a colour, and where. */

import { element } from "../shared/element.js";

function colour(name, value) {
  const input = element("input", { name: "label", type: "radio", value });
  input.checked = value === 1;
  return element("label", {}, input, ` ${name}`);
}

function coordinate(name) {
  const properties = { max: 10, min: -10, step: "any", type: "number" };
  const input = element("input", { name, value: 0, ...properties });
  return element("label", {}, `${name} `, input);
}

export class Adding {
  element = element("fieldset", { className: "playground-adding" });
  #form;
  #forget = element("button", {
    textContent: "Remove added points",
    type: "button",
  });

  /* `onAdd` gets x and y. */
  constructor({ onAdd, onForget }) {
    this.#form = element(
      "form",
      {},
      colour("orange", 1),
      colour("blue", -1),
      coordinate("x"),
      coordinate("y"),
      element("button", { textContent: "Add", type: "submit" }),
      this.#forget,
    );
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { x, y } = this.#form.elements;
      onAdd(x.valueAsNumber, y.valueAsNumber);
    });
    this.#forget.addEventListener("click", onForget);
    this.element.append(
      element("legend", {
        textContent: "Add a point: click on the plane, or enter x and y",
      }),
      this.#form,
    );
  }

  /* That of the colour which is chosen. */
  get label() {
    return Number(this.#form.elements.label.value);
  }

  show(added) {
    this.#forget.hidden = added === 0;
  }
}
