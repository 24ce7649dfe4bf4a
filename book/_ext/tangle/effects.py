"""What a replaced definition has done to the world, and nobody would see.

In a notebook it has run; in the library it is gone. What that has done to the
library is compared (see validation.py); what it has done elsewhere can't be,
so it must have done nothing.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Set

from tangle.errors import TangleError
from tangle.imports import Imported
from tangle.items import Item

IMPURE = """
    __import__ breakpoint compile delattr eval exec globals input locals open
    print setattr vars
""".split()
# Whose functions do nothing but return something.
PURE = """
    abc array bisect cmath collections contextlib copy dataclasses datetime
    decimal enum fractions functools graphlib heapq html itertools json math
    numbers operator re reprlib statistics string struct textwrap time types
    typing
""".split()


def lost(
    old: Item,
    new: Item,
    ours: Set[str],
    imports: Mapping[str, Imported],
) -> Iterator[TangleError]:
    """Find what is lost as one definition takes the place of another."""
    path, line = new.cell.path, new.span[0]
    for call in sorted(old.calls):
        if not is_pure(call, ours, imports):
            message = (
                f"`{old.key}` ({old.place}) is replaced, and what `{call}` has"
                " done there would be done in a notebook alone: give one of"
                " the two another name"
            )
            yield TangleError(path, line, message)
    kept = old.kind == "data" and old.annotated
    if kept and not (new.kind == "data" and new.annotated):
        message = (
            f"a notebook keeps the annotation of `{old.key}` ({old.place}):"
            " annotate it here, too, or there no more"
        )
        yield TangleError(path, line, message)


def is_pure(
    call: str, ours: Set[str], imports: Mapping[str, Imported]
) -> bool:
    """Whether a call of something does nothing but return."""
    root, *parts = call.split(".")
    if root in ours:
        return True
    if root in imports:
        one = imports[root]
        module = (one.module or one.name).partition(".")[0]
        depth = 0 if one.module else 1
        return one.is_ours or (module in PURE and len(parts) <= depth)
    return root not in IMPURE and hasattr(builtins, root)
