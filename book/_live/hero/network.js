/* A network, and the machine code that trains it, which the library has written
   when the book was built. What the buffers in memory are called, and what the
   functions do, stands in micrograd/compiler/wasm.py. */

const PAGE = 65536; // memory grows by so many bytes

export const bytes = (base64) =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

class Machine {
  #exports;

  constructor(code) {
    const module = new WebAssembly.Module(bytes(code));
    this.#exports = new WebAssembly.Instance(module).exports;
  }

  call(name, ...counts) {
    this.#exports[name](...counts);
  }

  /* So many numbers of a buffer, where they are: until memory grows. */
  numbers(name, count) {
    const { memory, [name]: start } = this.#exports;
    const missing = start.value + 8 * count - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    return new Float64Array(memory.buffer, start.value, count);
  }

  write(name, numbers) {
    this.numbers(name, numbers.length).set(numbers);
  }
}

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
