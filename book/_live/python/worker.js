/* Python, in a worker: it sees no page, and the page sees what it posts.

   A message to it is {id, call, with}: a function of one of the modules in
   book/_live/python, as "run", and its arguments. It posts {id, output}
   while that runs, and {id, result} or {id, problem} at the end. Before, while
   Python is fetched, it posts {fetched, of}: bytes. */

import { instance as graphviz } from "@viz-js/viz";

const PYTHON = "pyodide/pyodide.mjs";
const STACK = 112 * 1024; // bytes, see limitDepth
let running = 0; // the id of the call whose outputs these are
let call;

const post = (message) => self.postMessage(message);

/* Count what Python's loader fetches, for the page to show. */
function countBytes(of) {
  const fetchPlain = self.fetch;
  let fetched = 0;
  self.fetch = async (...request) => {
    const { body, headers, ok, status } = await fetchPlain(...request);
    if (!ok) throw new Error(`${request[0]}: ${status}`);
    const counted = new TransformStream({
      transform(bytes, controller) {
        fetched += bytes.length;
        post({ fetched, of });
        controller.enqueue(bytes);
      },
    });
    return new Response(body.pipeThrough(counted), { headers });
  };
}

/* What Python hands over, as plain data; numbers keep every digit. */
function plain(value) {
  if (typeof value?.toJs !== "function") return value;
  const data = value.toJs({ dict_converter: Object.fromEntries });
  value.destroy();
  return data;
}

/* Have Python raise RecursionError before the browser's stack is full, which
   would be its end. It looks at a stack of its own, in its memory, of which
   it believes that 10 MB are there. When calls are as deep as browsers let
   them be, they use some 150 kB of that; so it is told that there is less.
   (book/_ext/pages/freeing.py is about the calls that use none.) */
function limitDepth({ _module: module }) {
  module._PyUnstable_ThreadState_SetStackProtection(
    module._PyThreadState_Get(),
    module._emscripten_stack_get_base() - STACK,
    STACK,
  );
}

/* A cache may have it, but has to ask whether it is still the same. */
const fetched = async (url) =>
  (await fetch(url, { cache: "no-cache" })).arrayBuffer();

/* What book/_live/python/snapshot.mjs has made. */
async function memory(url) {
  const { body } = await fetch(url, { cache: "no-cache" });
  const plain = body.pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).arrayBuffer();
}

/* Python goes on from a snapshot of one that has started. Should that fail, it
   starts from the beginning: the options are Pyodide's own, and no promise
   (pyodide/pyodide#6418). */
async function begin({ base, snapshot }) {
  const _loadSnapshot = memory(snapshot);
  _loadSnapshot.catch(() => {}); // it is told when it is waited for
  const { loadPyodide } = await import(new URL(PYTHON, base));
  const options = {
    indexURL: new URL("pyodide/", base).href,
    // All that Python reaches of the page: what its own machine code needs.
    jsglobals: { Uint8Array, WebAssembly },
  };
  return loadPyodide({ ...options, _loadSnapshot }).catch((problem) => {
    console.info(`Python starts without its snapshot: ${problem.message}`);
    return loadPyodide(options);
  });
}

async function start({ base, snapshot, archives, data, bytes, chapter }) {
  countBytes(bytes);
  const [python, viz, modules, files] = await Promise.all([
    begin({ base, snapshot }),
    graphviz(),
    Promise.all(archives.map(fetched)),
    Promise.all(data.map(fetched)),
  ]);
  limitDepth(python);
  for (const zip of modules) {
    python.unpackArchive(zip, "zip", { extractDir: "/book" });
  }
  // Where cells find what they read: in their working directory.
  for (const zip of files) python.unpackArchive(zip, "zip");
  python.registerJsModule("page", {
    chapter,
    emit: (output) => post({ id: running, output: plain(output) }),
    render: (text, engine, format) =>
      viz.renderString(text, { engine, format }),
  });
  python.runPython("import sys; sys.path.append('/book')", {
    globals: python.toPy({}), // not where the cells have their names
  });
  const dispatch = python.pyimport("dispatch");
  call = (name, args) => {
    const given = python.toPy(args);
    const result = plain(dispatch.call(name, given));
    given.destroy();
    return result;
  };
}

let started;

self.onmessage = async ({ data }) => {
  if (data.start) {
    started = start(data.start);
    started.then(
      () => post({ ready: true }),
      (problem) => post({ broken: String(problem.message ?? problem) }),
    );
    return;
  }
  await started;
  running = data.id;
  try {
    post({ id: data.id, result: call(data.call, data.with) });
  } catch (problem) {
    post({ id: data.id, problem: String(problem.message ?? problem) });
  }
};
