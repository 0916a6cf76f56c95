"""Receivers of webhooks that answer too slowly or without an end: others get theirs all the same."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from time import sleep
from typing import Any

import pytest

import hubdoi.sandbox.webhook_sender
from hubdoi.sandbox import Sandbox
from tests.hostile import hostile_server
from tests.hostile.hostile_server import HostileServer

BERT = "ada/tiny-bert"


@pytest.mark.parametrize("case", ["slow_headers", "endless_interim_answers", "slow_body"])
def test_a_receiver_holds_up_nobody_elses_webhooks(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each read is in time: only the deadline of the whole, or not to read the body, ends it.
    monkeypatch.setattr(hubdoi.sandbox.webhook_sender, "DEADLINE", 0.6)
    received: Queue[Any] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with (
        HTTPServer(("127.0.0.1", 0), Handler) as good,
        HostileServer(getattr(hostile_server, case)) as bad,
        Sandbox() as sandbox,
    ):
        Thread(target=good.serve_forever, daemon=True).start()
        ada = sandbox.hf_api("ada")
        watched = [{"type": "user", "name": "ada"}]
        ada.create_webhook(url=f"{bad.endpoint}/hook", watched=watched)
        ada.create_webhook(url=f"http://127.0.0.1:{good.server_port}/hook", watched=watched)
        ada.create_discussion(BERT, title="a title")
        assert received.get(timeout=60)["event"]["scope"] == "discussion"
        # Both are told at the same time.
        while bad.requests < 1:
            sleep(0.01)
        good.shutdown()
