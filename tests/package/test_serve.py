"""A build that fails is seen to fail, and costs nobody the last good book."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("serve")

FILES = {
    "_config.yml": """\
execute:
  execute_notebooks: force
sphinx:
  config:
    nb_execution_raise_on_error: true
""",
    "_toc.yml": """\
format: jb-book
root: book/index
chapters:
  - file: book/01-value
""",
    "book/index.md": "# A book\n",
    "book/01-value.md": """\
---
file_format: mystnb
kernelspec:
  name: python3
---

# Value

```{code-cell} python
value = 1
print("value", value)
```
""",
    # The tangler has tests of its own.
    "book/_ext/tangle.py": "",
}


class Book:
    """A book of one chapter, and the program that builds it."""

    def __init__(self, path: Path, program: Path, env: dict[str, str]) -> None:
        self.path = path
        self.chapter = path / "book/01-value.md"
        self.page = path / "_build/html/book/01-value.html"
        self.env = env
        for name, text in FILES.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.program = shutil.copy(program, path / "book/_ext")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, self.program, *arguments],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def build(self) -> tuple[bool, str]:
        """Build it; return whether that went well, and what was said."""
        with self.start("--once") as builder:
            assert builder.stdout is not None
            said = builder.stdout.read()
        return builder.returncode == 0, said

    def edit(self, old: str, new: str) -> None:
        text = self.chapter.read_text()
        assert old in text
        self.chapter.write_text(text.replace(old, new))


@pytest.fixture
def book(tmp_path: Path, root: Path, clean_env: dict[str, str]) -> Book:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = clean_env | {"PATH": path, "PYTHONUNBUFFERED": "1"}
    return Book(tmp_path, root / "book/_ext/serve.py", env)


def test_a_warning_fails_every_build_until_it_is_mended(book: Book) -> None:
    """Protects: no second run passes on what Sphinx remembers.

    Also that the pages of the last good book are kept meanwhile.
    """
    assert book.build()[0]
    good_page = book.page.read_text()
    book.edit("# Value\n", "# Value\n\n[](no-such-label)\n")
    for _ in range(2):
        good, said = book.build()
        assert not good
        assert "book/01-value.md:9: WARNING" in said
        assert "no-such-label" in said
        assert book.page.read_text() == good_page
    book.edit("[](no-such-label)\n", "Mended.\n")
    assert book.build()[0]
    assert "Mended." in book.page.read_text()


def test_a_first_build_that_fails_leaves_no_book(book: Book) -> None:
    """Protects: with nothing to go back to, nothing passes for a book."""
    book.edit("# Value\n", "# Value\n\n[](no-such-label)\n")
    for _ in range(2):
        assert not book.build()[0]
        assert not book.page.exists()


def test_a_failing_cell_is_told_with_its_chapter_and_line(
    book: Book,
) -> None:
    """Protects: the way from an error to the line that made it."""
    book.edit("value = 1\n", "value = 1\nvalue / 0\n")
    for _ in range(2):
        good, said = book.build()
        assert not good
        assert "book/01-value.md:11: ZeroDivisionError" in said
        assert "site-packages/sphinx" not in said


def test_an_unchanged_book_executes_nothing(book: Book) -> None:
    """Protects: a second `make book` is over in no time."""
    _, said = book.build()
    assert re.search(r"01-value +[\d.]+ s", said)
    good, said = book.build()
    assert good
    assert "01-value" not in said


def test_a_killed_build_is_made_good_by_the_next(book: Book) -> None:
    """Protects: no half-written book is ever taken for a whole one."""
    assert book.build()[0]
    book.edit("value = 1\n", "import time\ntime.sleep(60)\nvalue = 2\n")
    with book.start("--once") as builder:
        assert builder.stdout is not None
        said = ""
        while "01-value" not in said:
            said += builder.stdout.read(1)
        os.killpg(builder.pid, signal.SIGKILL)
    book.page.write_text("half a p")
    book.chapter.write_text(FILES["book/01-value.md"])
    assert book.build()[0]
    assert "value 1" in re.sub("<.*?>", "", book.page.read_text())
    left = {path.name for path in (book.path / "_build").iterdir()}
    assert not {name for name in left if name.startswith(".last-good")}


def wait_for(happened) -> None:
    """Return once it has happened; fail if it doesn't within a minute."""
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_serving_follows_the_chapters(book: Book) -> None:
    """Protects: `make serve` shows changes, and survives a mistake."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"

    def page() -> str:
        try:
            with urllib.request.urlopen(f"{url}/book/01-value.html") as got:
                return got.read().decode()
        except OSError:
            return ""

    said = book.path / "said.txt"
    with said.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, book.program, "--port", str(port)],
            env=book.env,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: "Serving on" in said.read_text())
        assert "<h1>Value" in page()
        assert '<script src="/.reload.js"' in page()
        with urllib.request.urlopen(f"{url}/.changes", timeout=60) as changes:
            first = changes.readline()
            assert first.decode().removeprefix("data: ").strip() in page()

            book.edit("# Value", "# Worth")
            assert changes.readline() == b"\n"
            while (told := changes.readline()) in (first, b"\n"):
                pass
            assert told.startswith(b"data: ")
            assert "<h1>Worth" in page()

        book.edit("# Worth", "# Failing\n\n[](no-such-label)\n")
        wait_for(lambda: "last good book" in said.read_text())
        assert "no-such-label" in said.read_text()
        assert "<h1>Worth" in page()
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 0
