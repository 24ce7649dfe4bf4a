"""What the pages say of themselves to search engines and to other sites.

Each page describes itself in its first sentence. All else needs an address,
and is there once `_config.yml` gives it, with ``html: baseurl: https://…/``:
canonical links, a sitemap, a 404 page, and the card that a shared link shows.

sphinxext-opengraph and sphinx-notfound-page do what they can. The description
is ours since theirs ends after so many characters, not after a sentence, and
the sitemap since sphinx-sitemap lists only pages that were written anew.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

CARD = "book/card.png"
"""What a shared link shows: a picture with the title, which is drawn in it."""
SITEMAP = """\
<?xml version="1.0" encoding="utf-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>
"""


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
    config.html_extra_path.append(CARD)
    config.ogp_image = Path(CARD).name
    config.ogp_custom_meta_tags = [
        '<meta name="twitter:card" content="summary_large_image" />'
    ]


def write_sitemap(app: Sphinx, exception: Exception | None) -> None:
    """Write the list of all pages."""
    if exception:
        return
    listed = "".join(
        f"<url><loc>{escape(urljoin(app.config.html_baseurl, page))}</loc>"
        "</url>"
        for page in map(app.builder.get_target_uri, sorted(app.env.found_docs))
    )
    text = SITEMAP.format(listed)
    (Path(app.outdir) / "sitemap.xml").write_text(text, "utf-8")


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", describe)
    if app.config.overrides.get("html_baseurl"):
        app.setup_extension("notfound.extension")
        app.setup_extension("sphinxext.opengraph")
        app.connect("config-inited", set_address, priority=400)
        app.connect("build-finished", write_sitemap)
