"""Traces: where a collector is named they say where the time of a mint goes, and of nobody else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from hubdoi.gateway.app import create_app
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.traces import Traces
from hubdoi.records.errors import MissingLibrary
from hubdoi.sandbox import Sandbox

from .conftest import Served, environment

DOI = "/api/models/ada/tiny-bert/doi"
TRACE = "0af7651916cd43dd8448eb211c80319c"
Open = Callable[..., Institution]


def agreed(ask: Any, token: str) -> dict[str, Any]:
    """The body, and the headers, of a mint that is part of a trace."""
    headers = {
        "Authorization": f"Bearer {token}",
        "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
    }
    digest = ask(DOI, headers=headers).json()["terms"]["digest"]
    return {"json": {"agree": True, "terms": digest}, "headers": headers}


def test_a_mint_is_one_trace(institution_of: Open, plain_hub: Sandbox) -> None:
    institution, exporter = institution_of(), InMemorySpanExporter()
    institution.metrics.traces = Traces(exporter)
    client, token = TestClient(create_app(institution)), plain_hub.users["ada"]
    answer = client.post(DOI, **agreed(client.get, token))
    assert answer.status_code == 201
    assert client.get("/api/dois/10.5072/nothing").status_code == 404
    institution.metrics.traces.close()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    route = "POST /api/{kind}/{namespace}/{name}/doi"
    mint, register, datacite = (spans[name] for name in (route, "register", "DataCite PUT"))
    assert f"{mint.context.trace_id:032x}" == TRACE
    for inner, outer in ((register, mint), (datacite, register)):
        assert inner.parent is not None
        assert inner.parent.span_id == outer.context.span_id
    assert dict(register.attributes or {}) == {"doi": answer.json()["doi"]}
    assert dict(mint.attributes or {})["http.response.status_code"] == 201
    written = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert not [word for word in (token, "Lovelace", '"ada') if word in written]


def test_what_fails_is_named_and_not_quoted(institution_of: Open) -> None:
    exporter = InMemorySpanExporter()
    traces = Traces(exporter)
    with pytest.raises(KeyError), traces.span("look"):
        raise KeyError("Ada Lovelace")
    traces.close()
    (span,) = exporter.get_finished_spans()
    assert dict(span.attributes or {}) == {"error.type": "KeyError"}
    assert "Lovelace" not in span.to_json()


def test_a_collector_gets_them(
    serve: Callable[..., Served], plain_hub: Sandbox, database_url: str
) -> None:
    with collecting() as (url, received):
        variables = environment(plain_hub, database_url, HUBDOI_GATEWAY_TRACES=url)
        process, line = serve(variables)
        request = agreed(
            lambda path, **more: httpx.get(line["endpoint"] + path, **more), plain_hub.users["ada"]
        )
        assert httpx.post(line["endpoint"] + DOI, timeout=60, **request).status_code == 201
        process.terminate()
        assert process.wait() == 0
    names = [
        span.name
        for body in received
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert {"register", "DataCite POST", "DataCite PUT"} <= set(names)


@contextmanager
def collecting() -> Iterator[tuple[str, list[bytes]]]:
    """The URL of a collector of traces, and what it received."""
    received: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            received.append(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/traces", received
        server.shutdown()


def test_without_a_collector_nothing_is_imported() -> None:
    code = (
        "import sys; from hubdoi.gateway.traces import Traces; traces = Traces.to(None)\n"
        "with traces.span('x'): pass\n"
        "traces.close(); print([n for n in sys.modules if n.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_the_library_a_sentence_says_what_to_install(
    institution_of: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(MissingLibrary, match=r"hubdoi\[traces\]"):
        institution_of(HUBDOI_GATEWAY_TRACES="http://127.0.0.1:4318/v1/traces")
