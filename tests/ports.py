"""Ports for servers that have to be told theirs before they start."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import SystemRandom
from urllib.parse import urlsplit

# Linux gives ports from 32768 on to whoever asks for any: one of those may be taken by another
# test before a server that takes seconds to start listens there.
_PORTS = range(20_000, 32_768)


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


@contextmanager
def taken(endpoint: str) -> Iterator[None]:
    """Let nothing else listen at the port of `endpoint`."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", urlsplit(endpoint).port))
        holder.listen()
        yield
