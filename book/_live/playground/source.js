/* Where networks and examples come from. What the page begins with, the build
   has put into it; all else, Python makes of the settings. */

import { python } from "../python/python.js";
import { FROM_DISK } from "../shared/this_page.js";

/* The settings that each of the two is made of. */
const OF = {
  network: ["features", "hidden", "activation", "decay", "seed"],
  examples: ["data", "points", "test", "noise", "seed"],
};

export class Source {
  #fields;
  #known = new Map();

  constructor({ network, examples }, fields) {
    this.#fields = fields;
    this.#known.set("network?", network).set("examples?", examples);
  }

  /* What the settings need, or nothing if Python has to be asked. */
  known(settings, what) {
    return this.#known.get(this.#key(settings, what));
  }

  #key(settings, what) {
    return `${what}?${this.#fields.query(settings, OF[what])}`;
  }

  async get(settings, what) {
    const key = this.#key(settings, what);
    if (!this.#known.has(key)) {
      if (location.protocol === "file:") throw new Error(FROM_DISK);
      const [, query] = key.split("?");
      const found = await python.call(`training.${what}`, { query });
      if (found.refused) throw new Error(`${found.refused}.`);
      this.#known.set(key, found);
    }
    return this.#known.get(key);
  }
}
