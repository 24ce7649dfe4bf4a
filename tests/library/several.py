"""Several processes on one machine, as torchrun starts them, only sooner.

They are forked by a server that has imported torch, which takes seconds.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["torch.distributed", "numpy"])


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def work(
    environment: dict[str, str],
    says: Connection,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    """What each process does: it says what it has found, or what is wrong."""
    import torch

    torch.set_num_threads(1)
    os.environ |= environment
    try:
        says.send(function(*arguments))
    except Exception as problem:
        says.send(f"{type(problem).__name__}: {problem}")
        raise SystemExit(1) from None


class Processes:
    """So many processes, each of which calls a function."""

    def __init__(
        self, size: int, function: Callable[..., Any], *arguments: Any
    ) -> None:
        # One thread each, as torchrun has it: else they wait for each other.
        with mock.patch.dict(os.environ, {"OMP_NUM_THREADS": "1"}):
            forkserver.ensure_running()
        self.all: list[BaseProcess] = []
        self.said: list[Connection] = []
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": f"{free_port()}"}
        for rank in range(size):
            here, there = FORKING.Pipe(duplex=False)
            own = {"RANK": f"{rank}", "WORLD_SIZE": f"{size}"}
            process = FORKING.Process(
                target=work,
                args=(meeting | own, there, function, arguments),
            )
            process.start()
            there.close()
            self.all.append(process)
            self.said.append(here)

    def results(self) -> list[Any]:
        """What they return, or say when they fail; None from a dead one."""
        found = []
        for process, said in zip(self.all, self.said, strict=True):
            result = None
            with suppress(EOFError):
                result = said.recv()
            found.append(result)
            process.join()
        return found

    def kill(self) -> None:
        """Kill them all, as by kill -9."""
        for process in self.all:
            process.kill()
            process.join()
