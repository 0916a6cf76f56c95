"""Sends what webhooks are to be told, and tries again when the receiver does not answer."""

from __future__ import annotations

import ipaddress
import threading
import time
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from sqlalchemy import func, select, update

from ..minting.database import Database
from ..net.connections import FAILURES, Connections
from ..records.errors import HubdoiError
from .webhook_tables import DELIVERIES, WEBHOOKS

PAUSES = (0.5, 2.0, 10.0, 60.0, 300.0)
"""The seconds between one try and the next; after the last one the delivery is given up."""

DEADLINE = 10.0
"""The seconds that a receiver has for the whole of its answer."""
_AT_ONCE = 8
_STOP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Delivery:
    id: int
    webhook: str
    due: float
    tries: int
    payload: str
    url: str
    secret: str | None


class Sender:
    """Delivers on threads of its own, the first of which starts when there is something to deliver.

    What one webhook is told comes one after the other; up to eight are told at once, so that a
    receiver that hangs holds up nobody else.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        # Held while a thread uses the database: once the sender has stopped, none ever does again.
        self._using = threading.Lock()
        # The webhooks that are being told something.
        self._busy: set[str] = set()
        self._waking = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def resume(self) -> None:
        """Take up what an earlier process left."""
        with self._database.reading() as connection:
            if connection.execute(select(func.min(DELIVERIES.c.due))).scalar() is not None:
                self.wake()

    def wake(self) -> None:
        """There is something to deliver, once the transaction that this is called in has ended."""
        with self._lock:
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(
                    target=self._run, name="hubdoi-webhooks", daemon=True
                )
                self._thread.start()
        self._waking.set()

    def stop(self) -> None:
        """End the thread; what is not delivered yet stays for the next process.

        A receiver that keeps the thread waiting is not waited for: its answer will not be noted.
        """
        with self._using, self._lock:
            self._stopping = True
            thread = self._thread
        self._waking.set()
        if thread is not None:
            thread.join(timeout=_STOP_SECONDS)

    def _run(self) -> None:
        while True:
            self._waking.clear()
            try:
                with self._using:
                    if self._stopping:
                        return
                    delivery, due = self._next()
                    if delivery is not None:
                        self._busy.add(delivery.webhook)
                if delivery is not None:
                    threading.Thread(target=self._deliver, args=(delivery,), daemon=True).start()
                    continue
            except HubdoiError:
                # The database cannot be used now; it is looked at again below.
                due = time.time() + 1
            self._waking.wait(None if due is None else max(0.01, due - time.time()))

    def _next(self) -> tuple[_Delivery | None, float | None]:
        """What is to be delivered now, and when something is to be."""
        if len(self._busy) == _AT_ONCE:
            return None, None
        # A transaction, not a reading: it waits for the one that woke us to end.
        with self._database.transaction() as connection:
            row = connection.execute(
                select(DELIVERIES, WEBHOOKS.c.url, WEBHOOKS.c.secret)
                .join(WEBHOOKS, WEBHOOKS.c.id == DELIVERIES.c.webhook)
                .where(DELIVERIES.c.due.is_not(None), WEBHOOKS.c.id.not_in(self._busy))
                .order_by(DELIVERIES.c.due, DELIVERIES.c.id)
                .limit(1)
            ).first()
        if row is None or row.due > time.time():
            return None, None if row is None else row.due
        return _Delivery(
            row.id, row.webhook, row.due, row.tries, row.payload, row.url, row.secret
        ), row.due

    def _deliver(self, delivery: _Delivery) -> None:
        final, status, problem = _send(delivery)
        again = None
        if not final and delivery.tries < len(PAUSES):
            again = time.time() + PAUSES[delivery.tries]
        try:
            with self._using:
                if self._stopping:
                    return
                with self._database.transaction() as connection:
                    # Not what was switched off or is to be replayed by now.
                    connection.execute(
                        update(DELIVERIES)
                        .where(DELIVERIES.c.id == delivery.id, DELIVERIES.c.due == delivery.due)
                        .values(tries=delivery.tries + 1, due=again, status=status, problem=problem)
                    )
        except HubdoiError:
            # The database cannot be used now: what cannot be noted is delivered once more.
            time.sleep(1)
        finally:
            with self._using:
                self._busy.discard(delivery.webhook)
            self._waking.set()


def _send(delivery: _Delivery) -> tuple[bool, int | None, str | None]:
    """Whether that was the last try, the status of the answer, and what went wrong."""
    if not is_loopback(delivery.url):
        return True, None, "The sandbox delivers to loopback addresses only."
    # No proxy and no redirect: nothing leaves this machine.
    connections = Connections(trust_env=False)
    headers = [(b"Content-Type", b"application/json")]
    if delivery.secret is not None:
        headers.append((b"X-Webhook-Secret", delivery.secret.encode()))
    try:
        content = delivery.payload.encode()
        # The body of the answer is not read: a receiver could make it as long as it likes.
        with connections.send(
            "POST", delivery.url, headers, content, monotonic() + DEADLINE
        ) as answer:
            status = answer.status
    except (*FAILURES, HubdoiError) as error:
        return False, None, f"The receiver did not answer ({type(error).__name__})."
    finally:
        connections.close()
    if 200 <= status < 300:
        return True, status, None
    return False, status, f"The receiver answered with status {status}."


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine, and nothing but this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
