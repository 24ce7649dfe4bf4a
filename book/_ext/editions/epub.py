"""Makes the book an EPUB, for e-readers.

Formulas are MathML, which EPUB readers know how to set: of what KaTeX has
made of each, that is the part for screen readers. The same book gives the
same bytes.

(Sphinx's own EPUB builder would weave the book once more, and differently;
this takes the pages as they are.)
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from bs4 import Comment, Tag
from pygments.formatters import HtmlFormatter

from editions.articles import (
    BUILD,
    Book,
    Page,
    anchor,
    heading,
    read_book,
    sections,
)
from figures import palette

HERE = Path(__file__).parent
RESULT = BUILD / "micrograd.epub"
TYPES = {".xhtml": "application/xhtml+xml", ".svg": "image/svg+xml"}
TYPES |= {".css": "text/css", ".png": "image/png"}

CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0"
  xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles>
    <rootfile full-path="book/content.opf"
      media-type="application/oebps-package+xml"/>
  </rootfiles>
</container>
"""

PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" xml:lang="en"
  unique-identifier="uid">
  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
    <dc:identifier id="uid">{identifier}</dc:identifier>
    <dc:title>{title}</dc:title>
    <dc:creator>{author}</dc:creator>
    <dc:language>en</dc:language>
    <meta property="dcterms:modified">{year}-01-01T00:00:00Z</meta>
    <meta property="schema:accessMode">textual</meta>
    <meta property="schema:accessMode">visual</meta>
    <meta property="schema:accessModeSufficient">textual</meta>
    <meta property="schema:accessibilityFeature">alternativeText</meta>
    <meta property="schema:accessibilityFeature">MathML</meta>
    <meta property="schema:accessibilityFeature">tableOfContents</meta>
    <meta property="schema:accessibilityHazard">none</meta>
  </metadata>
  <manifest>
    {items}
  </manifest>
  <spine>
    {spine}
  </spine>
</package>
"""

DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml"
  xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head>
<meta charset="utf-8"/>
<title>{title}</title>
<link rel="stylesheet" href="style.css"/>
</head>
<body>
{body}
</body>
</html>
"""

COVER = """<section epub:type="cover" class="cover">
<h1>{title}</h1>
<p>{author}</p>
</section>"""

CONTENTS = """<nav epub:type="toc" id="toc">
<h1>Contents</h1>
<ol>
{lines}
</ol>
</nav>"""


class Chapter(NamedTuple):
    """A page of the book as it goes into the EPUB."""

    page: Page
    title: str
    sections: list[tuple[str, str]]
    """Of each its address and its heading."""
    body: str

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.page.slug}.xhtml"


def address(page: str, name: str) -> str:
    """Where a place of the book is in the EPUB."""
    file = f"{Page(page, '').slug}.xhtml"
    return f"{file}#{anchor(name)}" if name else file


def read_chapters(book: Book, pictures: dict[str, str]) -> Iterator[Chapter]:
    """Each page of the book, made ready; its pictures are added to those."""
    for page in book.pages:
        article = page.article(pictures)
        page.relink(article, book, address)
        as_xhtml(article)
        headings = [
            (f"{page.slug}.xhtml#{section['id']}", heading(section))
            for section in sections(article)
        ]
        yield Chapter(page, heading(article), headings, str(article))


def as_xhtml(article: Tag) -> None:
    """Leave nothing that a reader of EPUBs wouldn't take."""
    for formula in article.select(".katex"):
        mathml = formula.select_one("math")
        assert mathml, formula
        for annotation in mathml.select("annotation"):
            annotation.decompose()
        formula.replace_with(mathml)
    for comment in article.find_all(string=lambda s: isinstance(s, Comment)):
        comment.extract()
    for tag in article.find_all(True):
        for name in list(tag.attrs):
            # Scripts and the site's style read these; HTML has dropped some.
            if name.startswith("data-") or name in ("border", "align"):
                del tag[name]
    for column in article.select("colgroup"):
        column.decompose()
    # Without the site's style these would stand in one line.
    for parameters in article.select(".sig-lines, .sig-line"):
        parameters.name = "div"


def contents(chapters: list[Chapter]) -> str:
    """The table of contents, by which readers find their way."""
    lines = []
    for part, inside in groupby(chapters, lambda chapter: chapter.page.part):
        if part:
            lines.append(f"<li><span>{escape(part)}</span>\n<ol>")
        for chapter in inside:
            lines.append(f"<li>{link(chapter.file, chapter.title)}")
            if chapter.sections:
                inner = (
                    f"<li>{link(where, text)}</li>"
                    for where, text in chapter.sections
                )
                lines += ["<ol>", *inner, "</ol>"]
            lines.append("</li>")
        if part:
            lines.append("</ol>\n</li>")
    return CONTENTS.format(lines="\n".join(lines))


def link(where: str, text: str) -> str:
    """A link, as XHTML."""
    return f'<a href="{escape(where)}">{escape(text)}</a>'


def style() -> str:
    """The style sheet: the book's own, and the colours of code."""
    code = HtmlFormatter(style="a11y-high-contrast-light")
    ours = palette.in_light((HERE / "epub.css").read_text("utf-8"))
    return ours + "\n".join(
        rule
        for rule in code.get_style_defs(".highlight").splitlines()
        if rule.startswith(".highlight .")
    )


def files_of(book: Book) -> Iterator[tuple[str, str]]:
    """What the EPUB holds: names and contents, in the order of reading."""
    pictures: dict[str, str] = {}
    chapters = list(read_chapters(book, pictures))
    title, author = escape(book.title), escape(book.author)
    cover = COVER.format(title=title, author=author)
    yield "cover.xhtml", DOCUMENT.format(title=title, body=cover)
    nav = contents(chapters)
    yield "nav.xhtml", DOCUMENT.format(title="Contents", body=nav)
    for chapter in chapters:
        name = escape(chapter.title)
        yield chapter.file, DOCUMENT.format(title=name, body=chapter.body)
    yield from pictures.items()
    yield "style.css", style()


def package(book: Book, files: dict[str, str]) -> str:
    """What says what the EPUB is and holds."""
    items = []
    spine = []
    for name, text in files.items():
        path = Path(name)
        has = ["nav"] * (name == "nav.xhtml") + ["mathml"] * ("<math" in text)
        properties = f' properties="{" ".join(has)}"' if has else ""
        items.append(
            f'<item id="{path.suffix[1:]}-{path.stem}" href="{name}"'
            f' media-type="{TYPES[path.suffix]}"{properties}/>'
        )
        if path.suffix == ".xhtml":
            spine.append(f'<itemref idref="xhtml-{path.stem}"/>')
    return PACKAGE.format(
        identifier=uuid5(NAMESPACE_URL, book.title).urn,
        title=escape(book.title),
        author=escape(book.author),
        year=book.copyright,
        items="\n    ".join(items),
        spine="\n    ".join(spine),
    )


def main() -> None:
    """Write it."""
    print("Making the EPUB…", flush=True)
    book = read_book()
    files = dict(files_of(book))

    def add(name: str, text: str, how: int = ZIP_DEFLATED) -> None:
        # An entry's time is that of the calendar's beginning, always.
        entry = ZipInfo(name)
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, text, how)

    with ZipFile(RESULT, "w") as archive:
        add("mimetype", "application/epub+zip", ZIP_STORED)
        add("META-INF/container.xml", CONTAINER)
        add("book/content.opf", package(book, files))
        for name, text in files.items():
            add(f"book/{name}", text)
    print(f"The EPUB: {RESULT}")


if __name__ == "__main__":
    main()
