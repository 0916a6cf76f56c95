"""What an institution's gateway hears of a repository from the Hub's webhooks, while somebody waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from ..config import check_endpoint
from ..net.http import Http
from ..records.errors import HubdoiError

_PAUSE = 1.0
"""Seconds between two questions; the gateway itself waits for news before it answers."""


@contextmanager
def heard_of(gateway: str | None, hub: str, uid: str) -> Iterator[threading.Event | None]:
    """An event that is set at each webhook about `uid`; None where no gateway at `gateway` hears of them.

    A gateway that stops answering is asked no more: whoever waits goes on without it.
    """
    http = _listening(gateway, hub) if gateway else None
    if http is None:
        yield None
        return
    heard, ended = threading.Event(), threading.Event()
    arguments = (http, f"/api/gateway/webhooks/{quote(uid, safe='')}", heard, ended)
    threading.Thread(target=_listen, args=arguments, name="hubdoi-webhooks", daemon=True).start()
    try:
        yield heard
    finally:
        ended.set()


def _listening(gateway: str, hub: str) -> Http | None:
    """Connections to the gateway, if it takes webhooks of this Hub."""
    try:
        http = Http(check_endpoint(gateway))
        told = http.get("/api/gateway")
    except HubdoiError:
        return None
    said = told.json if told.status == 200 and isinstance(told.json, dict) else {}
    return http if said.get("webhooks") is True and said.get("hub") == hub else None


def _listen(http: Http, path: str, heard: threading.Event, ended: threading.Event) -> None:
    last: float | None = None
    while not ended.is_set():
        try:
            answer = http.get(path, {"after": last} if last is not None else None)
        except HubdoiError:
            return
        told = answer.json.get("told") if isinstance(answer.json, dict) else None
        if answer.status != 200 or not isinstance(told, int | float):
            return
        if last is not None and told != last:
            heard.set()
        last = float(told)
        ended.wait(_PAUSE)
