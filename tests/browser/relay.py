"""A relay in front of a Hub: the network as it can be, slow, gone, or losing an answer."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Semaphore, Thread
from types import TracebackType

import httpx

__all__ = ["Relay"]

_NOT_PASSED_ON = {"host", "connection", "content-length", "transfer-encoding", "content-encoding"}


class Relay:
    """Passes everything on to `target`.

    With `down` nobody answers; the next `lose` answers of a POST are lost after the Hub has done
    what was asked.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.down = False
        self.lose = 0
        self._held: tuple[str, ...] = ()
        self._go, self._waiting, self._over = Event(), Semaphore(0), Semaphore(0)
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                return None

            def _pass_on(self) -> None:
                if self.command not in relay._held:
                    return self._answer()
                relay._waiting.release()
                relay._go.wait(600)
                try:
                    self._answer()
                finally:
                    relay._over.release()

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                if relay.down:
                    self.close_connection = True
                    self.connection.close()
                    return
                headers = {k: v for k, v in self.headers.items() if k.lower() not in _NOT_PASSED_ON}
                answer = httpx.request(
                    self.command, relay.target + self.path, content=body, headers=headers,
                    timeout=60, trust_env=False,
                )  # fmt: skip
                if self.command == "POST" and relay.lose > 0:
                    relay.lose -= 1
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name.lower() not in _NOT_PASSED_ON:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.content)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _pass_on  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def hold(self, *methods: str) -> None:
        """Let requests with these methods wait."""
        self._go.clear()
        self._held = methods

    def wait_for_one(self) -> None:
        """Wait until one of them is here."""
        assert self._waiting.acquire(timeout=60)
        self._waiting.release()

    def let_go(self) -> None:
        """Pass on what waits, and wait until that is done."""
        self._held = ()
        self._go.set()
        while self._waiting.acquire(blocking=False):
            assert self._over.acquire(timeout=60)

    def __enter__(self) -> Relay:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._go.set()
        self._server.shutdown()
        self._server.server_close()
