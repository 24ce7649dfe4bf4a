/* A network that trains on the page, while the reader looks at it. */

import { Python, page } from "../python/python.js";
import { button, element } from "../shared/element.js";
import { Plane } from "../shared/plane.js";
import { root } from "../shared/this_page.js";
import { Adding } from "./adding.js";
import { followLinks, keepInAddress } from "./address.js";
import { Curve, counted } from "./curves.js";
import { Network } from "./network.js";
import { inWords, Settings, settingsIn } from "./settings.js";

/* Python makes steps for so many seconds at a time (or, as it only looks at
   the clock in between, for twice as many), so that it soon hears of a pause;
   then there is something new to see. */
const SECONDS = 0.03;
const COLUMNS = 44; // of the plane, for each field takes Python a while
/* What the form had before a start that another one has followed: of what is
   in it now, nothing is that start's to replace. */
const SINCE_REPLACED = {};
/* Milliseconds between two looks, where things shall not move. */
const CALM = 1000;

const READY = "Ready. Press Play.";
const RAN_AWAY =
  "Training has run away, and was stopped. Try a smaller learning rate, or " +
  "less weight decay.";
const LOST = "The trained network is lost. Press Restart.";

const loss = (number) =>
  number < 1000 ? number.toFixed(4) : number.toExponential(1);
const share = (number) => `${Math.round(number * 100)}%`;

const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

class Playground {
  #python = new Python(async () => (await page()).playground);
  #place;
  #status = element("p", { className: "playground-status" });
  #count = element("span", { className: "playground-number" });
  #play = button("Play", () => (this.#playing ? this.#pause() : this.#begin()));
  #step = button("Step", () => this.#advance(1));
  #restart = button("Restart", () =>
    this.startFrom(this.#settings?.query ?? location.search),
  );
  #plane = new Plane(
    element("canvas", { className: "playground-plane" }),
    COLUMNS,
  );
  #losses = new Curve("Loss", loss);
  #accuracies = new Curve("Accuracy", share, 1);
  #network = new Network();
  #settings; // the form, when Python has said what is in it
  #adding = new Adding({
    onAdd: (x, y) => this.#add(x, y),
    onForget: () => this.#forgetAdded(),
  });
  #program = element("textarea", {
    ariaLabel: "Program",
    readOnly: true,
    rows: 14,
    spellcheck: false,
    wrap: "off",
  });
  #told = element("details", { className: "playground-told" });
  #points = [];
  #loss = []; // of every step
  #accuracy = [];
  #playing = null; // what has it play, until there is a pause
  #run = 0; // goes up when what goes on is off: that isn't shown any more
  #starting; // a promise: the last start that was asked for is over
  #isInSight = true;

  constructor(place) {
    this.#place = place;
    this.#status.setAttribute("role", "status");
    this.#status.tabIndex = -1; // it has the focus where there is no button
    this.#told.append(
      element("summary", {
        textContent: "This run as a Python program, to the last digit",
      }),
      this.#program,
    );
    this.#told.addEventListener("toggle", () =>
      this.#safely(async () => {
        if (this.#told.open && (await this.#isReady())) await this.#tell();
      }),
    );
    this.#plane.element.addEventListener("click", (event) =>
      this.#add(...this.#plane.place(event)),
    );
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#pause();
    });
    new IntersectionObserver((changes) => {
      this.#isInSight = changes.at(-1).isIntersecting;
      if (!this.#isInSight) this.#pause();
    }).observe(place);
    this.#python.addEventListener("lost", () => {
      this.#callOff();
      this.#play.disabled = this.#step.disabled = true;
    });
  }

  #say(words) {
    this.#status.textContent = words;
  }

  /* Fetch Python, and start from the settings of a query. */
  async open(query, { focus }) {
    const progress = element("progress", { max: 1 });
    progress.setAttribute("aria-label", "Starting Python");
    this.#place.replaceChildren(this.#status, progress);
    if (focus) this.#status.focus();
    const stopProgress = this.#python.showProgress(progress, (words) =>
      this.#say(words),
    );
    await this.follow(query);
    stopProgress();
    progress.remove();
  }

  /* Start from the settings of a link, and train: if things may move, and if
     there is nothing to be said about the link. */
  async follow(search) {
    const starting = this.startFrom(search);
    const run = this.#run;
    await starting;
    const isSeen = this.#isInSight && !document.hidden;
    const isStarted = this.isOpen && run === this.#run && !this.#playing;
    const isStrange = settingsIn(search).ignored.length > 0;
    if (isSeen && isStarted && !isStrange && !isCalm()) this.#begin();
  }

  /* Whether it can go on from other settings, without Python coming anew. */
  get isOpen() {
    return this.#settings !== undefined;
  }

  focus() {
    this.#play.focus();
  }

  /* Put parts in the place of those that are there. If one of these has the
     focus, a button gets it. */
  #fill(parts, button) {
    const hasFocus = this.#place.contains(document.activeElement);
    this.#place.replaceChildren(...parts);
    if (hasFocus) button.focus();
  }

  /* Do something, and tell if Python fails. */
  async #safely(action) {
    try {
      await action();
    } catch (problem) {
      this.#pause();
      this.#say(`Python has failed: ${problem.message}. ${LOST}`);
      if (!this.#settings) {
        this.#fill([this.#status, this.#restart], this.#restart);
      }
    }
  }

  /* What the reader has asked for shall not go on. */
  #callOff() {
    this.#pause();
    this.#run += 1;
  }

  get #isLost() {
    return this.#play.disabled;
  }

  /* Wait for a start that is on its way, and say whether there is something
     to go on with: not if that start was refused, or another one came. */
  async #isReady() {
    const run = this.#run;
    await this.#starting;
    if (run !== this.#run) return false;
    if (this.#isLost) this.#say(LOST);
    return !this.#isLost;
  }

  /* Start anew, from the settings of a query. */
  startFrom(search) {
    this.#callOff();
    if (!this.#python.isStarted) this.#say("Fetching Python…");
    this.#starting = this.#safely(() => this.#start(search));
    return this.#starting;
  }

  async #start(search) {
    const run = this.#run;
    const before = this.#settings?.values;
    const { query, ignored } = settingsIn(search);
    const started = await this.#python.call("training.start", {
      query: query || (await page()).playground.query,
    });
    // Another start has more to say; but that one may be refused.
    const isLast = run === this.#run;
    if ("refused" in started) {
      if (isLast) await this.#refuse(started.refused);
      return;
    }
    this.#loss = [];
    this.#accuracy = [];
    this.#play.disabled = false;
    this.#step.disabled = this.#playing !== null;
    if (!this.#settings) this.#lay(started.fields);
    this.#describe(started, isLast ? before : SINCE_REPLACED);
    if (!isLast) return;
    const strange = ignored.map((name) => `“${name}”`).join(", ");
    await this.#rest(
      strange ? `${READY} (The link has no settings in ${strange}.)` : READY,
    );
  }

  async #refuse(refused) {
    this.#callOff();
    if (!this.#settings) {
      this.#say(`This link can't be followed: ${refused}.`);
      const start = button("Start with the defaults", () => this.startFrom(""));
      this.#fill([this.#status, start], start);
    } else if (this.#isLost) {
      this.#say(inWords(refused));
    } else {
      await this.#rest(inWords(refused)); // where the last run has come to
    }
  }

  #lay(fields) {
    this.#settings = new Settings(fields, () =>
      this.startFrom(this.#settings.query),
    );
    const group = (className, ...parts) =>
      element("div", { className: `playground-${className}` }, ...parts);
    const parts = [
      group("bar", this.#play, this.#step, this.#restart, this.#count),
      this.#status,
      group(
        "sight",
        this.#plane.element,
        group("curves", this.#losses.element, this.#accuracies.element),
      ),
      this.#network.element,
      this.#settings.element,
      this.#adding.element,
      this.#told,
    ];
    this.#fill(parts, this.#play);
  }

  #add(x, y) {
    const given = { x, y, label: this.#adding.label };
    return this.#safely(async () => {
      if (!(await this.#isReady())) return;
      const run = this.#run;
      const before = this.#settings.values;
      const added = await this.#python.call("training.add", given);
      if ("refused" in added) {
        this.#say(inWords(added.refused));
        return;
      }
      const isLast = run === this.#run;
      this.#describe(added, isLast ? before : SINCE_REPLACED);
      if (!isLast) return;
      const words = added.as_linked
        ? "A point was added."
        : "A point was added. The link has it from the start.";
      if (this.#playing) this.#say(words);
      await this.#rest(words);
    });
  }

  #forgetAdded() {
    this.#settings.forgetAdded();
    this.#play.focus();
    return this.startFrom(this.#settings.query);
  }

  /* What has changed by a start, or by a point. What the form had `before`,
     when Python was asked, may be replaced in it. */
  #describe({ query, settings, points, bounds }, before) {
    this.#points = points;
    this.#settings.show(settings, before);
    this.#plane.showPoints(points, bounds);
    this.#adding.show(this.#settings.added);
    keepInAddress(query);
  }

  /* Train until the reader pauses. */
  #begin() {
    this.#playing = {};
    this.#play.textContent = "Pause";
    this.#step.disabled = true;
    return this.#advance(Number.MAX_SAFE_INTEGER, this.#playing);
  }

  #pause() {
    this.#playing = null;
    this.#play.textContent = "Play";
    this.#step.disabled = this.#play.disabled; // both are, when all is lost
  }

  /* Make steps: so many, or more and more of them while this plays. */
  #advance(steps, playing = null) {
    const calm = isCalm();
    let isOver = false;
    const goesOn = () => playing && playing === this.#playing && !isOver;
    return this.#safely(async () => {
      if (!(await this.#isReady())) return;
      if (playing && playing !== this.#playing) return; // paused meanwhile
      const run = this.#run;
      if (playing) this.#say("Training.");
      const began = performance.now();
      let count = 0;
      let looked = -CALM;
      let looking = null;
      const make = async () => {
        const given = { steps, seconds: SECONDS };
        const made = await this.#python.call("training.advance", given);
        // Python answers in turn: it is the run of these steps that is there
        // now, also if another start is on its way.
        this.#loss.push(...made.losses);
        this.#accuracy.push(...made.accuracies);
        count += made.losses.length;
        isOver = made.has_run_away;
      };
      do {
        // It goes on while the page draws what there was to see before.
        await Promise.all([make(), looking]);
        const now = performance.now();
        if (goesOn() && (!calm || now - looked > CALM)) {
          looked = now;
          looking = this.#look((1000 * count) / (now - began));
        }
      } while (goesOn());
      // Somebody may have started anew meanwhile, or let it play again.
      const playsAgain = this.#playing && this.#playing !== playing;
      if (playsAgain || run !== this.#run) return;
      this.#pause();
      await this.#rest(isOver ? RAN_AWAY : null);
    });
  }

  /* See where the network is. */
  async #look(pace = 0) {
    const run = this.#run;
    const { fields } = this.#plane;
    const seen = await this.#python.call("training.view", fields);
    await new Promise(requestAnimationFrame);
    if (run !== this.#run) return;
    this.#plane.showScores(seen.plane);
    this.#network.show(seen.network);
    this.#losses.show(this.#loss);
    this.#accuracies.show(this.#accuracy, seen.accuracy);
    const steps = counted(this.#loss.length);
    const rounded = Math.round(pace).toLocaleString("en");
    const each = pace ? `, ${rounded} a second` : "";
    this.#count.textContent = `${steps}${each}`;
  }

  get #summary() {
    const steps = counted(this.#loss.length);
    if (!this.#loss.length) return steps;
    const now = this.#accuracies.now;
    return `${steps}: loss ${loss(this.#loss.at(-1))}, accuracy ${now}.`;
  }

  /* Show where this has come to rest, and say it in words; the numbers, if
     there are no others. Something else may go on by then. */
  async #rest(words) {
    const run = this.#run;
    await Promise.all([this.#look(), this.#tell()]);
    if (this.#playing || run !== this.#run) return;
    const orange = this.#points.filter(([, , label]) => label > 0).length;
    const blue = this.#points.length - orange;
    this.#plane.describe(
      `The plane with ${orange} orange circles and ${blue} blue squares. ` +
        `${this.#accuracies.now} of them are on their side of the border.`,
    );
    this.#losses.describe(this.#loss);
    this.#accuracies.describe(this.#accuracy);
    this.#network.describe();
    this.#say(words ?? this.#summary);
  }

  /* The program that leads here. */
  async #tell() {
    if (!this.#told.open) return;
    this.#program.value = await this.#python.call("training.told");
  }
}

function sheet() {
  return new Promise((resolve, reject) => {
    const link = element("link", {
      href: new URL("_static/live/playground.css", root).href,
      onerror: () => reject(new Error("no playground.css")),
      onload: resolve,
      rel: "stylesheet",
    });
    document.head.append(link);
  });
}

/* Put the playground in its place. */
export async function open(place, { focus }) {
  await sheet();
  const playground = new Playground(place);
  followLinks(place, playground);
  await playground.open(location.search, { focus });
}
