"""What can be skipped at a first reading, folded: "plumbing".

It stands between ``plumbing-start`` and ``plumbing-end``, as exercises do: the
code cells in it stay cells of the page, and can be tangled.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)


class plumbing(nodes.General, nodes.Element):  # type: ignore[misc]
    """All between the two directives; ``title`` says what it is."""


class plumbing_end(nodes.Invisible, nodes.Element):  # type: ignore[misc]
    """Where it ends."""


class Start(SphinxDirective):
    """``plumbing-start``: what follows is for those who want to know."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        start = plumbing(title=self.arguments[0])
        self.set_source_info(start)
        return [start]


class End(SphinxDirective):
    """``plumbing-end``: back to what the chapter is about."""

    def run(self) -> list[nodes.Node]:
        end = plumbing_end()
        self.set_source_info(end)
        return [end]


class Gather(SphinxTransform):
    """Moves what stands between the two into the first."""

    default_priority = 10  # as for exercises: before anything is looked for

    def apply(self, **kwargs: Any) -> None:
        """Gather; warn of a start without its end, and of an end alone."""
        for start in list(self.document.findall(plumbing)):
            siblings = start.parent.children
            behind = siblings[siblings.index(start) + 1 :]
            length = next(
                (
                    place
                    for place, node in enumerate(behind)
                    if isinstance(node, plumbing | plumbing_end)
                ),
                len(behind),
            )
            if not isinstance(
                behind[length] if length < len(behind) else None, plumbing_end
            ):
                logger.warning(
                    "plumbing-start has no plumbing-end in its section",
                    location=start,
                )
                continue
            for node in behind[: length + 1]:
                start.parent.remove(node)
            start += behind[:length]
        for end in list(self.document.findall(plumbing_end)):
            logger.warning("plumbing-end without a start", location=end)
            end.parent.remove(end)


def visit(translator: HTML5Translator, node: plumbing) -> None:
    """Open the fold."""
    summary = f"<summary><span>Plumbing:</span> {escape(node['title'])}"
    translator.body.append(f'<details class="plumbing">{summary}</summary>\n')


def depart(translator: HTML5Translator, node: plumbing) -> None:
    """Close it."""
    translator.body.append("</details>\n")


def setup(app: Sphinx) -> None:
    app.add_node(plumbing, html=(visit, depart))
    app.add_directive("plumbing-start", Start)
    app.add_directive("plumbing-end", End)
    app.add_transform(Gather)
