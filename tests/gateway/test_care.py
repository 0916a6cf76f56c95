"""``reconcile`` and ``doctor``, against the sandbox as Hub and DataCite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest
from starlette.testclient import TestClient

from hubdoi.config import Secret
from hubdoi.datacite.json_record import attributes
from hubdoi.gateway import care
from hubdoi.gateway.app import create_app
from hubdoi.gateway.backend import backend_for
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.reconcile import reconcile
from hubdoi.gateway.settings import Settings
from hubdoi.net.answer import Answer
from hubdoi.records import Author, Consent, MintRequest, Repo, RepoInfo, Version
from hubdoi.records.amendment import AmendRequest
from hubdoi.sandbox import Sandbox

from .conftest import environment

REPO = Repo("model", "ada/tiny-bert")
Open = Callable[..., Institution]


def mint(institution: Institution, sandbox: Sandbox) -> Version:
    institution.url = "https://dois.example.org"
    request = MintRequest(agree=True, terms=institution.registrar.terms.digest)
    return backend_for(institution, Secret(sandbox.users["ada"])).mint(REPO, request)


def url_at_datacite(sandbox: Sandbox, version: Version) -> str:
    answer = httpx.get(f"{sandbox.datacite_url}/dois/{version.doi}")
    return str(answer.json()["data"]["attributes"]["url"])


def test_what_is_as_it_should_be_is_left_alone(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of()
    mint(institution, plain_hub)
    found = reconcile(institution)
    assert (found.findings, found.exit_status) == ((), 0)
    assert str(found).startswith("1 DOI was compared with DataCite and the Hub.")


def test_a_record_that_was_changed_at_datacite_is_repaired(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    institution.registrar.relocate(version.doi, "https://example.org/elsewhere")
    (finding,) = reconcile(institution).findings
    assert (finding.kind, finding.repaired) == ("url", True)
    assert url_at_datacite(plain_hub, version) == version.landing_url
    assert reconcile(institution).findings == ()


def test_r11_a_deleted_repository_gets_a_page_and_its_doi_leads_there(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    plain_hub.hf_api().delete_repo(REPO.id)
    (finding,) = reconcile(institution).findings
    assert (finding.kind, finding.repaired) == ("gone", True)
    page = f"/gone/{version.doi}"
    assert url_at_datacite(plain_hub, version) == f"https://dois.example.org{page}"
    answer = TestClient(create_app(institution)).get(page)
    assert answer.status_code == 410
    assert version.title in answer.text
    assert reconcile(institution).findings == ()


def test_r11_a_renamed_repository_keeps_its_doi(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    plain_hub.hf_api().move_repo(REPO.id, "ada/small-bert")
    kinds = [finding.kind for finding in reconcile(institution).findings]
    assert kinds == ["moved", "url"]
    assert "ada/small-bert" in url_at_datacite(plain_hub, version)


def test_r11_a_private_repository_leads_back_when_it_returns(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    plain_hub.hf_api().update_repo_settings(REPO.id, private=True)
    assert [finding.kind for finding in reconcile(institution).findings] == ["gone"]
    plain_hub.hf_api().update_repo_settings(REPO.id, private=False)
    assert [finding.kind for finding in reconcile(institution).findings] == ["returned"]
    assert url_at_datacite(plain_hub, version) == version.landing_url


def test_many_dois_are_compared_with_few_requests(
    institution_of: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    institution = institution_of()
    registrar, ledger, now = institution.registrar, institution.ledger, datetime.now(UTC)
    versions = {}
    with institution.database.transaction():
        for number in range(300):
            repo, revision = Repo("model", f"ada/model-{number}"), f"{number:040x}"
            version = Version.from_parts(
                doi=registrar.reserve(repo, f"uid-{number}", revision),
                repo=repo,
                revision=revision,
                title=f"model-{number}",
                authors=(Author.person("Lovelace, Ada"),),
                publisher="Hugging Face",
                year=now.year,
                created=now,
                url=repo.url(institution.settings.hub),
                endpoint=institution.settings.hub,
                consent=Consent("ada", now, registrar.terms.digest),
            )
            entry = ledger.intend(
                version, uid=f"uid-{number}", revision_date=now, terms=registrar.terms
            )
            ledger.mark(entry, "linked")
            assert version.doi is not None
            versions[version.doi.key] = version
    requests = []

    def get(path: str, params: dict[str, str]) -> Answer:
        requests.append(params)
        data = [
            {"id": doi, "attributes": {**attributes(versions[doi]), "state": "findable"}}
            for doi in filter(None, params.get("ids", "").split(","))
        ]
        return Answer(200, {}, b"", {"data": data, "links": {}}, path)

    def listed(owner: str) -> Iterator[RepoInfo]:
        for number, version in enumerate(versions.values()):
            yield RepoInfo(repo=version.repo, uid=f"uid-{number}", head=None, revision=None)

    monkeypatch.setattr(registrar._http, "get", get)
    monkeypatch.setattr(institution.hub, "repositories", listed)
    assert reconcile(institution).findings == ()
    # The account's list once, and 120 DOIs a request: 100,000 take 834 and 100.
    assert [len(one["ids"].split(",")) for one in requests if "ids" in one] == [120, 120, 60]
    assert len(requests) == 4


def test_the_doctor_says_what_is_wrong(
    plain_hub: Sandbox, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(plain_hub, database_url).items():
        monkeypatch.setenv(name, value)
    found = care.doctor()
    assert found.exit_status == 0
    (url,) = (one for one in found.findings if one.kind == "url")
    assert url.word == "note" and "HUBDOI_GATEWAY_URL" in url.sentence
    assert "note" in found._repr_mimebundle_()["text/html"]
    institution = Institution(Settings.read())
    institution.policies.put("physics", prefix="10.9999")
    (policy,) = (one for one in care.doctor().findings if one.is_problem)
    assert "no prefix 10.9999" in policy.sentence
    institution.policies.remove("physics")
    institution.close()
    monkeypatch.setenv("DATACITE_PASSWORD", "wrong")
    monkeypatch.setenv("HUBDOI_GATEWAY_OWNERS", "ada,nobody-at-all")
    problems = {finding.kind for finding in care.doctor().findings if finding.is_problem}
    assert problems == {"account", "owner"}
    assert "wrong" not in str(care.doctor())
    monkeypatch.delenv("DATACITE_PREFIX")
    assert "DATACITE_PREFIX" in str(care.doctor())


def test_the_doctor_asks_those_with_whom_people_sign_in(
    plain_hub: Sandbox, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "http://127.0.0.1:9"
    more = {"HUBDOI_GATEWAY_OIDC_CLIENT": "x", "HUBDOI_GATEWAY_ORCID_CLIENT": "y"}
    for name, value in environment(plain_hub, database_url, **more).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HUBDOI_GATEWAY_ORCID_ISSUER", away)
    monkeypatch.setenv("HUBDOI_GATEWAY_HUB_TOKEN", "hf_wrong")
    found = {finding.subject: finding for finding in care.doctor().findings}
    assert not found["sign-in"].is_problem and plain_hub.endpoint in found["sign-in"].sentence
    assert found["ORCID"].is_problem and "127.0.0.1:9" in found["ORCID"].sentence
    assert found["HUBDOI_GATEWAY_HUB_TOKEN"].is_problem
    assert "hf_wrong" not in str(care.doctor())
    monkeypatch.delenv("HUBDOI_GATEWAY_OIDC_CLIENT")
    monkeypatch.setenv("HUBDOI_GATEWAY_OIDC_ISSUER", plain_hub.endpoint)
    assert "set HUBDOI_GATEWAY_OIDC_CLIENT" in str(care.doctor())


def test_the_doctor_names_what_is_no_setting_and_a_database_that_is_away(
    plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "postgresql+psycopg://library@127.0.0.1:9/dois"
    for name, value in environment(plain_hub, away, HUBDOI_GATEWAY_OWNER="ada").items():
        monkeypatch.setenv(name, value)
    variable, database = care.doctor().findings
    assert variable.is_problem and database.is_problem
    assert "HUBDOI_GATEWAY_OWNER is not a setting; did you mean HUBDOI_GATEWAY_OWNERS?" in str(
        variable
    )
    assert database.kind == "database"
    assert "The database dois at 127.0.0.1 cannot be used now" in str(database)
    assert "check that the server runs and that HUBDOI_GATEWAY_DATABASE names it" in str(database)


def test_a_gate_that_a_record_does_not_tell_of_is_noted(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    settings = f"{plain_hub.endpoint}/api/models/ada/tiny-bert/settings"
    headers = {"Authorization": f"Bearer {plain_hub.users['ada']}"}
    httpx.put(settings, json={"gated": "manual"}, headers=headers).raise_for_status()
    found = reconcile(institution)
    # The library cannot agree for those who can write: nothing that it would have to do every night.
    (finding,) = found.findings
    assert (finding.kind, finding.word, found.exit_status) == ("access", "note", 0)
    assert (
        f"1 record does not tell of the present access to its files: {version.doi} (ada/tiny-bert, manual). Who"
        in str(finding)
    )
    backend = backend_for(institution, Secret(plain_hub.users["ada"]))
    request = AmendRequest(access="manual")
    terms = backend.preview_amendment(REPO, request).terms
    assert backend.amend(REPO, request.agreed(terms)).access
    assert reconcile(institution).findings == ()
    httpx.put(settings, json={"gated": False}, headers=headers).raise_for_status()
    assert [finding.kind for finding in reconcile(institution).findings] == ["access"]


def test_records_without_the_present_access_are_noted_in_one_line(
    institution_of: Open, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubdoi.gateway.reconcile._FEW", 1)
    institution, api = institution_of(), plain_hub.hf_api()
    first = mint(institution, plain_hub)
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.bin", repo_id=REPO.id)
    mint(institution, plain_hub)
    api.update_repo_settings(REPO.id, gated="auto")
    (finding,) = reconcile(institution).findings
    assert finding.sentence == (
        "2 records do not tell of the present access to their files: "
        f"{first.doi} (ada/tiny-bert, automatic), and 1 more. "
        "Whoever can write to a repository corrects its record: hubdoi amend DOI --access"
    )
