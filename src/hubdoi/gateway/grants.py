"""Sign in with Hugging Face from a notebook: what a person allowed, kept encrypted until they end it.

The device authorization of OAuth (RFC 8628). The scopes show who somebody is and to which
organisations they may write; none of them lets the gateway write anything.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Literal
from urllib.parse import urlsplit

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ..config import Secret
from ..minting.database import Database
from ..net.http import Http
from ..records import parse_moment, show_moment
from ..records.errors import (
    InvalidInput,
    PolicyRefused,
    SignInRequired,
    UnexpectedAnswer,
)
from .credentials import TOKEN_PREFIX
from .open_id import wrapped
from .sessions import digest
from .settings import Settings
from .tables import grants

SCOPE = "openid profile read-memberships"
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_EARLY = 300.0
"""Seconds before its end at which an access token is changed for a new one."""
_SECONDS = 20.0
"""Seconds for which the Hub is waited for."""
_LONGEST = 1800
"""Seconds for which a sign-in that was begun can be finished."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Somebody who has signed in; `token` is what their notebook sends from now on, if it needs one."""

    username: str
    token: Secret | None


Undecided = Literal["pending", "slow_down"]
"""Ask again later, or less often from now on (RFC 8628, 3.5)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody allowed: its `owner`, their name on the Hub, and since when."""

    owner: str
    username: str
    granted: datetime

    @property
    def name(self) -> str:
        """The name of who has it: that at JupyterHub, where JupyterHub says who somebody is."""
        kind, _, name = self.owner.partition(" ")
        return name if kind == "person" else self.username


class Grants:
    """The grants in `database`, each under its owner: a person of JupyterHub, or a token of the gateway.

    `take_turns` holds others off until the transaction ends: a refresh token counts once, and a
    second use of it would end the grant.

    Raises:
        InvalidInput: the key cannot be used.
    """

    def __init__(
        self, database: Database, settings: Settings, take_turns: Callable[[str], None]
    ) -> None:
        self.database = database
        self.settings = settings
        self._take_turns = take_turns
        self._box = _box(settings.key) if settings.hub_client else None
        self._http = Http(settings.hub, contact=settings.contact)

    @property
    def are_kept(self) -> bool:
        """Whether people can sign in here."""
        return self._box is not None

    def begin(self, owner: str | None) -> dict[str, Any]:
        """Begin a sign-in: what to show (RFC 8628, 3.2), and the ``handle`` to finish it with.

        Raises:
            PolicyRefused: nobody can sign in here.
            ServiceError: the Hub does not answer as it should.
        """
        box = self._opened()
        status, told = self._post("device", scope=SCOPE)
        code = told.get("device_code")
        if status != 200 or code is None:
            raise UnexpectedAnswer(
                f"{self._hub} does not support sign-in with a code; check HUBDOI_GATEWAY_HUB_CLIENT."
            )
        handle = box.encrypt(json.dumps([code.reveal(), owner]).encode()).decode()
        shown = ("user_code", "verification_uri", "verification_uri_complete")
        numbers = {name: told.get(name) for name in ("interval", "expires_in")}
        return {
            **{name: str(told.get(name) or "") for name in shown},
            **{n: v if isinstance(v, int) and v > 0 else 5 for n, v in numbers.items()},
            "handle": handle,
        }

    def finish(
        self, handle: str, owner: str | None, name_of: Callable[[Secret], str]
    ) -> Signed | Undecided:
        """Keep what the person allowed meanwhile; what to do while they have not decided.

        `name_of` asks the Hub whose access token that is.

        Raises:
            SignInRequired: they said no, it took too long, or somebody else began.
            PolicyRefused, ServiceError: as `begin`.
        """
        code = self._code_of(handle, owner)
        if code is None:
            raise SignInRequired("That sign-in took too long, or began elsewhere; sign in again.")
        status, told = self._post("token", grant_type=_DEVICE, device_code=code)
        if told.get("error") == "slow_down":
            return "slow_down"
        if told.get("error") == "authorization_pending":
            return "pending"
        if status != 200 or "access_token" not in told:
            raise SignInRequired("The sign-in was denied, or took too long; sign in again.")
        username = name_of(told["access_token"])
        token = None if owner else Secret(TOKEN_PREFIX + secrets.token_urlsafe(32))
        self._keep(owner or owner_of_token(token), username, told)
        return Signed(username, token)

    def _code_of(self, handle: str, owner: str | None) -> Secret | None:
        """What the Hub gave for the sign-in of a handle that `owner` began not too long ago."""
        box = self._opened()
        try:
            code, began = json.loads(box.decrypt(handle.encode(), ttl=_LONGEST))
        except (InvalidToken, ValueError, TypeError):
            return None
        return Secret(code) if isinstance(code, str) and began == owner else None

    def token(self, owner: str) -> Secret | None:
        """The access token of a grant, a new one where the old one ends; None where there is no grant.

        Raises:
            SignInRequired: the Hub does not know the grant any more, or the key was changed.
            ServiceError: it does not answer.
        """
        found = self._found(owner)
        if found is None or self._lasts(found):
            return _access(found)
        with self.database.transaction():
            self._take_turns(f"grant {owner}")
            found = self._found(owner)
            if found is None or self._lasts(found):
                return _access(found)
            sent = {"refresh_token": found.get("refresh_token") or Secret("")}
            status, told = self._post("token", grant_type="refresh_token", **sent)
            if status == 200 and "access_token" in told:
                self._keep(owner, found["username"], told)
                return _access(told)
        raise self.revoked(owner)

    def revoked(self, owner: str) -> SignInRequired:
        """Forget a grant that the Hub does not accept, and the error that says so."""
        self.forget(owner)
        return SignInRequired(
            f"Your sign-in with {self._hub} was revoked or has expired, and nothing was generated; sign in again with: %doi login"
        )

    def forget(self, owner: str) -> bool:
        """Delete a grant; whether there was one."""
        with self.database.transaction() as db:
            return db.execute(grants.delete().where(grants.c.owner == owner)).rowcount > 0

    def all(self) -> tuple[Grant, ...]:
        """Everybody's, by name; what was allowed stays sealed."""
        with self.database.reading() as db:
            rows = db.execute(sa.select(grants.c.owner, grants.c.username, grants.c.granted)).all()
        found = (Grant(row.owner, row.username, parse_moment(row.granted)) for row in rows)
        return tuple(sorted(found, key=lambda one: (one.name.lower(), one.granted)))

    def of(self, name: str) -> tuple[Grant, ...]:
        """Those of somebody who signed in to the pages as `name`."""
        # Where the institution's own provider names people, a name on the Hub may be another's.
        on_hub = self.settings.jupyterhub is None and self.settings.oidc_issuer is None
        owner = owner_of_person(name)
        return tuple(
            one for one in self.all() if one.owner == owner or (on_hub and one.username == name)
        )

    def _opened(self) -> MultiFernet:
        if self._box is None:
            raise PolicyRefused(
                f"{self.settings.institution} keeps no sign-ins; set HF_TOKEN to a token of {self._hub} instead."
            )
        return self._box

    @property
    def _hub(self) -> str:
        return urlsplit(self.settings.hub).netloc

    def _keep(self, owner: str, username: str, told: Mapping[str, Any]) -> None:
        seconds = told.get("expires_in")
        kept = {
            "access_token": told["access_token"],
            "refresh_token": told.get("refresh_token"),
            "expires": time.time() + (seconds if isinstance(seconds, int) else 3600),
        }
        values = {
            "username": username,
            "sealed": self._opened()
            .encrypt(json.dumps(kept, default=Secret.reveal).encode())
            .decode(),
            "granted": show_moment(datetime.now(UTC)),
        }
        with self.database.transaction() as db:
            db.execute(
                self.database.insert(grants)
                .values(owner=owner, **values)
                .on_conflict_do_update(index_elements=["owner"], set_=values)
            )

    def _found(self, owner: str) -> dict[str, Any] | None:
        if self._box is None:
            return None
        with self.database.reading() as db:
            row = db.execute(sa.select(grants).where(grants.c.owner == owner)).first()
        if row is None:
            return None
        try:
            kept = wrapped(json.loads(self._box.decrypt(row.sealed.encode())))
        except InvalidToken:
            raise self.revoked(owner) from None
        return {**kept, "username": row.username}

    def _lasts(self, found: Mapping[str, Any]) -> bool:
        return bool(found["expires"] - _EARLY > time.time())

    def _post(self, part: str, **form: str | Secret) -> tuple[int, Mapping[str, Any]]:
        form["client_id"] = self.settings.hub_client or ""
        if self.settings.hub_client_secret:
            form["client_secret"] = self.settings.hub_client_secret
        until = monotonic() + _SECONDS
        answer = self._http.request("POST", f"/oauth/{part}", form=form, until=until)
        return answer.status, wrapped(answer.json) if isinstance(answer.json, dict) else {}


def _access(tokens: Mapping[str, Any] | None) -> Secret | None:
    token: Secret | None = tokens["access_token"] if tokens else None
    return token


def forget_person(database: Database, name: str) -> None:
    """Delete the grants of somebody, by the name at JupyterHub or on the Hub."""
    with database.transaction() as db:
        db.execute(
            grants.delete().where(
                (grants.c.owner == owner_of_person(name)) | (grants.c.username == name)
            )
        )


def owner_of_person(name: str) -> str:
    """The owner of a grant that belongs to somebody of JupyterHub."""
    return f"person {name}"


def owner_of_token(token: Secret | None) -> str:
    """The owner of a grant that belongs to who holds a token of the gateway."""
    assert token is not None
    return f"token {digest(token.reveal())}"


def _box(key: Secret | None) -> MultiFernet:
    try:
        return MultiFernet([Fernet(one.strip()) for one in (key or Secret("")).reveal().split(",")])
    except ValueError:
        raise InvalidInput(
            "With HUBDOI_GATEWAY_HUB_CLIENT, set HUBDOI_GATEWAY_KEY (or HUBDOI_GATEWAY_KEY_FILE) to 32 random bytes: openssl rand -base64 32 | tr '+/' '-_'"
        ) from None
