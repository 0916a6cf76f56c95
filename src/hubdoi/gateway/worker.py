"""What a gateway does without being asked: registrations, corrections, looks at repositories, notices."""

from __future__ import annotations

import threading

from .institution import Institution
from .reconcile import reconcile_repository


def run(institution: Institution, stop: threading.Event, *, until_idle: bool = False) -> None:
    """Do what is due until `stop` is set, beginning with what nobody works on."""
    institution.work.adopt()
    beside = (
        institution.drafts.attempt,
        lambda: look(institution),
        lambda: institution.notices.attempt(institution.url),
    )
    institution.work.run(stop, until_idle=until_idle, beside=beside)


def look(institution: Institution) -> bool:
    """Look at a repository that a webhook told of; False where none is due. Raises as `Watch.attempt`."""
    return institution.watch.attempt(
        lambda uid, told, dois: reconcile_repository(institution, uid, told, dois)
    )
