/* What was read, and how sure the network is, in words. */

/* From this share on it is said without an "or", as in chapter 16. */
const SURE = 0.9;
/* What else it could be is named from this share on, but for the next best. */
const WORTH_NAMING = 0.1;

export const NOTHING = "Nothing drawn yet.";
export const TOO_SMALL = "Too small to be read: go on, or draw larger.";

/* A share in hundredths, which are 0 or 100 only if there is no doubt. */
export function hundredths(share) {
  if (share < 0.005) return share === 0 ? "0" : "<1";
  if (share >= 0.995) return share === 1 ? "100" : ">99";
  return `${Math.round(100 * share)}`;
}

const spoken = (share) =>
  `${hundredths(share).replace("<", "less than ").replace(">", "over ")}\u00a0%`;

const named = (digit) => `${digit === 8 ? "an" : "a"} ${digit}`;

export function said(shares) {
  const ranked = shares
    .map((share, digit) => ({ digit, share }))
    .sort((a, b) => b.share - a.share);
  const [best] = ranked;
  if (best.share >= SURE) {
    const name = named(best.digit);
    return `${name[0].toUpperCase()}${name.slice(1)}, ${spoken(best.share)}.`;
  }
  const names = ranked
    .slice(0, 3)
    .filter(({ share }, rank) => rank < 2 || share >= WORTH_NAMING)
    .map(({ digit, share }) => `${named(digit)} (${spoken(share)})`);
  const last = names.pop();
  return `Not sure: ${names.join(", ")} or ${last}.`;
}
