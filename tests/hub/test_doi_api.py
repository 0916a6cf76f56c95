"""A Hub's own DOI API, as a client reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hubdoi.config import Secret
from hubdoi.hub.doi_api import DoiApi, NoDoiApi
from hubdoi.net.http import Http
from hubdoi.records import Doi, MintRequest, Repo, Terms
from hubdoi.records.errors import (
    AlreadyRegistered,
    ConsentRequired,
    DoiNotFound,
    IdempotencyConflict,
    RepoNotFound,
    RevisionNotFound,
    TermsChanged,
    WriteAccessRequired,
)
from hubdoi.sandbox import Sandbox

BERT = Repo("model", "ada/tiny-bert")


def door(sandbox: Sandbox, user: str | None = "ada") -> DoiApi:
    token = Secret(sandbox.users[user]) if user else None
    return DoiApi(Http(sandbox.endpoint, token=token), sandbox.endpoint)


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[DoiApi]:
    made = door(sandbox)
    yield made
    made.http.close()


def test_every_refusal_arrives_as_its_exception(sandbox: Sandbox, api: DoiApi) -> None:
    terms = api.terms(BERT)
    good = MintRequest(agree=True, terms=terms.digest)
    with pytest.raises(ConsentRequired) as consent:
        api.mint(BERT, MintRequest(terms=terms.digest))
    assert consent.value.terms == terms
    with pytest.raises(TermsChanged) as changed:
        api.mint(BERT, MintRequest(agree=True, terms=Terms("Others.").digest))
    assert changed.value.terms == terms
    with pytest.raises(RevisionNotFound):
        api.mint(BERT, MintRequest(agree=True, terms=terms.digest, revision="f" * 40))
    with pytest.raises(WriteAccessRequired):
        door(sandbox, "grace").mint(BERT, good)
    minted = api.mint(BERT, good, key="key")
    assert api.mint(BERT, good, key="key") == minted
    with pytest.raises(IdempotencyConflict):
        api.mint(BERT, MintRequest(agree=True, terms=terms.digest, title="Other"), key="key")
    with pytest.raises(AlreadyRegistered) as taken:
        api.mint(BERT, good)
    assert taken.value.version is not None
    assert taken.value.version.doi == minted.doi


def test_a_missing_repository_is_not_a_missing_api(api: DoiApi) -> None:
    with pytest.raises(RepoNotFound) as missing:
        api.status(Repo("model", "ada/none"))
    assert not isinstance(missing.value, NoDoiApi)


def test_a_hub_without_a_doi_api_is_told_apart() -> None:
    with Sandbox(without_doi_api=True) as plain:
        for user in ("ada", None):
            with pytest.raises(NoDoiApi, match="has no DOI API"):
                door(plain, user).status(BERT)
        with pytest.raises(NoDoiApi):
            door(plain).mint(BERT, MintRequest(agree=True, terms="x"))


def test_a_doi_is_found_whatever_its_characters(api: DoiApi, sandbox: Sandbox) -> None:
    minted = api.mint(BERT, MintRequest(agree=True, terms=api.terms(BERT).digest))
    assert minted.doi is not None
    assert api.version(Doi(str(minted.doi).upper())) == minted.replace(consent=None)
    for name in ("10.5072/a?b#c", "10.5072/../../../api/whoami-v2", "10.5072/%2F%00", "10.5072/ü"):
        with pytest.raises(DoiNotFound) as unknown:
            api.version(Doi(name))
        assert name in unknown.value.message


def test_r10_support_answers_with_a_number(api: DoiApi) -> None:
    first = api.request_support(BERT, "delete", "Why not.")
    second = api.request_support(BERT, "move", "Why.", Repo("model", "ada/other"))
    assert (first["number"], second["number"]) == (1, 2)
    assert second["to"] == "ada/other"
