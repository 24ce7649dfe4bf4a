"""How the book's kernels behave: plots as SVG, the same bytes every time."""

import sys
from pathlib import Path

from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel

sys.path.insert(0, str(Path(__file__).parent))
from names import names_in

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


class Kernel(IPythonKernel):
    """Tells with the reply to each cell what the names in it stood for."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.shell.events.register("post_run_cell", self.tell_names)

    def tell_names(self, result):
        """Add them to what the reply carries."""
        found = names_in(result.info.raw_cell, self.shell.user_ns)
        self.shell.payload_manager.write_payload(
            {"source": "names", "found": found}
        )


c.IPKernelApp.kernel_class = Kernel
