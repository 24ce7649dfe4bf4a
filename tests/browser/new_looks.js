/* Runs axe's rules about colours on what looks as nothing has looked before.
   Given what is known, it returns what is known from now on, too, and what axe
   has found wrong.

   The look of an element is all that its contrast depends on: its own text,
   what is behind that, be it around it or not, and for a link the text that it
   is in. A look that passes is good wherever it is met again. What axe can't
   judge, or doesn't, stands only for others of this look in such a place: in
   elements with the same names, classes and styles. */
async ([known, [contrast, link]]) => {
  await Promise.all(document.getAnimations().map((a) => a.finished));
  const TEXT = [
    ...["color", "fill", "opacity", "-webkit-text-fill-color"],
    ...["-webkit-text-stroke", "text-shadow", "font-family", "font-size"],
    ...["font-weight", "font-style", "text-decoration", "mix-blend-mode"],
    ...["border-top", "border-bottom", "outline", "background-image"],
  ];
  const CLEAR = "rgba(0, 0, 0, 0)|none|1|normal|none|none";
  const BLOCK = /^(block|list-item|flex|grid|inline-block|table.*)$/;
  const LINK = "a[href], [role=link]";

  const once = (make) => {
    const made = new Map();
    return (e) => {
      if (!made.has(e)) made.set(e, make(e));
      return made.get(e);
    };
  };
  /* A short name for a long text: 53 bits of it. */
  const name = once((text) => {
    let [a, b] = [0xdeadbeef, 0x41c6ce57];
    for (let i = 0; i < text.length; i++) {
      a = Math.imul(a ^ text.charCodeAt(i), 2654435761);
      b = Math.imul(b ^ text.charCodeAt(i), 1597334677);
    }
    a = Math.imul(a ^ (a >>> 16), 2246822507) ^ (b >>> 13);
    b = Math.imul(b ^ (b >>> 16), 2246822507) ^ (a >>> 13);
    return (4294967296 * (b & 2097151) + (a >>> 0)).toString(36);
  });

  const style = once((e) => getComputedStyle(e));
  const text = once((e) =>
    name(TEXT.map((one) => style(e).getPropertyValue(one)).join("|")),
  );
  const paint = once((e) => {
    const s = style(e);
    const own = [
      ...[s.backgroundColor, s.backgroundImage, s.opacity],
      ...[s.mixBlendMode, s.filter, s.clipPath],
    ].join("|");
    return own === CLEAR ? "" : own;
  });
  const around = once((e) => {
    if (!e) return "";
    const outer = around(e.parentElement);
    return paint(e) ? name(`${outer} ${paint(e)}`) : outer;
  });
  const place = once((e) => {
    if (!e) return "";
    const s = style(e);
    const own = [
      ...[e.tagName, e.getAttribute("class"), e.ariaDisabled, e.disabled],
      ...[s.position, s.clip, s.overflow, s.visibility, s.zIndex, s.float],
      ...[s.transform === "none", s.textIndent, s.pointerEvents],
    ].join("|");
    return name(`${place(e.parentElement)} ${own}`);
  });
  const window = once((e) =>
    e && style(e).overflow === "visible"
      ? window(e.parentElement)
      : e?.getBoundingClientRect(),
  );
  const isCut = (e) => {
    const [box, outer] = [e.getBoundingClientRect(), window(e.parentElement)];
    return outer && (box.left < outer.left || box.right > outer.right
      || box.top < outer.top || box.bottom > outer.bottom);
  };

  const words = once((e) =>
    [...e.childNodes].filter(
      (n) => n.nodeType === 3 && /[^\s\u200b]/.test(n.data),
    ),
  );
  /* Axe judges no words of drawings, and none that are only read out, as
     formulas have them. */
  const isClipped = once((e) => {
    const [, top, right, bottom, left] =
      /^rect\((\d+)px, (\d+)px, (\d+)px, (\d+)px\)$/.exec(style(e).clip) ?? [];
    return (
      (/absolute|fixed/.test(style(e).position) &&
        bottom - top <= 0 &&
        right - left <= 0) ||
      (e.parentElement && isClipped(e.parentElement))
    );
  });
  const shown = [...document.querySelectorAll("body, body *")].filter(
    (e) => !e.ownerSVGElement && e.checkVisibility() && !isClipped(e),
  );
  const edges = (rects) =>
    Array.from(rects, (r) => [r.left, r.right, r.top, r.bottom]);
  const boxes = shown
    .filter((e) => paint(e) && e !== document.body)
    .flatMap((e) => edges(e.getClientRects()).map((rect) => [e, rect]));
  const range = document.createRange();
  const beside = (e) => {
    const found = new Set();
    for (const node of words(e)) {
      range.selectNodeContents(node);
      for (const [left, right, top, bottom] of edges(range.getClientRects()))
        for (const [box, other] of boxes)
          if (
            left < other[1] &&
            other[0] < right &&
            top < other[3] &&
            other[2] < bottom &&
            !box.contains(e)
          )
            found.add(`${paint(box)}${style(box).zIndex}`);
    }
    return [...found].sort().join(" ");
  };
  const kind = (e) => {
    const own = words(e).map((node) => node.data.trim()).join("");
    return `${own.length > 1} ${/[\p{L}\p{N}]/u.test(own)}`;
  };
  const block = once((e) =>
    BLOCK.test(style(e).display) ? e : block(e.parentElement),
  );
  const length = (e) => e.textContent.replace(/\s/g, "").length;
  const between = once((e) => {
    const links = [...e.querySelectorAll(LINK)];
    return links.reduce((sum, a) => sum - length(a), length(e)) > 0;
  });

  const looks = new Map(); // an element -> its looks, in the eyes of each rule
  for (const e of shown) {
    const found = [];
    if (words(e).length || e.matches("input, select, textarea"))
      found.push([contrast, text(e), around(e), beside(e)]);
    if (e.matches(LINK) && block(e) !== e && between(block(e)))
      found.push([link, text(e), around(e), text(block(e)), around(block(e))]);
    if (found.length)
      looks.set(
        e,
        found.map((look) => {
          const short = `${look[0]} ${name(look.join(" "))}`;
          const there = `${place(e)} ${kind(e)} ${isCut(e)}`;
          return [short, `${short} ${name(there)}`];
        }),
      );
  }

  const settled = new Set(known);
  const first = new Map(); // a look, and a place -> one that has these
  for (const [e, all] of looks)
    for (const [look, there] of all)
      if (!settled.has(look) && !settled.has(there) && !first.has(there))
        first.set(there, e);
  if (!first.size) return { settled: [], found: [] };
  const include = [...new Set(first.values())];
  const { passes, violations } = await axe.run(
    { include },
    {
      elementRef: true,
      resultTypes: ["violations", "passes"],
      runOnly: [contrast, link],
    },
  );
  for (const { id, nodes } of passes)
    for (const { element } of nodes)
      for (const [look] of looks.get(element) ?? [])
        if (look.startsWith(id)) settled.add(look);
  const bad = new Set();
  for (const { id, nodes } of violations)
    for (const { element } of nodes)
      for (const [look] of looks.get(element) ?? [])
        if (look.startsWith(id)) bad.add(look);
  for (const e of include)
    for (const [look, there] of looks.get(e))
      if (!settled.has(look) && !bad.has(look)) settled.add(there);
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, html, any }) => ({
      rule: id,
      where: target.join(" "),
      what: html,
      why: any.map((check) => check.message).join("; "),
    })),
  );
  return {
    settled: [...settled].filter((one) => !known.includes(one)),
    found,
  };
}
