"""The bodies of requests, read off the event loop."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import Depends, Request

from .refusal import Refusal

_PART_BYTES = 1024 * 1024


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]
"""The body as it came."""


async def parts(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes, in parts of about a megabyte: each part costs a change of threads."""
    gathered = bytearray()
    async for part in request.stream():
        gathered += part
        if len(gathered) >= _PART_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


async def _json(body: Body) -> dict[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise Refusal(400, "The body is not JSON.") from None
    if not isinstance(parsed, dict):
        raise Refusal(400, "The body is not a JSON object.")
    return parsed


JsonBody = Annotated[dict[str, Any], Depends(_json)]
"""The body as a JSON object; an empty body is an empty one."""


async def _form_or_json(request: Request, body: Body) -> dict[str, Any]:
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        try:
            return dict(parse_qs(body.decode(), keep_blank_values=True, max_num_fields=100_000))
        except ValueError:
            raise Refusal(400, "The form cannot be read.") from None
    return await _json(body)


FormOrJson = Annotated[dict[str, Any], Depends(_form_or_json)]
"""A form, of which every value is a list, or a JSON object."""


def text_of(body: dict[str, Any], key: str, *, at_most: int, default: str | None = None) -> str:
    """The text under `key`.

    Raises:
        Refusal: it is missing without a `default`, no text, or longer than `at_most` characters.
    """
    value = body.get(key, default)
    if not isinstance(value, str):
        raise Refusal(400, f"The body must hold a text under {key!r}.")
    if len(value) > at_most:
        raise Refusal(400, f"The text under {key!r} is longer than {at_most} characters.")
    # A lone half of a surrogate pair is no text that could be kept.
    return value.encode("utf-8", "replace").decode()
