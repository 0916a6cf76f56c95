"""What must be true after every fault, however it went."""

from __future__ import annotations

import re

import sqlalchemy as sa

from hubdoi.client import Client
from hubdoi.records import Repo, Version
from hubdoi.records.errors import AlreadyRegistered, HubdoiError
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.registrar_tables import records
from hubdoi.sandbox.world import World

__all__ = ["assert_sentence", "registered", "settled"]

REPO = Repo("model", "ada/tiny-bert")


def assert_sentence(error: BaseException, *secrets: str) -> None:
    """The error is one sentence for a person, without a secret in it or in what it came from."""
    assert isinstance(error, HubdoiError), error
    message = error.message
    assert message and "\n" not in message and "Traceback" not in message
    assert not re.search(r"[.!?]\s+[A-Z][a-z]+ ", message), message
    assert len(message) < 500
    link: BaseException | None = error
    while link is not None:
        for secret in secrets:
            assert secret not in f"{link!r} {link} {link.args} {vars(link)}"
        link = link.__cause__ or link.__context__


def registered(world: World) -> tuple[Version, ...]:
    """The versions of the model, on which the ledger and the register agree."""
    found = world.service.status(REPO, None).versions
    with world.reading() as db:
        known = set(db.scalars(sa.select(records.c.doi).where(records.c.state == "findable")))
    assert {str(version.doi) for version in found} == known
    assert len(known) == len(found)
    assert world.ledger.unfinished() == ()
    for version in found:
        assert world.service.version(version.doi).revision == version.revision
    return found


def settled(sandbox: Sandbox, client: Client) -> Version:
    """Mint again as a person would, through a healthy connection: there is exactly one DOI."""
    try:
        version = client.mint("ada/tiny-bert", agree=client.terms("ada/tiny-bert"))
    except AlreadyRegistered as error:
        assert error.version is not None
        version = error.version
    (only,) = registered(sandbox.world)
    assert only.doi == version.doi
    assert client.status("ada/tiny-bert").versions[0].doi == version.doi
    return version
