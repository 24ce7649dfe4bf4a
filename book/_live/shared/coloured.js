/* Python in the book's colours: the classes are those of Pygments, which has
   marked the book's own code, so that book/_static/code.css is for both. */

import { highlightCode, tagHighlighter, tags } from "@lezer/highlight";
import { parser } from "@lezer/python";
import { element } from "./element.js";

const { bool, className, comment, definition, keyword } = tags;
const { special, string, variableName } = tags;

export const colours = tagHighlighter([
  { tag: [keyword, bool], class: "k" },
  { tag: [definition(variableName), definition(className)], class: "nf" },
  { tag: [string, special(string)], class: "s" },
  { tag: comment, class: "c" },
]);

const marked = (className, textContent) =>
  element("span", { className, textContent });

/* The parts that make up some code. */
export function coloured(code) {
  const parts = [];
  highlightCode(
    code,
    parser.parse(code),
    colours,
    (text, className) => parts.push(className ? marked(className, text) : text),
    () => parts.push("\n"),
  );
  return parts;
}

/* Those of an error: its kind stands out, and the rest is coloured as code. */
export function colouredError(text) {
  return text.split(/^/m).flatMap((line) => {
    const [kind] = line.match(/^[\w.]+(?=:|$)/m) ?? [];
    return kind
      ? [marked("ne", kind), line.slice(kind.length)]
      : coloured(line);
  });
}
