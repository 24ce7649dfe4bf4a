# Tangled from book/22-alive.md: edit there, not here.
"""Functions whose last digit is the same on every computer.

They are made of sums, products and quotients of floats, of powers of two, and
of decimal numbers. All of these are exact, or rounded by a standard (IEEE 754;
General Decimal Arithmetic), while ``math.exp`` and others are the C library's.
Apart from a few units in the last digit they are those of `micrograd.floats`.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal

from micrograd import floats
from micrograd.floats import divide as divide
from micrograd.floats import where as where

#: 1 / n! from n = 13 down to 1: the series of e^r - 1, without a factor r.
SERIES = [1.0 / math.factorial(n) for n in range(13, 0, -1)]

#: 1 / ln 2.
PER_LN2 = float.fromhex("0x1.71547652b82fep+0")

#: The greater part of ln 2. It has so few bits that k times it is exact.
LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")

#: What is left of ln 2.
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")


def reduced(x: float) -> tuple[float, int]:
    r""":math:`e^r - 1` and :math:`k`, with :math:`x = k \ln 2 + r`."""
    k = math.floor(x * PER_LN2 + 0.5)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    q = 0.0
    for coefficient in SERIES:
        q = q * r + coefficient
    return q * r, k


def exp(x: float) -> float:
    """:math:`e^x`, where overflow gives inf."""
    if math.isnan(x):
        return x
    # Far out it is inf or 0 anyway.
    q, k = reduced(max(-750.0, min(x, 750.0)))
    # In two halves: 2**k itself may be too large for a float, or too small.
    half = k // 2
    return (1.0 + q) * math.ldexp(1.0, half) * math.ldexp(1.0, k - half)


def tanh(x: float) -> float:
    """The hyperbolic tangent, by :math:`u = e^{-2|x|} - 1`."""
    if math.isnan(x):
        return x
    # From 25 on it is 1, to the last digit.
    q, k = reduced(-2.0 * min(abs(x), 25.0))
    power_of_two = math.ldexp(1.0, k)
    u = q * power_of_two + (power_of_two - 1.0)
    return math.copysign(u / (u + 2.0), x)


#: Arithmetic with forty digits, which gives inf and nan where it must.
FORTY = Context(prec=40, traps=[])


def log(x: float) -> float:
    """The natural logarithm, where zero gives -inf and less than zero nan."""
    return float(FORTY.ln(Decimal(x)))


def power(x: float, n: float) -> float:
    """``x ** n``, where overflow gives inf and what isn't real gives nan."""
    if x == 0.0 or not (math.isfinite(x) and math.isfinite(n)):
        return floats.power(x, n)  # the standard says what it is
    if x < 0.0 and n % 1.0 != 0.0:
        return math.nan
    exponent = FORTY.multiply(Decimal(n), FORTY.ln(Decimal(abs(x))))
    y = float(FORTY.exp(exponent))
    return -y if x < 0.0 and n % 2.0 == 1.0 else y
