"""Shows drawings in the page: Graphviz's program is there as a function."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any

from figures import graph_text, svg_element

Render = Callable[[str, str, str], str]
"""Graphviz: a graph's text, the engine and the format give a drawing."""

numbers = count(1)
unshown: list[Any] = []
"""The plots that a cell has made, until it ends."""


class Completed:
    """What is left of a program that has run."""

    def __init__(self, stdout: str | bytes) -> None:
        self.stdout = stdout


def take_place_of_dot(render: Render) -> None:
    """Have the package graphviz draw by a function, not by a program.

    The library looks whether there is a program, so a file is put there.
    """
    from graphviz.backend import execute

    dot = Path("/usr/local/bin/dot")
    dot.parent.mkdir(parents=True, exist_ok=True)
    dot.touch(mode=0o755)
    os.environ["PATH"] = str(dot.parent)

    def run(
        command: list[Any],
        *,
        input_lines: Iterable[str] | None = None,
        encoding: str | None = None,
        cwd: str | None = None,
        **settings: Any,
    ) -> Completed:
        told = " ".join(map(str, command))
        engine = re.findall(r"-K(\w+)", told)[0]
        format = re.findall(r"-T(\w+)", told)[0]
        if input_lines is None:  # from a file, into another beside it
            source = Path(cwd or ".", command[-1])
            drawn = render(source.read_text("utf-8"), engine, format)
            Path(f"{source}.{format}").write_text(drawn, "utf-8")
            return Completed(b"")
        lines = (x if isinstance(x, str) else x.decode() for x in input_lines)
        drawn = render("".join(lines), engine, format)
        return Completed(drawn if encoding else drawn.encode())

    execute.run_check = run


def drawn(value: Any) -> dict[str, Any] | None:
    """A value's drawing as an element of the page, told in words, too."""
    svg: str | None = None
    if hasattr(value, "_repr_mimebundle_"):
        svg = value._repr_mimebundle_().get("image/svg+xml")
    elif hasattr(value, "_repr_svg_"):
        svg = value._repr_svg_()
    if svg is None:
        return None
    words = graph_text.told(svg)
    element = svg_element.inlined(
        svg,
        alt="The drawing that this code has made.",
        prefix=f"live{next(numbers)}-",
        description=words.description or getattr(value, "description", ""),
    )
    return {"svg": element, "steps": words.steps}
