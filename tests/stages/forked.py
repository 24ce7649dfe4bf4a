"""Runs scripts in processes that needn't start from nothing.

A server, which the first call starts, has imported what takes seconds to
import, and nothing of ours; each script runs in a fork of it.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

IMPORTED = [
    *("pytest", "hypothesis.stateful", "matplotlib.pyplot", "numpy"),
    # Torch's optimisers import the last one when they are first used.
    *("torch", "torch._dynamo"),
]


def run(
    script: Path,
    *arguments: object,
    path: Sequence[Path],
    cwd: Path,
    said: Path,
    env: Mapping[str, str] | None = None,
    server: int = 0,
) -> int:
    """Run a script and return its exit status.

    As first on its path it has what is given, and then only what is
    installed. Whatever it prints is in the file ``said``. What it has started
    ends with it. Each server runs one script at a time.
    """
    process = _server(server)
    assert process.stdin
    assert process.stdout
    call = {
        "argv": [str(script), *map(str, arguments)],
        "path": [str(folder) for folder in path],
        "cwd": str(cwd),
        "said": str(said),
        "env": dict(env or {}),
    }
    process.stdin.write(json.dumps(call) + "\n")
    process.stdin.flush()
    return int(process.stdout.readline())


@cache
def _server(number: int) -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, "-P", __file__],
        # A plot has no window to open.
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        | {"MPLBACKEND": "agg"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    # When its standard input ends, so does the server.
    atexit.register(server.communicate)
    return server


def _serve() -> None:
    for module in IMPORTED:
        importlib.import_module(module)
    gc.freeze()  # so that no fork collects in all of torch, time and again
    for line in sys.stdin:
        child = os.fork()
        if not child:
            os.setpgid(0, 0)
            _be(**json.loads(line))
        try:
            _, status = os.waitpid(child, 0)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _be(
    argv: list[str], path: list[str], cwd: str, said: str, env: dict[str, str]
) -> None:
    """Be the script's process, and end."""
    with open(said, "wb") as file, open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(cwd)
    os.environ.update(env)
    sys.argv[:] = argv
    sys.path[:0] = path
    status = 1
    try:
        runpy.run_path(argv[0], run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else bool(end.code)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
