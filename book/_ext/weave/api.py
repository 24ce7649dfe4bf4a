"""The API reference, which autodoc makes from the library's docstrings.

Autodoc imports the library of the last stage; `_config.yml` has its settings.
Each entry gets a line that leads to the cell that teaches it and to its place
in the listing.
"""

from __future__ import annotations

import inspect
import re
import sys
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import make_refnode

from weave.listing import TOLD, what_is_told
from weave.places import (
    anchor_in_listing,
    chapter_of,
    link,
    link_to_version,
    listing_of,
    whole_package,
)

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from tangle.package import Definition

# What the signatures name that no page of the book describes.
ELSEWHERE = sys.stdlib_module_names | {"graphviz", "llvmlite"}


def is_left_out(
    app: Sphinx, what: str, name: str, thing: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out what has nothing of its own to say.

    That is most special methods; of attributes, their class tells.
    """
    method = inspect.isroutine(thing) or isinstance(thing, property)
    if what == "class" and not method:
        return True
    special = name.startswith("__") and name.endswith("__")
    if special and (name == "__init__" or not own_docstring(thing)):
        return True
    return None


def own_docstring(thing: Any) -> str | None:
    """The docstring of one of our functions; Python's own don't count."""
    ours = getattr(thing, "__module__", None) or ""
    return thing.__doc__ if ours.startswith("micrograd") else None


class WhereDefined(SphinxTransform):
    """Says of each entry where it is taught, and where it stands."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Say so for each entry of the page."""
        entries = [
            entry
            for entry in self.document.findall(addnodes.desc)
            if entry["domain"] == "py"
        ]
        if not entries:
            return
        # Identifiers have an index of their own.
        for index in list(self.document.findall(addnodes.index)):
            index.parent.remove(index)
        package = whole_package(self.app)
        # As for a listing, a change of what is told here outdates the page.
        self.env.metadata[self.env.docname][TOLD] = what_is_told(package)
        definitions = {(d.file, d.name): d for d in package.definitions}
        for entry in entries:
            signature, content = entry.children
            shorten(signature)
            file = signature["module"].replace(".", "/") + ".py"
            definition = definitions[file, signature["fullname"]]
            members = content.first_child_matching_class(addnodes.desc)
            place = len(content) if members is None else members
            content.insert(place, where_defined(definition))


def shorten(signature: addnodes.desc_signature) -> None:
    """Leave out what isn't for everybody, and the modules of names."""
    for parameter in list(signature.findall(addnodes.desc_parameter)):
        if parameter.astext().startswith("_"):
            parameter.parent.remove(parameter)
    for annotation in signature.findall(addnodes.desc_annotation):
        for text in list(annotation.findall(nodes.Text)):
            # A number has a point, too.
            name = re.sub(r"\b([A-Za-z_]\w*\.)+(?=[A-Za-z_])", "", text)
            text.parent.replace(text, nodes.Text(name))


def where_defined(definition: Definition) -> nodes.paragraph:
    """The line of an entry that says where its definition is."""
    last = definition.versions[-1]
    chapter = nodes.inline("", chapter_of(last).capitalize())
    file = nodes.literal("", definition.file)
    line = nodes.paragraph("", "", classes=["defined"])
    line += link_to_version(chapter, definition, last)
    line += nodes.Text(" · ")
    place = anchor_in_listing(definition)
    line += link(file, listing_of(definition.file), place)
    return line


def resolve(
    app: Sphinx,
    env: BuildEnvironment,
    node: addnodes.pending_xref,
    content: nodes.Element,
) -> nodes.Element | None:
    """Find a name of another module of ours; let other packages' names be."""
    if node["refdomain"] != "py":
        return None
    target = node["reftarget"]
    # From Python 3.14 on, autodoc doesn't find all of them.
    target = app.config.autodoc_type_aliases.get(target, target)
    objects = env.get_domain("py").get_objects()
    found = [one for one in objects if f".{one[0]}".endswith(f".{target}")]
    if len(found) == 1:
        _, _, _, page, anchor, _ = found[0]
        return make_refnode(app.builder, node["refdoc"], page, anchor, content)
    return content if target.partition(".")[0] in ELSEWHERE else None


def setup(app: Sphinx) -> None:
    app.connect("autodoc-skip-member", is_left_out)
    app.connect("missing-reference", resolve)
    app.add_transform(WhereDefined)
