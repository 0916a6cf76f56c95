"""A server that answers from memory with what another server answered before, and does nothing else.

What a client takes with it in front of it is the client's own part.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Floor:
    """A server in a process of its own, and how to reach it."""

    endpoint: str
    pid: int


@contextmanager
def recording(endpoint: str) -> Iterator[Floor]:
    """A floor in front of `endpoint`: it asks there for what it was not asked before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.floor", endpoint], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield Floor(process.stdout.readline().strip(), process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


class _Connection(asyncio.Protocol):
    """Answers are known by their request line: nothing here is asked with a body."""

    def __init__(self, upstream: str, answers: dict[bytes, bytes]) -> None:
        self._upstream = upstream
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            line, _, headers = head.partition(b"\r\n")
            if line not in self._answers:
                self._answers[line] = _asked(self._upstream, line, headers)
            self._transport.write(self._answers[line])


def _asked(upstream: str, line: bytes, headers: bytes) -> bytes:
    host = urlsplit(upstream).netloc.encode()
    kept = [
        header
        for header in headers.split(b"\r\n")
        if not header.lower().startswith((b"host:", b"connection:"))
    ]
    request = [line, b"Host: " + host, b"Connection: close", *kept, b"", b""]
    name, _, port = host.decode().partition(":")
    with closing(socket.create_connection((name, int(port)))) as asked:
        asked.sendall(b"\r\n".join(request))
        answer = b"".join(iter(lambda: asked.recv(65536), b""))
    head, separator, body = answer.partition(b"\r\n\r\n")
    lines = [each for each in head.split(b"\r\n") if not each.lower().startswith(b"connection:")]
    return b"\r\n".join(lines) + separator + body


async def _serve(upstream: str) -> None:
    answers: dict[bytes, bytes] = {}
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(upstream, answers), "127.0.0.1", 0
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
