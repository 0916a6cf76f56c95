"""Connections to servers: pooled within one process, and each exchange with one deadline.

httpcore bounds each read; a server that sends a byte a second keeps within that for ever. Here the
time that is left is looked at before every read, so that headers, interim answers, bodies and
trailers share one deadline.
"""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpcore

from ..records.errors import InvalidInput, MissingLibrary

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
"""Seconds of silence after which most servers are given up."""
FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    UnicodeError,
)
"""What `Connections.send` raises when there is no answer, the passing of the deadline included."""
_MOST = 32
_WRITTEN_AT_ONCE = 64 * 1024
# What is sent to this machine must not leave it, whatever a resolver says (RFC 6761, 6.3).
_LOCALHOST = ("127.0.0.1", "::1")
_exchange = threading.local()


class Connections:
    """Connections that are kept open between requests, never shared with another process.

    A process that was forked has copies of its parent's sockets, and would read the answers to its
    parent's requests: every process gets pools of its own. `trust_env` takes proxies from the
    environment. A server that is silent for `silence` seconds is given up, within the deadline.
    """

    def __init__(self, *, trust_env: bool = True, silence: float | None = None) -> None:
        self._trust_env = trust_env
        self._silence = silence
        self._pools: dict[tuple[int, str, str | None], httpcore.ConnectionPool] = {}

    @contextmanager
    def send(
        self,
        method: str,
        url: str,
        headers: list[tuple[bytes, bytes]],
        content: bytes | None,
        until: float,
    ) -> Iterator[httpcore.Response]:
        """The answer, whose body is read within the block; `until` is the deadline (`monotonic`).

        Raises:
            InvalidInput, MissingLibrary: the proxy or SSL_CERT_FILE of the environment cannot be used.
            one of `FAILURES`: there is no answer.
        """
        pool = self._pool(url)
        _exchange.until = until
        try:
            left = max(0.0, until - monotonic())
            timeouts = {
                "connect": CONNECT_SECONDS,
                "read": READ_SECONDS if self._silence is None else self._silence,
                "write": READ_SECONDS,
                "pool": min(left, READ_SECONDS),
            }
            with pool.stream(
                method,
                url.encode("ascii"),
                headers=headers,
                content=content,
                extensions={"timeout": timeouts},
            ) as response:
                yield response
        finally:
            _exchange.until = None

    def close(self) -> None:
        """Close what this process opened."""
        for key in [key for key in self._pools if key[0] == os.getpid()]:
            self._pools.pop(key).close()

    def _pool(self, url: str) -> httpcore.ConnectionPool:
        parts = urlsplit(url)
        proxy = _proxy_of(parts.scheme, parts.hostname or "") if self._trust_env else None
        key = (os.getpid(), parts.scheme, proxy)
        if key not in self._pools:
            # Two threads may make one each; the second is used from then on.
            self._pools[key] = _open(parts.scheme, proxy)
        return self._pools[key]


def _open(scheme: str, proxy: str | None) -> httpcore.ConnectionPool:
    settings: dict[str, Any] = {
        # As many as threads of a gateway ask at once: to close one and open it again costs more.
        "max_connections": _MOST,
        "max_keepalive_connections": _MOST,
        "keepalive_expiry": 5.0,
        "network_backend": _Backend(),
        # httpcore asks for it only when a connection is encrypted; it takes long to make.
        "ssl_context": _tls() if scheme == "https" else None,
    }
    if proxy is None:
        return httpcore.ConnectionPool(**settings)
    kind = proxy.partition("://")[0].lower()
    parts = urlsplit(proxy)
    address = f"{kind}://{proxy.rpartition('@')[2].removeprefix(kind + '://')}"
    account = (parts.username or "").encode(), (parts.password or "").encode()
    auth = account if parts.username else None
    if kind in ("http", "https"):
        return httpcore.HTTPProxy(address, proxy_auth=auth, **settings)
    if kind not in ("socks5", "socks5h"):
        raise InvalidInput(
            "The proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY is neither http://, https:// nor socks5://; "
            "correct it, or unset it."
        )
    from importlib.util import find_spec

    if find_spec("socksio") is None:
        raise MissingLibrary(
            "A SOCKS proxy requires an extra package: pip install 'hubdoi[socks]'; or unset ALL_PROXY."
        )
    return httpcore.SOCKSProxy(address, proxy_auth=auth, **settings)


def _proxy_of(scheme: str, host: str) -> str | None:
    """The proxy that the environment names for `host`, with its scheme."""
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or proxy_bypass(host):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(proxy)
        if not parts.hostname or parts.port == 0:
            proxy = ""
        proxy.encode("ascii")
    except ValueError:
        proxy = ""
    if not proxy:
        raise InvalidInput(
            "The proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY is not a URL; correct it, or unset it."
        )
    return proxy


_FILES_OF_TLS = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


def _tls() -> ssl.SSLContext:
    file, directory = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and not directory:
        import certifi

        file = certifi.where()
    try:
        # OpenSSL would wait for a pipe, and read a device, without end.
        if file and not Path(file).is_file():
            raise ValueError
        return ssl.create_default_context(cafile=file or None, capath=directory or None)
    except (OSError, ValueError):
        pass
    names = [name for name in _FILES_OF_TLS if os.environ.get(name)]
    raise InvalidInput(f"What {' or '.join(names)} names cannot be used; correct it, or unset it.")


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    """`timeout`, or what is left until the deadline of this thread's exchange."""
    until: float | None = getattr(_exchange, "until", None)
    if until is None:
        return timeout
    left = until - monotonic()
    if left <= 0:
        raise late("the deadline has passed")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITTEN_AT_ONCE):
            part = buffer[start : start + _WRITTEN_AT_ONCE]
            self._stream.write(part, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception | None = None
        for place in _LOCALHOST if host.lower().rstrip(".") == "localhost" else (host,):
            left = _left(timeout, httpcore.ConnectTimeout)
            # As bytes: for text Python loads the tables of international names first.
            name: Any = place.encode()
            try:
                return _Stream(
                    self._sockets.connect_tcp(name, port, left, local_address, socket_options)
                )
            except httpcore.ConnectError as error:
                failure = failure or error
        assert failure is not None
        raise failure
