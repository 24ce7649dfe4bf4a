/* Machine code for browsers that the library has written, at work. What the
   buffers in memory are called, and what the functions do, stands in
   micrograd/compiler/wasm.py. */

const PAGE = 65536; // memory grows by so many bytes

export const bytes = (base64) =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

export class Machine {
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
