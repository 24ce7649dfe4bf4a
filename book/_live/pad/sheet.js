/* The sheet that is drawn on: with a mouse, a finger or a pen, or by the keys.
   It fires `draw` when there is more or less on it, and `rest` when the pen has
   left it. */

import { svg } from "../shared/svg.js";

export const SIZE = 256; // of the sheet's side, in its own unit
const NEAR = 2; // what is nearer to the last point is no point of its own
const STEP = 8; // of the pen that is moved by the keys
const ARROWS = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

const within = (x) => Math.min(Math.max(x, 0), SIZE);

export class Sheet extends EventTarget {
  strokes = []; // each a list of points
  #element;
  #ink = svg("g");
  #line; // of the stroke that is being drawn
  #pen = svg("circle", { r: 8 });
  #at; // where the keys have moved the pen
  #held = new Set(); // the arrows that are held down
  #pointer; // what draws

  constructor(element) {
    super();
    this.#element = element;
    element.firstElementChild.append(this.#ink, this.#pen);
    this.#movePen(SIZE / 2, SIZE / 2);
    element.addEventListener("pointerdown", (event) => this.#press(event));
    element.addEventListener("pointermove", (event) => this.#drag(event));
    for (const name of ["pointerup", "pointercancel"]) {
      element.addEventListener(name, (event) => this.#release(event));
    }
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("keyup", ({ key }) => this.#held.delete(key));
    element.addEventListener("blur", () => {
      this.#held.clear();
      this.#end();
      delete element.dataset.pen;
    });
  }

  /* Whether the pen is "up" or "down", if it is moved by the keys. */
  get pen() {
    return this.#element.dataset.pen;
  }

  clear() {
    this.strokes = [];
    this.#ink.replaceChildren();
    this.#line = undefined;
    this.#pointer = undefined;
    if (this.pen) this.#element.dataset.pen = "up";
    this.#movePen(SIZE / 2, SIZE / 2);
    this.#tell("draw");
    this.#tell("rest");
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }

  #movePen(x, y) {
    this.#at = [x, y];
    this.#pen.setAttribute("cx", x);
    this.#pen.setAttribute("cy", y);
  }

  #begin(point) {
    this.strokes.push([]);
    this.#line = svg("polyline");
    this.#ink.append(this.#line);
    this.#go(point);
  }

  #go(point) {
    const stroke = this.strokes.at(-1);
    const [x, y] = stroke.at(-1) ?? [Infinity, Infinity];
    if (Math.hypot(point[0] - x, point[1] - y) < NEAR) return;
    stroke.push(point);
    // Of one point alone, nothing would be seen.
    const points = stroke.length > 1 ? stroke : [point, point];
    this.#line.setAttribute("points", points.join(" "));
    this.#tell("draw");
  }

  #end() {
    if (!this.#line) return;
    this.#line = undefined;
    this.#tell("rest");
  }

  #place({ clientX, clientY }) {
    const box = this.#element.getBoundingClientRect();
    return [
      within(((clientX - box.left) / box.width) * SIZE),
      within(((clientY - box.top) / box.height) * SIZE),
    ];
  }

  #press(event) {
    if (!event.isPrimary || event.button !== 0) return;
    this.#end(); // what the keys have begun
    delete this.#element.dataset.pen;
    this.#pointer = event.pointerId;
    this.#element.setPointerCapture(event.pointerId);
    this.#begin(this.#place(event));
  }

  #drag(event) {
    if (event.pointerId !== this.#pointer) return;
    // A browser tells of several moves at once.
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) {
      this.#go(this.#place(move));
    }
  }

  #release(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = undefined;
    this.#end();
  }

  #key(event) {
    const { key, altKey, ctrlKey, metaKey } = event;
    if (altKey || ctrlKey || metaKey || this.#pointer !== undefined) return;
    if (key in ARROWS) this.#walk(key);
    else if (key === " " && !event.repeat) this.#lift();
    else if (key === "Escape") this.clear();
    else if (key !== " ") return;
    event.preventDefault();
  }

  /* Two arrows at once lead across. */
  #walk(key) {
    this.#element.dataset.pen ??= "up";
    this.#held.add(key);
    let [x, y] = this.#at;
    for (const arrow of this.#held) {
      x += ARROWS[arrow][0];
      y += ARROWS[arrow][1];
    }
    this.#movePen(within(x), within(y));
    if (this.#line) this.#go(this.#at);
  }

  #lift() {
    if (this.pen === "down") {
      this.#element.dataset.pen = "up";
      this.#end();
    } else {
      this.#element.dataset.pen = "down";
      this.#begin(this.#at);
      this.#tell("rest"); // the pen is down: this is to be heard at once
    }
  }
}
