/* Whether the reader has used Python in this visit: in this tab, on one of the
   book's pages. Where the browser keeps nothing, it always seems new. */

import { kept } from "../shared/kept.js";
import { root } from "../shared/this_page.js";

const KEY = `python ${root.pathname}`;

export const noteUse = () => kept(() => sessionStorage.setItem(KEY, "used"));
export const wasUsed = () => kept(() => sessionStorage.getItem(KEY)) !== null;
