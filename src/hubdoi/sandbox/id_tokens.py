"""The ID tokens of OpenID Connect, signed with a key that the data directory keeps."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Lock
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from ..records.errors import SandboxError
from .data_directory import write_secret

_SECONDS = 3600


class IdTokens:
    """Signs with the key in `path`, which is made at the first use, with mode 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._key: RSAKey | None = None

    def sign(self, issuer: str, audience: str, claims: dict[str, Any]) -> str:
        """An ID token of `issuer` for the application `audience`, good for an hour."""
        key = self._signing_key()
        now = int(time.time())
        return jwt.encode(
            {"alg": "RS256", "kid": key.thumbprint()},
            {**claims, "iss": issuer, "aud": audience, "iat": now, "exp": now + _SECONDS},
            key,
        )

    def public_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set that the tokens are verified with."""
        key = self._signing_key()
        public = RSAKey.import_key(
            key.as_dict(private=False), {"use": "sig", "alg": "RS256", "kid": key.thumbprint()}
        )
        return dict(KeySet([public]).as_dict(private=False))

    def _signing_key(self) -> RSAKey:
        with self._lock:
            if self._key is None:
                self._key = self._read() or self._make()
            return self._key

    def _read(self) -> RSAKey | None:
        try:
            return RSAKey.import_key(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise SandboxError(
                f"{self._path} does not hold a key; move it away and a new one will be made."
            ) from None

    def _make(self) -> RSAKey:
        key = RSAKey.generate_key(2048)
        write_secret(self._path, key.as_pem(private=True))
        return key
