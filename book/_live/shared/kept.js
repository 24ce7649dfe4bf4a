/* What the browser keeps for the book; null where it lets nothing be kept. */
export function kept(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
