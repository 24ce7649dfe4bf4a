"""Mends what others write, for readers who use a screen reader.

What the templates of the theme lack is in ``book/_templates``. The rest is
what myst-nb and Sphinx write; it is changed in the finished page, since they
have no setting.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

LINES = re.compile(
    r'<dl>\n(<dd><em class="sig-param">.*?)</dl>\n\n'
    r'(?=<span class="sig-paren">)',
    re.DOTALL,
)


def mend(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Mend the text of a page."""
    if doctree:
        body = context["body"]
        # What opens a folded cell is named by the text that is seen on it.
        body = body.replace(' aria-label="Toggle hidden content"', "")
        # `doc-biblioentry` is no more, and a list wants to have items.
        body = body.replace('role="doc-biblioentry"', 'role="listitem"')
        # The content of every exercise has one id, to which nothing refers.
        body = re.sub(' id="(exercise|solution)-content"', "", body)
        context["body"] = LINES.sub(as_lines, body)


def as_lines(signature: re.Match[str]) -> str:
    """The lines of a signature, which is no list: it defines nothing."""
    lines = signature[1].replace("<dd>", '<span class="sig-line">')
    lines = lines.replace("</dd>", "</span>")
    return f'<span class="sig-lines">\n{lines}</span>\n\n'


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", mend)
