"""Figures for Prometheus: what happened here is counted in this process, what waits is read when somebody asks."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """One registry for each gateway, so that several may live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.webhooks = Histogram(
            "amana_webhook_seconds", "From a request to its answer.", ("channel", "status"),
            buckets=BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.turns = Histogram(
            "amana_turn_seconds", "From taking a message up to its stored answer.", ("by",),
            buckets=BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.sends = Counter(
            "amana_sends", "Attempts to hand a message to a provider.", ("channel", "outcome"), registry=self.registry
        )
        self.refused = Counter(
            "amana_assistant_failures", "Turns that the assistant did not answer.", registry=self.registry
        )
        self._gauges = {
            name: Gauge(f"amana_{name}", text, labels, registry=self.registry)
            for name, text, labels in (
                ("jobs", "Jobs by kind and state; dead ones wait for the desk.", ("kind", "state")),
                ("oldest_job_seconds", "Age of the oldest job that is alive.", ("kind",)),
                ("spool_bytes", "What waits outside of the database.", ()),
                ("orphans", "What the last sweep found.", ("kind",)),
                ("cases_late", "People who have waited for a counsellor for more than ten minutes.", ()),
                ("missed_messages", "Messages that only the provider's list had.", ()),
                ("ready", "1 when a part works, 0 when it does not.", ("part",)),
            )
        }

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        gauge = self._gauges[name]
        (gauge.labels(**labels) if labels else gauge).set(value)

    def clear(self, name: str) -> None:
        """Forget the labels of a gauge, so that what is gone does not keep its last value."""
        self._gauges[name].clear()

    def page(self, values: Mapping[str, float]) -> bytes:
        """Return all figures as text, with these set just now."""
        for name, value in values.items():
            self.set(name, value)
        return generate_latest(self.registry)
