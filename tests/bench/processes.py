"""Each measurement in a process of its own; peers in folders of their own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from task import ROOT
from variants import INSTALLED, VARIANTS

WORKER = Path(__file__).with_name("worker.py")
#: What tells the peers, each in its own way, how many threads to use.
THREADS = "OMP_NUM_THREADS MKL_NUM_THREADS OPENBLAS_NUM_THREADS NPROC".split()
#: Where PyTorch keeps what it has compiled: emptied before each run.
INDUCTOR = ROOT / "_build" / "bench" / "torchinductor"


def measure(
    job: str,
    variant: str,
    *,
    threads: int = 1,
    limit_s: float = 300.0,
    **request: Any,
) -> dict[str, Any]:
    """Have a job of worker.py done: its answer, or why there is none.

    Then the answer has the reason, in a line, as ``failed``.
    """
    env = os.environ | dict.fromkeys(THREADS, str(threads))
    env["PYTHONPATH"] = str(VARIANTS[variant].home)
    env["JAX_ENABLE_X64"] = "1"
    env["TORCHINDUCTOR_CACHE_DIR"] = str(INDUCTOR)
    # A session of its own: what a compiler has started ends with it.
    process = subprocess.Popen(
        [sys.executable, str(WORKER)],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        answer, messages = process.communicate(
            json.dumps(request | {"job": job, "variant": variant}), limit_s
        )
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            return {"failed": f"not done after {limit_s:g} s"}
        raise
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        return {"failed": f"the process died of {name}"}
    if process.returncode:
        return {"failed": last_line(messages)}
    measured: dict[str, Any] = json.loads(answer)
    return measured


def install(home: Path) -> str | None:
    """Fill a peer's folder, once; why it can't be done, or None."""
    if home.exists():
        return None
    requirements = INSTALLED[home]
    print(f"Installing {requirements[-1]} into {home.relative_to(ROOT)} …")
    # Moved into place when whole, so that an interrupted one starts over.
    partial = home.with_suffix(".partial")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade"]
    options = ["--disable-pip-version-check", "--target", str(partial)]
    done = subprocess.run(
        [*pip, *options, *requirements], stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        return f"pip: {last_line(done.stderr)}"
    partial.rename(home)
    return None


def last_line(messages: str) -> str:
    """Where a program says what went wrong."""
    return (messages.strip() or "no message").splitlines()[-1]
