/* What is too wide for the page scrolls in its own box, by the keys too.
   (The theme sees to code and outputs, but not to those that are folded.) */
const boxes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
  }
});
window.addEventListener("load", () => {
  for (const box of document.querySelectorAll(".katex-display, pre")) {
    boxes.observe(box);
  }
});
