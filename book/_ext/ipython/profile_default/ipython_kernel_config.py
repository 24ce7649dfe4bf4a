"""How the book's kernels behave: plots as SVG, the same bytes every time."""

c = get_config()  # noqa: F821  (IPython puts it there)
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {
    "bbox_inches": "tight",
    "metadata": {"Date": None, "Creator": None},
}
# Kernels listen on this machine alone; their advice about the network would
# stand between the lines of the build's progress.
c.IPKernelApp.log_level = "ERROR"
