/* The playground's settings: a form, and the query of a link. What a setting
   may be is the library's to say. */

import { element } from "../shared/element.js";

const LABELS = {
  data: "Data",
  points: "Points",
  noise: "Noise",
  hidden: "Neurons in each hidden layer",
  activation: "Activation",
  rate: "Learning rate",
  decay: "Weight decay",
  seed: "Seed",
};

const NAMES = [...Object.keys(LABELS), "added"];
const HINT =
  "Each change starts the training anew. The address of this page always has " +
  "the settings: copy it to share them.";

/* What of an address is a setting. Other sites add names of their own to links
   on their way from one reader to the next. */
export function settingsIn(search) {
  const query = new URLSearchParams();
  const ignored = [];
  for (const [name, value] of new URLSearchParams(search)) {
    if (NAMES.includes(name)) query.append(name, value);
    else ignored.push(name);
  }
  return { query: query.toString(), ignored };
}

/* What the library refuses, by the name that the form has for it. */
export const inWords = (refused) =>
  `${refused.replace(/^\w+/, (name) => LABELS[name] ?? name)}.`;

function input({ choices, what }) {
  if (!choices.length) {
    return element("input", {
      autocomplete: "off",
      spellcheck: false,
      title: what,
      type: "text",
    });
  }
  const options = choices.map((name) =>
    element("option", { textContent: name, value: name }),
  );
  return element("select", {}, ...options);
}

export class Settings {
  element = element("form", { className: "playground-settings" });
  #inputs = new Map(); // a setting's name -> its input
  #added = ""; // the points that were added, as a query has them

  constructor(fields, onChange) {
    this.element.setAttribute("aria-label", "Settings");
    for (const field of fields) {
      if (!(field.name in LABELS)) continue;
      const made = Object.assign(input(field), { name: field.name });
      this.#inputs.set(field.name, made);
      const label = element("span", { textContent: LABELS[field.name] });
      this.element.append(element("label", {}, label, made));
    }
    this.element.append(
      element("p", { className: "playground-hint", textContent: HINT }),
    );
    this.element.addEventListener("change", onChange);
    // Enter has changed what is to be changed, and sends nothing anywhere.
    this.element.addEventListener("submit", (event) => event.preventDefault());
  }

  /* What is in the inputs: a setting's name -> its value. */
  get values() {
    const values = {};
    for (const [name, made] of this.#inputs) values[name] = made.value;
    return values;
  }

  /* `before` are the values of when these settings were asked for: what the
     reader has changed since is left alone. */
  show(settings, before = this.values) {
    for (const [name, made] of this.#inputs) {
      if (made.value === before[name]) made.value = settings[name];
    }
    this.#added = settings.added;
  }

  get added() {
    return this.#added ? this.#added.split(";").length : 0;
  }

  forgetAdded() {
    this.#added = "";
  }

  get query() {
    const query = new URLSearchParams({ added: this.#added });
    for (const [name, made] of this.#inputs) query.set(name, made.value.trim());
    return query.toString();
  }
}
