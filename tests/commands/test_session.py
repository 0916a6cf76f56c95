from __future__ import annotations

from dataclasses import replace

import pytest

from hubdoi.commands.session import Session
from hubdoi.records import Repo, Showing, Terms
from hubdoi.records.errors import SandboxError
from hubdoi.sandbox import Sandbox


def test_a_token_in_the_environment_is_not_needed_for_the_sandbox(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBDOI_SANDBOX_DATA", str(sandbox.world.data))
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_real_hub")
    session = Session()
    session.use("sandbox")
    token = session.config().token
    assert token is not None
    assert token.reveal() == sandbox.users["ada"]


def test_r03_terms_are_kept_for_what_they_were_shown_for_until_they_are_spent() -> None:
    session = Session()
    repo, other = Repo("model", "ada/tiny-bert"), Repo("dataset", "ada/tiny-bert")
    shown = Showing("https://hub.example", repo, repo, "a" * 40, is_latest=True, person=1)
    session.show_terms(Terms("never shown"), {})
    assert session.shown_terms(repo, None) is None
    given = {"title": "Notes"}
    session.show_terms(replace(Terms("text"), shown=shown), given)
    assert session.shown_terms(Repo("model", "ADA/Tiny-Bert"), None) == (Terms("text"), given)
    assert session.shown_terms(repo, "aaaaaaa") == (Terms("text"), given)
    assert session.shown_terms(repo, "bbbbbbb") is None
    assert session.shown_terms(other, None) is None
    shown.spent = "key"
    assert session.shown_terms(repo, None) is None


def test_a_sandbox_that_does_not_run_is_said_so(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBDOI_SANDBOX_DATA", str(tmp_path))
    with pytest.raises(SandboxError, match="No sandbox is running"):
        Session().use("sandbox")


def test_a_hub_by_its_url_takes_the_token_of_the_environment_that_names_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", sandbox.users["grace"])
    assert Session().use(sandbox.endpoint).person is None
    monkeypatch.setenv("HF_ENDPOINT", sandbox.endpoint)
    backend = Session().use(sandbox.endpoint)
    assert backend.person is not None
    assert backend.person.username == "grace"


def test_a_wrong_token_is_a_note_and_not_a_failure(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    monkeypatch.setenv("HF_ENDPOINT", sandbox.endpoint)
    backend = Session().use(sandbox.endpoint)
    assert backend.person is None
    assert backend.note
    assert "hf_wrong" not in backend.note


def test_a_client_without_arguments_talks_to_what_was_chosen(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hubdoi import Client
    from hubdoi.commands import session

    monkeypatch.setattr(session, "_current", None)
    monkeypatch.setenv("HUBDOI_SANDBOX_DATA", str(sandbox.world.data))
    session.current().use("sandbox")
    assert Client().endpoint == sandbox.endpoint
    assert Client().whoami() is not None
    assert Client(token=False).config.token is None


def test_the_token_that_was_chosen_goes_to_no_other_endpoint(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hubdoi import Client
    from hubdoi.commands import session

    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(session, "_current", None)
    monkeypatch.setenv("HUBDOI_SANDBOX_DATA", str(sandbox.world.data))
    session.current().use("sandbox")
    assert Client("https://hub.example.org").config.token is None
