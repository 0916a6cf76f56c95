"""HTTP with one server: timeouts, polite retries, and every failure as one plain sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina

from . import __version__
from .config import Secret, is_loopback
from .errors import HubdoiError, ServiceBusy, ServiceFailed, ServiceUnreachable, UnexpectedAnswer

__all__ = ["Answer", "Http", "user_agent"]

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
ATTEMPTS = 4
LONGEST_WAIT = 60.0
"""Seconds: a server that asks for a longer pause is reported as busy instead of waited for."""
LARGEST_ANSWER = 64 * 2**20


def user_agent(contact: str | None = None) -> str:
    """Who is asking; with an address, services allow more and can write before they block."""
    return f"hubdoi/{__version__} (mailto:{contact})" if contact else f"hubdoi/{__version__}"


class Answer:
    """An HTTP answer: its status, headers, and the JSON in its body (None if it has none)."""

    __slots__ = ("headers", "json", "status", "url")

    def __init__(self, status: int, headers: Mapping[str, str], json_body: Any, url: str) -> None:
        self.status = status
        self.headers = headers
        self.json = json_body
        self.url = url


class Http:
    """Requests to the server at `base`, with a bearer token or Basic credentials.

    Credentials go to `base` alone: a redirect to another host is followed without them.
    """

    def __init__(
        self,
        base: str,
        *,
        token: Secret | None = None,
        basic: tuple[str, Secret] | None = None,
        contact: str | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self._token = token
        self._client = httpx.Client(
            timeout=TIMEOUT,
            headers={"User-Agent": user_agent(contact), "Accept": "application/json"},
            auth=(basic[0], basic[1].reveal()) if basic else None,
            # A proxy of the environment has no business between two processes of one machine.
            trust_env=not is_loopback(base),
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=8),
        )

    def __repr__(self) -> str:
        return f"Http({self.base!r})"

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None, **headers: str) -> Answer:
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
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool = False,
    ) -> Answer:
        """The answer to a request; `repeat` says that sending it twice does no harm.

        Answers of 4xx are returned; what they mean is the caller's to say.

        Raises:
            ServiceUnreachable: no connection, or no answer in time.
            ServiceBusy: 429, and the pause that was asked for is too long.
            ServiceFailed: 5xx.
            UnexpectedAnswer: a body that is not JSON, or a redirect that leads nowhere.
        """
        attempts = ATTEMPTS if repeat else 1
        for attempt in stamina.retry_context(
            on=_pause, attempts=attempts, timeout=LONGEST_WAIT, wait_initial=0.2, wait_max=8.0
        ):
            with attempt:
                return self._once(method, path, params, body, headers)
        raise AssertionError("unreachable")

    def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        body: Any,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        request = self._client.build_request(
            method,
            self.base + path,
            params=params,
            headers={k.replace("_", "-"): v for k, v in (headers or {}).items()},
            content=json.dumps(body).encode() if body is not None else None,
        )
        if body is not None:
            request.headers.setdefault("Content-Type", "application/json")
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        try:
            response = self._client.send(request, follow_redirects=method == "GET")
        except httpx.TooManyRedirects:
            raise UnexpectedAnswer(
                f"{self.base} redirects in a circle; check the endpoint."
            ) from None
        except httpx.HTTPError as error:
            raise _unreachable(self.base, error) from None
        return self._read(response)

    def _read(self, response: httpx.Response) -> Answer:
        status = response.status_code
        if status == 429:
            raise ServiceBusy(
                f"{self.base} asks for a pause, because it was asked too often; try again in a few minutes.",
                _retry_after(response.headers),
            )
        parsed: Any = None
        broken = False
        if response.content:
            try:
                parsed = response.json()
            except ValueError:
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
        return Answer(status, response.headers, parsed, str(response.url))


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
            from datetime import UTC, datetime

            return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
        except (TypeError, ValueError):
            return None
    for part in headers.get("RateLimit", "").split(";"):
        name, _, seconds = part.strip().partition("=")
        if name == "t" and seconds.isdigit():
            return float(seconds)
    return None


def _unreachable(base: str, error: Exception) -> HubdoiError:
    host = urlsplit(base).netloc
    text = str(error).lower()
    if os.environ.get("HF_HUB_OFFLINE") in ("1", "true", "TRUE"):
        return ServiceUnreachable(
            f"HF_HUB_OFFLINE is set, so {host} is not asked; unset it to go on."
        )
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
