/* What the cells of a page say, and which of them are up to date.

   What comes out of a cell follows from its code and from that of all cells
   above it: from its history. What is seen under a cell is stale when it comes
   from another history than the cell's own is now; the book's output comes from
   the book's code. And before a cell is run, those above it are that Python
   hasn't run with the history that they have now. */

const same = (one, other) =>
  one?.length === other.length && one.every((code, i) => code === other[i]);

export class Notebook {
  #book; // the code of each cell, as the book has it
  #codes; // as it is now
  #seen = new Map(); // a number -> from what history comes what is seen, if
  // it isn't the book's
  #ran = new Map(); // a number -> with what history Python has run it

  constructor(codes) {
    this.#book = codes;
    this.#codes = [...codes];
  }

  code(number) {
    return this.#codes[number - 1];
  }

  history(number) {
    return this.#codes.slice(0, number);
  }

  isEdited(number) {
    return this.code(number) !== this.#book[number - 1];
  }

  isStale(number) {
    const seen = this.#seen.get(number) ?? this.#book.slice(0, number);
    return !same(seen, this.history(number));
  }

  hasRun(number) {
    return same(this.#ran.get(number), this.history(number));
  }

  write(number, code) {
    this.#codes[number - 1] = code;
  }

  /* Something is seen under a cell: from what history that comes. */
  show(number, history) {
    this.#seen.set(number, history);
  }

  /* Python has run a cell. */
  run(number, history) {
    this.#ran.set(number, history);
  }

  /* The book's code and its output are seen again. */
  reset(number) {
    this.write(number, this.#book[number - 1]);
    this.#seen.delete(number);
    this.#ran.delete(number);
  }

  /* Python has lost all that it had. */
  forget() {
    this.#ran.clear();
  }
}
