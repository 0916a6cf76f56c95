"""Signed permits: what a client may do for a short time without its token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

_SIGNATURE_BYTES = 32


def permit(key: bytes, purpose: str, *claims: str | int, seconds: int) -> str:
    """A permit for `purpose` that says `claims` for the next `seconds`, safe in a URL."""
    body = json.dumps([purpose, int(time.time()) + seconds, *claims]).encode()
    return base64.urlsafe_b64encode(_sign(key, body) + body).rstrip(b"=").decode()


def claims_of(key: bytes, purpose: str, given: str) -> list[str | int] | None:
    """What a permit says; None when it is for something else, over, or not one of ours."""
    try:
        raw = base64.urlsafe_b64decode(given.encode("ascii") + b"=" * (-len(given) % 4))
    except ValueError:
        return None
    signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(key, body)):
        return None
    said, expiry, *claims = json.loads(body)
    return claims if said == purpose and expiry > time.time() else None


def _sign(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, b"permit:" + body, hashlib.sha256).digest()
