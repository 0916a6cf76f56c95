"""Who is signed in with a browser: kept here, so that signing out ends it wherever the cookie went."""

from __future__ import annotations

import secrets
import time
from hashlib import sha256

from sqlalchemy import Column, Float, Table, Text, delete, select

from ..minting.database import Database
from .tables import METADATA

SECONDS = 12 * 3600

SESSIONS = Table(
    "hub_sessions",
    METADATA,
    # Of the cookie there is a digest only: who reads the file cannot sign in with it.
    Column("digest", Text, primary_key=True),
    Column("username", Text, nullable=False),
    Column("expires", Float, nullable=False),
)


class Sessions:
    """The sessions of one sandbox; each lasts for SECONDS at most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, username: str) -> str:
        """Sign `username` in; the answer is the value of the cookie."""
        value = secrets.token_urlsafe(32)
        now = time.time()
        row = {"digest": _digest(value), "username": username, "expires": now + SECONDS}
        with self._database.transaction() as db:
            db.execute(delete(SESSIONS).where(SESSIONS.c.expires <= now))
            db.execute(SESSIONS.insert().values(row))
        return value

    def username_of(self, value: str) -> str | None:
        found = select(SESSIONS.c.username).where(
            SESSIONS.c.digest == _digest(value), SESSIONS.c.expires > time.time()
        )
        with self._database.reading() as db:
            username: str | None = db.execute(found).scalar()
        return username

    def end(self, value: str) -> None:
        """Sign out; doing it twice does no harm."""
        with self._database.transaction() as db:
            db.execute(delete(SESSIONS).where(SESSIONS.c.digest == _digest(value)))


def _digest(value: str) -> str:
    return sha256(value.encode("utf-8", "replace")).hexdigest()
