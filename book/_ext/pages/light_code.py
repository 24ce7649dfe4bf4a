"""Highlighted code without marks that nobody sees.

Pygments puts a mark around each name, dot and bracket. The book's colours
(``_static/code.css``) leave these as they are, and without their marks the
pages with much code are lighter by a quarter.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from pygments.formatters import HtmlFormatter
from pygments.token import Name, Operator, Punctuation, Text, Whitespace
from sphinx.highlighting import PygmentsBridge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pygments.token import _TokenType
    from sphinx.application import Sphinx

UNMARKED = {Name, Operator, Punctuation, Whitespace}


class LightFormatter(HtmlFormatter):  # type: ignore[misc]
    """Writes HTML in which text without a colour is just text."""

    def format_unencoded(
        self, tokensource: Iterable[tuple[_TokenType, str]], outfile: IO[str]
    ) -> None:
        """Write the tokens."""
        tokens = (
            (Text if kind in UNMARKED else kind, text)
            for kind, text in tokensource
        )
        super().format_unencoded(tokens, outfile)


def setup(app: Sphinx) -> None:
    PygmentsBridge.html_formatter = LightFormatter
