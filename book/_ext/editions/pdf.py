"""Makes the whole book one PDF, printed by Chromium.

It is printed twice: only then is it known on which page each chapter begins,
for the table of contents. The outline is made here: in Chromium's a heading
that was moved to the next page says everything twice. (Jupyter Book's own
ways to a PDF are LaTeX, which knows nothing of what is made for the pages, and
Chromium without numbers in the table of contents.)
"""

from __future__ import annotations

import os
import shutil
import sys
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import Destination, Fit

from editions import browser
from editions.articles import (
    BUILD,
    HTML,
    Book,
    anchor,
    heading,
    read_book,
    sections,
)
from figures import palette

HERE = Path(__file__).parent
FOLDER = BUILD / "pdf"
RESULT = BUILD / "micrograd.pdf"

DOCUMENT = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<title>{title}</title>
{styles}
<style>
{style}
{pages}
</style>
</head>
<body>
<header class="title-page"><p class="title">{title}</p><p>{author}</p></header>
<nav class="book-contents"><h1 id="contents">Contents</h1>
{contents}
</nav>
{articles}
</body>
</html>
"""

# The page of a chapter says in its margin which chapter that is.
RUNNING_TITLE = """\
.bd-article[data-page="{slug}"] {{ page: {name}; }}
@page {name} {{ @top-center {{ content: "{title}"; }} }}
"""


class Entry(NamedTuple):
    """What the contents say of a page of the book, or of a section."""

    part: str
    """The part that it opens, if it opens one."""
    place: str
    text: str
    is_section: bool


class Text:
    """The whole book as one HTML document."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.articles: list[str] = []
        self.entries: list[Entry] = []
        self.pages: list[str] = []
        pictures: dict[str, str] = {}
        part = ""
        for page in book.pages:
            article = page.article(pictures)
            article["data-page"] = page.slug
            article["id"] = ""
            page.relink(article, book, place)
            # Chromium loses some places that are paragraphs, but no span.
            for paragraph in article.select("p[id]"):
                there = Tag(name="span", attrs={"id": paragraph["id"]})
                del paragraph["id"]
                paragraph.insert(0, there)
            title = heading(article)
            top = place(page.name, "")[1:]
            opens = page.part if page.part != part else ""
            part = page.part
            self.entries.append(Entry(opens, top, title, False))
            self.entries += (
                Entry("", str(section["id"]), heading(section), True)
                for section in sections(article)
            )
            article["id"] = top
            self.articles.append(str(article))
            # The library's files share pages, so they share a running title.
            is_file = page.name.startswith("book/library/")
            running = "The library" if is_file else title
            self.pages.append(
                RUNNING_TITLE.format(
                    slug=page.slug,
                    name="library" if is_file else f"page-{len(self.pages)}",
                    title=running.replace("\\", r"\\").replace('"', r"\""),
                )
            )
        for name, svg in pictures.items():
            (FOLDER / name).write_text(svg, "utf-8")

    def write(self, numbers: dict[str, int]) -> Path:
        """Write it, with the page numbers of places that are known."""
        path = FOLDER / "book.html"
        text = DOCUMENT.format(
            title=escape(self.book.title),
            author=escape(self.book.author),
            styles=self.styles(),
            style=palette.in_light((HERE / "pdf.css").read_text("utf-8")),
            pages="".join(self.pages),
            contents=self.contents(numbers),
            articles="\n".join(self.articles),
        )
        path.write_text(text, "utf-8")
        return path

    def styles(self) -> str:
        """The style sheets of the site."""
        page = HTML / f"{self.book.pages[0].name}.html"
        soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
        sheets = []
        for link in soup.select("head > link[rel=stylesheet]"):
            file = str(link["href"]).partition("?")[0]
            path = os.path.relpath((page.parent / file).resolve(), FOLDER)
            sheets.append(f'<link rel="stylesheet" href="{path}">')
        return "\n".join(sheets)

    def contents(self, numbers: dict[str, int]) -> str:
        """The table of contents."""
        lines = []
        for entry in self.entries:
            if entry.part:
                lines.append(f'<p class="part">{escape(entry.part)}</p>')
            kind = "section" if entry.is_section else "chapter"
            text = f'<a href="#{entry.place}">{escape(entry.text)}</a>'
            number = f"<span>{numbers.get(entry.place, '')}</span>"
            lines.append(f'<p class="{kind}">{text}{number}</p>')
        return "\n".join(lines)


def place(page: str, name: str) -> str:
    """The address of a place: the pages' ids must not meet."""
    slug = page.removeprefix("book/")
    return "#" + anchor(f"{slug}.{name}" if name else slug)


def print_to_pdf(chromium: Browser, path: Path) -> PdfReader:
    """The PDF of a document."""
    page = chromium.new_page()
    page.set_default_timeout(0)  # a busy machine takes its time
    page.goto(path.as_uri())
    page.evaluate("document.fonts.ready")
    file = FOLDER / "book.pdf"
    page.pdf(
        path=file,
        prefer_css_page_size=True,
        print_background=True,
        tagged=True,
    )
    page.close()
    return PdfReader(file)


def places(pdf: PdfReader) -> dict[str, Destination]:
    """All the places that a link leads to."""
    return {
        unquote(name).removeprefix("/"): where
        for name, where in pdf.named_destinations.items()
    }


def page_numbers(pdf: PdfReader) -> dict[str, int]:
    """The number of the page that each place is on, from 1."""
    return {
        name: (pdf.get_destination_page_number(where) or 0) + 1
        for name, where in places(pdf).items()
    }


def finish(pdf: PdfReader, text: Text) -> None:
    """Say in the file what it is, and have it open with an outline."""
    writer = PdfWriter(clone_from=pdf)
    numbers = page_numbers(pdf)
    tops = {name: where.top for name, where in places(pdf).items()}
    part = chapter = None
    for entry in text.entries:
        page = numbers[entry.place] - 1
        if entry.part:
            part = writer.add_outline_item(title=entry.part, page_number=page)
        parent = chapter if entry.is_section else part
        fit = Fit.xyz(top=float(tops[entry.place] or 0))
        item = writer.add_outline_item(
            title=entry.text, page_number=page, parent=parent, fit=fit
        )
        if not entry.is_section:
            chapter = item
    writer.add_metadata(
        {"/Title": text.book.title, "/Author": text.book.author}
    )
    writer.page_mode = "/UseOutlines"
    writer.write(RESULT)


def main() -> int:
    """Make it; the result is an exit code."""
    with sync_playwright() as playwright:
        try:
            chromium = browser.launch(playwright)
        except browser.NoBrowser as error:
            print(error, file=sys.stderr)
            return 1
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        book = read_book()
        text = Text(book)
        print("Printing the book…", flush=True)
        numbers = page_numbers(print_to_pdf(chromium, text.write({})))
        print("Once more, with the numbers of the pages…", flush=True)
        pdf = print_to_pdf(chromium, text.write(numbers))
        chromium.close()
    finish(pdf, text)
    print(f"The PDF: {RESULT} ({len(pdf.pages)} pages)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
