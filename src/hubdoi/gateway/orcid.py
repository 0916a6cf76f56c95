"""Sign in with ORCID: which iDs are known to be somebody's, because they signed in with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..config import Secret
from ..minting.database import Database
from ..records import show_moment
from ..records.author import check_orcid
from ..records.errors import InvalidAuthor, InvalidInput, UnexpectedAnswer
from .open_id import OpenId
from .settings import Settings
from .tables import orcids


class OrcidSignIn(OpenId):
    """ORCID, whose name for a person is the iD.

    Raises:
        InvalidInput: the settings name no application of ORCID.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        super().__init__(settings, database)
        self.scope = "openid"

    def _application(self) -> tuple[str, Secret | None, str]:
        settings = self.settings
        if not settings.orcid_client:
            raise InvalidInput(
                "Sign-in with ORCID is not configured: set HUBDOI_GATEWAY_ORCID_CLIENT to the application that ORCID knows."
            )
        return settings.orcid_client, settings.orcid_secret, settings.orcid_issuer

    def _username(self, tokens: Mapping[str, Any], nonce: str) -> str:
        claims = self._claims(tokens.get("id_token") or Secret(""), nonce)
        try:
            return check_orcid(str(claims.get("sub") or ""))
        except InvalidAuthor:
            raise UnexpectedAnswer("ORCID did not say which iD that is; try again.") from None


class AuthenticatedOrcids:
    """The iDs in `database`, each with who signed in with it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def put(self, username: str, orcid: str) -> None:
        """Keep that `username` signed in with `orcid`; the latest of each counts."""
        with self.database.transaction() as db:
            db.execute(
                orcids.delete().where((orcids.c.username == username) | (orcids.c.orcid == orcid))
            )
            at = show_moment(datetime.now(UTC))
            db.execute(orcids.insert().values(username=username, orcid=orcid, at=at))

    def of(self, username: str) -> str | None:
        """The iD of somebody."""
        with self.database.reading() as db:
            found: str | None = db.scalar(
                sa.select(orcids.c.orcid).where(orcids.c.username == username)
            )
            return found

    def remove(self, username: str) -> None:
        """Forget the iD of somebody."""
        with self.database.transaction() as db:
            db.execute(orcids.delete().where(orcids.c.username == username))

    def among(self, wanted: Iterable[str | None]) -> frozenset[str]:
        """Those of `wanted` that somebody has signed in with."""
        with self.database.reading() as db:
            query = sa.select(orcids.c.orcid).where(orcids.c.orcid.in_([o for o in wanted if o]))
            return frozenset(db.scalars(query))
