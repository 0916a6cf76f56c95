"""One URL for several servers: each connection goes to the next of them that answers."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from contextlib import closing, suppress
from itertools import count
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit


class Balancer(ThreadingTCPServer):
    """Connections to `url`, in turn to the `backends`; `served` counts them by backend."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.backends: list[str] = []
        self.served: Counter[str] = Counter()
        self._turn = count()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def connect(self) -> socket.socket:
        first = next(self._turn)
        for number in range(len(self.backends)):
            backend = self.backends[(first + number) % len(self.backends)]
            parts = urlsplit(backend)
            with suppress(OSError):
                found = socket.create_connection((str(parts.hostname), parts.port or 80))
                self.served[backend] += 1
                return found
        raise ConnectionRefusedError


class _Connection(BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Balancer)
        with closing(self.server.connect()) as there:
            back = threading.Thread(target=_copy, args=(there, self.request), daemon=True)
            back.start()
            _copy(self.request, there)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    # Whichever side ends, the other one is told.
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
