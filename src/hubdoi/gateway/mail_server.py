"""A connection to a mail server that ends at one deadline.

smtplib waits for every line anew: a server that sends a line every few seconds would be listened to
for ever.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any
from urllib.parse import SplitResult, unquote

from ..config import is_loopback


class _Connected(smtplib.SMTP):
    """An SMTP client on a connection that is there."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self._connection = connection
        super().__init__(host)

    def _get_socket(self, *_: Any) -> socket.socket:
        return self._connection


@contextmanager
def connected(server: SplitResult, seconds: float) -> Iterator[smtplib.SMTP]:
    """A client of `server` (smtp:// or smtps://), signed in; after `seconds` the connection is shut.

    Raises:
        OSError, smtplib.SMTPException: it cannot be reached, refuses, or takes too long.
    """
    host, is_tls = server.hostname or "", server.scheme == "smtps"
    context = ssl.create_default_context()
    port = server.port or (465 if is_tls else 587)
    with (
        socket.create_connection((host, port), timeout=seconds) as connection,
        connection.dup() as own,
    ):
        # The duplicate shuts what TLS has wrapped meanwhile.
        timer = Timer(seconds, _shut, [own])
        timer.daemon = True
        timer.start()
        try:
            wrapped = (
                context.wrap_socket(connection, server_hostname=host) if is_tls else connection
            )
            with wrapped, _Connected(wrapped, host) as smtp:
                smtp.ehlo()
                if not is_tls and (smtp.has_extn("starttls") or not is_loopback(f"http://{host}")):
                    # A server that offers none is refused: the password would be readable on the way.
                    smtp.starttls(context=context)
                if server.username:
                    smtp.login(unquote(server.username), unquote(server.password or ""))
                yield smtp
        finally:
            timer.cancel()


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
