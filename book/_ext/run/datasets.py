"""Real data for chapters to read: scikit-learn's, as files of plain text.

A page whose cells read one names it in its front matter, as in
``reads: digits.csv``.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FOLDER = Path(__file__).parents[3] / "_build" / "data"


def digits() -> Iterable[Iterable[object]]:
    """1,797 handwritten digits, each with its 64 pixels and what it is."""
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    for pixels, digit in zip(data.data.tolist(), data.target, strict=True):
        yield [*map(int, pixels), digit]


def iris() -> Iterable[Iterable[object]]:
    """150 irises of three species, measured in centimetres."""
    from sklearn.datasets import load_iris

    data: Any = load_iris()
    names = [name.removesuffix(" (cm)") for name in data.feature_names]
    yield [*names, "species"]
    for row, kind in zip(data.data.tolist(), data.target, strict=True):
        yield [*row, data.target_names[kind]]


DATASETS: dict[str, Callable[[], Iterable[Iterable[object]]]] = {
    "digits.csv": digits,
    "iris.csv": iris,
}


def dataset(name: str) -> Path | None:
    """The file of a data set, made if it isn't there; None if none is."""
    if name not in DATASETS:
        return None
    file = FOLDER / name
    if not file.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        half = file.with_suffix(f".{os.getpid()}")  # others may make it, too
        with half.open("w", encoding="utf-8", newline="") as text:
            csv.writer(text, lineterminator="\n").writerows(DATASETS[name]())
        half.replace(file)
    return file
