"""Forms that a page sends: bounded, in UTF-8, and from our own pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request

from ..records import Author
from .access import check_csrf
from .refusal import Refusal

_MAX_BYTES = 512 * 1024
_MAX_FIELDS = 8000
AUTHOR_FIELDS = ("name", "type", "orcid", "affiliation", "ror")

AuthorRow = dict[str, str]
"""One line of the authors' table: every field as text, empty where nothing is written."""


@dataclass(frozen=True, slots=True)
class Form:
    """What was filled in, by field, in the order of the page."""

    fields: Mapping[str, list[str]]

    def get(self, name: str) -> str:
        """The field's last value, or the empty string."""
        return (self.fields.get(name) or [""])[-1]

    def all(self, name: str) -> list[str]:
        return list(self.fields.get(name, ()))


async def read_form(request: Request) -> Form:
    """The form in the body.

    Raises:
        Refusal: the body is no form, or too large.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refusal(415, "This URL takes a form; send it from its page.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BYTES:
            raise Refusal(413, f"The form is larger than {_MAX_BYTES // 1024} KiB; send less.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        raise Refusal(400, "The form cannot be read; send it again from its page.") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return Form(fields)


async def signed_form(request: Request) -> Form:
    """The form in the body, from a page of this session.

    Raises:
        Refusal: as `read_form` does.
        WriteAccessRequired: it is not of this session.
    """
    form = await read_form(request)
    # No other site can make a browser send this header.
    if not request.headers.get("authorization", "").lower().startswith("bearer "):
        check_csrf(request, form.get("csrf"))
    return form


def author_rows(form: Form) -> list[AuthorRow]:
    columns = {field: form.all(f"author_{field}") for field in AUTHOR_FIELDS}
    return [
        {field: values[i].strip() if i < len(values) else "" for field, values in columns.items()}
        for i in range(len(columns["name"]))
    ]


def row_of(author: Author) -> AuthorRow:
    values: dict[str, Any] = author.to_json()
    return {field: values.get(field, "") for field in AUTHOR_FIELDS}
