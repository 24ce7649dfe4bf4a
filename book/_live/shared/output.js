/* What a cell has said, on the page. Text is shown as text; of a drawing
   nothing is let in that could run, or ask for anything. */

import purify from "dompurify";
import { colouredError } from "./coloured.js";
import { button, element, folded } from "./element.js";
import { Printed } from "./printed.js";

const DRAWING = {
  USE_PROFILES: { svg: true },
  ADD_ATTR: ["role"],
  FORBID_TAGS: ["a", "animate", "animatetransform", "image", "set", "style"],
  // By its style, a drawing could lie over the whole page.
  FORBID_ATTR: ["href", "style", "xlink:href"],
  RETURN_DOM_FRAGMENT: true,
};

/* A plot shrinks with the page; a graph scrolls, by the keys too. */
export function drawing(svg) {
  // Graphviz marks what it draws.
  const isGraph = svg.includes('class="graph"');
  const box = element("div", {
    className: `drawing ${isGraph ? "graph" : "plot"}`,
  });
  if (isGraph) box.tabIndex = 0;
  box.append(purify.sanitize(svg, DRAWING));
  return box;
}

/* The sentences that tell what is drawn, folded away. */
function told(steps) {
  const items = steps.map((text) => element("li", { textContent: text }));
  return folded(
    "graph-steps",
    "The computation, step by step",
    element("ol", {}, ...items),
  );
}

function save(blob) {
  const href = URL.createObjectURL(blob);
  element("a", { download: "output.txt", href }).click();
  URL.revokeObjectURL(href);
}

/* A box that scrolls is reached by the keys. Whether it does is asked when it
   has been laid out, lest that be done anew for each piece of text. */
const grown = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const box = target.closest(".output");
    const isWide = box?.scrollWidth > box?.clientWidth;
    const isHigh = box?.scrollHeight > box?.clientHeight;
    if (isWide || isHigh) box.tabIndex = 0;
  }
});

/* A box of text, as the book has them, to which more can be added. */
class Text {
  #printed = new Printed();
  #colour; // gives the parts of a text
  #first = element("pre");
  #leftOut = element("span");
  #last = element("pre");

  constructor(className, text, colour = (text) => [text]) {
    this.#colour = colour;
    this.box = element(
      "div",
      { className: `output ${className}` },
      element("div", { className: "highlight" }, this.#first),
    );
    grown.observe(this.#first);
    this.add(text);
  }

  add(text) {
    const printed = this.#printed;
    printed.add(text);
    const { first, last, leftOut } = printed;
    if (!leftOut) {
      this.#first.replaceChildren(...this.#colour(first + last));
      return;
    }
    const number = leftOut.toLocaleString("en");
    this.#leftOut.textContent = `… ${number} lines are left out here …`;
    this.#last.replaceChildren(...this.#colour(last));
    if (this.#last.isConnected) return;
    this.#first.replaceChildren(...this.#colour(first));
    const saveAll = button("Save all of it", () => save(printed.whole));
    const bar = { className: "live-bar live-left-out" };
    const rest = element("div", { className: "highlight" }, this.#last);
    this.box.append(element("div", bar, this.#leftOut, saveAll), rest);
  }
}

/* The live output of a cell, which takes the place of the book's. */
export class LiveOutput {
  #box = element("div", { className: "live-output" });
  #book; // the parts that it takes the place of
  #stream = null; // what is printed last, if it is the last of all
  #drawn; // the last drawing, and what tells of it

  constructor(cell, number) {
    this.#box.dataset.liveOutput = "";
    this.#box.setAttribute("role", "group");
    this.#box.setAttribute("aria-label", `Live output of code cell ${number}`);
    this.#box.hidden = true;
    let output = cell.querySelector(":scope > .cell_output");
    if (!output) {
      output = element("div", { className: "cell_output" });
      cell.append(output);
    }
    this.#book = output.querySelectorAll(
      ":scope > .output, :scope > figure > :not(figcaption), :scope > .drawing, :scope > table",
    );
    const caption = output.querySelector(":scope > figure > figcaption");
    if (caption) caption.before(this.#box);
    else output.append(this.#box);
  }

  /* Whether it is seen, and not the book's. */
  get isSeen() {
    return !this.#box.hidden;
  }

  /* The next output takes the place of what is there now. */
  clear() {
    this.#empty();
    this.#box.hidden = false;
    for (const part of this.#book) part.hidden = true;
  }

  /* What the book has to say is seen again. */
  restore() {
    this.#empty();
    this.#box.hidden = true;
    for (const part of this.#book) part.hidden = false;
  }

  #empty() {
    this.#box.replaceChildren();
    this.#stream = null;
  }

  add(output) {
    const { kind, text } = output ?? {}; // anybody can call `page.emit`
    if (kind === "text" && this.#stream) {
      this.#stream.add(text);
    } else if (kind === "text") {
      this.#stream = new Text("stream", text);
      this.#box.append(this.#stream.box);
    } else if (kind === "error") {
      this.#stream = null;
      this.#box.append(new Text("traceback", text, colouredError).box);
    } else if (kind === "svg") {
      this.#stream = null;
      this.#drawn = element("div", {}, drawing(output.svg));
      if (output.steps.length) this.#drawn.append(told(output.steps));
      this.#box.append(this.#drawn);
    } else if (kind === "steps" && this.#drawn) {
      const box = drawing(output.svg);
      this.#drawn.replaceChildren(box);
      // It is made a stepper of: see stepper/stepper.js.
      box.dispatchEvent(
        new CustomEvent("graph", { bubbles: true, detail: output }),
      );
    }
  }
}
