"""Containers on a page that a script will bring to life."""

from docutils import nodes


def has_place(doctree: nodes.document, name: str) -> bool:
    """Whether a page has a container of this class, when it is written."""
    return any(
        name in container["classes"]
        for container in doctree.findall(nodes.container)
    )
