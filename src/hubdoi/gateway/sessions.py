"""Who is signed in to the pages of a gateway: sessions in the database, so that every process knows them."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa

from ..minting.database import Database
from ..records.errors import PolicyRefused
from .tables import sessions

SESSION_SECONDS = 8 * 3600


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session: whose it is, and the token that its forms send along."""

    username: str
    csrf: str

    def check(self, sent: str) -> None:
        """Let forms pass that a page of this session made.

        Raises:
            PolicyRefused: it is another one's.
        """
        if not hmac.compare_digest(sent.encode(), self.csrf.encode()):
            raise PolicyRefused("This form belongs to another session; reload its page.")


class Sessions:
    """The sessions in `database`. What the browser holds is nowhere in it, only its digest."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def begin(self, username: str) -> str:
        """Sign somebody in: what the browser keeps."""
        key = secrets.token_urlsafe(32)
        with self.database.transaction() as db:
            db.execute(sessions.delete().where(sessions.c.expires < time.time()))
            db.execute(
                sessions.insert().values(
                    digest=digest(key),
                    username=username,
                    csrf=secrets.token_urlsafe(32),
                    expires=time.time() + SESSION_SECONDS,
                )
            )
        return key

    def get(self, key: str | None) -> SignedIn | None:
        """The session of a browser that sends `key`, or None."""
        if not key:
            return None
        with self.database.reading() as db:
            row = db.execute(
                sa.select(sessions.c.username, sessions.c.csrf).where(
                    sessions.c.digest == digest(key), sessions.c.expires > time.time()
                )
            ).first()
        return SignedIn(row.username, row.csrf) if row else None

    def end(self, key: str | None) -> None:
        with self.database.transaction() as db:
            db.execute(sessions.delete().where(sessions.c.digest == digest(key or "")))

    def end_all(self, username: str) -> None:
        """Sign somebody out everywhere."""
        with self.database.transaction() as db:
            db.execute(sessions.delete().where(sessions.c.username == username))


def digest(key: str) -> str:
    return sha256(key.encode("utf-8", "replace")).hexdigest()
