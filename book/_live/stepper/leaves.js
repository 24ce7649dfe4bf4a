/* Other numbers in a figure's leaves, and all that its steps show then. */

import { Computed } from "../shared/computed.js";
import { told } from "../shared/numbers.js";
import { Leaf } from "./leaf.js";

export class Leaves {
  #program;
  #computed;
  #leaves;

  /* `part` finds what has an id, and `onChange` gets to know all steps. */
  constructor(program, part, onChange) {
    this.#program = program;
    this.#computed = new Computed(program);
    const change = () => onChange(this.#steps());
    this.#leaves = program.leaves.map((leaf) =>
      leaf.node
        ? new Leaf(part(leaf.node), leaf, change)
        : { value: leaf.data },
    );
  }

  #steps() {
    const leaves = this.#leaves.map(({ value }) => value);
    const numbers = this.#computed.of([0, ...leaves]);
    return this.#program.steps.map((step) => told(step, numbers));
  }

  /* The book's numbers again. */
  restore() {
    for (const [i, { data }] of this.#program.leaves.entries()) {
      this.#leaves[i].value = data;
    }
    return this.#steps();
  }
}
