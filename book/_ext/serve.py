"""Builds the book, and shows it while it is being written.

With ``--once`` it builds and is done. Without, it serves the book on
localhost, builds again whenever a source changes, and reloads the pages that
are open in a browser.

`_build/html` is always the last good book: what a failed build did is taken
back. Sphinx remembers which pages it has read and forgets their warnings, so
otherwise a second run would pass; and the pages that were fine need not be
executed again.
"""

from __future__ import annotations

import argparse
import fcntl
import io
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, BinaryIO

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "_build"
HTML = BUILD / "html"
LOG = BUILD / "book.log"

# The pages, and what Sphinx remembers of making them. (What cells say is known
# by all that it depends on, and stays: see execute.py.)
STATE = ("html", ".doctrees")

EXECUTING = re.compile(r"([^/\s]+)\.md: Executing notebook")
EXECUTED = re.compile(r"Executed notebook in (\S+) seconds")

COLOUR = re.compile(r"\x1b\[[\d;]*m")
# What kernels and Sphinx say about themselves, not about the book.
NOISE = re.compile(
    r".*(IPKernelApp\]|full traceback has been saved|Please also report"
    r"|A bug report can be filed).*\n"
)
FAILED_CELL = re.compile(
    r"while executing the following cell:\n-+\n(?P<code>.*?)\n-+\n"
    r"(?P<traceback>.*?)\n+The above exception was .*?"
    r"ExecutionError: (?P<page>.*?)\n",
    re.DOTALL,
)


def build() -> bool:
    """Tangle the library and weave the book; say whether all went well."""
    print("Tangling the library…", flush=True)
    tangle = [sys.executable, str(ROOT / "book/_ext/tangle.py")]
    if subprocess.run(tangle, check=False).returncode != 0:
        return False
    BUILD.mkdir(exist_ok=True)
    # Two builds at once (`make book` beside `make serve`) take turns.
    with (BUILD / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with last_good_book() as keep_new:
            good = weave()
            if good:
                keep_new()
    return good


@contextmanager
def last_good_book() -> Iterator[Callable[[], None]]:
    """Put the last good book back at the end, unless the new one is kept.

    If this process is killed in between, the next one puts it back.
    """
    saved = BUILD / ".last-good"

    def put_back() -> None:
        if saved.exists():
            for name in STATE:
                shutil.rmtree(BUILD / name, ignore_errors=True)
                if (saved / name).exists():
                    (saved / name).rename(BUILD / name)
            saved.rmdir()

    # It bears its name only while it is complete.
    partial = BUILD / ".last-good.partial"

    def keep_new() -> None:
        saved.rename(partial)
        shutil.rmtree(partial)

    put_back()
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for name in STATE:
        if (BUILD / name).exists():
            shutil.copytree(BUILD / name, partial / name)
    partial.rename(saved)
    try:
        yield keep_new
    finally:
        put_back()


def weave() -> bool:
    """Run Jupyter Book; show how far it is, and in the end what failed."""
    print("Executing the chapters that changed…", flush=True)
    command = ["jupyter-book", "build", ".", "-W", "-n", "--keep-going"]
    with (
        LOG.open("w+", encoding="utf-8", errors="replace") as errors,
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            errors="replace",
        ) as book,
    ):
        assert book.stdout is not None
        show_progress(book.stdout)
        good = book.wait() == 0
        if not good:
            errors.seek(0)
            print(f"\n{what_failed(errors.read())}\n", file=sys.stderr)
            print(f"The book failed. All the messages: {LOG}", file=sys.stderr)
    return good


def show_progress(lines: Iterable[str]) -> None:
    """Name each chapter when it starts, then say how long it took."""
    waiting = False
    for line in lines:
        if page := EXECUTING.search(line):
            print("\n" * waiting + f"  {page[1]}", end="", flush=True)
            waiting = True
        elif took := EXECUTED.search(line):
            print(f"  {took[1]} s", flush=True)
            waiting = False
    print("\n" * waiting, end="", flush=True)


def what_failed(errors: str) -> str:
    """The part of Jupyter Book's messages that is about the book."""
    errors = NOISE.sub("", COLOUR.sub("", errors)).replace(f"{ROOT}/", "")
    warnings = errors.partition("\nException occurred:")[0]
    if cell := FAILED_CELL.search(errors):
        place, traceback = where(cell), cell["traceback"].strip()
        message = f"{place}: {traceback.splitlines()[-1]}\n\n{traceback}"
        return f"{warnings}{message}".strip()
    told, _, _ = errors.partition("\nTraceback (most recent call last)")
    return told.strip() or errors


def where(cell: re.Match[str]) -> str:
    """The chapter and line at which a cell failed."""
    page: str = cell["page"]
    text = (ROOT / page).read_text()
    told = re.search(
        # As the book tells errors, and as IPython those of syntax.
        r"^ *(?:Cell In\[|(?:Chapter \d+, c|C)ode cell )(\d+)\]?, line (\d+)",
        cell["traceback"],
        re.M,
    )
    if told:
        number, row = map(int, told.groups())
        # The same code may stand in several cells.
        for found in re.finditer(re.escape(cell["code"]), text):
            before = text[: found.start()]
            cells = re.findall(r"^[`:]{3,}\{code-cell\}", before, re.M)
            if len(cells) == number:
                return f"{page}:{before.count(chr(10)) + row}"
    return page


# It is a file, as the pages' policy lets no script be written into them; and
# the page says of which build it is, for there may be a newer one meanwhile.
RELOAD = b"""\
const { built } = document.currentScript.dataset;
new EventSource("/.changes").onmessage =
  (event) => event.data === built || location.reload();
"""
RELOADING = '\n<script src="/.reload.js" data-built="%s"></script>\n'


class Pages(SimpleHTTPRequestHandler):
    """The last good book, in pages that reload when there is a newer one."""

    built = 0
    newer = threading.Condition()

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, directory=str(HTML))

    @classmethod
    def tell_newer(cls) -> None:
        """Reload every page that is open in a browser."""
        with cls.newer:
            # The time, so that pages outlive a restart of the server.
            cls.built = time.time_ns()
            cls.newer.notify_all()

    def do_GET(self) -> None:
        """Answer a browser, or keep it told of newer books."""
        if self.path == "/.changes":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.tell_of_changes()
        else:
            super().do_GET()

    def tell_of_changes(self) -> None:
        """Say which build is served, at once and when there's another."""
        try:
            while True:
                self.wfile.write(f"data: {self.built}\n\n".encode())
                # Saying it again now and then finds out who has gone.
                with self.newer:
                    self.newer.wait(timeout=10)
        except ConnectionError:
            pass

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """As the base class does it, with a script in each page."""
        page = Path(self.translate_path(self.path))
        if self.path.endswith("/"):
            page /= "index.html"
        if self.path == "/.reload.js":
            return self.send_text("javascript", RELOAD)
        if not HTML.exists():
            html = b"The book has not been built yet: see the terminal."
        elif page.suffix == ".html" and page.is_file():
            html = page.read_bytes()
        else:
            return super().send_head()
        return self.send_text("html", html + (RELOADING % self.built).encode())

    def send_text(self, kind: str, text: bytes) -> io.BytesIO:
        """Send the headers of a text, and return what is to follow them."""
        self.send_response(200)
        self.send_header("Content-Type", f"text/{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        return io.BytesIO(text)

    def end_headers(self) -> None:
        """Have browsers ask again each time, so that they see changes."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Leave the terminal to the builds."""


def sources() -> dict[Path, int]:
    """When each file that the book is made from was last changed."""
    files = [ROOT / "_config.yml", ROOT / "_toc.yml"]
    files.append(ROOT / "book/_ext/matplotlibrc")
    for kind in ("md", "py", "bib", "css", "js", "json", "html", "svg", "png"):
        files += (ROOT / "book").rglob(f"*.{kind}")
    # A file may vanish between being listed and being looked at.
    return {f: f.stat().st_mtime_ns for f in files if f.exists()}


def serve(port: int) -> None:
    """Serve the book on localhost and keep it up to date, until Ctrl-C."""
    try:
        server = ThreadingHTTPServer(("localhost", port), Pages)
    except OSError as error:
        sys.exit(f"Port {port}: {error.strerror}. Try make serve PORT=8001")
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        built_from: dict[Path, int] = {}
        while True:
            now = sources()
            if now == built_from:
                time.sleep(0.3)
                continue
            built_from = now
            if build():
                Pages.tell_newer()
            else:
                print("Still showing the last good book.")
            print(f"Serving on http://localhost:{port} (Ctrl-C stops)")


def main() -> int:
    """Run the command line; the result is its exit code."""
    summary = __doc__.partition("\n")[0] if __doc__ else None
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--once", action="store_true", help="build, no more")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    try:
        if not options.once:
            serve(options.port)
        elif not build():
            return 1
    except KeyboardInterrupt:
        return 130 if options.once else 0
    print(f"The book: {HTML / 'index.html'}\n      or: make serve")
    return 0


if __name__ == "__main__":
    sys.exit(main())
