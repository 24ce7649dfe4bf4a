/* What the reader asks the cells for is done one after the other. */

import { python } from "../python/python.js";

let last = Promise.resolve(); // settled when all that was asked for is done
let asked = 0; // how much of it isn't done yet
let stops = 0; // how often Python was lost: what was asked for before is dropped

python.addEventListener("lost", () => {
  stops += 1;
});

/* Do something when all that was asked for before is done. It is told if it
   has to wait, and if it is dropped. */
export function enqueue(action, { onWait, onDrop }) {
  const before = stops;
  asked += 1;
  if (asked > 1) onWait();
  last = last.then(async () => {
    try {
      if (before === stops) await action();
      else onDrop();
    } finally {
      asked -= 1;
    }
  });
  return last;
}
