/* What the reader turns, and what is wrong with it, where it is. */

import { element } from "../shared/element.js";

const LABELS = {
  data: "Data",
  points: "Points to learn from",
  test: "Held back for the test, %",
  noise: "Noise",
  seed: "Seed",
  activation: "Activation",
  rate: "Learning rate",
  decay: "Weight decay",
  batch: "Batch (0: all)",
};
const TASK = ["data", "points", "test", "noise", "seed"];
const MADE = ["points", "noise"]; // of no use for the reader's own data

function control({ choices }) {
  if (!choices.length) {
    return element("input", {
      autocomplete: "off",
      inputMode: "decimal",
      spellcheck: false,
      type: "text",
    });
  }
  const words = (choice) => (choice === "own" ? "your own" : choice);
  const options = choices.map((choice) => new Option(words(choice), choice));
  return element("select", {}, ...options);
}

export class Form {
  task = element("div", { className: "playground-fields" }); // data to learn
  training = element("div", { className: "playground-fields" }); // and how
  #controls = new Map(); // a setting's name -> what it is turned by
  #errors = new Map(); // and the words about it

  /* `onChange` gets a setting's name and its text. */
  constructor(fields, onChange) {
    for (const [name, words] of Object.entries(LABELS)) {
      const made = Object.assign(control(fields.get(name)), { name });
      made.addEventListener("change", () => onChange(name, made.value));
      made.ariaLabel = words;
      const error = element("span", {
        className: "playground-error",
        id: `playground-${name}-error`,
        role: "alert",
      });
      made.setAttribute("aria-describedby", error.id);
      this.#controls.set(name, made);
      this.#errors.set(name, error);
      const label = element("label", {}, element("span", {}, words), made);
      const part = TASK.includes(name) ? this.task : this.training;
      part.append(element("div", {}, label, error));
    }
  }

  /* What the reader has turned is so; what is being typed is left alone. */
  show(settings) {
    for (const [name, made] of this.#controls) {
      const isTyped =
        made === document.activeElement && this.#errors.get(name).textContent;
      if (!isTyped) made.value = settings[name];
      made.disabled = settings.data === "own" && MADE.includes(name);
    }
  }

  refuse(name, words) {
    const error = this.#errors.get(name);
    if (!error) return false;
    error.textContent = words;
    this.#controls.get(name).ariaInvalid = words !== "";
    return true;
  }
}
