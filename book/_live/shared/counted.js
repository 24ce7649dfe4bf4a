/* How many there are of something, in words: 1 step, 1,000 steps. */
export const counted = (count, noun) =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
