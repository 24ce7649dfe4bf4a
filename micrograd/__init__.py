# Tangled from chapters 1, 13, 16, 21 and 23 in book/: edit there, not here.
"""micrograd: a small engine for derivatives, and neural networks on top.

The package is tangled from the book *How Neural Networks Learn*: each line
stands in one of its chapters, with the reason why. After Andrej Karpathy's
micrograd.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from micrograd.data import Scaler as Scaler
from micrograd.data import batches as batches
from micrograd.data import circles as circles
from micrograd.data import moons as moons
from micrograd.data import spiral as spiral
from micrograd.data import split as split
from micrograd.data import xor as xor
from micrograd.engine import Value as Value
from micrograd.graph import draw_dot as draw_dot
from micrograd.graph import trace as trace
from micrograd.losses import cross_entropy as cross_entropy
from micrograd.losses import hinge as hinge
from micrograd.losses import l2 as l2
from micrograd.losses import mean_squared_error as mean_squared_error
from micrograd.losses import softmax as softmax
from micrograd.metrics import accuracy as accuracy
from micrograd.metrics import argmax as argmax
from micrograd.metrics import confusion as confusion
from micrograd.nn import MLP as MLP
from micrograd.nn import Layer as Layer
from micrograd.nn import Module as Module
from micrograd.nn import Neuron as Neuron
from micrograd.optim import SGD as SGD
from micrograd.optim import Adam as Adam
from micrograd.optim import collector_paused as collector_paused

if TYPE_CHECKING:
    from micrograd.compiler import compile as compile
    from micrograd.compiler import jit as jit
    from micrograd.saving import load as load
    from micrograd.saving import save as save

__version__ = "1.0.0"

_LATER = {
    "jit": "compiler",
    "compile": "compiler",
    "load": "saving",
    "save": "saving",
}


def __getattr__(name: str) -> object:
    """What takes longer to import is imported when it is asked for."""
    from importlib import import_module

    if name not in _LATER:
        raise AttributeError(f"module 'micrograd' has no attribute {name!r}")
    return getattr(import_module(f"micrograd.{_LATER[name]}"), name)
