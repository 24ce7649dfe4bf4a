/* Puts "Run" and "Edit" on every cell of a page. All else comes on a click, or
   when one is near. */

import { edits } from "./cell/edits.js";
import { whenNear } from "./python/near.js";
import { wasUsed } from "./python/visit.js";
import { button, element } from "./shared/element.js";
import { FROM_DISK, whyNot } from "./shared/this_page.js";

const { src } = document.currentScript;
const FETCHING = "Fetching…";

/* The rest, of the same build as this. */
const load = (file) => import(src.replace("start.js", file));

/* Buttons that have something come, and what is said where it can't. */
function barOf(actions) {
  const status = element("span", { className: "live-status", role: "status" });
  const buttons = actions.map(([name, action]) =>
    button(name, async () => {
      if (location.protocol === "file:") {
        status.textContent = FROM_DISK;
        return;
      }
      status.textContent ||= FETCHING;
      try {
        await action();
      } catch (problem) {
        status.textContent = `This could not be fetched: ${problem.message}. Reload the page to try again.`;
      }
      if (status.textContent === FETCHING) status.textContent = "";
    }),
  );
  return element("div", { className: "live-bar" }, ...buttons, status);
}

function addBar(cell, number) {
  cell.setAttribute("role", "group");
  cell.setAttribute("aria-label", `Code cell ${number}`);
  const input = cell.querySelector(".cell_input");
  const why = whyNot[number - 1];
  if (why) {
    const told = element("span", { textContent: why });
    input.after(element("div", { className: "live-bar live-why-not" }, told));
    return;
  }
  const cells = () => load("live_cells.js");
  const bar = barOf([
    ["Run", async () => (await cells()).run(number)],
    ["Edit", async () => (await cells()).edit(number)],
  ]);
  // Of code that is folded away the buttons are not.
  (input.closest("details.hide") ?? input).after(bar);
}

const cells = [...document.querySelectorAll(".cell[id^=cell-]")];
for (const cell of cells) {
  addBar(cell, Number(cell.id.replace("cell-", "")));
}

/* Python comes before it is asked for, where somebody is about to: who has used
   it on another page will do so here. */
if (location.protocol !== "file:") {
  const come = (how) =>
    load("live_cells.js").then(
      ({ ahead }) => ahead[how](),
      () => {}, // the click will tell
    );
  whenNear(
    cells.filter((_, index) => !whyNot[index]),
    {
      onNear: () => come("start"),
      onIdle: () => come(wasUsed() ? "start" : "fetch"),
    },
  );
}

/* The playground once was on a page with cells; links lead to where it is. */
const moved = document.querySelector("span#playground > a");
if (moved && location.hash === "#playground") {
  location.replace(moved.href + location.search);
}

/* What the reader has written here before is there again. */
if (edits.areThere()) {
  load("live_cells.js")
    .then(({ bringBack }) => bringBack())
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
