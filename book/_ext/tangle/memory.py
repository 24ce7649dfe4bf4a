"""What is remembered from one run to the next, and may be forgotten."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def recall(file: Path) -> dict[str, str]:
    """What was remembered there; nothing, if that makes no sense."""
    try:
        told = json.loads(file.read_text("utf-8"))
        return {str(key): str(value) for key, value in told.items()}
    except (AttributeError, OSError, ValueError):
        return {}


def remember(known: Mapping[str, str], file: Path) -> None:
    """Write it there, if that can be."""
    half = file.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(known), "utf-8")
        half.replace(file)
