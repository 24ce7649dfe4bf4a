/* What a cell has said, on the page. Text is shown as text; of a drawing
   nothing is let in that could run, or ask for anything. */

import purify from "dompurify";
import { element } from "./element.js";

const DRAWING = {
  USE_PROFILES: { svg: true },
  ADD_ATTR: ["role"],
  FORBID_TAGS: ["a", "animate", "animatetransform", "image", "set", "style"],
  // By its style, a drawing could lie over the whole page.
  FORBID_ATTR: ["href", "style", "xlink:href"],
  RETURN_DOM_FRAGMENT: true,
};

export function drawing(svg) {
  const box = element("div", { className: "drawing graph", tabIndex: 0 });
  box.append(purify.sanitize(svg, DRAWING));
  return box;
}

/* The sentences that tell what is drawn, folded away. */
function told(steps) {
  const items = steps.map((text) => element("li", { textContent: text }));
  return element(
    "details",
    { className: "graph-steps" },
    element("summary", { textContent: "The computation, step by step" }),
    element("ol", {}, ...items),
  );
}

function textBox(className, text) {
  const pre = element("pre", { textContent: text });
  return element("div", { className: `output ${className}` }, pre);
}

/* The live output of a cell, which takes the place of the book's. */
export class LiveOutput {
  #box = element("div", { className: "live-output" });
  #book; // the parts that it takes the place of

  constructor(cell, number) {
    this.#box.dataset.liveOutput = "";
    this.#box.setAttribute("role", "group");
    this.#box.setAttribute("aria-label", `Live output of code cell ${number}`);
    this.#box.hidden = true;
    const output = cell.querySelector(":scope > .cell_output");
    this.#book = output
      ? output.querySelectorAll(
          ":scope > .output, :scope > figure > :not(figcaption), :scope > .drawing, :scope > table",
        )
      : [];
    const caption = output?.querySelector(":scope > figure > figcaption");
    if (caption) caption.before(this.#box);
    else if (output) output.append(this.#box);
    else cell.append(this.#box);
  }

  /* The next output takes the place of what is there now. */
  clear() {
    this.#box.replaceChildren();
    this.#box.hidden = false;
    for (const part of this.#book) part.hidden = true;
  }

  /* What the book has to say is seen again. */
  restore() {
    this.#box.replaceChildren();
    this.#box.hidden = true;
    for (const part of this.#book) part.hidden = false;
  }

  add(output) {
    const { kind, text } = output ?? {}; // anybody can call `page.emit`
    const last = this.#box.lastElementChild;
    if (kind === "text" && last?.matches(".stream")) {
      last.firstChild.append(text);
    } else if (kind === "text") {
      this.#box.append(textBox("stream", text));
    } else if (kind === "error") {
      this.#box.append(textBox("traceback", text));
    } else if (kind === "svg") {
      this.#box.append(drawing(output.svg));
      if (output.steps.length) this.#box.append(told(output.steps));
    }
    for (const pre of this.#box.querySelectorAll("pre")) {
      if (pre.scrollWidth > pre.clientWidth) pre.tabIndex = 0;
    }
  }
}
