"""Whatever a Value takes for a number, a type checker takes, too."""

from decimal import Decimal
from fractions import Fraction

import numpy as np

from micrograd import MLP, Value

values: list[Value] = [
    Value(Fraction(3, 4)) * Fraction(1, 3),
    Value(Decimal("0.5")) + Decimal(2),
    Value(np.int64(2)) - np.float32(0.5),
    Value(True) / np.float64(2.0),
    1 - 2 * Value(1) ** 2,
    Fraction(1, 3) + Value(2),
    2 ** Value(1.5),
]
values[0].data = Fraction(1, 2)
answer: Value = MLP(2, [2, 1])(np.array([1.0, 2.0]))
print([value.data for value in values], answer)
