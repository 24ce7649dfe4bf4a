# Tangled from book/24-many-machines.md: edit there, not here.
"""Training that is interrupted, and goes on as if nothing had happened."""

import random
from pathlib import Path
from typing import Any

from micrograd.nn import MLP
from micrograd.optim import SGD
from micrograd.saving import (
    check_number,
    described,
    fields,
    fill,
    misfit,
    network,
    parsed,
    write,
)

#: What an optimiser keeps from step to step.
KEPT = ("learning_rate", "momentum", "steps", "states")


class Training:
    """All that the next step depends on, besides the examples.

    The ``model``, its ``optimiser``, the generator ``rng`` of the shuffling,
    and how many epochs are done: ``epoch``.
    """

    def __init__(self, model: MLP, optimiser: SGD, rng: random.Random) -> None:
        self.model = model
        self.optimiser = optimiser
        self.rng = rng
        self.epoch = 0

    def state_dict(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        kept = {name: getattr(self.optimiser, name) for name in KEPT}
        kept["states"] = [list(state) for state in kept["states"]]
        return {
            **CHECKPOINT,
            "epoch": self.epoch,
            "model": described(self.model),
            "optimiser": {"kind": type(self.optimiser).__name__, **kept},
            "rng": self.rng.getstate(),
        }

    def save(self, path: str | Path) -> None:
        """Write a checkpoint. If that fails, the file is as it was before."""
        write(self.state_dict(), path)

    def load(self, path: str | Path) -> None:
        """Go on from a checkpoint: see `load_state_dict`."""
        try:
            self.load_state_dict(parsed(Path(path).read_bytes()))
        except (TypeError, ValueError) as problem:
            raise ValueError(f"{path}: {problem}") from None

    def load_state_dict(self, state: Any) -> None:
        """Go on from where another training was.

        `ValueError` if that was of another kind of network or optimiser, or
        if this is no such state. Then nothing is changed.
        """
        names = [*CHECKPOINT, "epoch", "model", "optimiser", "rng"]
        *head, epoch, model, optimiser, rng = fields(
            state, names, "a checkpoint"
        )
        if head != list(CHECKPOINT.values()):
            raise misfit("the head", head, f"{list(CHECKPOINT.values())}")
        kind, *kept = fields(optimiser, ["kind", *KEPT], "optimiser")
        ours = type(self.optimiser).__name__
        lengths = [len(state) for state in self.optimiser.states]
        if kind != ours or [len(state) for state in kept[-1]] != lengths:
            raise ValueError(
                f"the optimiser was {kind} with states of other lengths, or "
                f"isn't {ours}: make the optimiser that was saved"
            )
        version, numbers, spare = rng
        placed = [("epoch", epoch), *zip(KEPT, kept[:-1])]
        placed += [("states", x) for state in kept[-1] for x in state]
        placed += [] if spare is None else [("rng", spare)]
        for place, x in placed:
            check_number(x, place)
        generator = random.Random()
        generator.setstate((version, tuple(numbers), spare))

        fill(self.model, network(model), "the checkpoint")
        for name, value in zip(KEPT, kept):
            setattr(self.optimiser, name, value)
        self.rng.setstate(generator.getstate())
        self.epoch = epoch


#: Says in a file what it is. A change of what files say is a new version.
CHECKPOINT = {"format": "micrograd checkpoint", "version": 1}
