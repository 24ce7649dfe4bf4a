"""How the book's kernels behave: plots as SVG, the same bytes every time."""

from ipykernel.iostream import OutStream

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
