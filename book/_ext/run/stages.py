"""The library as it stood after each page, on disk and importable.

A page named ``NN-title`` is a chapter, and its kernel imports the *stage* of
the page before it in ``_toc.yml``: the package as tangled from all earlier
chapters. So a chapter that uses what hasn't been taught yet fails the build.
Every other page (the landing page, the appendices) imports the whole library.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

import tracebacks
from tangle.chapters import chapter_number, read_chapters
from tangle.disk import locked, strangers, write, write_library
from tangle.validation import KNOWN, validated

if TYPE_CHECKING:
    from pathlib import Path

    from tangle.chapters import Chapter
    from tangle.package import Package


class Stages:
    """The package after each page of a book."""

    def __init__(self, root: Path) -> None:
        """Tangle every stage; `TangleError` when a chapter is wrong."""
        chapters = read_chapters(root)
        self.root = root
        self.folder = root / "_build" / "stages"
        self.packages = validated(chapters, root / KNOWN)
        self.pages: dict[str, Chapter] = {
            chapter.path.removesuffix(".md"): chapter for chapter in chapters
        }

    @property
    def last(self) -> str:
        """The name of the stage that is the whole library."""
        return list(self.packages)[-1]

    def write(self) -> None:
        """Write the library and all stages."""
        for name, package in self.packages.items():
            write(package, self.folder / name)
            # Where tracebacks find who teaches a line.
            who = json.dumps(chapters_of_lines(package))
            place = self.folder / name / tracebacks.CHAPTERS
            place.write_text(who, "utf-8")
        library = self.packages[self.last]
        self.changed, self.kept = write_library(library, self.root)
        self.strangers = strangers(library, self.root)

    def imported_by(self, docname: str) -> str:
        """The name of the stage that a page's kernel imports."""
        names = list(self.packages)
        name = self.pages[docname].name
        if chapter_number(name):
            return names[names.index(name) - 1]
        return self.last

    @cache  # noqa: B019 - a build has only one of these
    def digest(self, docname: str) -> str:
        """What the library that a page imports looks like.

        Equal for two pages exactly when their library's code is.
        """
        files = self.packages[self.imported_by(docname)].files
        code = "".join(
            f"{path}\n{files[path].text}\n" for path in sorted(files)
        )
        return sha256(code.encode()).hexdigest()


def chapters_of_lines(package: Package) -> dict[str, list[int | None]]:
    """For each file of the library, the chapter of every line."""
    found: dict[str, list[int | None]] = {}
    for file, module in package.files.items():
        chapter = None
        found[file] = []
        # What comes from nowhere, a blank line, goes with the next that does.
        for line in reversed(module.lines):
            if line.source:
                chapter = chapter_number(line.source[0])
            found[file].append(chapter)
        found[file].reverse()
    return found


@cache
def stages_of(root: Path) -> Stages:
    """The stages of a book, made and written once in a build.

    Raises TangleError.
    """
    with locked(root):
        stages = Stages(root)
        stages.write()
    return stages
