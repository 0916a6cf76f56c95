"""Where DOIs lead, and what they say of themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from xml.etree import ElementTree

import httpx
import pytest
from huggingface_hub import HfApi

from hubdoi.records import Person, Repo
from hubdoi.sandbox import Sandbox

Mint = Callable[..., str]
Http = Callable[..., httpx.Response]

ADA = Person("ada", "Ada Lovelace")
TINY_BERT = Repo("model", "ada/tiny-bert")
REASON = 'Trained on <b>letters</b> that were "private"\u202e'

METADATA = {
    "creators": [{"name": "Hopper, Grace", "nameType": "Personal"}],
    "titles": [{"title": "Compilers <script>"}],
    "publisher": "Analytical Engine",
    "publicationYear": 2026,
    "types": {"resourceTypeGeneral": "Software"},
}


def resolve(http: Http, doi: str, accept: str = "text/html", **more) -> httpx.Response:
    return http("GET", f"/doi/{doi}", None, headers={"Accept": accept}, **more)


def grant(sandbox: Sandbox, action: str, to: str | None = None) -> None:
    support = sandbox.world.support
    support.grant(support.ask(TINY_BERT, ADA, action, REASON, to).number)


def write(sandbox: Sandbox, doi: str, url: str, event: str | None = "publish") -> None:
    account = sandbox.datacite_repository
    attributes = {**METADATA, "doi": doi, "url": url, **({"event": event} if event else {})}
    httpx.post(
        f"{sandbox.datacite_url}/dois",
        json={"data": {"type": "dois", "attributes": attributes}},
        auth=(account["username"], account["password"]),
    ).raise_for_status()


def test_r11_a_doi_leads_to_the_page_of_its_revision(
    demo: Sandbox, http: Http, mint: Mint, ada: HfApi
) -> None:
    oid = ada.model_info("ada/tiny-bert").sha
    doi = mint(demo, "models/ada/tiny-bert")
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/tiny-bert")
    second = mint(demo, "models/ada/tiny-bert")
    answer = resolve(http, doi)
    assert answer.status_code == 302
    assert answer.headers["location"] == f"/ada/tiny-bert/tree/{oid}"
    assert answer.headers["link"] == f'<https://doi.org/{doi}>; rel="cite-as"'
    assert "Accept" in answer.headers["vary"]
    page = resolve(http, doi, follow_redirects=True)
    assert page.status_code == 200 and "outdated" in page.text and second in page.text
    assert http("HEAD", f"/doi/{doi}", None).status_code == 302


def test_dois_are_compared_without_case(demo: Sandbox, http: Http, mint: Mint) -> None:
    mint(demo, "models/ada/tiny-bert")
    assert resolve(http, "10.5072/HF/0001").status_code == 302
    assert resolve(http, "10.5072%2Fhf%2F0001").status_code == 302


def test_r10_after_a_move_the_doi_leads_to_the_new_place(
    demo: Sandbox, http: Http, mint: Mint
) -> None:
    doi = mint(demo, "models/ada/tiny-bert")
    grant(demo, "move", "ada/small-bert")
    assert resolve(http, doi).headers["location"].startswith("/ada/small-bert/tree/")
    assert resolve(http, doi, follow_redirects=True).status_code == 200


def test_r10_after_a_deletion_a_tombstone_tells_what_it_was(
    demo: Sandbox, http: Http, mint: Mint
) -> None:
    doi = mint(demo, "models/ada/tiny-bert")
    grant(demo, "delete")
    answer = resolve(http, doi)
    assert answer.status_code == 410
    for words in (
        "was deleted on 23 November 2026",
        "tiny-bert (Revision c863c10)",
        "Ada Lovelace",
        doi,
        "@misc{",
    ):
        assert words in answer.text
    assert (
        "Trained on &lt;b&gt;letters&lt;/b&gt;" in answer.text and "<b>letters" not in answer.text
    )
    assert answer.headers["content-security-policy"]
    bibtex = resolve(http, doi, "application/x-bibtex")
    assert bibtex.status_code == 200 and doi in bibtex.text
    assert http("GET", "/ada/tiny-bert", None, headers={"Accept": "text/html"}).status_code == 404


def test_r10_a_deleted_name_given_anew_does_not_take_the_doi(
    demo: Sandbox, http: Http, mint: Mint, ada: HfApi
) -> None:
    doi = mint(demo, "models/ada/tiny-bert")
    grant(demo, "delete")
    ada.create_repo("ada/tiny-bert")
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/tiny-bert")
    assert resolve(http, doi).status_code == 410
    assert mint(demo, "models/ada/tiny-bert") != doi


def test_r10_after_make_private_a_page_still_says_what_it_is(
    demo: Sandbox, http: Http, mint: Mint
) -> None:
    doi = mint(demo, "models/ada/tiny-bert")
    grant(demo, "private")
    answer = resolve(http, doi)
    assert answer.status_code == 200
    assert "no longer public" in answer.text and "tiny-bert (Revision c863c10)" in answer.text
    assert http("GET", f"/doi/{doi}", "ada").status_code == 302
    assert resolve(http, doi, "application/x-bibtex").status_code == 200


def test_every_format_is_what_it_says(demo: Sandbox, http: Http, mint: Mint) -> None:
    doi = mint(demo, "models/ada/tiny-bert")

    def text(media_type: str) -> str:
        answer = resolve(http, doi, media_type)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        return answer.text

    assert text("application/x-bibtex").startswith("@")
    assert json.loads(text("application/vnd.citationstyles.csl+json"))["DOI"] == doi
    assert "TY  - " in text("application/x-research-info-systems")
    assert json.loads(text("application/vnd.datacite.datacite+json"))["doi"] == doi
    assert ElementTree.fromstring(text("application/vnd.datacite.datacite+xml")).tag.endswith(
        "resource"
    )
    for media_type in ("application/vnd.schemaorg.ld+json", "application/ld+json"):
        assert json.loads(text(media_type))["@context"] == "https://schema.org"
    assert text("text/x-bibliography").startswith("Lovelace, Ada (2026): tiny-bert")


def test_a_bibliography_has_the_style_that_was_asked_for(
    demo: Sandbox, http: Http, mint: Mint
) -> None:
    doi = mint(demo, "models/ada/tiny-bert")
    answer = resolve(http, doi, "text/x-bibliography; style=apa; locale=en-GB")
    assert answer.text.startswith("Lovelace, A. (2026).")
    for style in (
        "no-such-style",
        "../../etc/passwd",
        "/etc/passwd",
        "https://evil.example/x.csl",
        "x.csl",
    ):
        refused = resolve(http, doi, f'text/x-bibliography; style="{style}"')
        assert refused.status_code == 406, style


def test_r04_no_format_says_who_agreed(demo: Sandbox, http: Http, mint: Mint) -> None:
    doi = mint(demo, "models/ada/tiny-bert")
    digest = demo.world.registrar.terms.digest
    for media_type in (
        "application/vnd.datacite.datacite+json",
        "application/ld+json",
        "application/x-bibtex",
    ):
        assert digest not in resolve(http, doi, media_type).text


@pytest.mark.parametrize("accept", ["image/png", "text/html;q=0", "nonsense"])
def test_what_fits_nothing_is_406(demo: Sandbox, http: Http, mint: Mint, accept: str) -> None:
    answer = resolve(http, mint(demo, "models/ada/tiny-bert"), accept)
    assert answer.status_code == 406
    assert "application/x-bibtex" in answer.json()["error"]


@pytest.mark.parametrize("doi", ["10.5072/none", "nonsense", "10.5072/%00", "10.5072/<script>", "10.5072/" + "x" * 3000])  # fmt: skip
def test_an_unknown_doi_is_404_to_people_and_machines(http: Http, doi: str) -> None:
    page = resolve(http, doi)
    assert page.status_code == 404 and page.headers["content-type"].startswith("text/html")
    assert "<script>" not in page.text
    answer = resolve(http, doi, "application/x-bibtex")
    assert answer.status_code == 404 and answer.json()["code"] == "DoiNotFound"


def test_written_dois_lead_to_their_address(demo: Sandbox, http: Http) -> None:
    write(demo, "10.5072/Written-1", "https://example.org/ü?a=b#c")
    answer = resolve(http, "10.5072/wriTTen-1")
    assert answer.status_code == 302
    assert answer.headers["location"] == "https://example.org/%C3%BC?a=b#c"
    assert "Hopper, Grace" in resolve(http, "10.5072/written-1", "application/x-bibtex").text


def test_drafts_do_not_resolve_and_hidden_records_stay_hidden(demo: Sandbox, http: Http) -> None:
    write(demo, "10.5072/draft", "https://example.org/", event=None)
    write(demo, "10.5072/hidden", "https://example.org/", event="register")
    assert resolve(http, "10.5072/draft").status_code == 404
    assert resolve(http, "10.5072/hidden").status_code == 302
    assert resolve(http, "10.5072/hidden", "application/x-bibtex").status_code == 404


def test_a_dataset_leads_to_its_own_page(demo: Sandbox, http: Http, mint: Mint) -> None:
    doi = mint(demo, "datasets/ada/notes")
    assert resolve(http, doi).headers["location"].startswith("/datasets/ada/notes/tree/")
