"""HTTP with one server: timeouts, polite retries, and every failure as one plain sentence."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from .._version import __version__
from ..config import Secret, is_loopback
from ..records.errors import (
    HubdoiError,
    ServiceBusy,
    ServiceError,
    ServiceFailed,
    ServiceUnreachable,
    UnexpectedAnswer,
)

if TYPE_CHECKING:
    from hishel import BaseStorage


# stamina reports each retry as a warning; in a notebook that is noise, unless somebody listens.
logging.getLogger("stamina").addHandler(logging.NullHandler())

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
LONGEST_ANSWER = 120.0
"""Seconds until an answer that trickles in is given up."""
ATTEMPTS = 4
LONGEST_WAIT = 60.0
"""Seconds: a server that asks for a longer pause is reported as busy instead of waited for."""
LARGEST_ANSWER = 64 * 2**20
"""Bytes; a larger answer is not read."""


def is_offline() -> bool:
    """Whether HF_HUB_OFFLINE asks for no network, in the ways that huggingface_hub understands."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def user_agent(contact: str | None = None) -> str:
    """Who is asking; with an address, services allow more and can write before they block."""
    return f"hubdoi/{__version__} (mailto:{contact})" if contact else f"hubdoi/{__version__}"


class Answer:
    """An HTTP answer: its status, headers, body, and the JSON in it (None if it has none)."""

    __slots__ = ("content", "headers", "json", "status", "url")

    def __init__(
        self, status: int, headers: Mapping[str, str], content: bytes, json_body: Any, url: str
    ) -> None:
        self.status = status
        self.headers = headers
        self.content = content
        self.json = json_body
        self.url = url


class Http:
    """Requests to the server at `base`, with a bearer token or Basic credentials.

    Credentials go to `base` alone: a redirect to another host is followed without them, and only
    for a GET. `media_type` is that of bodies in both directions. With `storage`, answers are kept
    there as RFC 9111 allows, and asked for again with their ETag.
    """

    def __init__(
        self,
        base: str,
        *,
        token: Secret | None = None,
        basic: tuple[str, Secret] | None = None,
        contact: str | None = None,
        media_type: str = "application/json",
        storage: BaseStorage | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self._token = token
        self._media_type = media_type
        settings: dict[str, Any] = {
            "timeout": TIMEOUT,
            "headers": {"User-Agent": user_agent(contact), "Accept": media_type},
            "auth": (basic[0], basic[1].reveal()) if basic else None,
            # A proxy of the environment has no business between two processes of one machine.
            "trust_env": not is_loopback(base),
            "limits": httpx.Limits(max_connections=16, max_keepalive_connections=8),
        }
        if storage is None:
            self._client = httpx.Client(**settings)
        else:
            from hishel import CacheOptions
            from hishel.httpx import CacheClient

            self._client = CacheClient(storage=storage, rfc=CacheOptions(shared=False), **settings)

    def __repr__(self) -> str:
        return f"Http({self.base!r})"

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, params: Any = None, **headers: str) -> Answer:
        """The answer to a GET, which is repeated where that can help.

        Raises:
            ServiceUnreachable, ServiceBusy, ServiceFailed, UnexpectedAnswer: after the last attempt.
        """
        return self.request("GET", path, params=params, headers=headers, repeat=True)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool = False,
        json_expected: bool = True,
        caching: Mapping[str, Any] | None = None,
    ) -> Answer:
        """The answer to a request; `repeat` says that sending it twice does no harm.

        Answers of 4xx are returned; what they mean is the caller's to say. A 429 was turned away
        before anything happened, so it is always worth another attempt. `caching` is what hishel is
        told of this one request.

        Raises:
            ServiceUnreachable: no connection, no answer in time, or HF_HUB_OFFLINE is set.
            ServiceBusy: 429, and the pause that was asked for is too long.
            ServiceFailed: 5xx.
            UnexpectedAnswer: a body that is too large or not JSON, or a redirect that leads nowhere.
        """
        if is_offline():
            raise _offline(self.base)

        def pause(error: Exception) -> bool | float:
            return _pause(error) if repeat or isinstance(error, ServiceBusy) else False

        def send() -> Answer:
            request = self._request(method, path, params, body, headers, caching)
            return self._send(request, json_expected)

        try:
            return send()
        except ServiceError as error:
            if pause(error) is False:
                raise
            failed = [error]
        # Loaded here: most requests are answered at once, and a command line should not wait for it.
        import stamina

        for attempt in stamina.retry_context(
            on=pause, attempts=ATTEMPTS, timeout=LONGEST_WAIT, wait_initial=0.2, wait_max=8.0
        ):
            with attempt:
                if failed:
                    raise failed.pop()
                return send()
        raise AssertionError("unreachable")

    def _request(
        self,
        method: str,
        path: str,
        params: Any,
        body: Any,
        headers: Mapping[str, str] | None,
        caching: Mapping[str, Any] | None,
    ) -> httpx.Request:
        request = self._client.build_request(
            method,
            self.base + path,
            params=params,
            headers={k.replace("_", "-"): v for k, v in (headers or {}).items()},
            content=json.dumps(body).encode() if body is not None else None,
            extensions={"caching": caching} if caching else None,
        )
        if body is not None:
            request.headers.setdefault("Content-Type", self._media_type)
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request

    def _send(self, request: httpx.Request, json_expected: bool) -> Answer:
        try:
            response = self._client.send(
                request, stream=True, follow_redirects=request.method == "GET"
            )
            try:
                content = self._content(response)
            finally:
                response.close()
        except httpx.TooManyRedirects:
            raise UnexpectedAnswer(
                f"{self.base} redirects in a circle; check the endpoint."
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(self.base, error) from None
        return self._read(response, content, json_expected)

    def _content(self, response: httpx.Response) -> bytes:
        """The body, unless it is too large or takes too long."""
        chunks: list[bytes] = []
        size = 0
        deadline = monotonic() + LONGEST_ANSWER
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise UnexpectedAnswer(
                    f"{self.base} sent more than {LARGEST_ANSWER >> 20} MiB where a short answer was expected; check the endpoint."
                )
            if monotonic() > deadline:
                raise _unreachable(self.base, httpx.ReadTimeout("too slow"))
            chunks.append(chunk)
        return b"".join(chunks)

    def _read(self, response: httpx.Response, content: bytes, json_expected: bool) -> Answer:
        status = response.status_code
        if status == 429:
            raise ServiceBusy(
                f"{self.base} asks for a pause, because it was asked too often; try again in a few minutes.",
                _retry_after(response.headers),
            )
        parsed: Any = None
        broken = False
        if content and (json_expected or status >= 400):
            try:
                parsed = json.loads(content)
            except (ValueError, RecursionError):
                broken = True
        if status >= 500:
            said = parsed.get("error") if isinstance(parsed, dict) else None
            detail = f": {said}" if isinstance(said, str) and len(said) < 300 else ""
            raise ServiceFailed(
                f"{self.base} has a problem of its own (HTTP {status}){detail or '; try again later.'}"
            )
        if broken and status < 400:
            raise UnexpectedAnswer(
                f"{self.base} sent something else than JSON; is a proxy or a sign-in page in between, or the endpoint wrong?"
            )
        if 300 <= status < 400:
            raise UnexpectedAnswer(f"{self.base} redirects to another address; check the endpoint.")
        return Answer(status, response.headers, content, parsed, str(response.url))


def _pause(error: Exception) -> bool | float:
    """Whether to ask again after `error`, and after how many seconds where the server said so."""
    if isinstance(error, ServiceBusy):
        if error.retry_after is None:
            return True
        return error.retry_after if error.retry_after <= LONGEST_WAIT else False
    return isinstance(error, ServiceUnreachable | ServiceFailed)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until the server wants to be asked again: Retry-After, or ``t=`` of the Hub's RateLimit."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    if value:
        try:
            return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
        except (TypeError, ValueError):
            return None
    for part in headers.get("RateLimit", "").split(";"):
        name, _, seconds = part.strip().partition("=")
        if name == "t" and seconds.isdigit():
            return float(seconds)
    return None


def _offline(base: str) -> ServiceUnreachable:
    return ServiceUnreachable(
        f"HF_HUB_OFFLINE is set, so {urlsplit(base).netloc} is not asked; unset it to go on."
    )


def _unreachable(base: str, error: Exception) -> HubdoiError:
    host = urlsplit(base).netloc
    text = str(error).lower()
    if isinstance(error, httpx.TimeoutException):
        why = "did not answer in time"
    elif "certificate" in text or "ssl" in text:
        why = "could not prove who it is (TLS)"
    elif (
        "name or service not known" in text
        or "nodename" in text
        or "resolution" in text
        or "getaddrinfo" in text
    ):
        why = "was not found (DNS)"
    elif "refused" in text:
        why = "refuses the connection"
    else:
        why = "broke off the connection"
    return ServiceUnreachable(f"{host} {why}; check the network and the endpoint, then try again.")
