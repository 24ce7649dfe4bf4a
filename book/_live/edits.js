/* What readers have written, kept in their browser. */

import { name } from "./here.js";

/* An edit belongs to the code that it changes: when the book says something
   else there, it is for that that the reader has to think again. */
function keyOf(code) {
  let hash = 5381;
  for (const letter of code) {
    hash = (hash * 33 + letter.codePointAt(0)) % 2 ** 32;
  }
  return `live ${name} ${hash.toString(36)}`;
}

export const edits = {
  of: (code) => localStorage.getItem(keyOf(code)),
  keep(code, text) {
    if (text === code) localStorage.removeItem(keyOf(code));
    else localStorage.setItem(keyOf(code), text);
  },
  forget: (code) => localStorage.removeItem(keyOf(code)),
};
