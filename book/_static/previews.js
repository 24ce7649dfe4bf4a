// Shows on a card what a link in the text leads to: when it is pointed at, or
// reached by the keyboard. book/_ext/weave/previews.py has written the cards, in a
// script for each page; it is asked for when it is first needed.
(() => {
  "use strict";

  const article = document.querySelector(".bd-article");
  if (!article) return;

  const root = new URL(
    document.documentElement.dataset.content_root || "./",
    location.href,
  );
  const pages = new Map(); // a page's name -> a promise of its cards
  const arrived = new Map(); // a page's name -> what to do with its cards
  const card = document.createElement("div");
  card.id = "preview";
  card.className = "preview bd-article";
  card.setAttribute("role", "tooltip");
  card.hidden = true;
  document.body.append(card);

  let link = null; // whose card is shown, or about to be
  let timer = 0;
  let title = ""; // the browser's own hint, kept while the card is there

  window.bookPreviews = (page, cards) => arrived.get(page)?.(cards);

  function cardsOf(page) {
    if (!pages.has(page)) {
      const cards = new Promise((resolve) => {
        arrived.set(page, resolve);
        const script = document.createElement("script");
        script.src = new URL(`_previews/${page}.js`, root);
        script.onerror = () => resolve({});
        document.head.append(script);
      });
      pages.set(page, cards);
    }
    return pages.get(page);
  }

  // The page and the place that a link leads to, if it's one of the book's.
  function target(a) {
    const url = new URL(a.href, location.href);
    const path = url.href.slice(0, url.href.length - url.hash.length);
    if (!path.startsWith(`${root.href}book/`)) return null;
    const page = path.slice(root.href.length).replace(/(\.html)?(\?.*)?$/, "");
    return [page, decodeURIComponent(url.hash.slice(1))];
  }

  function place() {
    const gap = 6;
    const to = link.getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    const height = window.innerHeight;
    const below = height - to.bottom - 2 * gap;
    const above = to.top - 2 * gap;
    const under = card.offsetHeight <= below || below >= above;
    card.style.maxHeight = `${Math.max(under ? below : above, 80)}px`;
    const left = Math.min(to.left, width - card.offsetWidth - 8);
    const top = under ? to.bottom + gap : to.top - gap - card.offsetHeight;
    card.style.left = `${Math.max(left, 8) + window.scrollX}px`;
    card.style.top = `${top + window.scrollY}px`;
  }

  async function show(a) {
    const [page, anchor] = target(a);
    const html = (await cardsOf(page))[anchor];
    if (!html || a !== link) return;
    // A drawing's parts are known by their ids, which the page may have too.
    card.innerHTML = html.replace(/figure(?=\d+-)/g, "preview-figure");
    card.style.maxHeight = "";
    card.hidden = false;
    card.scrollTop = 0;
    place();
    title = a.title;
    if (title) a.removeAttribute("title");
    a.setAttribute("aria-describedby", card.id);
  }

  function hide() {
    clearTimeout(timer);
    if (!link) return;
    link.removeAttribute("aria-describedby");
    if (title) link.title = title;
    title = "";
    link = null;
    card.hidden = true;
    card.replaceChildren();
  }

  function later(action, milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  }

  function choose(a, milliseconds) {
    if (a === link) return clearTimeout(timer);
    if (!target(a)) return;
    later(() => {
      hide();
      link = a;
      show(a);
    }, milliseconds);
  }

  const linkAt = (event) =>
    event.target.closest?.("a[href]:not(.headerlink)") ?? null;

  article.addEventListener("pointerover", (event) => {
    const a = linkAt(event);
    if (a && event.pointerType === "mouse") choose(a, 250);
  });
  article.addEventListener("pointerout", (event) => {
    if (linkAt(event)) later(hide, 250);
  });
  card.addEventListener("pointerenter", () => clearTimeout(timer));
  card.addEventListener("pointerleave", () => later(hide, 250));
  article.addEventListener("focusin", (event) => {
    const a = linkAt(event);
    if (a?.matches(":focus-visible")) choose(a, 0);
  });
  article.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  addEventListener("resize", hide);
})();
