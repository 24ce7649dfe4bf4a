/* Parts of a drawing that are dragged to and fro, by a mouse or by a finger. */

/* `onStart` is called when it begins, and `onMove` with each place of the
   pointer and how far it has come. */
export function drag(node, onStart, onMove) {
  let start = null;
  node.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault(); // no text is selected
    node.setPointerCapture(event.pointerId);
    start = { x: event.clientX, y: event.clientY };
    onStart();
  });
  node.addEventListener("pointermove", (event) => {
    if (start) onMove(event, event.clientX - start.x);
  });
  node.addEventListener("lostpointercapture", () => {
    start = null;
  });
  /* A finger that goes up or down scrolls the page. (Inside of a drawing,
     `touch-action` isn't heard.) */
  const hold = (event) => {
    const [{ clientX: x, clientY: y }] = event.touches;
    if (!start || !event.cancelable) return;
    if (Math.abs(x - start.x) >= Math.abs(y - start.y)) event.preventDefault();
  };
  node.addEventListener("touchmove", hold, { passive: false });
}
