/* Whether the reader has used Python in this visit: in this tab, on one of the
   book's pages. Where the browser keeps nothing, it always seems new. */

import { root } from "../shared/this_page.js";

const KEY = `python ${root.pathname}`;

function kept(action) {
  try {
    return action(sessionStorage);
  } catch {
    return null;
  }
}

export const noteUse = () => kept((all) => all.setItem(KEY, "used"));
export const wasUsed = () => kept((all) => all.getItem(KEY)) !== null;
