# Tangled from chapters 3, 5, 6, 7, 10, 14 and 18 in book/: edit there, not
# here.
"""`Value`: a number that remembers how it was made.

Arithmetic on values builds a graph as it goes. `Value.backward` walks that
graph from a result back to its inputs, and leaves in the ``grad`` of every
value the derivative of the result with respect to it: reverse-mode automatic
differentiation. After Andrej Karpathy's micrograd.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from numbers import Complex, Real
from operator import getitem
from typing import Any, NoReturn, SupportsFloat, SupportsIndex, TypeGuard
from weakref import WeakSet

from micrograd.floats import divide, dot, exp, log, power, tanh, where


class Value:
    """A number in a computation: its data, and how it was made.

    ``data`` is the number as a float, also when it is changed later; what
    isn't a real number is refused with a `TypeError`. ``grad`` is the
    derivative of a result with respect to this value, as its `backward` has
    left it. ``label`` is a name for drawings.
    """

    __slots__ = (
        *("_data", "_local", "_op", "_prev", "grad", "label"),
        "__weakref__",
    )

    def __init__(
        self,
        data: Number,
        _prev: tuple[Value, ...] = (),
        _op: str = "",
        _local: tuple[float | None, ...] = (),
        *,
        label: str = "",
        _children: None = None,
    ) -> None:
        if _children is not None:
            raise TypeError("what _children means is called _prev here")
        self.data = data
        self.grad = 0.0
        self.label = label
        self._prev = _prev
        self._op = _op
        self._local = _local

    @property
    def data(self) -> float:
        """The number that this value holds."""
        return self._data

    @data.setter
    def data(self, number: Number) -> None:
        self._data = number if type(number) is float else as_float(number)

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"

    def __copy__(self) -> Value:
        return _restored(type(self), object.__getstate__(self))

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        for node in topological_order(self) or [self]:
            if id(node) not in memo:
                state = deepcopy(object.__getstate__(node), memo)
                memo[id(node)] = _restored(type(node), state)
        copy: Value = memo[id(self)]
        return copy

    def __reduce_ex__(self, protocol: Any) -> Any:
        """For `pickle`: leaves as they are, all else as part of a list."""
        if not self._prev:
            return object.__reduce_ex__(self, 2)
        flat = _flat_with(self) or _Flat(self)
        return getitem, (flat, flat.place[self])

    def __add__(self, other: Value | Number) -> Value:
        """``self + other``: a sum passes the gradient on to both sides."""
        if not isinstance(other, Value):
            return self + Value(other) if is_number(other) else NotImplemented
        total = self.data + other.data
        return Value(total, (self, other), "+", (1.0, 1.0))

    def __mul__(self, other: Value | Number) -> Value:
        """``self * other``: the slope for one factor is the other one."""
        if not isinstance(other, Value):
            return self * Value(other) if is_number(other) else NotImplemented
        product = self.data * other.data
        return Value(product, (self, other), "*", (other.data, self.data))

    def __sub__(self, other: Value | Number) -> Value:
        """``self - other``: the right side receives the gradient negated."""
        if not isinstance(other, Value):
            return self - Value(other) if is_number(other) else NotImplemented
        difference = self.data - other.data
        return Value(difference, (self, other), "-", (1.0, -1.0))

    def __neg__(self) -> Value:
        """``-self``, with slope :math:`-1`."""
        return Value(-self.data, (self,), "neg", (-1.0,))

    def __truediv__(self, other: Value | Number) -> Value:
        """``self / other``, with slopes :math:`1/b` and :math:`-a/b^2`."""
        if not isinstance(other, Value):
            return self / Value(other) if is_number(other) else NotImplemented
        a, b = self.data, other.data
        ratio = divide(a, b)
        slopes = (divide(1.0, b), -divide(ratio, b))
        return Value(ratio, (self, other), "/", slopes)

    def __pow__(self, other: Value | Number) -> Value:
        r"""``self ** other``, which is :math:`x^n`.

        With slopes :math:`n x^{n-1}` and, if the exponent is a value too,
        :math:`x^n \log x`.
        """
        if not (isinstance(other, Value) or is_number(other)):
            return NotImplemented
        x = self.data
        n = other.data if isinstance(other, Value) else as_float(other)
        y = power(x, n)
        for_base = where(n == 0.0, None, n * power(x, n - 1.0))
        if not isinstance(other, Value):
            return Value(y, (self,), f"**{n:g}", (for_base,))
        slope = y * log(x)
        flat = where(n >= 0.0, 0.0, slope)
        for_exponent = where(x == 0.0, flat, slope)
        return Value(y, (self, other), "**", (for_base, for_exponent))

    def __radd__(self, other: Number) -> Value:  # other + self
        return Value(other) + self if is_number(other) else NotImplemented

    def __rsub__(self, other: Number) -> Value:  # other - self
        return Value(other) - self if is_number(other) else NotImplemented

    def __rmul__(self, other: Number) -> Value:  # other * self
        return Value(other) * self if is_number(other) else NotImplemented

    def __rtruediv__(self, other: Number) -> Value:  # other / self
        return Value(other) / self if is_number(other) else NotImplemented

    def __rpow__(self, other: Number) -> Value:  # other ** self
        return Value(other) ** self if is_number(other) else NotImplemented

    def exp(self) -> Value:
        """The exponential :math:`e^x`, which is its own slope."""
        y = exp(self.data)
        return Value(y, (self,), "exp", (y,))

    def log(self) -> Value:
        """The natural logarithm of ``self``, with slope :math:`1/x`."""
        x = self.data
        return Value(log(x), (self,), "log", (divide(1.0, x),))

    def tanh(self) -> Value:
        r"""The hyperbolic tangent, with slope :math:`1 - \tanh^2 x`."""
        o = tanh(self.data)
        return Value(o, (self,), "tanh", (1.0 - o * o,))

    def relu(self) -> Value:
        """The rectified linear unit: ``self`` where it is positive, else 0.

        The slope is 1 where it is positive. Elsewhere nothing passes, nor
        at 0 itself, where there is a corner (Nair and Hinton 2010).
        """
        x = self.data
        slope = where(x <= 0.0, None, 1.0)
        return Value(where(x < 0.0, 0.0, x), (self,), "relu", (slope,))

    def sigmoid(self) -> Value:
        """:math:`y = 1 / (1 + e^{-x})`, with slope :math:`y (1 - y)`."""
        y = 1.0 / (1.0 + exp(-self.data))
        return Value(y, (self,), "sigmoid", ((1.0 - y) * y,))

    @staticmethod
    def dot(
        weights: Sequence[Value], inputs: Sequence[Value], bias: Value
    ) -> Value:
        r"""The weighted sum :math:`b + \sum_i w_i x_i`, as one operation.

        The slope for :math:`w_i` is :math:`x_i`, that for :math:`x_i` is
        :math:`w_i`, and that for :math:`b` is 1. `ValueError` unless there
        are as many ``inputs`` as ``weights``.
        """
        if len(weights) != len(inputs):
            raise ValueError(f"{len(weights)} weights, {len(inputs)} inputs")
        w = [weight._data for weight in weights]
        x = [value._data for value in inputs]
        total = dot(w, x, bias._data)
        return Value(total, (bias, *weights, *inputs), "dot", (1.0, *x, *w))

    def backward(self) -> None:
        """Add :math:`dL/da` to the ``grad`` of every leaf :math:`a`.

        :math:`L` is this value. A value :math:`v` in between has
        :math:`dL/dv` in its ``grad`` afterwards; it starts from zero in
        every call. Leaves accumulate over calls, so zero them in between
        unless sums are wanted. A local gradient of None lets nothing pass.
        The algorithm is reverse-mode automatic differentiation (Linnainmaa
        1970).
        """
        order = topological_order(self)
        for node in order:
            node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            grad, slopes = node.grad, node._local
            for i, operand in enumerate(node._prev):
                slope = slopes[i]
                if slope is not None:
                    operand.grad += slope * grad

    @property
    def _backward(self) -> NoReturn:
        _no_backward()

    @_backward.setter
    def _backward(self, _: object) -> None:
        _no_backward()


#: What a Value takes for a number: all that can become a float.
Number = SupportsFloat | SupportsIndex


def is_number(x: object) -> TypeGuard[Number]:
    """Whether ``x`` is one real number, of whatever type."""
    unreal = isinstance(x, str | bytes | Complex) and not isinstance(x, Real)
    is_array = getattr(x, "ndim", 0) != 0
    return isinstance(x, Number) and not unreal and not is_array


def as_float(x: object) -> float:
    """The real number ``x`` as a float; a `TypeError` if it isn't one.

    What stands for a number says itself what to hold, by a method of this
    name (see `micrograd.compiler.tape.Symbol`).
    """
    if hasattr(x, "as_float"):
        symbol: float = x.as_float()
        return symbol
    if is_number(x):
        return float(x)
    kind = type(x).__name__
    raise TypeError(f"a Value holds one real number, not {x!r} ({kind})")


def label(**values: Value) -> None:
    """Name values for drawings: ``label(a=a)`` labels ``a`` with "a"."""
    for name, value in values.items():
        value.label = name


def topological_order(root: Value) -> list[Value]:
    """All operations' results that lead to ``root``, operands first.

    Leaves, the values that no operation made, are left out. The depth of
    the graph is not limited by Python's limit on nested calls. (Topological
    sorting: Knuth 1997.)
    """
    order: list[Value] = []
    seen: set[Value] = set()
    bookmark = Value(0.0)
    stack = [root] if root._prev else []
    while stack:
        node = stack.pop()
        if node is bookmark:
            order.append(stack.pop())
        elif node not in seen:
            seen.add(node)
            stack.append(node)
            stack.append(bookmark)
            for operand in node._prev:
                if operand._prev:
                    stack.append(operand)
    return order


class _Flat:
    """A graph on its way into a pickle, as a list of nodes, operands first.

    Without those nodes that are listed already, by another one.
    """

    def __init__(self, root: Value) -> None:
        self.place: dict[Value, int] = {}
        for node in topological_order(root):
            if not _flat_with(node):
                self.place[node] = len(self.place)
        _FLAT.add(self)

    def __reduce__(self) -> Any:
        nodes = []
        for node in self.place:
            state: Any = object.__getstate__(node)
            state[1]["_prev"] = tuple(self.place.get(x, x) for x in node._prev)
            nodes.append((type(node), state))
        return _linked, (nodes,)


#: The graphs that pickle is working on.
_FLAT: WeakSet[_Flat] = WeakSet()


def _flat_with(node: Value) -> _Flat | None:
    """The graph that a node has gone into a pickle with, if it has."""
    return next((flat for flat in _FLAT if node in flat.place), None)


def _linked(flat: list[tuple[type[Value], Any]]) -> list[Value]:
    """The nodes of a graph, operands first, out of a pickle.

    An operand is a value, or its place in the list.
    """
    nodes: list[Value] = []
    for kind, state in flat:
        node = _restored(kind, state)
        node._prev = tuple(
            x if isinstance(x, Value) else nodes[x] for x in node._prev
        )
        nodes.append(node)
    return nodes


def _restored(kind: type[Value], state: Any) -> Value:
    """A value of a class with the attributes that another one had."""
    value = kind.__new__(kind)
    own, slots = state
    for name, attribute in {**(own or {}), **slots}.items():
        setattr(value, name, attribute)
    return value


def _no_backward() -> NoReturn:
    """Say what there is instead of the original's ``_backward``."""
    raise AttributeError(
        "there is no _backward: an operation states its local gradients, as "
        "in Value(result, (a, b), 'name', (slope_for_a, slope_for_b))"
    )
