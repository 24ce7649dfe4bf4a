/* What a figure shows of some numbers, by machine code that the library has
   written when the book was built. What there is to know of it comes from
   book/_ext/weave/figure_program.py. */

import { Machine } from "./machine.js";
import { asShown } from "./numbers.js";

export class Computed {
  #program;
  #machine;

  constructor(program) {
    this.#program = program;
    this.#machine = new Machine(program.code);
  }

  /* All numbers, in their places. For equations it is computed once more what
     comes of the numbers that the reader sees. */
  of(given) {
    const { constants, count, seen } = this.#program;
    const evaluate = (rounded) => {
      this.#machine.write("x", [...given, ...rounded]);
      this.#machine.call("evaluate", 1);
      return [...this.#machine.numbers("g", count), ...constants];
    };
    const exact = evaluate(seen.map(() => 0));
    return evaluate(seen.map((place) => asShown(exact[place])));
  }
}
