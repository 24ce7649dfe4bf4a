/* A network that trains on the page, while the reader looks at it. */

import { Adding } from "./adding.js";
import { Curve } from "./curves.js";
import { element } from "./element.js";
import { root } from "./here.js";
import { Network } from "./network.js";
import { Plane } from "./plane.js";
import { Python, page } from "./python.js";
import { inWords, keepInAddress, Settings, settingsIn } from "./settings.js";

/* Python makes steps for so many seconds at a time, so that it soon hears of
   a pause; then there is something new to see. */
const SECONDS = 0.05;
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
const counted = (number, what) =>
  `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;

function button(textContent, action) {
  const made = element("button", { textContent, type: "button" });
  made.addEventListener("click", action);
  return made;
}

class Playground {
  #python = new Python(async () => (await page()).playground);
  #place;
  #status = element("p", { className: "playground-status" });
  #count = element("span", { className: "playground-number" });
  #play = button("Play", () => (this.#playing ? this.#pause() : this.#begin()));
  #step = button("Step", () => this.#advance(1));
  #restart = button("Restart", () =>
    this.#restartFrom(this.#settings?.query ?? location.search),
  );
  #plane = new Plane((x, y) => this.#add(x, y));
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
  #run = 0; // how often it was started: what belongs to another isn't shown
  #search; // what of the address has been followed

  constructor(place) {
    this.#place = place;
    this.#status.setAttribute("role", "status");
    this.#told.append(
      element("summary", {
        textContent: "This run as a Python program, to the last digit",
      }),
      this.#program,
    );
    this.#told.addEventListener("toggle", () => this.#tell());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#pause();
    });
    this.#python.addEventListener("lost", () => {
      this.#pause();
      this.#play.disabled = this.#step.disabled = true;
    });
  }

  #say(words) {
    this.#status.textContent = words;
  }

  /* Fetch Python, and start from the settings of a query. */
  async open(query) {
    const progress = element("progress", { max: 1 });
    progress.setAttribute("aria-label", "Fetching Python");
    this.#place.replaceChildren(this.#status, progress);
    this.#say("Fetching Python…");
    const show = ({ detail }) => (progress.value = detail.fetched / detail.of);
    this.#python.addEventListener("progress", show);
    await this.#safely(async () => {
      const refused = await this.#start(query);
      if (refused === undefined) return;
      this.#say(`This link can't be followed: ${refused}.`);
      this.#place.append(
        button("Start with the defaults", async () => {
          await this.#safely(() => this.#start(""));
          this.#play.focus();
        }),
      );
    });
    this.#python.removeEventListener("progress", show);
    progress.remove();
  }

  focus() {
    this.#play.focus();
  }

  /* Do something, and tell if Python fails. */
  async #safely(action) {
    try {
      await action();
    } catch (problem) {
      this.#pause();
      this.#say(`Python has failed: ${problem.message}. ${LOST}`);
      if (!this.#settings) this.#place.append(this.#restart);
    }
  }

  /* Start anew; what is wrong with the query, if it is refused. */
  async #start(search) {
    this.#pause();
    const { query, ignored } = settingsIn(search);
    const started = await this.#python.call("training.start", {
      query: query || (await page()).playground.query,
    });
    if ("refused" in started) return started.refused;
    this.#run += 1;
    this.#loss = [];
    this.#accuracy = [];
    if (!this.#settings) this.#lay(started.fields);
    this.#play.disabled = this.#step.disabled = false;
    this.#describe(started);
    await this.#look();
    this.#summarise();
    const strange = ignored.map((name) => `“${name}”`).join(", ");
    this.#say(
      strange ? `${READY} (The link has no settings in ${strange}.)` : READY,
    );
    return undefined;
  }

  #restartFrom(query) {
    return this.#safely(async () => {
      const refused = await this.#start(query);
      if (refused === undefined) return;
      if (this.#settings) await this.#look(); // what was on its way
      this.#say(inWords(refused));
    });
  }

  #lay(fields) {
    this.#settings = new Settings(fields, () =>
      this.#restartFrom(this.#settings.query),
    );
    const group = (className, ...parts) =>
      element("div", { className: `playground-${className}` }, ...parts);
    this.#place.replaceChildren(
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
    );
  }

  #add(x, y) {
    return this.#safely(async () => {
      const run = this.#run;
      const given = { x, y, label: this.#adding.label };
      const added = await this.#python.call("training.add", given);
      if (run !== this.#run) return;
      if ("refused" in added) {
        this.#say(inWords(added.refused));
        return;
      }
      this.#describe(added);
      await this.#look();
      if (!this.#playing) this.#summarise();
      this.#say(
        added.as_linked
          ? "A point was added."
          : "A point was added. The link has it from the start.",
      );
    });
  }

  #forgetAdded() {
    this.#settings.forgetAdded();
    this.#play.focus();
    return this.#restartFrom(this.#settings.query);
  }

  /* What has changed by a start, or by a point. */
  #describe({ query, settings, points, bounds }) {
    this.#points = points;
    this.#settings.show(settings);
    this.#plane.showPoints(points, bounds);
    this.#adding.show(this.#settings.added);
    keepInAddress(query);
    this.#search = location.search;
  }

  /* Whether it can go on from other settings, without Python coming anew. */
  get isOpen() {
    return this.#settings !== undefined;
  }

  /* Go to where a link leads. */
  follow(address) {
    history.pushState(null, "", address);
    this.#play.focus();
    return this.#restartFrom(location.search);
  }

  /* Start from the address, if the reader has gone back to another one. */
  async goBack() {
    if (location.search === this.#search) return;
    await this.#restartFrom(location.search);
  }

  /* Train until the reader pauses. */
  #begin() {
    this.#playing = {};
    this.#play.textContent = "Pause";
    this.#step.disabled = true;
    this.#say("Training.");
    return this.#advance(Number.MAX_SAFE_INTEGER, this.#playing);
  }

  #pause() {
    this.#playing = null;
    this.#play.textContent = "Play";
    this.#step.disabled = this.#play.disabled; // both are, when all is lost
  }

  /* Make steps: so many, or more and more of them while this plays. */
  #advance(steps, playing = null) {
    const run = this.#run;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const began = performance.now();
    const before = this.#loss.length;
    let looked = -CALM;
    let isOver = false;
    const goesOn = () => playing && playing === this.#playing && !isOver;
    return this.#safely(async () => {
      do {
        const given = { steps, seconds: SECONDS };
        const made = await this.#python.call("training.advance", given);
        if (run !== this.#run) return;
        this.#loss.push(...made.losses);
        this.#accuracy.push(...made.accuracies);
        isOver = made.has_run_away;
        const now = performance.now();
        if (goesOn() && (!calm || now - looked > CALM)) {
          looked = now;
          const seconds = (now - began) / 1000;
          await this.#look((this.#loss.length - before) / seconds);
        }
      } while (goesOn());
      // Somebody may have started anew meanwhile, or let it play again.
      const playsAgain = this.#playing && this.#playing !== playing;
      if (playsAgain || run !== this.#run) return;
      this.#pause();
      await this.#look();
      if (run !== this.#run) return;
      this.#summarise();
      this.#say(isOver ? RAN_AWAY : this.#summary);
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
    const steps = counted(this.#loss.length, "step");
    const each = pace ? `, ${Math.round(pace)} a second` : "";
    this.#count.textContent = `${steps}${each}`;
  }

  get #summary() {
    const steps = counted(this.#loss.length, "step");
    if (!this.#loss.length) return steps;
    const now = this.#accuracies.now;
    return `${steps}: loss ${loss(this.#loss.at(-1))}, accuracy ${now}.`;
  }

  /* Say in words what is to be seen, at rest. */
  #summarise() {
    const orange = this.#points.filter(([, , label]) => label > 0).length;
    const blue = this.#points.length - orange;
    this.#plane.describe(
      `The plane with ${orange} orange circles and ${blue} blue squares. ` +
        `${this.#accuracies.now} of them are on their side of the border.`,
    );
    this.#losses.describe(this.#loss);
    this.#accuracies.describe(this.#accuracy);
    this.#network.describe();
    this.#tell();
  }

  /* The program that leads here. */
  #tell() {
    if (!this.#told.open) return;
    this.#safely(async () => {
      this.#program.value = await this.#python.call("training.told");
    });
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
  await playground.open(location.search);
  if (focus) playground.focus();
}

/* Links to other settings are followed where Python is already, and so is the
   way back from them. */
function followLinks(place, playground) {
  document.addEventListener("click", (event) => {
    const { altKey, ctrlKey, metaKey, shiftKey, target } = event;
    const link = target.closest("a[href]");
    const isHere =
      link?.pathname === location.pathname && link.hash === `#${place.id}`;
    if (!isHere || !playground.isOpen) return;
    if (altKey || ctrlKey || metaKey || shiftKey) return;
    event.preventDefault();
    playground.follow(link.href);
  });
  addEventListener("popstate", () => {
    if (playground.isOpen) playground.goBack();
  });
}
