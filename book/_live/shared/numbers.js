/* Numbers as Python writes them, and the equations between them: the same as
   book/_live/python/steps.py has, for numbers that the reader has chosen. */

/* Four digits of a number, in both parts of 1.235e+3. Python rounds a half to
   the even digit. */
function digits(x) {
  const half = /^(-?\d\.\d\d[02468])50*(e.*)$/.exec(x.toExponential(60));
  return (half ? half[1] + half[2] : x.toExponential(3)).split("e");
}

const withoutZeros = (text) =>
  text.includes(".") ? text.replace(/\.?0+$/, "") : text;

/* As f"{x:.4g}". */
export function shown(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (x === 0) return Object.is(x, 0) ? "0" : "-0";
  const [mantissa, end] = digits(x);
  const exponent = Number(end);
  if (exponent < -4 || exponent > 3) {
    const sign = exponent < 0 ? "-" : "+";
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${withoutZeros(mantissa)}e${sign}${size}`;
  }
  const rounded = Number(`${mantissa}e${end}`);
  return withoutZeros(rounded.toFixed(3 - exponent));
}

/* The same in an equation, where a whole number is a float, too. */
export function written(x) {
  const text = shown(x);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/* The number that a reader sees. */
export const asShown = (x) => Number(shown(x).replace("inf", "Infinity"));

/* Whether two numbers are one but for the last bit. */
function isSame(one, other) {
  if (Object.is(one, other) || one === other) return true;
  const larger = Math.max(Math.abs(one), Math.abs(other));
  const isNear = Math.abs(one - other) <= 2 * Number.EPSILON * larger;
  return isNear && larger < Infinity;
}

function filled(form, numbers) {
  const left = [...numbers];
  return form.replaceAll("{}", (place) => left.shift() ?? place);
}

/* An equation; what its parts are stands in steps.py, at `Term`. */
export function equation(
  { says, form, wraps, operands, again, result },
  numbers,
) {
  const end = written(numbers[result]);
  if (!form) return `${says} = ${end}`;
  const data = operands.map((i) => numbers[i]);
  const texts = data.map(written);
  const inBrackets = (text) => (text.startsWith("-") ? `(${text})` : text);
  const is = (isSo) => (isSo ? "=" : "≈");
  return [
    filled(says, texts),
    is(data.every((x) => isSame(x, asShown(x)))),
    filled(form, wraps ? texts.map(inBrackets) : texts),
    is(isSame(numbers[again], asShown(numbers[result]))),
    end,
  ].join(" ");
}

/* What a step says and shows, when all numbers are known. */
export function told({ kind, terms: [term, total], shows }, numbers) {
  const text = equation(term, numbers);
  const isAdded = total && numbers[total.operands[0]] !== 0;
  return {
    text: isAdded ? `${text}, so ${equation(total, numbers)}` : text,
    shows: `${kind === "forward" ? "data" : "grad"} ${shown(numbers[shows])}`,
    slope: kind === "backward" ? `× ${shown(numbers[term.operands[0]])}` : "",
  };
}
