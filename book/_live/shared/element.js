/* Elements of the page. */

/* One with its properties and what is in it. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/* A button, and what a click on it does. */
export function button(textContent, action) {
  const made = element("button", { textContent, type: "button" });
  made.addEventListener("click", action);
  return made;
}

/* What the reader unfolds by a click on a few words. */
export function folded(className, words, ...parts) {
  const summary = element("summary", { textContent: words });
  return element("details", { className }, summary, ...parts);
}
