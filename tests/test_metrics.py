"""`GET /metrics` tells what waits and what happened, to those who may see the board."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, update

from app.http import HttpSettings, make_app
from app.machine.care import Care, care_for
from app.machine.clock import SiteClock
from app.machine.notify import Manager
from app.metrics import Meter, metrics_router
from devices import intake
from devices.capabilities import Health
from devices.supervisor import Supervisor
from sync import outbox
from sync.outbox import Endpoint
from tests.intake_site import NOW, accept, order, seeded
from tests.sources import text_of
from tests.supervised import OneDriver, Peer
from wms.db import Book, Tx
from wms.people import tokens
from wms.record import commands, seals
from wms.rooms.signals import Weight
from wms.schema import deliveries, device_facts, print_jobs, scans, tasks, terminals

MINUTE_MS = 60_000
Samples = dict[tuple[str, ...], float]


async def _told(_device: str, _health: Health, _reason: str) -> None:
    """Nobody listens."""


def supervisor() -> Supervisor:
    return Supervisor(
        load=lambda _name: OneDriver, on_health=_told, clock=lambda: 0.0, random=Random(7)
    )


@pytest.fixture
def book(database_url: str) -> Iterator[Book]:
    book = seeded(database_url)
    yield book
    book.close()


async def samples(meter: Meter, book: Book, now: int = NOW) -> Samples:
    """Every number by its name and the values of its labels."""
    text = (await meter.text(book, now=now)).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_unfinished_work_is_counted_by_state(book: Book) -> None:
    accept(book, order("E-1"), order("E-2"), order("E-3", delivery_date="2026-12-24"))
    book.write_now(_work)
    found = await samples(Meter(supervisor()), book)
    assert found["genba_orders", "accepted"] == 2
    assert found["genba_orders", "waiting_date"] == 1
    assert found["genba_orders", "picked"] == 0
    assert found["genba_print_jobs", "blocked"] == 1
    assert found["genba_tasks", "open"] == 1
    assert ("genba_tasks", "done") not in found


def _work(tx: Tx) -> None:
    job = {"key": "j", "station": "P", "template": "tote", "state": "blocked", "created_ms": NOW}
    tx.execute(insert(print_jobs).values(job))
    for state in ("open", "done"):
        row = {"key": state, "kind": "look", "state": state, "created_ms": NOW}
        tx.execute(insert(tasks).values(row))


async def test_events_and_scans_are_counted_from_the_first_asking_on(book: Book) -> None:
    meter = Meter(supervisor())
    accept(book, order("E-1"))
    assert ("genba_events_total", "order.accepted") not in await samples(meter, book)
    accept(book, order("E-2"), order("E-3"))
    book.write_now(_scan, ["applied", "applied", "refused"])
    found = await samples(meter, book)
    assert found["genba_events_total", "order.accepted"] == 2
    book.write_now(_scan, ["repeat", "applied"])
    accept(book, order("E-4"))
    await samples(meter, book)
    found = await samples(meter, book)  # nothing is counted twice
    assert found["genba_events_total", "order.accepted"] == 3
    assert [found["genba_scans_total", fate] for fate in ("applied", "refused", "repeat")] == [
        3, 1, 1,
    ]  # fmt: skip


def _scan(tx: Tx, fates: list[str]) -> None:
    terminal = {"id": "HT-01", "token_hash": "", "seen_ms": NOW}
    if tx.execute(terminals.select()).first() is None:
        tx.execute(insert(terminals).values(terminal))
    done = len(tx.execute(scans.select()).all())
    for number, fate in enumerate(fates, start=done):
        row = {"terminal_id": "HT-01", "scan_id": f"s-{number}", "via": "scan", "fate": fate}
        tx.execute(insert(scans).values(**row, at_ms=NOW))


async def test_what_waits_for_a_reader_has_a_number_and_an_age(book: Book) -> None:
    meter = Meter(supervisor())
    accept(book, order("E-1"))
    for later_ms in (0, MINUTE_MS):
        book.write_now(_weigh, NOW + later_ms)
    book.write_now(_command)
    found = await samples(meter, book, NOW + 2 * MINUTE_MS)
    assert found["genba_unread_rows", "floor.device_facts"] == 2
    assert found["genba_unread_age_seconds", "floor.device_facts"] == 120
    assert found["genba_unread_rows", "seal.command"] == 1
    assert found["genba_events_hidden_rows",] == 0
    book.write_now(seals.seal)
    found = await samples(meter, book)
    assert found["genba_unread_rows", "seal.command"] == 0
    assert found["genba_unread_age_seconds", "seal.command"] == 0


def _weigh(tx: Tx, at_ms: int) -> None:
    row = {"device": "scale-1", "kind": "weight", "text": "5", "at_ms": at_ms}
    tx.execute(insert(device_facts).values(row))


def _command(tx: Tx) -> None:
    commands.record(tx, actor="cli", device="cli", permission="", name="test", now=NOW)


async def test_an_open_writer_that_hides_events_is_seen(postgresql_url: str) -> None:
    book = seeded(postgresql_url)
    other = Book(postgresql_url)
    try:
        with other.writing.begin() as open_writer:
            open_writer.execute(insert(tasks).values(key="t", kind="look", created_ms=NOW))
            accept(book, order("E-1"))
            found = await samples(Meter(supervisor()), book, NOW + MINUTE_MS)
            assert found["genba_events_hidden_rows",] == 1
            assert found["genba_events_hidden_age_seconds",] == 60
        found = await samples(Meter(supervisor()), book)
        assert found["genba_events_hidden_rows",] == 0
    finally:
        other.close()
        book.close()


async def test_webhooks_that_have_not_arrived_are_counted_by_endpoint(book: Book) -> None:
    book.write_now(outbox.configure, [
        Endpoint(name="oms", url="https://oms.example/", secret="env:X"),
        Endpoint(name="shop", url="https://shop.example/", secret="env:X", owner="B"),
    ])  # fmt: skip
    accept(book, order("E-1"), order("E-2"))
    book.write_now(outbox.collect, now=NOW)
    first = deliveries.c.id == 1
    book.write_now(lambda tx: tx.execute(update(deliveries).where(first).values(state="parked")))
    found = await samples(Meter(supervisor()), book, NOW + MINUTE_MS)
    assert found["genba_webhooks", "oms", "pending"] == 1
    assert found["genba_webhooks", "oms", "parked"] == 1
    assert found["genba_webhooks_age_seconds", "oms", "parked"] == 60
    assert found["genba_webhooks", "shop", "pending"] == 0


async def test_devices_show_their_health_and_the_supervisor_s_counts(book: Book) -> None:
    watched = supervisor()
    peer = Peer()
    await watched.start("scale-1", "one", {"peer": peer})
    book.write_now(intake.register, configured={"scale-1": "mt-sics"}, holder="1", now=NOW)
    book.write_now(intake.record_health, device="scale-1", health=Health.FAULT, reason="?", now=NOW)
    watched.queue.put(Weight("scale-1", 5, stable=True))
    found = await samples(Meter(watched), book, NOW + MINUTE_MS)
    assert found["genba_device_health", "scale-1", "mt-sics", "fault"] == 1
    assert ("genba_device_health", "scale-1", "mt-sics", "starting") not in found
    assert found["genba_device_health_age_seconds", "scale-1"] == 60
    assert ("genba_device_opens_total", "scale-1") in found
    assert ("genba_device_online_seconds_total", "scale-1") in found
    assert found["genba_signals_waiting",] == 1
    await watched.stop_all()


def cared_for(book: Book, root: Path) -> Care:
    """The machine under *book*."""
    clock = SiteClock(lambda: NOW, lambda: 0)
    return care_for(
        book, root, clock=clock, steady_s=lambda: 0.0, manager=Manager({}, 1),
        troubles=Counter({"busy": 2}),
    )  # fmt: skip


async def test_the_machine_is_there_in_numbers(book: Book, tmp_path: Path) -> None:
    care = cared_for(book, tmp_path)
    await care.disk.look()
    found = await samples(Meter(supervisor(), care), book)
    assert 0 < found["genba_disk_free_bytes",] <= found["genba_disk_total_bytes",]
    assert found["genba_database_troubles_total", "busy"] == 2
    book.full = True
    assert (await samples(Meter(supervisor(), care), book))["genba_book_read_only",] == 1


async def test_the_documents_name_numbers_that_there_are(book: Book, tmp_path: Path) -> None:
    book.write_now(outbox.configure, [Endpoint(name="oms", url="https://o/", secret="env:X")])
    said = set(re.findall(r"`(genba_[a-z_]+)`", text_of(Path("docs/api.md"))))
    meter = Meter(supervisor(), cared_for(book, tmp_path))
    text = (await meter.text(book, now=NOW)).decode()
    there = {
        name for family in text_string_to_metric_families(text)
        for name in (family.name, f"{family.name}_total")
    }  # fmt: skip
    assert len(said) > 10
    assert said <= {*there, "genba_info"}


def test_only_who_may_see_the_board_is_told(sqlite_url: str) -> None:
    book = seeded(sqlite_url)
    app = make_app(
        book, clock_ms=lambda: NOW, settings=HttpSettings(),
        routers=[metrics_router(supervisor())],
    )  # fmt: skip
    with TestClient(app) as client:
        assert client.get("/metrics").status_code == 401
        for scope, status in (("orders:read", 403), ("board:read", 200), ("admin", 200)):
            answer = client.get("/metrics", headers=_headers(book, scope))
            assert answer.status_code == status, scope
    assert answer.headers["content-type"].startswith("text/plain")
    assert b"genba_info{" in answer.content
    book.close()


def _headers(book: Book, scope: str) -> dict[str, Any]:
    secret = book.write_now(
        tokens.create, name=scope.replace(":", "-"), scopes=(scope,), owner="", days=1, now=NOW,
        random=scope.ljust(32).encode(),
    )  # fmt: skip
    return {"Authorization": f"Bearer {secret}"}
