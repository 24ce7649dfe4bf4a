"""From chapter 23 on: what `import micrograd` brings, and what it leaves."""

from collections.abc import Callable

import pytest

import micrograd
from micrograd.compiler import compile, jit
from micrograd.saving import load, save

SLOW = "compiler experiment saving inspect dataclasses shutil graphviz numpy"
IMPORTED = """
import sys, micrograd
print(*(name.removeprefix("micrograd.") for name in sys.modules))
"""


def test_importing_is_quick(python: Callable[..., str]) -> None:
    """Protects small programs: what takes longer waits for its first use."""
    assert not set(SLOW.split()) & set(python(IMPORTED).split())


def test_what_waits_is_there_when_it_is_asked_for() -> None:
    """Protects `micrograd.jit` as well as `from micrograd import`.

    `jit` was called `compile` once; programs that say so still work.
    """
    assert micrograd.jit is jit
    assert micrograd.compile is compile is jit
    assert micrograd.load is load
    assert micrograd.save is save
    with pytest.raises(AttributeError, match="'compil'"):
        micrograd.compil  # type: ignore[attr-defined] # noqa: B018


STAR = """
from micrograd import *
print(eval(compile("1 + 1", "there", "eval")), Value(2.0).data)
"""


def test_the_playground_keeps_its_own() -> None:
    """Protects the package's names from what is for one page."""
    assert not {"Experiment", "Settings"} & set(dir(micrograd))


def test_all_names_at_once_leave_pythons_own_alone(
    python: Callable[..., str],
) -> None:
    """Protects `compile`, which Python needs for itself."""
    assert python(STAR) == "2 2.0\n"
