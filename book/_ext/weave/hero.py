"""A network that trains as the first page opens, before any Python is there.

The directive ``hero`` marks where. Its argument is a query with the settings,
as the playground has them, and its body is the caption, in which ``{bytes}``
stands for the size of the program. The build compiles that for browsers, by
the library's own compiler, and puts it into the page, with the points and
with the weights that training starts from: nothing is fetched, and nothing is
computed in another way than the library does.

Where no script runs, and on paper, there is nothing of it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PLACE = "hero"
SCRIPT = "_build/live/live/hero.js"
"""What trains and draws: without it there is no hero."""
BYTES = "{bytes}"
"""In the caption: how many bytes of WebAssembly there are."""

STEPS = 200
"""So many steps, and then it rests."""
STARTS = 2
"""From so many random weights it can start, one after the other."""
RATES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""The learning rates that its knob has."""

HTML = """
<canvas class="hero-plane" role="img" style="aspect-ratio: {shape}"
 aria-label="Points of two crescents, and the border of a network."></canvas>
<div class="hero-desk">
<div class="hero-knobs" role="group" aria-label="Training">
<button class="hero-play" type="button" disabled>Play</button>
<button class="hero-again" type="button" disabled>Again</button>
<label><span>Learning rate <b class="hero-chosen">{rate}</b></span>
<input class="hero-rate" type="range" min="0" max="{most}" value="{chosen}"
 disabled></label>
</div>
<div class="hero-loss">
<p>Loss <b class="hero-now">–</b></p><p class="hero-count"></p>
<svg viewBox="0 0 {steps} 100" preserveAspectRatio="none" aria-hidden="true">
<polyline vector-effect="non-scaling-stroke"></polyline>
<polyline vector-effect="non-scaling-stroke"></polyline></svg>
</div>
<p class="hero-said" role="status"></p>
</div>
<script type="application/json" class="hero-data">{data}</script>
"""


class hero(nodes.General, nodes.Element):  # type: ignore[misc]
    """Stands for the parts that come from the library."""


class Hero(SphinxDirective):
    """``hero``: a container with the network, and its caption."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The place for the network, and the body."""
        # Not earlier: the library is there when the book has been tangled.
        from micrograd.experiment import Settings

        try:
            settings = Settings.from_query(self.arguments[0])
        except ValueError as error:
            raise self.error(str(error)) from error
        if settings.rate not in RATES:
            raise self.error(
                f"the knob has the learning rates {RATES}, not {settings.rate}"
            )
        live = hero(query=settings.query())
        self.set_source_info(live)
        caption = nodes.container(classes=[f"{PLACE}-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        return [nodes.container("", live, caption, classes=[PLACE])]


@dataclass(frozen=True)
class Training:
    """What the library says of an experiment, and its programs.

    ``training`` and ``forward`` are modules of WebAssembly, ``starts`` the
    parameters to start from as these have them in memory, and ``points`` have
    their labels.
    """

    training: bytes
    forward: bytes
    starts: list[bytes]
    points: list[tuple[float, float, int]]
    bounds: tuple[float, float, float, float]
    rate: float
    limit: float

    @property
    def size(self) -> int:
        """How many bytes of WebAssembly there are."""
        return len(self.training) + len(self.forward)

    @classmethod
    def of(cls, query: str) -> Training:
        """Compile the experiment of a query.

        It starts from the weights of its own seed, and then from those of
        the seeds that follow; the points stay the same.
        """
        from micrograd.compiler import record, straighten
        from micrograd.compiler.running import packed
        from micrograd.compiler.wasm import forward_module, training_module
        from micrograd.experiment import LIMIT, Experiment, Settings

        settings = Settings.from_query(query)
        experiment = Experiment(settings)
        parameters = experiment.model.parameters()
        mean_loss = record(experiment.objective, parameters, (2, None))
        score = record(experiment.score, parameters, (2,))
        score.results = score.results[:1]
        others = [
            Experiment(replace(settings, seed=settings.seed + i))
            for i in range(STARTS)
        ]
        return cls(
            training=training_module(straighten(mean_loss)),
            forward=forward_module(straighten(score)),
            starts=[
                packed([p.data for p in other.model.parameters()])
                for other in others
            ],
            points=experiment.examples,
            bounds=experiment.bounds,
            rate=settings.rate,
            limit=LIMIT,
        )

    def html(self) -> str:
        """The parts that a script brings to life, with all their numbers."""
        x0, x1, y0, y1 = self.bounds
        data = {
            "training": encoded(self.training),
            "forward": encoded(self.forward),
            "starts": list(map(encoded, self.starts)),
            "points": self.points,
            "bounds": self.bounds,
            "rates": RATES,
            "limit": self.limit,
            "steps": STEPS,
        }
        return HTML.format(
            shape=(x1 - x0) / (y1 - y0),
            steps=STEPS,
            rate=f"{self.rate:g}",
            most=len(RATES) - 1,
            chosen=RATES.index(self.rate),
            data=json.dumps(data, separators=(",", ":")),
        )


def encoded(content: bytes) -> str:
    """Bytes as text."""
    return b64encode(content).decode()


def lay(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the network where the directive was; nothing if it can't live."""
    for place in list(doctree.findall(hero)):
        box = place.parent
        if app.builder.name != "html" or not Path(app.srcdir, SCRIPT).exists():
            box.parent.remove(box)
            continue
        training = Training.of(place["query"])
        for text in list(box.findall(nodes.Text)):
            said = text.astext().replace(BYTES, f"{training.size:,}")
            text.parent.replace(text, nodes.Text(said))
        place.replace_self(nodes.raw("", training.html(), format="html"))


def setup(app: Sphinx) -> None:
    app.add_node(hero)
    app.add_directive("hero", Hero)
    app.connect("doctree-resolved", lay)
