/* The playground's settings, all of them as text, as a query has them. What a
   setting may be, the library has said when the book was built. */

const NUMBER = /^-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

function isNumber(text, [low, high]) {
  return NUMBER.test(text) && low <= Number(text) && Number(text) <= high;
}

function areWidths(text) {
  const widths = text.split("-");
  const isWidth = (x) => /^\d+$/.test(x) && 1 <= x && x <= 16;
  return widths.length <= 4 && widths.every(isWidth);
}

function areExamples(text, [count, most]) {
  const examples = text.split(";");
  return (
    examples.length <= count &&
    examples.every((example) => {
      const [x, y, label, ...more] = example.split(",");
      return (
        !more.length &&
        isNumber(x, [-most, most]) &&
        isNumber(y ?? "", [-most, most]) &&
        /^-?1$/.test(label)
      );
    })
  );
}

export class Fields {
  #fields = new Map(); // a setting's name -> what it may be

  constructor(fields) {
    for (const field of fields) this.#fields.set(field.name, field);
  }

  get(name) {
    return this.#fields.get(name);
  }

  get defaults() {
    return Object.fromEntries(
      [...this.#fields].map(([name, field]) => [name, field.default]),
    );
  }

  /* A setting as it is written: the same number always in the same way. */
  written(name, text) {
    const trimmed = text.trim();
    const isOne = this.get(name).limits.length && NUMBER.test(trimmed);
    return isOne ? String(Number(trimmed)) : trimmed;
  }

  /* Why a setting can't be so; nothing if it can. */
  refusal(name, text) {
    const { what, choices, limits } = this.get(name);
    const isFine = () => {
      if (name === "features") {
        const chosen = text.split(",");
        const inOrder = choices.filter((choice) => chosen.includes(choice));
        return text !== "" && inOrder.join() === text;
      }
      if (choices.length) return choices.includes(text);
      if (name === "hidden") return areWidths(text);
      if (name === "added" || name === "own") {
        return text === "" || areExamples(text, limits);
      }
      if (what.startsWith("a whole") && !/^\d+$/.test(text)) return false;
      return isNumber(text, limits);
    };
    if (isFine()) return "";
    const said = text.length > 30 ? `${text.slice(0, 30)}…` : text;
    return `It must be ${what}, not “${said}”.`;
  }

  /* What is in an address, with the defaults for all that isn't; why some of
     it is left out; and the names that are no settings: other sites add such
     to links on their way from one reader to the next. */
  read(query) {
    const settings = this.defaults;
    const refused = {};
    const strange = [];
    for (const [name, text] of new URLSearchParams(query)) {
      if (!this.#fields.has(name)) {
        strange.push(name);
        continue;
      }
      const why = this.refusal(name, text);
      if (why) refused[name] = why;
      else settings[name] = this.written(name, text);
    }
    if (settings.data === "own" && !settings.own) {
      settings.data = this.defaults.data;
      refused.data = "The link has no data of its own.";
    }
    return { settings, refused, strange };
  }

  /* The query of those that aren't as by default, among some names. */
  query(settings, names = [...this.#fields.keys()]) {
    const query = new URLSearchParams();
    for (const name of this.#fields.keys()) {
      const isChanged = settings[name] !== this.get(name).default;
      if (names.includes(name) && isChanged) query.set(name, settings[name]);
    }
    return query.toString().replaceAll("%2C", ",").replaceAll("%3B", ";");
  }
}

/* The points in a text such as 0.5,1.25,-1;2,0,1. */
export const examplesIn = (text) =>
  text ? text.split(";").map((point) => point.split(",").map(Number)) : [];
