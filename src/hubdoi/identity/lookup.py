"""Names looked up while somebody writes them: few requests, short waits, nothing twice."""

from __future__ import annotations

from collections import OrderedDict, deque
from threading import Lock
from time import monotonic
from typing import Any

from ..config import ORCID_API, ROR_API, Config, is_loopback
from ..net.http import Http
from ..records.errors import ServiceBusy, ServiceRefused
from . import orcid, ror
from .match import Match

KINDS = ("orcid", "ror")
SHORTEST, LONGEST = 3, 200
"""Characters that a text must and may have to be looked up."""
MOST = 8
"""Matches of one answer."""
SECONDS = 5.0
"""For one answer; a list that comes later is of no use to who is writing."""
RATES = {"orcid": (60, 60.0), "ror": (45, 300.0)}
"""Requests in seconds, within what the services allow: ORCID 12 a second, ROR 50 in 5 minutes."""
_KEPT = 500

_answers: OrderedDict[tuple[str, str], tuple[Match, ...]] = OrderedDict()
_sent: dict[str, deque[float]] = {}
_lock = Lock()


class LookUp:
    """The look-ups of one client. Answers, and how many were asked for, are shared in the process.

    A Hub on this machine plays both services, so that nothing leaves the machine while it is used.
    """

    def __init__(self, config: Config) -> None:
        self.is_on = config.lookup
        here = is_loopback(config.endpoint)
        urls = {
            "orcid": config.orcid_api or (f"{config.endpoint}/orcid" if here else ORCID_API),
            "ror": config.ror_api or (f"{config.endpoint}/ror" if here else ROR_API),
        }
        self._http = {kind: Http(url, contact=config.contact) for kind, url in urls.items()}

    def find(self, kind: str, text: str) -> tuple[Match, ...]:
        """The people (``orcid``) or organisations (``ror``) that `text` may mean; few, best first.

        Raises:
            ServiceError: the service did not answer in time, or was asked too often.
        """
        text = " ".join(text.split())[:LONGEST]
        if not self.is_on or kind not in KINDS or len(text) < SHORTEST:
            return ()
        http = self._http[kind]
        key = (http.base, text.lower())
        with _lock:
            if key in _answers:
                _answers.move_to_end(key)
                return _answers[key]
            _count(kind, http.base)
        found = self._ask(http, kind, text)[:MOST]
        with _lock:
            _answers[key] = found
            while len(_answers) > _KEPT:
                _answers.popitem(last=False)
        return found

    def _ask(self, http: Http, kind: str, text: str) -> tuple[Match, ...]:
        path, params = (
            (orcid.PATH, orcid.query(text, MOST))
            if kind == "orcid"
            else (ror.PATH, ror.query(text))
        )
        answer: Any = http.request("GET", path, params=params, until=monotonic() + SECONDS)
        if answer.status >= 400:
            raise ServiceRefused(f"{http.base} refused the look-up (HTTP {answer.status}).")
        return orcid.matches(answer.json) if kind == "orcid" else ror.matches(answer.json)


def _count(kind: str, base: str) -> None:
    """Note one request.

    Raises:
        ServiceBusy: there were as many as the service allows; it is not asked.
    """
    most, seconds = RATES[kind]
    sent = _sent.setdefault(base, deque())
    while sent and sent[0] < monotonic() - seconds:
        sent.popleft()
    if len(sent) >= most:
        raise ServiceBusy("Too many look-ups; wait a little, or write the iD yourself.")
    sent.append(monotonic())
