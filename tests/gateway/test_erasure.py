"""A person's data go, the acts stay under a pseudonym, and what is public at DataCite stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from hubdoi.config import Secret
from hubdoi.gateway.administration import policy, user
from hubdoi.gateway.backend import backend_for
from hubdoi.gateway.erasure import erase
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.tables import audit, grants, metadata
from hubdoi.minting.ledger_tables import metadata as ledger_metadata
from hubdoi.records import MintRequest, Repo
from hubdoi.records.errors import InReview, InvalidInput, InvalidMetadata
from hubdoi.sandbox import Sandbox

from .conftest import environment
from .test_corrections import amend, mint
from .test_work import raising

REPO = Repo("model", "ada/tiny-bert")
Open = Callable[..., Institution]


def ask(institution: Institution, sandbox: Sandbox) -> int:
    request = MintRequest(agree=True, terms=institution.registrar.terms.digest)
    with pytest.raises(InReview):
        backend_for(institution, Secret(sandbox.users["ada"])).mint(REPO, request, key="one")
    return institution.reviews.all("waiting")[0].id


def texts(institution: Institution) -> list[str]:
    """Every text in the database that has the name in it as a word of its own."""
    found = []
    with institution.database.reading() as db:
        for table in (*metadata.tables.values(), *ledger_metadata.tables.values()):
            for row in db.execute(sa.select(table)):
                found += [f"{table.name}: {value}" for value in row if isinstance(value, str)]
    return [text for text in found if " ada" in text.replace("ada/", "")]


def test_nothing_but_what_is_public_stays(
    institution_of: Open,
    plain_hub: Sandbox,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    for name, value in environment(plain_hub, database_url).items():
        monkeypatch.setenv(name, value)
    user("set", "Ada", role="member", group="physics")
    institution.sessions.begin("ada")
    institution.rates.check("ada")
    institution.orcids.put("ada", "0000-0002-1825-0097")
    for owner, username in (("person ada", "ada-l"), ("token 1", "ada")):
        with institution.database.transaction() as db:
            db.execute(
                grants.insert().values(owner=owner, username=username, sealed="", granted="")
            )
    refused = ask(institution, plain_hub)
    institution.reviews.refuse(refused, "grace", "Tell ada to name the authors.")
    number = ask(institution, plain_hub)
    with pytest.raises(InvalidInput, match="not finished"):
        erase(institution.database, institution.audit, "ada")
    institution.reviews.approve(number, "grace", check=institution.check_still)
    outcome = institution.work.attempt()
    assert outcome is not None
    doi = outcome.entry.version.doi
    assert texts(institution)

    said = user("erase", "ada", role=None, group=None)
    assert texts(institution) == []
    pseudonym = said.text.rpartition(" ")[2].rstrip(".")
    acts = {(entry["who"], entry["act"]) for entry in institution.audit.entries()}
    assert {(pseudonym, "asked"), ("grace", "approved"), ("operator", "user erased")} <= acts
    assert "Lovelace" not in institution.reviews.get(refused).version.to_json().__repr__()
    version = institution.ledger.version(doi)
    assert version is not None
    assert version.consent is not None
    assert version.consent.by == pseudonym
    assert [author.name for author in version.authors] == ["Lovelace, Ada"]
    with pytest.raises(Exception, match=r"only grows|cannot be used"):  # noqa: SIM117
        with institution.database.transaction() as db:
            db.execute(audit.update().values(who="x"))
    with pytest.raises(InvalidInput, match="no data about ada"):
        user("erase", "ada", role=None, group=None)


def test_values_of_a_correction_that_came_to_nothing_go(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    mint(institution, plain_hub)
    with monkeypatch.context() as patched:
        patched.setattr(institution.registrar, "update", raising(InvalidMetadata("No.")))
        with pytest.raises(InvalidMetadata):
            amend(institution, plain_hub, description="By ada and Unpublished.")
    with pytest.raises(InvalidInput, match="1 corrections that are not finished"):
        erase(institution.database, institution.audit, "ada")
    (parked,) = institution.work.waiting()
    institution.work.give_up(parked.version_id, "grace", "No.")
    assert "Unpublished" in "".join(texts(institution))
    amend(institution, plain_hub, description="By ada and Published.")
    erase(institution.database, institution.audit, "ada")
    found = "".join(texts(institution))
    assert "Unpublished" not in found
    # What was registered stays provable.
    assert "after:   By ada and Published." in found


def test_owners_on_the_hub_stay_in_what_the_log_says_of_policies(
    institution_of: Open, plain_hub: Sandbox, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    for name, value in environment(plain_hub, database_url).items():
        monkeypatch.setenv(name, value)
    policy("set", "physics", owners=["ada"])
    user("set", "Ada", role="member", group="physics")
    user("erase", "ada", role=None, group=None)
    told = {entry["act"]: str(entry["why"]) for entry in institution.audit.entries()}
    assert "physics; owners ada; DOIs" in told["policy set"]
    assert told["user set"].startswith("erased-")
