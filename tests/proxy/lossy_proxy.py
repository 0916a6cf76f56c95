"""A server between a client and the sandbox on which an answer can get lost, or come out wrong.

It forwards every request, except those that a `Fault` was set for::

    with LossyProxy(sandbox.endpoint) as proxy:
        proxy.set(Fault("lost", method="POST", path="/datacite/dois"))
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

__all__ = ["Fault", "LossyProxy"]

_HOP_BY_HOP = {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding", "date", "server"}  # fmt: skip


@dataclass
class Fault:
    """What goes wrong with the next `times` requests of this method and a path that holds `path`.

    ``unsent``    the connection breaks before the server has seen the request
    ``lost``      the server acts, and the connection breaks before the answer is there
    ``cut``       the server acts, and the connection breaks in the middle of the answer
    ``late``      the answer comes after `seconds`
    ``status``    the answer is `status` with `body` and `headers`; the server sees nothing
    ``html``      a sign-in page of a network's proxy, with status 200; the server sees nothing
    ``failed``    the server acts, and something in between answers 502 with a page
    ``truncated`` the server acts, and its JSON ends in the middle
    ``redirect``  307 to `location`
    ``crossed``   the answer is that to the request with `location` in place of `path`
    `then` is called when the fault happens: before the server sees the request for ``unsent``,
    after it has acted for the others.
    """

    kind: str
    method: str | None = None
    path: str = ""
    times: int = 1
    skip: int = 0
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 0.0
    location: str = ""
    then: Callable[[], None] | None = None

    def matches(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in (None, method) and self.path in path


class LossyProxy:
    """The proxy, on a port of its own; `requests` are the (method, path) that came, in their
    order, and `headers` what came with them, by their names in lower case."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream.rstrip("/")
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._client = httpx.Client(timeout=60, trust_env=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def set(self, *faults: Fault) -> None:
        """These faults from now on, and no others; `requests` begins anew."""
        with self._lock:
            self._faults = list(faults)
            self.requests.clear()
            self.headers.clear()

    def count(self, method: str, path: str = "") -> int:
        """How many requests of that method to such a path came since `set`."""
        return sum(m == method and path in p for m, p in self.requests)

    def __enter__(self) -> LossyProxy:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        # A request that is on its way fails now: nothing that the next test should find in its output.
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._server.shutdown()
        self._server.server_close()
        self._client.close()

    def _fault(self, method: str, path: str) -> Fault | None:
        with self._lock:
            self.requests.append((method, path))
            for fault in self._faults:
                if fault.matches(method, path):
                    if fault.skip:
                        fault.skip -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                proxy.headers.append({k.lower(): v for k, v in self.headers.items()})
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault = proxy._fault(self.command, self.path)
                if fault is None:
                    self._answer(*self._forward(body))
                else:
                    self._fail(fault, body)

            def _forward(
                self, body: bytes, path: str | None = None
            ) -> tuple[int, dict[str, str], bytes]:
                headers = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower()
                    not in ("host", "connection", "content-length", "accept-encoding")
                }
                answer = proxy._client.request(
                    self.command,
                    proxy.upstream + (path or self.path),
                    headers=headers,
                    content=body,
                )
                kept = {k: v for k, v in answer.headers.items() if k not in _HOP_BY_HOP}
                return answer.status_code, kept, answer.content

            def _fail(self, fault: Fault, body: bytes) -> None:
                page = b"<!doctype html><title>Sign in to the network</title>"
                html = {"Content-Type": "text/html"}
                acted = None
                if fault.kind in ("lost", "cut", "late", "failed", "truncated"):
                    acted = self._forward(body)
                if fault.then:
                    fault.then()
                if fault.kind in ("unsent", "lost"):
                    self._hang_up()
                elif fault.kind == "cut" and acted:
                    self._answer(*acted, sent=len(acted[2]) // 2)
                    self._hang_up()
                elif fault.kind == "late" and acted:
                    time.sleep(fault.seconds)
                    self._answer(*acted)
                elif fault.kind == "truncated" and acted:
                    self._answer(acted[0], acted[1], acted[2][: len(acted[2]) // 2])
                elif fault.kind == "failed":
                    self._answer(502, html, page)
                elif fault.kind == "html":
                    self._answer(200, html, page)
                elif fault.kind == "redirect":
                    self._answer(307, {"Location": fault.location}, b"")
                elif fault.kind == "crossed":
                    self._answer(
                        *self._forward(body, self.path.replace(fault.path, fault.location))
                    )
                else:
                    content = b"" if fault.body is None else json.dumps(fault.body).encode()
                    headers = {"Content-Type": "application/json", **fault.headers}
                    self._answer(fault.status, headers, content)

            def _answer(
                self,
                status: int,
                headers: Mapping[str, str],
                content: bytes,
                sent: int | None = None,
            ) -> None:
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(content[:sent])
                except OSError:
                    # Who asked is gone.
                    self.close_connection = True

            def _hang_up(self) -> None:
                self.close_connection = True
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"):
            setattr(Handler, f"do_{method}", Handler._pass)
        return Handler
