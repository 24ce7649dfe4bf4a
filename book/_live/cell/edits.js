/* What readers have written, kept in their browser. */

import { kept } from "../shared/kept.js";
import { name, root } from "../shared/this_page.js";

/* Other books, and other editions of this one, may have the same origin. */
const START = `live ${root.pathname}${name} `;

function hashOf(code) {
  let hash = 5381;
  for (const letter of code) {
    hash = (hash * 33 + letter.codePointAt(0)) % 2 ** 32;
  }
  return hash.toString(36);
}

const keys = () =>
  kept(() =>
    Object.keys(localStorage).filter((key) => key.startsWith(START)),
  ) ?? [];

/* For each cell of the page, where its edit is kept. An edit belongs to the
   code that it changes, not to a number: when the book says something else
   there, it is for that that the reader has to think again. */
export function places(codes) {
  const times = new Map();
  return codes.map((code) => {
    const before = times.get(code) ?? 0;
    times.set(code, before + 1);
    return `${START}${hashOf(code)} ${before}`;
  });
}

export const edits = {
  areThere: () => keys().length > 0,
  at: (place) => kept(() => localStorage.getItem(place)),
  forget: (place) => kept(() => localStorage.removeItem(place)),

  /* Whether it could be kept. */
  keep: (place, text) =>
    kept(() => {
      localStorage.setItem(place, text);
      return true;
    }) ?? false,

  /* Those of cells that the page no longer has as they were. */
  besides: (places) => keys().filter((key) => !places.includes(key)),
};
