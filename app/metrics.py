"""`GET /metrics`: how the site is, in numbers that Prometheus collects.

Counters count from the first time that they were asked for. Whoever asks needs a token with
`board:read`, from this machine too: a proxy in front of the server would make every stranger look
like this machine.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app import VERSION
from app.machine.care import Care
from app.readings import COUNTED_MAX, Counts, Health, Lag, Reading, read
from devices.patience import Metrics
from devices.supervisor import Supervisor
from wms.db import Book
from wms.robots.conveyors import Zone

MEDIA_TYPE = "text/plain; version=1.0.0; charset=utf-8"


def families(reading: Reading, counters: Mapping[str, Metrics], signals: int) -> Iterator[Metric]:
    """The numbers as Prometheus wants them; *counters* are the supervisor's, by device. Pure."""
    yield _gauge("genba_info", "The running version", {"version": VERSION}, 1)
    yield from _of_devices(reading.health, counters)
    yield from _of_conveyors(reading.zones)
    yield _gauge("genba_signals_waiting", "Signals of devices that wait for intake", {}, signals)
    for name, states in reading.live.items():
        words = f"Unfinished {name.replace('_', ' ')} by state"
        family = GaugeMetricFamily(f"genba_{name}", words, labels=["state"])
        for state, count in states.items():
            family.add_metric([state], count)
        yield family
    yield from _lags("genba_unread", "Rows that wait for a reader", "reader", reading.unread)
    yield from _lags(
        "genba_events_hidden", "Events behind an open writer", "", {"": reading.hidden}
    )
    yield from _of_webhooks(reading.webhooks)
    yield _counted("genba_events", "Events by kind", "kind", reading.events)
    yield _counted("genba_scans", "Inputs of terminals by fate", "fate", reading.scans)


def _gauge(name: str, words: str, labels: Mapping[str, str], value: float) -> Metric:
    family = GaugeMetricFamily(name, words, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family


def _counted(name: str, words: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, words, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def _lags(name: str, words: str, label: str, lags: Mapping[str, Lag]) -> Iterator[Metric]:
    labels = [label] if label else []
    rows = GaugeMetricFamily(f"{name}_rows", f"{words}, at most {COUNTED_MAX}", labels=labels)
    ages = GaugeMetricFamily(f"{name}_age_seconds", f"{words}: age of the oldest", labels=labels)
    for value, lag in lags.items():
        rows.add_metric([value] if label else [], lag.rows)
        ages.add_metric([value] if label else [], lag.age_s)
    yield rows
    yield ages


def _of_webhooks(webhooks: Mapping[tuple[str, str], Lag]) -> Iterator[Metric]:
    labels = ["endpoint", "state"]
    rows = GaugeMetricFamily("genba_webhooks", "Webhooks that have not arrived", labels=labels)
    ages = GaugeMetricFamily(
        "genba_webhooks_age_seconds", "Age of the oldest event that has not arrived", labels=labels
    )
    for (endpoint, state), lag in webhooks.items():
        rows.add_metric([endpoint, state], lag.rows)
        ages.add_metric([endpoint, state], lag.age_s)
    yield rows
    yield ages


def _of_devices(health: tuple[Health, ...], counters: Mapping[str, Metrics]) -> Iterator[Metric]:
    now = GaugeMetricFamily(
        "genba_device_health", "1 for the health that the device has",
        labels=["device", "driver", "health"],
    )  # fmt: skip
    since = GaugeMetricFamily(
        "genba_device_health_age_seconds", "Since its health changed", labels=["device"]
    )
    for device in health:
        now.add_metric([device.device, device.driver, device.health], 1)
        since.add_metric([device.device], device.age_s)
    yield now
    yield since
    for each in fields(Metrics):
        name = each.name.removesuffix("_s") + "_seconds" * each.name.endswith("_s")
        family = CounterMetricFamily(
            f"genba_device_{name}", f"The supervisor's count of {name.replace('_', ' ')}",
            labels=["device"],
        )  # fmt: skip
        for device_name, metrics in counters.items():
            family.add_metric([device_name], getattr(metrics, each.name))
        yield family


def _of_conveyors(zones: tuple[Zone, ...]) -> Iterator[Metric]:
    boxes = GaugeMetricFamily(
        "genba_conveyor_boxes_today", "Boxes over a zone today, by its own counters",
        labels=["device", "zone", "way"],
    )  # fmt: skip
    unknown = GaugeMetricFamily(
        "genba_conveyor_unknown_today", "Times that what passed a zone is not known",
        labels=["device", "zone"],
    )  # fmt: skip
    trouble = GaugeMetricFamily(
        "genba_conveyor_trouble", "1 for a zone in trouble", labels=["device", "zone"]
    )
    for zone in zones:
        boxes.add_metric([zone.device, zone.zone, "arrived"], zone.arrived)
        boxes.add_metric([zone.device, zone.zone, "departed"], zone.departed)
        unknown.add_metric([zone.device, zone.zone], zone.unknown)
        trouble.add_metric([zone.device, zone.zone], bool(zone.trouble))
    yield from (boxes, unknown, trouble)


class _Once(Collector):
    """Families that were made already, in the shape in which a registry wants them."""

    def __init__(self, made: tuple[Metric, ...]) -> None:
        self.made = made

    def collect(self) -> tuple[Metric, ...]:
        return self.made


class Meter:
    """Answers who asks, one after another: two at once would count the same rows twice."""

    def __init__(self, supervisor: Supervisor, care: Care | None = None) -> None:
        self.supervisor, self.care = supervisor, care
        self.counts = Counts()
        self.turn = asyncio.Lock()

    async def text(self, book: Book, *, now: int) -> bytes:
        """The whole answer in Prometheus' text format."""
        async with self.turn:
            reading = await book.read(read, self.counts, now=now)
        counters = {name: self.supervisor.metrics(name) for name in self.supervisor.names()}
        registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)
        made = families(reading, counters, len(self.supervisor.queue))
        of_machine = self.care.families() if self.care is not None else ()
        registry.register(_Once((*made, *of_machine)))
        return generate_latest(registry)


@get(
    "/metrics", opt={"scope": "board:read"}, include_in_schema=False, media_type=MEDIA_TYPE,
    summary="Numbers for Prometheus",
)  # fmt: skip
async def get_metrics(
    book: NamedDependency[Book], now: NamedDependency[int], meter: NamedDependency[Meter]
) -> Response[bytes]:
    """How the site is now."""
    return Response(await meter.text(book, now=now), media_type=MEDIA_TYPE)


def metrics_router(supervisor: Supervisor, care: Care | None = None) -> Router:
    """The handler of metrics. Outside `/v1`: it is where Prometheus looks first."""
    meter = Meter(supervisor, care)
    dependencies: dict[str, Any] = {"meter": Provide(lambda: meter, sync_to_thread=False)}
    return Router("/", route_handlers=[get_metrics], dependencies=dependencies)
