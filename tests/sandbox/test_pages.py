"""The pages of repositories and the door, as a browser without scripts uses them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.guard import MAX_JSON_BYTES
from tests.sandbox.plain_browser import HOSTILE, TINY_BERT, Browser, Page, assert_harmless, push
from tests.sandbox.plain_commit import commit_card


@pytest.fixture(scope="module")
def stranger() -> Iterator[Browser]:
    """Somebody who only reads, in a sandbox that many tests share."""
    with Sandbox(clock="2026-11-23T09:00:00Z") as sandbox:
        made = Browser(sandbox)
        yield made
        made.client.close()


def test_front_page_lists_what_one_may_see(browser: Browser, demo: Sandbox) -> None:
    page = browser.open("/")
    assert "ada/tiny-bert" in page.text and "ada/notes" in page.text
    assert "grace/secret-model" not in page.text
    assert "Sign in" in page.text
    grace = Browser(demo).sign_in("grace").open("/")
    assert "grace/secret-model" in grace.text and "Signed in as Grace Hopper" in grace.text


def test_session_cookie_is_out_of_reach_of_scripts_and_sites(browser: Browser) -> None:
    form = browser.open("/login?next=/ada/tiny-bert").form("/login")
    answer = browser.client.post(
        "/login", data={"token": browser.sandbox.users["ada"], "next": "/ada/tiny-bert"}
    )
    assert form["method"] == "post"
    assert answer.status_code == 303 and answer.headers["location"] == "/ada/tiny-bert"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert browser.sandbox.users["ada"].lower() not in cookie


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\t//x"],
)
def test_signing_in_leads_nowhere_else(stranger: Browser, address: str) -> None:
    answer = stranger.client.post(
        "/login", data={"token": stranger.sandbox.users["ada"], "next": address}
    )
    assert answer.headers["location"] == "/"


def test_wrong_token_says_so_and_is_not_repeated(stranger: Browser) -> None:
    page = stranger.open("/login")
    refused = stranger.send(page.form("/login"), {"token": "hf_wrongwrongwrong"}, status=401)
    assert "not a token of this sandbox" in refused.text
    assert "hf_wrongwrongwrong" not in refused.answer.text


def test_signing_out_ends_the_session(adas: Browser) -> None:
    page = adas.open("/")
    assert "Signed in as Ada Lovelace" in page.text
    assert "Sign in" in adas.send(page.form("/logout")).text
    assert "Sign in" in adas.open("/ada/tiny-bert/settings").text


def test_an_authorization_header_opens_pages_too(demo: Sandbox, http) -> None:
    answer = http("GET", "/grace/secret-model", "grace")
    assert answer.status_code == 200 and "grace" in answer.text
    answer = http("GET", "/grace/secret-model", "ada", headers={"Accept": "text/html"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("GET", "/ada/tiny-bert/resolve/main/none.bin", 404, "There is no"),
        ("DELETE", "/ada/tiny-bert", 405, "This URL does not support that method."),
        ("POST", "/login", 413, "The request is larger than 1 MiB; send less at once."),
    ],
)
def test_a_browser_is_told_in_a_page_what_went_wrong(
    demo: Sandbox, method: str, path: str, status: int, sentence: str
) -> None:
    body = b"x" * (MAX_JSON_BYTES + 1) if status == 413 else None
    for accept, kind in (("text/html,*/*;q=0.8", "text/html"), ("*/*", "application/json")):
        answer = httpx.request(
            method, demo.endpoint + path, content=body, headers={"Accept": accept}, timeout=60
        )
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith(kind)
        assert sentence in answer.text
        assert ("Skip to the content" in answer.text) == (kind == "text/html")


def test_r06_the_page_shows_the_doi_and_offers_the_citation(adas: Browser) -> None:
    before = adas.open("/ada/tiny-bert")
    assert "Cite this model" in before.text and "It has no DOI" in before.text
    adas.generate()
    page = adas.open("/ada/tiny-bert")
    assert "/doi/10.5072/hf/0001" in page.links()
    assert "doi = { 10.5072/hf/0001 }" in page.text
    assert "doi = {10.5072/hf/0001}" in page.text
    adas.generate("/datasets/ada/notes")
    assert "Cite this dataset" in adas.open("/datasets/ada/notes").text


def test_r07_the_landing_page_says_whose_doi_it_shows(adas: Browser, ada: HfApi) -> None:
    first = ada.model_info("ada/tiny-bert").sha
    adas.generate()
    second = push(ada)
    page = adas.open(f"/ada/tiny-bert/tree/{first}")
    assert "The DOI 10.5072/hf/0001 identifies this revision" in page.text
    page = adas.open(f"/ada/tiny-bert/tree/{second}")
    assert "This revision has no DOI of its own; 10.5072/hf/0001 is of revision" in page.text
    adas.generate()
    page = adas.open(f"/ada/tiny-bert/tree/{first}")
    assert "is outdated : the current one is 10.5072/hf/0002" in page.text
    assert f"/ada/tiny-bert/tree/{second}" in page.links()
    assert f"tiny-bert (Revision {first[:7]})" in page.text


def test_a_landing_page_names_its_doi_to_programs(adas: Browser, ada: HfApi) -> None:
    def metas(path: str) -> list[tuple[str, str]]:
        found = [given for tag, given in adas.open(path).elements if tag in ("meta", "link")]
        named = [(one.get("name") or one.get("rel", ""), one) for one in found]
        return [
            (name, one.get("content") or one.get("href", ""))
            for name, one in named
            if name.startswith(("citation_", "DC.")) or name == "cite-as"
        ]

    head = ada.model_info("ada/tiny-bert").sha
    assert metas("/ada/tiny-bert") == []
    adas.generate()
    told = metas(f"/ada/tiny-bert/tree/{head}")
    assert told == metas("/ada/tiny-bert")
    assert ("cite-as", f"{adas.sandbox.endpoint}/doi/10.5072/hf/0001") in told
    assert ("citation_doi", "10.5072/hf/0001") in told
    assert ("citation_title", f"tiny-bert (Revision {str(head)[:7]})") in told
    assert ("citation_author", "Lovelace, Ada") in told and ("DC.type", "Software") in told
    # A page of another revision, of files or of settings is not what the DOI names.
    other = push(ada)
    for path in ("", f"/tree/{other}", f"/blob/{head}/README.md", "/settings", "/commits/main"):
        assert metas(f"/ada/tiny-bert{path}") == []


@pytest.mark.parametrize(
    "path",
    ["/nothing/there", "/nothing", "/a/b/c/d", "/ada/tiny-bert/tree/nope", "/ada/tiny-bert/blob/main/nope",
     "/ada/tiny-bert/tree/main/nope", "/%00/x", "/ada/%3Cscript%3E", "/static/../page.py", "/static/nope",
     "/grace/secret-model", "/datasets/ada", "/ada/tiny-bert/commits/main/README.md", "/doi/x", "/doi/10.5072/none"],
)  # fmt: skip
def test_what_is_not_there_is_a_page_in_plain_words(stranger: Browser, path: str) -> None:
    page = stranger.open(path, status=404)
    assert_harmless(page)
    assert "Nothing here" in page.text or "There is no" in page.text


def test_hostile_words_stay_words(adas: Browser, ada: HfApi, demo: Sandbox) -> None:
    names = [
        "<img src=x onerror=alert(1)>.md",
        "a\"b'c&lt;.txt",
        "100%25 #?.csv",
        'd"><b>/é {{x}}.txt',
    ]
    card = (
        f"---\nlicense: '{HOSTILE[:30].replace(chr(39), '')}'\ntags: ['<b onclick=x>']\n---\n# {HOSTILE}\n"
        f"{HOSTILE}\n\n[a](javascript:alert(1)) [b](data:text/html,x) <script>alert(2)</script>\n"
        '[c](https://example.org/"onmouseover="x) ![p](http://evil.example/p.png)\n\n<iframe src=//evil>\n'
        '\n```"><script>\n</code></pre><script>\n```\n'
    )
    push(
        ada,
        title=HOSTILE,
        commit_description=HOSTILE + "\n</p><script>",
        add=[CommitOperationAdd(name, HOSTILE.encode()) for name in names],
    )
    commit_card(demo, card)
    path = "/ada/tiny-bert/settings/doi"
    form = adas.open(path).form(path)
    adas.send(form, {"author_name": HOSTILE[:60], "author_type": "organization", "author_affiliation": HOSTILE[:80],
                     "agree": "yes", "do": "generate"})  # fmt: skip
    seen = _crawl(adas, "/")
    assert len(seen) > 25
    blobs = [page for address, page in seen.items() if "/blob/" in address]
    assert len({str(page.answer.url) for page in blobs}) >= len(names)
    assert any(HOSTILE.strip() in page.text for page in blobs)
    for page in seen.values():
        assert_harmless(page)
        for token in (
            *demo.users.values(),
            demo.support_token,
            demo.datacite_repository["password"],
        ):
            assert token not in page.answer.text


def test_card_links_stay_in_the_repository(adas: Browser, ada: HfApi) -> None:
    card = b"[a](docs/x.md) [b](../../../../login) [c](/login) ![d](pic.png) [e](#use)\n"
    oid = push(ada, add=[CommitOperationAdd("README.md", card)])
    links = adas.open("/ada/tiny-bert").links()
    base = f"/ada/tiny-bert/blob/{oid}/"
    assert {base + "docs/x.md", base + "login", base + "pic.png", "#use"} <= set(links)


def test_commits_are_paged(adas: Browser, demo: Sandbox) -> None:
    from hubdoi.records import Person
    from hubdoi.sandbox.changes import Change

    store = demo.world.store
    info = store.info(TINY_BERT, None)
    person = Person("ada", "Ada Lovelace")
    for number in range(60):
        store.commits.commit(
            info.uid, person, Change({"n": b"%d" % number}), title=f"Change {number}"
        )
    first = adas.open("/ada/tiny-bert/commits/main")
    assert "Change 59" in first.text and "Change 9 " not in first.text and "?p=1" in first.links()
    assert "initial commit" in adas.open("/ada/tiny-bert/commits/main?p=1").text
    assert "Change 59" in adas.open("/ada/tiny-bert/commits/main?p=-1x").text


def test_branches_with_slashes_and_binary_files(adas: Browser, ada: HfApi) -> None:
    ada.create_branch("ada/tiny-bert", branch="feature/one")
    assert "config.json" in adas.open("/ada/tiny-bert/tree/feature/one").text
    assert "config.json" in adas.open("/ada/tiny-bert/tree/feature%2Fone").text
    assert "not text" in adas.open("/ada/tiny-bert/blob/feature/one/model.safetensors").text
    assert "hidden_size" in adas.open("/ada/tiny-bert/blob/feature/one/config.json").text


def test_other_capitals_lead_to_the_right_name(stranger: Browser) -> None:
    answer = stranger.client.get("/Ada/Tiny-BERT")
    assert answer.status_code == 307 and answer.headers["location"] == "/ada/tiny-bert"


def test_labels_belong_to_fields(adas: Browser) -> None:
    adas.generate()
    for path in ("/login", "/ada/tiny-bert/settings", "/datasets/ada/notes/settings/doi"):
        page = adas.open(path)
        labelled = {given.get("for") for tag, given in page.elements if tag == "label"}
        for tag, given in page.elements:
            if tag in ("select", "textarea") or (tag == "input" and given.get("type") != "hidden"):
                assert given["id"] in labelled


def _crawl(browser: Browser, start: str) -> dict[str, Page]:
    """Every page that links lead to, on this server."""
    seen: dict[str, Page] = {}
    waiting = [start]
    while waiting:
        path = waiting.pop().partition("#")[0]
        here = urlsplit(path)
        if not path or path in seen or here.netloc or "/resolve/" in path:
            continue
        answer = browser.client.get(path, follow_redirects=True)
        assert answer.status_code in (200, 404), (path, answer.status_code)
        seen[path] = Page(answer)
        for link in seen[path].links():
            target = urljoin(str(answer.url), link)
            if target.startswith(browser.sandbox.endpoint + "/"):
                waiting.append(target.removeprefix(browser.sandbox.endpoint))
    return seen
