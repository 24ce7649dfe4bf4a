"""How the book's kernels behave: plots as SVG, the same bytes every time."""

import os
import sys
from pathlib import Path

from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel

sys.path.insert(0, str(Path(__file__).parent))
from noted_names import names_in

from graphs import drawn_by
from tracebacks import told

del sys.path[0]

c = get_config()  # noqa: F821  (IPython puts it there)
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {
    "bbox_inches": "tight",
    "metadata": {"Date": None, "Creator": None},
}
# Kernels listen on this machine alone; their advice about the network would
# stand between the lines of the build's progress.
c.IPKernelApp.log_level = "ERROR"
# What a cell prints comes in one piece when the cell is done, not in as many
# as it has taken fifths of a second: these would be boxes of their own.
OutStream.flush_interval = 3600.0


CHAPTER = int(os.environ.get("BOOK_CHAPTER") or 0) or None


class Kernel(IPythonKernel):
    """Tells with the reply to each cell what the names in it stood for.

    It tells the graph, too, that a cell has drawn at its end. Where an error
    comes from is told in the words of the book.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.shell.events.register("post_run_cell", self.tell_names)
        self.shell.events.register("post_run_cell", self.tell_graph)
        self.shell.InteractiveTB.structured_traceback = self.tell_error

    def tell_names(self, result):
        """Add them to what the reply carries."""
        found = names_in(result.info.raw_cell, self.shell.user_ns)
        self.shell.payload_manager.write_payload(
            {"source": "names", "found": found}
        )

    def tell_graph(self, result):
        """Add it to what the reply carries."""
        if result.success:
            graph, rule = drawn_by(result.info.raw_cell, self.shell.user_ns)
            self.shell.payload_manager.write_payload(
                {"source": "graph", "found": graph, "rule": rule}
            )

    def tell_error(self, kind, error, *_, **settings):
        """The lines that are shown instead of IPython's."""
        cells = self.shell.compile._filename_map
        return [told(error, cells, CHAPTER)]


c.IPKernelApp.kernel_class = Kernel
