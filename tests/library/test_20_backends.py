"""From chapter 20 on: what backends need, and that Python never stumbles."""

from collections.abc import Callable

import pytest

from micrograd.compiler.backends import BACKENDS

WITHOUT = """
import sys
sys.modules[sys.argv[2]] = None
from micrograd import Value
from micrograd.compiler import jit
p = Value(2.0)
assert jit(lambda x: p * x, [p])([1.0, 2.0]).data == 3.0
try:
    jit(lambda x: p * x, [p], backend=sys.argv[1])
except ModuleNotFoundError as error:
    print(error)
"""


PACKAGES = {name: package for name, (_, _, package) in BACKENDS.items()}


@pytest.mark.parametrize("backend", filter(PACKAGES.get, PACKAGES))
def test_a_backend_without_its_package_is_refused_with_the_remedy(
    backend: str, python: Callable[..., str]
) -> None:
    """Protects who hasn't got it: told at once, and told what to do."""
    package = PACKAGES[backend]
    assert package
    said = python(WITHOUT, backend, package)
    assert package in said
    assert "pip install" in said


DEPTHS = """
import math
import random
import sys
import time
from micrograd import MLP, Value, hinge
from micrograd.compiler import jit
from micrograd.compiler.backends import Buffers
from micrograd.data import moons

rng = random.Random(12)
model = MLP(2, [8, 8, 1], activation=Value.relu, output=None, rng=rng)
model.layers[0].neurons[0].activation = Value.tanh

def objective(point, label):
    score = model(point)
    return hinge([score], [label]) + 1.0 / (1.0 + (-score).exp()).log()

mean = jit(objective, model)
loaded = mean.load(*moons(100, rng=rng))
flat = mean.side_by_side()
buffers = Buffers(loaded.examples, flat.numbers, flat.gradients)

def at_depth(depth):
    if depth:
        return at_depth(depth - 1)
    start = time.process_time()
    loaded.backend.evaluate(buffers)
    return time.process_time() - start

least = [math.inf] * 300
slow = range(len(least))
for _ in range(50):
    for depth in slow:
        least[depth] = min(least[depth], at_depth(depth))
    slow = [i for i, x in enumerate(least) if x >= 1.5 * min(least)]
print(*slow)
"""


def test_it_takes_as_long_at_any_depth_of_calls(
    python: Callable[..., str],
) -> None:
    """Protects from Python's own stack, which grows in pieces.

    Where a call crosses the border between two, it may take many times as
    long (python/cpython#142183), at the same depth in every process. Depths
    that seem slow are tried again, and in other processes: what else the
    machine does only adds time, and where memory lies differs.
    """
    slow = set(range(300))
    for _ in range(10):
        slow &= set(map(int, python(DEPTHS).split()))
        if not slow:
            break
    assert slow == set()
