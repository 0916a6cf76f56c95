"""What no request gets past: a foreign Host, a cross-site post, a body without bound."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..net.routes import is_same_site
from . import cross_origin
from .large import MAX_LARGE_BYTES
from .refusal import Refusal
from .xorbs import MAX_XORB_BYTES

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_COMMIT_BYTES = 160 * 1024 * 1024
MAX_JSON_BYTES = 1024 * 1024

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# A client that is still sending does not read: take in this much before the answer.
_DRAINED_BYTES = 2 * MAX_COMMIT_BYTES

# They are compared, never bound.
_ANY_IPV4 = "0.0.0.0"  # noqa: S104  # nosec B104
_WILDCARDS = ("", _ANY_IPV4, "::")


def own_hosts(host: str, port: int) -> frozenset[str]:
    """The Host headers of a server that was told to listen on `host` and `port`."""
    names = {host, "127.0.0.1", "localhost", "[::1]"}
    if is_wildcard(host):
        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    elif ":" in host:
        names.add(f"[{host}]")
    hosts = {f"{name.lower()}:{port}" for name in names}
    return frozenset(hosts | {name.lower() for name in names} if port == 80 else hosts)


class Guard:
    """ASGI middleware; `hosts` are the Host headers that it lets pass, `refused` answers the others.

    A page that a person happens to visit can make their browser send requests here. Under a
    foreign name (DNS rebinding) they carry that name; from another site they say so.
    """

    def __init__(
        self,
        app: ASGIApp,
        refused: Callable[[Request, Exception], Response],
        *,
        hosts: Iterable[str] = (),
        any_address: bool = False,
    ) -> None:
        self._app = app
        self._refused = refused
        self.hosts = frozenset(hosts)
        self.any_address = any_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if not self._is_own(host):
            why = "Unrecognised Host header; use this server's own URL."
            await self._refuse(scope, receive, send, Refusal(421, why))
            return
        origin, path = headers.get("origin"), scope["path"]
        if origin and path in cross_origin.METHODS and not is_same_site(headers):
            send = cross_origin.shown_to(origin, send)
            if scope["method"] == "OPTIONS":
                await cross_origin.answer_preflight(send, path)
                return
            scope = cross_origin.without_cookies(scope)
        elif scope["method"] not in SAFE_METHODS and not is_same_site(headers):
            why = "Another site cannot make a browser do this."
            await self._refuse(scope, receive, send, Refusal(403, why))
            return
        limit = _limit(scope["path"])
        body = _Body(receive, limit)
        if _declared(headers) > limit:
            await body.drain()
            await self._refuse(scope, receive, send, _TooLarge(limit))
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            if not started and body.is_over:
                await body.drain()
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, body.receive, watched)
        except _TooLarge as refusal:
            if not started:
                await body.drain()
                await self._refuse(scope, receive, send, refusal)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
        answer = self._refused(Request(scope), refusal)
        answer.headers["Connection"] = "close"
        await answer(scope, receive, send)

    def _is_own(self, host: str) -> bool:
        if host in self.hosts:
            return True
        if not self.any_address:
            return False
        name, _, port = host.rpartition(":")
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        # An IP address cannot be rebound, only a name can.
        return any(own.endswith(f":{port}") for own in self.hosts)


class _TooLarge(Refusal):
    """The body went beyond its bound of so many bytes."""

    def __init__(self, limit: int) -> None:
        size = f"{limit // (1024 * 1024)} MiB"
        super().__init__(
            413, f"The request is larger than {size}; send less at once.", "FileTooLarge"
        )


class _Body:
    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._taken = 0
        self._more = True

    @property
    def is_over(self) -> bool:
        return self._taken > self._limit

    async def receive(self) -> Message:
        message = await self._next()
        if self.is_over:
            raise _TooLarge(self._limit)
        return message

    async def drain(self) -> None:
        while self._more and self._taken < _DRAINED_BYTES:
            await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._taken += len(message.get("body", b""))
            self._more = message.get("more_body", False)
        else:
            self._more = False
        return message


def _limit(path: str) -> int:
    if "/commit/" in path and path.startswith("/api/"):
        return MAX_COMMIT_BYTES
    if path.startswith("/lfs/upload/"):
        return MAX_LARGE_BYTES
    if path.startswith("/xet/"):
        return MAX_XORB_BYTES
    if path == "/api/validate-yaml":
        return 4 * MAX_JSON_BYTES
    return MAX_JSON_BYTES


def _declared(headers: Headers) -> int:
    declared = headers.get("content-length", "0")
    return int(declared) if declared.isdecimal() else 0


def is_wildcard(host: str) -> bool:
    """Whether a server that was told to listen on `host` listens on every address."""
    return host in _WILDCARDS
