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
_MANAGING = ("/api/repos/", "/api/settings/", "/api/collections")


def expanded(scopes: Iterable[str]) -> frozenset[str]:
    """`scopes` with those that they include."""
    asked = set(scopes)
    for scope in tuple(asked):
        asked.update(_INCLUDED.get(scope, ()))
    return frozenset(asked)


def needed_for(method: str, path: str) -> str | None:
    """The scope that a token needs for this request; None when any token will do."""
    if path.startswith("/login"):
        return SIGNING_IN
    if path.startswith(("/oauth/", "/api/whoami-v2")):
        return None
    # Settings hold secrets: to read them takes what it takes to change them.
    if path.startswith("/api/settings/webhooks"):
        return "manage-repos"
    if method in _SAFE or any(part in path for part in _READING_POSTS):
        return "read-repos"
    if "/discussions" in path:
        return "write-discussions"
    if (
        path.startswith(_MANAGING)
        or "/settings" in path
        or "/user-access-request/" in path
        or path.endswith(
            (
                "/doi",
                "/doi/requests",
                "/doi/amendments",
                "/doi/amendments/preview",
                "/doi/reservation",
            )
        )
    ):
        return "manage-repos"
    return "write-repos"
