"""From chapter 20 on: a backend needs a package, and says which."""

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
