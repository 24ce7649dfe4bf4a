"""Every way to train that is measured, by its name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ours
import peers
from task import ROOT, Advance, Task

#: What a variant needs beside this project's own environment, by the folder
#: it is installed into.
MICROGRAD = ROOT / "_build" / "peer"
JAX = ROOT / "_build" / "peer-jax"
INSTALLED = {
    MICROGRAD: ("--no-deps", "micrograd==0.1.0"),
    JAX: ("jax==0.10.2",),
}


@dataclass(frozen=True)
class Variant:
    """One way to train.

    ``library`` is found in the folder ``home`` before anywhere else. What
    ``compiles`` has a first step that is no measure of the others. What is
    ``threaded`` may be faster with more than one thread. What ``collects``
    leaves cycles behind, and needs Python's collector of cycles.
    """

    make: Callable[[Task], Advance]
    library: str
    home: Path = ROOT
    compiles: bool = False
    threaded: bool = False
    collects: bool = False


BASELINE = "micrograd"
VARIANTS = {
    BASELINE: Variant(peers.micrograd, "micrograd", MICROGRAD, collects=True),
    "torch-scalar": Variant(peers.torch_scalar, "torch"),
    "eager": Variant(ours.eager, "micrograd"),
    "eager-dot": Variant(ours.eager_dot, "micrograd"),
    "python": Variant(ours.python, "micrograd", compiles=True),
    "columns": Variant(ours.columns, "micrograd", compiles=True),
    "native": Variant(ours.native, "micrograd", compiles=True),
    "native-loop": Variant(ours.native_loop, "micrograd", compiles=True),
    "torch-batched": Variant(peers.torch_batched, "torch", threaded=True),
    "torch-compile": Variant(
        peers.torch_compile, "torch", compiles=True, threaded=True
    ),
    "jax-step": Variant(
        peers.jax_step, "jax", JAX, compiles=True, threaded=True
    ),
    "jax-loop": Variant(
        peers.jax_loop, "jax", JAX, compiles=True, threaded=True
    ),
    "numpy": Variant(peers.numpy, "numpy", threaded=True),
}
