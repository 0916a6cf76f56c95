"""What comes in requests to a Hub's DOI API, for every server that speaks it."""

from __future__ import annotations

import json
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Path

from ..records import Repo
from ..records.errors import InvalidInput, InvalidRepo, RepoNotFound

_TYPES = {"models": "model", "datasets": "dataset", "spaces": "space"}

MAX_KEY = 255
Key = Annotated[
    str | None,
    Header(
        description="the same key with the same body always has the same answer",
        json_schema_extra={"minLength": 1, "maxLength": MAX_KEY},
    ),
]


class BadBody(InvalidInput):
    """A body that is not a JSON object."""

    http_status = 400


class BadKey(InvalidInput):
    """An Idempotency-Key that cannot be one."""

    http_status = 400


async def _repo_of_path(
    kind: Annotated[
        str, Path(description="models or datasets", json_schema_extra={"enum": list(_TYPES)})
    ],
    namespace: Annotated[str, Path(description="the user or organisation")],
    name: Annotated[str, Path(description="the name of the repository")],
) -> Repo:
    if kind not in _TYPES:
        raise RepoNotFound("Only models and datasets have DOIs here.")
    try:
        return Repo(cast(Any, _TYPES[kind]), f"{namespace}/{name}")
    except InvalidRepo as error:
        raise RepoNotFound(error.message) from error


PathRepo = Annotated[Repo, Depends(_repo_of_path)]
"""The repository of an API path; RepoNotFound where there can be none."""


def check_key(key: str | None) -> None:
    """Raise BadKey for what cannot be an Idempotency-Key."""
    if key is not None and not (key.strip() and key.isprintable() and len(key) <= MAX_KEY):
        raise BadKey(f"An Idempotency-Key is 1 to {MAX_KEY} printable characters.")


def json_object(sent: bytes) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        BadBody: it is none, or has a key twice.
    """
    try:
        body = json.loads(sent, object_pairs_hook=_once, parse_constant=_no_constant)
    except BadBody:
        raise
    except (ValueError, RecursionError):
        raise BadBody(
            'The body is not JSON; send an object such as {"agree": true, "terms": "…"}.'
        ) from None
    if not isinstance(body, dict):
        raise BadBody(
            'The body is not a JSON object; send one such as {"agree": true, "terms": "…"}.'
        )
    return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; one that says the same thing twice says nothing that anybody can rely on."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadBody("The body has the same key twice; give each key once.")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)
