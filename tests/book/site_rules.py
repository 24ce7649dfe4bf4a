"""What must be true of every page of the built book.

A rule is a function that is given a page and yields, in words, what is wrong
with it. Its docstring says what it protects.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from copy import copy
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import nbformat
from bs4 import BeautifulSoup, Tag


class Site:
    """A built book: the folder of its pages, and that of its notebooks."""

    def __init__(self, build: Path) -> None:
        self.html = build / "html"
        self.notebooks = build / "jupyter_execute"
        self.pages = {
            path: Page(self, path)
            for file in sorted(self.html.rglob("*.html"))
            if "_static" not in (path := str(file.relative_to(self.html)))
        }


class Page:
    """A page of a site, parsed when it is looked at."""

    def __init__(self, site: Site, path: str) -> None:
        self.site = site
        self.path = path

    @cached_property
    def text(self) -> str:
        return (self.site.html / self.path).read_text("utf-8")

    @cached_property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.text, "html.parser")

    @cached_property
    def prose(self) -> str:
        """What a reader reads, without code, output and formulas."""
        article = copy(self.soup.article or self.soup)
        code = "pre, code, .sig, script, style, svg, .math"
        for tag in article.select(code):
            tag.decompose()
        return article.get_text()

    @cached_property
    def ids(self) -> Counter[str]:
        return Counter(tag["id"] for tag in self.soup.select("[id]"))

    @cached_property
    def cells(self) -> list[nbformat.NotebookNode]:
        """The code cells as they were executed, if the page has any."""
        name = Path(self.path).with_suffix(".ipynb")
        file = self.site.notebooks / name
        if not file.exists():
            return []
        notebook = nbformat.read(file, as_version=4)
        return [cell for cell in notebook.cells if cell.cell_type == "code"]

    def select(self, selector: str) -> list[Tag]:
        return list(self.soup.select(selector))


def short(tag: Tag) -> str:
    """Enough of a tag to find it."""
    return re.sub(r"\s+", " ", str(tag))[:120]


# Links


def addresses(page: Page) -> Iterator[tuple[str, Tag]]:
    """Every address on a page, and what has it."""
    for tag in page.soup.find_all(True):
        for name, value in tag.attrs.items():
            if name in ("href", "xlink:href", "src", "action", "poster"):
                yield value, tag
            elif name == "srcset":
                for candidate in value.split(","):
                    yield candidate.split()[0], tag
            elif isinstance(value, str):
                for match in re.finditer(r"url\(['\"]?([^)'\"]+)", value):
                    yield match[1], tag
        if tag.name == "meta" and "url=" in tag.get("content", ""):
            yield tag["content"].partition("url=")[2], tag


def targets(page: Page) -> Iterator[tuple[str, str, Tag]]:
    """The files of the site, and places in them, that a page refers to."""
    for address, tag in addresses(page):
        url = urlsplit(address)
        if not url.scheme and not url.netloc:
            path = urljoin(page.path, unquote(url.path)) or page.path
            if path.endswith("/"):
                path += "index.html"
            yield path, unquote(url.fragment), tag


def every_link_leads_somewhere(page: Page) -> Iterator[str]:
    """Protects the reader from links to pages or places that aren't there."""
    for path, place, tag in targets(page):
        if not (page.site.html / path).is_file():
            yield f"{short(tag)} leads to no file"
        elif (
            place
            and path in page.site.pages
            and place not in page.site.pages[path].ids
        ):
            yield f"{short(tag)} leads to no place on {path}"


def no_link_leads_to_a_source(page: Page) -> Iterator[str]:
    """Protects the reader from landing in Markdown."""
    for path, _, tag in targets(page):
        if path.endswith((".md", ".ipynb")) and not tag.has_attr("download"):
            yield short(tag)


def ids_are_unique(page: Page) -> Iterator[str]:
    """Protects links, and labels for screen readers, from going astray."""
    for name, times in page.ids.items():
        if times > 1:
            yield f"id={name!r} is there {times} times"


# Other origins. A page may link to one, but must not need it.


def nothing_comes_from_elsewhere(page: Page) -> Iterator[str]:
    """Protects readers who are offline, and everybody's privacy."""
    for address, tag in addresses(page):
        linked = tag.name in ("a", "form")
        says = tag.name == "link" and tag.get("rel") == ["canonical"]
        url = urlsplit(address)
        if url.netloc and not linked and not says:
            yield short(tag)
    for tag in page.select("script, style"):
        code = tag.get_text()
        if re.search(r"""["'(=]\s*(https?:)?//\w""", code):
            yield short(tag)


# What a build must not leave behind


def the_markup_is_gone(page: Page) -> Iterator[str]:
    """Protects the prose from markup that nothing understood."""
    for pattern in (
        r"\{[\w:-]+\}",  # a role or directive
        r"\$\$|\$[^$\n]+\$|\\[(\[]",  # mathematics
        r"`|\*\*|:::|\]\(",  # Markdown
    ):
        for match in re.finditer(pattern, page.prose):
            around = page.prose[match.start() :][:60]
            yield f"{around!r}"


def no_list_is_a_line_of_prose(page: Page) -> Iterator[str]:
    """Protects sentences whose next line happens to begin with "1."."""
    for tag in page.select("article :is(ol, ul)"):
        before = tag.find_previous_sibling()
        if before and before.name == "p":
            text = before.get_text().strip()
            if not text.endswith((".", ":", "?", "!")):
                yield f"{text[-40:]!r}, and then {short(tag)}"


def formulas_are_set(page: Page) -> Iterator[str]:
    """Protects formulas from being read as TeX, and from needing a script."""
    for tag in page.select("article .math"):
        if tag.name != "svg" and not tag.select_one(".katex"):
            yield f"not set: {short(tag)}"
    for tag in page.select(".katex-error"):
        yield f"an error in {short(tag)}"


def errors_are_shown_only_where_they_are_taught(page: Page) -> Iterator[str]:
    """Protects the reader from errors that nobody meant to show."""
    taught = page.select(".cell.tag_raises-exception .traceback")
    for tag in page.select(".traceback"):
        if tag not in taught:
            yield f"an error in {short(tag.find_parent(class_='cell') or tag)}"
    shown = page.text.count("Traceback (most recent call last)")
    if shown > len(taught):
        yield f"{shown} tracebacks, {len(taught)} of them taught"
    for tag in page.select(".stderr, .system-message, .problematic"):
        yield short(tag)


def nothing_tells_of_the_machine(page: Page) -> Iterator[str]:
    """Protects pages from depending on where they were built."""
    for path in (str(page.site.html.parents[1]), "site-packages/"):
        if path in page.text:
            around = page.text[page.text.index(path) - 40 :][:120]
            yield f"{path} in {around!r}"


def no_output_is_a_flood(page: Page) -> Iterator[str]:
    """Protects the reader's patience: an output is there to be read."""
    for tag in page.select(".cell_output .output"):
        lines = tag.get_text().count("\n")
        if lines > 60:
            yield f"{lines} lines: {short(tag)}"


def what_a_cell_prints_stands_in_one_piece(page: Page) -> Iterator[str]:
    """Protects pages from differing with the kernel's haste."""
    for tag in page.select(".output.stream + .output.stream"):
        yield short(tag)


# Pictures and headings


def described(tag: Tag) -> str:
    """What a picture's alternative text says."""
    return (tag.get("alt") or tag.get("aria-label") or "").strip()


def every_picture_is_described(page: Page) -> Iterator[str]:
    """Protects readers who don't see the pictures."""
    for tag in page.select("img, svg"):
        if tag.find_parent(attrs={"aria-hidden": "true"}):
            continue
        if tag.name == "svg" and tag.get("aria-hidden") == "true":
            continue
        if tag.find_parent("template"):  # shown by a script, which says it
            continue
        if tag.name == "svg" and tag.find_parent("svg"):
            continue
        says = described(tag)
        name = Path(tag.get("src") or tag.get("id") or " ")
        if not says or (tag.name == "svg" and tag.get("role") != "img"):
            yield f"no description: {short(tag)}"
        elif says in (name.name, name.stem) or re.search(r"\.\w{3,4}$", says):
            yield f"described by a file's name: {short(tag)}"
        elif re.search(r"[$`]|\*\*", says):
            yield f"described in markup: {short(tag)}"


def every_picture_has_a_caption(page: Page) -> Iterator[str]:
    """Protects readers who see a picture and don't know what to look for."""
    for tag in page.select(".cell_output :is(img, svg[role=img])"):
        figure = tag.find_parent("figure")
        if not figure:
            yield f"not in a figure: {short(tag)}"
    for figure in page.select("figure"):
        text = figure.select_one("figcaption .caption-text")
        if not text or not text.get_text().strip():
            yield f"no caption: {short(figure)}"


def there_is_one_main_heading(page: Page) -> Iterator[str]:
    """Protects the outline by which screen readers and searches go."""
    if page.select("meta[http-equiv=Refresh]"):
        return
    seen = page.select("h1")
    if len(seen) != 1:
        yield f"{len(seen)} main headings"
    elif not seen[0].get_text().strip("# \n"):
        yield "an empty main heading"


# Outputs


def every_output_is_on_the_page(page: Page) -> Iterator[str]:
    """Protects "every output on the page was computed by the build".

    And the other way round: what was computed is there to be seen.
    """
    shown = page.select(".cell")
    run = [c for c in page.cells if "remove-cell" not in tags(c)]
    if len(shown) != len(run):
        yield f"{len(run)} cells were run, {len(shown)} are shown"
        return
    for number, (cell, tag) in enumerate(zip(run, shown, strict=True), 1):
        if cell.execution_count is None:
            yield f"cell {number} was not run"
        if {"remove-output", "remove-stdout"} & tags(cell):
            continue
        outputs = tag.select_one(".cell_output")
        if (outputs is not None) != bool(cell.outputs):
            count = len(cell.outputs)
            yield f"cell {number} has {count} outputs: {short(tag)}"
        elif outputs is not None:
            for output in cell.outputs:
                if not is_shown(output, outputs):
                    yield f"output of cell {number} is missing: {short(tag)}"


def tags(cell: nbformat.NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", ()))


#: What Markdown says with more than its words.
MARKUP = re.compile(r"^```.*|^:\w+:.*|\{\w+\}`[^`]*`|[|`]|:?--+:?|^- ", re.M)


def is_shown(output: nbformat.NotebookNode, outputs: Tag) -> bool:
    """Is an output of a notebook's cell among those on the page?"""
    if output.output_type == "error":
        errors = (tag.get_text() for tag in outputs.select(".traceback"))
        return any(output.ename in error for error in errors)
    if output.output_type == "stream":
        wanted = output.text
    elif any(kind.startswith("image/") for kind in output.data):
        return outputs.select_one("img, svg[role=img]") is not None
    elif "text/markdown" in output.data:
        words = MARKUP.sub(" ", output.data["text/markdown"]).split()
        text = outputs.get_text().replace("’", "'")
        return all(word in text for word in words)
    elif "text/html" in output.data:
        wanted = BeautifulSoup(output.data["text/html"], "html.parser").text
    else:
        wanted = output.data["text/plain"]
    return squeezed(wanted) in squeezed(outputs.get_text())


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


RULES = (
    every_link_leads_somewhere,
    no_link_leads_to_a_source,
    ids_are_unique,
    nothing_comes_from_elsewhere,
    the_markup_is_gone,
    no_list_is_a_line_of_prose,
    formulas_are_set,
    errors_are_shown_only_where_they_are_taught,
    nothing_tells_of_the_machine,
    no_output_is_a_flood,
    what_a_cell_prints_stands_in_one_piece,
    every_picture_is_described,
    every_picture_has_a_caption,
    there_is_one_main_heading,
    every_output_is_on_the_page,
)
