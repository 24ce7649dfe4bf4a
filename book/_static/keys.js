/* For readers who use the keys. */

/* What is too wide for the page scrolls in its own box. (The theme sees to
   code and outputs, but not to those that are folded.) */
const boxes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
  }
});

window.addEventListener("load", () => {
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
