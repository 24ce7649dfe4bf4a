"""What is wrong with a book, told by the line of its page."""

from __future__ import annotations

from collections.abc import Iterable


class TangleError(Exception):
    """Something wrong at a line of a page, and what to do instead.

    Several may be raised as one: ``also`` holds those after the first.
    """

    def __init__(self, path: str, line: int, message: str) -> None:
        super().__init__(path, line, message)
        self.path = path
        self.line = line
        self.message = message
        self.also: tuple[TangleError, ...] = ()

    def __str__(self) -> str:
        return "\n".join(
            f"{error.path}:{error.line}: {error.message}"
            for error in (self, *self.also)
        )


def raise_all(problems: Iterable[TangleError]) -> None:
    """Raise the problems as one error, if there are any."""
    found = list(problems)
    if found:
        first, *rest = found
        first.also = tuple(rest)
        raise first
