# Tangled from book/22-in-the-page.md: edit there, not here.
"""Functions whose last digit is the same on every computer.

They are made of sums, products, quotients, comparisons and choices of floats,
all of which IEEE 754 fixes to the last digit, and of three operations on a
float's bits: `floor`, `two_to` and `exponent`. So they can be traced, too, and
then are instructions on a tape. Apart from a few units in the last digit they
are those of `micrograd.floats`.
"""

from __future__ import annotations

import math
import struct
from typing import Any

from micrograd.floats import divide as divide
from micrograd.floats import noted
from micrograd.floats import sqrt as sqrt
from micrograd.floats import where as where


def bits(x: float) -> int:
    """The 64 bits of a float, as a whole number."""
    whole: int = struct.unpack("<Q", struct.pack("<d", x))[0]
    return whole


def floor(x: float) -> float:
    """The greatest whole number that isn't greater than x."""
    if type(x) is not float:
        return noted(floor, x)
    return x // 1.0 if math.isfinite(x) else x


#: Added to a whole number, it leaves the number + 1023 in the last bits.
SHIFT = 1.5 * 2.0**52 + 1023.0


def two_to(k: float) -> float:
    r""":math:`2^k`, for a whole number from -1022 to 1023."""
    if type(k) is not float:
        return noted(two_to, k)
    shifted = struct.pack("<Q", bits(k + SHIFT) << 52 & 2**64 - 1)
    power: float = struct.unpack("<d", shifted)[0]
    return power


def exponent(x: float) -> float:
    r"""The :math:`k` with :math:`2^k \le |x| < 2^{k + 1}`, from the bits.

    1024 for inf and nan, -1023 for zero and what is nearly zero.
    """
    if type(x) is not float:
        return noted(exponent, x)
    return float((bits(x) >> 52 & 2047) - 1023)


#: 1 / n! from n = 13 down to 1: the series of e^r - 1, without a factor r.
SERIES = [1.0 / math.factorial(n) for n in range(13, 0, -1)]

#: 1 / ln 2.
PER_LN2 = float.fromhex("0x1.71547652b82fep+0")

#: The greater part of ln 2. It has so few bits that k times it is exact.
LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")

#: What is left of ln 2.
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")


def series(coefficients: list[float], x: Any) -> Any:
    """The sum of all coefficients times powers of x, highest power first."""
    total: Any = coefficients[0]
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total


def reduced(x: Any) -> tuple[Any, Any]:
    r""":math:`e^r - 1` and :math:`k`, with :math:`x = k \ln 2 + r`."""
    k = floor(x * PER_LN2 + 0.5)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    return series(SERIES, r) * r, k


def exp(x: Any) -> Any:
    """:math:`e^x`, where overflow gives inf."""
    # Far out it is inf or 0 anyway.
    x = where(x > 750.0, 750.0, x)
    q, k = reduced(where(x < -750.0, -750.0, x))
    # In two halves: 2**k itself may be too large for a float, or too small.
    half = floor(0.5 * k)
    return (1.0 + q) * two_to(half) * two_to(k - half)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent, by :math:`u = e^{-2|x|} - 1`."""
    size = where(x < 0.0, -x, x)
    # From 25 on it is 1, to the last digit.
    q, k = reduced(-2.0 * where(size > 25.0, 25.0, size))
    power_of_two = two_to(k)
    u = q * power_of_two + (power_of_two - 1.0)
    y = u / (u + 2.0)
    return where(x < 0.0, y, where(x > 0.0, -y, x))


def exact_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """The sum as a float has it, and what rounding has taken away."""
    total = a + b
    second = total - a
    return total, (a - (total - second)) + (b - second)


def halves(x: Any) -> tuple[Any, Any]:
    """A sum of two floats of half as many digits each."""
    far = (2.0**27 + 1.0) * x
    high = far - (far - x)
    return high, x - high


def exact_product(a: Any, b: Any) -> tuple[Any, Any]:
    """The product as a float has it, and what rounding has taken away."""
    product = a * b
    (a, a_low), (b, b_low) = halves(a), halves(b)
    rest = ((a * b - product) + a * b_low + a_low * b) + a_low * b_low
    return product, rest


#: 1/25, 1/23, ... 1/5 of the series of the logarithm.
ODD = [1.0 / n for n in range(25, 3, -2)]

#: A third, as a float has it.
THIRD = 1.0 / 3.0

#: What is left of it.
THIRD_LOW = THIRD * 2.0**-54


def log_in_two(x: Any) -> tuple[Any, Any]:
    r""":math:`\ln x` of a positive number, and what rounding took away.

    By :math:`x = 2^k f` and :math:`\ln f = 2 (s + s^3 / 3 + s^5 / 5 + \dots)`
    with :math:`s = (f - 1) / (f + 1)`.
    """
    tiny = x < 2.0**-1022
    x = where(tiny, x * 2.0**54, x)
    k = exponent(x)
    f = divide(x, two_to(k))
    k = where(tiny, k - 54.0, k)
    large = f > math.sqrt(2.0)
    f = where(large, 0.5 * f, f)
    k = where(large, k + 1.0, k)
    # s, its square z, and the sum 1/3 + z/5 + z**2/7 + ..., in two parts.
    d = f - 1.0
    below, below_low = exact_sum(f, 1.0)
    s = divide(d, below)
    back, back_low = exact_product(s, below)
    s_low = divide(((d - back) - back_low) - s * below_low, below)
    z, z_low = exact_product(s, s)
    z_low = z_low + 2.0 * s * s_low
    tail, tail_low = exact_sum(THIRD, z * series(ODD, z))
    tail_low = tail_low + THIRD_LOW
    # s + s z (1/3 + ...)
    t, t_low = exact_product(z, tail)
    t_low = t_low + z * tail_low + z_low * tail
    m, m_low = exact_product(s, t)
    high, low = exact_sum(s, m)
    low = low + m_low + s_low + s * t_low + s_low * t
    total, rest = exact_sum(k * LN2_HIGH, 2.0 * high)
    return exact_sum(total, rest + (2.0 * low + k * LN2_LOW))


def log(x: Any) -> Any:
    """The natural logarithm, where zero gives -inf and less than zero nan."""
    found, _ = log_in_two(x)
    positive = where(x < math.inf, found, math.inf)
    return where(x > 0.0, positive, where(x == 0.0, -math.inf, math.nan))


def power(x: Any, n: Any) -> Any:
    """``x ** n``, where overflow gives inf and what isn't real gives nan."""
    y = real_power(x, n)
    y = where(n == 2.0, x * x, y)
    y = where(n == -1.0, divide(1.0, x), y)
    y = where(n == 1.0, x, y)
    return where(n == 0.0, 1.0, y)


def real_power(x: Any, n: Any) -> Any:
    r""":math:`\pm e^{n \ln |x|}`, and what it is where that is nothing."""
    size = where(x < 0.0, -x, x)
    # Beyond 2**64 it is inf, 0 or 1 anyway.
    m = where(n > 2.0**64, 2.0**64, n)
    m = where(m < -(2.0**64), -(2.0**64), m)
    log_size, log_low = log_in_two(size)
    exponent, rest = exact_product(m, log_size)
    y = exp(exponent)
    y = where(y < math.inf, y + y * (rest + m * log_low), y)
    y = where(size == math.inf, where(n < 0.0, 0.0, math.inf), y)
    y = where(size == 0.0, where(n < 0.0, math.inf, 0.0), y)
    # A negative x needs a whole n, and an odd one leaves the sign.
    whole = floor(m) == m
    half = 0.5 * m
    even = floor(half) == half
    unreal = where(x > -math.inf, math.nan, y)
    negative = where(whole, where(even, y, -y), unreal)
    zero = where(n < 0.0, divide(1.0, x), x)
    zero = where(whole, where(even, y, zero), y)
    y = where(x < 0.0, negative, where(x == 0.0, zero, y))
    return where(n == n, y, where(x == 1.0, 1.0, n))
