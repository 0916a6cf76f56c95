from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from hubdoi.config import Config
from hubdoi.datacite.public_records import PublicRecords
from hubdoi.records import Doi
from hubdoi.records.errors import (
    DoiNotFound,
    ServiceFailed,
    ServiceRefused,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from hubdoi.sandbox import Sandbox
from tests.proxy.lossy_proxy import Fault, LossyProxy

ProxyOf = Callable[[Sandbox], LossyProxy]
Mint = Callable[..., str]


@pytest.fixture
def proxy(sandbox: Sandbox, proxy_of: ProxyOf) -> LossyProxy:
    return proxy_of(sandbox)


def records_of(proxy: LossyProxy, **more: float) -> PublicRecords:
    return PublicRecords(Config(datacite_api=f"{proxy.endpoint}/datacite"), **more)


def test_a_record_is_read(sandbox: Sandbox, proxy: LossyProxy, mint: Mint) -> None:
    doi = Doi(mint(sandbox, "models/ada/tiny-bert"))
    version = records_of(proxy).version(doi)
    assert version.doi == doi
    assert version.repo.id == "ada/tiny-bert"
    assert version.title.startswith("tiny-bert (Revision ")
    assert "authorization" not in proxy.headers[-1]
    assert proxy.headers[-1]["accept"] == "application/vnd.api+json"


def test_what_was_seen_is_not_asked_for_again(
    sandbox: Sandbox, proxy: LossyProxy, mint: Mint
) -> None:
    doi = Doi(mint(sandbox, "models/ada/tiny-bert"))
    first = records_of(proxy).version(doi)
    proxy.set()
    assert records_of(proxy).version(Doi(doi.name.upper())) == first
    assert records_of(proxy).versions([doi]) == {doi: first}
    assert proxy.requests == []
    assert records_of(proxy).version(doi, refresh=True) == first
    assert len(proxy.requests) == 1
    records = records_of(proxy)
    records.forget(doi)
    proxy.set()
    records.version(doi)
    assert len(proxy.requests) == 1


def test_what_has_become_old_is_asked_for_with_its_etag(
    sandbox: Sandbox, proxy: LossyProxy, mint: Mint
) -> None:
    doi = Doi(mint(sandbox, "models/ada/tiny-bert"))
    body = records_of(proxy)._http.get(f"/dois/{doi}").json
    tagged = {"ETag": 'W/"abc"', "Cache-Control": "max-age=0, private, must-revalidate"}
    proxy.set(Fault("status", status=200, headers=tagged, body=body))
    records = records_of(proxy, fresh_for=0)
    version = records.version(doi)
    proxy.set(Fault("status", status=304, headers=tagged))
    assert records.version(doi) == version
    assert proxy.headers[-1]["if-none-match"] == 'W/"abc"'


def test_many_records_take_one_request(sandbox: Sandbox, proxy: LossyProxy, mint: Mint) -> None:
    api = sandbox.hf_api("ada")
    dois = [Doi(mint(sandbox, "models/ada/tiny-bert"))]
    for number in range(4):
        api.create_repo(f"ada/m{number}")
        api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=f"ada/m{number}")
        dois.append(Doi(mint(sandbox, f"models/ada/m{number}")))
    proxy.set()
    unknown = Doi("10.5072/hf/9999")
    found = records_of(proxy).versions([*dois, unknown])
    assert list(found) == dois
    assert len(proxy.requests) == 1
    # Each is known by itself now.
    proxy.set()
    for doi in dois:
        assert records_of(proxy).version(doi) == found[doi]
    assert proxy.requests == []


def test_many_records_are_asked_for_in_addresses_of_bearable_length(
    sandbox: Sandbox, proxy: LossyProxy
) -> None:
    dois = [Doi(f"10.5072/{'x' * 150}{number}") for number in range(100)]
    proxy.set()
    assert records_of(proxy).versions(dois) == {}
    assert 4 <= len(proxy.requests) <= 6
    assert all(len(path) < 8000 for _, path in proxy.requests)


def test_a_record_seen_before_is_seen_without_network(
    sandbox: Sandbox, proxy: LossyProxy, mint: Mint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    doi, notes = (
        Doi(mint(sandbox, "models/ada/tiny-bert")),
        Doi(mint(sandbox, "datasets/ada/notes")),
    )
    before = records_of(proxy).versions([doi, notes])
    old = records_of(proxy, fresh_for=0)
    old.version(doi)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert old.version(doi) == before[doi]
    assert old.versions([doi, notes]) == before
    with pytest.raises(ServiceUnreachable, match="HF_HUB_OFFLINE is set"):
        old.version(Doi("10.5072/hf/9999"))
    monkeypatch.delenv("HF_HUB_OFFLINE")
    proxy.set(Fault("status", status=503, times=99))
    assert old.version(doi) == before[doi]
    with pytest.raises(ServiceFailed):
        old.version(Doi("10.5072/hf/9999"))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "hubdoi-cache").iterdir()}
    assert modes == {0o600}


def test_a_doi_that_is_not_known_may_be_known_the_next_moment(
    sandbox: Sandbox, proxy: LossyProxy, mint: Mint
) -> None:
    records = records_of(proxy)
    with pytest.raises(DoiNotFound, match=r"cited from https://doi\.org/10\.1000/182"):
        records.version(Doi("10.1000/182"))
    with pytest.raises(DoiNotFound, match=r"is a test DOI .*: %doi use sandbox$"):
        records.version(Doi("10.5072/hf/0001"))
    doi = Doi(mint(sandbox, "models/ada/tiny-bert"))
    assert records.version(doi).doi == doi == "10.5072/hf/0001"


def test_what_is_not_datacite_is_said(proxy: LossyProxy) -> None:
    doi = Doi("10.5072/hf/0001")
    for body in ({"hello": 1}, ["x"], {"data": []}, {"data": {"attributes": 3}}):
        proxy.set(Fault("status", status=200, body=body))
        with pytest.raises(UnexpectedAnswer, match="as DataCite would"):
            records_of(proxy, fresh_for=0).version(doi, refresh=True)
    proxy.set(Fault("status", status=400, body={}, times=9))
    with pytest.raises(ServiceRefused, match="HTTP 400"):
        records_of(proxy).version(doi)


def test_a_damaged_cache_is_no_cache(
    sandbox: Sandbox, proxy: LossyProxy, mint: Mint, tmp_path: Path
) -> None:
    directory = tmp_path / "hubdoi-cache"
    directory.mkdir()
    (directory / "answers.db").write_bytes(b"this is not a database" * 100)
    doi = Doi(mint(sandbox, "models/ada/tiny-bert"))
    assert records_of(proxy).version(doi).doi == doi
    assert list(records_of(proxy).versions([doi, Doi("10.5072/hf/2")])) == [doi]
