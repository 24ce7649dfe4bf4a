# Tangled from book/03-value.md: edit there, not here.
"""Going on with a class in a later cell of a notebook."""

from __future__ import annotations

import sys

# What every class has by itself, and what isn't to be carried over.
_AUTOMATIC = frozenset(vars(type("Empty", (), {}))) | {
    "__annotations__",
    "__firstlineno__",
    "__static_attributes__",
}


def reopen(body: type) -> type:
    """Continue the class that already bears the name of ``body``.

    Use it as a decorator: the methods of the decorated class move to the
    class of that name in the same module, which is handed back. A method
    that was there before is replaced. `NameError` when there is no such
    class yet.
    """
    module = vars(sys.modules[body.__module__])
    if body.__name__ not in module:
        raise NameError(f"there is no class {body.__name__} to reopen yet")
    original: type = module[body.__name__]
    for name, attribute in vars(body).items():
        if name not in _AUTOMATIC:
            setattr(original, name, attribute)
    return original
