"""The curators' pages: who gets in, what they decide, and that strangers' metadata stay text."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from hubdoi.config import Secret
from hubdoi.gateway.app import MOST_BODY, create_app
from hubdoi.gateway.backend import backend_for
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.page import COOKIE
from hubdoi.gateway.reconcile import reconcile
from hubdoi.gateway.settings import Settings
from hubdoi.gateway.tables import requests
from hubdoi.net.bodies import Bodies
from hubdoi.records import MintRequest, Repo
from hubdoi.records.errors import InReview
from hubdoi.sandbox import Sandbox
from tests.sandbox.plain_browser import Browser, values

from .conftest import environment

REPO = Repo("model", "ada/tiny-bert")
PAGES = ("", "/dois", "/work", "/people", "/policies", "/audit")


@pytest.fixture
def institution(plain_hub: Sandbox, database_url: str) -> Iterator[Institution]:
    application, _ = plain_hub.world.oauth.register(
        "The library", ["http://127.0.0.1/gateway/callback"], public=True
    )
    variables = environment(
        plain_hub,
        database_url,
        HUBDOI_GATEWAY_REVIEW="1",
        HUBDOI_GATEWAY_OIDC_CLIENT=application.id,
    )
    made = Institution(Settings.read(variables))
    made.url = "http://127.0.0.1"
    made.people.put("grace", role="admin")
    yield made
    made.close()


def browser(institution: Institution, username: str | None = None) -> TestClient:
    client = TestClient(
        create_app(institution), base_url="http://127.0.0.1", follow_redirects=False
    )
    if username:
        client.cookies.set(COOKIE, institution.sessions.begin(username), path="/gateway")
    return client


def ask(institution: Institution, sandbox: Sandbox, title: str) -> int:
    backend = backend_for(institution, Secret(sandbox.users["ada"]))
    terms = institution.registrar.terms.digest
    with pytest.raises(InReview):
        backend.mint(REPO, MintRequest(agree=True, terms=terms, title=title))
    return institution.reviews.all("waiting")[0].id


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_curator_signs_in_with_the_hub_and_out_again(
    institution: Institution, plain_hub: Sandbox
) -> None:
    client = browser(institution)
    answer = client.get("/gateway/dois?q=x")
    assert answer.status_code == 303
    to_provider = client.get(answer.headers["location"]).headers["location"]
    assert to_provider.startswith(f"{plain_hub.endpoint}/oauth/authorize")
    hub = Browser(plain_hub).sign_in("grace")
    page = hub.open(to_provider.removeprefix(plain_hub.endpoint))
    consent = page.form("/oauth/authorize")
    sent = hub.client.post("/oauth/authorize", data={**dict(values(consent)), "do": "allow"})
    back = sent.headers["location"]
    answer = client.get(back.removeprefix("http://127.0.0.1"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/gateway/dois?q=x")
    shown = client.get("/gateway").text
    assert "grace" in shown
    # The same answer of the provider counts once.
    assert client.get(back.removeprefix("http://127.0.0.1")).status_code == 401
    client.post("/gateway/sign-out", data={"csrf": csrf(shown)})
    assert client.get("/gateway").status_code == 303


def test_a_request_that_there_is_not(institution: Institution) -> None:
    client = browser(institution, "grace")
    answer = client.get("/gateway/requests/999")
    assert answer.status_code == 404
    assert "There is no request 999; look at the queue again." in answer.text


def test_a_browser_is_told_in_a_page_what_went_wrong(institution: Institution) -> None:
    client = browser(institution, "grace")
    for method, path, status, sentence in (
        ("GET", "/gateway/requests/abc", 404, "There is nothing at this URL."),
        ("GET", "/gateway/nothing", 404, "There is nothing at this URL."),
        ("GET", "/gateway/audit?before=abc", 422, "The request cannot be used: query.before"),
        ("GET", "/gone/abc", 404, "&#39;abc&#39; is not a DOI"),
        ("POST", "/gateway/audit", 405, "The gateway does not support this"),
        ("POST", "/gateway/people", 413, "The body is too large."),
    ):
        body = b"x" * (MOST_BODY + 1) if status == 413 else None
        answer = client.request(method, path, content=body, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["content-type"][:9]) == (status, "text/html")
        assert f"<h1>{sentence}" in answer.text
        told = client.request(method, path, content=body, headers={"Accept": "application/json"})
        assert told.status_code == status
        assert "error" in told.json()


def test_what_is_being_received_is_bounded(
    institution: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Bodies.__init__.__kwdefaults__, "most", 10)
    client = browser(institution, "grace")
    for accept, kind in (("text/html", "text/html"), ("*/*", "application/json")):
        answer = client.post("/gateway/people", content=b"x" * 100, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.headers["content-type"].startswith(kind)


def test_a_browser_is_told_in_a_page_that_the_database_is_away(
    institution: Institution,
) -> None:
    client = browser(institution, "grace")
    with institution.database.transaction() as db:
        db.exec_driver_sql("DROP TABLE gateway_sessions")
    answer = client.get("/gateway", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert "Skip to the content" in answer.text


def test_a_long_queue_says_how_long_it_is_and_hides_no_decision(
    institution: Institution, plain_hub: Sandbox
) -> None:
    number = ask(institution, plain_hub, "Tiny")
    with institution.database.transaction() as db:
        first = dict(db.execute(sa.select(requests)).mappings().one())
        others = [{**first, "id": number + n, "revision": f"{n:040x}"} for n in range(1, 601)]
        db.execute(requests.insert(), others)
    institution.reviews.refuse(number, "grace", "Name the authors.")
    page = browser(institution, "grace").get("/gateway").text
    assert "600 waiting, the 500 oldest first" in page
    assert "Name the authors." in page


def test_who_is_no_curator_sees_nothing(institution: Institution) -> None:
    for page in PAGES:
        assert browser(institution).get(f"/gateway{page}").status_code == 303
        assert browser(institution, "ada").get(f"/gateway{page}").status_code == 403
        assert browser(institution, "grace").get(f"/gateway{page}").status_code == 200
    institution.people.put("charles", role="curator")
    client = browser(institution, "charles")
    token = csrf(client.get("/gateway/people").text)
    answer = client.post("/gateway/people", data={"csrf": token, "username": "x"})
    assert answer.status_code == 403


def test_a_request_shows_what_its_repository_is_called_now(
    institution: Institution, plain_hub: Sandbox
) -> None:
    number = ask(institution, plain_hub, "Tiny")
    client = browser(institution, "grace")
    pages = ("/gateway", f"/gateway/requests/{number}")
    assert not any("asked for as" in client.get(page).text for page in pages)
    plain_hub.hf_api().move_repo(REPO.id, "ada/small-bert")
    reconcile(institution)
    for page in pages:
        shown = client.get(page).text
        assert "<bdi>ada/small-bert</bdi>" in shown
        assert "(asked for as <bdi>ada/tiny-bert</bdi>)" in shown
    assert shown.count("ada/tiny-bert") == 1
    told = [(entry["act"], entry["subject"], entry["why"]) for entry in institution.audit.entries()]
    assert ("moved", "ada/small-bert", "It was ada/tiny-bert.") in told


def test_a_curator_changes_and_approves(institution: Institution, plain_hub: Sandbox) -> None:
    number = ask(institution, plain_hub, "Tiny")
    client = browser(institution, "grace")
    assert "ada/tiny-bert" in client.get("/gateway").text
    page = client.get(f"/gateway/requests/{number}").text
    form = {
        "csrf": csrf(page),
        "decision": "approve",
        "title": "Tiny BERT",
        "authors": "Lovelace, Ada <0000-0002-1825-0097>\r\nHopper, Grace",
        "description": "Small.",
    }
    assert client.post(f"/gateway/requests/{number}", data={**form, "csrf": "x"}).status_code == 403
    evil = {"Origin": "https://evil.example"}
    assert client.post(f"/gateway/requests/{number}", data=form, headers=evil).status_code == 403
    assert client.post(f"/gateway/requests/{number}", data=form).status_code == 303
    assert client.post(f"/gateway/requests/{number}", data=form).status_code == 422
    assert institution.work.run(threading.Event(), until_idle=True) == 1
    version = backend_for(institution, None).status(REPO).version
    assert version is not None
    # The revision in the title is not the curator's to leave out (R4).
    assert version.revision is not None
    title = f"Tiny BERT (Revision {version.revision[:7]})"
    assert (version.title, version.description) == (title, "Small.")
    assert [a.orcid for a in version.authors] == ["0000-0002-1825-0097", None]
    assert str(version.doi) in client.get("/gateway/dois?q=TINY").text
    assert "No DOI" in client.get("/gateway/dois?q=100%25").text
    history = client.get(f"/gateway/dois/{version.doi}").text
    assert "approved" in history
    assert "registered" in history


def test_a_curator_sees_that_a_repository_is_gated(
    institution: Institution, plain_hub: Sandbox
) -> None:
    page = f"/gateway/requests/{ask(institution, plain_hub, 'Open')}"
    assert "restricted access" not in browser(institution, "grace").get(page).text
    plain_hub.hf_api("ada").update_repo_settings(REPO.id, gated="manual")
    page = f"/gateway/requests/{ask(institution, plain_hub, 'Gated')}"
    said = browser(institution, "grace").get(page).text
    assert "<dt>Access</dt>" in said and "the owner decides on each request" in said


def test_metadata_of_strangers_stay_text(institution: Institution, plain_hub: Sandbox) -> None:
    hostile = '"><script>alert(1)</script>{{ 7*7 }}</textarea>'
    number = ask(institution, plain_hub, hostile)
    client = browser(institution, "grace")
    for url in ("/gateway", f"/gateway/requests/{number}"):
        answer = client.get(url)
        assert "<script" not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert "script-src" not in answer.headers["content-security-policy"]
    refused = {
        "csrf": csrf(client.get("/gateway").text),
        "decision": "refuse",
        "reason": "=HYPERLINK(1)",
    }
    client.post(f"/gateway/requests/{number}", data=refused)
    rows = list(csv.reader(io.StringIO(client.get("/gateway/audit.csv").text)))
    assert rows[0] == ["id", "at", "who", "act", "subject", "why"]
    assert rows[-1][-1] == "'=HYPERLINK(1)"
    exported = client.get("/gateway/audit.json").json()
    assert [entry["act"] for entry in exported] == ["asked", "refused"]


def test_an_admin_changes_people_and_policies(institution: Institution) -> None:
    client = browser(institution, "grace")
    token = csrf(client.get("/gateway/people").text)
    client.post("/gateway/people", data={"csrf": token, "username": "ada", "role": "curator"})
    other = browser(institution, "ada")
    assert other.get("/gateway").status_code == 200
    client.post("/gateway/people", data={"csrf": token, "username": "ada", "act": "remove"})
    assert other.get("/gateway").status_code == 303, "the session ended"
    policy = {"csrf": token, "group": "physics", "owners": "ada", "quota": "3", "review": "1"}
    assert client.post("/gateway/policies", data=policy).status_code == 303
    made = institution.policies.of("physics")
    assert (made.owners, made.quota, made.review) == (("ada",), 3, True)
    assert client.post("/gateway/policies", data={**policy, "quota": "-1"}).status_code == 422


class Labels(HTMLParser):
    """What a page's controls are called by."""

    def __init__(self) -> None:
        super().__init__()
        self.labelled: set[str] = set()
        self.controls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "label":
            self.labelled.add(values.get("for") or "")
        if tag in ("input", "textarea", "select") and values.get("type") != "hidden":
            self.controls.append(values.get("id") or "nameless")


HUGE = "9" * 30


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (f"/requests/{HUGE}", None),
        (f"/dois?before={HUGE}", None),
        (f"/dois?before=-{HUGE}", None),
        (f"/audit?before=-{HUGE}", None),
        (f"/requests/{HUGE}", {"decision": "approve"}),
        (f"/work/{HUGE}", {"act": "retry"}),
        ("/people", {"username": "bob", "group": "a\0b"}),
        ("/people", {"username": "bob", "group": "g" * 101}),
        ("/policies", {"group": "physics", "quota": HUGE}),
    ],
)
def test_what_no_database_stores_is_no_fault_of_the_server(
    path: str, form: dict[str, str] | None, institution: Institution
) -> None:
    client = browser(institution, "grace")
    token = csrf(client.get("/gateway/people").text)
    if form is None:
        answer = client.get(f"/gateway{path}")
    else:
        answer = client.post(f"/gateway{path}", data={**form, "csrf": token})
    assert answer.status_code == 422, answer.text
    assert client.get("/gateway/dois?q=%00").status_code in (200, 422)
    assert [one.username for one in institution.people.all()] == ["grace"]


@pytest.mark.parametrize(
    "origin", ["http://[", "null", "http://evil.example", "http://127.0.0.1:1"]
)
def test_a_form_of_another_origin_changes_nothing(origin: str, institution: Institution) -> None:
    client = browser(institution, "grace")
    form = {"username": "bob", "csrf": csrf(client.get("/gateway/people").text)}
    answer = client.post("/gateway/people", data=form, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "Another site cannot make a browser do this." in answer.text
    assert [one.username for one in institution.people.all()] == ["grace"]


def test_an_export_has_no_formula_for_any_spreadsheet(institution: Institution) -> None:
    formulas = ("=1+1", "a;=1+1", " =1+1", "\uff1d1+1", "\n=1+1", 'x";"=1+1')
    for formula in formulas:
        institution.audit.add("grace", "refused", "10.5072/x", formula)
    text = browser(institution, "grace").get("/gateway/audit.csv").text
    for row in csv.reader(io.StringIO(text)):
        assert not any(re.match(r"\s*[=\uff1d]", cell) for cell in row)
    # Also where a semicolon ends a cell.
    assert not re.search(r"(?:^|;)=", re.sub(r'"(?:[^"]|"")*"', "", text), re.M)
    assert [row[-1].lstrip("'") for row in csv.reader(io.StringIO(text))][1:] == list(formulas)


def test_every_control_has_a_label(institution: Institution, plain_hub: Sandbox) -> None:
    number = ask(institution, plain_hub, "Tiny")
    client = browser(institution, "grace")
    for page in (*PAGES, f"/requests/{number}"):
        text = client.get(f"/gateway{page}").text
        labels = Labels()
        labels.feed(text)
        assert set(labels.controls) <= labels.labelled
        assert text.count("<h1") == 1
        assert '<html lang="en">' in text
