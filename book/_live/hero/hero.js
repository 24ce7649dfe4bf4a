/* The first page's network, which trains while somebody looks at it. Its parts,
   and all its numbers, are in the page: see book/_ext/weave/hero.py. */

import { counted } from "../shared/counted.js";
import { bytes } from "../shared/machine.js";
import { Plane } from "../shared/plane.js";
import { Curve } from "./curve.js";
import { Network } from "./network.js";

const COLUMNS = 80; // of the plane
/* So many steps after so many seconds: slowly at first, for the first ones move
   the border most. */
const stepsAfter = (seconds) => Math.floor((6 + seconds) * seconds);
/* Who has less than ten pictures in a second waits longer for the steps. */
const LONGEST = 0.1;

const written = (loss) =>
  loss < 100 ? loss.toFixed(3) : loss.toExponential(1);

class Hero {
  #part;
  #data;
  #points; // without their labels
  #network;
  #plane;
  #fields; // of the plane: the middle of each, row by row
  #curve;
  #start = 0; // which weights it starts from
  #steps;
  #seconds;
  #right; // so many points are on the right side
  #isWanted; // the reader hasn't paused it
  #isSeen = false;
  #frame;

  constructor(place) {
    this.#part = (name) => place.querySelector(`.hero-${name}`);
    this.#data = JSON.parse(this.#part("data").textContent);
    const { points, bounds, starts } = this.#data;
    this.#points = points.map(([x, y]) => [x, y]);
    this.#network = new Network(this.#data);
    this.#plane = new Plane(this.#part("plane"), COLUMNS);
    this.#plane.showPoints(points, bounds);
    this.#fields = this.#middles();
    this.#curve = new Curve(this.#part("loss"));
    this.#on("play", "click", () => this.#toggle());
    this.#on("again", "click", () => {
      this.#start = (this.#start + 1) % starts.length;
      this.#begin();
    });
    this.#on("rate", "input", () => this.#begin());
    this.#begin();
    // Where it isn't shown, it isn't seen; and a hidden page has no frames.
    new IntersectionObserver((looks) => {
      this.#isSeen = looks.at(-1).isIntersecting;
      this.#go();
    }).observe(this.#plane.element);
  }

  #on(name, event, action) {
    const knob = this.#part(name);
    knob.addEventListener(event, action);
    knob.disabled = false;
  }

  #middles() {
    const { columns, rows } = this.#plane.fields;
    const [x0, x1, y0, y1] = this.#data.bounds;
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) => [
        x0 + ((x1 - x0) * (column + 0.5)) / columns,
        y0 + ((y1 - y0) * (row + 0.5)) / rows,
      ]),
    );
  }

  get #rate() {
    return this.#data.rates[this.#part("rate").value];
  }

  get #isOver() {
    return this.#steps === this.#data.steps || this.#network.hasRunAway;
  }

  /* At the knob's rate, from the same weights as before or from others. */
  #begin() {
    const { buffer } = bytes(this.#data.starts[this.#start]);
    this.#network.start(new Float64Array(buffer), this.#rate);
    this.#curve.start();
    this.#part("chosen").textContent = this.#rate;
    this.#part("rate").setAttribute("aria-valuetext", this.#rate);
    this.#part("said").textContent = "";
    this.#steps = 0;
    this.#seconds = 0;
    this.#isWanted = true;
    this.#measure();
    this.#show();
    this.#go();
  }

  #toggle() {
    if (this.#isOver) {
      this.#begin();
      return;
    }
    this.#isWanted = !this.#isWanted;
    this.#go();
    if (!this.#isWanted) this.#say("Paused");
  }

  /* Train, if that is wanted and seen. */
  #go() {
    cancelAnimationFrame(this.#frame);
    const isGoing = this.#isWanted && !this.#isOver;
    this.#part("play").textContent = isGoing ? "Pause" : "Play";
    if (isGoing && this.#isSeen) this.#wait(performance.now());
  }

  /* For the next picture. */
  #wait(before) {
    this.#frame = requestAnimationFrame((now) => {
      const passed = Math.max(now - before, 0) / 1000;
      this.#seconds += Math.min(passed, LONGEST);
      this.#advance();
      if (this.#isOver) {
        this.#go();
        this.#say(this.#network.hasRunAway ? "Training has run away" : "Done");
      } else {
        this.#wait(now);
      }
    });
  }

  #advance() {
    const due = stepsAfter(this.#seconds);
    if (due <= this.#steps) return;
    while (this.#steps < due && !this.#isOver) {
      this.#network.step();
      this.#steps += 1;
      this.#measure();
    }
    this.#show();
  }

  #measure() {
    const { loss } = this.#network;
    const scores = this.#network.scores(this.#points);
    this.#right = this.#data.points.filter(
      ([, , label], i) => scores[i] > 0 === label > 0,
    ).length;
    this.#curve.add(loss);
    this.#part("now").textContent = written(loss);
    const detail = {
      start: this.#start,
      rate: this.#rate,
      steps: this.#steps,
      loss,
      right: this.#right,
    };
    this.#plane.element.dispatchEvent(
      new CustomEvent("step", { bubbles: true, detail }),
    );
  }

  get #count() {
    const steps = counted(this.#steps, "step");
    return `${steps}, ${this.#right} of ${this.#points.length} right`;
  }

  #show() {
    const scores = this.#network.scores(this.#fields.flat());
    const { columns } = this.#plane.fields;
    this.#plane.showScores(
      this.#fields.map((_, row) =>
        scores.slice(row * columns, (row + 1) * columns),
      ),
    );
    this.#part("count").textContent = this.#count;
  }

  #say(words) {
    const said = `${words} after ${this.#count}.`;
    this.#part("said").textContent = said;
    this.#plane.describe(
      `Points of two crescents, and the border of a network. ${said}`,
    );
  }
}

for (const place of document.querySelectorAll(".hero")) new Hero(place);
