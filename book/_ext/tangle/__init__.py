"""Chapters become the package ``micrograd/``, and edits of it chapters.

In the order in which a cell goes through them:

contents, chapters   what pages there are, and the cells of each
notebook, names      what a notebook does otherwise; which names there are
cells, items         a cell taken apart: its imports and definitions
reopened, effects    a class that goes on; what is lost with what is replaced
imports, modules     a file put together
bindings             whether names mean the same in the notebook
package              all files, after each chapter
validation           runs both, and compares: see runner and likeness
disk                 what is there, and writing it
stitch               edits back into the cells: renames, edited_pages, lines

Nothing here knows of Sphinx.
"""
