"""Gives every page a content security policy: nothing comes from elsewhere.

Scripts are the book's own files, and those written into a page by the build,
each known by its hash. Python in the page runs in a worker under the page's
policy, so what a reader runs can't ask another origin for anything either.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

RULES = (
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'{hashes}",
    # Formulas, drawings and the editor set styles where they stand.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "form-action 'self'",
    "base-uri 'none'",
)
INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
META = '<meta http-equiv="Content-Security-Policy" content="{}" />'
BEGIN = re.compile(
    r"(<head>\s*)(?:<meta http-equiv=\"Content-Security-Policy\"[^>]*>\s*)?"
)


def with_policy(html: str) -> str:
    """A page that says, before anything else, what it may load."""
    hashes = "".join(
        f" 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
        for script in dict.fromkeys(INLINE.findall(html))
    )
    meta = META.format("; ".join(RULES).format(hashes=hashes))
    return BEGIN.sub(rf"\g<1>{meta}\n", html, count=1)


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Give all pages their policies."""
    if exception or app.builder.name != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        html = path.read_text("utf-8")
        if (guarded := with_policy(html)) != html:
            path.write_text(guarded, "utf-8")


def setup(app: Sphinx) -> None:
    app.connect("build-finished", finish, priority=950)
