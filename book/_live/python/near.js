/* Tells when a reader comes near a cell, before any click. */

const TOUCHES = ["pointermove", "focusin", "keydown", "wheel", "touchstart"];
const METERED = ["bluetooth", "cellular", "wimax"];

/* Whether readers may have to pay for what they don't ask for. */
function isDear() {
  const { saveData, type } = navigator.connection ?? {};
  return saveData || METERED.includes(type);
}

/* Whether it is more than a page that is scrolled under a finger. */
const isAimed = ({ type, pointerType }) =>
  type === "focusin" || (type === "pointermove" && pointerType !== "touch");

/* Do something when the pointer or the focus first comes into one of the cells;
   and something else before, when the reader has touched the page anywhere,
   and the machine has nothing else to do. */
export function whenNear(cells, { onNear, onIdle }) {
  if (isDear()) return;
  const whenIdle = window.requestIdleCallback ?? setTimeout; // not in Safari
  const untilNear = new AbortController();
  const { signal } = untilNear;
  let isTouched = false;
  const look = (event) => {
    if (event.target.closest?.(".stepper")) return; // it needs no Python
    if (isAimed(event) && cells.some((cell) => cell.contains(event.target))) {
      untilNear.abort();
      onNear();
    } else if (!isTouched) {
      isTouched = true;
      whenIdle(() => signal.aborted || onIdle());
    }
  };
  for (const type of TOUCHES)
    addEventListener(type, look, { passive: true, signal });
}
