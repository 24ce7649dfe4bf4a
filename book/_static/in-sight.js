/* A graph that is wider than its box opens at what its caption names, in order
   as far as there is room. Each name may stand at several places: a comma. */
for (const box of document.querySelectorAll(".drawing[data-names]")) {
  const around = box.getBoundingClientRect();
  const seen = {};
  for (const ids of box.dataset.names.split(" ").filter(Boolean)) {
    for (const id of ids.split(",")) {
      const place = document.getElementById(id).getBoundingClientRect();
      const left = Math.min(place.left, seen.left ?? place.left);
      const right = Math.max(place.right, seen.right ?? place.right);
      const top = Math.min(place.top, seen.top ?? place.top);
      const bottom = Math.max(place.bottom, seen.bottom ?? place.bottom);
      if (right - left > around.width || bottom - top > around.height) continue;
      Object.assign(seen, { left, right, top, bottom });
      break;
    }
  }
  if (!("left" in seen)) continue;
  box.scrollTo({
    left: (seen.left + seen.right) / 2 - around.left - around.width / 2,
    top: (seen.top + seen.bottom) / 2 - around.top - around.height / 2,
    behavior: "instant",
  });
}
