/* The network that the build has trained, with the numbers of the library to
   the last digit: the same sums, in the same order. */

/* 1 / n! from n = 13 down to 1. */
const SERIES = [];
for (let n = 13, factorial = 6227020800; n > 0; factorial /= n, n -= 1) {
  SERIES.push(1 / factorial);
}
const LN2_HIGH = 0.6931471803691238; // so few bits that k times it is exact
const LN2_LOW = 1.9082149292705877e-10; // what is left of ln 2

function powerOfTwo(k) {
  let power = 1;
  for (let n = Math.abs(k); n > 0; n -= 1) power *= k < 0 ? 0.5 : 2;
  return power;
}

/* e^x as micrograd/portable.py has it: the same on every computer, which
   `Math.exp` isn't. */
export function exp(x) {
  const within = Math.max(-750, Math.min(x, 750));
  const k = Math.floor(within * Math.LOG2E + 0.5);
  const r = within - k * LN2_HIGH - k * LN2_LOW;
  let q = 0;
  for (const coefficient of SERIES) q = q * r + coefficient;
  const half = Math.floor(k / 2);
  return (1 + q * r) * powerOfTwo(half) * powerOfTwo(k - half);
}

const relu = (x) => Math.max(x, 0);

/* The bias, and then one product after the other, as in `Value.dot`. */
const sum = ({ weights, bias }, inputs) =>
  weights.reduce((total, weight, i) => total + weight * inputs[i], bias);

/* What each layer says of some inputs. The last one's are the scores. */
export function outputs({ layers }, inputs) {
  const said = [];
  for (const { activation, neurons } of layers) {
    const before = said.at(-1) ?? inputs;
    const sums = neurons.map((neuron) => sum(neuron, before));
    said.push(activation === "relu" ? sums.map(relu) : sums);
  }
  return said;
}

/* The share of each score, as in `micrograd.losses.softmax`. */
export function softmax(scores) {
  const highest = Math.max(...scores);
  const powers = scores.map((score) => exp(score - highest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
