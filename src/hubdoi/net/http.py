"""HTTP with one server: timeouts, polite retries, and every failure as one plain sentence."""

from __future__ import annotations

import json
import logging
import os
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import httpcore

from .._version import __version__
from ..config import Config, Secret, is_loopback
from ..records.errors import (
    HubdoiError,
    InvalidInput,
    ServiceBusy,
    ServiceError,
    ServiceFailed,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from .answer import (
    MOST_VALUES,
    Answer,
    BadEncoding,
    Headers,
    TooLarge,
    TooManyValues,
    decoded,
    read_json,
)
from .cache import AnswerCache
from .connections import Connections
from .operation import current

__all__ = ["Answer", "Http", "is_offline", "user_agent"]

# stamina reports each retry as a warning; in a notebook that is noise, unless somebody listens.
logging.getLogger("stamina").addHandler(logging.NullHandler())

LONGEST_OPERATION = 120.0
"""Seconds for one request in total: every attempt, pause, redirect and byte of it."""
ATTEMPTS = 4
LONGEST_WAIT = 60.0
"""Seconds: a server that asks for a longer pause is reported as busy instead of waited for."""
LARGEST_ANSWER = 64 * 2**20
"""Bytes, decoded; a larger answer is not read."""
MOST_REDIRECTS = 5
# Headers that say who asks: they go to the server that was asked, and to no other.
_CREDENTIALS = frozenset({"authorization", "cookie", "x-hub-token", "x-xsrftoken"})
_ENCODED_DOT = re.compile("%2[eE]")
_SECONDS = re.compile(r"[0-9]{1,9}")
_SAFE = "%/:=&?~+!$,;'@()*[]"


def is_offline() -> bool:
    """Whether HF_HUB_OFFLINE asks for no network, in the ways that huggingface_hub understands."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


_Exchange = tuple[int, Mapping[str, str], bytes, str]
"""Status, headers, decoded body, and the URL that answered."""


def user_agent(contact: str | None = None) -> str:
    """Who is asking; with an e-mail address, services allow more and can write before they block."""
    return f"hubdoi/{__version__} (mailto:{contact})" if contact else f"hubdoi/{__version__}"


class Http:
    """Requests to the server at `base`, with a bearer token or Basic credentials.

    `hub_token` is that of the Hub behind an institution's gateway, where `token` is not.
    Credentials go to `base` alone: a redirect to another server is followed without them, and only
    for a GET. `media_type` is that of bodies in both directions. With `cache`, answers are kept
    there as RFC 9111 allows, and asked for again with their ETag. A server that is silent for
    `silence` seconds is given up.

    An instance may be used from several threads, and on both sides of a fork.

    Raises:
        InvalidInput: the credentials have characters that no header can carry.
    """

    def __init__(
        self,
        base: str,
        *,
        token: Secret | None = None,
        hub_token: Secret | None = None,
        basic: tuple[str, Secret] | None = None,
        contact: str | None = None,
        media_type: str = "application/json",
        cache: AnswerCache | None = None,
        silence: float | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self._token = token
        self._hub_token = hub_token
        self._basic = basic
        self._cache = cache
        self._common = {
            "Accept": media_type,
            "Accept-Encoding": "gzip",
            "User-Agent": user_agent(contact),
        }
        self._media_type = media_type
        # A proxy of the environment has no business between two processes of one machine.
        self._connections = Connections(trust_env=not is_loopback(base), silence=silence)
        if any(one is not None and not one.fits_header for one in (token, hub_token)):
            raise InvalidInput(
                "The token contains characters that no token has; copy it again, without line breaks."
            )

    @classmethod
    def of(cls, config: Config) -> Http:
        """Requests to the Hub, or the gateway, at `config.endpoint`, as who is signed in there."""
        if config.identity is None:
            return cls(config.endpoint, token=config.token, contact=config.contact)
        return cls(
            config.endpoint, token=config.identity, hub_token=config.token, contact=config.contact
        )

    def __repr__(self) -> str:
        return f"Http({self.base!r})"

    def close(self) -> None:
        self._connections.close()

    def get(
        self, path: str, params: Any = None, *, until: float | None = None, **headers: str | Secret
    ) -> Answer:
        """The answer to a GET, which is repeated where that can help; arguments as `request`.

        Raises:
            ServiceUnreachable, ServiceBusy, ServiceFailed, UnexpectedAnswer: after the last attempt.
        """
        return self.request("GET", path, params=params, headers=headers, repeat=True, until=until)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        body: Any = None,
        form: Mapping[str, str | Secret] | None = None,
        headers: Mapping[str, str | Secret] | None = None,
        repeat: bool = False,
        json_expected: bool = True,
        cache_key: str | None = None,
        until: float | None = None,
        first: int | None = None,
    ) -> Answer:
        """The answer to a request; `repeat` says that sending it twice does no harm.

        Answers of 4xx are returned; what they mean is the caller's to say. A 429 was turned away
        before anything happened, so it is always worth another attempt. `cache_key` is the name of
        the answer in the cache; without it, the cache is not used. `until` is the deadline
        (`time.monotonic`) of several requests; one request has LONGEST_OPERATION. Both are within
        the deadline of the `operation` that the request is part of.
        With `first`, no more than so many bytes of the body are read, however long it is. `form` is
        sent as an HTML form would be, instead of a `body` of JSON. Secrets in `body`, `form` and
        `headers` stay wrapped until they are sent.

        Raises:
            ServiceUnreachable: no connection, no answer in time, or HF_HUB_OFFLINE is set.
            ServiceBusy: 429, and the pause that was asked for is too long.
            ServiceFailed: 5xx.
            UnexpectedAnswer: a body that is too large or not JSON, or a redirect that leads nowhere.
            InvalidInput: a part of `path` is ``.`` or ``..``, and would lead to another URL.
        """
        if is_offline():
            raise _offline(self.base)
        deadline = monotonic() + LONGEST_OPERATION if until is None else until
        whole = current()
        if whole is not None:
            deadline = min(deadline, whole.until)
        path_alone = path.partition("?")[0]
        if not {".", ".."}.isdisjoint(_ENCODED_DOT.sub(".", path_alone).split("/")):
            raise InvalidInput("A name cannot consist of dots alone; correct it.")
        url = self.base + quote(path, safe=_SAFE)
        if params:
            url += ("&" if "?" in path else "?") + urlencode(params)
        given = {k.replace("_", "-"): v for k, v in (headers or {}).items()}
        # What is sent may have secrets in it, and a traceback shows the variables of its frames.
        content = Secret(json.dumps(body, default=_revealed)) if body is not None else None
        if form is not None:
            content = Secret(urlencode({name: _revealed(form[name]) for name in form}))
            given.setdefault("Content-Type", "application/x-www-form-urlencoded")
        if content is not None:
            given.setdefault("Content-Type", self._media_type)

        def pause(error: Exception) -> bool | float:
            if not (repeat or isinstance(error, ServiceBusy)):
                return False
            wait = _pause(error)
            return False if monotonic() + float(wait) >= deadline else wait

        def send() -> Answer:
            if whole is not None and whole.is_over:
                raise whole.late(self.base)
            late = None
            try:
                if self._cache is not None and cache_key is not None and method == "GET":
                    exchange = self._cached(url, given, cache_key, deadline)
                else:
                    exchange = self._follow(method, url, given, content, deadline, first)
            except ServiceUnreachable:
                if whole is None or not whole.is_over:
                    raise
                late = whole.late(self.base)
            if late is not None:
                raise late
            if whole is not None:
                whole.count()
            return self._read(*exchange, json_expected)

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

    def _cached(
        self, url: str, given: Mapping[str, str | Secret], key: str, until: float
    ) -> _Exchange:
        """The answer of the cache, or of the server where the cache has none that may be used."""
        assert self._cache is not None
        # A secret is no condition of a cache, and is sent all the same.
        plain = {name: value for name, value in given.items() if isinstance(value, str)}
        found: _Exchange = self._cache.answer(
            key, url, plain, lambda sent: self._follow("GET", url, {**given, **sent}, None, until)
        )
        return found

    def _follow(
        self,
        method: str,
        url: str,
        given: Mapping[str, str | Secret],
        content: Secret | None,
        until: float,
        first: int | None = None,
    ) -> _Exchange:
        """Send a request; a GET goes where it is redirected to."""
        for _ in range(MOST_REDIRECTS):
            exchange = self._send(method, url, given, content, until, first)
            location = exchange[1].get("location")
            if not (method == "GET" and exchange[0] in (301, 302, 303, 307, 308) and location):
                return exchange
            url = self._redirected(url, location)
        raise UnexpectedAnswer(f"{self.base} redirects in a loop; check the endpoint.")

    def _redirected(self, url: str, location: str) -> str:
        try:
            there = urljoin(url, location).partition("#")[0]
            parts = urlsplit(there)
            if urlsplit(url).scheme == "https" and parts.scheme != "https":
                raise UnexpectedAnswer(
                    f"{self.base} redirects to a URL that is not https; check the endpoint."
                )
            if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
                return quote(there, safe=_SAFE)
        except ValueError:
            pass
        raise UnexpectedAnswer(f"{self.base} redirects to another URL; check the endpoint.")

    def _send(
        self,
        method: str,
        url: str,
        given: Mapping[str, str | Secret],
        content: Secret | None,
        until: float,
        first: int | None,
    ) -> _Exchange:
        """One request, one answer. What fails is raised anew, after the frames that saw headers."""
        failure: BaseException
        try:
            with self._connections.send(
                method,
                url,
                self._headers(url, given),
                content.reveal().encode() if content else None,
                until,
            ) as response:
                headers = Headers(response.headers)
                body = decoded(
                    response.iter_stream(),
                    headers.get("content-encoding", ""),
                    largest=LARGEST_ANSWER,
                    first=first,
                )
                return response.status, headers, body, url
        except HubdoiError as error:
            failure = error
        except TooLarge:
            failure = UnexpectedAnswer(
                f"{self.base} sent more than {LARGEST_ANSWER >> 20} MiB where a short answer was expected; check the endpoint."
            )
        except BadEncoding:
            failure = UnexpectedAnswer(
                f"{self.base} sent an answer that cannot be decompressed; check the endpoint."
            )
        except KeyboardInterrupt:
            failure = KeyboardInterrupt()
        except Exception as error:
            failure = _unreachable(self.base, error)
        raise failure.with_traceback(None)

    def _headers(self, url: str, given: Mapping[str, str | Secret]) -> list[tuple[bytes, bytes]]:
        host = urlsplit(url).netloc.rpartition("@")[2]
        found = {"Host": host, **self._common, **{n: _revealed(v) for n, v in given.items()}}
        if _origin(url) != _origin(self.base):
            found = {name: found[name] for name in found if name.lower() not in _CREDENTIALS}
        else:
            if self._token:
                found["Authorization"] = f"Bearer {self._token.reveal()}"
            elif self._basic:
                pair = f"{self._basic[0]}:{self._basic[1].reveal()}".encode()
                found["Authorization"] = f"Basic {b64encode(pair).decode()}"
            if self._hub_token:
                found["X-Hub-Token"] = self._hub_token.reveal()
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in found.items()]

    def _read(
        self,
        status: int,
        headers: Mapping[str, str],
        content: bytes,
        url: str,
        json_expected: bool,
    ) -> Answer:
        if status == 429:
            raise ServiceBusy(
                f"{self.base} received too many requests; try again in a few minutes.",
                _retry_after(headers),
            )
        parsed: Any = None
        broken = large = False
        if content and (json_expected or status >= 400):
            try:
                parsed = read_json(content)
            except TooManyValues:
                large = True
            except ValueError:
                broken = True
        if large:
            raise UnexpectedAnswer(
                f"{self.base} sent more than {MOST_VALUES:,} values where a short answer was expected; check the endpoint."
            )
        if status >= 500:
            said = parsed.get("error") if isinstance(parsed, dict) else None
            detail = f": {said}" if isinstance(said, str) and len(said) < 300 else ""
            raise ServiceFailed(
                f"{self.base} reported a server error (HTTP {status}){detail or '; try again later.'}"
            )
        if broken and status < 400:
            raise UnexpectedAnswer(
                f"{self.base} did not return JSON; is a proxy or a sign-in page in between, or the endpoint wrong?"
            )
        if 300 <= status < 400:
            raise UnexpectedAnswer(f"{self.base} redirects to another URL; check the endpoint.")
        return Answer(status, headers, content, parsed, url)


def _revealed(value: Any) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value)


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
    if _SECONDS.fullmatch(value):
        return float(value)
    if value:
        from email.utils import parsedate_to_datetime

        try:
            return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
        except (TypeError, ValueError, OverflowError, IndexError):
            return None
    for part in headers.get("RateLimit", "").split(";"):
        name, _, seconds = part.strip().partition("=")
        if name == "t" and _SECONDS.fullmatch(seconds):
            return float(seconds)
    return None


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port


def _offline(base: str) -> ServiceUnreachable:
    return ServiceUnreachable(
        f"HF_HUB_OFFLINE is set, so {urlsplit(base).netloc} is not queried; unset it to continue."
    )


def _unreachable(base: str, error: Exception) -> HubdoiError:
    host = urlsplit(base).netloc
    text = str(error).lower()
    way_out = "check the network and the endpoint, then try again"
    if isinstance(error, httpcore.TimeoutException):
        why = "did not answer in time"
    elif "certificate" in text or "ssl" in text:
        why = "failed the check of its certificate (TLS)"
    elif (
        "name or service not known" in text
        or "nodename" in text
        or "resolution" in text
        or "getaddrinfo" in text
    ):
        why = "was not found (DNS)"
    elif "refused" in text:
        why = "refuses the connection"
        if is_loopback(base):
            # A server that was started again often has another port.
            way_out = "start the server there, then choose it again with: %doi use URL (for a command line: HUBDOI_ENDPOINT)"
    else:
        why = "broke off the connection"
    return ServiceUnreachable(f"{host} {why}; {way_out}.")
