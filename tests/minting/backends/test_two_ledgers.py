"""R5 and R8 where two computers, each with a ledger of its own, share one DataCite account."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest

from hubdoi.client import Client
from hubdoi.datacite import registrar as datacite
from hubdoi.records import Author, Version
from hubdoi.records.errors import AlreadyRegistered, HubdoiError, ServiceBusy, ServiceError
from hubdoi.sandbox import Sandbox
from tests.proxy.lossy_proxy import Fault, LossyProxy

REPO = "ada/tiny-bert"
AUTHORS = (("Lovelace, Ada",), ("Hopper, Grace", "Lovelace, Ada"))
Institution = Callable[..., Client]
Records = Callable[[], list[dict[str, Any]]]
ProxyOf = Callable[[Sandbox], LossyProxy]


@pytest.fixture
def computers(
    institution: Institution, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[Client, Client]:
    """Two clients of one person, on two computers."""
    made = []
    for name in ("one", "two"):
        monkeypatch.setenv("HUBDOI_DATA", str(tmp_path / name))
        client = institution()
        client.status(REPO)
        made.append(client)
    return made[0], made[1]


def test_r05_of_two_ledgers_with_different_authors_one_is_told_what_is_registered(
    computers: tuple[Client, Client], at_datacite: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The other one may take a minute, on however slow a machine.
    monkeypatch.setattr(datacite, "_PAUSES", (0.1,) * 600)
    ready = Barrier(2)

    def mint(number: int) -> Version | HubdoiError:
        client = computers[number]
        terms = client.terms(REPO)
        ready.wait()
        try:
            return client.mint(REPO, agree=terms, authors=AUTHORS[number])
        except HubdoiError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(mint, range(2)))
    (registered,) = (one for one in outcomes if isinstance(one, Version))
    (refused,) = (one for one in outcomes if isinstance(one, HubdoiError))
    assert isinstance(refused, AlreadyRegistered), refused
    assert refused.version is not None
    (record,) = at_datacite()
    names = tuple(creator["name"] for creator in record["creators"])
    for version in (registered, refused.version):
        assert tuple(author.name for author in version.authors) == names
    for client in computers:
        assert client.recover() == ()
        assert client.status(REPO).doi == registered.doi


def test_r05_a_draft_of_somebody_else_is_theirs_until_it_is_abandoned(
    computers: tuple[Client, Client],
    at_datacite: Records,
    plain_hub: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(datacite, "_PAUSES", (0.0,))
    one, two = computers
    # What the other computer had sent when it was switched off.
    first = one.mint(REPO, agree=one.terms(REPO), authors=AUTHORS[0])
    assert first.doi is not None
    account = plain_hub.datacite_repository
    auth = (account["username"], account["password"])
    (record,) = at_datacite()
    plain_hub.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=REPO)
    head = two.status(REPO).head or ""
    uid = two.hub.info(first.repo or REPO, None).uid  # type: ignore[arg-type]
    backend: Any = two._backend
    reserved = backend.registrar.reserve(first.repo, uid, head)
    draft = {
        name: record[name] for name in ("creators", "publisher", "publicationYear", "types")
    } | {
        "doi": reserved.name,
        "titles": [{"title": f"tiny-bert (Revision {head[:7]})"}],
        "url": f"{plain_hub.endpoint}/{REPO}/tree/{head}",
    }
    body = {"data": {"type": "dois", "attributes": draft}}
    httpx.post(f"{plain_hub.datacite_url}/dois", json=body, auth=auth).raise_for_status()
    mint = lambda: two.mint(REPO, agree=two.terms(REPO), authors=AUTHORS[1])  # noqa: E731
    with pytest.raises(ServiceBusy, match="Another process is registering"):
        mint()
    # Nobody has come back for it.
    monkeypatch.setattr(datacite, "ABANDONED", datacite.ABANDONED * 0)
    (version,) = two.recover()
    assert version.doi == reserved
    assert version.authors == tuple(Author.parse(name) for name in AUTHORS[1])


def test_r05_of_two_that_take_up_an_abandoned_draft_one_is_told_what_is_registered(
    institution: Institution,
    at_datacite: Records,
    plain_hub: Sandbox,
    proxy_of: ProxyOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(datacite, "_SETTLED_AFTER", 0.0)
    monkeypatch.setattr(datacite, "ABANDONED", datacite.ABANDONED * 0)
    proxy = proxy_of(plain_hub)
    client = institution(datacite_api=f"{proxy.endpoint}/datacite")
    # Its draft is made, and its publication is not sent.
    proxy.set(Fault("unsent", method="PUT", path="/datacite/dois", times=9))
    with pytest.raises(ServiceError):
        client.mint(REPO, agree=client.terms(REPO), authors=AUTHORS[0])
    account = plain_hub.datacite_repository
    (record,) = at_datacite()
    attributes = {"creators": [{"name": AUTHORS[1][0]}], "event": "publish"}

    def publish() -> None:
        """What another computer sends at the same time."""
        httpx.put(
            f"{plain_hub.datacite_url}/dois/{record['doi']}",
            json={"data": {"type": "dois", "attributes": attributes}},
            auth=(account["username"], account["password"]),
        ).raise_for_status()

    proxy.set(Fault("late", method="PUT", path="/datacite/dois", then=publish))
    with pytest.raises(AlreadyRegistered) as refused:
        client.recover()
    assert refused.value.version is not None
    assert [author.name for author in refused.value.version.authors] == [AUTHORS[1][0]]
    assert client.recover() == ()
