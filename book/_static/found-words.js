/* How the search tells what it has found: by page and place, as in "6 backward()
   — Finding the order", with the words around it. */
{
  /* A page that is called so comes before its namesakes in the library. */
  Scorer.objNameMatch = 5;

  /* A place is named by its title. A page of which a place is found isn't found
     once more as a whole. */
  const perform = Search._performSearch;
  Search._performSearch = (...asked) => {
    const { alltitles, docnames, titles } = Search._index;
    const names = new Map();
    for (const [title, places] of Object.entries(alltitles)) {
      for (const [page, id] of places) {
        const whole = titles[page];
        const name = id ? `${whole} — ${title}` : whole;
        names.set(`${docnames[page]}${id ? `#${id}` : ""}`, name);
      }
    }
    const found = perform(...asked).reverse();
    const placed = new Set(found.filter((one) => one[2]).map(([page]) => page));
    const best = new Map();
    for (const one of found) {
      const [page, title, anchor] = one;
      const place = page + anchor;
      if (best.has(place) || (!anchor && placed.has(page))) continue;
      one[1] = names.get(place) ?? title;
      best.set(place, one);
    }
    return [...best.values()].reverse();
  };

  /* What is found on a page as a whole leads to the first section that has it.
     The pages are fetched for this, which a browser doesn't do from the disk. */
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol !== "file:";
  const UNREAD = "annotation, .headerlink, .katex-html, .section-number, svg";
  const around = Search.makeSearchSummary;
  Search.makeSearchSummary = (html, words, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const part of page.querySelectorAll(UNREAD)) part.remove();
    const cleared = page.documentElement.outerHTML;
    const at = (id) => `#${CSS.escape(id)}`;
    if (anchor) {
      const place = at(anchor.slice(1));
      const meaning = page.querySelector(`dl.glossary ${place} ~ dd`);
      if (!meaning) return around(cleared, words, place) ?? paragraph("");
      return paragraph(meaning.textContent);
    }
    const section = firstWith(words, page);
    const summary =
      around(cleared, words, section && at(section.id)) ?? paragraph("");
    // The result that this belongs to is known once it is put there.
    if (section) queueMicrotask(() => leadTo(section, summary));
    return summary;
  };

  const paragraph = (textContent) =>
    Object.assign(document.createElement("p"), {
      className: "context",
      textContent,
    });

  function firstWith(words, page) {
    const sections = [...page.querySelectorAll("article section section")];
    const isIn = (section) => (word) =>
      section.textContent.toLowerCase().includes(word);
    return (
      sections.find((section) => [...words].every(isIn(section))) ??
      sections.find((section) => [...words].some(isIn(section)))
    );
  }

  function leadTo(section, summary) {
    const link = summary.parentElement.querySelector("a");
    link.hash = section.id;
    link.append(` — ${section.querySelector("h2, h3, h4").textContent}`);
  }
}
