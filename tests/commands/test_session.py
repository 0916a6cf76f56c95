from __future__ import annotations

import pytest

from hubdoi.commands.session import Session
from hubdoi.records import Repo, Terms
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


def test_r03_shown_terms_are_forgotten_once_they_are_used() -> None:
    session = Session()
    repo = Repo("model", "ada/tiny-bert")
    session.show_terms(repo, Terms("text"))
    assert session.take_shown_terms(repo) == Terms("text")
    assert session.take_shown_terms(repo) is None


def test_a_sandbox_that_does_not_run_is_said_so(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBDOI_SANDBOX_DATA", str(tmp_path))
    with pytest.raises(SandboxError, match="No sandbox runs"):
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
