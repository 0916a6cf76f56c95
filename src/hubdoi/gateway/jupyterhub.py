"""Who asks, as JupyterHub says: its API for the tokens of notebooks, its OAuth for the pages.

A client of three documented URLs. `jupyterhub.services.auth` would bring the whole of JupyterHub
into the gateway, and its pages are those of Tornado.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from time import monotonic
from typing import Any

from ..config import Secret
from ..minting.database import Database
from ..net.http import Http
from ..records.errors import SignInRequired, UnexpectedAnswer
from .open_id import OpenId, names_of
from .sessions import digest
from .settings import Settings

MINT_SCOPE = "custom:hubdoi:mint"
"""The scope of JupyterHub without which a token mints nothing; an administrator gives it to roles."""
LIFETIME = 60.0
"""Seconds for which a token is not checked again, except for a mint."""
_MOST_KNOWN = 1000
_SECONDS = 20.0
"""Seconds for which JupyterHub is waited for."""


@dataclass(frozen=True, slots=True)
class JupyterUser:
    """Somebody at JupyterHub, whether the token that was sent may mint, and the groups that it shows."""

    name: str
    may_mint: bool
    groups: tuple[str, ...] = ()


class JupyterHub:
    """The API at `settings.jupyterhub`."""

    def __init__(self, settings: Settings) -> None:
        self.api = settings.jupyterhub or ""
        self._http = Http(self.api, contact=settings.contact)
        self._known: OrderedDict[str, tuple[float, JupyterUser]] = OrderedDict()
        self._keeping = threading.Lock()

    def user(self, token: Secret, *, fresh: bool = False) -> JupyterUser:
        """Whose token that is; asked again after a minute, and at once with `fresh`.

        Raises:
            SignInRequired: JupyterHub does not know the token, or it is no person's.
            ServiceError: JupyterHub does not answer as it should.
        """
        key = digest(token.reveal())
        with self._keeping:
            known = self._known.get(key)
        if known and not fresh and monotonic() - known[0] < LIFETIME:
            return known[1]
        found = self._ask(token)
        with self._keeping:
            self._known[key] = (monotonic(), found)
            self._known.move_to_end(key)
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return found

    def close(self) -> None:
        self._http.close()

    def version(self) -> str:
        """The version of JupyterHub. Raises ServiceError as `user`."""
        _, data = self._get("/")
        if not isinstance(data, Mapping) or not isinstance(data.get("version"), str):
            raise UnexpectedAnswer(
                f"{self.api} is not the API of JupyterHub; it ends with /hub/api."
            )
        return str(data["version"])

    def _ask(self, token: Secret) -> JupyterUser:
        status, data = self._get("/user", Authorization=Secret(f"Bearer {token.reveal()}"))
        if status in (401, 403):
            raise SignInRequired(
                "JupyterHub does not accept your token; restart your server there, or make a new token."
            )
        name = data.get("name") if isinstance(data, Mapping) else None
        if not isinstance(name, str) or not name or not name.isprintable():
            raise UnexpectedAnswer(f"JupyterHub ({self.api}) did not say whose token that is.")
        if data.get("kind") != "user":
            raise SignInRequired("Send the token of a person of JupyterHub, not that of a service.")
        scopes = data.get("scopes")
        may_mint = isinstance(scopes, list) and MINT_SCOPE in scopes
        return JupyterUser(name, may_mint, names_of(data.get("groups")))

    def _get(self, path: str, **headers: Secret) -> tuple[int, Any]:
        answer = self._http.get(path, until=monotonic() + _SECONDS, **headers)
        return answer.status, answer.json if answer.status < 300 else None


class JupyterSignIn(OpenId):
    """Sign in to the pages with JupyterHub; who may, its scope ``access:services`` says."""

    def __init__(self, settings: Settings, database: Database) -> None:
        super().__init__(settings, database)
        self.scope = ""

    def _endpoint(self, name: str) -> str:
        part = name.removesuffix("_endpoint").replace("authorization", "authorize")
        return f"{self.settings.jupyterhub}/oauth2/{part}"

    def _username(self, tokens: Mapping[str, Any], nonce: str) -> str:
        token = tokens.get("access_token") or Secret("none")
        with closing(JupyterHub(self.settings)) as jupyterhub:
            return jupyterhub.user(token).name
