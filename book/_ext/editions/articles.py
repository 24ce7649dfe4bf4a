"""The pages of the built book as texts, for the EPUB and the PDF.

Both are made from the pages that `make book` has written: what stands there,
however it came about, stands here too. What only a screen can use is left out,
and so is what a chapter has changed in the library, which stands in the book
already. What is folded is opened, solutions move behind all the exercises, and
pictures become files of their own, in the colours of the light theme.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from posixpath import join, normpath
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import yaml  # type: ignore[import-untyped, unused-ignore]
from bs4 import BeautifulSoup, Tag
from sphinx_external_toc.api import FileItem
from sphinx_external_toc.parsing import parse_toc_yaml

from figures import palette

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "_build"
HTML = BUILD / "html"

NOT_ON_PAPER = (
    "script, noscript, button, .headerlink, .along, .sd-btn, .stage-diff,"
    " .stage-zip, .digit-pad-live, .hero, .toctree-wrapper, .graph-steps,"
    " .steps, summary:not(.admonition-title, .plumbing > summary)"
)
PICTURE = re.compile(r'<svg\b[^>]*\brole="img".*?</svg>', re.DOTALL)

# Says where a place in the book is: a page's name, and an id or nothing.
Address = Callable[[str, str], str]


@dataclass(frozen=True)
class Book:
    """What the title page says, and the pages in their order."""

    title: str
    author: str
    copyright: str
    pages: tuple[Page, ...]

    def has(self, name: str) -> bool:
        """Whether there is a page of this name."""
        return any(page.name == name for page in self.pages)


@dataclass(frozen=True)
class Page:
    """A page of the built book."""

    name: str
    """As Sphinx has it: ``book/06-backward``."""
    part: str
    """The part of the book that it belongs to, if any."""

    @property
    def slug(self) -> str:
        """A name for its file, or for its places."""
        return self.name.removeprefix("book/").replace("/", "-")

    def article(self, pictures: dict[str, str]) -> Tag:
        """Its text, cleared. The pictures in it are added to ``pictures``.

        They are images there, of the names that are the keys.
        """
        html = (HTML / f"{self.name}.html").read_text("utf-8")

        def as_image(found: re.Match[str]) -> str:
            svg = ElementTree.fromstring(found[0])
            name = f"{self.slug}-{len(pictures)}.svg"
            pictures[name] = light(svg)
            image = ElementTree.Element(
                "img",
                {
                    "src": name,
                    "alt": svg.get("aria-label", ""),
                    "class": "picture",
                    "style": svg.get("style", ""),
                },
            )
            return ElementTree.tostring(image, "unicode", method="html")

        soup = BeautifulSoup(PICTURE.sub(as_image, html), "html.parser")
        article = soup.find("article")
        assert isinstance(article, Tag), self.name
        for tag in article.select(NOT_ON_PAPER):
            tag.decompose()
        for tag in article.select("details"):
            tag.name = "div"
            del tag["open"]
        for tag in article.select("summary"):
            tag.name = "p"
            tag.attrs.setdefault("class", "plumbing-title")
        gather_solutions(article)
        return article

    def relink(self, article: Tag, book: Book, address: Address) -> None:
        """Give the places and links of an article their new addresses.

        A link to what isn't in the book is only a text afterwards.
        """
        for tag in article.select("[id]"):
            tag["id"] = address(self.name, str(tag["id"])).partition("#")[2]
        for tag in article.select("a[href]"):
            url = urlsplit(str(tag["href"]))
            if url.scheme:
                continue
            path = unquote(url.path)
            name = self.name
            if path:
                path = normpath(join(self.name, "..", path))
                name = path.removesuffix(".html")
            if book.has(name):
                tag["href"] = address(name, unquote(url.fragment))
            else:
                tag.unwrap()


def read_book() -> Book:
    """The book as `make book` has left it."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    return Book(
        config["title"],
        config["author"],
        str(config["copyright"]),
        tuple(read_pages(ROOT / "_toc.yml")),
    )


def read_pages(toc: Path) -> Iterator[Page]:
    """The pages of the table of contents, in its order."""
    site = parse_toc_yaml(toc)

    def below(name: str, part: str) -> Iterator[Page]:
        yield Page(name, part)
        for tree in site[name].subtrees:
            for item in tree.items:
                if isinstance(item, FileItem):
                    yield from below(str(item), tree.caption or part)

    return below(site.root.docname, "")


def light(svg: ElementTree.Element) -> str:
    """A picture of a page as a file, in the light theme's colours."""
    # What book.css says of drawings.
    svg.set(
        "style",
        "font-family: Helvetica, Arial, sans-serif; stroke-linejoin: round",
    )
    return palette.in_light(ElementTree.tostring(svg, encoding="unicode"))


def gather_solutions(article: Tag) -> None:
    """Put the solutions behind all exercises, where nobody sees them early.

    A solution stands right behind its exercise; each leads to the other now.
    """
    solutions = article.select(".solution")
    if not solutions:
        return
    behind = Tag(name="section", attrs={"id": "solutions"})
    title = Tag(name="h3")
    title.string = "Solutions"
    behind.append(title)
    solutions[-1].insert_after(behind)
    for solution in solutions:
        exercise = solution.find_previous(class_="exercise")
        assert isinstance(exercise, Tag), solution
        there = link(solution, "Solution")
        there["class"] = "to-solution"
        title_of(exercise).append(there)
        title = title_of(solution)
        back = link(exercise, title.get_text())
        title.clear()
        title.append(back)
        behind.append(solution)


def title_of(box: Tag) -> Tag:
    """The title of an exercise or a solution."""
    title = box.select_one(".admonition-title")
    assert title, box
    return title


def link(box: Tag, text: str) -> Tag:
    """A link to an exercise or a solution of the same page."""
    tag = Tag(name="a", attrs={"href": f"#{box['id']}", "class": "reference"})
    tag.string = text
    return tag


def heading(article: Tag) -> str:
    """The title of a page or a section, its number included."""
    title = article.find(re.compile("h[1-6]"))
    return " ".join(title.get_text().split()) if title else ""


def sections(article: Tag) -> Iterator[Tag]:
    """The sections of a page that have a heading of the second level."""
    for section in article.select("section[id]"):
        if section.find("h2", recursive=False):
            yield section


def anchor(text: str) -> str:
    """A text as an id that XML allows too."""
    return re.sub(r"[^\w.-]", "-", text, flags=re.ASCII)
