"""How errors travel between a Hub's DOI API and its clients.

The body is ``{"error": sentence, "code": class name, …}``; the headers ``X-Error-Code`` and
``X-Error-Message`` repeat both, as the Hub's own errors do.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from ..records import Terms, Version, errors
from ..records.errors import HubdoiError
from ..records.plain_text import plain_line

_LONGEST = 900
"""Characters of an error's sentence."""
_NAMED = frozenset(
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, HubdoiError)
)


def error_answer(error: HubdoiError) -> tuple[int, dict[str, str], dict[str, Any]]:
    """The status, headers and JSON body that tell a client of `error`."""
    # A class of one module has no meaning elsewhere: clients know the tree of `errors`.
    code = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _NAMED)
    body: dict[str, Any] = {"error": error.message, "code": code}
    if isinstance(error, errors.ConsentError) and error.terms:
        body["terms"] = error.terms.to_json()
    if isinstance(error, errors.AlreadyRegistered) and error.version:
        body["version"] = error.version.to_json()
        body["doi"] = str(error.version.doi)
    if isinstance(error, errors.RepoNotEligible):
        body["reason"] = error.reason
    headers = {"X-Error-Code": code, "X-Error-Message": header_text(error.message)}
    if isinstance(error, errors.ServiceBusy) and error.retry_after:
        headers["Retry-After"] = str(ceil(error.retry_after))
    return error.http_status, headers, body


def error_from_answer(status: int, body: Any, *, fallback: str) -> HubdoiError:
    """The exception that a server's error answer stands for; `fallback` is the sentence without one."""
    data = body if isinstance(body, Mapping) else {}
    said = data.get("error")
    message = plain_line(said)[:_LONGEST] if isinstance(said, str) else None
    code = data.get("code")
    found = getattr(errors, code) if isinstance(code, str) and code in _NAMED else None
    if isinstance(found, type) and issubclass(found, HubdoiError) and message:
        if issubclass(found, errors.ConsentError):
            return found(message, Terms.from_json(data["terms"]) if data.get("terms") else None)
        if issubclass(found, errors.AlreadyRegistered):
            return found(
                message, Version.from_json(data["version"]) if data.get("version") else None
            )
        if issubclass(found, errors.RepoNotEligible):
            reason = data.get("reason")
            return found(message, reason if isinstance(reason, str) else None)
        return found(message)
    by_status: dict[int, type[HubdoiError]] = {
        401: errors.SignInRequired,
        403: errors.WriteAccessRequired,
        404: errors.RepoNotFound,
        429: errors.ServiceBusy,
    }
    kind = by_status.get(status, errors.ServiceFailed if status >= 500 else errors.ServiceRefused)
    return kind(message or fallback)


def header_text(text: str) -> str:
    """`text` as a header may carry it: one line, Latin-1 at most."""
    return " ".join(text.split()).encode("latin-1", "replace").decode("latin-1")[:500]
