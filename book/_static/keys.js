/* For readers who use the keys. */

/* What is too wide for the page scrolls in its own box. (The theme sees to
   code and outputs, but not to those that are folded.) */
const boxes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
  }
});

/* Where many links stand close together, such as the names in a cell, Tab stops
   once, and the arrows lead from one to the next. (In a whole file it stops at
   each note, too.) */
const CLOSE = "pre, p.tangled, .library-so-far, dt.sig";
const NOTE = ".taught a";
const linksIn = (group) => [...group.querySelectorAll("a[href]")];

document.addEventListener("keydown", (event) => {
  const { altKey, ctrlKey, key, metaKey, shiftKey, target } = event;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (!step || altKey || ctrlKey || metaKey || shiftKey) return;
  const links = linksIn(target.closest("a")?.closest(CLOSE) ?? target);
  const next = links[links.indexOf(target) + step];
  if (!next || !links.includes(target)) return;
  event.preventDefault();
  if (!target.matches(NOTE)) target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});

window.addEventListener("load", () => {
  for (const group of document.querySelectorAll(CLOSE)) {
    for (const link of linksIn(group).slice(1)) {
      if (!link.matches(NOTE)) link.tabIndex = -1;
    }
  }
  for (const box of document.querySelectorAll(".katex-display, pre")) {
    boxes.observe(box);
  }
  /* When a table of contents closes, the focus is where it was before. (The
     theme tries, while the button can't have it yet.) */
  for (const name of ["primary", "secondary"]) {
    const dialog = document.getElementById(`pst-${name}-sidebar-modal`);
    const button = document.querySelector(`.${name}-toggle`);
    dialog?.addEventListener("close", () => setTimeout(() => button?.focus()));
  }
});
