"""An API key of DataCite in place of the password: it is accepted, and nobody ever sees it."""

from __future__ import annotations

import logging
import traceback

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from hubdoi.gateway import care
from hubdoi.gateway.app import create_app
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.gateway.traces import Traces
from hubdoi.records.errors import ServiceFailed
from hubdoi.sandbox import Sandbox

from .conftest import environment
from .test_luck import dois
from .test_work import mint

API_KEY = "DC.abcdefghijklmnopqrstuvwxyz012345"


def test_an_api_key_mints_and_is_shown_nowhere(
    plain_hub: Sandbox,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    credentials = plain_hub.world.credentials
    credentials.datacite_password = API_KEY
    for name, value in environment(plain_hub, database_url).items():
        monkeypatch.setenv(name, value)
    found = care.doctor()
    assert found.exit_status == 0, str(found)
    institution, exporter = Institution(Settings.read()), InMemorySpanExporter()
    institution.metrics.traces = Traces(exporter)
    version = mint(institution, plain_hub)
    assert dois(plain_hub) == [str(version.doi)]
    # The key is revoked.
    credentials.datacite_password = "DC.another"
    plain_hub.hf_api().upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/tiny-bert")
    with pytest.raises(ServiceFailed, match="refused the institution's account") as caught:
        mint(institution, plain_hub)
    refused = care.doctor()
    assert "account" in {finding.kind for finding in refused.findings if finding.is_problem}
    institution.metrics.traces.close()
    seen = [
        str(found), repr(found), str(refused), repr(institution.settings),
        repr(institution.registrar), repr(vars(institution.registrar)), caplog.text,
        *traceback.format_exception(caught.value),
        *(span.to_json() for span in exporter.get_finished_spans()),
        *(str(row) for row in institution.work.waiting()),
        str(institution.audit.latest()),
        TestClient(create_app(institution)).get("/metrics").text,
    ]  # fmt: skip
    assert [text for text in seen if API_KEY in text or API_KEY.removeprefix("DC.") in text] == []
    institution.close()
