"""A pad on which the reader draws a digit, and a network reads it.

The directive ``digit-pad`` marks where. Its argument is the file with the
network, which the cells of a page of the same folder write (see ``writes`` in
run/execute.py); its body is what is shown without a script, and on paper. The
network comes into the page, so that it is there without being fetched. A file
that isn't a network for digits of 8×8, as ``micrograd.saving`` writes them,
fails the build.

The pad has the id ``digit-pad``; ``{ref}`draw one <digit-pad>``` leads there.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from run import execute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

PLACE = "digit-pad"
SCRIPT = "_build/live/live/pad.js"
"""What draws and reads: without it there is no pad."""
NETWORK = "digit_pad_network"
"""In Sphinx's metadata of a page: the file that its pad's network is in."""
READ = "digit_pad_read"
"""In Sphinx's metadata of a page: the digest of that file, when last seen."""

INPUTS, CLASSES = 64, 10
"""Of the networks that book/_live/pad/network.js computes."""

PICTURE = '<svg viewBox="0 0 8 8" aria-hidden="true"></svg>'
PAD = """
<div class="digit-pad-live" role="group" aria-label="Digit pad">
<p class="digit-pad-said" role="status">Nothing drawn yet.</p>
<div class="digit-pad-left">
<p class="digit-pad-title">Draw a digit here</p>
<div class="digit-pad-sheet" role="application" tabindex="0"
 aria-label="Sheet to draw a digit on" aria-describedby="digit-pad-keys">
<svg viewBox="0 0 256 256" aria-hidden="true"></svg>
</div>
</div>
<div class="digit-pad-middle">
<p class="digit-pad-title">As 8×8</p>
<div class="digit-pad-pixels" role="img" aria-label="What the network gets.">
{picture}
</div>
<button class="digit-pad-clear" type="button" disabled>Clear</button>
</div>
<div class="digit-pad-right">
<p class="digit-pad-title">Shares of the ten digits, in %</p>
<table class="digit-pad-shares" aria-label="Shares of the digits, in percent">
<tr>{numbers}</tr>
<tr aria-hidden="true">{bars}</tr>
<tr>{digits}</tr>
</table>
</div>
<div class="digit-pad-layer">
<p class="digit-pad-title">The first layer's {count} neurons, lit by what they
say. Orange weights are positive, blue ones negative.</p>
<div class="digit-pad-neurons" role="img" aria-label="The first layer.">
{neurons}
</div>
</div>
<p class="digit-pad-hint" id="digit-pad-keys">With the keys: arrows move the
pen, Space puts it down and lifts it, Escape clears the sheet.</p>
<script type="application/json" class="digit-pad-network">{network}</script>
</div>
"""


class pad(nodes.General, nodes.Element):  # type: ignore[misc]
    """Stands for the pad until it is known what the network is."""


class DigitPad(SphinxDirective):
    """``digit-pad``: a container with the pad, and with what else is there."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The body, and a place for the pad."""
        still = nodes.container(classes=[f"{PLACE}-still"])
        self.set_source_info(still)
        self.state.nested_parse(self.content, self.content_offset, still)
        docname = self.env.docname
        self.env.metadata[docname][NETWORK] = self.arguments[0]
        standard: Any = self.env.get_domain("std")
        standard.anonlabels[PLACE] = docname, PLACE
        live = pad()
        self.set_source_info(live)
        return [nodes.container("", still, live, classes=[PLACE], ids=[PLACE])]


def network_file(app: Sphinx, docname: str) -> Path | None:
    """The file with the network of a page's pad, if it has a pad."""
    name = app.env.metadata[docname].get(NETWORK)
    return execute.kept(app, docname).parent / name if name else None


def outdated(app: Sphinx, env: BuildEnvironment) -> Iterator[str]:
    """The pages whose pad has another network than when they were written."""
    for docname in list(env.all_docs):
        if file := network_file(app, docname):
            text = file.read_bytes() if file.is_file() else b""
            digest = sha256(text).hexdigest()
            if env.metadata[docname].get(READ) != digest:
                env.metadata[docname][READ] = digest
                yield docname


def lay(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the pad where the directive was, or nothing if it can't be live."""
    for place in list(doctree.findall(pad)):
        file = network_file(app, docname)
        assert file
        if app.builder.name != "html" or not Path(app.srcdir, SCRIPT).exists():
            place.parent["classes"].remove(PLACE)
            place.parent.remove(place)
            continue
        where = f"{place.source}:{place.line}"
        if not file.is_file():
            raise ExtensionError(
                f"{where}: no page has written {file.name}: one must say "
                f"`{execute.WRITES}: {file.name}` in its front matter"
            )
        try:
            network = network_in(file)
        except ValueError as error:
            raise ExtensionError(
                f"{where}: the pad can't use {file.name}: {error}"
            ) from error
        place.replace_self(nodes.raw("", html(network), format="html"))


def html(network: dict[str, Any]) -> str:
    """The pad, with a network; scripts fill it, and nothing moves."""
    count = len(network["layers"][0]["neurons"])
    digits = range(CLASSES)
    return PAD.format(
        picture=PICTURE,
        numbers="".join("<td>–</td>" for _ in digits),
        bars="".join("<td><span></span></td>" for _ in digits),
        digits="".join(f'<th scope="col">{digit}</th>' for digit in digits),
        count=count,
        neurons=PICTURE * count,
        network=json.dumps(network, separators=(",", ":")),
    )


def network_in(file: Path) -> dict[str, Any]:
    """The network that the library finds in a file, to the last digit.

    `ValueError` if the pad couldn't use it.
    """
    # Not earlier: the library is there when the book has been tangled.
    from micrograd.saving import described, load

    model = load(file)
    network = described(model)
    *hidden, last = network["layers"]
    sizes = (network["inputs"], len(last["neurons"]))
    if sizes != (INPUTS, CLASSES):
        raise ValueError(
            f"it takes {sizes[0]} inputs and gives {sizes[1]} scores, not "
            f"{INPUTS} and {CLASSES}"
        )
    found = [*(layer["activation"] for layer in hidden), last["activation"]]
    if found != ["relu"] * len(hidden) + [None]:
        raise ValueError(
            f"the pad computes relu, and none in the last layer, not {found}"
        )
    return network


def setup(app: Sphinx) -> None:
    app.add_node(pad)
    app.add_directive("digit-pad", DigitPad)
    app.connect("env-updated", lambda app, env: list(outdated(app, env)))
    app.connect("doctree-resolved", lay)
