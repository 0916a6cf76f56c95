"""Ports for servers that have to be told theirs before they start."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import SystemRandom
from urllib.parse import urlsplit

from jupyter_client.connect import LocalPortCache

# Linux gives ports from 32768 on to whoever asks for any: one of those may be taken by another
# test before a server that takes seconds to start listens there.
_PORTS = range(20_000, 32_768)
JUPYTER_CONFIG = f"""\
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from tests.ports import hold_ports_of_kernels
hold_ports_of_kernels()
"""
"""The configuration of a Jupyter server that does so too."""


def free_ports(number: int) -> list[int]:
    """So many different ports of this machine on which nothing listens."""
    found: list[int] = []
    with ExitStack() as sockets:
        # The random numbers of pytest-randomly are the same in each of its processes.
        for port in SystemRandom().sample(_PORTS, len(_PORTS)):
            if len(found) == number:
                break
            one = sockets.enter_context(socket.socket())
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    return found


def hold_ports_of_kernels() -> None:
    """Hold the ports of each kernel that this process starts until it ends.

    jupyter_client lets go of them a second before the kernel listens there; Linux may give one to
    another test by then, and the kernel dies.
    """
    held: dict[int, socket.socket] = {}

    def find(_: LocalPortCache, ip: str) -> int:
        one = socket.socket()
        # Bound like this and without listening it is given to nobody, and who names it can have it.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((ip, 0))
        port = int(one.getsockname()[1])
        held[port] = one
        return port

    def give_back(_: LocalPortCache, port: int) -> None:
        if port in held:
            held.pop(port).close()

    setattr(LocalPortCache, "find_available_port", find)  # noqa: B010
    setattr(LocalPortCache, "return_port", give_back)  # noqa: B010


@contextmanager
def taken(endpoint: str) -> Iterator[None]:
    """Let nothing else listen at the port of `endpoint`."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", urlsplit(endpoint).port))
        holder.listen()
        yield
