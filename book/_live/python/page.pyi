"""What the worker offers to Python: see book/_live/worker.js."""

from typing import Any

chapter: int | None
"""The number of the page's chapter, if it is one."""

def emit(output: dict[str, Any]) -> None:
    """Send something to the page while a call is running."""

def render(text: str, engine: str, format: str) -> str:
    """Draw a graph with Graphviz."""
