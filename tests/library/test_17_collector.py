"""From chapter 17 on: training while the garbage collector rests."""

import gc
import random
import sys

import pytest

from micrograd.data import moons
from micrograd.engine import Value
from micrograd.nn import MLP
from micrograd.optim import SGD, collector_paused
from moon_training import training_step


def test_a_paused_collector_is_set_going_again() -> None:
    """Protects the rest of the program: as it was found, so it is left."""
    assert gc.isenabled()
    with collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_an_exception_ends_the_pause_and_is_passed_on() -> None:
    """Protects an interrupted training from leaving the collector off."""
    with pytest.raises(KeyboardInterrupt), collector_paused():
        raise KeyboardInterrupt
    assert gc.isenabled()


def test_a_pause_within_a_pause_ends_with_the_outer_one() -> None:
    """Protects functions that pause, called by others that do."""
    with collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    """Protects callers who had their own reasons."""
    gc.disable()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_two_hundred_steps_on_the_moons_leave_memory_flat() -> None:
    """Protects the recommended loop: the pause must not cost memory."""
    rng = random.Random(0)
    data = moons(20, rng=rng)
    model = MLP(2, [8, 8, 1], activation=Value.relu, output=None, rng=rng)
    optimizer = SGD(model.parameters(), learning_rate=0.05)
    gc.collect()
    with collector_paused():
        for _ in range(5):
            training_step(model, optimizer, data)
        before = sys.getallocatedblocks()
        for _ in range(200):
            training_step(model, optimizer, data)
        # One step's graph is more than ten thousand blocks.
        assert sys.getallocatedblocks() - before < 1000
    assert gc.collect() < 1000
