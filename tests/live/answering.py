"""Runs a chapter's cells in this process, and checks its exercises.

Standard input says, as JSON, the cells' code and after which of them what is
to be checked; the last line of standard output says what the checks said.
"""

from __future__ import annotations

import json
import sys
import types
import warnings
from contextlib import redirect_stdout

from check import asserts_in, check


def main() -> None:
    """Run the cells in a module of their own, as a notebook does."""
    said = []
    page = types.ModuleType("__main__")
    sys.modules["__main__"] = page
    warnings.simplefilter("ignore")  # Matplotlib's, as nothing is shown
    for step in json.load(sys.stdin):
        with redirect_stdout(sys.stderr):
            try:
                exec(compile(step["code"], "<cell>", "exec"), vars(page))
            except Exception:
                if not step.get("raises"):
                    raise
        if "solution" in step:
            verdict = check(asserts_in(step["solution"]), vars(page))
            said.append([step["label"], step["kind"], verdict.lines])
    print(json.dumps(said))


if __name__ == "__main__":
    main()
