"""OpenTelemetry traces, where the configuration names a collector; otherwise nothing of it is imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from .._version import __version__
from ..config import check_endpoint
from ..records.errors import MissingLibrary


class Traces:
    """Spans that go to `exporter`, of OpenTelemetry; without one nothing is done.

    Their attributes are DOIs, kinds and numbers: nothing about anybody.

    Raises:
        MissingLibrary: OpenTelemetry is not installed.
    """

    def __init__(self, exporter: Any = None) -> None:
        self._provider: Any = None
        if exporter is None:
            return
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        name = {"service.name": "hubdoi-gateway", "service.version": __version__}
        self._provider = TracerProvider(resource=Resource.create(name), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("hubdoi")

    @classmethod
    def to(cls, url: str | None) -> Traces:
        """Spans that go to the collector at `url`, by OTLP over HTTP; none without one.

        Raises:
            InvalidInput: it is no URL.
            MissingLibrary: OpenTelemetry is not installed.
        """
        if url is None:
            return cls()
        check_endpoint(url)
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        except ImportError:
            raise MissingLibrary(
                "Traces require extra packages: pip install 'hubdoi[traces]'; or unset HUBDOI_GATEWAY_TRACES."
            ) from None
        return cls(OTLPSpanExporter(endpoint=url))

    @property
    def are_sent(self) -> bool:
        return self._provider is not None

    @contextmanager
    def span(self, name: str, parent: Any = None, **attributes: str) -> Iterator[Any]:
        """The block as a span, in the one around it or in `parent`; None where there are no traces.

        An exception leaves the name of its class behind, and not what it says.
        """
        if self._provider is None:
            yield None
            return
        with self._tracer.start_as_current_span(
            name,
            context=parent,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                raise

    def close(self) -> None:
        """Send what is left."""
        if self._provider is not None:
            self._provider.shutdown()


class TracedRequests:
    """ASGI middleware: each request is a span, in the trace that its headers name."""

    def __init__(self, app: ASGIApp, traces: Traces) -> None:
        self._app = app
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._traces.are_sent:
            await self._app(scope, receive, send)
            return
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        method = scope["method"]
        sent: Mapping[str, str] = dict(Headers(scope=scope))
        parent = TraceContextTextMapPropagator().extract(sent)
        with self._traces.span(method, parent, **{"http.request.method": method}) as span:

            async def answered(message: Any) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            try:
                await self._app(scope, receive, answered)
            finally:
                # The pattern, not the path: that would be another name for every repository.
                route = getattr(scope.get("route"), "path", None)
                if route:
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)
