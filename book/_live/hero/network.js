/* A network, and the machine code that trains it, which the library has written
   when the book was built. */

import { Machine } from "../shared/machine.js";

export class Network {
  #training;
  #forward;
  #count; // of the examples
  #size; // the number of the parameters
  #limit;

  /* It learns from `points`, which have their labels. Training is over once a parameter
     is larger than the limit. */
  constructor({ training, forward, points, limit }) {
    this.#training = new Machine(training);
    this.#forward = new Machine(forward);
    this.#count = points.length;
    this.#limit = limit;
    this.#training.write("x", points.flat());
  }

  /* From these parameters on, and at this learning rate. */
  start(parameters, rate) {
    this.#size = parameters.length;
    this.#training.write("p", parameters);
    this.#training.write("k0", new Float64Array(this.#size)); // the velocity
    this.#training.write("h", [rate, 0]); // and the momentum
  }

  get #parameters() {
    return this.#training.numbers("p", this.#size);
  }

  step() {
    this.#training.call("descend", this.#count, 1);
  }

  get hasRunAway() {
    return this.#parameters.some((x) => Math.abs(x) > this.#limit);
  }

  get loss() {
    this.#training.call("evaluate", this.#count);
    return this.#training.numbers("g", 1)[0];
  }

  /* What it says about places. */
  scores(places) {
    this.#forward.write("p", this.#parameters);
    this.#forward.write("x", places.flat());
    this.#forward.call("answer", places.length);
    const said = this.#forward.numbers("x", 2 * places.length);
    return places.map((_, i) => said[2 * i]); // where x was
  }
}
