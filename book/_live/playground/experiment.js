/* An experiment, as micrograd/experiment.py has it, with the machine code that
   the library has written for it. Its numbers are the library's, to the last
   digit. */

import { bytes, Machine } from "../shared/machine.js";

export class Experiment {
  examples;
  tests;
  steps = 0;
  #network;
  #training; // learns from a batch
  #judge; // knows the loss of any examples
  #neurons;
  #numbers; // of the examples, one after the other
  #size; // the number of parameters
  #rate;
  #batch;
  #limit;

  /* `network` and `examples` are as book/_live/python/training.py tells them. */
  constructor(network, { examples, tests }, { rate, batch, limit }) {
    this.examples = [...examples];
    this.tests = tests;
    this.#network = network;
    this.#rate = rate;
    this.#batch = batch;
    this.#limit = limit;
    const start = new Float64Array(bytes(network.start).buffer);
    this.#size = start.length;
    this.#training = new Machine(network.training);
    this.#training.write("p", start);
    this.#training.write("k0", new Float64Array(this.#size)); // the velocity
    this.#judge = new Machine(network.training);
    this.#neurons = new Machine(network.neurons);
    this.#numbers = Float64Array.from(examples.flat());
  }

  set rate(rate) {
    this.#rate = rate;
  }

  /* Training goes on from where it is. */
  add(example) {
    this.examples.push(example);
    this.#numbers = Float64Array.from(this.examples.flat());
  }

  /* So many steps, but none after training has run away. */
  step(steps = 1) {
    const count = this.examples.length;
    const size = this.#batch || count;
    const batches = Math.ceil(count / size);
    for (let made = 0; made < steps && !this.hasRunAway; made += 1) {
      const first = (this.steps % batches) * size;
      const last = Math.min(first + size, count);
      this.#training.write("x", this.#numbers.subarray(3 * first, 3 * last));
      this.#training.write("h", [this.#rate, 0]); // and the momentum
      this.#training.call("descend", last - first, 1);
      this.steps += 1;
    }
  }

  get parameters() {
    return this.#training.numbers("p", this.#size);
  }

  /* Those of the last step; 0 before the first one. */
  get gradients() {
    return this.#training.numbers("g", this.#size + 1).subarray(1);
  }

  get hasRunAway() {
    return this.parameters.some((x) => Math.abs(x) > this.#limit);
  }

  /* The loss on the examples, or on the tests. */
  loss(examples = this.examples) {
    this.#judge.write("p", this.parameters);
    this.#judge.write("x", examples.flat());
    this.#judge.call("evaluate", examples.length);
    return this.#judge.numbers("g", 1)[0];
  }

  /* The share of them that are on the right side. */
  accuracy(examples = this.examples) {
    const [scores] = this.say(examples);
    const right = examples.filter(([, , z], i) => scores[i] > 0 === z > 0);
    return right.length / examples.length;
  }

  /* What the network says of places, then each feature and hidden neuron. */
  say(places) {
    const { sizes } = this.#network;
    const count = sizes.reduce((a, b) => a + b);
    const said = Array.from(
      { length: count },
      () => new Float64Array(places.length),
    );
    this.#neurons.write("p", this.parameters);
    const x = this.#neurons.numbers("x", 2);
    const found = this.#neurons.numbers("g", count);
    for (const [i, [x0, y0]] of places.entries()) {
      x[0] = x0;
      x[1] = y0;
      this.#neurons.call("evaluate", 1);
      for (let k = 0; k < count; k += 1) said[k][i] = found[k];
    }
    return said;
  }

  /* Each neuron's parameters and their gradients, layer by layer; the bias is
     the last one. */
  get layers() {
    const { sizes } = this.#network;
    const { parameters, gradients } = this;
    let first = 0;
    return sizes.slice(1).map((size, layer) =>
      Array.from({ length: size }, () => {
        const part = [first, first + sizes[layer] + 1];
        [, first] = part;
        return {
          parameters: parameters.subarray(...part),
          gradients: gradients.subarray(...part),
        };
      }),
    );
  }
}
