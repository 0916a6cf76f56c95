"""What Prometheus reads at ``/metrics``: numbers and kinds, nothing about anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..net.http import Answer, Http
from ..records.errors import HubdoiError
from .traces import Traces

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metrics:
    """The metrics of one process; the queue is the database's, and the same in every process."""

    def __init__(self, traces: Traces | None = None) -> None:
        self.traces = traces or Traces()
        self.registry = CollectorRegistry()
        self.mints = Counter(
            "hubdoi_gateway_mints", "DOIs that this process registered", registry=self.registry
        )
        self.corrections = Counter(
            "hubdoi_gateway_corrections",
            "Corrections of records that this process registered",
            registry=self.registry,
        )
        self.failures = Counter(
            "hubdoi_gateway_failures",
            "Attempts of this process to register that failed, by kind of error",
            ["kind"],
            registry=self.registry,
        )
        self.refused = Counter(
            "hubdoi_gateway_rate_limited",
            "Requests that this process refused because a person sent too many",
            registry=self.registry,
        )
        self.datacite = Histogram(
            "hubdoi_gateway_datacite_seconds",
            "Seconds of requests to DataCite, attempts and pauses included",
            ["method", "outcome"],
            buckets=_SECONDS,
            registry=self.registry,
        )

    def text(self, depths: Mapping[str, int], oldest: float) -> bytes:
        """Everything, with how much work is in each state and for how many seconds the oldest is due."""
        registry = CollectorRegistry()
        registry.register(_Queue(depths, oldest))
        return generate_latest(self.registry) + generate_latest(registry)

    @contextmanager
    def timing(self, method: str) -> Iterator[list[str]]:
        """Measure the block as one request; it appends the outcome, or raises."""
        outcome: list[str] = []
        start = perf_counter()
        try:
            with self.traces.span(f"DataCite {method}"):
                yield outcome
        except HubdoiError as error:
            outcome.append(type(error).__name__)
            raise
        finally:
            label = outcome[0] if outcome else "failed"
            self.datacite.labels(method, label).observe(perf_counter() - start)


class TimedHttp(Http):
    """The connections of `http`, whose requests are measured as those to DataCite."""

    def __init__(self, http: Http, metrics: Metrics) -> None:
        vars(self).update(vars(http))
        self._metrics = metrics

    def request(self, method: str, path: str, **more: Any) -> Answer:
        with self._metrics.timing(method) as outcome:
            answer = super().request(method, path, **more)
            outcome.append(f"{answer.status // 100}xx")
        return answer


class _Queue(Collector):
    def __init__(self, depths: Mapping[str, int], oldest: float) -> None:
        self._depths = depths
        self._oldest = oldest

    def collect(self) -> Iterator[Metric]:
        queue = GaugeMetricFamily(
            "hubdoi_gateway_queue",
            "Mints, corrections and reservations that are not finished, by state",
            labels=["state"],
        )
        for state, depth in self._depths.items():
            queue.add_metric([state], depth)
        yield queue
        yield GaugeMetricFamily(
            "hubdoi_gateway_queue_oldest_seconds",
            "For how long the oldest of them has been due",
            value=self._oldest,
        )
