from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from hubdoi.commands import Context, run
from hubdoi.commands.session import Session
from hubdoi.records import Connection, errors
from hubdoi.sandbox import Sandbox
from tests.commands.agreeing import agreed
from tests.ports import free_ports, taken


def test_alone_it_tells_where_who_and_what(context: Context, sandbox: Sandbox) -> None:
    backend = run([], context)
    assert isinstance(backend, Connection)
    assert backend.endpoint == sandbox.endpoint
    assert backend.person is not None
    assert backend.person.full_name == "Ada Lovelace"
    assert "%doi status" in (backend.help or "")


def test_another_user_can_be_chosen(context: Context) -> None:
    backend = run(["use", "sandbox", "--user", "grace"], context)
    assert backend.person.username == "grace"


def test_a_user_that_is_not_there_changes_nothing(context: Context) -> None:
    with pytest.raises(errors.SandboxError, match="ada, grace"):
        run(["use", "sandbox", "--user", "nobody"], context)
    assert run([], context).person.username == "ada"


@pytest.mark.parametrize(
    "target", ["ftp://x", "https://", "not a place", "https://a:b@c", "sandbx"]
)
def test_a_target_that_is_none_changes_nothing(
    context: Context, target: str, sandbox: Sandbox
) -> None:
    with pytest.raises(errors.InvalidInput):
        run(["use", target], context)
    assert context.session.client.endpoint == sandbox.endpoint


def test_a_hub_elsewhere_is_not_called_the_sandbox(context: Context) -> None:
    elsewhere = run(["use", "https://hub.invalid"], context)
    assert elsewhere.kind == "hub"
    assert "sandbox" not in elsewhere.registrar


@pytest.mark.parametrize("token", ["hf_somebody", None])
def test_a_server_on_this_machine_that_is_away_is_not_called_the_sandbox(
    context: Context, token: str | None
) -> None:
    found = context.session.use("http://127.0.0.1:9", token=token)
    assert found.kind == "hub"
    assert "sandbox" not in found.registrar
    assert found.note is not None and "127.0.0.1:9" in found.note


def test_a_sandbox_that_is_named_by_its_url_is_called_one(sandbox: Sandbox) -> None:
    assert Session().use(sandbox.endpoint).kind == "sandbox"


def test_credentials_do_not_travel_unencrypted(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example.org")
    with pytest.raises(errors.InsecureEndpoint) as refusal:
        run(["use", "http://hub.example.org"], context)
    assert "hf_secret" not in refusal.value.message


def test_a_sandbox_of_ones_own_starts_resets_and_stops(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HUBDOI_SANDBOX_DATA", raising=False)
    monkeypatch.delenv("HUBDOI_JUPYTER_SANDBOX", raising=False)
    context = Context(session=Session())
    try:
        started = run(["sandbox", "start", "--data", str(tmp_path / "kept")], context)
        assert started.kind == "sandbox"
        assert str(run(["sandbox", "url"], context)) == started.endpoint
        agreed(context, "mint", "ada/tiny-bert")
        run(["sandbox", "reset"], context)
        assert run(["status", "ada/tiny-bert"], context).state == "unregistered"
        with pytest.raises(errors.SandboxError, match="sandbox stop"):
            run(["sandbox", "start", "--data", str(tmp_path / "other")], context)
        assert (
            run(["sandbox", "start", "--data", str(tmp_path / "kept")], context).kind == "sandbox"
        )
        stopped = str(run(["sandbox", "stop"], context))
        assert stopped == "The sandbox was stopped. In use now: https://huggingface.co"
        assert str(run(["sandbox", "stop"], context)) == "No sandbox of this session is running."
        with pytest.raises(errors.SandboxError, match="sandbox start"):
            run(["sandbox", "url"], context)
    finally:
        context.session.stop_sandbox()


def test_to_stop_the_sandbox_leaves_another_choice_alone(tmp_path: Path) -> None:
    context = Context(session=Session())
    try:
        run(["use", "sandbox", "--fresh"], context)
        run(["use", "https://hub.example"], context)
        assert str(run(["sandbox", "stop"], context)).endswith("In use now: https://hub.example")
    finally:
        context.session.stop_sandbox()


def test_a_sandbox_that_was_started_again_is_found_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HUBDOI_SANDBOX_DATA", str(tmp_path / "kept"))
    context = Context(session=Session())
    # No port that Linux gives to another test while nothing listens there.
    with Sandbox(data=tmp_path / "kept", port=free_ports(1)[0]) as first:
        before = first.endpoint
        assert run(["use", "sandbox"], context).endpoint == before
        assert "another process" in str(run(["sandbox", "stop"], context))
        agreed(context, "mint", "ada/tiny-bert")
    with pytest.raises(errors.ServiceUnreachable, match="choose it again with: %doi use"):
        run(["history", "ada/tiny-bert"], context)
    with taken(before), Sandbox(data=tmp_path / "kept") as second:
        assert second.endpoint != before
        assert run(["use", "sandbox"], context).endpoint == second.endpoint
        assert run(["status", "ada/tiny-bert"], context).state == "current"


def test_support_lists_and_grants_from_another_process(context: Context, sandbox: Sandbox) -> None:
    agreed(context, "mint", "ada/tiny-bert")
    run(
        [
            "request",
            "ada/tiny-bert",
            "move",
            "--reason",
            "A better name",
            "--to",
            "ada/little-bert",
        ],
        context,
    )
    data = ["--data", str(sandbox.world.data)]
    assert (
        "move ada/tiny-bert to ada/little-bert"
        in run(["sandbox", "requests", *data], context).details
    )
    assert "is now ada/little-bert" in str(run(["sandbox", "grant", "1", *data], context))
    with pytest.raises(errors.HubdoiError, match="granted already"):
        run(["sandbox", "grant", "1", *data], context)
    with pytest.raises(errors.HubdoiError, match="no request number 7"):
        run(["sandbox", "grant", "7", *data], context)
    assert run(["status", "ada/tiny-bert"], context).repo.id == "ada/little-bert"


def test_support_is_that_of_the_session_s_own_sandbox(
    context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    agreed(context, "mint", "ada/tiny-bert")
    run(["request", "ada/tiny-bert", "delete", "--reason", "It was a trial"], context)
    assert "delete ada/tiny-bert" in run(["sandbox", "requests"], context).details
    monkeypatch.delenv("HUBDOI_SANDBOX_DATA")
    assert "delete ada/tiny-bert" in run(["sandbox", "requests"], context).details
    own = Context(session=Session())
    try:
        run(["sandbox", "start", "--data", str(tmp_path / "own")], own)
        assert str(run(["sandbox", "requests"], own)) == "There are no requests."
        with pytest.raises(errors.HubdoiError, match="no request number 1"):
            run(["sandbox", "grant", "1"], own)
    finally:
        own.session.stop_sandbox()
    assert "is deleted" in str(run(["sandbox", "grant", "1"], context))


def test_support_says_where_no_sandbox_runs(context: Context, tmp_path: Path) -> None:
    with pytest.raises(errors.SandboxError, match="serve --data"):
        run(["sandbox", "requests", "--data", str(tmp_path)], context)


def test_a_fresh_sandbox_is_this_sessions_own(context: Context, sandbox: Sandbox) -> None:
    run(["use", "sandbox"], context)
    agreed(context, "mint", "ada/tiny-bert")
    shared = context.session.client.endpoint
    try:
        fresh = run(["use", "sandbox", "--fresh"], context)
        assert fresh.endpoint != shared
        assert run(["status", "ada/tiny-bert"], context).state == "unregistered"
        again = run(["use", "sandbox", "--fresh"], context)
        assert again.endpoint != fresh.endpoint
        assert run(["status", "ada/tiny-bert"], context).state == "unregistered"
    finally:
        context.session.stop_sandbox()


def test_only_the_sandbox_can_be_fresh(context: Context) -> None:
    with pytest.raises(errors.UsageError, match="use sandbox --fresh"):
        run(["use", "hub", "--fresh"], context)


def test_a_link_signs_in_once(context: Context, sandbox: Sandbox) -> None:
    run(["use", "sandbox"], context)
    link = str(run(["sandbox", "url", "--user", "ada"], context))
    assert link.startswith(sandbox.endpoint)
    with httpx.Client(follow_redirects=True) as browser:
        assert "Ada Lovelace" in browser.get(link).raise_for_status().text
    with httpx.Client(follow_redirects=True) as another:
        refused = another.get(link)
    assert refused.status_code == 404
    assert "request a new one" in refused.text
    with pytest.raises(errors.SandboxError, match="no user 'nobody'"):
        run(["sandbox", "url", "--user", "nobody"], context)


def test_a_name_without_datasets_is_answered_with_the_dataset(
    context: Context, sandbox: Sandbox
) -> None:
    run(["use", "sandbox"], context)
    with pytest.raises(errors.RepoNotFound, match=r"Did you mean datasets/ada/notes\?"):
        run(["mint", "ada/notes"], context)


def test_a_mistyped_command_is_answered_with_the_nearest() -> None:
    with pytest.raises(errors.UsageError, match="did you mean mint"):
        run(["mnt", "ada/tiny-bert"])


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("ada/tiny-bert", "status ada/tiny-bert"),
        ("datasets/ada/notes", "status datasets/ada/notes"),
        ("10.57967/hf/0003", "cite 10.57967/hf/0003"),
    ],
)
def test_a_reference_without_a_command_is_answered_with_one(word: str, command: str) -> None:
    with pytest.raises(errors.UsageError, match=f"Say what to do with it.* {command}$"):
        run([word])


def test_json_is_text(context: Context, sandbox: Sandbox) -> None:
    run(["use", "sandbox"], context)
    text = run(["status", "ada/tiny-bert", "--json"], context)
    assert isinstance(text, str)
    assert json.loads(text)["state"] == "unregistered"
