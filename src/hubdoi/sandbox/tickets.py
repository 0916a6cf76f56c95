"""A URL that signs a person in once, for who has the token already: a notebook opens the pages."""

from __future__ import annotations

from secrets import token_urlsafe
from threading import Lock
from time import monotonic

from fastapi import APIRouter, Request, Response

from .access import begin_session, require_person, world_of
from .page import see_other
from .refusal import Refusal

SECONDS = 300
MOST = 100

router = APIRouter(include_in_schema=False)


class Tickets:
    """The tickets that nobody has used yet; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, float]] = {}
        self._turn = Lock()

    def issue(self, username: str) -> str:
        """A ticket for `username`, good for one use within `SECONDS`."""
        ticket = token_urlsafe(32)
        with self._turn:
            while len(self._open) >= MOST:
                del self._open[next(iter(self._open))]
            self._open[ticket] = (username, monotonic() + SECONDS)
        return ticket

    def take(self, ticket: str) -> str | None:
        """Whose ticket it is; afterwards it is used up."""
        with self._turn:
            username, until = self._open.pop(ticket, ("", 0.0))
        return username if username and monotonic() < until else None


def _tickets(request: Request) -> Tickets:
    state = request.app.state
    if not hasattr(state, "tickets"):
        state.tickets = Tickets()
    tickets: Tickets = state.tickets
    return tickets


@router.post("/login/ticket")
def issue(request: Request) -> dict[str, str]:
    """A URL that signs in whoever sends their token, once."""
    person = require_person(request)
    ticket = _tickets(request).issue(person.username)
    return {"url": f"{world_of(request).endpoint}/login/ticket/{ticket}"}


@router.get("/login/ticket/{ticket}")
def use(request: Request, ticket: str) -> Response:
    username = _tickets(request).take(ticket)
    if username is None:
        raise Refusal(404, "This sign-in link was used or has expired; request a new one.")
    answer = see_other("/")
    begin_session(request, answer, username)
    return answer
