"""What needs a curator, told by mail or to a URL; a notice is in the database until it was sent.

A notice names a DOI or a repository and a page of the gateway, and nobody. Those that are due are
sent together, so that a hundred requests are one mail.
"""

from __future__ import annotations

import hmac
import json
import logging
import smtplib
import time
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from time import monotonic
from typing import Any, Literal
from urllib.parse import urlsplit

import sqlalchemy as sa

from ..config import is_loopback
from ..minting.database import Database
from ..net.connections import FAILURES, Connections
from ..net.http import user_agent
from ..records.errors import HubdoiError, InvalidInput, LedgerError, ServiceFailed
from .backoff import pause_after
from .database import now_in
from .mail_server import connected
from .settings import Settings
from .tables import notices

_log = logging.getLogger(__name__)

Kind = Literal["request", "parked", "refused", "hub-doi"]
LEASE = 300.0
"""Seconds after which another process sends, because the one that began has died."""
PAUSE = 60.0
MOST = 200
"""Notices in one mail."""
MOST_ATTEMPTS = 60
SECONDS = 30.0
"""For the whole answer of who is told at a URL, and for all that is said with a mail server."""
_SENTENCES = {
    "request": "A request for the DOI {subject} waits for your decision",
    "parked": "DataCite refused what was asked for the DOI {subject}, and it needs a person",
    "refused": "The DOI {subject} waits, because the gateway's own access is refused; hubdoi gateway doctor says what is wrong",
    "hub-doi": "The Hub itself has registered a DOI for {subject}",
}
_PAGES = {
    "request": "/gateway/requests/{number}",
    "parked": "/gateway/work",
    "refused": "/gateway/work",
    "hub-doi": "/gateway/dois?q={subject}",
}


class Notices:
    """The notices of one gateway, over the channels that `settings` name.

    Raises:
        InvalidInput: a channel cannot be used.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self._channels: dict[str, Callable[[Sequence[dict[str, Any]]], None]] = {}
        if settings.smtp:
            _check_smtp(settings)
            self._channels["mail"] = self._mail
        if settings.notify:
            _check_notify(settings.notify.reveal())
            self._channels["webhook"] = self._post

    def add(self, kind: Kind, subject: str, number: int | None = None) -> None:
        """Have curators told; with the transaction around it."""
        if not self._channels:
            return
        with self.database.transaction() as db:
            rows = [
                {"channel": channel, "kind": kind, "subject": subject, "number": number}
                for channel in self._channels
            ]
            db.execute(notices.insert().values(due=now_in(db), attempts=0), rows)

    def attempt(self, url: str) -> bool:
        """Send what is due over one channel, with links to the gateway at `url`; False where nothing is.

        Raises:
            LedgerError: the database cannot be used.
        """
        rows = self._claimed()
        if not rows:
            return False
        told = [
            {
                "kind": row.kind,
                "subject": row.subject,
                "sentence": _SENTENCES[row.kind].format(subject=row.subject) + ".",
                "url": url + _PAGES[row.kind].format(number=row.number, subject=row.subject),
            }
            for row in rows
        ]
        try:
            self._channels[rows[0].channel](told)
        except LedgerError:
            raise
        except (OSError, smtplib.SMTPException, *FAILURES, HubdoiError) as error:
            # The name alone: what a mail server says may repeat a password or an e-mail address.
            _log.warning("could not send %d notices: %s", len(rows), type(error).__name__)
            self._delay(rows)
            return True
        with self.database.transaction() as db:
            db.execute(notices.delete().where(notices.c.id.in_([row.id for row in rows])))
        return True

    def _claimed(self) -> list[Any]:
        with self.database.transaction() as db:
            now = now_in(db)
            query = (
                sa.select(notices)
                .where(notices.c.due <= now, notices.c.channel.in_(self._channels))
                .order_by(notices.c.channel, notices.c.id)
                .limit(MOST)
                .with_for_update(skip_locked=True)
            )
            rows = list(db.execute(query))
            rows = [row for row in rows if row.channel == rows[0].channel]
            if rows:
                ids = [row.id for row in rows]
                db.execute(
                    notices.update()
                    .where(notices.c.id.in_(ids))
                    .values(due=now + LEASE, attempts=notices.c.attempts + 1)
                )
            return rows

    def _delay(self, rows: Sequence[Any]) -> None:
        with self.database.transaction() as db:
            now = now_in(db)
            for row in rows:
                mine = notices.c.id == row.id
                if row.attempts + 1 >= MOST_ATTEMPTS:
                    db.execute(notices.delete().where(mine))
                    continue
                pause = pause_after(row.attempts, PAUSE)
                db.execute(notices.update().where(mine).values(due=now + pause))

    def _mail(self, told: Sequence[dict[str, Any]]) -> None:
        settings = self.settings
        assert settings.smtp
        message = EmailMessage()
        message["Subject"] = f"DOIs of {_one_line(settings.institution)}: {_summary(told)}"
        message["From"] = settings.mail_from or settings.contact
        message["To"] = ", ".join(settings.mail_to)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join(f"{one['sentence']}\n{one['url']}" for one in told) + "\n")
        with connected(urlsplit(settings.smtp.reveal()), SECONDS) as smtp:
            smtp.send_message(message)

    def _post(self, told: Sequence[dict[str, Any]]) -> None:
        settings = self.settings
        assert settings.notify
        # Chat services show `text`; programs read `notices`.
        text = "\n".join(f"{one['sentence']} {one['url']}" for one in told)
        body = json.dumps({"text": text, "notices": told}, ensure_ascii=False).encode()
        url = settings.notify.reveal()
        headers = {"Content-Type": "application/json", "User-Agent": user_agent(settings.contact)}
        if settings.notify_secret:
            moment = str(int(time.time()))
            key = settings.notify_secret.reveal().encode()
            signature = hmac.digest(key, moment.encode() + b"." + body, "sha256").hex()
            headers |= {
                "X-Hubdoi-Timestamp": moment,
                "X-Hubdoi-Signature": f"sha256={signature}",
            }
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        connections = Connections(trust_env=not is_loopback(url))
        try:
            # The body of the answer is not read: a receiver could make it as long as it likes.
            with connections.send("POST", url, sent, body, monotonic() + SECONDS) as answer:
                status = answer.status
        finally:
            connections.close()
        if not 200 <= status < 300:
            raise ServiceFailed(f"The receiver of notices answered with {status}.")


def _summary(told: Sequence[dict[str, Any]]) -> str:
    words = {
        "request": "waiting for a decision",
        "parked": "failed",
        "refused": "refused access",
        "hub-doi": "made on the Hub",
    }
    counts = {kind: sum(one["kind"] == kind for one in told) for kind in words}
    return ", ".join(f"{count} {words[kind]}" for kind, count in counts.items() if count)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _check_smtp(settings: Settings) -> None:
    assert settings.smtp
    try:
        parts = urlsplit(settings.smtp.reveal())
        good = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and not parts.path
        _ = parts.port
    except ValueError:
        good = False
    if not good:
        raise InvalidInput(
            "HUBDOI_GATEWAY_SMTP is written like smtp://user:password@mail.example.org:587 or smtps://…"
        )
    if not settings.mail_to or not (settings.mail_from or settings.contact):
        raise InvalidInput(
            "To send mail, set HUBDOI_GATEWAY_MAIL_TO, and HUBDOI_GATEWAY_MAIL_FROM or HUBDOI_CONTACT."
        )
    for one in (*settings.mail_to, settings.mail_from or settings.contact or ""):
        if one.count("@") != 1 or not one.isprintable() or any(part in one for part in " ,;<>"):
            raise InvalidInput(f"{one[:80]!r} is not an e-mail address; one is ada@example.org.")


def _check_notify(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = bool(parts.hostname) and url.isprintable() and "@" not in parts.netloc
        _ = parts.port
    except ValueError:
        good = False
    if not good or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))):
        raise InvalidInput("HUBDOI_GATEWAY_NOTIFY is a URL that begins with https://.")
