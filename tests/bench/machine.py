"""What the numbers were measured on, and what it could do at most."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from task import MOONS, ROOT
from variants import VARIANTS

#: Double-precision flops in a cycle that 256-bit AVX allows: four numbers, a
#: product and a sum for each, in two units.
FMA_FLOPS = 4 * 2 * 2


def limits() -> list[dict[str, Any]]:
    """Seconds that the flops of a step on the moons take at the least.

    At one flop a cycle, and at the peak of AVX with fused multiplication and
    addition, at the clock that the machine reports; no limits if it doesn't.
    """
    clock = clock_hz()
    if clock is None:
        return []
    rates = {"flop-a-cycle": 1, "fma-peak": FMA_FLOPS}
    rows = []
    for name, flops in rates.items():
        seconds = MOONS.flops / (flops * clock)
        times = dict.fromkeys(("median_s", "min_s", "max_s"), seconds)
        rows.append({"variant": name, **times, "peak_mb": None})
    return rows


def clock_hz() -> float | None:
    """The fastest clock among the cores, as Linux reports it."""
    clocks = cpu_info("cpu MHz")
    return 1e6 * max(map(float, clocks)) if clocks else None


def cpu_info(key: str) -> list[str]:
    """What Linux says of each core under this heading."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    pairs = (line.partition(":") for line in lines)
    return [value.strip() for name, _, value in pairs if name.strip() == key]


def machine() -> dict[str, Any]:
    """The processor, its cores and clock, the system, the C compiler."""
    models = cpu_info("model name") or [platform.processor()]
    clock = clock_hz()
    return {
        "cpu": models[0],
        "cores": os.cpu_count(),
        "clock_mhz": clock and round(clock / 1e6),
        "os": system(),
        "cc": c_compiler(),
    }


def memory_mb() -> float:
    """The machine's memory."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20


def system() -> str:
    """The operating system by its name, where it has one."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.platform()
    return f"{name}, {platform.machine()}"


def c_compiler() -> str | None:
    """What `cc` says it is."""
    try:
        said = subprocess.run(
            ["cc", "--version"], capture_output=True, text=True
        )
    except FileNotFoundError:
        return None
    return said.stdout.partition("\n")[0]


def versions(names: Iterable[str]) -> dict[str, str]:
    """The version of Python, and of what these variants are made of."""
    found = {"python": platform.python_version()}
    parts = [(VARIANTS[n].library, VARIANTS[n].home) for n in names]
    for library, home in [*parts, ("llvmlite", ROOT)]:
        path = sys.path if home == ROOT else [str(home)]
        for one in metadata.distributions(name=library, path=path):
            found.setdefault(library, one.version)
    return found
