"""Machines with a network between them, on one machine: Linux's namespaces.

Each has an address, and a cable to a bridge, which is in a namespace, too: the
network of this machine itself isn't touched.
"""

from __future__ import annotations

import os
import signal
import subprocess

HUB = f"hub-{os.getpid()}"
"""The namespace of the bridge, which is to be there."""


def ip(*arguments: str) -> str:
    return subprocess.run(
        ["ip", *arguments], check=True, capture_output=True, text=True
    ).stdout


class Machines:
    """So many of them, around `HUB`; their addresses are 10.24.0.1, …"""

    def __init__(self, count: int) -> None:
        self.names = [f"machine-{os.getpid()}-{k}" for k in range(count)]
        self.runs: list[subprocess.Popen[str]] = []
        ip("-n", HUB, "link", "add", "bridge", "type", "bridge")
        ip("-n", HUB, "link", "set", "bridge", "up")
        for number, name in enumerate(self.names):
            self.lay_cable(number, name)

    def lay_cable(self, number: int, name: str) -> None:
        ip("netns", "add", name)
        there = ["peer", "name", "eth0", "netns", name]
        cable = f"cable{number}"
        ip("-n", HUB, "link", "add", cable, "type", "veth", *there)
        ip("-n", HUB, "link", "set", cable, "master", "bridge", "up")
        address = f"10.24.0.{number + 1}/24"
        ip("-n", name, "addr", "add", address, "dev", "eth0")
        for device in "lo", "eth0":
            ip("-n", name, "link", "set", device, "up")

    def pull_cable(self, number: int) -> None:
        ip("-n", HUB, "link", "set", f"cable{number}", "down")

    def start(
        self, number: int, *command: str, **environment: str
    ) -> subprocess.Popen[str]:
        """Have a program run on one of them."""
        run = subprocess.Popen(
            ["ip", "netns", "exec", self.names[number], *command],
            env=os.environ | {"GLOO_SOCKET_IFNAME": "eth0"} | environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.runs.append(run)
        return run

    def left(self) -> list[int]:
        """The processes that still run on them."""
        return [
            int(number)
            for name in self.names
            for number in ip("netns", "pids", name).split()
        ]

    def take_down(self) -> None:
        for number in self.left():
            os.kill(number, signal.SIGKILL)
        for run in self.runs:
            run.communicate()
        for name in [*self.names, HUB]:
            ip("netns", "del", name)
