from __future__ import annotations

from collections.abc import Callable

import pytest

from hubdoi.client import Client
from hubdoi.records import MintRequest, Repo, Status
from hubdoi.records.errors import RepoNotFound, ServiceError
from hubdoi.sandbox import Sandbox
from tests.proxy.lossy_proxy import Fault, LossyProxy

ProxyOf = Callable[[Sandbox], LossyProxy]


def client_of(sandbox: Sandbox, user: str | None = None, endpoint: str | None = None) -> Client:
    base = endpoint or sandbox.endpoint
    return Client(base, sandbox.users[user] if user else False, datacite_api=f"{base}/datacite")


def fill(sandbox: Sandbox, count: int, *, dois: int = 0) -> list[Repo]:
    """`count` models of ada, of which the first `dois` have a DOI."""
    api = sandbox.hf_api("ada")
    service = sandbox.world.service
    person = sandbox.world.store.people.person("ada")
    request = MintRequest(agree=True, terms=service.registrar.terms.digest)
    repos = []
    for number in range(count):
        repo = Repo("model", f"ada/m{number:04d}")
        api.create_repo(repo.id)
        if number < dois:
            api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=repo.id)
            service.mint(repo, person, request)
        repos.append(repo)
    return repos


def test_all_of_an_owner_by_the_lists(plain_hub: Sandbox, proxy_of: ProxyOf) -> None:
    repos = fill(plain_hub, 25, dois=20)
    proxy = proxy_of(plain_hub)
    client = Client(
        proxy.endpoint, False, registrar="handoff", datacite_api=f"{proxy.endpoint}/datacite"
    )
    proxy.set()
    found = client.statuses(owner="ada")
    assert set(found) == {*repos, Repo("model", "ada/tiny-bert"), Repo("dataset", "ada/notes")}
    assert proxy.count("GET", "/api/") == 2
    assert proxy.count("GET", "/datacite/") == 1
    api = plain_hub.hf_api("ada")
    # A list does not say which files there are: only an answer about one repository does.
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=repos[24].id)
    found = client.statuses(owner="ada")
    for repo in (repos[0], repos[19], repos[24]):
        assert found[repo] == client.status(repo)
    assert [found[repo].state for repo in (repos[0], repos[24])] == ["current", "unregistered"]


def test_named_repositories_keep_their_order_and_one_that_fails_is_one_row(
    plain_hub: Sandbox,
) -> None:
    repos = [
        "ada/tiny-bert", "ada/nothing", "datasets/ada/notes", "grace/secret-model", "ada/tiny-bert"
    ]  # fmt: skip
    found = client_of(plain_hub).statuses(repos)
    assert [str(repo) for repo in found] == repos[:4]
    rows = list(found.values())
    assert [isinstance(row, Status) for row in rows] == [True, False, True, False]
    assert isinstance(rows[1], RepoNotFound)
    assert "ada/nothing" in str(rows[1])


def test_many_named_ones_of_one_owner_are_read_from_the_list(
    plain_hub: Sandbox, proxy_of: ProxyOf
) -> None:
    repos = fill(plain_hub, 12)
    asked = [*repos, Repo("model", "ada/nothing")]
    proxy = proxy_of(plain_hub)
    client = Client(
        proxy.endpoint, False, registrar="handoff", datacite_api=f"{proxy.endpoint}/datacite"
    )
    proxy.set()
    found = client.statuses(asked)
    assert list(found) == asked
    assert isinstance(found[asked[-1]], RepoNotFound)
    assert all(found[repo].state == "unregistered" for repo in repos)
    assert len(proxy.requests) == 3


def test_a_name_of_the_past_stands_where_it_was_asked_for(plain_hub: Sandbox) -> None:
    plain_hub.hf_api("ada").move_repo("ada/tiny-bert", "ada/small-bert")
    found = client_of(plain_hub).statuses(["ada/tiny-bert"])
    assert found[Repo("model", "ada/tiny-bert")].repo == Repo("model", "ada/small-bert")


def test_where_the_hub_has_a_doi_api_it_is_asked(
    sandbox: Sandbox, mint: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    doi = mint(sandbox, "models/ada/tiny-bert")
    client = client_of(sandbox, "ada")
    found = client.statuses(owner="ada", progress=True)
    model, notes = Repo("model", "ada/tiny-bert"), Repo("dataset", "ada/notes")
    assert set(found) == {model, notes}
    assert found[model].doi == doi
    assert found[model] == client.status(model)
    assert found[notes].can_mint
    shown = capsys.readouterr().err
    assert "repositories" in shown
    # It leaves nothing behind.
    assert shown.rpartition("\r")[0].endswith(" ")


def test_without_datacite_only_those_with_a_doi_fail(plain_hub: Sandbox, proxy_of: ProxyOf) -> None:
    repos = fill(plain_hub, 2, dois=1)
    proxy = proxy_of(plain_hub)
    client = Client(
        proxy.endpoint, False, registrar="handoff", datacite_api=f"{proxy.endpoint}/datacite"
    )
    proxy.set(Fault("status", path="/datacite", status=400, times=99))
    found = client.statuses(owner="ada")
    assert isinstance(found[repos[0]], ServiceError)
    assert found[repos[1]].state == "unregistered"


def test_an_owner_that_is_not_there(plain_hub: Sandbox) -> None:
    with pytest.raises(RepoNotFound, match="no user or organisation 'nobody'"):
        client_of(plain_hub).statuses(owner="nobody")


def test_an_institution_sees_its_dois_of_all(
    plain_hub: Sandbox, proxy_of: ProxyOf, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    account = plain_hub.datacite_repository
    proxy = proxy_of(plain_hub)
    settings = {
        "registrar": "datacite",
        "datacite_api": f"{proxy.endpoint}/datacite",
        "datacite_repository": account["username"],
        "datacite_password": account["password"],
        "datacite_prefix": account["prefix"],
    }
    client = Client(proxy.endpoint, plain_hub.users["ada"], **settings)
    model, notes = Repo("model", "ada/tiny-bert"), Repo("dataset", "ada/notes")
    version = client.mint(model, agree=client.terms(model))
    fill(plain_hub, 3)
    for place in ("this computer", "another computer"):
        if place == "another computer":
            monkeypatch.setenv("HUBDOI_DATA", f"{tmp_path}/{place}")
        fresh = Client(proxy.endpoint, plain_hub.users["ada"], **settings)
        fresh.whoami()
        proxy.set()
        found = fresh.statuses(owner="ada")
        assert (found[model].state, found[model].doi) == ("current", version.doi)
        assert found[notes].state == "unregistered"
        assert len(found) == 5
        assert proxy.count("GET", "/datacite") <= 1
        # Which Hub it is, and its two lists.
        assert proxy.count("GET", "/api/identity") == 1
        assert proxy.count("GET", "/api/") == 3, proxy.requests
