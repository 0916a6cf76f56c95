"""The DOI side of the sandbox over plain HTTP: every line of the table of answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hubdoi.records import Author, Repo, Terms
from hubdoi.sandbox import Sandbox
from tests.sandbox.plain_commit import commit_card

Ask = Callable[..., httpx.Response]

DOI = "/api/models/ada/tiny-bert/doi"
JSON_TYPE = {"Content-Type": "application/json"}


@pytest.fixture
def digest(http: Ask) -> str:
    return str(http("GET", DOI).json()["terms"]["digest"])


@pytest.fixture
def agreed(digest: str) -> dict[str, Any]:
    return {"agree": True, "terms": digest}


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of a refusal, after a look at everything that every refusal has."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["code"] == answer.headers["X-Error-Code"] == code
    assert body["error"] and len(body["error"]) < 1000
    assert answer.headers["X-Error-Message"]
    assert "\n" not in answer.headers["X-Error-Message"]
    return body


def nothing_minted(http: Ask, path: str = DOI) -> bool:
    status = http("GET", path).json()
    return status["state"] == "unregistered" and not status["versions"] and not status["locked"]


# GET


def test_status_says_state_head_lock_versions_and_terms(http: Ask, demo: Sandbox) -> None:
    answer = http("GET", DOI)
    assert answer.status_code == 200
    status = answer.json()
    head = demo.hf_api().model_info("ada/tiny-bert").sha
    assert status == {
        "repo": {"type": "model", "id": "ada/tiny-bert"},
        "state": "unregistered",
        "head": head,
        "locked": False,
        "can_mint": True,
        "obstacle": None,
        "obstacle_code": None,
        "versions": [],
        "terms": demo.world.registrar.terms.to_json(),
        "suggested_authors": [Author.person("Ada Lovelace").to_json()],
    }


@pytest.mark.parametrize(
    ("user", "path", "code"),
    [
        (None, DOI, "SignInRequired"),
        ("grace", DOI, "WriteAccessRequired"),
        ("grace", "/api/models/grace/secret-model/doi", "RepoNotEligible"),
    ],
)
def test_status_says_why_who_asks_cannot_mint(
    http: Ask, user: str | None, path: str, code: str
) -> None:
    status = http("GET", path, user=user).json()
    assert status["can_mint"] is False
    assert status["obstacle_code"] == code
    assert status["obstacle"].endswith(".")
    assert status["terms"]["text"]


def test_status_of_what_is_not_there_or_not_visible(http: Ask) -> None:
    for path in (
        "/api/models/ada/none/doi",
        "/api/datasets/ada/tiny-bert/doi",
        "/api/models/grace/secret-model/doi",
        "/api/models/ada/a--b/doi",
        "/api/models/ada/" + "x" * 5000 + "/doi",
        "/api/kernels/ada/tiny-bert/doi",
        "/api/models/%22%3E%3Cscript%3E/%00/doi",
    ):
        refused(http("GET", path), 404, "RepoNotFound")


def test_r01_a_space_is_told_that_it_gets_no_doi(http: Ask, agreed: dict[str, Any]) -> None:
    for method in ("GET", "POST"):
        body = refused(
            http(method, "/api/spaces/ada/demo/doi", json=agreed), 409, "RepoNotEligible"
        )
        assert body["reason"] == "space"
        assert "Space" in body["error"]


def test_a_token_that_nobody_has_is_refused(http: Ask, demo: Sandbox) -> None:
    for method in ("GET", "POST"):
        answer = httpx.request(
            method, demo.endpoint + DOI, headers={"Authorization": "Bearer hf_wrong"}
        )
        assert answer.status_code == 401
        assert answer.json()["code"] == "SignInRequired"
        assert "hf_wrong" not in answer.text


# POST: 201


def test_a_mint_answers_with_the_version(http: Ask, agreed: dict[str, Any], demo: Sandbox) -> None:
    answer = http("POST", DOI, json=agreed)
    assert answer.status_code == 201
    version = answer.json()
    head = demo.hf_api().model_info("ada/tiny-bert").sha
    assert head is not None
    assert version.pop("created").startswith("2026-11-23T09:0")
    consent = version.pop("consent")
    assert (consent["by"], consent["terms"]) == ("ada", agreed["terms"])
    assert version.pop("description").startswith("A BERT with two layers")
    assert version.pop("sizes")[0].endswith(" bytes")
    assert version.pop("formats")
    ((committed, kind),) = version.pop("dates")
    assert (committed[:10], kind) == ("2026-11-23", "Created")
    assert version.pop("related") == [
        ["IsDerivedFrom", "https://huggingface.co/google-bert/bert-base-uncased", "URL"],
        ["References", "https://huggingface.co/datasets/ada/notes", "URL"],
    ]
    assert version == {
        "doi": "10.5072/hf/0001",
        "repo": {"type": "model", "id": "ada/tiny-bert"},
        "revision": head,
        "title": f"tiny-bert (Revision {head[:7]})",
        "authors": [Author.person("Ada Lovelace").to_json()],
        "publisher": "Hugging Face",
        "year": 2026,
        "license": "apache-2.0",
        "url": f"{demo.endpoint}/ada/tiny-bert",
        "resource_type": "Model",
        "version": head[:7],
        "language": "en",
        "subjects": ["bert", "tiny", "fill-mask"],
        "state": "current",
        "endpoint": demo.endpoint,
    }
    assert http("GET", DOI).json()["versions"] == [answer.json()]


def test_r04_a_mint_registers_whom_the_card_names(
    http: Ask, agreed: dict[str, Any], demo: Sandbox
) -> None:
    card = (
        "---\nfunding: {funder: DFG, award: '042', ror: 018mejw64}\n"
        "contributors: {name: Grace Hopper, role: data curator}\npaper: arXiv:2301.12345\n"
        "license: [other, mit]\nlicense_name: ours\nlicense_link: LICENSE.md\n---\n# Notes\n"
    )
    demo.hf_api("ada").upload_file(
        path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id="ada/tiny-bert"
    )
    version = http("POST", DOI, json=agreed).json()
    assert version["funding"] == [["DFG", "042", "", "", "https://ror.org/018mejw64"]]
    assert version["contributors"] == [
        {"author": Author.person("Grace Hopper").to_json(), "type": "DataCurator"}
    ]
    assert version["related"] == [["IsSupplementTo", "arXiv:2301.12345", "arXiv"]]
    record = httpx.get(f"{demo.endpoint}/datacite/dois/{version['doi']}").json()["data"][
        "attributes"
    ]
    page = f"{demo.endpoint}/ada/tiny-bert/blob/{version['revision']}/LICENSE.md"
    assert (version["license"], version["license_url"]) == ("ours", page)
    assert version["rights"] == [["mit"]]
    assert [entry["rights"] for entry in record["rightsList"]] == ["ours", "MIT License"]
    assert record["rightsList"][0]["rightsUri"] == page
    assert record["rightsList"][1]["rightsIdentifier"] == "MIT"
    assert record["fundingReferences"][0]["awardNumber"] == "042"
    assert record["contributors"][0]["contributorType"] == "DataCurator"
    assert {"relationType": "IsSupplementTo"}.items() <= record["relatedIdentifiers"][0].items()


def test_a_mint_takes_authors_title_and_description(http: Ask, agreed: dict[str, Any]) -> None:
    body = {
        **agreed,
        "authors": [
            {
                "name": "Hopper, Grace",
                "orcid": "https://orcid.org/0000-0002-1825-0097",
                "affiliation": "Engine Works",
                "ror": "05a28rw58",
            },
            "Analytical Engine Society",
            "Lovelace, Ada",
        ],
        "title": "A smaller BERT (Revision fffffff)",
        "description": "",
    }
    version = http("POST", DOI, json=body).json()
    assert [a["name"] for a in version["authors"]] == [
        "Hopper, Grace",
        "Analytical Engine Society",
        "Lovelace, Ada",
    ]
    assert [a.get("type") for a in version["authors"]] == ["person", "organization", "person"]
    assert version["authors"][0]["orcid"] == "0000-0002-1825-0097"
    assert version["title"] == f"A smaller BERT (Revision {version['revision'][:7]})"
    assert "description" not in version


@pytest.mark.parametrize("title", ["   ", "\u2028", "", "(Revision abcdef0)", None])
def test_an_empty_title_is_the_name(http: Ask, agreed: dict[str, Any], title: str | None) -> None:
    version = http("POST", DOI, json={**agreed, "title": title}).json()
    assert version["title"] == f"tiny-bert (Revision {version['revision'][:7]})"


def test_a_mint_for_a_revision(http: Ask, agreed: dict[str, Any], demo: Sandbox) -> None:
    api = demo.hf_api()
    first = api.model_info("ada/tiny-bert").sha
    assert first is not None
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="ada/tiny-bert")
    version = http("POST", DOI, json={**agreed, "revision": first[:7].upper()}).json()
    assert version["revision"] == first
    refused(http("POST", DOI, json={**agreed, "revision": "f" * 40}), 404, "RevisionNotFound")
    refused(http("POST", DOI, json={**agreed, "revision": "main"}), 422, "InvalidRevision")


# POST: refusals


@pytest.mark.parametrize("agree", [1, 1.0, "true", [True], {"agree": True}, None, False, "yes"])
def test_r03_only_true_is_consent(http: Ask, digest: str, agree: Any) -> None:
    body = refused(
        http("POST", DOI, json={"agree": agree, "terms": digest}), 400, "ConsentRequired"
    )
    assert Terms.from_json(body["terms"]).digest == digest
    assert nothing_minted(http)


def test_r03_without_terms_there_is_no_consent(http: Ask) -> None:
    for body in ({}, {"agree": True}, {"agree": True, "terms": None}, {"agree": True, "terms": ""}):
        assert refused(http("POST", DOI, json=body), 400, "ConsentRequired")["terms"]["text"]
    assert nothing_minted(http)


def test_r03_other_terms_are_refused_with_the_present_ones(http: Ask, digest: str) -> None:
    for terms in ("0" * 64, digest.upper(), digest + " ", "\ud800", "x" * 100_000):
        answer = http(
            "POST",
            DOI,
            content=json.dumps({"agree": True, "terms": terms}),
            headers=JSON_TYPE,
        )
        assert refused(answer, 409, "TermsChanged")["terms"]["digest"] == digest
    assert nothing_minted(http)


def test_r08_a_second_mint_is_refused_and_names_the_doi(http: Ask, agreed: dict[str, Any]) -> None:
    first = http("POST", DOI, json=agreed).json()
    body = refused(http("POST", DOI, json=agreed), 409, "AlreadyRegistered")
    assert body["doi"] == first["doi"]
    assert body["version"]["doi"] == first["doi"]
    assert first["doi"] in body["error"]


def test_r01_a_private_and_an_empty_repository_are_told_which_they_are(
    http: Ask, agreed: dict[str, Any], demo: Sandbox
) -> None:
    secret = "/api/models/grace/secret-model/doi"
    body = refused(http("POST", secret, user="grace", json=agreed), 409, "RepoNotEligible")
    assert (body["reason"], "private" in body["error"]) == ("private", True)
    assert nothing_minted(lambda *a, **k: http(*a, user="grace", **k), secret)
    demo.hf_api().create_repo("ada/empty")
    empty = "/api/models/ada/empty/doi"
    body = refused(http("POST", empty, json=agreed), 409, "RepoNotEligible")
    assert (body["reason"], "no files" in body["error"]) == ("empty", True)
    assert nothing_minted(http, empty)
    status = http("GET", empty).json()
    assert (len(status["head"]), status["can_mint"]) == (40, False)


def test_r02_who_cannot_write_is_refused(http: Ask, agreed: dict[str, Any]) -> None:
    refused(http("POST", DOI, user=None, json=agreed), 401, "SignInRequired")
    refused(http("POST", DOI, user="grace", json=agreed), 403, "WriteAccessRequired")
    assert nothing_minted(http)


def test_r02_a_stranger_learns_nothing_from_a_broken_body(
    http: Ask, agreed: dict[str, Any]
) -> None:
    secret = "/api/models/grace/secret-model/doi"
    nowhere = "/api/models/grace/no-model/doi"
    for content in (b"{", b"[]", b'{"authors": 5}', json.dumps(agreed).encode()):
        for path in (secret, nowhere):
            hidden = http("POST", path, content=content, headers=JSON_TYPE)
            refused(hidden, 404, "RepoNotFound")
        refused(
            http("POST", DOI, user="grace", content=content, headers=JSON_TYPE),
            403,
            "WriteAccessRequired",
        )
        for path in (DOI, secret, nowhere):
            refused(
                http("POST", path, user=None, content=content, headers=JSON_TYPE),
                401,
                "SignInRequired",
            )


DEEP = b'{"authors": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"


def test_a_body_that_is_not_a_json_object_is_refused(http: Ask, digest: str) -> None:
    consent = f'"agree": true, "terms": "{digest}"'.encode()
    for content in (
        b"",
        b"{",
        b"agree=true",
        b"\xff\xfe\x00",
        b"[]",
        b"[true]",
        b"true",
        b"null",
        b'"text"',
        b"1",
        DEEP,
        b"{" + consent + b', "title": NaN}',
        b"{" + consent + b', "title": Infinity}',
        b"{" + consent + b", " + consent + b"}",
        b'{"agree": false, ' + consent + b"}",
        b"{" + consent + b', "authors": [{"name": "Ada", "name": "Eve"}]}',
        b"{" + consent + b', "title": ' + b"9" * 5000 + b"}",
        b"{" + consent + b"} {}",
    ):
        refused(http("POST", DOI, content=content, headers=JSON_TYPE), 400, "InvalidInput")
        refused(
            http("POST", f"{DOI}/requests", content=content, headers=JSON_TYPE),
            400,
            "InvalidInput",
        )
    assert nothing_minted(http)


def test_a_part_that_cannot_be_read_is_refused(http: Ask, agreed: dict[str, Any]) -> None:
    nested: Any = "Ada"
    for _ in range(200):
        nested = [nested]
    for change, code in (
        ({"surprise": 1}, "InvalidMetadata"),
        ({"x" * 100_000: 1}, "InvalidMetadata"),
        ({"\ud800": 1}, "InvalidMetadata"),
        ({"terms": 5}, "InvalidMetadata"),
        ({"terms": ["x"]}, "InvalidMetadata"),
        ({"title": 5}, "InvalidMetadata"),
        ({"title": "x" * 100_000}, "InvalidMetadata"),
        ({"title": "a\x00b"}, "InvalidMetadata"),
        ({"title": "a\nb"}, "InvalidMetadata"),
        ({"title": "\udfff"}, "InvalidMetadata"),
        ({"description": {"x": "y"}}, "InvalidMetadata"),
        ({"description": "x" * 100_000}, "InvalidMetadata"),
        ({"description": "\x1b[2J"}, "InvalidMetadata"),
        ({"revision": 5}, "InvalidMetadata"),
        ({"revision": "../../etc"}, "InvalidRevision"),
        ({"revision": "'; DROP TABLE x"}, "InvalidRevision"),
        ({"authors": []}, "InvalidAuthor"),
        ({"authors": "Ada"}, "InvalidAuthor"),
        ({"authors": True}, "InvalidAuthor"),
        ({"authors": {"name": "Ada"}}, "InvalidAuthor"),
        ({"authors": [None]}, "InvalidAuthor"),
        ({"authors": [nested]}, "InvalidAuthor"),
        ({"authors": [""]}, "InvalidAuthor"),
        ({"authors": ["x" * 100_000]}, "InvalidAuthor"),
        ({"authors": ["\ud800"]}, "InvalidAuthor"),
        ({"authors": ["A\x00"]}, "InvalidAuthor"),
        ({"authors": ["\u202e\u200b"]}, "InvalidAuthor"),
        ({"authors": ["Ada"] * 1001}, "InvalidAuthor"),
        ({"authors": [{"name": "Ada", "orcid": "0000-0002-1825-0098"}]}, "InvalidAuthor"),
        ({"authors": [{"name": "Ada", "role": "queen"}]}, "InvalidAuthor"),
        ({"authors": [{"name": 5}]}, "InvalidAuthor"),
        ({"authors": [{"orcid": "0000-0002-1825-0097"}]}, "InvalidAuthor"),
    ):
        content = json.dumps({**agreed, **change})
        refused(http("POST", DOI, content=content, headers=JSON_TYPE), 422, code)
    assert nothing_minted(http)


def test_a_body_without_bound_is_refused(http: Ask) -> None:
    answer = http("POST", DOI, content=b'{"title": "' + b"x" * 2**21 + b'"}', headers=JSON_TYPE)
    assert answer.status_code == 413
    assert answer.json()["error"] == answer.headers["X-Error-Message"]
    assert nothing_minted(http)


HOSTILE = (
    "<script>alert('x')</script>",
    'O"Brien \\ {\\input{/etc/passwd}} $(id) %n & #_^~',
    "'; DROP TABLE ledger_versions; --",
    "\u202eexe.fdp\u202c \u200f",
    "李小明 Ünïcödé 𝒜da 🤖",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_kept_as_it_is(http: Ask, agreed: dict[str, Any], text: str) -> None:
    body = {
        **agreed,
        "title": text,
        "description": text,
        "authors": [{"name": f"{text}, Ada", "type": "person"}],
    }
    answer = http("POST", DOI, json=body)
    assert answer.status_code == 201, answer.text
    kept = " ".join(text.split())
    version = answer.json()
    assert version["title"].removesuffix(f" (Revision {version['revision'][:7]})") == kept
    assert version["description"] == text
    assert kept in version["authors"][0]["name"]
    assert answer.headers["Content-Type"] == "application/json"
    assert http("GET", DOI).json()["versions"] == [version]
    known = http("GET", f"/api/dois/{version['doi']}").json()
    assert known["title"] == version["title"]
    page = http("GET", "/ada/tiny-bert", headers={"Accept": "text/html"}).text
    assert "<script>alert(" not in page


def test_text_from_a_card_is_kept_as_it_is(
    http: Ask, agreed: dict[str, Any], demo: Sandbox
) -> None:
    card = (
        '---\nlicense: "<b>mine</b>"\nlanguage: ["\'en\'"]\nbase_model: ../../x\n---\n\n'
        'Hello \u202e <img src=x onerror=alert(1)> "world" \x00 \\.\n'
    )
    commit_card(demo, card)
    answer = http("POST", DOI, json=agreed)
    assert answer.status_code == 201, answer.text
    assert answer.json()["license"] == "<b>mine</b>"
    assert "\x00" not in answer.text
    assert "<img" not in answer.json()["description"]


# Idempotency-Key


def test_r12_the_same_key_and_body_have_the_same_answer(http: Ask, agreed: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "key-1"}
    first = http("POST", DOI, json=agreed, headers=key)
    again = http("POST", DOI, json=agreed, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    # What means the same is the same body, however it is written.
    spaced = json.dumps({"terms": agreed["terms"], "agree": True, "title": None}, indent=3)
    third = http("POST", DOI, content=spaced, headers={**key, **JSON_TYPE})
    assert third.json() == first.json()
    assert len(http("GET", DOI).json()["versions"]) == 1


def test_r12_the_same_key_with_another_body_is_refused(http: Ask, agreed: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "key-1"}
    http("POST", DOI, json=agreed, headers=key)
    other = {**agreed, "title": "Another"}
    refused(http("POST", DOI, json=other, headers=key), 422, "IdempotencyConflict")
    notes = "/api/datasets/ada/notes/doi"
    refused(http("POST", notes, json=agreed, headers=key), 422, "IdempotencyConflict")
    assert nothing_minted(http, notes)


def test_r12_a_key_belongs_to_who_sent_it(http: Ask, agreed: dict[str, Any], demo: Sandbox) -> None:
    key = {"Idempotency-Key": "key-1"}
    http("POST", DOI, json=agreed, headers=key)
    demo.hf_api("grace").create_repo("grace/model")
    demo.hf_api("grace").upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="grace/model")
    answer = http("POST", "/api/models/grace/model/doi", "grace", json=agreed, headers=key)
    assert answer.status_code == 201
    refused(http("POST", DOI, "grace", json=agreed, headers=key), 403, "WriteAccessRequired")


def test_r12_a_refused_mint_does_not_use_up_its_key(http: Ask, agreed: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "key-1"}
    refused(http("POST", DOI, json={}, headers=key), 400, "ConsentRequired")
    assert http("POST", DOI, json=agreed, headers=key).status_code == 201


@pytest.mark.parametrize("key", [b"", b"x" * 256, b"a\tb", b"\x80"])
def test_a_key_that_cannot_be_one_is_refused(http: Ask, agreed: dict[str, Any], key: bytes) -> None:
    answer = http("POST", DOI, json=agreed, headers={"Idempotency-Key": key})
    refused(answer, 400, "InvalidInput")
    assert nothing_minted(http)


# Who sees the consent


def test_r03_who_agreed_is_for_those_who_can_write(http: Ask, agreed: dict[str, Any]) -> None:
    minted = http("POST", DOI, json=agreed).json()
    assert minted["consent"]["by"] == "ada"
    assert http("GET", DOI).json()["versions"][0]["consent"] == minted["consent"]
    for user in ("grace", None):
        assert "consent" not in http("GET", DOI, user=user).json()["versions"][0]
        assert "consent" not in http("GET", f"/api/dois/{minted['doi']}", user=user).json()


# GET /api/dois


def test_a_version_is_found_by_its_doi_without_case(http: Ask, agreed: dict[str, Any]) -> None:
    minted = http("POST", DOI, json=agreed).json()
    for written in ("10.5072/hf/0001", "10.5072/HF/0001", "doi:10.5072/hf/0001"):
        found = http("GET", f"/api/dois/{written}", user=None)
        assert found.status_code == 200
        assert found.json()["doi"] == minted["doi"]


def test_an_unknown_doi_is_not_found(http: Ask) -> None:
    for written in ("10.5072/hf/0001", "nonsense", "10.5072/%00", "https://[x", "x" * 5000):
        refused(http("GET", f"/api/dois/{written}"), 404, "DoiNotFound")


# Without a DOI API


def test_without_doi_api_it_answers_as_huggingface_does() -> None:
    with Sandbox(without_doi_api=True) as plain:
        headers = {"Authorization": f"Bearer {plain.users['ada']}"}
        for method, path in (("GET", DOI), ("POST", DOI), ("POST", f"{DOI}/requests")):
            answer = httpx.request(method, plain.endpoint + path, headers=headers, json={})
            assert answer.status_code == 404
            assert answer.headers.get("X-Error-Code") not in ("RepoNotFound", "RevisionNotFound")
        assert plain.world.service.status(Repo("model", "ada/tiny-bert"), None).versions == ()
