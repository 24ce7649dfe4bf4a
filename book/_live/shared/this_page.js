/* The page that this is, and where the book's other files are. */

/* book/_ext/pages/live.py has written it into the page. */
export const { page: name, why_not: whyNot } = JSON.parse(
  document.getElementById("live").textContent,
);

export const root = new URL(
  document.documentElement.dataset.content_root || "./",
  location.href,
);

/* By this query the scripts of one build ask for each other, lest a cache mixes
   them with those of another. (Of start.js: its digest stands for all.) */
export const build = new URL(
  document.querySelector('script[src*="live/start.js"]').src,
).search;

export const FROM_DISK =
  "Python can't run in a page that is opened from the disk. " +
  "Run `make serve` in the book's folder, and open the address it gives.";
