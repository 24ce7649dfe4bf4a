"""Libraries that compute number by number, and leave a graph behind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Scalars:
    """A model in such a library, with all that a step needs.

    ``leaf`` makes a number of the library's own, ``loss`` builds the graph
    of the model's loss, ``zero`` takes the parameters' gradients back to
    zero, ``update`` moves the parameters.
    """

    leaf: Callable[[float], Any]
    loss: Callable[[], Any]
    zero: Callable[[], None]
    update: Callable[[], None]

    def __call__(self, steps: int) -> float:
        """Go on training; the loss before the last update."""
        for _ in range(steps):
            loss = self.loss()
            self.zero()
            loss.backward()
            self.update()
        return float(loss.data)

    def chain(self, operations: int) -> Any:
        """A graph as deep as it is large: products and sums in turn."""
        x, factor, term = map(self.leaf, (0.5, 0.999, 0.001))
        for _ in range(operations // 2):
            x = x * factor + term
        return x
