"""Makes an element of an HTML page of an SVG file that a cell has drawn.

Its colours become CSS variables, which follow the reader's light or dark
theme. Python in the page draws with this, too.
"""

from __future__ import annotations

from xml.etree import ElementTree

from figures import palette

# Matplotlib's style would hold for the whole page (its one rule stands in
# book.css), Graphviz's titles are the names of its nodes, and a drawing has
# no business to run anything.
NOT_DRAWN = ("metadata", "style", "title", "script", "foreignobject")

SVG = "http://www.w3.org/2000/svg"


def inlined(
    svg: str,
    *,
    alt: str,
    prefix: str,
    width: str = "",
    description: str = "",
) -> str:
    """An SVG file's text as an element of an HTML page.

    ``alt`` says what is there to those who can't see it, and ``description``
    says more. ``prefix`` goes before every id, as ids must be unique in a
    page. ``width`` is for a drawing that isn't to be shown as large as it was
    drawn.
    """
    root = ElementTree.fromstring(svg)
    for parent in root.iter():
        for child in list(parent):
            if local_name(child.tag) in NOT_DRAWN:
                parent.remove(child)
    for element in root.iter():
        for name, value in element.items():
            if runs_something(name, value):
                del element.attrib[name]
            else:
                element.set(name, with_prefix(name, value, prefix))
    root.attrib |= {"role": "img", "aria-label": alt}
    # A filling that is black goes without saying.
    root.set("fill", "var(--book-ink)")
    if width:
        root.set("style", f"width: {width}")
    if description:
        words = ElementTree.Element(f"{{{SVG}}}desc", id=f"{prefix}words")
        words.text = description
        root.insert(0, words)
        root.set("aria-describedby", f"{prefix}words")
    return palette.in_variables(ElementTree.tostring(root, "unicode"))


def local_name(tag: str) -> str:
    """``{http://www.w3.org/2000/svg}path`` is a path."""
    return tag.rpartition("}")[2].lower()


def runs_something(name: str, value: str) -> bool:
    """Whether an attribute is an event's handler or a link to a script."""
    link = local_name(name) == "href"
    return local_name(name).startswith("on") or (
        link and not value.startswith(("#", "data:image/", "https:"))
    )


def with_prefix(name: str, value: str, prefix: str) -> str:
    """An attribute's value with the ids in it, given or referred to."""
    if name == "id":
        return prefix + value
    if local_name(name) == "href" and value.startswith("#"):
        return f"#{prefix}{value[1:]}"
    return value.replace("url(#", f"url(#{prefix}")
