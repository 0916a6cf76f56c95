"""What becomes of URLs that cannot be asked."""

from __future__ import annotations

import socket
import threading
from time import monotonic
from typing import Any

import pytest

from hubdoi.config import Secret
from hubdoi.net.connections import FAILURES, Connections
from hubdoi.net.http import Http
from tests.hostile.hostile_server import HostileServer, answer


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/é", "http://ü.invalid/", "http://127.0.0.1:9/\ud800", "ftp://x/"]
)
def test_a_url_that_cannot_be_asked_has_no_answer(url: str) -> None:
    connections = Connections(trust_env=False)
    try:
        with pytest.raises(FAILURES), connections.send("GET", url, [], None, monotonic() + 60):
            pass
    finally:
        connections.close()


@pytest.mark.parametrize("name", ["localhost", "LocalHost", "localhost."])
def test_localhost_is_this_machine_whatever_a_resolver_says(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A hosts file, or a resolver of a network, that leads it to another machine.
    real, asked, here = socket.getaddrinfo, list[object](), threading.current_thread()

    def lying(host: object, *rest: Any, **more: Any) -> Any:
        if threading.current_thread() is here:
            asked.append(host)
        return real(host if host in (b"127.0.0.1", b"::1") else "192.0.2.1", *rest, **more)

    with HostileServer(answer(200, b"{}")) as server:
        monkeypatch.setattr(socket, "getaddrinfo", lying)
        port = server.endpoint.rpartition(":")[2]
        http = Http(f"http://{name}:{port}", token=Secret("hf_secret"))
        assert http.get("/").json == {}
        assert asked == [b"127.0.0.1"]
        http.close()


def test_localhost_may_be_of_either_family() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:
        port = listening.getsockname()[1]
        connections = Connections(trust_env=False)
        answered = threading.Thread(target=_answer_once, args=(listening,))
        answered.start()
        url = f"http://localhost:{port}/"
        with connections.send("GET", url, [], None, monotonic() + 60) as response:
            assert response.status == 204
        connections.close()
        answered.join()


def _answer_once(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
