"""A server that answers badly on purpose: one function of this file is one way to do so."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable
from functools import cache
from types import TracebackType

Case = Callable[[socket.socket, threading.Event], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class HostileServer:
    """Answers every connection as `case` does, until the block ends; it counts the requests.

    `received` is the beginning of each.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self.requests = 0
        self.received: list[bytes] = []
        self.ended = threading.Event()

    def __enter__(self) -> HostileServer:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        self.ended.set()
        # To close it does not wake the thread that accepts: it would listen for ever.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    def came(self, count: int) -> int:
        """The requests, once there are `count`: who gave up may have done so before one was read here."""
        end = time.monotonic() + 60
        while self.requests < count and time.monotonic() < end:
            time.sleep(0.01)
        return self.requests

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(60)
                if received := connection.recv(65536):
                    self.requests += 1
                    self.received.append(received)
                    self._case(connection, self.ended)
            except OSError:
                return


def trickle(connection: socket.socket, ended: threading.Event, part: bytes) -> None:
    """`part` again and again, a little faster than anybody would give up."""
    while not ended.wait(0.02):
        connection.sendall(part)


def slow_headers(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    trickle(connection, ended, b"x")


def endless_interim_answers(connection: socket.socket, ended: threading.Event) -> None:
    trickle(connection, ended, b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")


def endless_trailers(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
    trickle(connection, ended, b"X-Trailer: x\r\n")


def slow_body(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
    trickle(connection, ended, b" ")


def trickled_gzip(connection: socket.socket, ended: threading.Event) -> None:
    packed = gzip.compress(bytes(range(256)) * 400)
    connection.sendall(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n")
    for n in range(len(packed)):
        if ended.wait(0.02):
            return
        connection.sendall(packed[n : n + 1])


def gzip_bomb(connection: socket.socket, ended: threading.Event) -> None:
    _packed(connection, _bomb(), b"gzip")


@cache
def _bomb() -> bytes:
    return gzip.compress(b"0" * (256 * 2**20), 1)


def nested_gzip_bomb(connection: socket.socket, ended: threading.Event) -> None:
    _packed(connection, _nested_bomb(), b"gzip, gzip, gzip")


@cache
def _nested_bomb() -> bytes:
    inner = gzip.compress(gzip.compress(b"0" * (32 * 2**20), 9), 9)
    return gzip.compress(inner)


def unasked_compression(connection: socket.socket, ended: threading.Event) -> None:
    _packed(connection, b"anything", b"br")


def broken_gzip(connection: socket.socket, ended: threading.Event) -> None:
    _packed(connection, gzip.compress(b"[1, 2, 3]")[:-6], b"gzip")


def huge_headers(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(HEAD)
    for n in range(5000):
        connection.sendall(b"X-%d: %s\r\n" % (n, b"x" * 1000))


def no_http(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")


def silence(connection: socket.socket, ended: threading.Event) -> None:
    ended.wait()


def nonsense_retry_after(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(
        b"HTTP/1.1 429 Slowly\r\nRetry-After: \xb2\r\nRateLimit: r;t=\xb2\r\nContent-Length: 0\r\n\r\n"
    )


def huge_integer(connection: socket.socket, ended: threading.Event) -> None:
    _packed(connection, b"[" + b"9" * 100_000 + b"]", b"identity")


def deep_nesting(connection: socket.socket, ended: threading.Event) -> None:
    _packed(connection, b'{"id":' * 100_000, b"identity")


def many_values(connection: socket.socket, ended: threading.Event) -> None:
    """Twenty million lists, which are 60 MiB of text and 1.5 GiB of objects."""
    _packed(connection, _lists(), b"gzip")


@cache
def _lists() -> bytes:
    return gzip.compress(b"[" + b"[]," * 20_000_000 + b"[]]", 1)


def endless_pages(connection: socket.socket, ended: threading.Event) -> None:
    number = 0
    while not ended.is_set():
        number += 1
        connection.sendall(
            HEAD + b'Link: </api/x?cursor=%d>; rel="next"\r\nContent-Length: 2\r\n\r\n[]' % number
        )
        if not connection.recv(65536):
            return


def pages_in_a_circle(connection: socket.socket, ended: threading.Event) -> None:
    while not ended.is_set():
        connection.sendall(
            HEAD + b'Link: </api/x?cursor=1>; rel="next"\r\nContent-Length: 2\r\n\r\n[]'
        )
        if not connection.recv(65536):
            return


def _packed(connection: socket.socket, body: bytes, encoding: bytes) -> None:
    length = str(len(body)).encode()
    connection.sendall(
        HEAD
        + b"Content-Encoding: "
        + encoding
        + b"\r\nContent-Length: "
        + length
        + b"\r\n\r\n"
        + body
    )


def link_to_a_longer_host(connection: socket.socket, ended: threading.Event) -> None:
    """Put behind the endpoint without a slash between them, this is another host's name."""
    _linked(connection, b".evil.example/next")


def link_that_is_no_url(connection: socket.socket, ended: threading.Event) -> None:
    _linked(connection, b"http://[")


def _linked(connection: socket.socket, target: bytes) -> None:
    connection.sendall(HEAD + b'Link: <%s>; rel="next"\r\nContent-Length: 2\r\n\r\n[]' % target)


# Answers that are no answers


def short_body(connection: socket.socket, ended: threading.Event) -> None:
    """Ends before the length that it names."""
    connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{}")


def long_body(connection: socket.socket, ended: threading.Event) -> None:
    """Goes on behind the length that it names, with what would be the next answer."""
    connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}" + HEAD + b"Content-Length: 1\r\n\r\n5")


def two_lengths(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ")


def negative_length(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(HEAD + b"Content-Length: -1\r\n\r\n{}")


def page_of_html(connection: socket.socket, ended: threading.Event) -> None:
    body = b"<!doctype html><title>Sign in</title>" + b"<p>Sign in to go on.</p>" * 100
    answer(200, body, "text/html; charset=utf-8")(connection, ended)


def no_content(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


def empty_body(connection: socket.socket, ended: threading.Event) -> None:
    answer(200, b"")(connection, ended)


def broken_text(connection: socket.socket, ended: threading.Event) -> None:
    answer(200, b'{"error": "\xff\xfe", "name": "\xed\xa0\x80"}')(connection, ended)


def not_a_number(connection: socket.socket, ended: threading.Event) -> None:
    answer(200, b'{"state": NaN, "told": NaN, "items": -Infinity}')(connection, ended)


def a_long_refusal(connection: socket.socket, ended: threading.Event) -> None:
    """An error whose sentence would fill the screen, and move the cursor on it."""
    body = {"error": "\x1b[2J\n" * 50_000, "code": "AlreadyRegistered", "terms": 5, "version": 5}
    answer(409, json.dumps(body).encode())(connection, ended)


def answer(status: int, body: bytes, kind: str = "application/json", *more: str) -> Case:
    """The whole of one answer."""
    head = [
        f"HTTP/1.1 {status} Said",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *more,
    ]

    def case(connection: socket.socket, ended: threading.Event) -> None:
        while not ended.is_set():
            connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
            if "Connection: close" in more or not connection.recv(65536):
                return

    return case


def redirect(location: str, status: int = 302) -> Case:
    return answer(status, b"", "text/plain", f"Location: {location}")
