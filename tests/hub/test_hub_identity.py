from __future__ import annotations

import pytest

from hubdoi.config import Config
from hubdoi.hub.repositories import HuggingFaceHub
from hubdoi.sandbox import Sandbox


def test_a_hub_on_this_machine_says_who_it_is_and_not_that_it_is_another(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, port = sandbox.world.store, sandbox.endpoint.rpartition(":")[2]
    of_ledgers = store.identity
    hub = HuggingFaceHub(Config(endpoint=sandbox.endpoint))
    assert (hub.identity, hub.kind) == (of_ledgers, "sandbox")
    for told in ("huggingface.co", "hub.example:8443", "sandbox:1", "this machine:80", ""):
        monkeypatch.setattr(store, "identity", told)
        hub = HuggingFaceHub(Config(endpoint=sandbox.endpoint))
        assert (hub.identity, hub.kind) == (f"this machine:{port}", "this machine")
