"""Requests that wait for a curator and are taken back by who asked: one of two decisions counts."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hubdoi.client import Client
from hubdoi.commands.context import Context
from hubdoi.commands.run import run
from hubdoi.gateway.app import create_app
from hubdoi.gateway.erasure import erase
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.jupyter.panel import panel
from hubdoi.records import Repo
from hubdoi.records.errors import (
    AlreadyRegistered,
    DoiNotFound,
    HubdoiError,
    InReview,
    InvalidInput,
    PolicyRefused,
    SignInRequired,
)
from hubdoi.records.request import REQUESTS, RequestKind
from hubdoi.sandbox import Sandbox
from tests.jupyter.panel.page import Page

from .conftest import environment
from .test_corrections import acts, amend, backend_of, curator, mint
from .test_luck import dois
from .test_reservations import requested
from .test_reviews import DOI, REPO, asked, status, work

Open = Callable[..., Institution]
REVIEW = f"{DOI}/review"


def ask_correction(institution: Institution, sandbox: Sandbox) -> int:
    with pytest.raises(HubdoiError, match="is waiting for a decision"):
        amend(institution, sandbox, title="Tiny")
    return institution.reviews.all("waiting")[-1].id


def test_r12_a_mint_that_is_taken_back_is_never_registered(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    number = asked(institution, plain_hub)
    assert status(institution, plain_hub).waiting == ("mint",)
    told = backend_of(institution, plain_hub).withdraw(REPO)
    assert told.text.startswith("The request for a DOI for revision ")
    assert told.text.endswith(" was withdrawn. Nothing is registered.")
    for decide in (
        lambda: institution.approve(number, "grace"),
        lambda: institution.reviews.refuse(number, "grace", "No."),
    ):
        with pytest.raises(InvalidInput, match="was withdrawn"):
            decide()
    assert (work(institution), dois(plain_hub), institution.ledger.unfinished()) == (0, [], ())
    found = status(institution, plain_hub)
    assert (found.can_mint, found.waiting, found.notice) == (True, (), told.text)
    with pytest.raises(DoiNotFound, match="No request of yours"):
        backend_of(institution, plain_hub).withdraw(REPO)
    assert acts(institution) == ["asked", "withdrawn"]
    # It can be asked for again, and that is another request.
    again = asked(institution, plain_hub)
    assert again != number
    institution.approve(again, "grace")
    assert work(institution) == 1
    assert [str(version.doi) for version in status(institution, plain_hub).versions] == dois(
        plain_hub
    )


def test_a_correction_and_a_reservation_are_taken_back(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    version = mint(institution, plain_hub)
    institution.policies.put("everybody", review=True)
    ask_correction(institution, plain_hub)
    requested(institution, plain_hub)
    backend = backend_of(institution, plain_hub)
    found = backend.status(REPO)
    assert found.waiting == ("correction", "reservation")
    told = " ".join(found._repr_mimebundle_()["text/plain"].split())
    assert (
        "2 requests are waiting. To take one back: %doi withdraw ada/tiny-bert correction, "
        "%doi withdraw ada/tiny-bert reservation" in told
    )
    # It is the status that says this.
    assert found.notice is not None and found.notice.endswith("until it is approved.")
    with pytest.raises(InvalidInput, match="say what to withdraw: correction or reservation"):
        backend.withdraw(REPO)
    assert backend.withdraw(REPO, "reservation").text == (
        "The request for a reserved DOI for ada/tiny-bert was withdrawn. Nothing is reserved."
    )
    assert backend.withdraw(REPO).text == (
        f"The request for a correction of {version.doi} was withdrawn. The record stays as it is."
    )
    found = backend_of(institution, plain_hub).status(REPO)
    assert (found.waiting, found.notice, found.reserved) == ((), None, None)
    assert acts(institution)[-2:] == ["withdrawn", "withdrawn"]
    # Asked again, nothing of before is in the way.
    requested(institution, plain_hub)
    institution.approve(ask_correction(institution, plain_hub), "grace")
    assert work(institution) == 1


def test_r02_only_who_asked_takes_a_request_back(institution_of: Open, plain_hub: Sandbox) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    number = asked(institution, plain_hub)
    with pytest.raises(DoiNotFound):
        backend_of(institution, plain_hub, "grace").withdraw(REPO)
    http = TestClient(create_app(institution))
    assert http.delete(REVIEW).json()["code"] == SignInRequired.__name__
    assert institution.reviews.get(number).state == "waiting"


@pytest.mark.parametrize("what", ["deleted", "renamed", "forbidden"])
def test_it_is_taken_back_whatever_became_of_the_repository(
    what: str, institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    number = asked(institution, plain_hub)
    api, repo = plain_hub.hf_api(), REPO
    if what == "deleted":
        api.delete_repo(REPO.id)
    elif what == "renamed":
        repo = Repo("model", "ada/small-bert")
        api.move_repo(REPO.id, repo.id)
    else:
        institution.policies.put("everybody", owners=["analytical-engine"], review=True)
        with pytest.raises(PolicyRefused):
            backend_of(institution, plain_hub).reserve(REPO)
    assert "was withdrawn" in backend_of(institution, plain_hub).withdraw(repo).text
    assert institution.reviews.get(number).state == "withdrawn"


def under_review(kind: str, institution: Institution, hub: Sandbox) -> Callable[[], int]:
    """Let every request of this kind wait for a decision; what is returned asks, for its number."""
    if kind == "correction":
        mint(institution, hub)
    institution.policies.put("everybody", review=True)
    ask = {"mint": asked, "correction": ask_correction, "reservation": requested}[kind]
    return partial(ask, institution, hub)


@pytest.mark.parametrize("kind", REQUESTS)
def test_what_waits_follows_the_repository_and_not_its_name(
    kind: RequestKind, institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    ask = under_review(kind, institution, plain_hub)
    number = ask()
    api, moved = plain_hub.hf_api(), Repo("model", "ada/small-bert")
    api.move_repo(REPO.id, moved.id)
    backend = backend_of(institution, plain_hub)
    found = backend.status(moved)
    assert found.waiting == (kind,)
    assert "is waiting for a decision" in (found.notice or found.obstacle or "")
    # Another repository gets the name.
    api.create_repo(REPO.id)
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.bin", repo_id=REPO.id)
    other = backend_of(institution, plain_hub).status(REPO)
    assert (other.waiting, other.notice) == ((), None)
    assert "was withdrawn" in backend_of(institution, plain_hub).withdraw(moved).text
    assert institution.reviews.get(number).state == "withdrawn"


@pytest.mark.parametrize("kind", REQUESTS)
def test_r12_of_an_approval_and_a_withdrawal_at_once_one_counts(
    kind: str, institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    ask = under_review(kind, institution, plain_hub)
    outcomes = set()
    for _ in range(4):
        number = ask()
        start = threading.Barrier(2)

        def at_once(act: Callable[[], Any], start: threading.Barrier = start) -> bool:
            start.wait(60)
            try:
                act()
            except (InvalidInput, DoiNotFound):
                return False
            return True

        backend = backend_of(institution, plain_hub)
        with ThreadPoolExecutor(2) as pool:
            approved = pool.submit(at_once, lambda n=number: institution.approve(n, "grace"))  # type: ignore[misc]
            withdrawn = pool.submit(at_once, lambda b=backend: b.withdraw(REPO))  # type: ignore[misc]
            assert approved.result() != withdrawn.result()
        state = institution.reviews.get(number).state
        assert state == ("approved" if approved.result() else "withdrawn")
        outcomes.add(state)
        work(institution)
        if kind == "mint":
            assert bool(dois(plain_hub)) == (state == "approved")
            assert bool(status(institution, plain_hub).versions) == (state == "approved")
        if state == "approved":
            break
    assert outcomes <= {"approved", "withdrawn"}


def test_over_http_and_for_the_curator_it_is_withdrawn(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    number = asked(institution, plain_hub)
    http = curator(institution)
    headers = {"Authorization": f"Bearer {plain_hub.users['ada']}"}
    assert http.get(DOI, headers=headers).json()["waiting"] == ["mint"]
    assert http.delete(f"{REVIEW}?what=nonsense", headers=headers).status_code == 422
    assert http.delete(f"{REVIEW}?what=correction", headers=headers).status_code == 404
    answer = http.delete(REVIEW, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["repo"] == {"type": "model", "id": REPO.id}
    assert "was withdrawn" in answer.json()["message"]
    assert "waiting" not in http.get(DOI, headers=headers).json()
    queue = http.get("/gateway").text
    assert "Nothing waits for a decision." in queue
    assert "<td>Withdrawn</td><td><bdi>ada</bdi></td>" in queue
    page = http.get(f"/gateway/requests/{number}").text
    assert "Withdrawn by <bdi>ada</bdi>" in page
    assert 'value="approve"' not in page
    assert "withdrawn" in http.get("/gateway/audit").text


def test_what_was_taken_back_is_erased_with_the_person(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    number = asked(institution, plain_hub, title="A secret title")
    backend_of(institution, plain_hub).withdraw(REPO)
    erase(institution.database, institution.audit, "ada")
    kept = institution.reviews.get(number)
    assert (kept.version.title, kept.decided_by) == ("erased", kept.username)


@pytest.fixture
def client_of(
    plain_hub: Sandbox, database_url: str, serve_here: Callable[[Mapping[str, str]], str]
) -> Callable[[], Client]:
    """New clients of ada's, at a gateway that reviews everything."""
    endpoint = serve_here(environment(plain_hub, database_url, HUBDOI_GATEWAY_REVIEW="1"))
    return lambda: Client(endpoint, plain_hub.users["ada"])


def test_a_notebook_takes_it_back_with_a_command(
    client_of: Callable[[], Client], plain_hub: Sandbox
) -> None:
    context = Context()
    context.session.use(client_of().endpoint, token=plain_hub.users["ada"])
    for words in (["mint", REPO.id], ["mint", REPO.id, "--agree"]):
        with pytest.raises(HubdoiError):
            run(words, context)
    assert (
        f"%doi withdraw {REPO}"
        in run(["status", REPO.id], context)._repr_mimebundle_()["text/plain"]
    )
    with pytest.raises(InReview, match="take it back first: %doi withdraw ada/tiny-bert"):
        run(["mint", REPO.id, "--title", "Another"], context)
    with pytest.raises(DoiNotFound, match="No request of yours"):
        run(["withdraw", REPO.id, "correction"], context)
    assert "Nothing is registered." in str(run(["withdraw", REPO.id], context))
    assert run(["status", REPO.id], context).can_mint


def test_the_panel_takes_it_back_also_after_a_restart(
    client_of: Callable[[], Client], plain_hub: Sandbox
) -> None:
    page = Page(panel(REPO.id, client_of())).until_open()
    assert page.state["waiting"] == []
    page.mint()
    page.until(lambda state: state["phase"] == "watching")
    assert page.state["waiting"] == [["mint", "Withdraw the request …"]]

    # A kernel that was restarted has nothing but the name of the repository.
    again = Page(panel(REPO.id, client_of()))
    again.until(lambda state: state["phase"] == "watching" and state["waiting"])
    again.send("withdraw", kind="reservation")
    assert again.state["phase"] == "watching"
    for one in (page, again):
        assert re.fullmatch(
            r"The request for a DOI for revision \w{7} was sent to The institution on [\d-]+ and is waiting for a decision\. Nothing is registered until it is approved\.( The status shows what is decided\.)? This panel continues by itself\.",
            one.notice,
        )
    again.send("withdraw", kind="mint")
    again.send("withdraw", kind="mint")
    again.until(lambda state: state["phase"] == "open" and state.get("form"))
    assert "was withdrawn. Nothing is registered." in again.notice
    assert (again.state["waiting"], again.state["retry"]) == ([], None)

    # The panel that waited in the meantime is told, and can ask again.
    page.until(lambda state: state["phase"] == "open", 60)
    assert "was withdrawn" in page.notice
    page.send("load")
    page.until(lambda state: state["phase"] == "open" and state["waiting"] == [])
    page.mint()
    page.until(lambda state: state["phase"] == "watching")


def test_the_panel_says_when_a_curator_was_faster(
    client_of: Callable[[], Client], plain_hub: Sandbox, database_url: str
) -> None:
    page = Page(panel(REPO.id, client_of())).until_open()
    page.mint()
    page.until(lambda state: state["phase"] == "watching")
    page.send("stop")
    page.until(lambda state: state["phase"] == "open")
    assert page.state["waiting"] == [["mint", "Withdraw the request …"]]
    institution = Institution(
        Settings.read(environment(plain_hub, database_url, HUBDOI_GATEWAY_REVIEW="1"))
    )
    institution.approve(institution.reviews.all("waiting")[0].id, "grace")
    institution.close()
    page.send("withdraw", kind="mint")
    page.until(lambda state: state["phase"] == "open" and state["retry"] == "load")
    assert "No request of yours" in page.notice
    page.send("retry")
    page.until(lambda state: state.get("cite"))


def test_what_is_approved_and_not_registered_yet_is_no_new_mint(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1")
    institution.approve(asked(institution, plain_hub), "grace")
    found = status(institution, plain_hub)
    assert (found.can_mint, found.waiting, found.obstacle_code) == (False, (), "InReview")
    assert "was approved and is being registered" in (found.obstacle or "")
    assert work(institution) == 1
    assert status(institution, plain_hub).state == "current"


def test_a_reserved_doi_is_given_up_when_the_mint_with_it_is_taken_back(
    institution_of: Open, plain_hub: Sandbox
) -> None:
    institution = institution_of()
    backend = backend_of(institution, plain_hub)
    reserved = backend.reserve(REPO)
    institution.policies.put("everybody", review=True)
    asked(institution, plain_hub)
    with pytest.raises(AlreadyRegistered, match="back with: %doi withdraw ada/tiny-bert"):
        backend.release(REPO)
    backend.withdraw(REPO)
    assert backend_of(institution, plain_hub).status(REPO).reserved == reserved.doi
    institution.approve(asked(institution, plain_hub), "grace")
    with pytest.raises(AlreadyRegistered, match="has begun; ask for the status in a minute"):
        backend.release(REPO)
    assert work(institution) == 1
    assert dois(plain_hub) == [str(reserved.doi)]
    with pytest.raises(DoiNotFound, match="No DOI is reserved"):
        backend.release(REPO)
