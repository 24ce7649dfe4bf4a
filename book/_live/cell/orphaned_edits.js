/* What the reader has written for a cell that says something else now: no cell
   has it any more, but it isn't lost. */

import { button, element, folded } from "../shared/element.js";
import { edits } from "./edits.js";

const TOLD =
  "This page has changed since you wrote the code below, so no cell has it now.";

/* Show the edits that are kept in some places, at the end of the page. */
export function showOlder(places) {
  const box = folded(
    "live-older",
    "Code of yours from before",
    element("p", { textContent: TOLD }),
  );
  for (const place of places) {
    const code = element("pre", { textContent: edits.at(place), tabIndex: 0 });
    const remove = button("Remove", () => {
      edits.forget(place);
      one.remove();
      if (!box.querySelector("pre")) box.remove();
    });
    const bar = element("div", { className: "live-bar" }, remove);
    const one = element("div", {}, code, bar);
    box.append(one);
  }
  document.querySelector(".bd-article").append(box);
}
