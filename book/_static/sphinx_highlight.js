/* Marks the words that were searched for: in the results of the search, and on
   the page that one of them leads to. It stands in for Sphinx's script of this
   name, which puts elements around the words, and stops at the first drawing
   that has one of them. Here the page stays as it is; book.css says how a mark
   looks, and Escape removes all of them. */
"use strict";

const SPHINX_HIGHLIGHT_ENABLED = "highlights" in CSS;

const _highlightText = (part, text) => {
  if (!CSS.highlights.has("searched")) {
    CSS.highlights.set("searched", new Highlight());
  }
  const marks = CSS.highlights.get("searched");
  const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const words = node.data.toLowerCase();
    let at = words.indexOf(text);
    while (at >= 0) {
      const mark = document.createRange();
      mark.setStart(node, at);
      mark.setEnd(node, at + text.length);
      marks.add(mark);
      at = words.indexOf(text, at + text.length);
    }
  }
};

_ready(() => {
  /* On the search page they are the words of the search before this one. */
  if (!SPHINX_HIGHLIGHT_ENABLED || typeof Search !== "undefined") return;
  const words = localStorage.getItem("sphinx_highlight_terms");
  localStorage.removeItem("sphinx_highlight_terms");
  const article = document.querySelector("article");
  for (const word of words?.split(" ").filter(Boolean) ?? []) {
    _highlightText(article, word);
  }
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") CSS.highlights.delete("searched");
  });
});
