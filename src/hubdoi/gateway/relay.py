"""The Hub behind the gateway: what clients read of it is passed on, so that one URL is enough.

Only reading, only from the Hub of the settings, and only the parts of its API that describe people
and repositories. Pages and files are redirected to the Hub.
"""

from __future__ import annotations

from time import monotonic
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from ..config import Secret, is_loopback
from ..net.answer import BadEncoding, Headers, TooLarge, decoded
from ..net.connections import FAILURES, Connections
from ..net.http import LARGEST_ANSWER, user_agent
from ..net.operation import current
from ..records.errors import (
    HubdoiError,
    RepoNotFound,
    ServiceUnreachable,
    SignInRequired,
    UnexpectedAnswer,
)
from .doi_api import credentials_of, institution_of
from .settings import Settings

router = APIRouter(include_in_schema=False)

SECONDS = 60.0
"""How long the Hub has for the whole of an answer."""
_PARTS = frozenset({"whoami-v2", "models", "datasets", "organizations", "users", "resolve-cache"})
_HEADERS = (
    "content-type", "etag", "link", "ratelimit", "ratelimit-policy", "retry-after",
    "x-error-code", "x-error-message",
)  # fmt: skip


class Relay:
    """A client of the Hub that sends each token on as it came, and keeps none."""

    def __init__(self, settings: Settings) -> None:
        self.base = settings.hub
        self._common = [
            (b"User-Agent", user_agent(settings.contact).encode()),
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"gzip"),
        ]
        self._connections = Connections(trust_env=not is_loopback(settings.hub))

    def get(self, path: str, query: str, token: Secret | None) -> Response:
        """The Hub's answer to a GET.

        Raises:
            ServiceUnreachable: it does not answer, or not in time.
            UnexpectedAnswer: it answers with far too much, or in a way that was not asked for.
        """
        url = f"{self.base}{path}?{query}" if query else self.base + path
        until = monotonic() + SECONDS
        if whole := current():
            until = min(until, whole.until)
        failure: HubdoiError | None = None
        try:
            with self._connections.send("GET", url, self._headers(token), None, until) as answer:
                headers, status = Headers(answer.headers), answer.status
                content = decoded(
                    answer.iter_stream(),
                    headers.get("content-encoding", ""),
                    largest=LARGEST_ANSWER,
                )
        except (TooLarge, BadEncoding):
            failure = UnexpectedAnswer("The Hub's answer cannot be passed on; try again later.")
        except FAILURES:
            failure = ServiceUnreachable(
                f"{urlsplit(self.base).netloc} does not answer; try again later."
            )
        if failure:
            # Raised anew, after the frames that saw the token.
            raise failure
        kept = {name: headers[name] for name in _HEADERS if name in headers}
        if "location" in headers:
            # Relative, so that it holds here as well.
            kept["location"] = headers["location"].removeprefix(self.base)
        return Response(content, status, kept)

    def _headers(self, token: Secret | None) -> list[tuple[bytes, bytes]]:
        if token is None:
            return self._common
        return [*self._common, (b"Authorization", f"Bearer {token.reveal()}".encode())]

    def close(self) -> None:
        self._connections.close()


@router.get("/api/{part}")
@router.get("/api/{part}/{rest:path}")
async def read_hub(request: Request, part: str, rest: str = "") -> Response:
    if part not in _PARTS:
        raise RepoNotFound("There is nothing at this URL.")
    institution, sent = institution_of(request), credentials_of(request)
    token, grant = sent.hub, None
    if token is None and sent.identity is not None:
        grant = await run_in_threadpool(institution.grant, sent.identity)
        assert grant is not None
        token = await run_in_threadpool(institution.grants.token, grant)
        if token is None and part == "whoami-v2":
            raise SignInRequired(
                f"{urlsplit(institution.settings.hub).netloc} does not know you yet; sign in with: %doi login"
            )
    relay: Relay = request.app.state.relay
    path = request.scope["raw_path"].decode("ascii", "replace").partition("?")[0]
    answer = await run_in_threadpool(relay.get, path, request.url.query, token)
    if answer.status_code == 401 and token and grant:
        raise await run_in_threadpool(institution.grants.revoked, grant)
    return answer


@router.get("/{path:path}")
async def to_hub(request: Request, path: str) -> Response:
    """Pages and files are the Hub's own.

    Raises:
        HTTPException: it would be a page of the gateway, and there is none.
    """
    if path.startswith("gateway/"):
        raise HTTPException(404)
    hub = institution_of(request).settings.hub
    raw = request.scope["raw_path"].decode("ascii", "replace").partition("?")[0]
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{hub}/{raw.lstrip('/')}{query}", 307)
