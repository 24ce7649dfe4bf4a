/* Python as it is in memory once it has started, and has the modules that run
   the cells, but no page yet: worker.js goes on from there.

   usage: node snapshot.mjs FOLDER ZIP SNAPSHOT: Pyodide's folder; its modules,
   as book/_ext/pages/live.py has packed them; and what is to be written. */

import nodes from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const [folder, zip, snapshot] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));

// The same book makes the same snapshot: nothing in it comes by chance, from the
// clock, or from where it is made. (A page's random numbers are its own, see
// dispatch.py.)
crypto.getRandomValues = nodes.randomFillSync = (array) => array.fill(1);
Date.now = performance.now = () => 0;
process.env.TZ = "UTC";
process.argv[1] = "snapshot"; // Python is told what has called it

const python = await loadPyodide({
  indexURL: `${folder}/`,
  jsglobals: { Uint8Array, WebAssembly }, // the names that worker.js gives
  env: { LANG: "C.UTF-8", PYTHONHASHSEED: "0" },
  _makeSnapshot: true,
});
const before = python._module.HEAP8.length;
const modules = new Uint8Array(await readFile(zip));
python.unpackArchive(modules, "zip", { extractDir: "/book" });
// With what cells and the library need of Python's own, and what stands for
// Matplotlib, but nothing that needs a page or its stage of the library; and with
// no names where cells will have theirs. (A path begins with an empty name, which
// is put there when Python goes on.)
python.runPython(
  `
import sys
sys.path[:] = [*sys.path[1:], "/book"]
import array, contextlib, copy, dataclasses, html, json, numbers, statistics
import matplotlib.pyplot
import drawing, graphviz, session, steps, training, verdict
sys.path.pop()
stage = [name for name in sys.modules if name.startswith("micrograd")]
assert not stage, stage
`,
  { globals: python.toPy({}) },
);
// https://github.com/pyodide/pyodide/issues/6254
if (python._module.HEAP8.length > before)
  throw new Error("Python has grown beyond the memory that it begins with");
await writeFile(snapshot, gzipSync(python.makeMemorySnapshot(), { level: 9 }));
