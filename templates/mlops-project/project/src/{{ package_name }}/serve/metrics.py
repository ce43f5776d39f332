"""What `/metrics` tells Prometheus: requests, predictions, the log, the champion, the monitor."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from .app import Service

# The creation time of every series would double the page for nobody.
disable_created_metrics()  # type: ignore[no-untyped-call]

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0)


class Metrics:
    """Counters that requests move; their children are looked up once, then kept."""

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
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._predictions = Counter(
            "predictions_total",
            "Rows predicted on request, by model version.",
            ("model_version",),
            registry=self.registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._version = ""
        self._of_version: Counter | None = None

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer. Callers pass known routes and methods: labels stay bounded."""
        children = self._children.get((route, method, status))
        if children is None:
            children = (
                self._requests.labels(route, method, str(status)),
                self._seconds.labels(route),
            )
            self._children[route, method, status] = children
        children[0].inc()
        children[1].observe(seconds)

    def predicted(self, version: str, rows: int) -> None:
        """Count predicted rows."""
        if version != self._version or self._of_version is None:
            self._version, self._of_version = version, self._predictions.labels(version)
        self._of_version.inc(rows)

    def render(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)


class ServiceCollector(Collector):
    """Gauges read at scrape time from the service and from the monitor's last run."""

    def __init__(self, service: "Service") -> None:
        self._service = service

    def describe(self) -> list[Metric]:
        """Nothing in advance: the registry need not call `collect` to know the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The state now."""
        service, log = self._service, self._service.log
        yield GaugeMetricFamily(
            "service_ready", "1 while there is a champion.", value=float(service.ready)
        )
        champion = GaugeMetricFamily(
            "champion_info", "The champion in use.", labels=("version", "kind", "source")
        )
        if current := service.champions.current:
            champion.add_metric((current.version, current.kind, current.source), 1.0)
        yield champion
        yield CounterMetricFamily(
            "champion_loads", "Champions taken into use.", value=service.champions.loads
        )
        yield CounterMetricFamily(
            "champion_load_failures", "Champions refused.", value=service.champions.failures
        )
        yield GaugeMetricFamily(
            "prediction_log_pending", "Rows not yet written.", value=log.pending
        )
        yield CounterMetricFamily("prediction_log_written", "Rows written.", value=log.written)
        yield CounterMetricFamily("prediction_log_dropped", "Rows lost.", value=log.dropped)
        yield GaugeMetricFamily(
            "prediction_log_ok", "0 while the log cannot be written.", value=float(not log.error)
        )
        if forecast := service.forecasts.at(service.clock.now()):
            yield GaugeMetricFamily(
                "forecast_age_hours", "Hours since the issue.", value=forecast.age_hours
            )
            yield GaugeMetricFamily(
                "forecast_daily_mean", "Forecast mean of the day.", value=forecast.daily.mean
            )
        yield from monitor_metrics(service.settings.monitor_dir / "metrics.prom")


def monitor_metrics(path: Path) -> list[Metric]:
    """What the monitor wrote for Prometheus; empty before its first run or if it is damaged."""
    try:
        return list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []
