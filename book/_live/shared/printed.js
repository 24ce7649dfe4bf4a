/* What has been printed, as a terminal shows it: "\r" goes back to where the
   row begins, "\b" one letter, and what follows is written over what is there.
   Of very many rows the first and the last are shown. */

const ROWS = 500; // so many at the beginning, and as many at the end
const WIDTH = 1000; // a line that is longer takes several rows
const PARTS = /[\n\r\b]|[^\n\r\b]{1,1000}/gu;

export class Printed {
  #whole = []; // all of it, piece by piece, as it was printed
  #first = []; // the rows that have ended
  #last = [];
  #row = ""; // the one that is being written
  #column = 0;

  leftOut = 0; // so many rows are neither first nor last

  add(text) {
    this.#whole.push(text);
    for (const [part] of text.matchAll(PARTS)) {
      if (part === "\n") this.#end(part);
      else if (part === "\r") this.#column = 0;
      else if (part === "\b") this.#column = Math.max(0, this.#column - 1);
      else this.#write(part);
    }
  }

  #write(text) {
    if (this.#column + text.length > WIDTH) this.#end("");
    const after = this.#column + text.length;
    this.#row =
      this.#row.slice(0, this.#column) + text + this.#row.slice(after);
    this.#column = after;
  }

  #end(mark) {
    const row = this.#row + mark;
    this.#row = "";
    this.#column = 0;
    if (this.#first.length < ROWS) this.#first.push(row);
    else this.#last.push(row);
    if (this.#last.length <= ROWS) return;
    this.#last.shift();
    this.leftOut += 1;
  }

  get first() {
    return this.#first.join("");
  }

  get last() {
    return this.#last.join("") + this.#row;
  }

  get whole() {
    return new Blob(this.#whole, { type: "text/plain" });
  }
}
