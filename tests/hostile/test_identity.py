"""One name, one thing: nothing that looks like a DOI, a repository or an origin passes for another."""

from __future__ import annotations

import socket
from urllib.parse import quote, urljoin, urlsplit

import httpx
import pytest

from hubdoi.hub.repositories import HuggingFaceHub
from hubdoi.records import Doi
from hubdoi.records.errors import InvalidDoi
from hubdoi.sandbox import Sandbox

KELVIN, LONG_S, DOTTED_I = "\u212a", "\u017f", "\u0130"


@pytest.mark.parametrize(("one", "other"), [("K", KELVIN), ("s", LONG_S), ("\xc4", "\xe4"), ("i\u0307", DOTTED_I)])  # fmt: skip
def test_dois_are_compared_in_ascii_case_only(one: str, other: str) -> None:
    assert Doi("10.5072/A" + one) == Doi("10.5072/a" + one) == "10.5072/A" + one
    assert Doi("10.5072/a" + one) != Doi("10.5072/a" + other)
    assert Doi("10.5072/a" + one) != "10.5072/a" + other
    assert len({Doi("10.5072/a" + one), Doi("10.5072/a" + other)}) == 2


@pytest.mark.parametrize("text", [f"do{DOTTED_I}:10.5072/a", f"http{LONG_S}://doi.org/10.5072/a"])
def test_what_leads_to_a_doi_is_ascii_too(text: str) -> None:
    with pytest.raises(InvalidDoi):
        Doi.parse(text)


@pytest.mark.parametrize("suffix", ["../../grace/none", "a/../b", "..", ".", "a/./b", "a/.."])
def test_a_dot_segment_leads_to_no_other_record(suffix: str) -> None:
    doi = Doi(f"10.5072/{suffix}")
    # What a browser, a proxy or a client makes of the URL is still this DOI.
    for base in ("https://doi.org/", "https://datacite.example/dois/"):
        url = urljoin(base, base + doi.in_url)
        assert url == base + doi.in_url
        assert httpx.URL(url).raw_path == urlsplit(url).path.encode()
    assert doi.url == "https://doi.org/" + doi.in_url
    assert Doi.parse(doi.url) == doi
    for written in (f"https://doi.org/{doi.name}", f"https://doi.org/10.5072/{suffix.replace('.', '%2E')}"):  # fmt: skip
        with pytest.raises(InvalidDoi):
            Doi.parse(written)


def test_a_sandbox_and_a_hub_client_take_a_dot_segment_for_what_it_is(sandbox: Sandbox) -> None:
    for path in ("doi/10.5072%2F..%2F..%2Fada", "datacite/dois/10.5072%2F..%2F..%2Fheartbeat"):
        answer = httpx.get(f"{sandbox.endpoint}/{path}", headers={"Accept": "application/json"})
        assert answer.status_code in (404, 406), path


@pytest.mark.parametrize(
    ("asked", "sent_on"),
    [
        ("/ADA/tiny%2Dbert", "/ada/tiny-bert"),
        ("/api/models/ADA/tiny%2Dbert", "/api/models/ada/tiny-bert"),
        ("/ADA/tiny%2Dbert/tree/main", "/ada/tiny-bert/tree/main"),
        ("/ADA/tiny%2Dbert/resolve/refs%2Fpr%2F1/a%20b?x=1%2F2", "/ada/tiny-bert/resolve/refs%2Fpr%2F1/a%20b?x=1%2F2"),
        ("/ADA/tiny%2Dbert/resolve/main/ADA/tiny-bert", "/ada/tiny-bert/resolve/main/ADA/tiny-bert"),
        ("/%41DA/tiny-bert/tree/main", "/ada/tiny-bert/tree/main"),
    ],
)  # fmt: skip
def test_a_redirect_leads_to_the_repository_and_keeps_the_rest(
    asked: str, sent_on: str, shared_sandbox: Sandbox
) -> None:
    answer = httpx.get(shared_sandbox.endpoint + asked)
    assert (answer.status_code, answer.headers["Location"]) == (307, sent_on)


def test_a_wildcard_host_takes_posts_from_its_own_pages_alone() -> None:
    with Sandbox(host="0.0.0.0") as running:
        port = urlsplit(running.endpoint).port
        url = f"http://127.0.0.1:{port}/api/repos/create"
        headers = {"Authorization": f"Bearer {running.users['ada']}"}

        def posted(host: str, origin: str, name: str) -> int:
            sent = {**headers, "Host": f"{host}:{port}", "Origin": origin}
            return httpx.post(url, headers=sent, json={"name": name}).status_code

        assert posted("127.0.0.1", f"http://203.0.113.9:{port}", "a") == 403
        assert posted("203.0.113.9", f"http://127.0.0.1:{port}", "b") == 403
        assert posted("203.0.113.9", f"http://203.0.113.9:{port}", "c") == 200
        assert posted("127.0.0.1", f"http://127.0.0.1:{port}", "d") == 200
        own = socket.gethostname().lower()
        assert posted(own, f"http://{own}:{port}", "e") == 200
        assert posted(own, "http://evil.example", "f") == 403


def test_a_name_from_an_answer_stays_one_part_of_a_path(shared_sandbox: Sandbox) -> None:
    with HuggingFaceHubOf(shared_sandbox) as hub:
        asked = hub._http.get(f"/api/users/{quote('../models/ada', safe='')}/overview")
        assert asked.status == 404


class HuggingFaceHubOf:
    def __init__(self, sandbox: Sandbox) -> None:
        from hubdoi.config import Config

        self.hub = HuggingFaceHub(Config(endpoint=sandbox.endpoint))

    def __enter__(self) -> HuggingFaceHub:
        return self.hub

    def __exit__(self, *_: object) -> None:
        self.hub._http.close()
