"""Where a session is talking to, as whom, and what it can do there."""

from __future__ import annotations

from dataclasses import dataclass

from .displayed import Displayed
from .repo_info import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Displayed):
    """A Hub, a registrar and a person.

    `kind` is ``sandbox``, ``huggingface.co``, ``gateway`` or ``hub``; `registrar` says in words what registers a
    DOI there; `person` is None when nobody is signed in; `help` is the short help under it.
    """

    endpoint: str
    kind: str
    registrar: str
    person: Person | None = None
    can_mint: bool = False
    note: str | None = None
    help: str | None = None
