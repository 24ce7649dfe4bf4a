/* Other numbers in a figure's leaves: the engine computes it all anew. */

import { page, python } from "../python/python.js";
import { button, element } from "../shared/element.js";
import { drawing } from "../shared/output.js";

const CHANGED = "These are your numbers; the caption describes the book's.";

class Leaves {
  #stepper;
  #graph;
  #rule; // of the page, where it has no backward() yet
  #inputs; // a list of [leaf, input]
  #status = element("span", { className: "live-status", role: "status" });
  #progress = element("progress", { max: 1, hidden: true });
  #submit = element("button", { textContent: "Recompute" });

  constructor(stepper, { graph, rule, leaves }) {
    this.#stepper = stepper;
    this.#graph = graph;
    this.#rule = rule;
    this.#inputs = leaves.map((leaf) => [
      leaf,
      element("input", { type: "number", step: "any", value: leaf.data }),
    ]);
    this.#progress.setAttribute("aria-label", "Starting Python");
    const form = element(
      "form",
      { className: "stepper-leaves", noValidate: true },
      ...this.#inputs.map(([{ name }, input]) =>
        element("label", {}, `${name} `, input),
      ),
      this.#submit,
      button("Back to the book's numbers", () => this.#restore()),
      this.#progress,
      this.#status,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#recompute();
    });
    stepper.controls.append(form);
    this.#inputs[0][1].focus();
  }

  #say(words) {
    this.#status.textContent = words;
  }

  #restore() {
    for (const [{ data }, input] of this.#inputs) input.value = data;
    this.#stepper.restore();
    this.#say("");
  }

  async #recompute() {
    if (this.#submit.ariaDisabled) return;
    for (const [{ name }, input] of this.#inputs) {
      if (Number.isFinite(input.valueAsNumber)) continue;
      this.#say(`Enter a number for ${name}.`);
      input.focus();
      return;
    }
    const stopProgress = python.showProgress(this.#progress, (words) =>
      this.#say(words),
    );
    this.#submit.setAttribute("aria-disabled", "true");
    try {
      await python.start();
      this.#say("Computing…");
      const { svg, steps, prefix } = await python.call("recompute", {
        graph: this.#graph,
        rule: this.#rule,
        data: this.#inputs.map(([{ node }, input]) => [
          node,
          input.valueAsNumber,
        ]),
      });
      const drawn = drawing(svg).firstElementChild;
      this.#stepper.load({ svg: drawn, steps, prefix });
      this.#say(CHANGED);
    } catch (problem) {
      const why = problem.message;
      this.#say(why === "stopped" ? "Stopped." : `Python has failed: ${why}.`);
    } finally {
      stopProgress();
      this.#submit.removeAttribute("aria-disabled");
    }
  }
}

/* Let the reader change a figure's leaves. */
export async function changeLeaves(stepper) {
  const { cells } = await page();
  const { id } = stepper.root.closest(".cell");
  new Leaves(stepper, cells[Number(id.replace("cell-", "")) - 1].stepper);
}
