"""The pages, as a browser without scripts uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hubdoi.sandbox import Sandbox

HOSTILE = "\"><script>alert('x')</script><img src=x onerror=alert(1)>\u202eevil\u200f {{7*7}} &amp;"
VOID = {"meta", "link", "img", "input", "br", "hr"}


class Page(HTMLParser):
    """What a browser would make of a page: elements with attributes, forms with fields, text."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.answer = answer
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.forms: list[dict] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "form":
            self.forms.append({**given, "fields": [], "buttons": []})
        elif self.forms and "form" in self._open:
            form = self.forms[-1]
            if tag in ("input", "textarea"):
                form["fields"].append((given.get("name", ""), given.get("value", ""), given))
            elif tag == "select":
                form["fields"].append((given.get("name", ""), "", given))
            elif tag == "option" and "selected" in given:
                name, _, more = form["fields"][-1]
                form["fields"][-1] = (name, given.get("value", ""), more)
            elif tag == "button":
                form["buttons"].append(given)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def links(self) -> list[str]:
        return [given["href"] for tag, given in self.elements if tag == "a" and "href" in given]

    def form(self, action: str) -> dict:
        return next(form for form in self.forms if form.get("action") == action)


class Browser:
    """A browser with one session and no scripts."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.client = httpx.Client(base_url=sandbox.endpoint, headers={"Accept": "text/html"})

    def open(self, path: str, status: int = 200) -> Page:
        answer = self.client.get(path, follow_redirects=True)
        assert answer.status_code == status, answer.text
        return Page(answer)

    def send(self, form: dict, changes: dict[str, str] | None = None, status: int = 200) -> Page:
        fields = [(name, value) for name, value, given in form["fields"]
                  if name and given.get("type") != "checkbox"]  # fmt: skip
        changes = dict(changes or {})
        data = [(name, changes.pop(name, value)) for name, value in fields]
        data += list(changes.items())
        body = httpx.QueryParams(data)
        answer = self.client.post(
            form["action"],
            content=str(body).encode(),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": self.sandbox.endpoint,
            },
            follow_redirects=True,
        )
        assert answer.status_code == status, answer.text
        return Page(answer)

    def sign_in(self, user: str) -> Browser:
        page = self.open("/login")
        self.send(page.form("/login"), {"token": self.sandbox.users[user]})
        return self

    def generate(self, path: str = "/ada/tiny-bert") -> Page:
        page = self.open(f"{path}/settings/doi")
        return self.send(page.form(f"{path}/settings/doi"), {"agree": "yes", "do": "generate"})


@pytest.fixture
def browser(demo: Sandbox) -> Iterator[Browser]:
    made = Browser(demo)
    yield made
    made.client.close()


@pytest.fixture(scope="module")
def stranger() -> Iterator[Browser]:
    """Somebody who only reads, in a sandbox that many tests share."""
    with Sandbox(clock="2026-11-23T09:00:00Z") as sandbox:
        made = Browser(sandbox)
        yield made
        made.client.close()


@pytest.fixture
def adas(demo: Sandbox) -> Iterator[Browser]:
    made = Browser(demo).sign_in("ada")
    yield made
    made.client.close()


def assert_harmless(page: Page) -> None:
    """No script but our own file, no handler, no address that runs, nothing from elsewhere."""
    for tag, given in page.elements:
        assert tag not in ("iframe", "object", "embed", "base", "style", "svg", "math"), tag
        if tag == "script":
            assert given == {"src": "/static/page.js", "defer": ""}
        for name, value in given.items():
            assert not name.startswith("on"), (tag, given)
            assert name != "style"
            if name in ("href", "src", "action", "formaction"):
                assert urlsplit(value).scheme in ("", "http", "https", "mailto"), value
            if name in ("src", "action"):
                assert value.startswith("/") and not value.startswith("//"), value
    headers = page.answer.headers
    assert headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


def push(api: HfApi, repo: str = "ada/tiny-bert", **more) -> str:
    return api.create_commit(
        repo,
        more.pop("add", [CommitOperationAdd("new.txt", b"new")]),
        commit_message=more.pop("title", "A change"),
        **more,
    ).oid


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


def test_r02_settings_are_for_who_can_write(browser: Browser, demo: Sandbox) -> None:
    page = browser.open("/ada/tiny-bert/settings")
    assert page.answer.url.path == "/login"
    assert page.form("/login")["fields"][0][1] == "/ada/tiny-bert/settings"
    grace = Browser(demo).sign_in("grace")
    refused = grace.open("/ada/tiny-bert/settings", status=403)
    assert "Only a person with write access" in refused.text
    assert "Settings" not in grace.open("/ada/tiny-bert").text


def test_r03_the_terms_are_shown_and_the_box_is_not_ticked(adas: Browser, demo: Sandbox) -> None:
    page = adas.open("/ada/tiny-bert/settings")
    start = page.form("/ada/tiny-bert/settings/doi")
    assert start["method"] == "get"
    agreement = adas.open(start["action"])
    terms = demo.world.registrar.terms
    assert " ".join(terms.text.split()) in agreement.text
    form = agreement.form("/ada/tiny-bert/settings/doi")
    box = next(given for name, _, given in form["fields"] if name == "agree")
    assert "checked" not in box and "required" in box
    refused = adas.send(form, {"do": "generate"}, status=400)
    assert "Nothing is generated without consent" in refused.text
    assert demo.world.service.status(_tiny_bert(), None).state == "unregistered"
    again = next(g for n, _, g in refused.form(form["action"])["fields"] if n == "agree")
    assert "checked" not in again


def test_r03_terms_that_changed_are_shown_anew(adas: Browser, demo: Sandbox) -> None:
    form = adas.open("/ada/tiny-bert/settings/doi").form("/ada/tiny-bert/settings/doi")
    (demo.world.data / "terms.txt").write_text("Other terms altogether.", "utf-8")
    page = adas.send(form, {"agree": "yes", "do": "generate"}, status=409)
    assert "The terms have changed" in page.text and "Other terms altogether." in page.text
    done = adas.send(page.form(form["action"]), {"agree": "yes", "do": "generate"})
    assert "The DOI 10.5072/hf/0001 is generated" in done.text


def test_r05_authors_can_be_added_moved_and_removed(adas: Browser, demo: Sandbox) -> None:
    path = "/ada/tiny-bert/settings/doi"
    page = adas.open(path)
    assert ("author_name", "Lovelace, Ada") in _values(page.form(path))
    page = adas.send(page.form(path), {"do": "add"})
    form = page.form(path)
    names = [i for i, field in enumerate(form["fields"]) if field[0] == "author_name"]
    assert len(names) == 2
    form["fields"][names[1]] = ("author_name", "Hopper, Grace", {})
    orcids = [i for i, field in enumerate(form["fields"]) if field[0] == "author_orcid"]
    form["fields"][orcids[1]] = ("author_orcid", "0000-0002-1825-0097", {})
    page = adas.send(form, {"do": "up-1"})
    found = [value for name, value in _values(page.form(path)) if name == "author_name"]
    assert found == ["Hopper, Grace", "Lovelace, Ada"]
    page = adas.send(page.form(path), {"do": "add"})
    page = adas.send(page.form(path), {"do": "remove-2"})
    adas.send(page.form(path), {"agree": "yes", "do": "generate"})
    authors = demo.world.service.status(_tiny_bert(), None).version.authors
    assert [(a.name, a.orcid) for a in authors] == [
        ("Hopper, Grace", "0000-0002-1825-0097"),
        ("Lovelace, Ada", None),
    ]


def test_a_wrong_orcid_is_named_and_nothing_typed_is_lost(adas: Browser, demo: Sandbox) -> None:
    path = "/ada/tiny-bert/settings/doi"
    form = adas.open(path).form(path)
    page = adas.send(
        form,
        {
            "author_orcid": "0000-0002-1825-0098",
            "author_affiliation": HOSTILE[:39],
            "agree": "yes",
            "do": "generate",
        },
        status=422,
    )
    assert "typing error" in page.text
    assert ("author_orcid", "0000-0002-1825-0098") in _values(page.form(path))
    assert ("author_affiliation", HOSTILE[:39]) in _values(page.form(path))
    assert demo.world.service.status(_tiny_bert(), None).state == "unregistered"


def test_enter_in_a_field_generates_nothing(adas: Browser, demo: Sandbox) -> None:
    path = "/ada/tiny-bert/settings/doi"
    form = adas.open(path).form(path)
    # A browser presses the first submit button of the form.
    assert form["buttons"][0]["value"] == "keep"
    adas.send(form, {"agree": "yes", "do": "keep"})
    assert demo.world.service.status(_tiny_bert(), None).state == "unregistered"


def test_r07_generating_anew_lists_both_versions(adas: Browser, ada: HfApi) -> None:
    assert "Generate DOI" in adas.open("/ada/tiny-bert/settings").text
    first = adas.generate()
    assert "It names revision" in first.text
    assert "Generate new DOI" not in first.text
    push(ada)
    behind = adas.open("/ada/tiny-bert/settings")
    assert "Generate new DOI" in behind.text
    assert "behind" in adas.open("/ada/tiny-bert").text
    second = adas.generate()
    rows = re.findall(r"10\.5072/hf/000\d (?:CURRENT|outdated)", second.text)
    assert rows == ["10.5072/hf/0002 CURRENT", "10.5072/hf/0001 outdated"]


def test_r07_the_landing_page_says_whose_doi_it_shows(adas: Browser, ada: HfApi) -> None:
    first = ada.model_info("ada/tiny-bert").sha
    adas.generate()
    second = push(ada)
    page = adas.open(f"/ada/tiny-bert/tree/{first}")
    assert "The DOI 10.5072/hf/0001 is of this revision" in page.text
    page = adas.open(f"/ada/tiny-bert/tree/{second}")
    assert "This revision has no DOI of its own; 10.5072/hf/0001 is of revision" in page.text
    adas.generate()
    page = adas.open(f"/ada/tiny-bert/tree/{first}")
    assert "is outdated : the current one is 10.5072/hf/0002" in page.text
    assert f"/ada/tiny-bert/tree/{second}" in page.links()
    assert f"tiny-bert (Revision {first[:7]})" in page.text


def test_r08_a_second_click_meets_the_first_answer(adas: Browser, demo: Sandbox) -> None:
    path = "/ada/tiny-bert/settings/doi"
    form = adas.open(path).form(path)
    for _ in range(2):
        page = adas.send(form, {"agree": "yes", "do": "generate"})
        assert "The DOI 10.5072/hf/0001 is generated" in page.text
    other = adas.open("/ada/tiny-bert/settings/doi", status=409)
    assert "already" in other.text
    assert len(demo.world.service.history(_tiny_bert(), None)) == 1


def test_r08_another_tab_is_told_of_the_doi_there_is(adas: Browser) -> None:
    path = "/ada/tiny-bert/settings/doi"
    one, other = adas.open(path).form(path), adas.open(path).form(path)
    adas.send(one, {"agree": "yes", "do": "generate"})
    page = adas.send(other, {"agree": "yes", "do": "generate"}, status=409)
    assert "already has the DOI 10.5072/hf/0001" in page.text


def test_r01_an_empty_or_private_repository_gets_no_button(demo: Sandbox, ada: HfApi) -> None:
    ada.create_repo("ada/empty")
    adas = Browser(demo).sign_in("ada")
    page = adas.open("/ada/empty/settings")
    assert "has no commit yet" in page.text and "Generate DOI" not in page.text
    assert "no commit yet" in adas.open("/ada/empty").text
    grace = Browser(demo).sign_in("grace").open("/grace/secret-model/settings")
    assert "is private" in grace.text and "Generate DOI" not in grace.text


def test_r09_locked_actions_say_so_and_r10_go_to_support(adas: Browser, demo: Sandbox) -> None:
    before = adas.open("/ada/tiny-bert/settings")
    assert "locked by DOI" not in before.text
    page = adas.generate()
    assert page.text.count("locked by DOI") == 3
    form = page.form("/ada/tiny-bert/settings/requests")
    refused = adas.send(form, {"action": "move", "reason": "A better name", "to": ""}, status=422)
    assert refused.form(form["action"])["action"]
    done = adas.send(form, {"action": "move", "reason": HOSTILE, "to": "ada/small-bert"})
    assert "Request 1 is filed" in done.text and HOSTILE.split("\u202e")[0] in done.text
    assert_harmless(done)
    demo.world.support.grant(1)
    moved = adas.client.get("/ada/tiny-bert/tree/main?x=1")
    assert moved.status_code == 307
    assert moved.headers["location"] == "/ada/small-bert/tree/main?x=1"
    assert "small-bert" in adas.open("/ada/tiny-bert/settings").text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/ada/tiny-bert/settings/doi", {"do": "generate", "agree": "yes", "csrf": "0" * 64}),
        ("/ada/tiny-bert/settings/doi", {"do": "generate", "agree": "yes"}),
        ("/ada/tiny-bert/settings/requests", {"action": "delete", "reason": "x"}),
        ("/logout", {}),
    ],
)
def test_a_form_without_the_sessions_token_is_refused(
    adas: Browser, demo: Sandbox, path: str, body: dict[str, str]
) -> None:
    terms = demo.world.registrar.terms.digest
    answer = adas.client.post(path, data={"terms": terms, "csrf": "", **body})
    assert answer.status_code == 403
    assert "reload the page" in answer.text
    assert demo.world.service.status(_tiny_bert(), None).state == "unregistered"
    assert "Signed in" in adas.open("/").text


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])  # fmt: skip
def test_another_site_cannot_post(adas: Browser, demo: Sandbox, headers: dict[str, str]) -> None:
    form = adas.open("/ada/tiny-bert/settings/doi").form("/ada/tiny-bert/settings/doi")
    data = dict(_values(form)) | {"agree": "yes", "do": "generate"}
    assert adas.client.post(form["action"], data=data, headers=headers).status_code == 403
    assert demo.world.service.status(_tiny_bert(), None).state == "unregistered"


def test_bodies_that_are_no_form_are_refused(adas: Browser) -> None:
    path = "/ada/tiny-bert/settings/doi"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert adas.client.post(path, json={}).status_code == 415
    assert adas.client.post(path, content=b"a" * 600_000, headers=form).status_code == 413
    assert adas.client.post(path, content=b"a=%ff&b=\xff", headers=form).status_code == 400
    assert adas.client.post(path, content=b"a=1&" * 9000, headers=form).status_code == 400
    assert adas.client.post(path, content=b"", headers=form).status_code == 403


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
        add=[CommitOperationAdd("README.md", card.encode())]
        + [CommitOperationAdd(name, HOSTILE.encode()) for name in names],
    )
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
    from hubdoi.sandbox.commits import Change

    store = demo.world.store
    info = store.info(_tiny_bert(), None)
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


def test_without_the_doi_api_a_person_generates_on_the_page() -> None:
    with Sandbox(without_doi_api=True) as sandbox:
        adas = Browser(sandbox).sign_in("ada")
        assert adas.client.get("/api/models/ada/tiny-bert/doi").status_code == 404
        assert "is generated" in adas.generate().text
        assert "doi:10.5072/hf/0001" in sandbox.hf_api().model_info("ada/tiny-bert").tags


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


def _values(form: dict) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value, given in form["fields"]
        if name and given.get("type") != "checkbox"
    ]


def _tiny_bert():
    from hubdoi.records import Repo

    return Repo("model", "ada/tiny-bert")
