"""A process whose children ask a gateway for something, each killed at a given point of that.

It reads a line of JSON with the configuration and what is asked for, then for each child the number
of the point and the model, and prints the status of its end. It has no threads, so that it may fork when everything is loaded.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import event

from hubdoi.config import Secret
from hubdoi.gateway.backend import InstitutionBackend, backend_for
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.net.http import Http
from hubdoi.records import MintRequest, Repo
from hubdoi.records.amendment import AmendRequest


def ask_and_die(institution: Institution, token: str, act: str, at: int, repo: Repo) -> None:
    """Ask, and die of SIGKILL at point `at`: before a statement, a commit, a request to DataCite, or
    the answer; of a mint in PostgreSQL also after each, before it is heard what was done there."""
    seen = 0
    backend = backend_for(institution, Secret(token))
    carry_out = _prepared(backend, act, at, repo)

    def count(*_: object) -> None:
        nonlocal seen
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    send = Http._send

    def sent(self: Http, method: str, url: str, *rest: Any) -> Any:
        if url.startswith(institution.settings.datacite_api):
            count()
        return send(self, method, url, *rest)

    def surrounded(does: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*arguments: Any, **more: Any) -> Any:
            count()
            done = does(*arguments, **more)
            if act == "mint":
                count()
            return done

        return asked

    if institution.database.is_postgres:
        # Who listened to the engine would change the way that statements go.
        psycopg.Cursor.execute = surrounded(psycopg.Cursor.execute)  # type: ignore[method-assign]
        psycopg.Connection.commit = surrounded(psycopg.Connection.commit)  # type: ignore[method-assign]
    else:
        event.listen(institution.database.engine, "before_cursor_execute", count)
        event.listen(institution.database.engine, "commit", count)
    Http._send = sent  # type: ignore[method-assign, assignment]
    carry_out()
    count()


def _prepared(backend: InstitutionBackend, act: str, at: int, repo: Repo) -> Callable[[], object]:
    """What is to be killed, after all that may come before."""
    if act == "mint":
        request = MintRequest(agree=True, terms=backend.registrar.terms.digest)
        return lambda: backend.mint(repo, request, key=str(at))
    if act == "amend":
        asked = AmendRequest(title=f"Title {at}")
        agreed = asked.agreed(backend.preview_amendment(repo, asked).terms)
        return lambda: backend.amend(repo, agreed, key=str(at))
    return lambda: (backend.reserve if act == "reserve" else backend.release)(repo)


def main() -> None:
    """One child after the other, until the input ends."""
    told = json.loads(sys.stdin.readline())
    institution = Institution(Settings.read(told["variables"]))
    # No child has its parent's connections.
    institution.database.close()
    for line in sys.stdin:
        number, name = line.split()
        child = os.fork()
        if child == 0:
            try:
                ask_and_die(
                    institution, told["token"], told["act"], int(number), Repo("model", name)
                )
                os._exit(0)
            finally:
                os._exit(1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
