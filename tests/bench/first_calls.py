"""How long the first call of a compiled loss takes, and its memory."""

from collections.abc import Container
from typing import Any

from processes import measure

#: The numbers of inputs and of neurons: the moons', ever wider; the digits'
#: and MNIST's, each with ten classes.
SHAPES = [
    *([2, width, width, 1] for width in (4, 16, 64, 128, 256)),
    [64, 32, 10],
    [784, 50, 10],
]


def first_calls(widest: int, left_out: Container[str]) -> list[dict[str, Any]]:
    """A row for each shape, up to this width, in a process of its own."""
    found = []
    for sizes in SHAPES:
        if "native" in left_out or sizes[1] > widest:
            continue
        name = "-".join(map(str, sizes))
        print(f"The first call of {name} …", flush=True)
        answer = measure("first_call", "native", sizes=sizes)
        found.append({"shape": name, "failed": None} | answer)
    return found
