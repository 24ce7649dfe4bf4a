"""Building a few pages with one extension of the book's, and no more."""

from io import StringIO
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace


def build_with(extension: str, folder: Path) -> str:
    """Build a folder's pages into its ``html``; what there was to say."""
    said = StringIO()
    with docutils_namespace():
        Sphinx(
            srcdir=folder,
            confdir=None,
            outdir=folder / "html",
            doctreedir=folder / "trees",
            buildername="html",
            confoverrides={
                "extensions": ["myst_parser", extension],
                "exclude_patterns": ["_build", "html"],
            },
            status=None,
            warning=said,
        ).build()
    return said.getvalue()
