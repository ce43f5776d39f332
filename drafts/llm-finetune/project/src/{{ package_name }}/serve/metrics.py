"""What `/metrics` tells Prometheus: requests, tokens, times, the batch, the adapters."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from .app import Service

# The creation time of every series would double the page for nobody.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Counters that requests move. Callers pass known labels only, so they stay bounded."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests_total",
            "Answers by route, method and status.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "http_request_seconds",
            "Time from a request's head to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._first = Histogram(
            "time_to_first_token_seconds",
            "Time from a request to the first token of its answer.",
            ("model",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._tokens = Counter(
            "tokens_total",
            "Tokens read and written, by model.",
            ("model", "kind"),
            registry=self.registry,
        )
        self._finished = Counter(
            "answers_total",
            "Answers by model and how they ended.",
            ("model", "finish"),
            registry=self.registry,
        )

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def first_token(self, model: str, seconds: float) -> None:
        """Note how long a client waited for the first token."""
        self._first.labels(model).observe(seconds)

    def finished(self, model: str, finish: str, prompt: int, completion: int) -> None:
        """Count an answer with its tokens; `finish` is also `error` or `cancelled`."""
        self._finished.labels(model, finish).inc()
        self._tokens.labels(model, "prompt").inc(prompt)
        self._tokens.labels(model, "completion").inc(completion)

    def render(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)


class ServiceCollector(Collector):
    """Gauges read from the service at scrape time."""

    def __init__(self, service: "Service") -> None:
        self._service = service

    def describe(self) -> list[Metric]:
        """Nothing in advance: the registry need not call `collect` to know the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The state now."""
        service = self._service
        ready = float(service.trouble() is None)
        yield GaugeMetricFamily("service_ready", "1 while requests are welcome.", value=ready)
        if service.engine is None or service.models is None:
            return
        engine, models = service.engine, service.models
        yield GaugeMetricFamily("rows_running", "Answers under way.", value=engine.running)
        yield GaugeMetricFamily("rows_waiting", "Prompts that wait.", value=engine.queued)
        yield CounterMetricFamily("model_steps", "Forward passes.", value=engine.steps)
        yield CounterMetricFamily(
            "model_rows", "Rows of all forward passes together.", value=engine.answered_rows
        )
        yield GaugeMetricFamily("adapters", "Adapters in use.", value=len(models.names) - 1)
        yield GaugeMetricFamily("adapter_problems", "Adapters refused.", value=len(models.problems))
