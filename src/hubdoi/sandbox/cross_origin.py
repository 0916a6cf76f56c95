"""Applications that run in a browser at another origin: they may call the endpoints of OAuth (CORS).

None of these takes a cookie, so a page that a person happens to visit gets nothing that it could not
get without their browser. Everything else keeps to its own origin.
"""

from __future__ import annotations

from starlette.types import Message, Scope, Send

METHODS = {
    "/.well-known/openid-configuration": "GET",
    "/.well-known/oauth-authorization-server": "GET",
    "/oauth/jwks": "GET",
    "/oauth/token": "POST",
    "/oauth/userinfo": "GET, POST",
}
"""The endpoints, each with its methods."""

_SECONDS = 86_400


def without_cookies(scope: Scope) -> Scope:
    """The request as if the browser had kept its cookies, which it sends to every port of a host."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"cookie"]
    return {**scope, "headers": headers}


async def answer_preflight(send: Send, path: str) -> None:
    """What a browser asks before it sends a token."""
    headers = [
        (b"access-control-allow-methods", METHODS[path].encode()),
        (b"access-control-allow-headers", b"authorization, content-type"),
        (b"access-control-max-age", str(_SECONDS).encode()),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def shown_to(origin: str, send: Send) -> Send:
    """`send`, with the headers that let a page of `origin` read the answer; never with credentials."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message.get("headers", ()),
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-expose-headers", b"X-Request-Id, X-Error-Code, X-Error-Message"),
                (b"vary", b"Origin"),
            ]
        await send(message)

    return sending
