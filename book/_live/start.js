/* Puts "Edit and run" on every cell of a page. All else comes on a click. */

import { edits } from "./cell/edits.js";
import { element } from "./shared/element.js";
import { FROM_DISK, whyNot } from "./shared/this_page.js";

const { src } = document.currentScript;

/* The rest, of the same build as this. */
const load = (file) => import(src.replace("start.js", file));

/* A button that has Python come, with what it says where Python can't. */
function opener(bar, textContent, action) {
  const say = (words) => {
    bar.replaceChildren(
      element("span", {
        className: "live-why-not",
        role: "alert",
        tabIndex: -1,
        textContent: words,
      }),
    );
    bar.firstChild.focus();
  };
  const button = element("button", {
    className: "live-open",
    textContent,
    type: "button",
  });
  button.addEventListener("click", async () => {
    if (location.protocol === "file:") {
      say(FROM_DISK);
      return;
    }
    button.disabled = true;
    button.textContent = "Fetching…";
    try {
      await action();
    } catch (problem) {
      say(
        `This could not be fetched: ${problem.message}. ` +
          "Reload the page to try again.",
      );
    }
  });
  return button;
}

function addButton(cell, number) {
  const why = whyNot[number - 1];
  const bar = element("div", { className: "live-bar" });
  cell.setAttribute("role", "group");
  cell.setAttribute("aria-label", `Code cell ${number}`);
  if (why) {
    // Of code that is folded away, nobody wants to know why it can't run.
    (cell.querySelector("details.hide:has(.cell_input)") ?? cell).append(bar);
    bar.append(
      element("span", { className: "live-why-not", textContent: why }),
    );
    return;
  }
  cell.append(bar);
  const open = async () => (await load("live_cells.js")).openAndRun(number);
  bar.append(opener(bar, "Edit and run", open));
}

for (const cell of document.querySelectorAll(".cell[id^=cell-]")) {
  addButton(cell, Number(cell.id.replace("cell-", "")));
}

/* The playground once was on a page with cells; links lead to where it is. */
const moved = document.querySelector("span#playground > a");
if (moved && location.hash === "#playground") {
  location.replace(moved.href + location.search);
}

/* What the reader has written here before is there again. */
if (edits.areThere()) {
  load("live_cells.js")
    .then(({ reopen }) => reopen())
    .catch(({ message }) => {
      const told = element("p", {
        className: "live-why-not",
        role: "alert",
        textContent:
          `What you have written here could not be shown: ${message}. ` +
          "Reload the page to try again.",
      });
      document.querySelector(".cell[id^=cell-]").before(told);
    });
}
