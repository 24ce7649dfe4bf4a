"""What the pages say of themselves to search engines and to other sites.

Each page describes itself in its first sentence. All else needs an address,
and is there once `_config.yml` gives it. With ``html: baseurl: https://…/``:
canonical links, a sitemap, a 404 page, and the card that a shared link shows.
With ``repository: url: https://…``: the buttons that lead to the repository.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import yaml  # type: ignore[import-untyped, unused-ignore]
from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

CARD = "card.png"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def describe(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Put the description of a page into its head, and into its card."""
    if doctree:
        said = description(doctree)
        tag = f'<meta name="description" content="{escape(said)}" />'
        # The page has docutils' only other tag already.
        context["metatags"] = tag
        context["meta"] = {
            **(context["meta"] or {}),
            "og:description": said,
        }


def description(doctree: nodes.document) -> str:
    """The sentence a page begins with, or several if they are short.

    One that ends with a colon only leads to what stands below it.
    """
    paragraphs = (
        node
        for node in doctree.findall(nodes.paragraph)
        if isinstance(node.parent, nodes.section)
    )
    text = next(paragraphs, nodes.paragraph()).astext().replace("\\", "")
    said, *more = re.split(r"(?<=[.?!]) (?=[A-Z])", " ".join(text.split()))
    for sentence in more:
        if len(said) + len(sentence) > 160 or sentence.endswith(":"):
            break
        said += f" {sentence}"
    return said


def offer_the_repository(app: Sphinx, config: Config) -> None:
    """Have the buttons that lead to the repository, if there is one.

    (Jupyter Book has one of its own by default, and forgets ours where there
    are `html_theme_options`.)
    """
    settings = Path(app.confdir) / "_config.yml"
    told = yaml.safe_load(settings.read_text("utf-8")).get("repository")
    if told:
        options = config.html_theme_options
        options["repository_url"] = told["url"]
        options["repository_branch"] = told.get("branch", "main")
        for button in ("repository", "source", "edit_page", "issues"):
            options[f"use_{button}_button"] = True


def set_address(app: Sphinx, config: Config) -> None:
    """Tell the extensions the address under which the pages will be."""
    base = config.html_baseurl.rstrip("/") + "/"
    config.html_baseurl = base
    config.notfound_urls_prefix = urlsplit(base).path
    config.notfound_context = {
        "title": "Page not found",
        "body": "<h1>Page not found</h1><p>There is no such page in this book."
        f' It begins <a href="{base}">here</a>.</p>',
    }
    config.ogp_site_url = base
    config.ogp_site_name = config.html_title
    config.ogp_enable_meta_description = False
    config.ogp_description_length = 0  # code is no description
    # Cards of sphinxext-opengraph's own would stay behind when titles change.
    config.ogp_social_cards = {"enable": False}
    config.ogp_image = f"_static/{CARD}"
    config.ogp_image_alt = config.html_title
    config.ogp_custom_meta_tags = [
        '<meta name="twitter:card" content="summary_large_image" />'
    ]


def draw_card(app: Sphinx) -> None:
    """Draw the picture that a shared link shows: the title, and a graph."""
    # Here, since few builds need it and it takes a while to come.
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Ellipse

    figure = Figure(figsize=(12, 6.3), facecolor="#ffffff")
    figure.text(0.06, 0.62, app.config.html_title, fontsize=46)
    label: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 34}
    for x, text, colour in (
        (0.14, "2", "#0b5fa5"),
        (0.32, "+", "#6b3fa0"),
        (0.5, "∂", "#b3420a"),
    ):
        figure.text(x, 0.28, text, color=colour, **label)
        figure.add_artist(
            Ellipse((x, 0.29), 0.1, 0.19, fill=False, lw=3, edgecolor=colour)
        )
    for x in (0.19, 0.37):
        line = Line2D([x, x + 0.08], [0.29, 0.29], color="#8a8f98", lw=3)
        figure.add_artist(line)
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    figure.savefig(static / CARD, format="png", dpi=100)


def write_sitemap(app: Sphinx, exception: Exception | None) -> None:
    """Write the list of all pages.

    (sphinx-sitemap lists only those that were written anew.)
    """
    if exception:
        return
    ElementTree.register_namespace("", SITEMAP)
    listed = ElementTree.Element(f"{{{SITEMAP}}}urlset")
    for docname in sorted(app.env.found_docs):
        url = ElementTree.SubElement(listed, f"{{{SITEMAP}}}url")
        place = ElementTree.SubElement(url, f"{{{SITEMAP}}}loc")
        page = app.builder.get_target_uri(docname)
        place.text = urljoin(app.config.html_baseurl, page)
    file = Path(app.outdir) / "sitemap.xml"
    text = ElementTree.tostring(listed, "unicode", xml_declaration=True)
    file.write_text(f"{text}\n", "utf-8")


def setup(app: Sphinx) -> None:
    """Called by book.py."""
    app.connect("html-page-context", describe)
    app.connect("config-inited", offer_the_repository)
    if app.config.overrides.get("html_baseurl"):
        app.setup_extension("notfound.extension")
        app.setup_extension("sphinxext.opengraph")
        app.connect("config-inited", set_address, priority=400)
        app.connect("builder-inited", draw_card)
        app.connect("build-finished", write_sitemap)
