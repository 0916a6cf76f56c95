from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from hubdoi.sandbox import Sandbox


def test_an_unexpected_failure_tells_nothing_of_what_was_sent(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("the secret that somebody sent")

    monkeypatch.setattr(sandbox.world.service, "status", fail)
    answer = httpx.get(f"{sandbox.endpoint}/api/models/ada/tiny-bert/doi", trust_env=False)
    assert answer.status_code == 500
    assert answer.json()["error"]
    assert "secret" not in answer.text + caplog.text
    assert "Traceback" not in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_terms_that_cannot_be_read_are_one_sentence(
    sandbox: Sandbox, content: bytes | None
) -> None:
    terms = Path(sandbox.world.data) / "terms.txt"
    terms.write_bytes(content) if content is not None else terms.mkdir()
    answer = httpx.get(f"{sandbox.endpoint}/api/models/ada/tiny-bert/doi", trust_env=False)
    assert answer.status_code == 503
    assert "terms.txt" in answer.json()["error"]
