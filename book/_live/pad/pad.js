/* A pad: what the reader draws is read, while it is drawn, by the network that
   the build has trained. book/_ext/weave/digit_pad.py has put its parts, and
   the network's numbers, into the page. */

import { outputs, softmax } from "./network.js";
import { box, pixelsOf } from "./pixels.js";
import { Sheet, SIZE } from "./sheet.js";
import { Neurons, Pixels, Shares } from "./shown.js";
import { NOTHING, said, TOO_SMALL } from "./words.js";

const SMALLEST = SIZE / 16; // what is no larger isn't read
const DARKEST = 16;
/* Milliseconds without a change after which it is said what was read, though
   the pen is still down: those who listen can't listen to every change. */
const PAUSE = 700;

class Pad {
  #place;
  #network;
  #sheet;
  #pixels;
  #shares;
  #neurons;
  #status;
  #frame; // the drawing has changed, and isn't read yet
  #pause;

  constructor(place) {
    const part = (name) => place.querySelector(`.digit-pad-${name}`);
    this.#place = place;
    this.#network = JSON.parse(part("network").textContent);
    this.#sheet = new Sheet(part("sheet"));
    this.#pixels = new Pixels(part("pixels"));
    this.#shares = new Shares(part("shares"));
    this.#neurons = new Neurons(part("neurons"), this.#network.layers[0]);
    this.#status = part("said");
    this.#sheet.addEventListener("draw", () => {
      this.#frame ??= requestAnimationFrame(() => this.#show());
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#say(), PAUSE);
    });
    this.#sheet.addEventListener("rest", () => this.#say());
    part("clear").addEventListener("click", () => this.#sheet.clear());
    part("clear").disabled = false;
    this.#show();
    this.#say();
  }

  /* What is on the sheet, and what the network says of it. */
  #read() {
    const { strokes } = this.#sheet;
    const { width, height } = box(strokes);
    if (!(Math.max(width, height) > SMALLEST)) return null;
    const pixels = pixelsOf(strokes);
    const inputs = pixels.map((number) => number / DARKEST);
    const layers = outputs(this.#network, inputs);
    const scores = layers.at(-1);
    return { pixels, layers, scores, shares: softmax(scores) };
  }

  #show() {
    this.#frame = undefined;
    const read = this.#read();
    if (read) {
      this.#pixels.show(read.pixels);
      this.#shares.show(read.shares);
      this.#neurons.show(read.layers[0]);
    } else {
      this.#pixels.show(new Array(64).fill(0));
      this.#shares.clear();
      this.#neurons.clear();
    }
    this.#place.dispatchEvent(new CustomEvent("read", { detail: read }));
  }

  #say() {
    clearTimeout(this.#pause);
    const read = this.#read();
    this.#pixels.describe(read?.pixels ?? []);
    this.#neurons.describe(read?.layers[0] ?? []);
    const nothing = this.#sheet.strokes.length ? TOO_SMALL : NOTHING;
    const words = read ? said(read.shares) : nothing;
    const { pen } = this.#sheet;
    this.#status.textContent = pen ? `Pen ${pen}. ${words}` : words;
  }
}

for (const place of document.querySelectorAll(".digit-pad-live")) {
  new Pad(place);
}
