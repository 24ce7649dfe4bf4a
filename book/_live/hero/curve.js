/* The loss, step by step, and over it in grey that of the run before. */

const TOP = 1.2; // a little more than the loss at the beginning
const HEIGHT = 100;
/* A run so short is none to compare with. */
const SHORT = 20;

export class Curve {
  #losses = [];
  #before;
  #now;

  constructor(drawing) {
    [this.#before, this.#now] = drawing.querySelectorAll("polyline");
  }

  start() {
    if (this.#losses.length > SHORT) this.#draw(this.#before);
    this.#losses = [];
  }

  add(loss) {
    this.#losses.push(loss);
    this.#draw(this.#now);
  }

  #draw(line) {
    const points = this.#losses.map((loss, step) => {
      const height = (Math.min(loss, 2 * TOP) / TOP) * HEIGHT;
      return `${step},${(HEIGHT - height).toFixed(1)}`;
    });
    line.setAttribute("points", points.join(" "));
  }
}
