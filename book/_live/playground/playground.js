/* A network that trains on the page, while the reader looks at it. It begins
   with what the build has put into the page: see book/_ext/weave/playground.py. */

import { python } from "../python/python.js";
import { counted } from "../shared/counted.js";
import { button, element, folded } from "../shared/element.js";
import { Plane } from "../shared/plane.js";
import { Curves, written } from "./curves.js";
import { Experiment } from "./experiment.js";
import { Form } from "./form.js";
import { Network } from "./network.js";
import { Adding, Table } from "./own.js";
import { program } from "./program.js";
import { examplesIn, Fields } from "./settings.js";
import { Source } from "./source.js";

const COLUMNS = 44; // of the plane
const BUDGET = 12; // milliseconds of a frame for steps
const CALM = 1000; // milliseconds between two looks, where nothing shall move
const PACES = {
  "10 steps a second": 10,
  "60 steps a second": 60,
  "300 steps a second": 300,
  "as fast as it can": Number.POSITIVE_INFINITY,
};
const PACE = "60 steps a second";

const RAN_AWAY =
  "Training has run away, and was stopped. Try a smaller learning rate, or " +
  "less weight decay.";

const share = (number) => `${Math.round(number * 100)}%`;
const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

class Playground {
  #place;
  #begin; // what the build has said
  #fields;
  #source;
  #settings; // of the experiment that is there
  #wanted; // those that the reader has asked for last
  #turns = 0; // how often something was asked for
  #experiment;
  #from; // the settings that it has started from
  #later = []; // what was changed since, without a start
  #places = []; // the middles of the plane's fields
  #isPlaying = false;
  #isInSight = true;
  #frame;

  #status = element("p", { className: "playground-status", role: "status" });
  #progress = element("progress", {
    ariaLabel: "Starting Python",
    hidden: true,
    max: 1,
  });
  #count = element("span", { className: "playground-number" });
  #play = button("Play", () => (this.#isPlaying ? this.#pause() : this.#go()));
  #pace = element("select", { ariaLabel: "Speed" });
  #canvas = element("canvas", { className: "playground-plane" });
  #plane = new Plane(this.#canvas, COLUMNS);
  #right = element("span", { className: "playground-number" });
  #curves = new Curves();
  #form;
  #network = new Network({
    onChoose: () => this.#look(),
    onFeatures: (features) => {
      const why = this.#fields.refusal("features", features);
      if (why) this.#refuse({ features }, why);
      else this.#change({ features });
    },
    onHidden: (hidden) => this.#change({ hidden }),
  });
  #adding = new Adding({
    onAdd: (x, y) => this.#add(x, y),
    onForget: () => this.#change({ added: "" }),
  });
  #table = new Table((own) => this.#change({ data: "own", own, added: "" }));
  #program = element("textarea", {
    ariaLabel: "Program",
    readOnly: true,
    rows: 14,
    spellcheck: false,
    wrap: "off",
  });
  #told = folded(
    "playground-told",
    "This run as a Python program, to the last digit",
    this.#program,
  );

  constructor(place) {
    this.#place = place;
    this.#begin = JSON.parse(
      place.querySelector(".playground-begin").textContent,
    );
    this.#fields = new Fields(this.#begin.fields);
    this.#source = new Source(this.#begin, this.#fields);
    this.#form = new Form(this.#fields, (name, text) => this.#turn(name, text));
    this.#lay();
    this.#watch();
    this.#open();
  }

  #lay() {
    this.#pace.append(...Object.keys(PACES).map((words) => new Option(words)));
    this.#pace.value = PACE;
    const group = (className, ...parts) =>
      element("div", { className: `playground-${className}` }, ...parts);
    const step = button("Step", () => this.#step());
    const restart = button("Restart", () => this.#change({}));
    const speed = element("label", {}, "Speed ", this.#pace);
    this.#place.replaceChildren(
      group("bar", this.#play, step, restart, speed, this.#count),
      group("said", this.#status, this.#progress),
      group(
        "desk",
        group("knobs", this.#form.task, this.#table.element),
        group("middle", this.#form.training, this.#network.element),
        group(
          "sight",
          this.#canvas,
          this.#right,
          this.#curves.element,
          this.#adding.element,
        ),
      ),
      folded(
        "playground-neuron",
        "The numbers of a neuron",
        this.#network.numbers,
      ),
      this.#told,
    );
  }

  #watch() {
    this.#canvas.addEventListener("click", (event) =>
      this.#add(...this.#plane.place(event).map((x) => x.toFixed(2))),
    );
    this.#told.addEventListener("toggle", () => this.#tell());
    python.showProgress(this.#progress, (words) => this.#say(words));
    this.#place.addEventListener(
      "toggle",
      () => this.#experiment && this.#look(),
      true,
    );
    document.addEventListener("visibilitychange", () => this.#wait());
    new IntersectionObserver((looks) => {
      this.#isInSight = looks.at(-1).isIntersecting;
      this.#wait();
    }).observe(this.#place);
  }

  /* What the address says, as far as it can be. */
  #open() {
    const own = location.hash.startsWith("#own=") ? location.hash.slice(1) : "";
    const { settings, refused, strange } = this.#fields.read(
      `${location.search.slice(1)}&${own}`,
    );
    if (!isCalm()) this.#isPlaying = true;
    this.#wanted = this.#fields.defaults;
    const elsewhere = [];
    for (const [name, why] of Object.entries(refused)) {
      if (!this.#form.refuse(name, why)) elsewhere.push(`${name}: ${why}`);
    }
    const strangers = strange.map((name) => `“${name}”`).join(", ");
    if (strangers) elsewhere.push(`The link has no settings in ${strangers}.`);
    this.#change(settings, elsewhere.join(" "));
  }

  #say(words) {
    this.#status.textContent = words;
  }

  /* A knob was turned. */
  #turn(name, text) {
    if (name === "data" && text === "own" && !this.#wanted.own) {
      this.#form.show(this.#wanted);
      this.#table.open();
      return;
    }
    const why = this.#fields.refusal(name, text.trim());
    this.#form.refuse(name, why);
    if (why) return;
    const changes = { [name]: this.#fields.written(name, text) };
    if (name === "rate" && this.#isTraining) this.#setRate(changes);
    else this.#change(changes);
  }

  get #isTraining() {
    return this.#experiment && !this.#experiment.hasRunAway;
  }

  #setRate({ rate }) {
    this.#goOn({ rate }, { rate: Number(rate) });
    this.#experiment.rate = Number(rate);
    this.#keepInAddress();
    this.#tell();
    this.#sayWhatIsLinked("It goes on at this learning rate.");
  }

  #sayWhatIsLinked(words) {
    const { steps } = this.#experiment;
    this.#say(steps ? `${words} The link has it from the start.` : words);
  }

  /* What is changed without a start is told of, and is in the link. */
  #goOn(changes, later) {
    this.#settings = { ...this.#settings, ...changes };
    this.#wanted = { ...this.#wanted, ...changes };
    const { steps } = this.#experiment;
    if (steps) this.#later.push({ steps, ...later });
    else this.#from = this.#settings;
  }

  /* Start anew, from settings of which some are changed. What was there goes on
     until all of them are there; if they don't come, it stays. */
  async #change(changes, words = "") {
    const wanted = { ...this.#wanted, ...changes };
    this.#wanted = wanted;
    this.#turns += 1;
    const turn = this.#turns;
    try {
      const found = this.#parts(wanted) ?? (await this.#fetch(wanted));
      if (turn !== this.#turns) return;
      this.#start(wanted, ...found);
      if (words || this.#isPlaying) this.#say(words);
    } catch (problem) {
      if (turn !== this.#turns) return;
      this.#refuse(changes, problem.message);
    }
  }

  /* The network and the examples, if they are there. */
  #parts(settings) {
    const network = this.#source.known(settings, "network");
    const examples =
      settings.data === "own"
        ? this.#own(settings)
        : this.#source.known(settings, "examples");
    return network && examples && [network, examples];
  }

  async #fetch(settings) {
    if (python.isStarted) this.#say("Python compiles…");
    const parts = ["network"];
    if (settings.data !== "own") parts.push("examples");
    for (const what of parts) await this.#source.get(settings, what);
    return this.#parts(settings);
  }

  #own({ own, test }) {
    const examples = examplesIn(own);
    const held = Math.floor((examples.length * Number(test)) / 100);
    return { tests: examples.splice(examples.length - held), examples };
  }

  /* Nothing is lost: what was there is there. */
  #refuse(changes, words) {
    const isFirst = !this.#experiment;
    const before = this.#settings ?? this.#fields.defaults;
    const [name] = Object.keys(changes);
    this.#wanted = before;
    if (isFirst) {
      this.#start(before, ...this.#parts(before));
      this.#say(`The link needs Python. ${words}`);
    } else if (
      Object.keys(changes).length > 1 ||
      !this.#form.refuse(name, words)
    ) {
      this.#say(words);
      this.#network.lay(before.features.split(","), this.#widths(before));
      this.#look();
    } else {
      this.#say("");
    }
  }

  #widths({ hidden }) {
    return hidden.split("-").map(Number);
  }

  #start(settings, network, { examples, tests }) {
    const before = this.#settings;
    this.#settings = settings;
    this.#from = settings;
    this.#later = [];
    const added = examplesIn(settings.added);
    this.#experiment = new Experiment(
      network,
      { examples: [...examples, ...added], tests },
      {
        rate: Number(settings.rate),
        batch: Number(settings.batch),
        limit: this.#begin.limit,
      },
    );
    for (const { name } of this.#begin.fields) {
      if (before) this.#form.refuse(name, "");
    }
    this.#form.show(settings);
    const { features, hidden } = settings;
    if (features !== before?.features || hidden !== before?.hidden) {
      this.#network.lay(features.split(","), this.#widths(settings));
    }
    this.#curves.start();
    this.#showPoints();
    this.#look();
    this.#rest();
    this.#wait();
  }

  #showPoints() {
    const { examples, tests } = this.#experiment;
    const added = examplesIn(this.#settings.added);
    const given = [
      ...examples.slice(0, examples.length - added.length),
      ...tests,
    ];
    const { margin } = this.#begin;
    const bounds = [0, 1].flatMap((i) => {
      const [all, more] = [given, added].map((some) => some.map((x) => x[i]));
      const least = Math.min(...all) - margin;
      const most = Math.max(...all) + margin;
      return [Math.min(least, ...more), Math.max(most, ...more)];
    });
    this.#plane.showPoints(examples, bounds, tests);
    const { columns, rows } = this.#plane.fields;
    const [x0, x1, y0, y1] = bounds;
    this.#places = Array.from({ length: rows * columns }, (_, i) => [
      x0 + ((x1 - x0) * ((i % columns) + 0.5)) / columns,
      y0 + ((y1 - y0) * (Math.floor(i / columns) + 0.5)) / rows,
    ]);
    this.#adding.show(added.length);
    this.#keepInAddress();
  }

  /* The address always leads back to these settings. What is the reader's own
     goes after the #, for no server is told that part. */
  #keepInAddress() {
    const query = this.#fields.query({ ...this.#settings, own: "" });
    const own =
      this.#settings.data === "own" ? `#own=${this.#settings.own}` : "";
    const search = query ? `?${query}` : "";
    history.replaceState(null, "", `${location.pathname}${search}${own}`);
  }

  #add(x, y) {
    const example = [x, y].map((text) => this.#fields.written("rate", text));
    const { added } = this.#settings;
    const more = [...example, this.#adding.label].join();
    const all = added ? `${added};${more}` : more;
    const why = this.#fields.refusal("added", all);
    this.#adding.refuse(why && `It must be ${this.#fields.get("added").what}.`);
    if (why) return;
    const [point] = examplesIn(more);
    this.#goOn({ added: all }, { example: point });
    this.#experiment.add(point);
    this.#showPoints();
    this.#look();
    this.#tell();
    this.#sayWhatIsLinked("A point was added.");
  }

  #go() {
    this.#isPlaying = true;
    this.#say("");
    this.#wait();
  }

  #pause(words) {
    this.#isPlaying = false;
    this.#wait();
    this.#look();
    this.#rest(words);
  }

  #step() {
    this.#isPlaying = false;
    this.#wait();
    this.#experiment.step();
    this.#look();
    this.#rest(this.#experiment.hasRunAway ? RAN_AWAY : undefined);
  }

  /* Train while that is wanted and seen. */
  #wait() {
    cancelAnimationFrame(this.#frame);
    this.#play.textContent = this.#isPlaying ? "Pause" : "Play";
    const isSeen = this.#isInSight && !document.hidden;
    if (!this.#isPlaying || !isSeen || !this.#experiment) return;
    const began = performance.now();
    const first = this.#experiment.steps;
    let looked = began;
    let due = 0;
    let last = began;
    const train = (now) => {
      const pace = PACES[this.#pace.value];
      // Who has few pictures in a second waits longer for the steps. (And a
      // picture's time may be earlier than the click that asked for it.)
      const passed = Math.min(Math.max(now - last, 0), 100);
      due = Number.isFinite(pace) ? due + (passed * pace) / 1000 : pace;
      last = now;
      const end = performance.now() + BUDGET;
      while (due >= 1 && performance.now() < end) {
        this.#experiment.step();
        due -= 1;
        if (this.#experiment.hasRunAway) break;
      }
      if (due > pace) due = pace;
      if (this.#experiment.hasRunAway) {
        this.#pause(RAN_AWAY);
        return;
      }
      if (!isCalm() || now - looked > CALM) {
        looked = now;
        const made = this.#experiment.steps - first;
        this.#look((1000 * made) / (now - began));
      }
      this.#frame = requestAnimationFrame(train);
    };
    this.#frame = requestAnimationFrame(train);
  }

  /* See where the network is. */
  #look(pace = 0) {
    const experiment = this.#experiment;
    const said = experiment.say(this.#places);
    const { columns, rows } = this.#plane.fields;
    const chosen = said[this.#network.chosen];
    this.#plane.showScores(
      Array.from({ length: rows }, (_, row) =>
        chosen.subarray(row * columns, (row + 1) * columns),
      ),
    );
    this.#network.show(experiment.layers, said, columns);
    this.#curves.look(experiment.steps, ...this.#losses);
    this.#right.textContent = this.#accuracies;
    const each = pace
      ? `, ${Math.round(pace).toLocaleString("en")} a second`
      : "";
    this.#count.textContent = `${counted(experiment.steps, "step")}${each}`;
  }

  get #losses() {
    const { tests } = this.#experiment;
    const loss = this.#experiment.loss();
    return [loss, tests.length ? this.#experiment.loss(tests) : undefined];
  }

  get #accuracies() {
    const { tests } = this.#experiment;
    const tested = tests.length
      ? `, ${share(this.#experiment.accuracy(tests))} of the test`
      : "";
    return `Right: ${share(this.#experiment.accuracy())} of training${tested}`;
  }

  /* Say in words where this has come to rest. */
  #rest(words) {
    if (this.#isPlaying) return;
    const { examples, steps } = this.#experiment;
    const [loss, tested] = this.#losses;
    const orange = examples.filter(([, , label]) => label > 0).length;
    this.#plane.describe(
      `The plane with ${orange} orange circles and ` +
        `${examples.length - orange} blue squares. ${this.#accuracies}.`,
    );
    this.#curves.describe();
    const onTests =
      tested === undefined ? "" : `, on the test ${written(tested)}`;
    this.#say(
      words ?? `${counted(steps, "step")}: loss ${written(loss)}${onTests}.`,
    );
    this.#tell();
  }

  /* The program that leads here. */
  #tell() {
    if (!this.#told.open) return;
    this.#program.value = program(
      this.#fields.query(
        this.#from.data === "own" ? this.#from : { ...this.#from, own: "" },
      ),
      this.#later,
      this.#experiment,
    );
  }
}

new Playground(document.getElementById("playground"));
