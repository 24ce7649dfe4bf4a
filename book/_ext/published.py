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

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def describe(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Put the description of a page into its head."""
    if doctree:
        text = escape(description(doctree))
        context["metatags"] += f'<meta name="description" content="{text}" />'


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
    """Have the buttons that lead to the repository, if there is one."""
    options = config.html_theme_options
    for button in ("repository", "issues", "edit_page", "source"):
        options[f"use_{button}_button"] = bool(options.get("repository_url"))


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
    config.ogp_enable_meta_description = False
    config.ogp_social_cards = {"line_color": "#0b5fa5"}


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
    """Called by weave.py."""
    app.connect("html-page-context", describe)
    app.connect("config-inited", offer_the_repository)
    if app.config.overrides.get("html_baseurl"):
        app.setup_extension("notfound.extension")
        app.setup_extension("sphinxext.opengraph")
        app.connect("config-inited", set_address, priority=400)
        app.connect("build-finished", write_sitemap)
