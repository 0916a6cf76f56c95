"""The DataCite-compatible API, with the public client and without."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from datacite import DataCiteRESTClient
from datacite.errors import DataCiteError, DataCiteNotFoundError, DataCiteUnauthorizedError
from huggingface_hub import HfApi

from hubdoi.datacite.reader import version_from
from hubdoi.sandbox import Sandbox
from tests.sandbox.datacite_account import JSON_API, URL, account_of, body, ids, metadata

Mint = Callable[..., str]


@pytest.fixture
def client(demo: Sandbox) -> DataCiteRESTClient:
    """The public client, with nothing changed but the address."""
    account = demo.datacite_repository
    return DataCiteRESTClient(
        account["username"], account["password"], account["prefix"], url=demo.datacite_url
    )


@pytest.fixture
def anyone(demo: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=demo.datacite_url) as made:
        yield made


@pytest.fixture
def owner(demo: Sandbox) -> Iterator[httpx.Client]:
    with account_of(demo) as made:
        yield made


@pytest.fixture(scope="module")
def unmoved() -> Iterator[httpx.Client]:
    """The account at a sandbox in which nothing is ever written: what it sends is refused."""
    with Sandbox(clock="2026-11-23T09:00:00Z") as running, account_of(running) as made:
        yield made
        assert made.get("/dois").json()["meta"]["total"] == 0


# The public client


def test_the_client_makes_shows_hides_and_deletes(
    client: DataCiteRESTClient, anyone: httpx.Client
) -> None:
    draft = client.draft_doi()
    assert draft.startswith("10.5072/")
    named = client.draft_doi(metadata(), "10.5072/a-draft")
    assert named == "10.5072/a-draft"
    assert anyone.get(f"/dois/{named}").status_code == 404
    assert client.get_metadata(named)["state"] == "draft"
    client.delete_doi(draft)
    with pytest.raises(DataCiteNotFoundError):
        client.get_doi(draft)

    public = client.public_doi(metadata(), URL, "10.5072/Public")
    assert public == "10.5072/public"
    assert client.get_doi("10.5072/PUBLIC") == URL
    assert anyone.get(f"/dois/{public}").json()["data"]["attributes"]["state"] == "findable"
    assert client.get_media(public)["data"]["id"] == public
    client.hide_doi(public)
    assert anyone.get(f"/dois/{public}").status_code == 404
    assert client.get_metadata(public)["state"] == "registered"
    client.show_doi(public)
    assert anyone.get(f"/dois/{public}").status_code == 200

    private = client.private_doi(metadata(), URL)
    assert client.get_metadata(private)["state"] == "registered"
    assert client.update_url(public, "https://example.org/new") == "https://example.org/new"
    changed = client.update_doi(public, {"version": "2"}, "https://example.org/newer")
    assert (changed["version"], changed["url"]) == ("2", "https://example.org/newer")
    assert changed["titles"] == [{"title": "Notes on the Engine"}]
    assert client.check_doi("suffix") == "10.5072/suffix"


def test_r11_the_client_cannot_delete_what_is_registered(client: DataCiteRESTClient) -> None:
    for make in (client.public_doi, client.private_doi):
        doi = make(metadata(), URL)
        with pytest.raises(DataCiteError) as refused:
            client.delete_doi(doi)
        assert "405" in str(refused.value)
        assert client.get_doi(doi) == URL


def test_a_wrong_password_is_refused(demo: Sandbox) -> None:
    account = demo.datacite_repository
    wrong = DataCiteRESTClient(
        account["username"], "wrong", account["prefix"], url=demo.datacite_url
    )
    with pytest.raises(DataCiteUnauthorizedError):
        wrong.draft_doi()
    with pytest.raises(DataCiteUnauthorizedError):
        DataCiteRESTClient(
            "OTHER.ONE", account["password"], "10.5072", url=demo.datacite_url
        ).draft_doi()


def test_a_wrong_prefix_is_refused(demo: Sandbox, owner: httpx.Client) -> None:
    account = demo.datacite_repository
    other = DataCiteRESTClient(
        account["username"], account["password"], "10.1234", url=demo.datacite_url
    )
    with pytest.raises(DataCiteError, match="prefix"):
        other.draft_doi()
    assert owner.post("/dois", content=body(doi="10.1234/x")).status_code == 403
    assert owner.put("/dois/10.1234/x", content=body()).status_code == 403


# Writing


def test_a_new_doi_is_a_draft_unless_told_otherwise(owner: httpx.Client) -> None:
    answer = owner.post("/dois", content=body(prefix="10.5072"))
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert answer.headers["content-type"].startswith(JSON_API)
    assert answer.headers["location"].endswith(f"/datacite/dois/{data['id']}")
    assert (data["type"], data["attributes"]["state"]) == ("dois", "draft")
    assert data["relationships"]["client"]["data"]["id"] == "sandbox.hf"


def test_r08_a_taken_doi_is_refused(owner: httpx.Client, demo: Sandbox, mint: Mint) -> None:
    minted = mint(demo, "models/ada/tiny-bert")
    owner.post("/dois", content=body(doi="10.5072/one")).raise_for_status()
    for doi in ("10.5072/one", "10.5072/ONE", minted, minted.upper()):
        answer = owner.post("/dois", content=body(doi=doi))
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["source"] == "doi" and "taken" in error["title"]


def test_r08_a_mint_passes_over_what_was_written(
    owner: httpx.Client, demo: Sandbox, mint: Mint
) -> None:
    owner.post("/dois", content=body(doi="10.5072/hf/0001")).raise_for_status()
    owner.post("/dois", content=body(doi="10.5072/HF/0002")).raise_for_status()
    assert mint(demo, "models/ada/tiny-bert") == "10.5072/hf/0003"


def test_r08_many_at_once_make_one(demo: Sandbox) -> None:
    account = demo.datacite_repository
    statuses: list[int] = []

    def create() -> None:
        answer = httpx.post(
            f"{demo.datacite_url}/dois",
            content=body(doi="10.5072/race"),
            auth=(account["username"], account["password"]),
            headers={"Content-Type": JSON_API},
        )
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=create) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [422] * 11


@pytest.mark.parametrize("event", ["publish", "register"])
def test_public_records_are_complete(owner: httpx.Client, event: str) -> None:
    answer = owner.post("/dois", content=body(doi="10.5072/x", event=event))
    assert answer.status_code == 422
    sources = {error["source"] for error in answer.json()["errors"]}
    assert sources == {
        "url",
        "creators",
        "titles",
        "publisher",
        "publicationYear",
        "types.resourceTypeGeneral",
    }
    assert all(error["title"] for error in answer.json()["errors"])
    assert owner.get("/dois/10.5072/x").status_code == 404
    for name in ("creators", "titles", "publisher", "publicationYear", "types"):
        given = metadata(url=URL)
        del given[name]
        answer = owner.post("/dois", content=body(doi="10.5072/x", event=event, **given))
        assert answer.status_code == 422
        assert [e["source"].partition(".")[0] for e in answer.json()["errors"]] == [name]


def test_a_public_record_stays_complete(owner: httpx.Client) -> None:
    given = metadata(url=URL, doi="10.5072/x", event="publish")
    owner.post("/dois", content=body(**given)).raise_for_status()
    for changes in ({"titles": []}, {"creators": None}, {"types": {"resourceTypeGeneral": "Poem"}}):
        assert owner.put("/dois/10.5072/x", content=body(**changes)).status_code == 422
    kept = owner.get("/dois/10.5072/x").json()["data"]["attributes"]
    assert kept["titles"] == given["titles"] and kept["types"] == given["types"]


def test_put_makes_what_is_not_there(owner: httpx.Client) -> None:
    given = metadata(url=URL, event="publish")
    assert owner.put("/dois/10.5072/new", content=body(**given)).status_code == 201
    assert owner.put("/dois/10.5072/new", content=body(**given)).status_code == 200
    assert owner.patch("/dois/10.5072/none", content=body()).status_code == 404
    other = owner.put("/dois/10.5072/new", content=body(doi="10.5072/other"))
    assert other.status_code == 422


def test_events_move_a_record_between_its_states(owner: httpx.Client) -> None:
    def state(event: str | None) -> str:
        answer = owner.put("/dois/10.5072/x", content=body(**metadata(url=URL), event=event))
        assert answer.status_code in (200, 201)
        return answer.json()["data"]["attributes"]["state"]

    events = [None, "hide", "register", "register", "publish", "register", "hide", "publish"]
    assert list(map(state, events)) == [
        "draft", "draft", "registered", "registered", "findable", "findable", "registered", "findable",
    ]  # fmt: skip
    assert owner.put("/dois/10.5072/x", content=body(event="vanish")).status_code == 422


def test_r11_nobody_writes_over_what_the_hub_minted(
    owner: httpx.Client, demo: Sandbox, mint: Mint
) -> None:
    doi = mint(demo, "models/ada/tiny-bert")
    assert owner.put(f"/dois/{doi}", content=body(url=URL)).status_code == 403
    assert owner.put(f"/dois/{doi}", content=body(event="hide")).status_code == 403
    assert owner.delete(f"/dois/{doi}").status_code == 405
    assert owner.get(f"/dois/{doi}").json()["data"]["attributes"]["state"] == "findable"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_writing_needs_the_account(anyone: httpx.Client, method: str) -> None:
    path = "/dois" if method == "POST" else "/dois/10.5072/x"
    answer = anyone.request(method, path, content=body(), headers={"Content-Type": JSON_API})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert answer.json()["errors"][0]["title"]


@pytest.mark.parametrize("authorization", ["Basic !!!", "Basic /w==", "Basic", "Basic OjpAQEA="])
def test_odd_credentials_are_refused(unmoved: httpx.Client, authorization: str) -> None:
    for method in ("GET", "POST"):
        answer = httpx.request(
            method, f"{unmoved.base_url}dois", headers={"Authorization": authorization}
        )
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b'"x"', b"null", b'{"data": 1}', b'{"data": []}', b'{"data": {"attributes": []}}',
     b'{"data": {"type": "clients"}}', b"[" * 100_000, b'{"data": {"attributes": {"x": NaN}}}', b"\xff\xfe",
     b'{"data": {"attributes": {"publicationYear": ' + b"9" * 5000 + b"}}}"],
)  # fmt: skip
def test_bodies_that_cannot_be_read(unmoved: httpx.Client, content: bytes) -> None:
    for method, path in (("POST", "/dois"), ("PUT", "/dois/10.5072/x")):
        answer = unmoved.request(method, path, content=content)
        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"][0]["title"].endswith(".")


@pytest.mark.parametrize(
    "attributes",
    [
        {"url": "javascript:alert(1)"}, {"url": "ftp://x"}, {"url": "http://"}, {"url": "http://[x"}, {"url": 1},
        {"url": "https://a b/"}, {"url": "https://x/\n"}, {"creators": "Ada"}, {"creators": ["Ada"]}, {"creators": [{"name": 1}]},
        {"titles": {"title": "x"}}, {"titles": [{"title": ["x"]}]}, {"titles": [{"title": "\ud800"}]},
        {"titles": [{"title": "\0"}]}, {"publicationYear": "soon"}, {"publicationYear": True}, {"publicationYear": 99},
        {"publicationYear": 10**30}, {"publisher": []}, {"publisher": {"name": 1}}, {"types": []}, {"types": {"resourceTypeGeneral": 1}},
        {"version": 1}, {"sizes": [1]}, {"formats": "x"}, {"dates": [[]]}, {"geoLocations": [{"x": [[[[[[[[[[[[1]]]]]]]]]]]]}]},
        {"geoLocations": [{"x": 1e400}]}, {"doi": "nonsense/x"}, {"doi": 1}, {"doi": "10.5072/a b"}, {"event": []}, {"xml": "PHg+"},
        {"relatedIdentifiers": [{"relatedIdentifier": {}}]}, {"subjects": [{"\ud800": 1}]},
    ],
)  # fmt: skip
def test_attributes_that_cannot_be_kept(unmoved: httpx.Client, attributes: dict[str, Any]) -> None:
    answer = unmoved.post("/dois", content=body(**{"doi": "10.5072/x", **attributes}))
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["errors"][0]["title"]
    assert unmoved.get("/dois/10.5072/x").status_code == 404


def test_without_doi_or_prefix_nothing_is_made(owner: httpx.Client) -> None:
    assert owner.post("/dois", content=body()).status_code == 422
    assert owner.post("/dois", content=body(prefix=1)).status_code == 422
    made = owner.post("/dois", content=body(prefix="10.5072", suffix="mine"))
    assert made.json()["data"]["id"] == "10.5072/mine"


def test_other_media_types_and_large_bodies_are_refused(owner: httpx.Client) -> None:
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", ""):
        answer = owner.post("/dois", content=body(), headers={"Content-Type": kind})
        assert answer.status_code == 415
    large = body(prefix="10.5072", descriptions=[{"description": "x" * 2_000_000}])
    assert owner.post("/dois", content=large).status_code == 413


def test_hostile_metadata_is_kept_as_it_is(owner: httpx.Client, anyone: httpx.Client) -> None:
    title = "<script>alert(1)</script> \" ' \\ \u202e {{x}} \n é"
    given = metadata(url=URL, doi="10.5072/h", event="publish", titles=[{"title": title}])
    owner.post("/dois", content=body(**given)).raise_for_status()
    answer = anyone.get("/dois/10.5072/h")
    assert answer.json()["data"]["attributes"]["titles"] == [{"title": title}]
    assert answer.headers["content-type"].startswith(JSON_API)
    phrase = title.replace("\\", "\\\\").replace('"', '\\"')
    assert ids(anyone.get("/dois", params={"query": f'titles.title:"{phrase}"'})) == ["10.5072/h"]


# Reading


def test_r07_versions_point_at_each_other(
    demo: Sandbox, anyone: httpx.Client, mint: Mint, ada: HfApi
) -> None:
    first = mint(demo, "models/ada/tiny-bert")
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/tiny-bert")
    second = mint(demo, "models/ada/tiny-bert")

    def relations(doi: str) -> set[tuple[str, str]]:
        attributes = anyone.get(f"/dois/{doi}").json()["data"]["attributes"]
        return {
            (r["relationType"], r["relatedIdentifier"]) for r in attributes["relatedIdentifiers"]
        }

    assert ("IsPreviousVersionOf", second) in relations(first)
    assert ("IsNewVersionOf", first) in relations(second)


def test_r04_a_minted_record_says_what_it_must(
    demo: Sandbox, anyone: httpx.Client, mint: Mint, ada: HfApi
) -> None:
    doi = mint(demo, "models/ada/tiny-bert")
    oid = ada.model_info("ada/tiny-bert").sha
    data = anyone.get(f"/dois/{doi.upper()}").json()["data"]
    found = data["attributes"]
    assert (data["id"], found["doi"], found["state"]) == (doi, doi, "findable")
    assert found["url"] == f"{demo.endpoint}/ada/tiny-bert/tree/{oid}"
    assert found["titles"] == [{"title": f"tiny-bert (Revision {oid[:7]})"}]
    assert found["publisher"] == "Hugging Face"
    assert found["publicationYear"] == 2026
    assert found["types"]["resourceTypeGeneral"] == "Model"
    assert found["rightsList"][0]["rightsIdentifier"] == "Apache-2.0"
    version = version_from(found)
    assert (version.doi, version.revision) == (doi, oid)
    assert "consent" not in json.dumps(data)


def test_details_come_when_they_are_asked_for(owner: httpx.Client, anyone: httpx.Client) -> None:
    owner.post(
        "/dois", content=body(**metadata(url=URL, doi="10.5072/d", event="publish"))
    ).raise_for_status()
    plain = anyone.get("/dois/10.5072/d").json()["data"]["attributes"]
    assert plain["publisher"] == "Taylor" and plain["creators"][0]["affiliation"] == [
        "Analytical Engine"
    ]
    asked = anyone.get("/dois/10.5072/d", params={"publisher": "true", "affiliation": "true"})
    whole = asked.json()["data"]["attributes"]
    assert whole["publisher"]["publisherIdentifier"] == "https://ror.org/y"
    assert whole["creators"][0]["affiliation"][0]["affiliationIdentifier"] == "https://ror.org/x"


def test_answers_have_an_etag(owner: httpx.Client, anyone: httpx.Client) -> None:
    owner.post(
        "/dois", content=body(**metadata(url=URL, doi="10.5072/e", event="publish"))
    ).raise_for_status()
    tag = anyone.get("/dois/10.5072/e").headers["etag"]
    assert anyone.get("/dois/10.5072/e", headers={"If-None-Match": tag}).status_code == 304
    owner.put("/dois/10.5072/e", content=body(version="2")).raise_for_status()
    assert anyone.get("/dois/10.5072/e", headers={"If-None-Match": tag}).status_code == 200
