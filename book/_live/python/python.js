/* Python for the page: a worker, started when it is first needed. */

import { build, name, root } from "../shared/this_page.js";
import { noteUse } from "./visit.js";

const base = new URL("_static/live/", root);
const WORKER = `worker.js${build}`;
const SCRIPTS = [WORKER, "pyodide/pyodide.mjs", "pyodide/pyodide.asm.mjs"];

async function fetchPage() {
  const address = new URL(`_live/pages/${name}.json`, root);
  const answer = await fetch(address, { cache: "no-cache" });
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  return answer.json();
}

let known = null;

/* What is known of the page's cells. If it can't be fetched, it is fetched
   anew when somebody asks again. */
export function page() {
  known ??= fetchPage().catch((problem) => {
    known = null;
    throw problem;
  });
  return known;
}

/* A worker that is asked for by an address has no policy of its own, and
   could ask other origins. One made of a text has the page's. */
function newWorker() {
  const text = `import ${JSON.stringify(new URL(WORKER, base))};`;
  const url = URL.createObjectURL(
    new Blob([text], { type: "text/javascript" }),
  );
  const worker = new Worker(url, { type: "module" });
  URL.revokeObjectURL(url);
  return worker;
}

class Python extends EventTarget {
  #worker = null;
  #calls = new Map(); // an id -> what to do with what comes back
  #last = 0;
  #ready = null; // a promise, once it is being started
  #isStarted = false;
  #share; // how much of what is to be fetched is there
  #resolve; // what settles it, one way
  #giveUp; // and the other

  get isStarted() {
    return this.#isStarted;
  }

  get isAskedFor() {
    return this.#ready !== null;
  }

  start() {
    if (!this.#ready) {
      this.#share = 0;
      this.#ready = this.#begin();
      this.#tell("progress");
    }
    return this.#ready;
  }

  async #begin() {
    let giveUp;
    const started = new Promise((resolve, reject) => {
      giveUp = reject;
      this.#resolve = resolve;
    });
    this.#giveUp = giveUp;
    started.catch(() => {}); // whoever waits for it is told
    let needs; // which stage of the library, and how much is fetched
    try {
      needs = await page();
    } catch (problem) {
      if (this.#giveUp === giveUp) this.#end(problem.message);
      return started;
    }
    if (this.#giveUp !== giveUp) return started; // stopped meanwhile
    const { stage, files, chapter, data = [] } = needs;
    this.#worker = newWorker();
    this.#worker.onerror = ({ message }) => this.#end(message || "no worker");
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    const hrefs = (files) =>
      files.map((file) => new URL(`_live/${file}.zip`, root).href);
    this.#worker.postMessage({
      start: {
        base: base.href,
        snapshot: new URL("_live/python.snapshot", root).href,
        archives: hrefs([`stages/${stage}`, "python"]),
        data: hrefs(data.map((file) => `data/${file}`)),
        bytes: Object.values(files).reduce((sum, bytes) => sum + bytes),
        chapter,
      },
    });
    return started;
  }

  #tell(type) {
    this.dispatchEvent(new Event(type));
  }

  #receive(data) {
    if (data.ready) this.#begun();
    else if (data.broken) this.#end(data.broken);
    else if (data.of) this.#goOn(data);
    else this.#answer(data);
  }

  #goOn({ fetched, of }) {
    this.#share = fetched / of;
    this.#tell("progress");
  }

  #begun() {
    this.#isStarted = true;
    this.#tell("progress");
    this.#resolve();
  }

  #answer({ id, result, problem, ...rest }) {
    const call = this.#calls.get(id);
    if (!call) return;
    if (problem !== undefined) {
      /* What fails in a cell is a result; this is what runs the cells. */
      this.#end(problem);
    } else if ("output" in rest) {
      call.onOutput(rest.output);
    } else {
      this.#calls.delete(id);
      call.resolve(result);
    }
  }

  /* Call a function of book/_live/python/dispatch.py. */
  async call(name, args = {}, onOutput = () => {}) {
    noteUse();
    await this.start();
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject, onOutput });
      this.#worker.postMessage({ id, call: name, with: args });
    });
  }

  /* End whatever is running, at once; all that Python had is lost. */
  stop() {
    if (this.#ready) this.#end("stopped");
  }

  /* Show how far it has come, until it has started; what comes back ends
     that. The bar moves to and fro while nobody knows for how long. */
  showProgress(progress, say) {
    let said = "";
    const show = () => {
      progress.hidden = this.#isStarted || !this.isAskedFor;
      if (progress.hidden) return;
      const isFetching = this.#share < 1;
      if (isFetching) progress.value = this.#share;
      else progress.removeAttribute("value");
      const words = `${isFetching ? "Fetching" : "Starting"} Python…`;
      if (words !== said) say(words);
      said = words;
    };
    show();
    this.addEventListener("progress", show);
    return () => {
      this.removeEventListener("progress", show);
      progress.hidden = true;
    };
  }

  #end(problem) {
    this.#worker?.terminate();
    this.#worker = null;
    this.#ready = null;
    this.#isStarted = false;
    this.#giveUp?.(new Error(problem));
    this.#giveUp = null;
    for (const { reject } of this.#calls.values()) reject(new Error(problem));
    this.#calls.clear();
    this.#tell("lost");
  }
}

/* One for the page: its cells and its steppers. */
export const python = new Python();

/* Have the browser keep what Python comes from, while nobody waits for it. */
export async function fetchAhead() {
  const { files } = await page();
  const scripts = SCRIPTS.map((name) => new URL(name, base));
  const others = Object.keys(files).map((name) => new URL(name, root));
  for (const url of [...scripts, ...others]) {
    if (python.isAskedFor) return;
    const { body } = await fetch(url, { priority: "low" });
    await body.pipeTo(new WritableStream());
  }
}
