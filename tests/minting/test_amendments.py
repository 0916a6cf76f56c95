"""Corrections of a registered record: the values change, the DOI never does (R11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubdoi.client import Client
from hubdoi.minting.amendments import Amendments
from hubdoi.minting.database import Database
from hubdoi.minting.ledger import Ledger
from hubdoi.minting.service import DoiService
from hubdoi.records import Author, Doi, MintRequest, Person, Repo, Terms, Version
from hubdoi.records.amendment import AmendRequest
from hubdoi.records.errors import (
    ConsentRequired,
    DoiNotFound,
    HandOff,
    InvalidDoi,
    InvalidMetadata,
    ServiceUnreachable,
    SignInRequired,
    TermsChanged,
    WriteAccessRequired,
)
from hubdoi.records.rights import access_of
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.registrar import LocalRegistrar
from hubdoi.sandbox.world import World

BERT = Repo("model", "ada/tiny-bert")
NOTES = Repo("dataset", "ada/notes")


class Faulty(LocalRegistrar):
    """The sandbox's register as one over a network, of which requests fail on demand."""

    shares_ledger = False
    fails: Exception | None = None

    def register(self, version: Version) -> None:
        if self.fails is not None:
            raise self.fails
        super().register(version)

    def update(self, version: Version) -> None:
        if self.fails is not None:
            raise self.fails
        super().update(version)


@pytest.fixture
def world(planted: Callable[[str | None], Path]) -> Iterator[World]:
    clock = "2026-11-23T09:00:00Z"
    with World(planted(clock), clock=clock) as opened:
        opened.endpoint = "http://127.0.0.1:1"
        yield opened


def person(world: World, name: str = "ada") -> Person:
    found = world.store.people.person(name)
    assert found is not None
    return found


def mint(service: DoiService, world: World, repo: Repo = BERT, **more: Any) -> Version:
    request = MintRequest(agree=True, terms=service.registrar.terms.digest, **more)
    return service.mint(repo, person(world), request)


def agreed(service: DoiService, who: Person, request: AmendRequest, repo: Repo = BERT) -> Version:
    preview = service.preview_amendment(repo, who, request)
    return service.amend(repo, who, request.agreed(preview.terms))


def test_r11_a_correction_changes_the_values_and_never_the_doi(world: World) -> None:
    ada, service = person(world), world.service
    minted = mint(service, world)
    request = AmendRequest(
        title="Tiny BERT (Revision 0000000)",
        authors=(Author.parse("Lovelace, Ada <0000-0002-1825-0097>"),),
        description="A small model.",
    )
    amended = agreed(service, ada, request)
    assert (amended.doi, amended.repo, amended.revision) == (
        minted.doi,
        minted.repo,
        minted.revision,
    )
    assert amended.title == f"Tiny BERT (Revision {minted.short_revision})"
    assert amended.authors[0].orcid == "0000-0002-1825-0097"
    assert amended.description == "A small model."
    assert amended.amended is not None and amended.created == minted.created
    # Whoever reads the record sees it: the DOI API, DataCite's and its search.
    assert minted.doi is not None
    assert service.version(minted.doi).title == amended.title
    record = world.datacite.get(minted.doi)
    assert record is not None and record.attributes["titles"][0]["title"] == amended.title
    assert record.updated > record.created


def test_r03_a_correction_needs_consent_to_exactly_its_values(world: World) -> None:
    ada, service = person(world), world.service
    mint(service, world)
    request = AmendRequest(title="Tiny BERT")
    with pytest.raises(ConsentRequired) as required:
        service.amend(BERT, ada, request)
    assert required.value.terms is not None
    assert "Tiny BERT" in required.value.terms.text
    shown = service.preview_amendment(BERT, ada, request).terms
    assert shown == required.value.terms
    with pytest.raises(TermsChanged):
        service.amend(BERT, ada, AmendRequest(title="Huge BERT").agreed(shown))
    with pytest.raises(TermsChanged):
        service.amend(BERT, ada, request.agreed(service.registrar.terms))
    # A consent is used up: the same one does not undo what was corrected since.
    service.amend(BERT, ada, request.agreed(shown))
    agreed(service, ada, AmendRequest(title="Huge BERT"))
    with pytest.raises(TermsChanged):
        service.amend(BERT, ada, request.agreed(shown))


def test_r02_only_who_can_write_corrects(world: World) -> None:
    service = world.service
    mint(service, world)
    request = AmendRequest(title="Mine")
    with pytest.raises(SignInRequired):
        service.preview_amendment(BERT, None, request)
    with pytest.raises(WriteAccessRequired):
        service.preview_amendment(BERT, person(world, "grace"), request)
    with pytest.raises(WriteAccessRequired):
        service.amend(BERT, person(world, "grace"), request.agreed(Terms("anything")))


def test_only_a_doi_of_the_repository_is_corrected(world: World) -> None:
    ada, service = person(world), world.service
    minted = mint(service, world)
    for repo, doi in ((NOTES, minted.doi), (BERT, Doi("10.5072/hf/9999")), (NOTES, None)):
        with pytest.raises(DoiNotFound):
            service.preview_amendment(repo, ada, AmendRequest(doi=doi, title="New"))
    with pytest.raises(InvalidMetadata, match="nothing to correct"):
        service.preview_amendment(BERT, ada, AmendRequest(title="tiny-bert"))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"revision": "0" * 40}, InvalidMetadata),
        ({"repo": "ada/other"}, InvalidMetadata),
        ({"doi": 5}, InvalidMetadata),
        ({"doi": "no doi"}, InvalidDoi),
        ({"title": "a\x00b"}, InvalidMetadata),
        ({"description": "x" * 20_001}, InvalidMetadata),
    ],
)
def test_r11_a_request_names_nothing_that_never_changes(
    body: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        AmendRequest.from_json(body)


def test_the_history_keeps_every_value(world: World) -> None:
    ada, service = person(world), world.service
    doi = mint(service, world).doi
    assert doi is not None
    agreed(service, ada, AmendRequest(title="Tiny BERT"))
    agreed(service, ada, AmendRequest(description="", authors=(Author.parse("Hopper, Grace"),)))
    found = service.activities(doi, ada)
    assert [(one.number, one.action, one.by) for one in found.entries] == [
        (1, "create", "ada"),
        (2, "update", "ada"),
        (3, "update", "ada"),
    ]
    assert [change.name for change in found[2].changes] == ["authors", "description"]
    assert found[1].changes[0].before.startswith("tiny-bert (Revision ")
    assert found[1].changes[0].after.startswith("Tiny BERT (Revision ")
    assert {one.by for one in service.activities(doi, None).entries} == {None}


def test_r12_an_interrupted_correction_is_sent_again(tmp_path: Path, world: World) -> None:
    ada = person(world)
    database = Database(tmp_path / "ledger.db")
    register = Faulty(database)
    ledger = Ledger(database, hub="sandbox", endpoint=world.endpoint)
    service = DoiService(world.store, register, ledger)
    minted = mint(service, world)
    request = AmendRequest(title="Tiny BERT")
    request = request.agreed(service.preview_amendment(BERT, ada, request).terms)
    register.fails = ServiceUnreachable("gone")
    with pytest.raises(ServiceUnreachable):
        service.amend(BERT, ada, request, key="k")
    with pytest.raises(ServiceUnreachable):
        service.recover()
    register.fails = None
    # The same call, with its key or without, finishes it; so does `recover`.
    assert service.amend(BERT, ada, request, key="k").name == "Tiny BERT"
    assert service.recover() == ()
    assert minted.doi is not None
    assert len(service.activities(minted.doi, ada)) == 2
    other = AmendRequest(title="Other")
    other = other.agreed(service.preview_amendment(BERT, ada, other).terms)
    register.fails = ServiceUnreachable("gone")
    with pytest.raises(ServiceUnreachable):
        service.amend(BERT, ada, other)
    register.fails = None
    assert service.amend(BERT, ada, other).name == "Other"
    assert len(service.activities(minted.doi, ada)) == 3
    database.close()


@pytest.mark.parametrize("refuses", [False, True])
def test_r12_an_interrupted_correction_is_sent_before_the_next_one(
    tmp_path: Path, world: World, refuses: bool
) -> None:
    ada = person(world)
    database = Database(tmp_path / "ledger.db")
    register = Faulty(database)
    service = DoiService(
        world.store, register, Ledger(database, hub="sandbox", endpoint=world.endpoint)
    )
    minted = mint(service, world)
    assert minted.doi is not None
    register.fails = ServiceUnreachable("gone")
    with pytest.raises(ServiceUnreachable):
        agreed(service, ada, AmendRequest(title="Tiny BERT"))
    second = AmendRequest(description="Two layers.")
    second = second.agreed(service.preview_amendment(BERT, ada, second).terms)
    if refuses:
        # Then the record is not the one in which the second was shown.
        register.fails = InvalidMetadata("The title is too short.")
        with pytest.raises(InvalidMetadata):
            service.amend(BERT, ada, second)
        assert service.version(minted.doi).title == minted.title
    else:
        register.fails = None
        amended = service.amend(BERT, ada, second)
        assert (amended.name, amended.description) == ("Tiny BERT", "Two layers.")
        assert len(service.activities(minted.doi, ada)) == 3
    assert service.recover() == ()
    database.close()


def test_r12_a_refused_correction_leaves_the_record_as_it_was(tmp_path: Path, world: World) -> None:
    ada = person(world)
    database = Database(tmp_path / "ledger.db")
    register = Faulty(database)
    ledger = Ledger(database, hub="sandbox", endpoint=world.endpoint)
    service = DoiService(world.store, register, ledger)
    minted = mint(service, world)
    register.fails = InvalidMetadata("DataCite refuses the metadata.")
    with pytest.raises(InvalidMetadata, match="refuses"):
        agreed(service, ada, AmendRequest(title="Refused"))
    register.fails = None
    assert minted.doi is not None
    assert service.version(minted.doi).title == minted.title
    assert len(service.activities(minted.doi, ada)) == 1
    assert Amendments(world.store, register, ledger, world.clock.now).recover() == ()
    database.close()


def test_a_client_corrects_over_http(demo: Sandbox) -> None:
    client = Client(demo.endpoint, demo.users["ada"], datacite_api=demo.datacite_url)
    minted = client.mint("ada/tiny-bert", agree=client.terms("ada/tiny-bert"))
    doi = minted.doi
    assert doi is not None
    hostile = '<img src=x onerror="alert(1)"> {doi} \\input'
    preview = client.preview_amendment(doi, title=hostile, authors=["Noether, Emmy"])
    assert [change.name for change in preview.changes] == ["title", "authors"]
    assert hostile in preview.terms.text
    with pytest.raises(ConsentRequired):
        client.amend(doi, title=hostile)
    amended = client.amend(doi, agree=preview.terms, title=hostile, authors=["Noether, Emmy"])
    assert amended.name == hostile and amended.doi == doi
    assert client.resolve(doi).title == amended.title
    history = client.activities("ada/tiny-bert")
    assert [one.action for one in history.entries] == ["create", "update"]
    answer = httpx.get(f"{demo.datacite_url}/dois/{doi}/activities").raise_for_status().json()
    latest = answer["data"][0]["attributes"]
    assert (latest["action"], latest["version"]) == ("update", 2)
    assert latest["changes"]["titles"][1] == amended.title
    assert "ada" not in str(latest["prov:wasAttributedTo"])
    for shown in (preview, history):
        assert "<img" not in shown._repr_mimebundle_()["text/html"]


def test_at_datacite_the_record_is_corrected_in_place(plain_hub: Sandbox) -> None:
    account = plain_hub.datacite_repository
    client = Client(
        plain_hub.endpoint,
        plain_hub.users["ada"],
        registrar="datacite",
        datacite_api=plain_hub.datacite_url,
        datacite_repository=account["username"],
        datacite_password=account["password"],
        datacite_prefix=account["prefix"],
    )
    minted = client.mint("ada/tiny-bert", agree=client.terms("ada/tiny-bert"))
    preview = client.preview_amendment("ada/tiny-bert", title="Tiny BERT")
    amended = client.amend("ada/tiny-bert", agree=preview.terms, title="Tiny BERT")
    assert amended.doi == minted.doi
    record = httpx.get(f"{plain_hub.datacite_url}/dois/{minted.doi}").json()["data"]
    assert record["attributes"]["titles"][0]["title"] == amended.title
    assert record["attributes"]["url"] == minted.landing_url
    found = client.activities("ada/tiny-bert")
    assert [one.number for one in found.entries] == [1, 2]


def test_where_nobody_can_correct_the_way_out_is_said(plain_hub: Sandbox) -> None:
    client = Client(
        plain_hub.endpoint,
        plain_hub.users["ada"],
        registrar="handoff",
        datacite_api=plain_hub.datacite_url,
    )
    with pytest.raises(HandOff, match="support"):
        client.preview_amendment("ada/tiny-bert", title="New")


def test_a_gate_that_is_put_up_or_taken_away_is_corrected_in_the_record(demo: Sandbox) -> None:
    client = Client(demo.endpoint, demo.users["ada"], datacite_api=demo.datacite_url)

    def gate(mode: str | bool) -> None:
        httpx.put(
            f"{demo.endpoint}/api/datasets/ada/notes/settings",
            json={"gated": mode},
            headers={"Authorization": f"Bearer {demo.users['ada']}"},
        ).raise_for_status()

    def registered() -> list[str]:
        found = httpx.get(f"{demo.datacite_url}/dois/{minted.doi}").json()["data"]["attributes"]
        return [one.get("rightsIdentifier", "") for one in found.get("rightsList", [])]

    offered = client.offer("datasets/ada/notes")
    assert offered.version.access == ()
    gate("manual")
    offered = client.offer("datasets/ada/notes")
    assert "the owner decides" in offered._repr_mimebundle_()["text/plain"]
    minted = client.mint("datasets/ada/notes", agree=offered.terms)
    assert "c_16ec" in registered() and access_of(minted.rights) == "manual"
    with pytest.raises(InvalidMetadata, match="nothing to correct"):
        client.preview_amendment("datasets/ada/notes", access=True)
    before = registered()
    for mode, access in (("auto", "automatic"), (False, "open"), ("manual", "manual")):
        gate(mode)
        preview = client.preview_amendment("datasets/ada/notes", access=True)
        assert [change.name for change in preview.changes] == ["access"]
        # Nothing but the access: a title keeps what it says of the gate.
        titled = client.preview_amendment("datasets/ada/notes", title="Notes")
        assert [change.name for change in titled.changes] == ["title"]
        amended = client.amend("datasets/ada/notes", agree=preview.terms, access=True)
        assert access_of(amended.rights) == access and amended.licenses == minted.licenses
        assert ("c_16ec" in registered()) is (access != "open")
    assert registered() == before
    told = httpx.get(f"{demo.datacite_url}/dois/{minted.doi}/activities").raise_for_status().json()
    assert [list(one["attributes"]["changes"]) for one in told["data"][:-1]] == [["rightsList"]] * 3
    assert "Access" in client.activities("datasets/ada/notes")._repr_mimebundle_()["text/plain"]
    with pytest.raises(InvalidMetadata, match="is manual on the Hub, not open"):
        client._backend.preview_amendment(NOTES, AmendRequest(access="open"))


@pytest.mark.parametrize("value", ["auto", "closed", True, 1])
def test_the_access_of_a_request_is_one_of_three(value: object) -> None:
    with pytest.raises(InvalidMetadata, match="open, automatic, manual"):
        AmendRequest.from_json({"access": value})
    assert AmendRequest.from_json({"access": "manual"}).to_json() == {"access": "manual"}
