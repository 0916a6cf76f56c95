"""The correction of a registered record in the panel: R3 and R11 against a real sandbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hubdoi.client import Client
from hubdoi.jupyter.panel import panel
from hubdoi.records import Version
from hubdoi.records.errors import ServiceUnreachable
from hubdoi.sandbox import Sandbox
from tests.jupyter.panel.page import BERT, Page, open_page

ADA = {"name": "Lovelace, Ada", "type": "person", "orcid": "", "affiliation": "", "ror": ""}


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox.endpoint, sandbox.users["ada"])


@pytest.fixture
def minted(client: Client) -> Version:
    return client.mint(BERT, agree=client.terms(BERT), description="Small.")


@pytest.fixture
def page(sandbox: Sandbox, minted: Version) -> Page:
    """The panel with the form of the registered record."""
    page = open_page(sandbox)
    assert page.state["can_correct"] is True
    page.send("correct")
    return page


def _propose(page: Page, **changes: Any) -> dict[str, Any]:
    page.send("propose", form=page.form(**changes))
    page.until(lambda state: state["phase"] == "open")
    return dict(page.state.get("correction", {}))


def _amend(page: Page, terms: str | None = None, **changes: Any) -> None:
    given = (page.state["terms"] or {}).get("digest")
    page.send("amend", form=page.form(**{"agreed": True, **changes}), terms=terms or given)


def test_the_form_begins_with_the_registered_record(page: Page, minted: Version) -> None:
    state = page.state
    assert state["correction"] == {
        "title": f"Correct the record of {minted.doi}",
        "access": "Update the access from the Hub. The record says nothing of a gate.",
        "rows": [],
    }
    form = state["form"]
    assert (form["title"], form["description"]) == ("tiny-bert", "Small.")
    assert form["authors"] == [ADA]
    assert (state["act"], state["label"], state["terms"]) == (
        "propose",
        "Review the correction",
        None,
    )
    assert state["can_correct"] is False


def test_r03_r11_what_was_shown_and_agreed_to_is_corrected(
    page: Page, client: Client, minted: Version
) -> None:
    found = _propose(page, title="Tiny BERT", authors=[{**ADA, "orcid": "0000-0002-1825-0097"}])
    assert [row[0] for row in found["rows"]] == ["Title", "Authors"]
    assert found["rows"][1][2] == "Lovelace, Ada <0000-0002-1825-0097>"
    assert "Tiny BERT" in page.state["terms"]["text"]
    assert page.state["form"]["agreed"] is False
    _amend(page)
    page.until(lambda state: state["phase"] == "open" and "correction" not in state)
    assert page.notice == f"Corrected: {minted.doi}."
    version = client.status(BERT).version
    assert version is not None
    assert (version.doi, version.repo, version.revision) == (
        minted.doi,
        minted.repo,
        minted.revision,
    )
    assert (version.name, version.description) == ("Tiny BERT", "Small.")
    assert len(client.history(BERT)) == 1 and len(client.activities(BERT)) == 2
    notes = page.state["history"][0]["notes"]
    assert f"{minted.doi}: record corrected on " in notes[1]
    page.until(lambda state: "Tiny BERT" in state["cite"]["texts"].get("bibtex", ""))
    assert "record corrected on" in page.panel.saved()["text/plain"]


def test_r03_other_values_are_shown_before_they_count(
    page: Page, client: Client, minted: Version
) -> None:
    _propose(page, title="Tiny BERT")
    digest = page.state["terms"]["digest"]
    # What is written after the difference was shown makes it void, also where the page hides that.
    _amend(page, terms=digest, title="Huge BERT")
    assert "Read it again" in page.notice
    assert (page.state["act"], page.state["terms"]) == ("propose", None)
    _propose(page, title="Huge BERT")
    _amend(page, agreed=False)
    assert page.notice == "Tick the box to continue."
    assert client.activities(BERT).entries[1:] == ()


def test_the_access_is_that_of_the_repository_now(
    page: Page, client: Client, sandbox: Sandbox, minted: Version
) -> None:
    assert page.state["form"]["access"] is False
    assert _propose(page, access=True)["rows"] == []
    assert "nothing to correct" in page.notice
    sandbox.hf_api("ada").update_repo_settings(BERT, gated="manual")
    (row,) = _propose(page, access=True)["rows"]
    assert row[:2] == ["Access", "–"] and row[2].startswith("restricted access; ")
    # What was agreed to is for exactly this.
    page.edit(access=False)
    assert page.state["terms"] is None
    _propose(page, access=True)
    _amend(page)
    page.until(lambda state: state["phase"] == "open" and "correction" not in state)
    version = client.status(BERT).version
    assert version is not None and [one.identifier for one in version.access] == ["c_16ec", ""]
    page.send("correct")
    assert page.state["form"]["access"] is False
    assert (
        "The record says: restricted access; Access requires" in page.state["correction"]["access"]
    )


def test_nothing_is_asked_when_nothing_was_changed(page: Page) -> None:
    found = _propose(page, authors=[ADA, {**ADA, "name": ""}])
    assert found["rows"] == []
    assert page.notice == "Nothing has changed yet. Change a field, then review the correction."


def test_a_wrong_field_stands_at_its_place(page: Page) -> None:
    _propose(page, authors=[{**ADA, "orcid": "0000-0002-1825-0098"}])
    assert page.state["notice"]["field"] == "authors"
    _propose(page, authors=[ADA], title=" ")
    assert page.state["notice"]["field"] == "title"


def test_the_form_for_the_next_doi_comes_back(sandbox: Sandbox, minted: Version) -> None:
    sandbox.hf_api("ada").upload_file(path_or_fileobj=b"x", path_in_repo="x.bin", repo_id=BERT)
    page = open_page(sandbox)
    page.edit(title="The next", agreed=True)
    page.send("correct")
    assert page.state["form"]["title"] == "tiny-bert"
    assert "preview" not in page.state
    page.send("uncorrect")
    assert page.state["act"] == "mint"
    assert (page.state["form"]["title"], page.state["form"]["agreed"]) == ("The next", False)


def test_the_next_doi_begins_with_the_corrected_record(sandbox: Sandbox, minted: Version) -> None:
    sandbox.hf_api("ada").upload_file(path_or_fileobj=b"x", path_in_repo="x.bin", repo_id=BERT)
    page = open_page(sandbox)
    page.send("correct")
    _propose(page, title="Tiny BERT")
    _amend(page)
    page.until(lambda state: state["phase"] == "open" and state.get("act") == "mint")
    assert page.state["form"]["title"] == "Tiny BERT"


def test_a_record_that_was_corrected_elsewhere_is_read_again(
    page: Page, client: Client, minted: Version
) -> None:
    other = client.preview_amendment(BERT, title="Of somebody else")
    client.amend(BERT, agree=other.terms, title="Of somebody else")
    page.until(lambda state: "correction" not in state)
    assert "has changed since you began" in page.notice
    page.send("correct")
    assert page.state["form"]["title"] == "Of somebody else"


def test_r12_a_lost_answer_is_asked_for_with_the_same_key(
    page: Page, client: Client, minted: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    _propose(page, title="Tiny BERT")
    asked = page.panel.work.client
    amend, keys = asked.amend, []

    def lost(*args: Any, **more: Any) -> Version:
        keys.append(more["idempotency_key"])
        version = amend(*args, **more)
        if len(keys) == 1:
            raise ServiceUnreachable("No answer.")
        return version

    monkeypatch.setattr(asked, "amend", lost)
    _amend(page)
    page.until(lambda state: state["retry"] == "amend")
    page.send("retry")
    page.until(lambda state: state["phase"] == "open" and "correction" not in state)
    assert keys[0] == keys[1]
    assert len(client.activities(BERT)) == 2


def test_r02_nobody_else_is_offered_a_correction(sandbox: Sandbox, minted: Version) -> None:
    for user in ("grace", None):
        token = sandbox.users[user] if user else False
        page = Page(panel(BERT, Client(sandbox.endpoint, token))).until_open()
        assert page.state["can_correct"] is False
        page.send("correct")
        assert "correction" not in page.state
        status = page.panel.work.state.status
        assert status is not None
        # A Hub without an interface for it is not asked either.
        assert not replace(status, has_doi_api=False).can_amend


def test_r03_a_saved_correction_is_not_agreed_to(page: Page) -> None:
    _propose(page, title="Tiny BERT")
    page.edit(agreed=True)
    saved = page.panel.saved()["application/vnd.hubdoi.panel+json"]["state"]
    assert saved["form"]["agreed"] is False
