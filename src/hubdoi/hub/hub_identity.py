"""By what a Hub is known, however its URL is spelled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..config import is_loopback
from ..records.errors import ServiceError, UnexpectedAnswer

if TYPE_CHECKING:
    from ..net.cache import AnswerCache
    from ..net.http import Http

_IDENTITY = re.compile(r"[a-z]+:[0-9a-f]{32}")


def identity_of(endpoint: str, http: Http, cache: AnswerCache) -> str:
    """The host and port of its URL; on this machine, what ``/api/identity`` says.

    A server on this machine has a different URL at each start, so it may say
    ``{"identity": kind:id}``; one that does not goes by its port, whatever name the machine has.
    """
    if not is_loopback(endpoint):
        return urlsplit(endpoint).netloc
    url = f"{endpoint}/api/identity"
    told: Any
    try:
        told = http.request("GET", "/api/identity").json
        cache.remember(url, {"identity": str(told["identity"])})
    except (UnexpectedAnswer, KeyError, TypeError):
        told = None
    except ServiceError:
        told = cache.recall(url)
    # Nothing that could be the host and port of another Hub.
    if isinstance(told, Mapping) and _IDENTITY.fullmatch(str(told.get("identity"))):
        return str(told["identity"])
    return f"this machine:{urlsplit(endpoint).port}"
