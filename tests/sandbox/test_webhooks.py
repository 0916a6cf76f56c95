"""Webhooks, received as `huggingface_hub`'s own payload classes read them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from secrets import token_bytes
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi, WebhookPayload
from huggingface_hub.errors import HfHubHTTPError

from hubdoi.sandbox import Sandbox

BERT = "ada/tiny-bert"


class Receiver:
    """Keeps what it is sent; it fails as often as `failures` says."""

    def __init__(self) -> None:
        self.received: Queue[tuple[str | None, dict[str, Any]]] = Queue()
        self.failures = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = 500 if receiver.failures > 0 else 200
                receiver.failures -= 1
                self.send_response(status)
                self.end_headers()
                if status == 200:
                    receiver.received.put((self.headers["X-Webhook-Secret"], body))

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def next(self, scope: str) -> dict[str, Any]:
        """The next payload of that scope."""
        while True:
            _, body = self.received.get(timeout=60)
            if body["event"]["scope"] == scope:
                return body

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    """One for all tests here: each of them takes its webhooks away."""
    with Sandbox() as running:
        yield running


@pytest.fixture(autouse=True)
def none_left(demo: Sandbox) -> Iterator[None]:
    yield
    for user in demo.users:
        api = demo.hf_api(user)
        for webhook in api.list_webhooks():
            api.delete_webhook(webhook.id)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def hook(api: HfApi, receiver: Receiver, **more: Any) -> str:
    watched = more.pop("watched", [{"type": "user", "name": "ada"}])
    return api.create_webhook(url=receiver.url, watched=watched, secret="a secret", **more).id


def test_make_change_switch_and_delete(ada: HfApi, grace: HfApi) -> None:
    made = ada.create_webhook(
        url="https://example.org/x", watched=[{"type": "user", "name": "ada"}]
    )
    assert ada.get_webhook(made.id) == made
    assert ada.list_webhooks() == [made]
    assert ada.disable_webhook(made.id).disabled
    changed = ada.update_webhook(made.id, domains=["discussion"], watched=made.watched)
    assert (changed.domains, changed.url, changed.disabled) == (["discussion"], made.url, True)
    assert not ada.enable_webhook(made.id).disabled
    for act in (grace.get_webhook, grace.delete_webhook, grace.disable_webhook):
        with pytest.raises(HfHubHTTPError) as caught:
            act(made.id)
        assert caught.value.response.status_code == 404
    ada.delete_webhook(made.id)
    assert ada.list_webhooks() == []


@pytest.mark.parametrize(
    "change",
    [
        {"url": "ftp://x"}, {"url": "http://"}, {"url": "http://a@b/"}, {"url": 1},
        {"url": "http://127.0.0.1/é"}, {"watched": []},
        {"watched": [{"type": "planet", "name": "x"}]}, {"watched": "ada"}, {"domains": ["weather"]},
        {"secret": "a\nb"}, {"jobSourceId": "x"}, {"watched": [5]}, {"watched": [{"type": "user"}]},
        {"watched": [{"type": "user", "name": ""}]}, {"watched": [{"type": [], "name": "x"}]},
    ],
)  # fmt: skip
def test_webhooks_that_cannot_be(http: Callable[..., httpx.Response], change: dict) -> None:
    body = {"url": "http://127.0.0.1:9/", "watched": [{"type": "user", "name": "ada"}]}
    answer = http("POST", "/api/settings/webhooks", json={**body, **change})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_what_happens_is_delivered(
    demo: Sandbox, ada: HfApi, mint: Any, receiver: Receiver
) -> None:
    hook(ada, receiver)
    before = ada.model_info(BERT).sha
    made = ada.upload_file(path_or_fileobj=token_bytes(8), path_in_repo="x.txt", repo_id=BERT)
    secret, body = receiver.received.get(timeout=60)
    assert secret == "a secret"
    payload = WebhookPayload.model_validate(body)
    assert (payload.event.scope, payload.event.action) == ("repo.content", "update")
    assert (payload.repo.name, body["repo"]["headSha"]) == (BERT, made.oid)
    assert body["updatedRefs"] == [{"ref": "refs/heads/main", "oldSha": before, "newSha": made.oid}]
    doi = mint(demo, f"models/{BERT}")
    body = receiver.next("repo.config")
    assert (body["updatedConfig"], f"doi:{doi}" in body["repo"]["tags"]) == (
        {"private": False},
        True,
    )
    ada.create_repo("ada/new")
    assert receiver.next("repo")["event"]["action"] == "create"
    ada.update_repo_settings("ada/new", private=True)
    assert receiver.next("repo.config")["updatedConfig"] == {"private": True}
    ada.update_repo_settings("ada/new", private=False, gated="auto")
    assert receiver.next("repo.config")["updatedConfig"] == {"private": False}
    ada.update_repo_settings("ada/new", gated="manual")
    assert receiver.next("repo.config")["updatedConfig"] == {"private": False}
    ada.move_repo("ada/new", "ada/newer")
    assert receiver.next("repo")["movedTo"] == {"name": "ada/newer", "owner": {"id": "user-ada"}}
    ada.delete_repo("ada/newer")
    assert receiver.next("repo")["event"]["action"] == "delete"
    pull = ada.create_pull_request(BERT, title="A change", description="text")
    payload = WebhookPayload.model_validate(receiver.next("discussion"))
    assert payload.discussion and payload.comment
    assert (payload.discussion.num, payload.discussion.isPullRequest) == (pull.num, True)
    assert payload.comment.content == "text"
    ada.comment_discussion(BERT, pull.num, "more")
    assert receiver.next("discussion.comment")["comment"]["content"] == "more"
    ada.change_discussion_status(BERT, pull.num, "closed")
    assert receiver.next("discussion")["discussion"]["status"] == "closed"


def test_only_what_is_watched_and_may_be_seen(ada: HfApi, grace: HfApi, receiver: Receiver) -> None:
    hook(
        ada,
        receiver,
        watched=[{"type": "user", "name": "grace"}, {"type": "model", "name": BERT}],
        domains=["repo"],
    )
    grace.upload_file(
        path_or_fileobj=token_bytes(8), path_in_repo="x.txt", repo_id="grace/secret-model"
    )
    ada.create_discussion(BERT, title="a title")
    ada.upload_file(
        path_or_fileobj=token_bytes(8),
        path_in_repo="x.txt",
        repo_id="ada/notes",
        repo_type="dataset",
    )
    ada.upload_file(path_or_fileobj=token_bytes(8), path_in_repo="x.txt", repo_id=BERT)
    _, body = receiver.received.get(timeout=60)
    assert (body["repo"]["name"], body["event"]["scope"]) == (BERT, "repo.content")


def test_a_receiver_that_fails_is_tried_again(ada: HfApi, receiver: Receiver) -> None:
    receiver.failures = 1
    hook(ada, receiver)
    ada.upload_file(path_or_fileobj=token_bytes(8), path_in_repo="x.txt", repo_id=BERT)
    assert receiver.next("repo.content")["repo"]["name"] == BERT


def test_what_was_not_delivered_is_delivered_after_a_restart(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.failures = 1
    with Sandbox(tmp_path / "data") as sandbox:
        ada = sandbox.hf_api("ada")
        hook(ada, receiver)
        oid = ada.upload_file(
            path_or_fileobj=token_bytes(8), path_in_repo="x.txt", repo_id=BERT
        ).oid
    with Sandbox(tmp_path / "data"):
        assert receiver.next("repo.content")["repo"]["headSha"] == oid


def test_a_receiver_that_never_answers_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with Sandbox(tmp_path / "data") as sandbox:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            watched = [{"type": "user", "name": "ada"}]
            ada = sandbox.hf_api("ada")
            ada.create_webhook(url=url, watched=watched)
            ada.upload_file(path_or_fileobj=token_bytes(8), path_in_repo="x.txt", repo_id=BERT)
            connection, _ = silent.accept()
        # The sandbox is gone, and its delivery still waits for the answer.
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        connection.close()
    with Sandbox(tmp_path / "data") as sandbox:
        ada = sandbox.hf_api("ada")
        logs = f"/api/settings/webhooks/{ada.list_webhooks()[0].id}/logs"
        headers = {"Authorization": f"Bearer {sandbox.users['ada']}"}
        assert httpx.get(sandbox.endpoint + logs, headers=headers).json()[0]["waiting"]


def test_nothing_leaves_the_machine_and_a_delivery_is_replayed(
    http: Callable[..., httpx.Response], ada: HfApi, receiver: Receiver
) -> None:
    made = ada.create_webhook(url="http://198.51.100.1/", watched=[{"type": "user", "name": "ada"}])
    ada.upload_file(path_or_fileobj=token_bytes(8), path_in_repo="x.txt", repo_id=BERT)
    logs = f"/api/settings/webhooks/{made.id}/logs"
    while (entry := http("GET", logs).json()[0])["waiting"]:
        pass
    assert "loopback" in entry["error"]
    ada.update_webhook(made.id, url=receiver.url, watched=made.watched)
    replay = f"/api/settings/webhooks/{made.id}/replay"
    assert http("POST", f"{replay}/{entry['id']}").status_code == 200
    assert receiver.next("repo.content")["repo"]["name"] == BERT
    assert http("POST", f"{replay}/999").status_code == 404
    assert http("POST", f"{replay}/{10**30}").status_code == 422
    # Somebody else's, and that of another webhook of the same person.
    for other in (replay.replace(made.id, hook(ada, receiver)), replay.replace(made.id, "x")):
        assert http("POST", f"{other}/{entry['id']}").status_code == 404
    assert http("POST", f"{replay}/{entry['id']}", user="grace").status_code == 404


def logs_of(http: Callable[..., httpx.Response], webhook: str) -> list[dict[str, Any]]:
    answer = http("GET", f"/api/settings/webhooks/{webhook}/logs")
    return list(answer.raise_for_status().json())


def push(ada: HfApi) -> str:
    content = token_bytes(8)
    return str(ada.upload_file(path_or_fileobj=content, path_in_repo="x.txt", repo_id=BERT).oid)


def test_a_receiver_that_hangs_holds_up_nobody_else(
    ada: HfApi,
    http: Callable[..., httpx.Response],
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Longer than any test lasts.
    monkeypatch.setattr("hubdoi.sandbox.webhook_sender.DEADLINE", 3600.0)
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}/"
        hangs = ada.create_webhook(url=url, watched=[{"type": "user", "name": "ada"}]).id
        hook(ada, receiver)
        for _ in range(3):
            oid = push(ada)
            assert receiver.next("repo.content")["repo"]["headSha"] == oid
        assert [entry["tries"] for entry in logs_of(http, hangs)] == [0, 0, 0]
        # Its own deliveries come one after the other.
        for _ in range(3):
            connection, _ = hanging.accept()
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            connection.close()


def test_one_receiver_hears_in_order(ada: HfApi, receiver: Receiver) -> None:
    hook(ada, receiver)
    oids = [push(ada) for _ in range(10)]
    assert [receiver.next("repo.content")["repo"]["headSha"] for _ in oids] == oids


def test_a_webhook_that_is_switched_off_is_not_tried_again(
    ada: HfApi, http: Callable[..., httpx.Response], receiver: Receiver
) -> None:
    receiver.failures = 1_000_000
    made = hook(ada, receiver)
    push(ada)
    while not logs_of(http, made)[0]["tries"]:
        pass
    ada.disable_webhook(made)
    assert not logs_of(http, made)[0]["waiting"]
    receiver.failures = 0
    push(ada)
    ada.enable_webhook(made)
    last = push(ada)
    assert receiver.next("repo.content")["repo"]["headSha"] == last
    assert receiver.received.empty()
    assert [entry["waiting"] for entry in logs_of(http, made)][1:] == [False]


def test_many_events_of_one_webhook_push_out_none_of_another(
    ada: HfApi,
    http: Callable[..., httpx.Response],
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hubdoi.sandbox.webhooks._KEPT", 3)
    notes = [{"type": "dataset", "name": "ada/notes"}]
    quiet = ada.create_webhook(url="http://127.0.0.1:9/", watched=notes).id
    ada.upload_file(
        path_or_fileobj=token_bytes(8), path_in_repo="x", repo_id="ada/notes", repo_type="dataset"
    )
    busy = hook(ada, receiver, watched=[{"type": "model", "name": BERT}])
    for _ in range(6):
        push(ada)
    assert [entry["waiting"] for entry in logs_of(http, quiet)] == [True]
    assert len(logs_of(http, busy)) == 3


def test_addresses_that_cannot_be_reached_stop_nothing(
    ada: HfApi, http: Callable[..., httpx.Response], receiver: Receiver
) -> None:
    watched = [{"type": "user", "name": "ada"}]
    for url in (
        "https://127.0.0.1:9/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:9/a b",
        "http://[::1]:9/",
        "http://localhost:9#x",
        "http://127.0.0.1:9\\x",
        "http://127.0.0.1?@example.org/",
        "http://127.1:9/",
        "http://localhost.example.org/",
        "http://" + "a" * 300 + "/",
    ):
        body = {"url": url, "watched": watched}
        assert http("POST", "/api/settings/webhooks", json=body).status_code in (200, 400), url
    good = hook(ada, receiver)
    oid = push(ada)
    assert receiver.next("repo.content")["repo"]["headSha"] == oid
    tried = [one.id for one in ada.list_webhooks() if one.id != good]
    while not all(logs_of(http, one)[0]["tries"] for one in tried):
        pass
    assert all(logs_of(http, one)[0]["error"] for one in tried)
