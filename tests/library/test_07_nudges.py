"""From chapter 7 on: gradients are what nudges measure.

(A module of its own, as only this needs `check`, which later chapters change.)
"""

from hypothesis import given

from micrograd.check import slope
from micrograd.engine import Value
from operations import IN_PROGRAMS, RELU
from oracle import by_us
from programs import Program, programs

SMOOTH = [operation for operation in IN_PROGRAMS if operation is not RELU]


@given(programs(SMOOTH, longest=6))
def test_a_gradient_is_what_a_nudge_measures(program: Program) -> None:
    """Protects the gradients with no other library's help."""
    value, *gradients = by_us(program, program.inputs)
    for i, gradient in enumerate(gradients):

        def nudged(x: float, i: int = i) -> float:
            inputs = [*program.inputs[:i], x, *program.inputs[i + 1 :]]
            return program(*map(Value, inputs)).data

        x = program.inputs[i]
        fine, coarse = slope(nudged, x, h=1e-4), slope(nudged, x, h=2e-4)
        # Halving a nudge quarters its error: what the two differ by is three
        # times what the finer one is off by, besides rounding.
        rounding = 1e-10 * (1.0 + abs(value) + abs(fine))
        assert abs(gradient - fine) <= abs(fine - coarse) + rounding
