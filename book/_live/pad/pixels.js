/* Strokes become 8×8 numbers from 0 to 16, as the digits of the data did.

   Those were scanned from forms, and prepared by programs of NIST's (Garris et
   al., NIST Form-Based Handprint Recognition System, 1994): what is drawn is
   stretched to 20×32 dots within 32×32, gets thinner or thicker if there is
   much ink or little, and is shorn until it stands upright. Then the dots with
   ink were counted in each block of 4×4. */

const SIZE = 32; // dots in a row, and rows
const WIDE = 20; // of these the digit has so many in a row
const BLOCK = 4;
export const SIDE = SIZE / BLOCK;

/* The pen's width, as a part of what is drawn. With this one, drawings are most
   like the data: in how much ink they have, and to the nearest of their kind. */
const PEN = 0.18;

/* What is narrow is stretched sideways at most so many times as much as it is
   upwards. (Who writes a 1 on a form seldom draws a bar that stands quite
   upright; one would become a square.) */
const STRETCH = 1.5;

/* The dots of ink that a digit has at least and at most. */
const FEW = 256;
const MANY = 412;
/* With so many dots, or so few, it gets two dots thinner or thicker. */
const TOO_FEW = 108;
const TOO_MANY = 560;

/* The box around all the points of some strokes. */
export function box(strokes) {
  const xs = strokes.flatMap((stroke) => stroke.map(([x]) => x));
  const ys = strokes.flatMap((stroke) => stroke.map(([, y]) => y));
  const left = Math.min(...xs);
  const top = Math.min(...ys);
  return {
    left,
    top,
    width: Math.max(...xs) - left,
    height: Math.max(...ys) - top,
  };
}

/* The square of the distance of a point from the line between two others. */
function distance2(x, y, [x1, y1], [x2, y2]) {
  const dx = x2 - x1;
  const dy = y2 - y1;
  const length2 = dx * dx + dy * dy;
  const along = length2 ? ((x - x1) * dx + (y - y1) * dy) / length2 : 0;
  const part = Math.min(Math.max(along, 0), 1);
  const ex = x - x1 - part * dx;
  const ey = y - y1 - part * dy;
  return ex * ex + ey * ey;
}

/* The dots, row by row, that a pen has touched; `has` says it of one. */
const dots = (has) =>
  Array.from({ length: SIZE }, (_, row) =>
    Array.from({ length: SIZE }, (_, column) => has(row, column)),
  );

/* What is drawn, as high as all the rows, and as a rule 20 dots wide. */
function stretched(strokes) {
  const { left, top, width, height } = box(strokes);
  const radius = (PEN / 2) * Math.max(width, height);
  const lines = strokes.flatMap((stroke) =>
    stroke.map((point, i) => [stroke[Math.max(i - 1, 0)], point]),
  );
  const down = (height + 2 * radius) / SIZE; // from one dot to the next
  const across = Math.max((width + 2 * radius) / WIDE, down / STRETCH);
  const middle = left + width / 2;
  return dots((row, column) => {
    const x = middle + (column + 0.5 - SIZE / 2) * across;
    const y = top - radius + (row + 0.5) * down;
    return lines.some(
      ([from, to]) => distance2(x, y, from, to) <= radius * radius,
    );
  });
}

const count = (image) => image.flat().filter(Boolean).length;

/* The dots above, below, left and right of one; there is no ink outside. */
const around = (image, row, column) => [
  image[row - 1]?.[column] ?? false,
  image[row + 1]?.[column] ?? false,
  image[row][column - 1] ?? false,
  image[row][column + 1] ?? false,
];

const thinner = (image) =>
  dots((r, c) => image[r][c] && around(image, r, c).every(Boolean));

const thicker = (image) =>
  dots((r, c) => image[r][c] || around(image, r, c).some(Boolean));

/* With more ink, or less, if it isn't as much as in the data. */
function inked(image) {
  const ink = count(image);
  if (ink > TOO_MANY) return thinner(thinner(image));
  if (ink > MANY) return thinner(image);
  if (ink < TOO_FEW) return thicker(thicker(image));
  if (ink < FEW) return thicker(image);
  return image;
}

/* Upright: the rows are moved until the digit's left ends, near its top and
   near its bottom, are one below the other. */
function upright(image) {
  const rows = image.flatMap((row, i) => (row.includes(true) ? [i] : []));
  if (rows.length <= 5) return image;
  const high = rows[0] + 2;
  const low = rows.at(-1) - 2;
  const [topLeft, bottomLeft] = [high, low].map((i) => image[i].indexOf(true));
  if (topLeft < 0 || bottomLeft < 0) return image;
  const slant = (topLeft - bottomLeft) / (low - high);
  return dots((row, column) => {
    const moved = Math.round((row - SIZE / 2) * slant);
    return image[row][column - moved] ?? false;
  });
}

/* The numbers, row by row. */
export function pixelsOf(strokes) {
  const image = upright(inked(stretched(strokes)));
  const pixels = new Array(SIDE * SIDE).fill(0);
  for (const [row, dotsOfRow] of image.entries()) {
    for (const [column, ink] of dotsOfRow.entries()) {
      const block = SIDE * Math.floor(row / BLOCK) + Math.floor(column / BLOCK);
      pixels[block] += ink;
    }
  }
  return pixels;
}
