/* What a step is about stands out in the drawing: the way that a number takes,
   and going back, what is multiplied. */

import { svg } from "../shared/svg.js";

const HEAD = 6; // the length of an arrow's head

/* The text in a node's box: its "data" or its "grad". */
export function textIn(node, kind) {
  return [...node.querySelectorAll("text")].at(kind === "data" ? -2 : -1);
}

/* The local gradient stands on the edge that it belongs to. */
function write(slope, edge) {
  const path = edge.querySelector("path");
  const { x, y } = path.getPointAtLength(path.getTotalLength() / 2);
  const text = svg("text", { x, y: y - 5, class: "back slope" }, slope);
  edge.parentNode.append(text);
}

/* On the way back, an edge's arrow points the other way. */
function turn(edge) {
  const path = edge.querySelector("path");
  const length = path.getTotalLength();
  const start = path.getPointAtLength(0);
  const inside = path.getPointAtLength(Math.min(HEAD, length));
  const end = path.getPointAtLength(length);
  const [, tip] = edge
    .querySelector("polygon")
    .getAttribute("points")
    .split(" ");
  const angle = Math.atan2(inside.y - start.y, inside.x - start.x);
  const place = `translate(${start.x} ${start.y})`;
  edge.append(
    svg("path", { class: "back", d: `M${end.x},${end.y}L${tip}` }),
    svg("polygon", {
      class: "back",
      points: `0,0 ${HEAD},-2.1 ${HEAD},2.1`,
      transform: `${place} rotate(${(angle * 180) / Math.PI})`,
    }),
  );
}

/* Show a step in a drawing, or none; `part` finds what has an id. */
export function light(drawing, step, part) {
  for (const one of drawing.querySelectorAll(".lit, .factor")) {
    one.classList.remove("lit", "factor");
  }
  for (const one of drawing.querySelectorAll(".back")) one.remove();
  drawing.dataset.kind = step?.kind ?? "";
  const lit = step ? step.lit.split(" ").map(part) : [];
  for (const one of lit) one.classList.add("lit");
  if (!step?.giver) return;
  for (const one of lit) if (one.matches(".edge")) turn(one);
  textIn(part(step.giver), "grad").classList.add("factor");
  if (step.factor) textIn(part(step.factor), "data").classList.add("factor");
  write(step.slope, part(step.edge));
}
