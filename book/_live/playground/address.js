/* The address of the page leads to what the playground shows: by links to other
   settings, and by the way back from them. */

let kept; // what of the address was there last, with its settings shown

/* The address leads back to these settings. */
export function keepInAddress(query) {
  const search = query ? `?${query}` : "";
  history.replaceState(null, "", `${location.pathname}${search}#playground`);
  kept = location.search;
}

/* Links are followed where Python is already, and so is the way back. */
export function followLinks(place, playground) {
  document.addEventListener("click", (event) => {
    const { altKey, ctrlKey, metaKey, shiftKey, target } = event;
    const link = target.closest("a[href]");
    const isHere =
      link?.origin === location.origin &&
      link.pathname === location.pathname &&
      link.hash === `#${place.id}`;
    if (!isHere || !playground.isOpen) return;
    if (altKey || ctrlKey || metaKey || shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", link.href);
    playground.focus();
    playground.follow(location.search);
  });
  addEventListener("popstate", () => {
    if (!playground.isOpen || location.search === kept) return;
    playground.follow(location.search);
  });
}
