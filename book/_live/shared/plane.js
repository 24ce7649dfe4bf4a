/* The plane with its points, and what the network says of every place. */

const DOT = 4; // pixels from a point's middle to its rim

/* Where the score changes its sign on the sides of a triangle. */
function crossings([a, b, c]) {
  return [
    [a, b],
    [b, c],
    [c, a],
  ]
    .filter(([p, q]) => p.score > 0 !== q.score > 0)
    .map(([p, q]) => {
      const part = p.score / (p.score - q.score);
      return [p.x + part * (q.x - p.x), p.y + part * (q.y - p.y)];
    });
}

/* The middle of a field; the outermost ones are drawn out to the edge. */
function middle(index, count) {
  if (index === 0) return 0;
  return index === count - 1 ? count : index + 0.5;
}

/* The pieces of the border. Four neighbours make two triangles, and a border
   that enters a triangle leaves it by another side. */
function* border(plane) {
  for (let row = 1; row < plane.length; row += 1) {
    for (let column = 1; column < plane[row].length; column += 1) {
      const corner = (y, x) => ({
        x: middle(x, plane[y].length),
        y: middle(y, plane.length),
        score: plane[y][x],
      });
      const a = corner(row - 1, column - 1);
      const b = corner(row - 1, column);
      const c = corner(row, column - 1);
      const d = corner(row, column);
      for (const triangle of [
        [a, b, c],
        [b, c, d],
      ]) {
        const ends = crossings(triangle);
        if (ends.length) yield ends;
      }
    }
  }
}

export class Plane {
  element;
  #columns;
  #small = document.createElement("canvas"); // a pixel for every field
  #points = [];
  #tests = [];
  #bounds = [0, 1, 0, 1];
  #plane = [];

  /* It is cut into so many columns of fields. */
  constructor(canvas, columns) {
    this.element = canvas;
    this.#columns = columns;
    canvas.setAttribute("role", "img");
    new ResizeObserver(() => this.draw()).observe(canvas);
    // The colours are those of the theme.
    new MutationObserver(() => this.draw()).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
  }

  /* The place that the reader has clicked on. */
  place({ offsetX, offsetY }) {
    const [x0, x1, y0, y1] = this.#bounds;
    const { clientWidth, clientHeight } = this.element;
    return [
      x0 + ((x1 - x0) * offsetX) / clientWidth,
      y1 - ((y1 - y0) * offsetY) / clientHeight,
    ];
  }

  get fields() {
    const columns = this.#columns;
    return { columns, rows: Math.round(columns / this.#shape) };
  }

  /* Its width for a height of 1: that of the points, if it isn't extreme. */
  get #shape() {
    const [x0, x1, y0, y1] = this.#bounds;
    return Math.min(2, Math.max(0.75, (x1 - x0) / (y1 - y0)));
  }

  /* Of `tests`, which are to be told apart, there is only the rim. */
  showPoints(points, bounds, tests = []) {
    this.#points = points;
    this.#tests = tests;
    this.#bounds = bounds;
    this.element.style.aspectRatio = this.#shape;
  }

  showScores(plane) {
    this.#plane = plane;
    this.draw();
  }

  describe(words) {
    this.element.setAttribute("aria-label", words);
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !this.#plane.length) return;
    const style = getComputedStyle(this.element);
    const colour = (name) => style.getPropertyValue(`--book-${name}`);
    const colours = {
      "-1": colour("data"),
      1: colour("gradient"),
      ink: colour("ink"),
      paper: colour("paper"),
    };
    this.element.width = width * devicePixelRatio;
    this.element.height = height * devicePixelRatio;
    const context = this.element.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    this.#drawScores(context, width, height, colours);
    this.#drawBorder(context, width, height, colours);
    this.#drawPoints(context, width, height, colours);
  }

  #drawScores(context, width, height, colours) {
    const rows = this.#plane.length;
    this.#small.width = this.#plane[0].length;
    this.#small.height = rows;
    const small = this.#small.getContext("2d");
    for (const [row, scores] of this.#plane.entries()) {
      for (const [column, score] of scores.entries()) {
        // From 1 on a point counts as right beyond doubt.
        small.globalAlpha = 0.06 + 0.3 * Math.min(Math.abs(score), 1);
        small.fillStyle = colours[score > 0 ? 1 : -1];
        small.fillRect(column, rows - 1 - row, 1, 1);
      }
    }
    context.drawImage(this.#small, 0, 0, width, height);
  }

  #drawBorder(context, width, height, colours) {
    const rows = this.#plane.length;
    const columns = this.#plane[0].length;
    context.beginPath();
    for (const ends of border(this.#plane)) {
      const [from, to] = ends.map(([x, y]) => [
        (x * width) / columns,
        height - (y * height) / rows,
      ]);
      context.moveTo(...from);
      context.lineTo(...to);
    }
    context.strokeStyle = colours.ink;
    context.lineWidth = 1.25;
    context.stroke();
  }

  #drawPoints(context, width, height, colours) {
    const [x0, x1, y0, y1] = this.#bounds;
    const outline = ([x, y, label], size) => {
      const left = ((x - x0) * width) / (x1 - x0);
      const top = ((y1 - y) * height) / (y1 - y0);
      context.beginPath();
      if (label > 0) context.arc(left, top, size, 0, 2 * Math.PI);
      else context.rect(left - size, top - size, 2 * size, 2 * size);
    };
    context.lineWidth = 1;
    for (const test of this.#tests) {
      outline(test, DOT - 1);
      context.strokeStyle = colours[test[2]];
      context.stroke();
    }
    context.strokeStyle = colours.paper;
    for (const point of this.#points) {
      outline(point, DOT);
      context.fillStyle = colours[point[2]];
      context.fill();
      context.stroke();
    }
  }
}
