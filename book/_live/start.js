/* Puts "Edit and run" on every cell of a page. All else comes on a click. */

import { name, whyNot } from "./here.js";

const { src } = document.currentScript;

/* The rest, of the same build as this. */
const load = () => import(src.replace("start.js", "cells.js"));

const FROM_DISK =
  "A browser runs no Python in a page that is opened from the disk. " +
  "Run `make serve` in the book's folder, and open the address it says.";

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function addButton(cell, number) {
  const why = whyNot[number - 1];
  const bar = element("div", { className: "live-bar" });
  cell.append(bar);
  if (why) {
    bar.append(
      element("span", { className: "live-why-not", textContent: why }),
    );
    return;
  }
  cell.setAttribute("role", "group");
  cell.setAttribute("aria-label", `Code cell ${number}`);
  const button = element("button", {
    className: "live-open",
    textContent: "Edit and run",
    type: "button",
  });
  button.addEventListener("click", async () => {
    if (location.protocol === "file:") {
      bar.replaceChildren(
        element("span", { className: "live-why-not", textContent: FROM_DISK }),
      );
      return;
    }
    button.disabled = true;
    const { openAndRun } = await load();
    openAndRun(number);
  });
  bar.append(button);
}

for (const cell of document.querySelectorAll(".cell[id^=cell-]")) {
  addButton(cell, Number(cell.id.replace("cell-", "")));
}

/* What the reader has written here before is there again. */
if (Object.keys(localStorage).some((key) => key.startsWith(`live ${name} `))) {
  load().then(({ reopen }) => reopen());
}
