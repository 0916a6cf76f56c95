"""What an application may do in somebody's name, and what a request needs."""

from __future__ import annotations

from collections.abc import Iterable

SCOPES = {
    "openid": "know who you are",
    "profile": "see your user name and full name",
    "email": "see your e-mail address",
    "read-repos": "read your private repositories",
    "write-repos": "write to your repositories",
    "manage-repos": "create, set up, rename and delete your repositories, and generate their DOIs",
    "read-memberships": "see the organisations that you belong to",
    "write-discussions": "open and answer discussions and pull requests",
}
"""Every scope with what it allows, as the consent page says it."""

SIGNING_IN = "signing in"
"""What no application can be allowed."""

_INCLUDED = {
    "manage-repos": ("write-repos", "read-repos", "write-discussions"),
    "write-repos": ("read-repos",),
}
_SAFE = ("GET", "HEAD", "OPTIONS")
_READING_POSTS = ("/paths-info/", "/validate-yaml", "/sql-console")
_MANAGING = (
    "/api/repos/",
    "/api/settings/",
    "/api/collections",
    "/settings",
    "/user-access-request/",
    "/duplicate",
    "/doi",
)


def expanded(scopes: Iterable[str]) -> frozenset[str]:
    """`scopes` with those that they include."""
    asked = set(scopes)
    for scope in tuple(asked):
        asked.update(_INCLUDED.get(scope, ()))
    return frozenset(asked)


def needed_for(method: str, route: str) -> str | None:
    """The scope that a token needs for this request; None when any token will do.

    `route` is the path of the route with its variables as they are written, such as
    ``/api/models/{namespace}/{name}/commit/{tail}``: what people name their repositories and
    branches decides nothing.
    """
    if route.startswith("/login"):
        return SIGNING_IN
    if route.startswith(("/oauth/", "/api/whoami-v2")):
        return None
    # Settings hold secrets: to read them takes what it takes to change them.
    if route.startswith("/api/settings/webhooks"):
        return "manage-repos"
    if "/xet-write-token/" in route or "/lfs-files/" in route:
        return "write-repos"
    if method in _SAFE or any(part in route for part in _READING_POSTS):
        return "read-repos"
    if "/discussions" in route and not route.endswith("/merge"):
        return "write-discussions"
    if any(part in route for part in _MANAGING):
        return "manage-repos"
    return "write-repos"
