"""Runs a notebook's cells in this process, and checks its exercises.

Of two files the first says, as JSON, the cells' code and after which of them
what is to be checked; the second is for what the checks said, and for the
names of the exceptions that those cells raised that may.
"""

from __future__ import annotations

import json
import linecache
import os
import sys
import types
import warnings
from pathlib import Path

from verdict import asserts_in, judge


def main() -> None:
    """Run the cells in a module of their own, as a notebook does."""
    del sys.path[0]  # where `verdict` was: from here on there is the library
    os.environ["PYTHONPATH"] = sys.path[0]  # and for programs of the cells
    said, raised = [], []
    page = types.ModuleType("__main__")
    sys.modules["__main__"] = page
    warnings.simplefilter("ignore")  # Matplotlib's, as nothing is shown
    own = vars(page)
    for number, step in enumerate(json.loads(Path(sys.argv[1]).read_text())):
        before = dict(own)
        code, file = step["code"], f"<cell {number}>"
        # `inspect` finds it there, as in a notebook.
        lines = code.splitlines(keepends=True)
        linecache.cache[file] = (len(code), None, lines, file)
        try:
            exec(compile(code, file, "exec"), own)
        except Exception as error:
            if not step.get("raises"):
                raise
            raised.append(type(error).__name__)
        else:
            raised += [None] if step.get("raises") else []
        if "solution" in step:
            verdict = judge(asserts_in(step["solution"]), own)
            said.append([step["label"], step["kind"], verdict.lines])
            # The cells that follow mustn't live on what an answer names.
            own.clear()
            own.update(before)
    Path(sys.argv[2]).write_text(json.dumps({"said": said, "raised": raised}))


if __name__ == "__main__":
    main()
