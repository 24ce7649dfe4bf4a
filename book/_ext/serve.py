"""Shows the book while it is being written.

It serves the book on localhost, builds it whenever a source changes (see
build.py), and reloads the pages that are open in a browser. (sphinx-autobuild
writes a script into the pages, which their policy forbids to run.)
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import build

if TYPE_CHECKING:
    from typing import Any, BinaryIO

HTML = build.HTML

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

    newer = threading.Condition()

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, directory=str(HTML))

    @property
    def built(self) -> int:
        """Which book is served, by its time: it outlives a restart."""
        made = build.BUILT_FROM
        return made.stat().st_mtime_ns if made.exists() else 0

    @classmethod
    def tell_newer(cls) -> None:
        """Reload every page in a browser that is of an older book."""
        with cls.newer:
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
        while True:
            self.wfile.write(f"data: {self.built}\n\n".encode())
            # Saying it again now and then finds out who has gone.
            with self.newer:
                self.newer.wait(timeout=10)

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


class Server(ThreadingHTTPServer):
    """Doesn't mind if a page is left before all of it has come."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of any other error, as the base class does."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def serve(port: int) -> None:
    """Serve the book on localhost and keep it up to date, until Ctrl-C."""
    try:
        server = Server(("localhost", port), Pages)
    except OSError as error:
        sys.exit(f"Port {port}: {error.strerror}. Try make serve PORT=8001")
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        built_from: dict[str, int] = {}
        while True:
            now = build.sources()
            if now == built_from:
                time.sleep(0.3)
                continue
            built_from = now
            if build_anew():
                Pages.tell_newer()
            else:
                print("Still showing the last good book.")
            print(f"Serving on http://localhost:{port} (Ctrl-C stops)")


def build_anew() -> bool:
    """Build in a process of its own, by the tools as they are now."""
    command = [sys.executable, str(build.__file__)]
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Run the command line; the result is its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    if not 0 < port < 1 << 16:
        parser.error(f"there is no port {port}: they go from 1 to 65535")
    with suppress(KeyboardInterrupt):
        serve(port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
