/* Data that the reader has pasted: a table with two numbers and a class a line. */

import { counted } from "../shared/counted.js";

const MOST = 10_000;
const DECIMALS = 4;

/* Of the table's cells; what separates them is a tab, a semicolon or a comma. */
function rows(text) {
  const separator = ["\t", ";", ","].find((mark) => text.includes(mark));
  return text
    .split(/\r\n|\r|\n/)
    .map((line, i) => ({
      line: i + 1,
      cells: line
        .split(separator ?? /\s+/)
        .map((cell) => cell.trim().replace(/^"(.*)"$/, "$1")),
    }))
    .filter(({ cells }) => cells.some(Boolean));
}

const isNumber = (cell) => cell !== "" && Number.isFinite(Number(cell));

function scaled(numbers) {
  const mean = numbers.reduce((a, b) => a + b) / numbers.length;
  const squares = numbers.map((x) => (x - mean) ** 2);
  const spread = Math.sqrt(squares.reduce((a, b) => a + b) / numbers.length);
  // What is the same in all lines says nothing, and is 0.
  return numbers.map((x) =>
    Number(((x - mean) / (spread || 1)).toFixed(DECIMALS)),
  );
}

/* The same order for the same data, and none that the table has: the test gets
   what comes last. */
function shuffled(items) {
  const mixed = [...items];
  let state = 1;
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    state = (48271 * state) % 2147483647; // by Park and Miller
    const j = state % (i + 1);
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  return mixed;
}

/* The examples of a table, both columns scaled to the mean 0 and the standard
   deviation 1, and the names of the classes with the labels 1 and -1. An error
   says what is wrong, and where. */
export function examplesOf(text) {
  const found = rows(text);
  // A first line without numbers has the columns' names.
  const isHead = found.length && !found[0].cells.slice(0, 2).some(isNumber);
  const lines = isHead ? found.slice(1) : found;
  if (!lines.length) {
    throw new Error(
      "There is no line with data. Paste two numbers and a class a line, " +
        "such as 1.5, 2, yes.",
    );
  }
  if (lines.length > MOST) {
    throw new Error(`At most ${MOST} lines fit, not ${lines.length}.`);
  }
  for (const { line, cells } of lines) {
    if (cells.length !== 3) {
      const columns = counted(cells.length, "column");
      throw new Error(
        `Line ${line} has ${columns}: it takes two numbers and a class.`,
      );
    }
    const strange = cells.slice(0, 2).find((cell) => !isNumber(cell));
    if (strange !== undefined) {
      throw new Error(
        `Line ${line}: “${strange.slice(0, 30)}” isn't a number.`,
      );
    }
    if (!cells[2]) throw new Error(`Line ${line} has no class.`);
  }
  const classes = [...new Set(lines.map(({ cells }) => cells[2]))].sort();
  if (classes.length !== 2) {
    const names = classes.slice(0, 5).map((name) => `“${name.slice(0, 30)}”`);
    const more = classes.length > names.length ? ", …" : "";
    throw new Error(
      `The third column must have two classes, and has ${classes.length}: ` +
        `${names.join(", ")}${more}.`,
    );
  }
  const [xs, ys] = [0, 1].map((column) =>
    scaled(lines.map(({ cells }) => Number(cells[column]))),
  );
  const examples = lines.map(({ cells }, i) => [
    xs[i],
    ys[i],
    cells[2] === classes[1] ? 1 : -1,
  ]);
  return {
    examples: shuffled(examples),
    classes: { 1: classes[1], "-1": classes[0] },
  };
}
