"""What a link leads to, in a few words, to be shown on a card beside the link.

Beside each page of the book there is a script with its cards: one for each
place that links lead to (terms, citations, figures, equations, definitions,
sections), and one for the page. `_static/previews.js` asks for the script of
a page when a link to it is pointed at, so that the cards cost nothing until
then; a script, as browsers read no other file from the disk. What is on a card
comes from the page itself, so page and cards are made together.

(With sphinx-tippy each page brings what all of its links lead to, and
sphinx-hoverxref asks Read the Docs for it.)
"""

from __future__ import annotations

import ast
import json
import re
from copy import copy
from html import escape, unescape
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from bs4 import BeautifulSoup, Tag
from sphinxcontrib import katex

from weave.places import anchor_of, page_of, whole_package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docutils import nodes
    from sphinx.application import Sphinx

    from tangle.package import Version

FOLDER = "_previews"
OPAQUE = re.compile(
    r"<svg\b.*?</svg>|<math\b.*?</math>"
    r'|<div class="highlight.*?</pre>\s*</div>',
    re.DOTALL,
)
"""What a card shows as it is, or not at all; to parse it takes the longest."""
CLUTTER = ".headerlink, .toggle-button, .steps, script, style, template"
LARGEST = 40_000
"""In characters; a card is no place for a larger drawing."""


def cards(body: str) -> Iterator[tuple[str, str]]:
    """The ids of a page's places with what a card shows of each."""
    aside: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        aside.append(found[0] if len(found[0]) < LARGEST else "")
        return f"<svg>{len(aside) - 1}</svg>"

    page = BeautifulSoup(OPAQUE.sub(put_aside, body), "html.parser")
    for clutter in page.select(CLUTTER):
        clutter.decompose()
    for anchor, parts in places(page):
        html = "".join(plain(part) for part in parts)
        yield (
            anchor,
            re.sub(
                r"<svg>(\d+)</svg>",
                lambda found: aside[int(found[1])],
                html,
            ),
        )


def places(page: BeautifulSoup) -> Iterator[tuple[str, list[Tag]]]:
    """The ids of a page's places with those parts of it that a card shows."""
    for place in page.find_all(id=True):
        if parts := parts_of(place):
            yield str(place["id"]), parts
            if parts[0].name == "h1":
                yield "", parts


def parts_of(place: Tag) -> list[Tag]:
    """What a card shows of a place; nothing if it has none."""
    kinds = set(place.get("class") or ())
    match place.name:
        case "dt":
            meaning = place.find_next_sibling("dd")
            if meaning and place.find_parent("dl", class_="glossary"):
                return paragraphs(meaning, but="defined")
            if meaning and place.find_parent("dl", class_="py"):
                return [place, *paragraphs(meaning)[:1]]
        case "div" if "citation" in kinds:
            return list(place.find_all("p"))
        case "figure":
            return [place]
        case "div" if "math" in kinds:
            return [place]
        case "section":
            title = place.find(["h1", "h2", "h3", "h4"], recursive=False)
            if title:
                return [title, *paragraphs(place, but="along")[:1]]
    return []


def paragraphs(tag: Tag, but: str = "") -> list[Tag]:
    """The paragraphs right inside of a tag, but those of a class."""
    return [
        p
        for p in tag.find_all("p", recursive=False)
        if but not in (p.get("class") or ())
    ]


def plain(part: Tag) -> str:
    """A part of a page as it can stand on a card.

    Ids must be unique in a page, and what is on a card can't be clicked.
    """
    part = copy(part)
    for tag in [part, *part.find_all(True)]:
        del tag["id"]
        if tag.name == "a":
            tag.name = "span"
            del tag["href"]
    if part.name in ("dt", "h1", "h2", "h3", "h4"):
        part.name = "p"
        part["class"] = "preview-title"
    return str(part)


def definitions(app: Sphinx, docname: str) -> Iterator[tuple[str, str]]:
    """The ids of the page's definitions of the library, with their cards."""
    chapter = (Path(app.srcdir) / f"{docname}.md").read_text("utf-8")
    for definition in whole_package(app).definitions:
        for version in definition.versions:
            if page_of(version) == docname:
                html = signature(chapter, version, app)
                yield anchor_of(definition, version), html


def signature(chapter: str, version: Version, app: Sphinx) -> str:
    """How a version of a definition begins, and its docstring's first line."""
    lines = chapter.split("\n")[version.line - 1 : version.end_line]
    code = dedent("\n".join(lines))
    node = ast.parse(code).body[0]
    says = ""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        first = min(part.lineno for part in node.body)
        docstring = ast.get_docstring(node) or ""
        code = "\n".join(code.split("\n")[: first - 1])
        says = docstring.partition("\n")[0]
    else:
        code = code.split("\n")[0]
    html: str = app.builder.highlighter.highlight_block(code, "python")  # type: ignore[attr-defined]
    return html + (f"<p>{set_line(says)}</p>" if says else "")


def set_line(text: str) -> str:
    """A line of a docstring in HTML: its code, and its formulas."""

    def set_part(found: re.Match[str]) -> str:
        if found["formula"]:
            formula = katex.render_latex(unescape(found["formula"]))
            return f'<span class="math">{formula}</span>'
        return f"<code>{found['code']}</code>"

    parts = (
        r":math:`(?P<formula>[^`]+)`|(?P<ticks>`+)(?P<code>[^`]+)(?P=ticks)"
    )
    return re.sub(parts, set_part, escape(text, quote=False))


def write_cards(
    app: Sphinx,
    docname: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Write the script with the cards of a page that has been made."""
    if doctree is None or app.builder.name != "html":
        return
    all_cards = dict(cards(context["body"])) | dict(definitions(app, docname))
    text = json.dumps(all_cards, ensure_ascii=False, separators=(",", ":"))
    file = app.outdir / FOLDER / f"{docname}.js"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"bookPreviews({json.dumps(docname)},{text})\n", "utf-8")


def setup(app: Sphinx) -> None:
    app.add_js_file("previews.js", loading_method="defer")
    # After others have had their say about the page.
    app.connect("html-page-context", write_cards, priority=900)
