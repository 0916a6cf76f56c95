"""A correction in the panel where an institution registers at DataCite, and the Hub has no DOI API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hubdoi.client import Client
from hubdoi.jupyter.panel import panel
from hubdoi.records import Version
from hubdoi.sandbox import Sandbox
from tests.jupyter.panel.page import BERT, Page

Open = Callable[..., Page]


@pytest.fixture
def opened(plain_hub: Sandbox) -> Open:
    """``opened(datacite_password=…)``: the panel of a client with the account, and other settings."""
    account = plain_hub.datacite_repository

    def page(**settings: Any) -> Page:
        client = Client(
            **{
                "endpoint": plain_hub.endpoint,
                "token": plain_hub.users["ada"],
                "registrar": "datacite",
                "datacite_api": plain_hub.datacite_url,
                "datacite_repository": account["username"],
                "datacite_password": account["password"],
                "datacite_prefix": account["prefix"],
                **settings,
            }
        )
        return Page(panel(BERT, client)).until_open()

    return page


@pytest.fixture
def minted(opened: Open) -> Version:
    """The DOI that was generated in a panel."""
    page = opened()
    page.mint()
    page.until(lambda state: state["phase"] == "open" and state["history"])
    status = page.panel.work.state.status
    assert status is not None and status.version is not None
    return status.version


def correct(page: Page, **changes: Any) -> None:
    """Review the correction, agree to it and press the button."""
    page.send("correct")
    page.send("propose", form=page.form(**changes))
    page.until(lambda state: state["phase"] == "open")
    assert page.state["terms"] is not None, page.notice
    page.send("amend", form=page.form(agreed=True), terms=page.state["terms"]["digest"])


def test_the_account_s_record_is_corrected_in_place(
    opened: Open, minted: Version, plain_hub: Sandbox
) -> None:
    page = opened()
    assert page.state["can_correct"] is True
    correct(page, title="Tiny BERT")
    page.until(lambda state: state["phase"] == "open" and "correction" not in state)
    assert page.notice == f"Corrected: {minted.doi}."
    answer = httpx.get(f"{plain_hub.datacite_url}/dois/{minted.doi}").raise_for_status()
    record = answer.json()["data"]["attributes"]
    assert record["titles"][0]["title"] == f"Tiny BERT (Revision {minted.revision[:7]})"
    assert record["url"] == minted.landing_url
    assert any("record corrected on " in note for note in page.state["history"][0]["notes"])
    # Once more, as on another day.
    again = opened()
    correct(again, description="Small.")
    again.until(lambda state: state["phase"] == "open" and "correction" not in state)
    assert again.notice == f"Corrected: {minted.doi}."


def test_an_account_that_refuses_is_named_and_nothing_is_lost(
    opened: Open, minted: Version
) -> None:
    page = opened(datacite_password="not-the-password")
    correct(page, title="Tiny BERT")
    page.until(lambda state: state["phase"] == "open" and page.notice)
    assert "does not accept the password" in page.notice
    assert "not-the-password" not in page.notice
    assert page.state["form"]["title"] == "Tiny BERT"
    assert page.state["correction"]


def test_without_an_account_no_correction_is_offered(opened: Open, minted: Version) -> None:
    page = opened(registrar="handoff")
    assert page.state["can_correct"] is False
